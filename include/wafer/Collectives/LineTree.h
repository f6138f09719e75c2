// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LineTree.h - Reduction trees on a line of cores ----------*- C++ -*-===//
//
// A reduction on a line is a tree whose nodes are the cores. On each side of
// the root the tree is *pre-order*: a core and its descendants are neighbours,
// the core is the one nearest to the root, and the descendants of its first
// child come before those of the second. So no two streams cross, and the words
// of children arrive in the order of their distance.
//
//   core    0   1   2   3   4   5   6   7          root 0
//           |<--|   |   |   |   |   |   |          children of 0: 1, 2, 4
//           |<------|<--|   |   |   |   |          of 2: 3
//           |<--------------|<--|<--|<--|          4, 5, 6: a chain
//
// A core *takes* its children but the last one: it adds their words to its own.
// The words of the last child *pass*: it adds its own to each and sends it on
// in the same step. The root takes all. (The trees and their search follow
// Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024; the costs of
// a core and the limit on colors are ours.)
//
// Colors. All children of a core send on one color, so a core needs one input
// queue (the root one for each side) and one output queue. A taken child's
// words end with a control wavelet that moves the child's own switch from "own
// words" to "pass on what comes", so that the next child's words can follow on
// the same color; the last child resets the switches that its words go through.
// Streams on the same color may not overlap otherwise. So below a taken child
// the color of its parent is not available, and the colors limit the branching.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_COLLECTIVES_LINETREE_H
#define WAFER_COLLECTIVES_LINETREE_H

#include "wafer/Collectives/LineCosts.h"

#include <optional>

namespace wafer {

struct LineTree {
  static constexpr uint8_t kNoColor = 0xff;

  uint32_t root = 0;
  struct Core {
    /// Of the root: itself.
    uint32_t parent = 0;
    /// From near to far; of the root first those west of it, then those east.
    std::vector<uint32_t> children;
    /// Of the children; the root has a second one for those east of it.
    uint8_t takes = kNoColor, takesEast = kNoColor;
    /// That of the parent's children on this side.
    uint8_t sends = kNoColor;
  };
  std::vector<Core> cores;

  /// A chain on each side of the root.
  static LineTree chains(uint32_t west, uint32_t east);

  uint32_t size() const { return uint32_t(cores.size()); }
  /// Children of `core` on the side of lower (or higher) numbers.
  std::vector<uint32_t> childrenOn(uint32_t core, bool west) const;
  bool isLastChild(uint32_t core) const;
  /// Links on the longest way to the root, counted in sends.
  uint32_t depth() const;
  /// Sum of the distances of all cores to their parents.
  uint64_t energy() const;
  uint32_t numColors() const;
  /// Colors on which some core switches.
  uint32_t numSwitched() const;
  /// The most input queues that a core needs.
  uint32_t numInputs() const;

  /// Gives each core its colors, from 0 on; false if more than `limit` are
  /// needed.
  bool assignColors(uint32_t limit);
  /// Re-derives that this is a pre-order tree of all cores and that no two
  /// streams of a color meet.
  Status verify() const;
};

/// When the words of a core leave: cycles of the steps of the first and the
/// last one.
struct LineTimes {
  uint64_t first = 0, last = 0;
};

/// The step in which the root has added the last word, for trees of any shape.
/// `shares`: it will send the sums back, and has prepared that.
uint64_t predictTree(const LineTree &tree, uint32_t words,
                     const LineCosts &costs, bool shares);

/// The fastest trees of all lengths up to `maxCores` with the root at the end,
/// for a payload: dynamic programming over segments, for each number of colors
/// up to `maxColors`. O(maxColors * maxCores^2).
class LineSearch {
public:
  LineSearch(uint32_t maxCores, uint32_t words, uint32_t maxColors,
             const LineCosts &costs);

  /// The step in which the root at the end of `cores` cores has added the last
  /// word; nothing where `colors` colors do not suffice.
  std::optional<uint64_t> collected(uint32_t cores, uint32_t colors) const;
  /// The tree of a line with `west` cores before the root and `east` behind it.
  /// The root takes the east side after the west side; `late` solves it anew
  /// for the cycle in which it can, in O(east^2).
  LineTree tree(uint32_t west, uint32_t east, uint32_t colors,
                bool late = true) const;

private:
  struct Cell {
    uint64_t first = kNever, last = kNever;
    /// Distance of the last child; 0: a leaf.
    uint32_t split = 0;
    LineTimes times() const { return {first, last}; }
  };
  static constexpr uint64_t kNever = ~uint64_t(0) / 4;

  /// By length of a segment.
  using Column = std::vector<Cell>;
  /// What the root takes, and what it has at the end.
  struct RootColumns {
    Column takes, roots;
  };

  void solve(uint32_t colors);
  /// For a root that takes its first child from `start` on.
  RootColumns solveRoot(uint32_t colors, uint32_t cores, uint64_t start) const;
  void addSide(LineTree &tree, uint32_t colors, uint32_t cores, bool west,
               const RootColumns &root) const;

  uint32_t maxCores, words;
  LineCosts costs;
  /// [colors][cores]: a core that has sent the sum of a segment, or that has
  /// taken all of a segment (only `last` counts).
  std::vector<Column> sends, takes;
  /// [colors]: the root of an end.
  std::vector<RootColumns> ends;
};

} // namespace wafer

#endif // WAFER_COLLECTIVES_LINETREE_H
