// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LineFormulas.h - Published cycles of collectives ---------*- C++ -*-===//
//
// The analytic model of Luczynski et al., "Near-Optimal Wafer-Scale Reduce"
// (HPDC 2024), for a line of P cores, vectors of B words and a ramp latency of
// R = rampCycles: contention, energy over links, distance, and 2 R + 1 cycles
// for each receive-add-send. Reductions end in the core at the end of the line.
// No start of a vector instruction or task is in them.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_COLLECTIVES_LINEFORMULAS_H
#define WAFER_COLLECTIVES_LINEFORMULAS_H

#include "wafer/Machine/Machine.h"

namespace wafer {

struct PublishedCycles {
  double cycles = 0;
  /// "star", "chain", "tree", "two-phase", "multicast", "ring" or, for an
  /// all-reduce, the reduction in front of a multicast.
  const char *algorithm = "";
};

PublishedCycles publishedBroadcast(uint32_t cores, double words, double ramp);
/// The best of star, chain, binary tree and two-phase.
PublishedCycles publishedReduce(uint32_t cores, double words, double ramp);
/// The better of a reduction followed by a multicast, and a ring.
PublishedCycles publishedAllReduce(uint32_t cores, double words, double ramp);

/// Lower bounds for all lines up to a length. O(maxCores^3) once.
class LineBounds {
public:
  explicit LineBounds(uint32_t maxCores);

  /// min over depths D of B E(P, D) / (P - 1) + P - 1 + D (2 R + 1), where E
  /// is the least energy of a tree of depth D.
  double reduce(uint32_t cores, double words, double ramp) const;
  /// A reduction into an end is contained. And a sum that all cores hold has
  /// taken 2 (P - 1) receives of one word each (as in gossiping), of which some
  /// core has its share, one a cycle.
  double allReduce(uint32_t cores, double words, double ramp) const;
  static double broadcast(uint32_t cores, double words, double ramp);

  /// The least sum of distances of a tree of `cores` cores and this depth.
  uint64_t energy(uint32_t cores, uint32_t depth) const {
    return table[size_t(depth) * stride + cores];
  }

private:
  uint32_t stride;
  std::vector<uint64_t> table;
};

} // namespace wafer

#endif // WAFER_COLLECTIVES_LINEFORMULAS_H
