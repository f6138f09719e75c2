// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PortWays.h - Ways of the host to a program (internal) ----*- C++ -*-===//
#ifndef WAFER_LIB_REMAP_PORTWAYS_H
#define WAFER_LIB_REMAP_PORTWAYS_H

#include "LineSearch.h"

#include <set>

namespace wafer::remap {

class ProgramShape;

/// Ways from host channels to mapped programs on one wafer: breadth-first
/// searches round the program, from the side of its edge core. Not for several
/// threads at once.
class PortWays {
public:
  PortWays(const Machine &machine, const std::vector<Defect> &defects);

  /// Ways of all host ports; false when one has none.
  bool route(const Footprint &program, const PlaceMap &places,
             std::vector<PortRoute> &routes);

private:
  bool find(Coord home, bool west, const ProgramShape &shape, PortRoute &route);
  bool isChannel(Coord edge) const;
  /// On the grid, and words may pass.
  bool isAlive(Coord c) const;
  bool linkWorks(Coord c, Port side) const;
  size_t indexOf(Coord c) const;
  void flood(bool west);

  const Machine &machine;
  std::set<Coord> dead;
  std::set<Coord> deadEnds;
  std::set<DeadLink> deadLinks;
  /// By side: places that a channel reaches if no program is in the way. Made
  /// when a search has failed: on most wafers none does.
  std::vector<bool> reached[2];
};

} // namespace wafer::remap

#endif // WAFER_LIB_REMAP_PORTWAYS_H
