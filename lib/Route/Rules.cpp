// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Route/Rules.h"

#include "wafer/Route/RouterSet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

using namespace wafer;

RouteConfig wafer::baseRoute(uint8_t rx, uint8_t tx) {
  RouteConfig config;
  config.positions[0] = {rx, tx};
  return config;
}

namespace {
constexpr uint8_t kRamp = portBit(Port::Ramp);

/// Collects the runs of one line from its first router to its last.
class RunList {
public:
  /// Routers up to `at` get no route.
  void skipTo(int32_t at) { add(at - position, kNoRoute); }
  void add(int32_t count, uint32_t config) {
    if (count <= 0) {
      return;
    }
    position += count;
    if (!runs.empty() && runs.back().config == config) {
      runs.back().count += uint32_t(count);
    } else {
      runs.push_back({uint32_t(count), config});
    }
  }
  std::vector<Run> take() { return std::move(runs); }

private:
  int32_t position = 0;
  std::vector<Run> runs;
};

class Deriver {
public:
  Deriver(const RoutingProblem &problem, const std::vector<uint8_t> &colors)
      : problem(problem), colors(colors) {}

  RouteTables run() {
    for (unsigned id = 0; id < problem.size(); ++id) {
      problem.isFamily(id) ? deriveFamily(id) : deriveStream(id);
    }
    return std::move(tables);
  }

private:
  uint32_t configOf(uint8_t rx, uint8_t tx);
  /// Configurations are made for routers that exist only.
  void add(RunList &runs, int32_t count, uint8_t rx, uint8_t tx) {
    if (count > 0) {
      runs.add(count, configOf(rx, tx));
    }
  }
  void addRule(unsigned id, std::string name, Rect rect, Axis axis,
               int32_t skew, std::vector<Run> runs);
  void deriveFamily(unsigned id);
  void deriveStream(unsigned id);
  void addSegment(RunList &runs, const Segment &s, uint8_t back, uint8_t ahead);
  void addTrunk(unsigned id, const std::vector<SinkColumns> &groups);
  /// Equal branches on one side of the trunk.
  void addBranch(unsigned id, const SinkColumns &group, bool south,
                 unsigned number);

  const RoutingProblem &problem;
  const std::vector<uint8_t> &colors;
  RouteTables tables;
};
} // namespace

uint32_t Deriver::configOf(uint8_t rx, uint8_t tx) {
  RouteConfig config = baseRoute(rx, tx);
  auto it = std::find(tables.configs.begin(), tables.configs.end(), config);
  if (it == tables.configs.end()) {
    it = tables.configs.insert(it, config);
  }
  return uint32_t(it - tables.configs.begin());
}

void Deriver::addRule(unsigned id, std::string name, Rect rect, Axis axis,
                      int32_t skew, std::vector<Run> runs) {
  tables.rules.push_back(
      {std::move(name), colors[id], rect, axis, skew, {std::move(runs)}});
  tables.owners.push_back(id);
}

/// `back` and `ahead` are the ports towards smaller and greater offsets.
void Deriver::addSegment(RunList &runs, const Segment &s, uint8_t back,
                         uint8_t ahead) {
  int32_t begin = std::min(s.source, s.sinkBegin);
  int32_t end = std::max(s.source + 1, s.sinkEnd);
  runs.skipTo(begin);
  if (begin < s.source) {
    // Behind the source: the first router ends the line, then sinks, then
    // routers between the sinks and the source.
    int32_t passFrom = std::min(s.sinkEnd, s.source);
    add(runs, 1, ahead, kRamp);
    add(runs, passFrom - begin - 1, ahead, back | kRamp);
    add(runs, s.source - passFrom, ahead, back);
  }
  uint8_t out =
      (begin < s.source ? back : 0) | (end - 1 > s.source ? ahead : 0);
  add(runs, 1, kRamp, out);
  if (end - 1 > s.source) {
    int32_t deliverFrom = std::max(s.sinkBegin, s.source + 1);
    add(runs, deliverFrom - s.source - 1, back, ahead);
    add(runs, end - 1 - deliverFrom, back, ahead | kRamp);
    add(runs, 1, back, kRamp);
  }
}

void Deriver::deriveFamily(unsigned id) {
  const RoutedFamily &family = problem.family(id);
  bool alongX = family.axis == Axis::X;
  uint8_t back = portBit(alongX ? Port::West : Port::North);
  uint8_t ahead = portBit(alongX ? Port::East : Port::South);
  std::vector<Segment> segments = expandSegments(family);
  Rect rect = family.rect;
  int32_t first = 0, last = family.side();
  if (family.skew == 0) {
    // Without skew the rule covers only what it routes.
    first = std::min(segments.front().source, segments.front().sinkBegin);
    last = std::max(segments.back().source + 1, segments.back().sinkEnd);
    (alongX ? rect.x : rect.y) += first;
    (alongX ? rect.w : rect.h) = last - first;
  }
  RunList runs;
  for (Segment s : segments) {
    addSegment(runs, {s.source - first, s.sinkBegin - first, s.sinkEnd - first},
               back, ahead);
  }
  runs.skipTo(last - first);
  addRule(id, family.name + ".line", rect, family.axis, family.skew,
          runs.take());
}

