// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Gates.h - Rows that share the channels of an edge --------*- C++ -*-===//
//
// A hidden state leaves a wafer in as many slices as a stage has rows, but an
// edge has few channels. So the rows of a gate, a column of cores, are cut into
// groups, each of which gathers in one core, whose words go through a channel;
// on the other wafer the same core of a gate takes and spreads them.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PLACE_GATES_H
#define WAFER_PLACE_GATES_H

#include "wafer/Machine/Machine.h"
#include "wafer/Support/Geometry.h"
#include "wafer/Support/Result.h"

#include <vector>

namespace wafer {

/// A channel of one wafer, joined to one of the next, and its rows of the
/// gates, counted from their first one.
struct GateGroup {
  int32_t begin = 0;
  int32_t end = 0;
  /// The row that gathers, and spreads.
  int32_t root = 0;
  /// Rows of the grid at which words leave and come in.
  int32_t rowOut = 0;
  int32_t rowIn = 0;
};

/// An edge of a wafer.
struct GateEdge {
  bool west = true;
  int32_t wafer = 0;
};

/// The edge with channels that is nearest to a rectangle on its wafer.
GateEdge nearestEdge(const Machine &machine, const Rect &rect);

/// The groups of two gates of equal height: as many as both have channels in
/// their rows, and at least one. Each root lies as near as can be to the
/// channel where words come in. Fails where the machine has no channels.
Result<std::vector<GateGroup>> shareChannels(const Machine &machine,
                                             const Rect &out, const Rect &in);

} // namespace wafer

#endif // WAFER_PLACE_GATES_H
