// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Traffic.h - Streams and colors of an image ---------------*- C++ -*-===//
//
// What the streams of an image do and how its colors are used, as figures:
// derived from the declared streams and from the rules, and so what a router
// really carries. `wsec verify` says whether the two agree.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_REPORT_TRAFFIC_H
#define WAFER_REPORT_TRAFFIC_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include <optional>
#include <string>
#include <vector>

namespace wafer {

/// A family or a stream.
struct TrafficReport {
  enum class Kind : uint8_t {
    HostInput,
    HostOutput,
    /// Each sender has one receiver, its neighbour.
    Chain,
    /// Each sender has one receiver farther away.
    Single,
    Multicast
  };
  std::string name;
  uint8_t color = 0;
  Kind kind = Kind::Single;
  /// Lines on which it repeats and senders on each of them; 1 and 1 for a
  /// stream of its own.
  uint32_t lines = 1;
  uint32_t senders = 1;
  /// Receivers of one sender, and links from it to the farthest of them in a
  /// straight or a cornered way.
  uint64_t receiversMax = 0;
  uint32_t hopsMax = 0;
  /// Indices of the regions that hold senders and receivers, ascending.
  std::vector<uint32_t> from;
  std::vector<uint32_t> to;
};
const char *nameOf(TrafficReport::Kind kind);

/// Families, then streams, in the order of the image. Cost: segments and sinks
/// times regions.
std::vector<TrafficReport> makeTraffic(const Image &image);

struct ColorReport {
  /// Routers with a route of each color; as many entries as the machine has
  /// colors.
  std::vector<uint64_t> routers;
  /// Most colors in one router, and the first router (row-major) with so many.
  /// No assignment of colors to these routes can do with fewer.
  uint32_t routerMax = 0;
  Coord routerMaxAt;
};

/// Looks at every router of every rule; nothing where the grid has more than
/// 2^26 places.
std::optional<ColorReport> makeColorReport(const Image &image,
                                           const Machine &machine);

} // namespace wafer

#endif // WAFER_REPORT_TRAFFIC_H
