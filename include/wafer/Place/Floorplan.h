// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Floorplan.h - Where the rectangles of stages lie ---------*- C++ -*-===//
//
// Places blocks of given sizes on a machine, in the order in which data passes
// through them, as a snake of shelves:
//
//   loop | embed | layers 0 | layers 1 |          shelf 0, eastwards
//          head  | layers 3 | layers 2 |          shelf 1, westwards
//
// Neighbours of one shelf hand over along their rows. A block that begins a
// shelf lies under its predecessor, whose columns it has, and is handed over to
// along columns; only blocks that say so can do that. In the last shelf it may
// be shifted against its predecessor, as far as its block says, which leaves
// more columns behind it. All blocks but the one at the host channel have the
// same height. Of several wafers each has a snake of
// its own.
//
// Minimises the number of shelves, then fills earlier shelves first. Exact:
// depth-first over where shelves begin, pruned by the columns that are left;
// some hundred steps for 80 blocks. Fails where no snake fits.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PLACE_FLOORPLAN_H
#define WAFER_PLACE_FLOORPLAN_H

#include "wafer/Machine/Machine.h"
#include "wafer/Support/Geometry.h"
#include "wafer/Support/Result.h"

#include <optional>
#include <string>
#include <vector>

namespace wafer {

struct FloorplanBlock {
  std::string name;
  int32_t width = 0;
  int32_t height = 0;
  /// The block talks to the host: its first row is a channel row.
  bool atHostChannel = false;
  /// May lie under its predecessor, if that is as wide.
  bool mayTurn = false;
  /// Not descending from block to block; wafer k has the columns k * usable.w
  /// and on.
  int32_t wafer = 0;
  /// Columns by which it may be shifted where it turns.
  int32_t mayShift = 0;
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

  /// Sizes kept, inside the grid, disjoint, host blocks at a channel; each
  /// block in the rows of its predecessor on the same wafer, or under it where
  /// it may turn.
  Status verify(const FloorplanProblem &problem) const;
};

Result<Floorplan> placeInShelves(const FloorplanProblem &problem);

/// The snake alone, in columns: what the search for rectangles asks for each
/// candidate.
struct SnakeProblem {
  struct Block {
    int32_t width = 0;
    bool mayTurn = false;
    int32_t mayShift = 0;
  };
  /// Columns of the machine; those before `firstColumn` are kept free.
  int32_t columns = 0;
  int32_t firstColumn = 0;
  int32_t maxShelves = 1;
  std::vector<Block> blocks;
};

struct Snake {
  struct Place {
    int32_t shelf = 0;
    int32_t x = 0;
  };
  std::vector<Place> places; // one a block
  int32_t shelves = 1;
  /// Columns that are free behind the last block, in its direction.
  int32_t room = 0;
};

/// Nothing where no snake fits.
std::optional<Snake> laySnake(const SnakeProblem &problem);

} // namespace wafer

#endif // WAFER_PLACE_FLOORPLAN_H
