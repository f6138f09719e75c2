// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a defect does to a program, and the ways of host ports. The search for
// lines is in AxisSearch.cpp.
//
//===----------------------------------------------------------------------===//
#include "LineSearch.h"

#include "TrackSearch.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

using namespace wafer;
using namespace wafer::remap;

std::vector<Defect> wafer::remap::usableDefects(const DefectMap &defects,
                                                const Machine &machine) {
  std::vector<Defect> list;
  const Rect &usable = machine.usable;
  auto add = [&](Defect::Kind kind, Coord tile) {
    if (usable.contains(tile)) {
      list.push_back({kind, {tile.x - usable.x, tile.y - usable.y}});
    }
  };
  for (Coord c : defects.tiles) {
    add(Defect::Kind::Tile, c);
  }
  for (Coord c : defects.cores) {
    add(Defect::Kind::Core, c);
  }
  for (const DeadBank &b : defects.banks) {
    add(Defect::Kind::Core, b.core);
  }
  for (const DeadLink &l : defects.links) {
    Coord far = neighbour(l.core, l.side);
    bool isInside = usable.contains(l.core) && usable.contains(far);
    if (isInside) {
      add(l.side == Port::East ? Defect::Kind::EastLink
                               : Defect::Kind::SouthLink,
          l.core);
    } else if (l.side == Port::East) {
      add(Defect::Kind::EdgeLink, usable.contains(far) ? far : l.core);
    }
  }
  return list;
}

std::string wafer::remap::describe(const Defect &defect,
                                   const Machine &machine) {
  static constexpr const char *kKinds[] = {
      "dead core", "dead tile", "dead link", "dead link", "dead link"};
  Coord c{defect.place.x + machine.usable.x, defect.place.y + machine.usable.y};
  const char *side = defect.kind == Defect::Kind::EastLink    ? " E"
                     : defect.kind == Defect::Kind::SouthLink ? " S"
                                                              : "";
  return fmt::format("{} {},{}{}", kKinds[unsigned(defect.kind)], c.x, c.y,
                     side);
}

std::vector<LineRun> AxisLines::runsBefore(int32_t last) const {
  std::vector<LineRun> runs;
  int32_t end = homeOf(last);
  for (int32_t line = 0; line < end; ++line) {
    if (!skipped[size_t(line)]) {
      continue;
    }
    if (!runs.empty() && runs.back().end() == line) {
      ++runs.back().count;
    } else {
      runs.push_back({line, 1});
    }
  }
  return runs;
}

int32_t AxisLines::homeOf(int32_t logical) const {
  auto at = std::upper_bound(prefix.begin(), prefix.end(), logical);
  return at == prefix.end() ? size() : int32_t(at - prefix.begin()) - 1;
}

std::optional<Hit> wafer::remap::hitOf(const Footprint &program,
                                       const Defect &defect,
                                       const Lines &lines) {
  auto [x, y] = defect.place;
  bool rowLives = !lines.rows.isSkipped(y);
  bool columnLives = !lines.columns.isSkipped(x);
  int32_t lx = lines.columns.below(x);
  int32_t ly = lines.rows.below(y);
  // The logical lines before a skipped one, or the line itself.
  int32_t left = columnLives ? lx : lx - 1;
  int32_t upper = rowLives ? ly : ly - 1;
  Hit hit{&defect, {left, upper}, false, false};
  switch (defect.kind) {
  case Defect::Kind::Core:
    if (rowLives && columnLives && program.hasCore(lx, ly)) {
      hit.byRow = hit.byColumn = true;
      return hit;
    }
    return std::nullopt;
  case Defect::Kind::Tile:
    if (rowLives && columnLives) {
      hit.byRow = hit.byColumn = true;
      return program.hasCore(lx, ly) || program.hasRouter(lx, ly)
                 ? std::optional<Hit>(hit)
                 : std::nullopt;
    }
    hit.byRow = rowLives && program.crossesEast(left, ly);
    hit.byColumn = columnLives && program.crossesSouth(lx, upper);
    break;
  case Defect::Kind::EastLink:
    hit.byRow = rowLives && program.crossesEast(left, ly);
    break;
  case Defect::Kind::SouthLink:
    hit.byColumn = columnLives && program.crossesSouth(lx, upper);
    break;
  case Defect::Kind::EdgeLink:
    break;
  }
  return hit.byRow || hit.byColumn ? std::optional<Hit>(hit) : std::nullopt;
}

