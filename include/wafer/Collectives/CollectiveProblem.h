// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CollectiveProblem.h - Which collective a line needs ------*- C++ -*-===//
//
// Problem: a line of cores, a vector of words in each, and what shall become of
// it. Solution: a tree with colors, and whether the root's words go back to all
// (by multicast, on a color of its own). solve() searches trees and roots for
// the fewest predicted cycles; verify() re-derives that a solution is one.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_COLLECTIVES_COLLECTIVEPROBLEM_H
#define WAFER_COLLECTIVES_COLLECTIVEPROBLEM_H

#include "wafer/Collectives/LineTree.h"

namespace wafer {

enum class CollectiveKind : uint8_t {
  /// The words of the first core reach all.
  Broadcast,
  /// The sums end in the first core.
  Reduce,
  /// The sums end in all cores.
  AllReduce
};
/// "broadcast", "reduce", "all-reduce".
const char *nameOf(CollectiveKind kind);

/// What a core or a line needs of the machine.
struct CollectiveResources {
  uint32_t colors = 0;
  /// Of these, how many must be able to switch.
  uint32_t switchedColors = 0;
  uint32_t inputQueues = 0;
  uint32_t outputQueues = 0;
  uint32_t microthreads = 0;
};

struct CollectivePlan {
  CollectiveKind kind = CollectiveKind::Reduce;
  /// Of a broadcast: each core for itself, without children.
  LineTree tree;
  bool shares() const { return kind != CollectiveKind::Reduce; }
  bool reduces() const { return kind != CollectiveKind::Broadcast; }
  CollectiveResources resources() const;
};

struct CollectiveProblem {
  CollectiveKind kind = CollectiveKind::Reduce;
  uint32_t cores = 2;
  /// Wavelets of a vector.
  uint32_t words = 1;
  /// Colors for the tree; a multicast takes one more. 0: as many as the
  /// machine has to give, at most kMostColors.
  uint32_t treeColors = 0;

  static constexpr uint32_t kMostColors = 8;
  static constexpr uint32_t kMostCores = 4096;

  /// The problem makes sense on this machine.
  Status check(const Machine &machine) const;
  /// The plan with the lowest prediction that the machine's colors and queues
  /// allow; of equal ones that with fewer colors.
  Result<CollectivePlan> solve(const Machine &machine,
                               const ParameterSet &costs) const;
  /// `plan` solves this problem with what the machine has.
  Status verify(const CollectivePlan &plan, const Machine &machine) const;
  /// Cycles from the start of all cores to the clock reading behind the last
  /// word, by the costs of LineCosts.
  uint64_t predict(const CollectivePlan &plan, const LineCosts &costs) const;
};

} // namespace wafer

#endif // WAFER_COLLECTIVES_COLLECTIVEPROBLEM_H
