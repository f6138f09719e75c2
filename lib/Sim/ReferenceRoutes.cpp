// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceRoutes.cpp - From rules to channels
//---------------------------//
//
// Two passes over the rules: the first finds which colors need a channel in
// which router, the second fills the channels in.
//
//===----------------------------------------------------------------------===//
#include "ReferenceRouter.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::reference;

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

void Fabric::countColors(const std::vector<Binding> &bindings) {
  const Image &image = context.image;
  for (const Rule &rule : image.rules) {
    uint32_t bit = 1u << rule.color;
    forEachRoute(rule, [&](Coord at, uint32_t index) {
      const RouteConfig &config = image.configs[index];
      unsigned tx = 0;
      for (unsigned i = 0; i < config.numPositions; ++i) {
        tx |= config.positions[i].tx;
      }
      routers[context.placeOf(at)].colors |= bit;
      for (unsigned p = 0; p < unsigned(Port::Ramp); ++p) {
        Coord to = neighbour(at, Port(p));
        if (((tx >> p) & 1u) && context.contains(to)) {
          routers[context.placeOf(to)].colors |= bit;
        }
      }
    });
  }
  for (const Binding &b : bindings) {
    routers[b.place].colors |= 1u << b.color;
  }
  for (const HostPort &port : image.hostPorts) {
    int32_t x = port.west ? 0 : context.machine.width() - 1;
    routers[context.placeOf({x, port.row})].colors |= 1u << port.color;
  }
}

Status Fabric::applyRule(const Rule &rule) {
  Status result;
  forEachRoute(rule, [&](Coord at, uint32_t index) {
    Channel &c = channels[channelAt(context.placeOf(at), rule.color)];
    if (c.config != kNoRoute && result) {
      result =
          Diagnostic{fmt::format("a second route for color {} at core ({}, {})",
                                 rule.color, at.x, at.y),
                     fmt::format("rule '{}'", rule.name), "", "", ""};
    }
    const RouteConfig &config = context.image.configs[index];
    c.config = index;
    c.position = config.currentPosition;
    c.filterCount = config.filter.init;
  });
  return result;
}

Status Fabric::applyRules() {
  for (const Rule &rule : context.image.rules) {
    Status status = applyRule(rule);
    if (!status) {
      return status;
    }
  }
  return Status::success();
}

Status Fabric::bind(const std::vector<Binding> &bindings) {
  for (const Binding &b : bindings) {
    Channel &c = channels[channelAt(b.place, b.color)];
    uint8_t &queue = b.input ? c.inputQueue : c.outputQueue;
    if (queue != kUnbound) {
      Coord at = context.coordOf(b.place);
      return Diagnostic{fmt::format("two {} queues are bound to color {}",
                                    b.input ? "input" : "output", b.color),
                        fmt::format("core ({}, {})", at.x, at.y), "one queue",
                        fmt::format("queues {} and {}", queue, b.queue), ""};
    }
    queue = b.queue;
  }
  return Status::success();
}

Status Fabric::load(const std::vector<Binding> &bindings) {
  routers.assign(context.numPlaces(), Router());
  context.schedule.resize(Actor::Router, routers.size());
  countColors(bindings);
  uint32_t total = 0;
  for (Router &r : routers) {
    r.firstChannel = total;
    total += uint32_t(__builtin_popcount(r.colors));
  }
  channels.assign(total, Channel());
  Status status = applyRules();
  return status ? bind(bindings) : status;
}
