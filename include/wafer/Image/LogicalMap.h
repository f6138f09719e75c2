// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LogicalMap.h - Where a program lies on one wafer ---------*- C++ -*-===//
//
// A program is written for a full grid. The map says which wafer it is for and
// where each of its cores lives there, as breakpoints: its size grows with the
// defects, never with the cores. All places but those of the defect map count
// from the north-west core of the usable rectangle.
//
//   rows      logical row j is the j-th row of the grid that is not skipped
//   columns   the same for columns
//   tracks    single cores that are left out as well, one of each logical row
//             (or column): hole tracks, which follow dead cores
//   ports     how the words of a host port come from a channel at the edge to
//             the core at the edge of the program, and back
//   bypassed  on a machine with spare columns: tiles that the hardware leaves
//             out of their row; the program then sees the full grid
//
// Routers on a skipped line and in a hole pass words on without their cores.
// docs/defects.md tells more.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_LOGICALMAP_H
#define WAFER_IMAGE_LOGICALMAP_H

#include "wafer/Machine/DefectMap.h"

#include <optional>

namespace wafer {

/// `count` neighbouring lines from `begin` on.
struct LineRun {
  int32_t begin = 0;
  int32_t count = 0;

  int32_t end() const { return begin + count; }
  friend bool operator==(const LineRun &a, const LineRun &b) {
    return a.begin == b.begin && a.count == b.count;
  }
};

/// Cores left out, one of each logical line from the first to the last one. The
/// hole is at the home of the last point that is not behind the line, and moves
/// in time to be at the next one: late, by one place a line.
struct HoleTrack {
  struct Point {
    int32_t line = 0;
    int32_t home = 0;
  };
  std::vector<Point> points;

  /// The places of lines 0 to `count` - 1.
  std::vector<int32_t> places(int32_t count) const;
  /// The inverse; neighbouring places are at most one apart.
  static HoleTrack through(const std::vector<int32_t> &places);
};

struct PortRoute {
  /// Index into Image::hostPorts.
  uint32_t port = 0;
  /// The row of the channel.
  int32_t row = 0;
  /// Corners of the way from the edge router to the router next to the core of
  /// the program at that edge, both included; empty when the edge router is
  /// that of the core.
  std::vector<Coord> corners;
};

struct LogicalMap {
  /// Of the wafer that the image is for; names no machine when none was given.
  DefectMap defects;
  std::vector<LineRun> skippedRows;
  std::vector<LineRun> skippedColumns;
  /// Y: tracks run down, each leaves out a core of every logical row; X: they
  /// run east. Holes of a line are distinct and not on skipped lines.
  Axis trackAxis = Axis::Y;
  std::vector<HoleTrack> tracks;
  std::vector<PortRoute> ports;
  /// Sorted; physical coordinates, as in the defect map.
  std::vector<Coord> bypassed;

  /// Logical and physical places are the same.
  bool isIdentity() const {
    return skippedRows.empty() && skippedColumns.empty() && tracks.empty() &&
           ports.empty() && bypassed.empty();
  }
  /// Nothing is said about the wafer at all.
  bool isDefault() const { return isIdentity() && defects.machine.empty(); }

  /// Canonical JSON, on one line.
  std::string toJson() const;
  /// The inverse. Fails on anything that toJson() does not give.
  static Result<LogicalMap> fromJson(std::string_view text,
                                     const std::string &where);
};

/// The lines of an axis with some of them left out.
class LineTable {
public:
  LineTable() = default;
  /// `size` lines, without `skipped` (sorted, disjoint).
  LineTable(int32_t size, const std::vector<LineRun> &skipped);

  /// Physical line of a logical one; -1 where the grid has no more.
  int32_t physical(int32_t logical) const {
    return logical >= 0 && size_t(logical) < lines.size()
               ? lines[size_t(logical)]
               : -1;
  }
  /// The logical line that lives there, or -1.
  int32_t logical(int32_t physical) const {
    return physical >= 0 && size_t(physical) < homes.size()
               ? homes[size_t(physical)]
               : -1;
  }
  int32_t count() const { return int32_t(lines.size()); }
  friend bool operator==(const LineTable &a, const LineTable &b) {
    return a.homes == b.homes;
  }

private:
  std::vector<int32_t> lines;
  std::vector<int32_t> homes;
};

/// Both ways between logical and physical cores of a map. With tracks the lines
/// along them come in bands, which differ in the homes of the lines across; all
/// lines are in one band otherwise.
class PlaceMap {
public:
  PlaceMap(const LogicalMap &map, const Machine &machine);

  /// Axis::Y, also without tracks: bands are of rows, and the lines across are
  /// columns.
  Axis axis() const { return trackAxis; }
  /// The lines along the tracks.
  const LineTable &along() const { return alongTable; }
  size_t numBands() const { return bands.size(); }
  /// The band of a logical line along the tracks.
  size_t bandOf(int32_t line) const;
  /// The lines across the tracks, in a band.
  const LineTable &across(size_t band) const { return bands[band]; }

  /// The physical place of a logical core, if the grid has one for it.
  std::optional<Coord> homeOf(Coord logical) const;
  /// The logical core that lives at a physical place.
  std::optional<Coord> logicalAt(Coord physical) const;

private:
  Axis trackAxis;
  LineTable alongTable;
  std::vector<LineTable> bands;
  std::vector<int32_t> firstLines;
};

/// Calls `body(cell, from, to)` for each router of a port's way, from the edge
/// on; `from` is the side that faces the edge, `to` the one that faces the
/// program.
template <typename Body>
void forEachStep(const PortRoute &route, bool west, Body body) {
  Port outward = west ? Port::West : Port::East;
  Port from = outward;
  for (size_t i = 0; i < route.corners.size(); ++i) {
    Coord at = route.corners[i];
    bool isLast = i + 1 == route.corners.size();
    Coord next = isLast ? at : route.corners[i + 1];
    Port to = isLast          ? opposite(outward)
              : next.x > at.x ? Port::East
              : next.x < at.x ? Port::West
              : next.y > at.y ? Port::South
                              : Port::North;
    body(at, from, to);
    from = opposite(to);
    if (isLast) {
      break;
    }
    for (at = neighbour(at, to); at != next; at = neighbour(at, to)) {
      body(at, from, to);
    }
  }
}

} // namespace wafer

#endif // WAFER_IMAGE_LOGICALMAP_H
