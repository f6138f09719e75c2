// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Streams.h"

#include <algorithm>
#include <cstdlib>

using namespace wafer;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

ChainShape ChainShape::oneLevel(int32_t lines) {
  return {lines, chainRoot(lines), {}};
}

/// Cuts the runs on both sides of the root, which belongs to the lower side.
static void cut(ChainShape &shape, const Groups &runs,
                const GroupGrowth &growth) {
  std::vector<int64_t> below, above; // from the ends to the root
  for (auto run : runs) {
    int64_t length = run.second - run.first;
    if (run.first <= shape.root) {
      below.push_back(length);
    } else {
      above.insert(above.begin(), length);
    }
  }
  int32_t at = 0;
  for (int64_t size : growth.sizes(below)) {
    shape.groups.push_back({at, at + int32_t(size)});
    at += int32_t(size);
  }
  at = shape.lines;
  size_t firstAbove = shape.groups.size();
  for (int64_t size : growth.sizes(above)) {
    shape.groups.insert(shape.groups.begin() + std::ptrdiff_t(firstAbove),
                        {at - int32_t(size), at});
    at -= int32_t(size);
  }
}

ChainShape ChainShape::growing(int32_t lines, const GroupGrowth &growth) {
  ChainShape shape = oneLevel(lines);
  Groups halves = {{0, shape.root + 1}};
  if (shape.root + 1 < lines) {
    halves.push_back({shape.root + 1, lines});
  }
  cut(shape, halves, growth);
  return shape;
}

ChainShape ChainShape::along(int32_t lines, const Groups &runs,
                             const GroupGrowth &growth) {
  ChainShape shape{lines, runs.front().second - 1, {}};
  for (auto run : runs) {
    int32_t end = run.second - 1;
    if (std::abs(end - chainRoot(lines)) <
        std::abs(shape.root - chainRoot(lines))) {
      shape.root = end;
    }
  }
  cut(shape, runs, growth);
  return shape;
}

