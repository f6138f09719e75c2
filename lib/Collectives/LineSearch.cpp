// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LineSearch.cpp - The fastest tree on a line ------------------------===//
//
// A segment is a core and the cores behind it, away from the root. For each
// number of colors and length we keep the earliest cycle in which
//
//   takes   the first core of a segment has added the words of all others,
//           every child being a segment that may use one color less;
//   sends   it has sent the sum: it takes a shorter segment, and the words of
//           the last child pass, whose segment may use all colors again;
//   roots   as takes, but the last child's segment may use all colors, too.
//
// In sends, a taken child must leave the color of its parent alone; the root of
// the last child's segment only may not take on the color it sends on.
//
// Earlier words never make a later result, so shorter segments are solved
// first and each once.
//
//===----------------------------------------------------------------------===//
#include "wafer/Collectives/LineTree.h"

#include <algorithm>

using namespace wafer;

LineCosts LineCosts::of(const Machine &machine, const ParameterSet &set) {
  auto paid = [](uint32_t cost) { return std::max(1u, cost); };
  LineCosts c;
  c.hop = machine.hopCycles;
  c.ramp = machine.rampCycles;
  c.vectorStart = set.vectorStart;
  c.sendWords = set.sendWords;
  c.sendCycles = set.sendCycles;
  c.dsrLoad = paid(set.dsrLoad);
  const QueueSpec &queues = machine.inputQueues;
  for (unsigned q = 0; q < queues.count() && !c.queueWords; ++q) {
    c.queueWords = queues.usable(q) ? queues.depths[q] + c.ramp : 0;
  }
  // The instructions of LineProgram.cpp in front of each kind of core.
  c.leafEntry = set.taskStart + 2 * paid(set.load) + 2 * paid(set.dsrLoad) +
                paid(set.branch);
  c.passEntry =
      c.leafEntry + 2 * paid(set.dsrLoad) + paid(set.alu) + paid(set.branch);
  c.takeEntry =
      c.passEntry + 3 * paid(set.dsrLoad) + paid(set.alu) + paid(set.branch);
  c.rootEntry = c.takeEntry;
  return c;
}

LineSearch::LineSearch(uint32_t maxCores, uint32_t words, uint32_t maxColors,
                       const LineCosts &costs)
    : maxCores(maxCores), words(words), costs(costs) {
  for (uint32_t k = 0; k <= maxColors; ++k) {
    solve(k);
  }
}

/// Words that a core handles from `start` on, at the earliest.
static LineTimes handled(uint64_t start, const LineTimes &sent,
                         uint64_t latency, uint32_t words) {
  uint64_t first = std::max(start, sent.first + latency);
  return {first, std::max(first + words - 1, sent.last + latency)};
}

/// Keeps what ends earlier.
template <typename Cell>
static void improve(Cell &cell, const LineTimes &times, uint32_t split) {
  if (times.last < cell.last) {
    cell = {times.first, times.last, split};
  }
}

void LineSearch::solve(uint32_t k) {
  sends.emplace_back(maxCores + 1);
  takes.emplace_back(maxCores + 1);
  Column &send = sends[k], &take = takes[k];
  uint64_t leaf = costs.leafEntry + costs.vectorStart;
  send[1] = {leaf, leaf + costs.span(words), 0};
  take[1].last = costs.takeEntry + costs.vectorStart - 1;
  for (uint32_t n = 2; k > 0 && n <= maxCores; ++n) {
    for (uint32_t at = 1; at < n; ++at) {
      uint64_t latency = costs.latency(at);
      const Cell &below = sends[k - 1][n - at];
      const Cell &last = k > 1 ? send[n - at] : below;
      if (below.last < kNever) {
        // Behind a child's words comes its control wavelet.
        uint64_t free = take[at].last + (at > 1 ? 2 : 1);
        improve(take[n], handled(free, below.times(), latency, words), at);
      }
      if (last.last < kNever) {
        uint64_t free =
            at > 1 ? take[at].last + 1 + std::max(1u, costs.vectorStart)
                   : costs.passEntry + costs.vectorStart;
        improve(send[n], handled(free, last.times(), latency, words), at);
      }
    }
  }
  ends.push_back(solveRoot(k, maxCores, costs.rootEntry + costs.vectorStart));
}

