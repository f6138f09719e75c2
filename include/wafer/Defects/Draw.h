// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Draw.h - A defect map for people -------------------------*- C++ -*-===//
#ifndef WAFER_DEFECTS_DRAW_H
#define WAFER_DEFECTS_DRAW_H

#include "wafer/Machine/DefectMap.h"

namespace wafer {

/// Counts by kind, the fullest row and column, and the largest cluster
/// (defects that touch each other, corners included).
struct DefectSummary {
  size_t tiles = 0, cores = 0, links = 0, banks = 0;
  /// Dead tiles and cores for each tile of the machine.
  double density = 0;
  size_t mostInRow = 0, mostInColumn = 0;
  int32_t fullestRow = 0, fullestColumn = 0;
  size_t largestCluster = 0;
  /// The first place of it, row by row.
  Coord clusterAt;
};
DefectSummary summarise(const DefectMap &map, const Machine &machine);

/// A picture of the wafer: its tiles, the usable rectangle, each defect.
std::string drawSvg(const DefectMap &map, const Machine &machine);

} // namespace wafer

#endif // WAFER_DEFECTS_DRAW_H
