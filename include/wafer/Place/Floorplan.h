// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Floorplan.h - Where the rectangles of stages lie ---------*- C++ -*-===//
//
// Places blocks of given sizes on a machine. Minimises nothing yet: all blocks
// go side by side into one shelf in the order given, which makes every
// hand-over between neighbours a straight line; the shelf lies as far north as
// a host channel's row allows. Fails when the shelf is wider or higher than the
// machine.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PLACE_FLOORPLAN_H
#define WAFER_PLACE_FLOORPLAN_H

#include "wafer/Machine/Machine.h"
#include "wafer/Support/Geometry.h"
#include "wafer/Support/Result.h"

#include <string>
#include <vector>

namespace wafer {

struct FloorplanBlock {
  std::string name;
  int32_t width = 0;
  int32_t height = 0;
  /// The block talks to the host: its first row is a channel row.
  bool atHostChannel = false;
};

struct FloorplanProblem {
  const Machine *machine = nullptr;
  /// In the order in which data passes through them.
  std::vector<FloorplanBlock> blocks;

  Status check() const;
};

struct Floorplan {
  /// One rectangle a block.
  std::vector<Rect> rects;

  /// Sizes kept, inside the grid, disjoint, host blocks at a channel.
  Status verify(const FloorplanProblem &problem) const;
};

Result<Floorplan> placeOnShelf(const FloorplanProblem &problem);

} // namespace wafer

#endif // WAFER_PLACE_FLOORPLAN_H