void ChainQueues::append(const ChainQueues &other) {
  first.insert(first.end(), other.first.begin(), other.first.end());
  second.insert(second.end(), other.second.begin(), other.second.end());
  third.insert(third.end(), other.third.begin(), other.third.end());
  out.insert(out.end(), other.out.begin(), other.out.end());
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

std::string StreamPlan::addFamily(const std::string &name, const Rect &rect,
                                  Axis axis,
                                  std::vector<SegmentPattern> patterns) {
  RoutedFamily family;
  family.name = name;
  family.rect = rect;
  family.axis = axis;
  family.patterns = std::move(patterns);
  families.push_back(std::move(family));
  return name;
}

/// Links from -> from + direction for from = begin, begin + 2, ... < end.
static SegmentPattern links(int32_t begin, int32_t end, int32_t direction) {
  SegmentPattern pattern;
  pattern.source = begin;
  pattern.sinkBegin = begin + direction;
  pattern.sinkEnd = begin + direction + 1;
  pattern.count = begin < end ? (end - begin + 1) / 2 : 0;
  pattern.step = 2;
  return pattern;
}

namespace {
/// The links of a shape by family.
struct ChainLinks {
  using List = std::vector<SegmentPattern>;
  List low[2], high[2], last; // between neighbours, from even and odd places
  List lowUp[2], highUp[2];   // between collectors

  explicit ChainLinks(const ChainShape &shape);

private:
  void addNeighbours(List (&lists)[2], int32_t begin, int32_t end,
                     int32_t direction);
};
} // namespace

static SegmentPattern link(int32_t from, int32_t to) {
  SegmentPattern pattern;
  pattern.source = from;
  pattern.sinkBegin = to;
  pattern.sinkEnd = to + 1;
  return pattern;
}

/// Links from -> from + direction for begin <= from < end.
void ChainLinks::addNeighbours(List (&lists)[2], int32_t begin, int32_t end,
                               int32_t direction) {
  for (int32_t parity : {0, 1}) {
    SegmentPattern pattern = links(begin + parity, end, direction);
    if (pattern.count > 0) {
      lists[parity].push_back(pattern);
    }
  }
}

ChainLinks::ChainLinks(const ChainShape &shape) {
  if (!shape.hasTwoLevels()) {
    addNeighbours(low, 0, shape.root, 1);
    addNeighbours(high, shape.root + 2, shape.lines, -1);
    if (shape.root + 1 < shape.lines) {
      last.push_back(link(shape.root + 1, shape.root));
    }
    return;
  }
  std::vector<int32_t> below, above; // collectors, outwards from the root
  for (auto group : shape.groups) {
    int32_t collector = shape.collectorOf(group);
    if (collector > shape.root) {
      addNeighbours(high, group.first + 1, group.second, -1);
      above.push_back(collector);
    } else {
      addNeighbours(low, group.first, group.second - 1, 1);
      below.insert(below.begin(), collector);
    }
  }
  // The root is the first of those below.
  for (size_t i = 1; i < below.size(); ++i) {
    lowUp[i % 2].insert(lowUp[i % 2].begin(), link(below[i], below[i - 1]));
  }
  for (size_t i = 1; i < above.size(); ++i) {
    highUp[i % 2].push_back(link(above[i], above[i - 1]));
  }
  if (!above.empty()) {
    last.push_back(link(above.front(), shape.root));
  }
}

ChainQueues StreamPlan::addChain(const std::string &prefix, const Rect &rect,
                                 Axis axis, const ChainShape &shape,
                                 bool cast) {
  ChainLinks links(shape);
  ChainQueues queues;
  auto add = [&](const char *suffix, std::vector<SegmentPattern> &patterns,
                 std::vector<std::string> &inputs) {
    if (!patterns.empty()) {
      std::string name =
          addFamily(prefix + suffix, rect, axis, std::move(patterns));
      inputs.push_back(name);
      queues.out.push_back(name);
    }
  };
  add("_low0", links.low[0], queues.first);
  add("_low1", links.low[1], queues.first);
  add("_high0", links.high[0], queues.first);
  add("_high1", links.high[1], queues.first);
  add("_low_up0", links.lowUp[0], queues.third);
  add("_low_up1", links.lowUp[1], queues.third);
  add("_high_up0", links.highUp[0], queues.third);
  add("_high_up1", links.highUp[1], queues.third);
  add("_last", links.last, queues.second);
  if (cast && shape.lines > 1) {
    SegmentPattern pattern;
    pattern.source = shape.root;
    pattern.sinkBegin = 0;
    pattern.sinkEnd = shape.lines;
    std::vector<SegmentPattern> all = {pattern};
    add("_cast", all, queues.second);
  }
  return queues;
}

/// The member of a group that has the group's sum.
static int32_t groupRoot(const ChainShape &shape,
                         std::pair<int32_t, int32_t> group) {
  return shape.hasTwoLevels()
             ? shape.collectorOf(group)
             : std::clamp(shape.root, group.first, group.second - 1);
}

std::string StreamPlan::addGroupCast(const std::string &prefix,
                                     const Rect &rect, const ChainShape &shape,
                                     const Groups &groups) {
  std::vector<SegmentPattern> patterns;
  for (auto group : groups) {
    if (group.second - group.first > 1) {
      SegmentPattern pattern;
      pattern.source = groupRoot(shape, group);
      pattern.sinkBegin = group.first;
      pattern.sinkEnd = group.second;
      patterns.push_back(pattern);
    }
  }
  return patterns.empty()
             ? ""
             : addFamily(prefix + "_group", rect, Axis::X, std::move(patterns));
}

std::string StreamPlan::addTransfer(const std::string &name, const Rect &rect,
                                    int32_t source, int32_t begin,
                                    int32_t end) {
  SegmentPattern pattern;
  pattern.source = source;
  pattern.sinkBegin = begin;
  pattern.sinkEnd = end;
  return addFamily(name, rect, Axis::X, {pattern});
}

std::vector<std::string>
StreamPlan::addTurn(const std::string &prefix, const Rect &rect,
                    const std::vector<int32_t> &columns) {
  std::vector<std::string> names;
  int32_t rows = rect.h / 2;
  for (int32_t row = 0; row < rows;) {
    int32_t begin = row, first = columns[size_t(row)];
    while (row < rows && columns[size_t(row)] == first + row - begin) {
      ++row;
    }
    // Column `first` serves row `begin`, and each column further east the row
    // below: a diagonal.
    SegmentPattern pattern;
    pattern.source = begin;
    pattern.sinkBegin = begin + rows;
    pattern.sinkEnd = begin + rows + 1;
    names.push_back(addFamily(prefix + std::to_string(names.size()),
                              {rect.x + first, rect.y, row - begin, rect.h},
                              Axis::Y, {pattern}));
    families.back().skew = 1;
  }
  return names;
}

std::string StreamPlan::addColumns(const std::string &name, const Rect &rect,
                                   std::vector<SegmentPattern> patterns) {
  return addFamily(name, rect, Axis::Y, std::move(patterns));
}

std::vector<std::string> StreamPlan::addEastChain(const std::string &prefix,
                                                  const Rect &rect) {
  std::vector<std::string> names;
  for (int32_t parity : {0, 1}) {
    SegmentPattern pattern = links(parity, rect.w - 1, 1);
    if (pattern.count > 0) {
      names.push_back(addFamily(prefix + (parity ? "_odd" : "_even"), rect,
                                Axis::X, {pattern}));
    }
  }
  return names;
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static ChainTables emptyTables(int32_t lines) {
  std::vector<uint16_t> zeros(size_t(lines), 0);
  return {zeros, zeros, zeros, zeros};
}

ChainTables wafer::chainTables(const ChainShape &shape) {
  if (!shape.hasTwoLevels()) {
    return groupTables(shape, {{0, shape.lines}});
  }
  ChainTables tables = groupTables(shape, shape.groups);
  tables.root.assign(size_t(shape.lines), 0);
  tables.third.assign(size_t(shape.lines), 0);
  tables.root[size_t(shape.root)] = 1;
  for (auto group : shape.groups) {
    bool isLow = group.first <= shape.root;
    bool isOutermost = isLow ? group.first == 0 : group.second == shape.lines;
    tables.third[size_t(shape.collectorOf(group))] = !isOutermost;
  }
  tables.second[size_t(shape.root)] = shape.root + 1 < shape.lines;
  return tables;
}

ChainTables wafer::groupTables(const ChainShape &shape, const Groups &runs) {
  ChainTables tables = emptyTables(shape.lines);
  for (auto run : runs) {
    if (shape.hasTwoLevels()) {
      tables.root[size_t(groupRoot(shape, run))] = 1;
    }
    for (auto group : shape.groups) {
      if (group.first < run.first || group.second > run.second) {
        continue;
      }
      int32_t collector = shape.collectorOf(group);
      bool isLow = group.first <= shape.root;
      for (int32_t i = group.first; i < group.second; ++i) {
        tables.first[size_t(i)] =
            isLow ? i > group.first : i + 1 < group.second;
      }
      tables.third[size_t(collector)] =
          isLow ? group.first > run.first : group.second < run.second;
    }
  }
  if (shape.hasTwoLevels()) {
    return tables;
  }
  for (auto group : runs) {
    int32_t root = groupRoot(shape, group);
    for (int32_t i = group.first; i < group.second; ++i) {
      tables.root[i] = i == root;
      if (i < root) {
        tables.first[i] = i > group.first;
      } else if (i > root) {
        tables.first[i] = i + 1 < group.second;
      }
    }
    // At the root of a chain on one level the upper half comes in by the second
    // queue; a group above it has a root that receives like any core.
    bool below = root > group.first, above = root + 1 < group.second;
    if (root == shape.root) {
      tables.first[root] = below;
      tables.second[root] = above;
    } else {
      tables.first[root] = below || above;
    }
  }
  return tables;
}