void Deriver::addTrunk(unsigned id, const std::vector<SinkColumns> &groups) {
  const RoutedStream &stream = problem.stream(id);
  Coord entry = problem.entry(stream);
  int32_t west = std::min(entry.x, groups.front().columns.begin);
  int32_t east = std::max(entry.x, groups.back().columns.end - 1);
  uint8_t injected = stream.fromHost ? portBit(stream.fromHost->port()) : kRamp;
  uint8_t delivered = stream.toHost ? portBit(stream.toHost->port()) : kRamp;
  RunList runs;
  // What router x does, given the sinks of its column.
  auto route = [&](int32_t x, const SinkColumns *group) {
    uint8_t rx = x == entry.x  ? injected
                 : x > entry.x ? portBit(Port::West)
                               : portBit(Port::East);
    uint8_t tx = 0;
    tx |= x >= entry.x && x < east ? portBit(Port::East) : 0;
    tx |= x <= entry.x && x > west ? portBit(Port::West) : 0;
    if (group) {
      const Intervals &rows = group->rows;
      tx |= rows.front().begin < entry.y ? portBit(Port::North) : 0;
      tx |= rows.back().end > entry.y + 1 ? portBit(Port::South) : 0;
      tx |= contains(rows, entry.y) ? delivered : 0;
    }
    add(runs, 1, rx, tx);
  };
  size_t next = 0;
  for (int32_t x = west; x <= east; ++x) {
    while (next < groups.size() && groups[next].columns.end <= x) {
      ++next;
    }
    bool needed = next < groups.size() && groups[next].columns.begin <= x;
    route(x, needed ? &groups[next] : nullptr);
  }
  addRule(id, stream.name + ".trunk", {west, entry.y, east - west + 1, 1},
          Axis::X, 0, runs.take());
}

void Deriver::addBranch(unsigned id, const SinkColumns &group, bool south,
                        unsigned number) {
  const RoutedStream &stream = problem.stream(id);
  int32_t y = problem.entry(stream).y;
  int32_t begin = south ? y + 1 : group.rows.front().begin;
  int32_t end = south ? group.rows.back().end : y;
  uint8_t rx = portBit(south ? Port::North : Port::South);
  uint8_t onward = portBit(south ? Port::South : Port::North);
  uint8_t delivered = stream.toHost ? portBit(stream.toHost->port()) : kRamp;
  // The outermost sink does not pass on.
  int32_t outermost = south ? end - 1 : begin;
  RunList runs;
  for (Interval rows : group.rows) {
    for (int32_t at = begin; at < rows.begin; ++at) {
      add(runs, 1, rx, onward);
    }
    if (rows.begin == outermost) {
      add(runs, 1, rx, delivered);
      ++rows.begin;
    }
    bool endsHere = !rows.empty() && rows.end - 1 == outermost;
    add(runs, rows.size() - endsHere, rx, onward | delivered);
    if (endsHere) {
      add(runs, 1, rx, delivered);
    }
    begin = rows.end;
  }
  add(runs, end - begin, rx, onward);
  std::string name =
      fmt::format("{}.{}", stream.name, south ? "south" : "north");
  if (number) {
    name += std::to_string(number);
  }
  int32_t top = south ? y + 1 : group.rows.front().begin;
  addRule(id, std::move(name),
          {group.columns.begin, top, group.columns.size(), end - top}, Axis::Y,
          0, runs.take());
}

/// The sinks on one side of the trunk; neighbouring columns that differ only on
/// the other side, or in the trunk itself, are joined.
static std::vector<SinkColumns>
sinksOnSide(const std::vector<SinkColumns> &groups, int32_t trunk, bool south) {
  std::vector<SinkColumns> result;
  for (const SinkColumns &group : groups) {
    Intervals rows = south ? clamp(group.rows, trunk + 1, INT32_MAX)
                           : clamp(group.rows, INT32_MIN, trunk);
    if (rows.empty()) {
      continue;
    }
    if (!result.empty() && result.back().columns.end == group.columns.begin &&
        result.back().rows == rows) {
      result.back().columns.end = group.columns.end;
    } else {
      result.push_back({group.columns, std::move(rows)});
    }
  }
  return result;
}

void Deriver::deriveStream(unsigned id) {
  std::vector<SinkColumns> groups = sinkColumns(problem, problem.stream(id));
  int32_t trunk = problem.entry(problem.stream(id)).y;
  addTrunk(id, groups);
  for (bool south : {false, true}) {
    unsigned number = 0;
    for (const SinkColumns &group : sinksOnSide(groups, trunk, south)) {
      addBranch(id, group, south, number++);
    }
  }
}

RouteTables wafer::deriveRules(const RoutingProblem &problem,
                               const std::vector<uint8_t> &colors) {
  return Deriver(problem, colors).run();
}
