// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FabricPlan.cpp - From rules to channels ----------------------------===//
//
// Two passes over the rules: the first finds which colors need a channel in
// which router, the second fills the channels in.
//
//===----------------------------------------------------------------------===//
#include "Plan.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::sim;

namespace {
/// Calls fn(coordinate, config) for every router that a rule gives a route.
template <typename Fn>
void forEachRoute(const Rule &rule, Fn fn) {
  bool alongX = rule.axis == Axis::X;
  int32_t lines = alongX ? rule.rect.h : rule.rect.w;
  for (int32_t line = 0; line < lines; ++line) {
    const auto &runs = rule.classes[size_t(line) % rule.classes.size()];
    int64_t at = int64_t(line) * rule.skew;
    for (const Run &run : runs) {
      int64_t end = at + int64_t(run.count);
      if (run.config == kNoRoute) {
        at = end;
      }
      for (; at < end; ++at) {
        int32_t along = int32_t(at);
        fn(alongX ? Coord{rule.rect.x + along, rule.rect.y + line}
                  : Coord{rule.rect.x + line, rule.rect.y + along},
           run.config);
      }
    }
  }
}
} // namespace

static void countColors(const Image &image, const Grid &grid,
                        const std::vector<Binding> &bindings,
                        std::vector<FabricPlan::Router> &routers) {
  for (const Rule &rule : image.rules) {
    uint32_t bit = 1u << rule.color;
    forEachRoute(rule, [&](Coord at, uint32_t index) {
      const RouteConfig &config = image.configs[index];
      unsigned tx = 0;
      for (unsigned i = 0; i < config.numPositions; ++i) {
        tx |= config.positions[i].tx;
      }
      routers[grid.placeOf(at)].colors |= bit;
      for (unsigned p = 0; p < unsigned(Port::Ramp); ++p) {
        Coord to = neighbour(at, Port(p));
        if (((tx >> p) & 1u) && grid.hasLink(at, Port(p))) {
          routers[grid.placeOf(to)].colors |= bit;
        }
      }
    });
  }
  for (const Binding &b : bindings) {
    routers[b.place].colors |= 1u << b.color;
  }
  for (const HostPort &port : image.hostPorts) {
    routers[grid.placeOf(grid.edgeCore(port))].colors |= 1u << port.color;
  }
}

static Status applyRule(const Rule &rule, const Grid &grid, FabricPlan &plan) {
  Status result;
  forEachRoute(rule, [&](Coord at, uint32_t index) {
    ChannelPlan &c =
        plan.channels[plan.channelAt(grid.placeOf(at), rule.color)];
    if (c.config != kNoRoute && result) {
      result =
          Diagnostic{fmt::format("a second route for color {} at core ({}, {})",
                                 rule.color, at.x, at.y),
                     fmt::format("rule '{}'", rule.name), "", "", ""};
    }
    c.config = index;
  });
  return result;
}

static Status bind(const Binding &b, const Grid &grid, FabricPlan &plan) {
  ChannelPlan &c = plan.channels[plan.channelAt(b.place, b.color)];
  uint8_t &queue = b.input ? c.inputQueue : c.outputQueue;
  if (queue != kUnbound) {
    Coord at = grid.coordOf(b.place);
    return Diagnostic{fmt::format("two {} queues are bound to color {}",
                                  b.input ? "input" : "output", b.color),
                      fmt::format("core ({}, {})", at.x, at.y), "one queue",
                      fmt::format("queues {} and {}", queue, b.queue), ""};
  }
  queue = b.queue;
  return Status::success();
}

unsigned FabricPlan::colorOf(uint32_t place, uint32_t id) const {
  const Router &r = routers[place];
  uint32_t colors = r.colors;
  for (uint32_t i = r.firstChannel; i < id; ++i) {
    colors &= colors - 1;
  }
  return unsigned(__builtin_ctz(colors));
}

Status wafer::sim::checkAlive(const Image &image, const DeadParts &dead,
                              const Grid &grid) {
  if (dead.none()) {
    return Status::success();
  }
  for (const Region &region : image.regions) {
    const Rect &r = region.rect;
    for (int32_t y = r.y; y < r.endY(); ++y) {
      for (int32_t x = r.x; x < r.endX(); ++x) {
        if (dead.core({x, y})) {
          return Diagnostic{"a program lies on a dead core",
                            fmt::format("region '{}'", region.name), "",
                            fmt::format("{},{}", x, y),
                            "fit the image to the wafer with 'wsec remap'"};
        }
      }
    }
  }
  for (const HostPort &port : image.hostPorts) {
    Coord edge = grid.edgeCore(port);
    if (dead.router(edge)) {
      return Diagnostic{"a host port lies on a dead router",
                        fmt::format("host port '{}'", port.name), "",
                        fmt::format("{},{}", edge.x, edge.y),
                        "fit the image to the wafer with 'wsec remap'"};
    }
  }
  return Status::success();
}

std::string wafer::sim::deadFault(const DeadParts &dead, Coord from, Port port,
                                  unsigned color, Cycle t) {
  Coord to = neighbour(from, port);
  const char *what = port == Port::Ramp  ? "goes to the dead core"
                     : dead.router(from) ? "leaves the dead router"
                     : dead.router(to)   ? "enters the dead router"
                                         : "takes the dead link to";
  return fmt::format("cycle {}: a wavelet of color {} at ({}, {}) {} at ({}, "
                     "{})",
                     t, color, from.x, from.y, what, to.x, to.y);
}

/// A core that is dead takes nothing, so whatever comes is seen.
static void markDeadCores(const DeadParts &dead, const Grid &grid,
                          FabricPlan &plan) {
  for (uint32_t place = 0; place < grid.numPlaces() && !dead.none(); ++place) {
    if (dead.core(grid.coordOf(place))) {
      const FabricPlan::Router &r = plan.routers[place];
      uint32_t count = uint32_t(__builtin_popcount(r.colors));
      for (uint32_t i = 0; i < count; ++i) {
        plan.channels[r.firstChannel + i].inputQueue = kDeadCore;
      }
    }
  }
}

Status FabricPlan::load(const Image &image, const Grid &grid,
                        const std::vector<Binding> &bindings,
                        const DeadParts &dead) {
  if (Status alive = checkAlive(image, dead, grid); !alive) {
    return alive;
  }
  routers.assign(grid.numPlaces(), Router());
  countColors(image, grid, bindings, routers);
  uint32_t total = 0;
  for (Router &r : routers) {
    r.firstChannel = total;
    total += uint32_t(__builtin_popcount(r.colors));
  }
  channels.assign(total, ChannelPlan());
  for (const Rule &rule : image.rules) {
    Status status = applyRule(rule, grid, *this);
    if (!status) {
      return status;
    }
  }
  for (const Binding &b : bindings) {
    Status status = bind(b, grid, *this);
    if (!status) {
      return status;
    }
  }
  markDeadCores(dead, grid, *this);
  return Status::success();
}
