// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ColorGrid.h - One color of the whole grid (internal) -----*- C++ -*-===//
//
// The routes of one color written out router by router, and what is found out
// about each place while the rules are checked. One grid is reused for all
// colors.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_VERIFY_COLORGRID_H
#define WAFER_LIB_VERIFY_COLORGRID_H

#include "RuleContext.h"
#include "wafer/Image/Lookup.h"

#include <functional>
#include <optional>
#include <vector>

namespace wafer::verifier {

/// What is known of a core with respect to the color of the grid.
enum CoreFlag : uint8_t {
  kInputBound = 1,
  kOutputBound = 2,
  kDeclaredSource = 4,
  kReached = 8,
  /// A core of the same row or column gets words by the same table entry.
  kLineServed = 16
};

class ColorGrid {
public:
  /// `physical` has the tables of `image` at their physical places; it is the
  /// image itself where its map is the identity.
  ColorGrid(const Image &image, const Image &physical, const Machine &machine);

  /// Empties the grid and paints the routes and queues of `color`. `overlap`
  /// is called for a router that a second rule gives a route to.
  void paint(unsigned color,
             const std::function<void(size_t cell, uint32_t first,
                                      uint32_t second)> &overlap);

  /// After the streams have been followed: a queue that a table binds is needed
  /// where one core of its row or column is reached, and idle in the others.
  void markServedLines();

  size_t cells() const { return config.size(); }
  size_t cellOf(Coord c) const {
    return size_t(c.y) * size_t(width) + size_t(c.x);
  }
  Coord coordOf(size_t cell) const {
    return {int32_t(cell % size_t(width)), int32_t(cell / size_t(width))};
  }
  /// The route at a router; nullptr without one.
  const RouteConfig *routeAt(size_t cell) const {
    return config[cell] == kNoRoute ? nullptr : &image.configs[config[cell]];
  }
  /// "3,4".
  std::string placeName(size_t cell) const;
  /// "rule 'first'": who gave the route.
  std::string ruleNameAt(size_t cell) const;
  /// The physical place of a core of the program.
  Coord homeOf(Coord logical) const {
    return places ? places->homeOf(logical).value_or(logical) : logical;
  }
  /// The router at the edge where the words of the host's stream at a core of
  /// the program enter or leave; the core's own without such a port.
  Coord edgeOf(Coord logical, bool input) const;
  /// The host port of the color at the outer port `p` of an edge router.
  bool hasHostPort(Coord edge, Port p, bool input) const;
  /// The physical place of a port's edge core.
  Coord placeOf(const HostPort &port) const { return edgeCore(port, machine); }

  unsigned color = 0;
  const Machine &machine;
  const int32_t width;
  const int32_t height;
  /// By cell: index of the config and of the rule that gave it.
  std::vector<uint32_t> config;
  std::vector<uint32_t> owner;
  /// By cell: the ports through which declared streams come in.
  std::vector<uint8_t> arrived;
  /// By cell: CoreFlag bits.
  std::vector<uint8_t> flags;

private:
  void
  paintRule(uint32_t index,
            const std::function<void(size_t, uint32_t, uint32_t)> &overlap);
  void paintQueues(const Region &region, const QueueBinding &binding);
  /// Calls `body` with the flags of each cell.
  template <typename Body>
  void forEachCell(const Rect &rect, Body body);
  template <typename Body>
  void forEachHome(const Rect &rect, Body body);

  const Image &program;
  /// The physical one.
  const Image &image;
  /// Unless the map is the identity.
  std::optional<PlaceMap> places;
  /// Routers that had a route before; a bound on what hostile rules cost.
  size_t overlaps = 0;
};

/// "west" ... "the core".
const char *directionOf(Port p);

/// Calls `body` with each value that a source takes in a region.
template <typename Body>
void forEachValue(ParamSource source, const Region &region, Body body) {
  if (source.kind == ParamSource::Kind::Constant) {
    body(source.value);
    return;
  }
  const auto &tables = source.kind == ParamSource::Kind::Row
                           ? region.rowTables
                           : region.columnTables;
  for (uint16_t value : tables[source.value]) {
    body(value);
  }
}

/// Rules on places, after the declared streams of the grid's color have been
/// followed (PlaceRules.cpp).
void checkPlaces(RuleContext &context, const ColorGrid &grid);
void checkHostPorts(RuleContext &context, const ColorGrid &grid);
/// Rule on crossings, once for all colors.
void checkCrossings(RuleContext &context);

} // namespace wafer::verifier

#endif // WAFER_LIB_VERIFY_COLORGRID_H
