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
// Cost of a chain of n cores and B words: B + 6 (n / 2) cycles down and
// B + n / 2 back (the chain row of the table in "Near-Optimal Wafer-Scale
// Reduce", HPDC 2024, with the root in the middle instead of at the end).
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CONVERSION_DISTTOWPE_STREAMS_H
#define WAFER_LIB_CONVERSION_DISTTOWPE_STREAMS_H

#include "wafer/Route/RoutingProblem.h"

#include <string>
#include <vector>

namespace wafer {

/// What the cores of a line do in a chain collective, one entry a line place.
struct ChainTables {
  std::vector<uint16_t> root;  // 1 at the root
  std::vector<uint16_t> first; // receives from the chain (the root: from below)
  std::vector<uint16_t> second; // the root: receives from above
};

/// The streams that the queues of a role may be bound to.
struct ChainQueues {
  std::vector<std::string> first; // chain input
  std::vector<std::string>
      second; // the root's second input; the multicast elsewhere
  std::vector<std::string> out; // chain output; the root's multicast

  void append(const ChainQueues &other);
};

/// Ranges [begin, end) of neighbouring columns that reduce among themselves.
using Groups = std::vector<std::pair<int32_t, int32_t>>;

/// Collects the streams of a program.
class StreamPlan {
public:
  /// The all-reduce along `axis` of `rect`; without `cast` only the way to the
  /// root. Names begin with `prefix`.
  ChainQueues addChain(const std::string &prefix, const Rect &rect, Axis axis,
                       bool cast);
  /// The multicasts of the group results; the groups use the links of the row
  /// chain. Returns the name of the family, or "" where all groups are single
  /// columns.
  std::string addGroupCast(const std::string &prefix, const Rect &rect,
                           const Groups &groups);
  /// One source column to all columns of [begin, end), on every row.
  std::string addTransfer(const std::string &name, const Rect &rect);
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
ChainTables chainTables(int32_t lines);
/// The tables of the groups of a row whose chain has its root at
/// chainRoot(lines).
ChainTables groupTables(int32_t lines, const Groups &groups);

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_DISTTOWPE_STREAMS_H
