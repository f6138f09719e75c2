// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A map is well formed: its lists are sorted and lie on the machine, all that
// the program uses has a home on the grid, and the ways of host ports lead
// from a channel to the program. Whether what lies there is alive, and whether
// passing words meet others of their color, is what `wsec verify` finds out.
//
//===----------------------------------------------------------------------===//
#include "ValidateParts.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::imagefile;

static Status checkRuns(const std::vector<LineRun> &runs, int32_t size,
                        const std::string &where) {
  int32_t end = -1;
  for (const LineRun &run : runs) {
    // Runs that touch would be one.
    bool sound = run.begin > end && run.count > 0 && run.begin <= size &&
                 run.count <= size - run.begin;
    if (!sound) {
      return Diagnostic{"skipped lines are not in order", where,
                        fmt::format("runs of lines below {}", size),
                        fmt::format("{} from {}", run.count, run.begin), ""};
    }
    end = run.end();
  }
  return Status::success();
}

/// Points are in order, near enough for a hole to get from one to the next, and
/// no line has two holes at one place or one on a skipped line.
static Status checkTracks(const LogicalMap &map, const Machine &machine) {
  bool down = map.trackAxis == Axis::Y;
  int32_t lines = down ? machine.height() : machine.width();
  int32_t size = down ? machine.width() : machine.height();
  if (map.tracks.size() > size_t(size)) {
    return Diagnostic{"more hole tracks than lines", "map: tracks",
                      fmt::format("at most {}", size),
                      std::to_string(map.tracks.size()), ""};
  }
  std::vector<bool> skipped(size_t(size), false);
  for (const LineRun &run : down ? map.skippedColumns : map.skippedRows) {
    std::fill_n(skipped.begin() + run.begin, run.count, true);
  }
  std::vector<std::vector<bool>> taken(size_t(lines), skipped);
  for (size_t t = 0; t < map.tracks.size(); ++t) {
    const std::vector<HoleTrack::Point> &points = map.tracks[t].points;
    std::string where = fmt::format("map: track {}", t);
    bool sound = !points.empty() && points.front().line == 0;
    for (size_t i = 0; i < points.size() && sound; ++i) {
      const HoleTrack::Point &p = points[i];
      sound = p.line < lines && p.home >= 0 && p.home < size;
      if (i > 0 && sound) {
        int32_t gap = p.line - points[i - 1].line;
        sound = gap > 0 && std::abs(p.home - points[i - 1].home) <= gap;
      }
    }
    if (!sound) {
      return Diagnostic{"the points of a hole track are not in order", where,
                        "one line on for each place that it moves", "", ""};
    }
    std::vector<int32_t> places = map.tracks[t].places(lines);
    for (int32_t line = 0; line < lines; ++line) {
      if (taken[size_t(line)][size_t(places[size_t(line)])]) {
        return Diagnostic{
            "two holes are at one place", where, "",
            fmt::format("place {} of line {}", places[size_t(line)], line), ""};
      }
      taken[size_t(line)][size_t(places[size_t(line)])] = true;
    }
  }
  return Status::success();
}

/// Every column and row of `rect` has a home.
static Status checkHomes(const Rect &rect, const PlaceMap &places,
                         const std::string &where) {
  bool down = places.axis() == Axis::Y;
  int32_t begin = down ? rect.y : rect.x;
  int32_t end = down ? rect.endY() : rect.endX();
  bool lives = end <= places.along().count();
  for (size_t b = places.bandOf(begin); lives && b <= places.bandOf(end - 1);
       ++b) {
    lives = (down ? rect.endX() : rect.endY()) <= places.across(b).count();
  }
  if (!lives) {
    return Diagnostic{"the map leaves no place for a part of the program",
                      "map", where + " on the grid", describe(rect), ""};
  }
  return Status::success();
}

static Status checkPort(const HostPort &port, const PortRoute &route,
                        const PlaceMap &places, const Machine &machine) {
  std::string where = fmt::format("map: way of host port '{}'", port.name);
  int32_t edge = port.west ? 0 : machine.width() - 1;
  std::optional<Coord> home = places.homeOf({edge, port.row});
  if (!home) {
    return Diagnostic{"the core at the port has no home", where, "", "", ""};
  }
  if (route.row < 0 || route.row >= machine.height() ||
      !machine.host.isChannelRow(route.row)) {
    return Diagnostic{"machine has no host channel there", where, "",
                      fmt::format("row {}", route.row), ""};
  }
  Coord target = neighbour(*home, port.west ? Port::West : Port::East);
  bool isShort = route.corners.empty();
  bool ends = isShort ? home->x == edge && home->y == route.row
                      : route.corners.front() == Coord{edge, route.row} &&
                            route.corners.back() == target;
  for (size_t i = 0; i < route.corners.size() && ends; ++i) {
    Coord c = route.corners[i];
    ends =
        c.x >= 0 && c.y >= 0 && c.x < machine.width() && c.y < machine.height();
    if (i > 0 && ends) {
      Coord p = route.corners[i - 1];
      ends = (c.x == p.x) != (c.y == p.y);
    }
  }
  if (!ends) {
    return Diagnostic{"the way does not lead from the channel to the program",
                      where, "", "", ""};
  }
  return Status::success();
}

