// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Streams.h - The streams of the chain collectives ---------*- C++ -*-===//
//
// A chain all-reduce on a line of n cores: the root is in the middle, both
// halves add towards it one hop at a time, the root multicasts the result.
//
//     0 -> 1 -> 2 -> [3] <- 4 <- 5 <- 6        then [3] -> all
//
// Neighbouring links of a chain cannot share a color (a core receives on one
// and sends on the other), so each half is two families, links from even and
// from odd places. The last link of the upper half arrives at the root beside
// that of the lower half, so it is a family (and a queue) of its own. Colors
// are chosen later; three suffice for an axis.
//
// On two levels the line is cut into groups. A group adds towards its
// collector, the member nearest to the root (the root is the collector of its
// own group); the collectors are a chain of long links over their members'
// heads.
//
//     0 -> 1 -> (2)   3 -> 4 -> [5]   (6) <- 7 <- 8
//                (2) ---------> [5] <- (6)
//
// Cost of n cores and B words: B + 6 (n / 2) cycles down and B + n / 2 back on
// one level (the chain row of the table in "Near-Optimal Wafer-Scale Reduce",
// HPDC 2024, with the root in the middle instead of at the end); ChainGroups.h
// has that of two.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CONVERSION_DISTTOWPE_STREAMS_H
#define WAFER_LIB_CONVERSION_DISTTOWPE_STREAMS_H

#include "wafer/Partition/ChainGroups.h"
#include "wafer/Route/RoutingProblem.h"

#include <string>
#include <vector>

namespace wafer {

/// Ranges [begin, end) of neighbouring places of a line, in ascending order.
using Groups = std::vector<std::pair<int32_t, int32_t>>;

/// How a line reduces.
struct ChainShape {
  int32_t lines = 0;
  int32_t root = 0;
  /// Empty on one level. Else they cover the line, and the root ends its group.
  Groups groups;

  static ChainShape oneLevel(int32_t lines);
  /// Groups that grow from both ends of the line to the root.
  static ChainShape growing(int32_t lines, const GroupGrowth &growth);
  /// The same, with groups that do not cross the borders of `runs`, which cover
  /// the line. The root ends the run that ends nearest to the middle.
  static ChainShape along(int32_t lines, const Groups &runs,
                          const GroupGrowth &growth);

  bool hasTwoLevels() const { return !groups.empty(); }
  int32_t collectorOf(std::pair<int32_t, int32_t> group) const {
    return group.first <= root ? group.second - 1 : group.first;
  }
};

/// What the cores of a line do in a chain collective, one entry a line place.
struct ChainTables {
  std::vector<uint16_t> root;  // 1 at the root
  std::vector<uint16_t> first; // receives from the chain (the root: from below)
  std::vector<uint16_t> second; // the root: receives from above
  std::vector<uint16_t> third;  // receives from a collector farther out
};

/// The streams that the queues of a role may be bound to.
struct ChainQueues {
  std::vector<std::string> first; // chain input
  std::vector<std::string>
      second; // the root's second input; the multicast elsewhere
  std::vector<std::string> third; // the chain of collectors
  std::vector<std::string> out;   // chain output; the root's multicast

  void append(const ChainQueues &other);
};

/// Collects the streams of a program.
class StreamPlan {
public:
  /// The all-reduce along `axis` of `rect`; without `cast` only the way to the
  /// root. Names begin with `prefix`.
  ChainQueues addChain(const std::string &prefix, const Rect &rect, Axis axis,
                       const ChainShape &shape, bool cast);
  /// The multicasts of the group results; the groups use the links of the row
  /// chain. Returns the name of the family, or "" where all groups are single
  /// columns.
  std::string addGroupCast(const std::string &prefix, const Rect &rect,
                           const ChainShape &shape, const Groups &groups);
  /// Column `source` to the columns [begin, end) of `rect`, on every row.
  std::string addTransfer(const std::string &name, const Rect &rect,
                          int32_t source, int32_t begin, int32_t end);
  /// From row i of the upper half of `rect` to row i of the lower half, in the
  /// i-th of `columns` (offsets, ascending; one for each row): the names of the
  /// families, one for each run of neighbouring columns.
  std::vector<std::string> addTurn(const std::string &prefix, const Rect &rect,
                                   const std::vector<int32_t> &columns);
  /// Segments of every column of `rect`.
  std::string addColumns(const std::string &name, const Rect &rect,
                         std::vector<SegmentPattern> patterns);
  /// Links i -> i + 1 of every row.
  std::vector<std::string> addEastChain(const std::string &prefix,
                                        const Rect &rect);

  std::vector<RoutedFamily> families;
  std::vector<RoutedStream> streams;

private:
  std::string addFamily(const std::string &name, const Rect &rect, Axis axis,
                        std::vector<SegmentPattern> patterns);
};

inline int32_t chainRoot(int32_t lines) { return lines / 2; }
ChainTables chainTables(const ChainShape &shape);
/// The tables of runs that reduce among themselves on the links of the chain:
/// with two levels each is one or more of its groups, and the collector of the
/// last one has the sum of the run.
ChainTables groupTables(const ChainShape &shape, const Groups &runs);

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_DISTTOWPE_STREAMS_H
