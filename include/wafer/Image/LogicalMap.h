// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LogicalMap.h - Where a program lies on one wafer ---------*- C++ -*-===//
//
// A program is written for a full grid. The map says which wafer it is for and
// where each of its cores lives there, as breakpoints: its size grows with the
// defects, never with the cores. All places but those of the defect map count
// from the north-west core of the usable rectangle.
//
//   rows      logical row j is the j-th row of the grid that is not skipped
//   bands     from a logical row on, logical column i is the i-th column that
//             is not skipped there
//   ports     how the words of a host port come from a channel at the edge to
//             the core at the edge of the program, and back
//   bypassed  on a machine with spare columns: tiles that the hardware leaves
//             out of their row; the program then sees the full grid
//
// Routers on a skipped line pass words on, straight, without their cores.
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

struct ColumnBand {
  /// The first logical row of the band; it ends where the next one begins.
  int32_t firstRow = 0;
  std::vector<LineRun> skipped;
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
  std::vector<ColumnBand> bands;
  std::vector<PortRoute> ports;
  /// Sorted; physical coordinates, as in the defect map.
  std::vector<Coord> bypassed;

  /// Logical and physical places are the same.
  bool isIdentity() const {
    return skippedRows.empty() && bands.empty() && ports.empty() &&
           bypassed.empty();
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

private:
  std::vector<int32_t> lines;
  std::vector<int32_t> homes;
};

/// Both ways between logical and physical cores of a map.
class PlaceMap {
public:
  PlaceMap(const LogicalMap &map, const Machine &machine);

  const LineTable &rows() const { return rowTable; }
  size_t numBands() const { return columnTables.size(); }
  /// The band of a logical row.
  size_t bandOf(int32_t logicalRow) const;
  const LineTable &columns(size_t band) const { return columnTables[band]; }

  /// The physical place of a logical core, if the grid has one for it.
  std::optional<Coord> homeOf(Coord logical) const;
  /// The logical core that lives at a physical place.
  std::optional<Coord> logicalAt(Coord physical) const;

private:
  LineTable rowTable;
  std::vector<LineTable> columnTables;
  std::vector<int32_t> firstRows;
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