static Status checkPorts(const Image &image, const PlaceMap &places,
                         const Machine &machine) {
  std::vector<PortRoute> routes(image.hostPorts.size());
  for (size_t i = 0; i < routes.size(); ++i) {
    routes[i].row = image.hostPorts[i].row;
  }
  uint32_t next = 0;
  for (const PortRoute &route : image.map.ports) {
    if (route.port < next || route.port >= routes.size()) {
      return Diagnostic{"ways of host ports are not in order", "map", "",
                        fmt::format("port {}", route.port), ""};
    }
    next = route.port + 1;
    routes[route.port] = route;
  }
  for (size_t i = 0; i < routes.size(); ++i) {
    WAFER_CHECK(checkPort(image.hostPorts[i], routes[i], places, machine));
  }
  return Status::success();
}

static Status checkBypassed(const LogicalMap &map, const Machine &machine) {
  if (map.bypassed.empty()) {
    return Status::success();
  }
  if (machine.redundancy != "row-shift") {
    return Diagnostic{"the machine cannot bypass tiles", "map", "",
                      fmt::format("{} bypassed tiles", map.bypassed.size()),
                      ""};
  }
  if (!map.skippedRows.empty() || !map.skippedColumns.empty() ||
      !map.tracks.empty() || !map.ports.empty()) {
    return Diagnostic{"a map bypasses tiles and moves the program", "map",
                      "one of both", "", ""};
  }
  uint32_t inRow = 0;
  for (size_t i = 0; i < map.bypassed.size(); ++i) {
    Coord c = map.bypassed[i];
    bool sorted = i == 0 || map.bypassed[i - 1] < c;
    bool sameRow = i > 0 && map.bypassed[i - 1].y == c.y;
    inRow = sameRow ? inRow + 1 : 1;
    bool inside = c.x >= 0 && c.y >= 0 && c.x < defectColumns(machine) &&
                  c.y < machine.physicalHeight;
    if (!sorted || !inside || inRow > machine.spareColumns) {
      return Diagnostic{
          "bypassed tiles do not fit the machine", "map",
          fmt::format("at most {} in a row, in order", machine.spareColumns),
          fmt::format("{},{}", c.x, c.y), ""};
    }
  }
  return Status::success();
}

Status wafer::imagefile::validateMap(const Image &image,
                                     const Machine &machine) {
  const LogicalMap &map = image.map;
  if (machine.wafers > 1 && !map.isDefault()) {
    return Diagnostic{"a map is of one wafer", "map", "1 wafer",
                      fmt::format("{}", machine.wafers), ""};
  }
  if (!map.defects.machine.empty()) {
    WAFER_CHECK(map.defects.check(machine, "map: defects"));
  }
  if (map.isIdentity()) {
    return Status::success();
  }
  WAFER_CHECK(checkRuns(map.skippedRows, machine.height(), "map: rows"));
  WAFER_CHECK(checkRuns(map.skippedColumns, machine.width(), "map: columns"));
  WAFER_CHECK(checkTracks(map, machine));
  WAFER_CHECK(checkBypassed(map, machine));
  PlaceMap places(map, machine);
  for (size_t i = 0; i < image.regions.size(); ++i) {
    const Region &r = image.regions[i];
    WAFER_CHECK(checkHomes(r.rect, places, placeOf("region", i, r.name)));
  }
  for (size_t i = 0; i < image.rules.size(); ++i) {
    const Rule &r = image.rules[i];
    WAFER_CHECK(checkHomes(r.rect, places, placeOf("rule", i, r.name)));
  }
  for (size_t i = 0; i < image.families.size(); ++i) {
    const StreamFamily &f = image.families[i];
    WAFER_CHECK(checkHomes(f.rect, places, placeOf("family", i, f.name)));
  }
  for (size_t i = 0; i < image.streams.size(); ++i) {
    const Stream &s = image.streams[i];
    std::string where = placeOf("stream", i, s.name);
    WAFER_CHECK(checkHomes({s.source.x, s.source.y, 1, 1}, places, where));
    for (const Rect &sink : s.sinks) {
      WAFER_CHECK(checkHomes(sink, places, where));
    }
  }
  return checkPorts(image, places, machine);
}
