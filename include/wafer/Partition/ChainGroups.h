// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ChainGroups.h - Groups of a chain on two levels ----------*- C++ -*-===//
//
// A line reduces on two levels: groups add up along a chain into their
// collectors, and the collectors are a chain of longer links towards the root.
// A group near the root has more time than one at the end of the line, because
// the sum of those outside it arrives later. So groups grow: each is as long as
// it may be without making that sum wait. With a word a member of 6 cycles (1
// + 2 ramps + 1 hop, and the addition) and 5 a link, s members are ready at
// 6 s + start, and the sum of the outer ones comes s + 5 after the collector
// before sent it: s <= (T + 5 - start) / 5, which grows by a fifth a group.
// Groups of equal size are the two-phase reduction of "Near-Optimal Wafer-Scale
// Reduce" (HPDC 2024); these save about a sixth of it. With the best outermost
// group they are within 7 cycles of the best of all cuts, on all lines of up to
// 15 cores.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PARTITION_CHAINGROUPS_H
#define WAFER_PARTITION_CHAINGROUPS_H

#include "wafer/Machine/Machine.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace wafer {

/// How groups grow from the end of a line to its root.
struct GroupGrowth {
  /// Members of the outermost group.
  int64_t first = 1;
  /// Cycles from the last word of a group's own sum until its collector can
  /// take words from outside.
  int64_t start = 0;
  /// Cycles a word takes from member to member.
  int64_t member = 6;
  int64_t most = std::numeric_limits<int64_t>::max();

  /// Sizes of the groups of a half line, from its end to the root. The line is
  /// `runs`, lengths in the same order, none of whose borders a group crosses.
  std::vector<int64_t> sizes(const std::vector<int64_t> &runs) const;
  /// Cycles from the first word sent to the last collector's.
  int64_t cycles(const std::vector<int64_t> &sizes) const;
  /// The same for the sizes on a half line that is cut into runs of `run`.
  int64_t cyclesOver(int64_t length, int64_t run) const;

private:
  /// The groups of one run; returns when the last of them sends.
  template <typename Each>
  int64_t walk(int64_t run, int64_t &size, bool &isOutermost, int64_t sent,
               const Each &each) const;
  int64_t sentBy(int64_t size, bool isOutermost, int64_t before) const;
};

/// The growth on a machine: `first` and `most` are free.
GroupGrowth groupGrowth(const Machine &machine, const ParameterSet &set,
                        int64_t first);

} // namespace wafer

#endif // WAFER_PARTITION_CHAINGROUPS_H
