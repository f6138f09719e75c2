// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RoutingProblem.h - Streams that need routes and colors ---*- C++ -*-===//
//
// The input of the router: who sends to whom on a grid of routers, without
// colors. A *family* repeats a list of segments on every line of a rectangle;
// a *stream* is a single sender (or the host) with any set of receivers. Both
// are numbered together: ids 0 .. families.size()-1 are the families, the
// streams follow. Coordinates are relative to the usable rectangle.
//
// The shape of a route is fixed by these rules, so that the routers a stream
// occupies follow from the problem alone:
//
//   segment   a straight line both ways from the source as far as the farthest
//             sink; sinks on the way deliver and pass on, the farthest does not
//             pass on, cores in between only pass
//   stream    along the source's row over all columns that hold a sink (the
//             trunk), and from the trunk north and south inside each such
//             column (the branches)
//   host      a stream from the host enters the edge router of a row through
//             the edge's port; a stream to the host goes along its source's row
//             to the edge column, then inside it to the row of the port
//
//        . . B . .        S source, B branch, T trunk, D both trunk and sink
//        S T D T B  <- the trunk is the row of S
//        . . . . B
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ROUTE_ROUTINGPROBLEM_H
#define WAFER_ROUTE_ROUTINGPROBLEM_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Support/Geometry.h"
#include "wafer/Support/Result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wafer {

/// `count` equal segments; the i-th is shifted by i * step along the line.
/// Offsets are relative to the rectangle's first core along the axis. The sink
/// range may contain the source, which does not receive its own words; it then
/// sends both ways.
struct SegmentPattern {
  int32_t source = 0;
  int32_t sinkBegin = 0;
  int32_t sinkEnd = 0;
  /// Positive when count > 1.
  int32_t step = 0;
  int32_t count = 1;

  friend bool operator==(const SegmentPattern &a, const SegmentPattern &b) {
    return a.source == b.source && a.sinkBegin == b.sinkBegin &&
           a.sinkEnd == b.sinkEnd && a.step == b.step && a.count == b.count;
  }
};

/// The same segments on every line of `rect` along `axis`; the segments of line
/// j are shifted by j * skew.
struct RoutedFamily {
  std::string name;
  Rect rect;
  Axis axis = Axis::X;
  int32_t skew = 0;
  std::vector<SegmentPattern> patterns;
  /// A color that is given; the solver chooses where there is none.
  std::optional<uint8_t> color;
  /// The routes will get switch positions, which not every color can have.
  bool needsSwitch = false;

  /// Cores of a line, and lines of the rectangle.
  int32_t side() const { return axis == Axis::X ? rect.w : rect.h; }
  int32_t lines() const { return axis == Axis::X ? rect.h : rect.w; }
};

/// Where words enter or leave a wafer: the outer port of its first or last
/// column.
struct HostEdge {
  bool west = true;
  int32_t row = 0;
  int32_t wafer = 0;

  Port port() const { return west ? Port::West : Port::East; }
  friend bool operator==(const HostEdge &a, const HostEdge &b) {
    return a.west == b.west && a.row == b.row && a.wafer == b.wafer;
  }
};

/// One sender, any receivers. Rectangles of sinks may overlap and may contain
/// the source, which does not receive its own words.
struct RoutedStream {
  std::string name;
  /// Unused when the words come from the host.
  Coord source;
  std::optional<HostEdge> fromHost;
  /// Empty when the words go to the host.
  std::vector<Rect> sinks;
  std::optional<HostEdge> toHost;
  std::optional<uint8_t> color;
  bool needsSwitch = false;
};

/// What the fabric offers.
struct RoutingLimits {
  uint32_t colors = 24;
  /// Bit c: color c belongs to the system.
  uint32_t reserved = 0;
  /// Bit c: color c may have switch positions.
  uint32_t switchable = 0;
  /// Where host ports can be; anywhere on the edge when absent.
  std::optional<Machine::HostChannels> host;

  bool usable(unsigned color) const {
    return color < colors && !((reserved >> color) & 1u);
  }
  unsigned numUsable() const;
};

struct RoutingProblem {
  /// Of all wafers, which lie side by side; no stream goes from one to another.
  int32_t width = 0;
  int32_t height = 0;
  int32_t wafers = 1;
  /// Borders are not known: a stream that is looked at without its grid.
  bool anyBorders = false;
  RoutingLimits limits;
  std::vector<RoutedFamily> families;
  std::vector<RoutedStream> streams;
  /// Ids in one group get different colors even where they share no router.
  std::vector<std::vector<unsigned>> exclusiveGroups;

  /// A problem without streams on the usable rectangle of a machine.
  static RoutingProblem forMachine(const Machine &machine);

  unsigned size() const { return unsigned(families.size() + streams.size()); }
  bool isFamily(unsigned id) const { return id < families.size(); }
  const RoutedFamily &family(unsigned id) const { return families[id]; }
  const RoutedStream &stream(unsigned id) const {
    return streams[id - families.size()];
  }
  const std::string &name(unsigned id) const;
  std::optional<uint8_t> pinnedColor(unsigned id) const;
  bool needsSwitch(unsigned id) const;
  Rect grid() const { return {0, 0, width, height}; }
  int32_t waferWidth() const { return width / wafers; }
  bool onOneWafer(const Rect &r) const {
    return anyBorders || r.x / waferWidth() == (r.endX() - 1) / waferWidth();
  }
  /// The router at which a host port touches the fabric.
  Coord edgeRouter(const HostEdge &edge) const {
    return {edge.wafer * waferWidth() + (edge.west ? 0 : waferWidth() - 1),
            edge.row};
  }
  /// Where the words of a stream enter the fabric: its source, or the edge
  /// router of the host.
  Coord entry(const RoutedStream &stream) const {
    return stream.fromHost ? edgeRouter(*stream.fromHost) : stream.source;
  }

  /// Every rule of this page: names are unique; rectangles, segments (also
  /// after skew) and ports lie on the grid, those of a stream on one wafer;
  /// every source reaches somebody; segments of one line of a family share no
  /// router; given colors exist. All other functions of the library expect a
  /// problem that passed. An error that is about one stream leaves its id in
  /// `culprit`.
  Status check(std::optional<unsigned> *culprit = nullptr) const;

  /// Sides beyond this are refused; it keeps all products inside 64 bits.
  static constexpr int32_t kMaxSide = 1 << 20;

  /// One line for the grid and one for each family and stream.
  std::string str() const;
};

/// The segments of a family, sorted by place. `family` passed the check.
std::vector<Segment> expandSegments(const RoutedFamily &family);

} // namespace wafer

#endif // WAFER_ROUTE_ROUTINGPROBLEM_H