size_t wafer::remap::countHits(const Footprint &program,
                               const std::vector<Defect> &defects,
                               Coord moved) {
  size_t hits = 0;
  for (const Defect &d : defects) {
    int32_t x = d.place.x - moved.x, y = d.place.y - moved.y;
    switch (d.kind) {
    case Defect::Kind::Core:
      hits += program.hasCore(x, y);
      break;
    case Defect::Kind::Tile: // needs a row and a column
      hits += (program.hasCore(x, y) || program.hasRouter(x, y)) * 2u;
      break;
    case Defect::Kind::EastLink:
      hits += program.crossesEast(x, y);
      break;
    case Defect::Kind::SouthLink:
      hits += program.crossesSouth(x, y);
      break;
    case Defect::Kind::EdgeLink:
      break;
    }
  }
  return hits;
}

//===----------------------------------------------------------------------===//
// Ways of host ports
//===----------------------------------------------------------------------===//

namespace {

/// Breadth-first search around the program from the side of its edge core.
class WaySearch {
public:
  WaySearch(const Footprint &program, const Machine &machine,
            const std::vector<Defect> &defects, const PlaceMap &places)
      : machine(machine), shape(program, places) {
    for (const Defect &d : defects) {
      if (d.kind == Defect::Kind::Tile) {
        dead.insert(d.place);
      } else if (d.kind == Defect::Kind::EdgeLink) {
        deadEnds.insert(d.place);
      } else if (d.kind != Defect::Kind::Core) {
        Port side = d.kind == Defect::Kind::EastLink ? Port::East : Port::South;
        deadLinks.insert({d.place, side});
      }
    }
  }

  bool find(Coord home, bool west, PortRoute &route) {
    int32_t edge = west ? 0 : machine.width() - 1;
    if (home.x == edge) {
      route.row = home.y;
      return isChannel(home) && !dead.count(home);
    }
    Coord start = neighbour(home, west ? Port::West : Port::East);
    if (!isOpen(start) || !linkWorks(home, west ? Port::West : Port::East)) {
      return false;
    }
    std::map<Coord, Coord> cameFrom = {{start, start}};
    std::vector<Coord> frontier = {start};
    while (!frontier.empty()) {
      std::vector<Coord> next;
      for (Coord c : frontier) {
        if (c.x == edge && isChannel(c)) {
          trace(c, start, cameFrom, route);
          return true;
        }
        // Straight on first, so that ways have few corners.
        for (Port side : {west ? Port::West : Port::East, Port::North,
                          Port::South, west ? Port::East : Port::West}) {
          Coord n = neighbour(c, side);
          if (isOpen(n) && linkWorks(c, side) &&
              cameFrom.insert({n, c}).second) {
            next.push_back(n);
          }
        }
      }
      frontier = std::move(next);
    }
    return false;
  }

private:
  bool isChannel(Coord edge) const {
    return machine.host.isChannelRow(edge.y) && !deadEnds.count(edge);
  }
  bool isOpen(Coord c) const {
    return c.x >= 0 && c.y >= 0 && c.x < machine.width() &&
           c.y < machine.height() && !shape.contains(c) && !dead.count(c);
  }
  bool linkWorks(Coord c, Port side) const {
    DeadLink link = DeadLink{c, side}.normalised();
    return !deadLinks.count(link);
  }
  static void trace(Coord edge, Coord start,
                    const std::map<Coord, Coord> &cameFrom, PortRoute &route) {
    route.row = edge.y;
    std::vector<Coord> way = {edge};
    while (way.back() != start) {
      way.push_back(cameFrom.at(way.back()));
    }
    for (size_t i = 0; i < way.size(); ++i) {
      bool ends = i == 0 || i + 1 == way.size();
      bool turns = !ends && (way[i - 1].x != way[i + 1].x) &&
                   (way[i - 1].y != way[i + 1].y);
      if (ends || turns) {
        route.corners.push_back(way[i]);
      }
    }
  }

  const Machine &machine;
  ProgramShape shape;
  std::set<Coord> dead;
  std::set<Coord> deadEnds;
  std::set<DeadLink> deadLinks;
};

} // namespace

bool wafer::remap::routePorts(const Footprint &program, const Machine &machine,
                              const std::vector<Defect> &defects,
                              const PlaceMap &places,
                              std::vector<PortRoute> &routes) {
  WaySearch search(program, machine, defects, places);
  routes.clear();
  for (const Footprint::Port &port : program.ports()) {
    std::optional<Coord> home = places.homeOf(port.core);
    PortRoute route;
    route.port = port.index;
    if (!home || !search.find(*home, port.west, route)) {
      return false;
    }
    // A port that stays where it is needs no word.
    if (!route.corners.empty() || route.row != port.core.y) {
      routes.push_back(std::move(route));
    }
  }
  return true;
}
