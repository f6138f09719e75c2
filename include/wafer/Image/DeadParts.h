// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DeadParts.h - The defects of a wafer by place ------------*- C++ -*-===//
//
// What the tables of a machine see of a defect map: dead routers, cores and
// links by place of the usable rectangle, and the links that the hardware
// makes longer where it leaves a tile out of its row.
//
// On a machine with spare columns (row-shift) column X of a row is the X-th
// tile that is not bypassed. A bypassed tile is not seen at all.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_DEADPARTS_H
#define WAFER_IMAGE_DEADPARTS_H

#include "wafer/Image/LogicalMap.h"

namespace wafer {

/// The shift table of a row-shift machine.
class BypassTable {
public:
  BypassTable(const std::vector<Coord> &bypassed, const Machine &machine);

  /// The physical tile behind a place of the usable rectangle.
  Coord tileOf(Coord place) const;
  /// The place that a tile has; nothing where it is bypassed or not usable.
  std::optional<Coord> placeOf(Coord tile) const;
  bool isBypassed(Coord tile) const;
  /// Tiles that the link of a place to its neighbour jumps over.
  int32_t jumpOf(Coord place, Port side) const;

private:
  Rect usable;
  /// Physical columns that are left out, by physical row.
  std::vector<std::vector<int32_t>> columns;
};

class DeadParts {
public:
  /// `map` is that of an image or of a physical image; only its defects and
  /// bypassed tiles matter.
  DeadParts(const LogicalMap &map, const Machine &machine);

  /// Nothing is dead and no link is longer.
  bool none() const { return flags.empty(); }
  bool router(Coord c) const { return has(c, kRouter); }
  /// The core cannot run a program: dead, or a bank of its SRAM is.
  bool core(Coord c) const { return has(c, kCore); }
  /// The link, or the router at one of its ends.
  bool link(Coord c, Port side) const { return has(c, portBit(side)); }
  /// Cycles that the link takes beyond those of a hop.
  uint32_t extraCycles(Coord c, Port side) const {
    return extra.empty() ? 0 : extra[indexOf(c) * 4 + unsigned(side)];
  }

private:
  static constexpr uint8_t kCore = 16;
  static constexpr uint8_t kRouter = 32;

  bool inside(Coord c) const {
    return c.x >= 0 && c.y >= 0 && c.x < width && c.y < height;
  }
  size_t indexOf(Coord c) const {
    return size_t(c.y) * size_t(width) + size_t(c.x);
  }
  bool has(Coord c, uint8_t bit) const {
    return !flags.empty() && inside(c) && (flags[indexOf(c)] & bit);
  }
  void mark(Coord c, uint8_t bits) {
    if (inside(c)) {
      flags[indexOf(c)] |= bits;
    }
  }
  void markDefects(const DefectMap &defects, const BypassTable &table);
  void measureLinks(const BypassTable &table, uint32_t bypassCycles);

  int32_t width;
  int32_t height;
  /// Bits 0 to 3: the link on that side.
  std::vector<uint8_t> flags;
  std::vector<uint8_t> extra;
};

} // namespace wafer

#endif // WAFER_IMAGE_DEADPARTS_H
