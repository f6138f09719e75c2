// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Coloring.h - Colors for the streams of a routing problem -*- C++ -*-===//
//
// A router holds one configuration for each color, so two streams that share a
// router need different colors, and as few colors as possible should be spent:
// what is left over carries detours round defects.
//
// The result depends on the set of streams only, not on their order.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ROUTE_COLORING_H
#define WAFER_ROUTE_COLORING_H

#include "wafer/Route/RouterSet.h"
#include "wafer/Route/RoutingProblem.h"

#include <vector>

namespace wafer {

/// Who may not share a color with whom.
struct ConflictGraph {
  /// conflicts[id]: the ids that need another color than id, sorted.
  std::vector<std::vector<unsigned>> conflicts;
  /// The most streams over one router: no coloring needs fewer colors.
  BusiestRouter busiest;

  bool hasConflict(unsigned a, unsigned b) const;
};

/// Builds the graph from routers in common (exactly) and exclusive groups.
ConflictGraph buildConflictGraph(const RoutingProblem &problem);

struct ColoringOptions {
  /// Steps that the search for a better coloring may take in all. The search
  /// runs only where the greedy result misses the lower bound.
  unsigned searchSteps = 20000;
};

struct Coloring {
  /// By id.
  std::vector<uint8_t> colors;
  /// Distinct colors in use.
  unsigned numColors = 0;
  /// No coloring uses fewer (streams over one router, exclusive groups).
  unsigned lowerBound = 0;
  ConflictGraph graph;
};

/// Colors every stream: given colors are kept, streams that need a switch get a
/// switchable color, others avoid switchable ones while any other is free.
///
/// Heuristic: the stream with the fewest colors left goes first (Brelaz,
/// CACM 1979), ties by the number of conflicts, then by a key of the stream's
/// geometry and name; it takes the first free color. Where that misses the
/// lower bound, a bounded search in the same order tries to save colors.
/// Fails when given colors clash or no coloring was found; the error names the
/// busiest router, its demand, the supply and the streams there.
Result<Coloring> colorStreams(const RoutingProblem &problem,
                              const ColoringOptions &options = {});

/// Recomputes from the problem: every pair that shares a router or a group
/// differs, and every color is usable.
Status verifyColoring(const RoutingProblem &problem,
                      const std::vector<uint8_t> &colors);

} // namespace wafer

#endif // WAFER_ROUTE_COLORING_H
