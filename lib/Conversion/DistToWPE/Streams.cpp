// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Streams.h"

#include <algorithm>

using namespace wafer;

void ChainQueues::append(const ChainQueues &other) {
  first.insert(first.end(), other.first.begin(), other.first.end());
  second.insert(second.end(), other.second.begin(), other.second.end());
  out.insert(out.end(), other.out.begin(), other.out.end());
}

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

ChainQueues StreamPlan::addChain(const std::string &prefix, const Rect &rect,
                                 Axis axis, bool cast) {
  int32_t lines = axis == Axis::X ? rect.w : rect.h;
  int32_t root = chainRoot(lines);
  ChainQueues queues;
  auto add = [&](const char *suffix, SegmentPattern pattern,
                 std::vector<std::string> &inputs) {
    if (pattern.count > 0) {
      std::string name = addFamily(prefix + suffix, rect, axis, {pattern});
      inputs.push_back(name);
      queues.out.push_back(name);
    }
  };
  add("_low0", links(0, root, 1), queues.first);
  add("_low1", links(1, root, 1), queues.first);
  add("_high0", links(root + 2, lines, -1), queues.first);
  add("_high1", links(root + 3, lines, -1), queues.first);
  add("_last", links(root + 1, std::min(root + 2, lines), -1), queues.second);
  if (cast && lines > 1) {
    SegmentPattern pattern;
    pattern.source = root;
    pattern.sinkBegin = 0;
    pattern.sinkEnd = lines;
    add("_cast", pattern, queues.second);
  }
  return queues;
}

/// The member of a group that is nearest to the root of the row.
static int32_t groupRoot(int32_t lines, std::pair<int32_t, int32_t> group) {
  return std::clamp(chainRoot(lines), group.first, group.second - 1);
}

std::string StreamPlan::addGroupCast(const std::string &prefix,
                                     const Rect &rect, const Groups &groups) {
  std::vector<SegmentPattern> patterns;
  for (auto group : groups) {
    if (group.second - group.first > 1) {
      SegmentPattern pattern;
      pattern.source = groupRoot(rect.w, group);
      pattern.sinkBegin = group.first;
      pattern.sinkEnd = group.second;
      patterns.push_back(pattern);
    }
  }
  return patterns.empty()
             ? ""
             : addFamily(prefix + "_group", rect, Axis::X, std::move(patterns));
}

std::string StreamPlan::addTransfer(const std::string &name, const Rect &rect) {
  SegmentPattern pattern;
  pattern.source = 0;
  pattern.sinkBegin = 1;
  pattern.sinkEnd = rect.w;
  return addFamily(name, rect, Axis::X, {pattern});
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

ChainTables wafer::chainTables(int32_t lines) {
  return groupTables(lines, {{0, lines}});
}

ChainTables wafer::groupTables(int32_t lines, const Groups &groups) {
  ChainTables tables;
  tables.root.assign(lines, 0);
  tables.first.assign(lines, 0);
  tables.second.assign(lines, 0);
  for (auto group : groups) {
    int32_t root = groupRoot(lines, group);
    for (int32_t i = group.first; i < group.second; ++i) {
      tables.root[i] = i == root;
      if (i < root) {
        tables.first[i] = i > group.first;
      } else if (i > root) {
        tables.first[i] = i + 1 < group.second;
      }
    }
    // At the root of the row the upper half comes in by the second queue; a
    // group above it has a root that receives like any core of the chain.
    bool below = root > group.first, above = root + 1 < group.second;
    if (root == chainRoot(lines)) {
      tables.first[root] = below;
      tables.second[root] = above;
    } else {
      tables.first[root] = below || above;
    }
  }
  return tables;
}
