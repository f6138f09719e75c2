// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TrackSearch.h - Programs round single cores (internal) ---*- C++ -*-===//
//
// Maps with hole tracks: where the router of a dead core works, its row and its
// column need not be skipped. Lines along the tracks are skipped only where
// words cannot cross them: at dead routers and links.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_REMAP_TRACKSEARCH_H
#define WAFER_LIB_REMAP_TRACKSEARCH_H

#include "PortWays.h"

namespace wafer::remap {

/// The cheapest map with tracks along `axis` that costs less than `limit`
/// estimated cycles, if one is found.
std::optional<Remapped> searchTracks(const Footprint &program,
                                     const Machine &machine,
                                     const DefectMap &map,
                                     const std::vector<Defect> &defects,
                                     PortWays &ways, Axis axis, uint64_t limit);

/// The defect that the program meets under a map with tracks.
std::optional<Hit> hitUnderTracks(const Footprint &program,
                                  const Defect &defect, const PlaceMap &places);

/// Where the program and the words between its cores are, by physical line
/// along the tracks of a map.
class ProgramShape {
public:
  ProgramShape(const Footprint &program, const PlaceMap &places);
  bool contains(Coord c) const;

private:
  struct Span {
    int32_t begin = 0;
    int32_t end = 0;
  };
  Axis axis;
  int32_t firstLine = 0;
  std::vector<Span> spans;
};

} // namespace wafer::remap

#endif // WAFER_LIB_REMAP_TRACKSEARCH_H
