// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ColorGrid.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::verifier;

ColorGrid::ColorGrid(const Image &image, const Image &physical,
                     const Machine &machine)
    : machine(machine), width(machine.width()), height(machine.height()),
      program(image), image(physical) {
  if (!program.map.isIdentity()) {
    places.emplace(program.map, machine);
  }
  size_t cells = size_t(width) * size_t(height);
  config.resize(cells);
  owner.resize(cells);
  arrived.resize(cells);
  flags.resize(cells);
}

void ColorGrid::paint(
    unsigned newColor,
    const std::function<void(size_t, uint32_t, uint32_t)> &overlap) {
  color = newColor;
  overlaps = 0;
  std::fill(config.begin(), config.end(), kNoRoute);
  std::fill(arrived.begin(), arrived.end(), uint8_t(0));
  std::fill(flags.begin(), flags.end(), uint8_t(0));
  for (uint32_t i = 0; i < image.rules.size(); ++i) {
    // Rules without overlaps paint each router at most once.
    if (image.rules[i].color == color && overlaps <= cells()) {
      paintRule(i, overlap);
    }
  }
  for (const Region &region : image.regions) {
    for (const QueueBinding &q : image.roles[region.role].queues) {
      paintQueues(region, q);
    }
  }
}

void ColorGrid::paintRule(
    uint32_t index,
    const std::function<void(size_t, uint32_t, uint32_t)> &overlap) {
  const Rule &rule = image.rules[index];
  int32_t lines = rule.axis == Axis::X ? rule.rect.h : rule.rect.w;
  size_t step = rule.axis == Axis::X ? 1 : size_t(width);
  for (int32_t line = 0; line < lines; ++line) {
    forEachRun(rule, line, [&](int32_t begin, int32_t end, uint32_t route) {
      size_t cell = cellOf(placeOn(rule.rect, rule.axis, line, begin));
      for (int32_t i = begin; i < end; ++i, cell += step) {
        if (config[cell] != kNoRoute) {
          overlap(cell, owner[cell], index);
          ++overlaps;
        }
        config[cell] = route;
        owner[cell] = index;
      }
    });
  }
}

/// Calls `body` with each rectangle of the region in which the queue has one
/// binding, to `color`: the region, a row or a column.
template <typename Body>
static void forEachBound(const Region &region, const QueueBinding &binding,
                         unsigned color, Body body) {
  const Rect &r = region.rect;
  ParamSource source = binding.color;
  switch (source.kind) {
  case ParamSource::Kind::Constant:
    if (source.value == color) {
      body(r);
    }
    break;
  case ParamSource::Kind::Row:
    for (int32_t y = 0; y < r.h; ++y) {
      if (region.rowTables[source.value][size_t(y)] == color) {
        body(Rect{r.x, r.y + y, r.w, 1});
      }
    }
    break;
  case ParamSource::Kind::Column:
    for (int32_t x = 0; x < r.w; ++x) {
      if (region.columnTables[source.value][size_t(x)] == color) {
        body(Rect{r.x + x, r.y, 1, r.h});
      }
    }
    break;
  }
}

template <typename Body>
void ColorGrid::forEachCell(const Rect &rect, Body body) {
  for (int32_t y = rect.y; y < rect.endY(); ++y) {
    size_t cell = cellOf({rect.x, y});
    for (int32_t i = 0; i < rect.w; ++i) {
      body(flags[cell + size_t(i)]);
    }
  }
}

void ColorGrid::paintQueues(const Region &region, const QueueBinding &binding) {
  uint8_t flag = binding.input ? kInputBound : kOutputBound;
  forEachBound(region, binding, color, [&](const Rect &rect) {
    forEachCell(rect, [&](uint8_t &flags) { flags |= flag; });
  });
}

/// The cells of a rectangle of the program, at their homes.
template <typename Body>
void ColorGrid::forEachHome(const Rect &rect, Body body) {
  if (!places) {
    forEachCell(rect, body);
    return;
  }
  for (int32_t y = rect.y; y < rect.endY(); ++y) {
    for (int32_t x = rect.x; x < rect.endX(); ++x) {
      body(flags[cellOf(homeOf({x, y}))]);
    }
  }
}

void ColorGrid::markServedLines() {
  // A line of the program: on the wafer it may be in several parts.
  for (const Region &region : program.regions) {
    for (const QueueBinding &q : program.roles[region.role].queues) {
      if (!q.input || q.color.kind == ParamSource::Kind::Constant) {
        continue;
      }
      forEachBound(region, q, color, [&](const Rect &line) {
        bool served = false;
        forEachHome(line, [&](uint8_t &f) { served |= (f & kReached) != 0; });
        if (served) {
          forEachHome(line, [](uint8_t &f) { f |= kLineServed; });
        }
      });
    }
  }
}

const char *wafer::verifier::directionOf(Port p) {
  static constexpr const char *kNames[] = {"west", "east", "south", "north",
                                           "the core"};
  return kNames[unsigned(p)];
}

std::string ColorGrid::placeName(size_t cell) const {
  Coord c = coordOf(cell);
  return fmt::format("{},{}", c.x, c.y);
}

std::string ColorGrid::ruleNameAt(size_t cell) const {
  return nameOf("rule", owner[cell], image.rules[owner[cell]].name);
}

Coord ColorGrid::edgeOf(Coord logical, bool input) const {
  for (size_t i = 0; i < program.hostPorts.size(); ++i) {
    const HostPort &port = program.hostPorts[i];
    if (port.color == color && port.input == input &&
        logical == edgeCore(port, machine)) {
      return edgeCore(image.hostPorts[i], machine);
    }
  }
  return homeOf(logical);
}

bool ColorGrid::hasHostPort(Coord edge, Port p, bool input) const {
  bool west = p == Port::West;
  if (p != Port::West && p != Port::East) {
    return false;
  }
  return std::any_of(image.hostPorts.begin(), image.hostPorts.end(),
                     [&](const HostPort &h) {
                       return h.color == color && h.west == west &&
                              h.input == input && edgeCore(h, machine) == edge;
                     });
}
