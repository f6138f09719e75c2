// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short forms for routing problems in tests.
#ifndef WAFER_TEST_UNIT_ROUTE_ROUTETESTUTIL_H
#define WAFER_TEST_UNIT_ROUTE_ROUTETESTUTIL_H

#include "wafer/Route/Coloring.h"
#include "wafer/Route/RoutingProblem.h"
#include "wafer/Support/Rng.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace wafer::test {

inline RoutingProblem grid(int32_t width, int32_t height,
                           unsigned colors = 24) {
  RoutingProblem p;
  p.width = width;
  p.height = height;
  p.limits.colors = colors;
  return p;
}

inline RoutedFamily family(std::string name, Rect rect, Axis axis,
                           std::vector<SegmentPattern> patterns,
                           int32_t skew = 0) {
  RoutedFamily f;
  f.name = std::move(name);
  f.rect = rect;
  f.axis = axis;
  f.patterns = std::move(patterns);
  f.skew = skew;
  return f;
}

inline RoutedStream stream(std::string name, Coord source,
                           std::vector<Rect> sinks) {
  RoutedStream s;
  s.name = std::move(name);
  s.source = source;
  s.sinks = std::move(sinks);
  return s;
}

/// The links of a chain from offset 0 to offset n-1, as two families.
inline RoutedFamily evenLinks(std::string name, Rect rect, Axis axis) {
  int32_t n = axis == Axis::X ? rect.w : rect.h;
  return family(std::move(name), rect, axis, {{0, 1, 2, 2, n / 2}});
}
inline RoutedFamily oddLinks(std::string name, Rect rect, Axis axis) {
  int32_t n = axis == Axis::X ? rect.w : rect.h;
  return family(std::move(name), rect, axis, {{1, 2, 3, 2, (n - 1) / 2}});
}

/// The routers of a stream one by one, from the rules in RoutingProblem.h and
/// without RouterSet.
inline std::set<Coord> routersByHand(const RoutingProblem &p, unsigned id) {
  std::set<Coord> result;
  if (p.isFamily(id)) {
    const RoutedFamily &f = p.family(id);
    for (int32_t line = 0; line < f.lines(); ++line) {
      for (const Segment &s : expandSegments(f)) {
        int32_t from = std::min(s.source, s.sinkBegin);
        int32_t to = std::max(s.source, s.sinkEnd - 1);
        for (int32_t at = from; at <= to; ++at) {
          int32_t moved = at + line * f.skew;
          result.insert(f.axis == Axis::X
                            ? Coord{f.rect.x + moved, f.rect.y + line}
                            : Coord{f.rect.x + line, f.rect.y + moved});
        }
      }
    }
    return result;
  }
  const RoutedStream &s = p.stream(id);
  Coord entry = p.entry(s);
  auto route = [&](Coord sink) {
    Coord at = entry;
    result.insert(at);
    while (at != sink) {
      int32_t &move = at.x != sink.x ? at.x : at.y;
      int32_t target = at.x != sink.x ? sink.x : sink.y;
      move += target > move ? 1 : -1;
      result.insert(at);
    }
  };
  if (s.toHost) {
    route(p.edgeRouter(*s.toHost));
  }
  for (const Rect &r : s.sinks) {
    for (int32_t y = r.y; y < r.endY(); ++y) {
      for (int32_t x = r.x; x < r.endX(); ++x) {
        if (s.fromHost || Coord{x, y} != s.source) {
          route({x, y});
        }
      }
    }
  }
  return result;
}

/// A valid problem with families (some skewed) and streams (some of the host)
/// on a small grid.
inline RoutingProblem randomProblem(Rng &rng, unsigned count, int32_t width,
                                    int32_t height, unsigned colors = 24) {
  RoutingProblem p = grid(width, height, colors);
  auto in = [&](int32_t low, int32_t high) {
    return low + int32_t(rng.below(uint64_t(high - low)));
  };
  auto rect = [&] {
    int32_t x = in(0, width), y = in(0, height);
    return Rect{x, y, in(1, width - x + 1), in(1, height - y + 1)};
  };
  while (p.size() < count) {
    RoutingProblem trial = p;
    std::string name = "s" + std::to_string(p.size());
    if (rng.below(2)) {
      Rect r = rect();
      Axis axis = rng.below(2) ? Axis::X : Axis::Y;
      int32_t side = axis == Axis::X ? r.w : r.h;
      int32_t begin = in(0, side);
      SegmentPattern pattern{in(0, side), begin, in(begin, side) + 1, in(1, 4),
                             in(1, 4)};
      trial.families.push_back(
          family(name, r, axis, {pattern}, in(-1, 2) * in(0, 2)));
    } else {
      RoutedStream s = stream(name, {in(0, width), in(0, height)}, {rect()});
      if (rng.below(2)) {
        s.sinks.push_back(rect());
      }
      if (rng.below(4) == 0) {
        s.fromHost = HostEdge{rng.below(2) == 0, in(0, height)};
      } else if (rng.below(4) == 0) {
        s.toHost = HostEdge{rng.below(2) == 0, in(0, height)};
        s.sinks.clear();
      }
      trial.streams.push_back(s);
    }
    if (trial.check()) {
      p = std::move(trial);
    }
  }
  return p;
}

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_ROUTE_ROUTETESTUTIL_H