LineSearch::RootColumns LineSearch::solveRoot(uint32_t k, uint32_t cores,
                                              uint64_t start) const {
  RootColumns columns = {Column(cores + 1), Column(cores + 1)};
  Column &take = columns.takes, &root = columns.roots;
  take[1].last = root[1].last = start - 1;
  for (uint32_t n = 2; k > 0 && n <= cores; ++n) {
    for (uint32_t at = 1; at < n; ++at) {
      uint64_t latency = costs.latency(at);
      uint64_t free = take[at].last + (at > 1 ? 2 : 1);
      const Cell &below = sends[k - 1][n - at];
      const Cell &last = k > 1 ? sends[k][n - at] : below;
      if (below.last < kNever) {
        improve(take[n], handled(free, below.times(), latency, words), at);
      }
      if (last.last < kNever) {
        improve(root[n], handled(free, last.times(), latency, words), at);
      }
    }
  }
  return columns;
}

std::optional<uint64_t> LineSearch::collected(uint32_t cores,
                                              uint32_t colors) const {
  uint64_t last = ends[colors].roots[cores].last;
  return last < kNever ? std::optional<uint64_t>(last) : std::nullopt;
}

void LineSearch::addSide(LineTree &tree, uint32_t colors, uint32_t cores,
                         bool west, const RootColumns &root) const {
  // Which table a segment was solved by.
  enum class Kind { Root, RootTakes, Takes, Sends };
  struct Segment {
    uint32_t first, cores, colors;
    Kind kind;
  };
  auto place = [&](uint32_t offset) {
    return west ? tree.root - offset : tree.root + offset;
  };
  std::vector<Segment> work = {{0, cores, colors, Kind::Root}};
  while (!work.empty()) {
    Segment s = work.back();
    work.pop_back();
    if (s.cores <= 1) {
      continue;
    }
    const Column &column = s.kind == Kind::Root        ? root.roots
                           : s.kind == Kind::RootTakes ? root.takes
                           : s.kind == Kind::Takes     ? takes[s.colors]
                                                       : sends[s.colors];
    uint32_t split = column[s.cores].split, child = s.first + split;
    tree.cores[place(s.first)].children.push_back(place(child));
    tree.cores[place(child)].parent = place(s.first);
    bool ofRoot = s.kind == Kind::Root || s.kind == Kind::RootTakes;
    work.push_back(
        {s.first, split, s.colors, ofRoot ? Kind::RootTakes : Kind::Takes});
    // The last child's segment may use the parent's color again.
    bool isLast = s.kind == Kind::Root || s.kind == Kind::Sends;
    work.push_back({child, s.cores - split,
                    isLast && s.colors > 1 ? s.colors : s.colors - 1,
                    Kind::Sends});
  }
}

LineTree LineSearch::tree(uint32_t west, uint32_t east, uint32_t colors,
                          bool late) const {
  LineTree tree;
  tree.root = west;
  tree.cores.resize(west + east + 1);
  tree.cores[west].parent = west;
  const RootColumns &end = ends[colors];
  addSide(tree, colors, west + 1, true, end);
  if (west > 0 && late) {
    uint64_t start = end.roots[west + 1].last + 1 + costs.vectorStart;
    addSide(tree, colors, east + 1, false, solveRoot(colors, east + 1, start));
  } else {
    addSide(tree, colors, east + 1, false, end);
  }
  for (uint32_t x = 0; x < tree.size(); ++x) {
    // First those of the west side, each side from near to far.
    std::vector<uint32_t> &children = tree.cores[x].children;
    std::sort(children.begin(), children.end(), [&](uint32_t a, uint32_t b) {
      bool westA = a < x, westB = b < x;
      return westA != westB ? westA : westA ? a > b : a < b;
    });
  }
  return tree;
}
