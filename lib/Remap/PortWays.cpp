// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "PortWays.h"

#include "TrackSearch.h"

#include <map>

using namespace wafer;
using namespace wafer::remap;

PortWays::PortWays(const Machine &machine, const std::vector<Defect> &defects)
    : machine(machine) {
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

bool PortWays::isChannel(Coord edge) const {
  return machine.host.isChannelRow(edge.y) && !deadEnds.count(edge);
}

bool PortWays::isAlive(Coord c) const {
  return c.x >= 0 && c.y >= 0 && c.x < machine.width() &&
         c.y < machine.height() && !dead.count(c);
}

bool PortWays::linkWorks(Coord c, Port side) const {
  return deadLinks.empty() || !deadLinks.count(DeadLink{c, side}.normalised());
}

size_t PortWays::indexOf(Coord c) const {
  return size_t(c.y) * size_t(machine.width()) + size_t(c.x);
}

void PortWays::flood(bool west) {
  std::vector<bool> &seen = reached[west];
  seen.assign(size_t(machine.width()) * size_t(machine.height()), false);
  std::vector<Coord> work;
  for (int32_t y = 0; y < machine.height(); ++y) {
    Coord edge{west ? 0 : machine.width() - 1, y};
    if (isChannel(edge) && isAlive(edge)) {
      seen[indexOf(edge)] = true;
      work.push_back(edge);
    }
  }
  while (!work.empty()) {
    Coord c = work.back();
    work.pop_back();
    for (Port side : {Port::West, Port::East, Port::North, Port::South}) {
      Coord n = neighbour(c, side);
      if (isAlive(n) && !seen[indexOf(n)] && linkWorks(c, side)) {
        seen[indexOf(n)] = true;
        work.push_back(n);
      }
    }
  }
}

/// The way back from a channel; its corners.
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

bool PortWays::find(Coord home, bool west, const ProgramShape &shape,
                    PortRoute &route) {
  int32_t edge = west ? 0 : machine.width() - 1;
  if (home.x == edge) {
    route.row = home.y;
    return isChannel(home) && !dead.count(home);
  }
  Port outward = west ? Port::West : Port::East;
  Coord start = neighbour(home, outward);
  bool isShut = !reached[west].empty() && !reached[west][indexOf(start)];
  if (isShut || !isAlive(start) || shape.contains(start) ||
      !linkWorks(home, outward)) {
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
      for (Port side : {outward, Port::North, Port::South, opposite(outward)}) {
        Coord n = neighbour(c, side);
        if (isAlive(n) && !shape.contains(n) && linkWorks(c, side) &&
            cameFrom.insert({n, c}).second) {
          next.push_back(n);
        }
      }
    }
    frontier = std::move(next);
  }
  if (reached[west].empty()) {
    flood(west);
  }
  return false;
}

bool PortWays::route(const Footprint &program, const PlaceMap &places,
                     std::vector<PortRoute> &routes) {
  ProgramShape shape(program, places);
  routes.clear();
  for (const Footprint::Port &port : program.ports()) {
    std::optional<Coord> home = places.homeOf(port.core);
    PortRoute route;
    route.port = port.index;
    if (!home || !find(*home, port.west, shape, route)) {
      return false;
    }
    // A port that stays where it is needs no word.
    if (!route.corners.empty() || route.row != port.core.y) {
      routes.push_back(std::move(route));
    }
  }
  return true;
}
