// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Footprint.h - What a program asks of a wafer -------------*- C++ -*-===//
//
// The remapper's view of an image: which logical places hold a core with a
// program, a router with a route, a link that words take; and what one more
// hop costs between two neighbouring lines. It is made once and serves any
// number of wafers.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_REMAP_FOOTPRINT_H
#define WAFER_REMAP_FOOTPRINT_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

namespace wafer {

class Footprint {
public:
  /// `image` has passed validate() and its map is not looked at.
  Footprint(const Image &image, const Machine &machine);

  /// The logical rectangle from 0,0 that holds all of the program.
  int32_t width() const { return w; }
  int32_t height() const { return h; }

  bool hasCore(int32_t x, int32_t y) const { return has(x, y, kCore); }
  bool hasRouter(int32_t x, int32_t y) const { return has(x, y, kRouter); }
  /// Words go between the place and its eastern or southern neighbour.
  bool crossesEast(int32_t x, int32_t y) const { return has(x, y, kEast); }
  bool crossesSouth(int32_t x, int32_t y) const { return has(x, y, kSouth); }

  /// What is at a place, for those who look at many of a line.
  static constexpr uint8_t kCore = 1;
  static constexpr uint8_t kRouter = 2;
  static constexpr uint8_t kEast = 4;
  static constexpr uint8_t kSouth = 8;
  struct Line {
    const uint8_t *first;
    size_t step;
    uint8_t at(int32_t i) const { return first[size_t(i) * step]; }
  };
  Line row(int32_t y) const { return {&cells[size_t(y) * size_t(w)], 1}; }
  Line column(int32_t x) const { return {&cells[size_t(x)], size_t(w)}; }

  /// Cycles that a line between columns x and x + 1 (rows y and y + 1) adds to
  /// a token, by an estimate: one for each color of a stage that crosses it, in
  /// each of its layers.
  uint32_t columnCost(int32_t x) const { return columnCosts[size_t(x)]; }
  uint32_t rowCost(int32_t y) const { return rowCosts[size_t(y)]; }
  /// Words of one color go both ways between the two columns (rows) at some
  /// place; a router in between could not tell them apart.
  bool columnIsTight(int32_t x) const { return tightColumns[size_t(x)]; }
  bool rowIsTight(int32_t y) const { return tightRows[size_t(y)]; }

  /// Words between the place and its neighbour ahead (Y: in the south, X: in
  /// the east) can turn beside it, towards the west or the east (north or
  /// south): no words there go on across in one of their colors.
  bool mayTurn(Axis ahead, int32_t x, int32_t y) const {
    return !has(x, y, kNoTurn) &&
           !has(x, y, ahead == Axis::Y ? kNoTurnWest : kNoTurnNorth);
  }
  /// A stage, or all that lies in none, as one that hops are counted in.
  struct Part {
    Rect rect;
    /// Colors between row y and the next one, times layers, by y - rect.y; the
    /// same for columns.
    std::vector<uint32_t> rowCosts, columnCosts;
  };
  const std::vector<Part> &parts() const { return stageParts; }

  /// The ends of the program that face host ports.
  struct Port {
    uint32_t index = 0;
    Coord core;
    bool west = true;
  };
  const std::vector<Port> &ports() const { return hostEnds; }

  /// The stage that holds a place, for messages.
  std::string stageAt(int32_t x, int32_t y) const;

private:
  static constexpr uint8_t kNoTurn = 16;
  static constexpr uint8_t kNoTurnWest = 32;
  static constexpr uint8_t kNoTurnNorth = 64;

  bool has(int32_t x, int32_t y, uint8_t bit) const {
    return x >= 0 && y >= 0 && x < w && y < h &&
           (cells[size_t(y) * size_t(w) + size_t(x)] & bit);
  }
  void measure(const Image &image, const Machine &machine);
  void paint(const Image &image);
  void weigh(const Image &image);
  void weighPart(const Rect &rect, uint32_t layers);
  void findTurns();
  /// Colors between a place and its eastern (southern) neighbour, either way.
  uint32_t colorsEast(int32_t x, int32_t y) const;
  uint32_t colorsSouth(int32_t x, int32_t y) const;

  /// Colors that a router sends to each side, by place.
  struct Sends {
    uint32_t to[4] = {};
  };
  std::vector<Sends> sends;

  int32_t w = 0;
  int32_t h = 0;
  std::vector<uint8_t> cells;
  std::vector<uint32_t> columnCosts, rowCosts;
  std::vector<bool> tightColumns, tightRows;
  std::vector<Part> stageParts;
  std::vector<Port> hostEnds;
  std::vector<std::pair<std::string, Rect>> stages;
};

} // namespace wafer

#endif // WAFER_REMAP_FOOTPRINT_H
