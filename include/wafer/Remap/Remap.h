// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Remap.h - Fitting a program to one wafer -----------------*- C++ -*-===//
//
// Finds a map (LogicalMap.h) under which a program meets none of a wafer's
// defects. In this order:
//
//   1. On a machine with spare columns the hardware bypasses defects, if each
//      row has enough spares and its diagonal links reach (one column).
//   2. Or the program is moved, and lines are skipped where it cannot be
//      moved off a defect: a dead core needs its row or its column skipped, a
//      dead tile on the way of words both, a dead link the line it lies in.
//   3. Or single cores are left out: hole tracks run through the dead ones, one
//      core of each line, and words go over the router there.
//
// Ways of host ports are found last.
//
// Neither takes a color: routers of skipped lines and of holes pass on what
// crosses them. That adds a hop. Among all maps that are tried the one with the
// fewest added cycles is taken, by the footprint's estimate.
//
// The search is a heuristic: it may refuse a wafer that could be used. What it
// returns is right: findConflict() of its result is empty, and tests hold it
// against `wsec verify`, which shares no code with it, and against exhaustive
// search.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_REMAP_REMAP_H
#define WAFER_REMAP_REMAP_H

#include "wafer/Remap/Footprint.h"

#include <optional>

namespace wafer {

struct RemapOptions {
  /// Let the hardware bypass defects where the machine can.
  bool useBypass = true;
  /// Go round them without the hardware, where it cannot or where that is
  /// cheaper.
  bool useMesh = true;
  /// Leave single cores out.
  bool useTracks = true;
  /// Places of the program that are tried in full.
  uint32_t candidates = 48;
};

/// What a map does to a program.
struct RemapCost {
  /// Of the program from the north-west core.
  int32_t movedX = 0;
  int32_t movedY = 0;
  uint32_t rowsSkipped = 0;
  uint32_t columnsSkipped = 0;
  uint32_t tilesBypassed = 0;
  uint32_t holeTracks = 0;
  /// Links on which words turn to follow a track that moves.
  uint64_t longLinks = 0;
  /// Estimate of the cycles that a token takes longer.
  uint64_t cyclesAdded = 0;

  bool isNothing() const {
    return movedX == 0 && movedY == 0 && rowsSkipped == 0 &&
           columnsSkipped == 0 && tilesBypassed == 0 && holeTracks == 0;
  }
};

struct Remapped {
  LogicalMap map;
  RemapCost cost;
};

/// `defects` has passed check() for the machine. Fails with the defect that is
/// in the way, the stage it meets, what ran out, and what would help.
Result<Remapped> remapProgram(const Footprint &program, const Machine &machine,
                              const DefectMap &defects,
                              const RemapOptions &options = {});

/// Gives the image the map, and its report the "defects": what is dead, what
/// was done, and the cycles that a token takes longer than on a perfect wafer.
void applyFit(Image &image, const Remapped &fit, uint64_t cyclesLost);

/// A defect that the program meets under a map.
struct Conflict {
  std::string defect;
  Coord place;
  /// The logical place that it hits, or the one beside the skipped line.
  Coord logical;
  /// Lines that may be skipped to be rid of it.
  bool byRow = false;
  bool byColumn = false;
};

/// The first conflict of a map without bypassed tiles; nothing where there is
/// none.
std::optional<Conflict> findConflict(const Footprint &program,
                                     const Machine &machine,
                                     const DefectMap &defects,
                                     const LogicalMap &map);

} // namespace wafer

#endif // WAFER_REMAP_REMAP_H
