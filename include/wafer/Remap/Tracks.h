// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Tracks.h - Baselines of array reconfiguration ------------*- C++ -*-===//
//
// What an array of cores looks like when single rows are shifted, which the
// maps of this project do not do on a plain mesh: a shift inside a stage needs
// a second class of colors for all that crosses it. These are the yardsticks
// that `docs/defects.md` puts beside the remapper.
//
//   dropped lines    every line of one axis with a dead core is left out
//   greedy columns   all rows are kept; a logical column takes one core of each
//                    row, at most one column from that of the row above (greedy
//                    column rerouting: the most columns that reach allows)
//   hole tracks      each row leaves out exactly `spares` cores; the dead ones
//                    are joined to tracks such that the columns shift as few
//                    times as possible
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_REMAP_TRACKS_H
#define WAFER_REMAP_TRACKS_H

#include "wafer/Support/Geometry.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace wafer {

/// The lines of the cheaper axis that have no dead core, times the other side.
struct DroppedLines {
  int32_t rows = 0;
  int32_t columns = 0;
};
DroppedLines dropLines(int32_t width, int32_t height,
                       const std::vector<Coord> &dead);

/// columns[j][y]: where logical column j lies in row y. Rows without enough
/// living cores make it empty.
using ColumnRoutes = std::vector<std::vector<int32_t>>;
/// O(width * height).
ColumnRoutes rerouteColumns(int32_t width, int32_t height,
                            const std::vector<Coord> &dead);
/// Links between rows that are not straight.
uint64_t countLongLinks(const ColumnRoutes &routes);

struct HoleTracks {
  /// The column that each track leaves out, by track and row.
  std::vector<std::vector<int32_t>> tracks;
  /// Columns that a track passes between rows: links that are not straight.
  uint64_t longLinks = 0;
};
/// The fewest long links for `spares` cores left out in each row: a cover of
/// the dead cores by so many paths that go down, of least cost (a matching of
/// dead cores, successive shortest paths; O(F^3) for F dead cores). Nothing
/// when a row has more dead cores than spares.
std::optional<HoleTracks> findHoleTracks(int32_t width, int32_t height,
                                         const std::vector<Coord> &dead,
                                         int32_t spares);
/// The array under the tracks, by logical column; for checks.
ColumnRoutes columnsOf(const HoleTracks &tracks, int32_t width, int32_t height);

} // namespace wafer

#endif // WAFER_REMAP_TRACKS_H
