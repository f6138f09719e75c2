// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Geometry.h - Places and rectangles on the wafer ----------*- C++ -*-===//
//
// Coordinates of cores and the rectangles that stages, regions and fabric
// rules occupy. x grows to the east, y grows to the south, (0, 0) is the
// north-west core of the grid that the text at hand speaks of.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_GEOMETRY_H
#define WAFER_SUPPORT_GEOMETRY_H

#include <cstdint>

namespace wafer {

/// The place of one core.
struct Coord {
  int32_t x = 0;
  int32_t y = 0;

  friend bool operator==(Coord a, Coord b) { return a.x == b.x && a.y == b.y; }
  friend bool operator!=(Coord a, Coord b) { return !(a == b); }
  /// Row-major order.
  friend bool operator<(Coord a, Coord b) {
    return a.y != b.y ? a.y < b.y : a.x < b.x;
  }
};

/// A rectangle of cores; empty when a side is not positive.
struct Rect {
  int32_t x = 0;
  int32_t y = 0;
  int32_t w = 0;
  int32_t h = 0;

  bool empty() const { return w <= 0 || h <= 0; }
  int64_t area() const { return empty() ? 0 : int64_t(w) * h; }
  /// One past the last column and row.
  int32_t endX() const { return x + w; }
  int32_t endY() const { return y + h; }
  bool contains(Coord c) const {
    return c.x >= x && c.x < x + w && c.y >= y && c.y < y + h;
  }
  bool contains(const Rect &r) const {
    return r.x >= x && r.y >= y && r.endX() <= endX() && r.endY() <= endY();
  }
  bool intersects(const Rect &r) const {
    return !empty() && !r.empty() && x < r.endX() && r.x < endX() &&
           y < r.endY() && r.y < endY();
  }
  friend bool operator==(const Rect &a, const Rect &b) {
    return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
  }
  friend bool operator!=(const Rect &a, const Rect &b) { return !(a == b); }
};

/// The two axes of the grid. A collective "along X" moves data east and west
/// inside a row; "along Y" moves it north and south inside a column.
enum class Axis : uint8_t { X, Y };

/// The five ports of a router. The numbers are those of the direction codes
/// in the fabric's switch registers (docs/machine/abstract-machine.md).
enum class Port : uint8_t {
  West = 0,
  East = 1,
  South = 2,
  North = 3,
  Ramp = 4
};
inline constexpr unsigned kNumPorts = 5;

/// Bit of a port in an rx or tx mask.
constexpr uint8_t portBit(Port p) { return uint8_t(1u << unsigned(p)); }

/// The port through which a wavelet enters the neighbour after it left
/// through `p`; the ramp is its own opposite.
constexpr Port opposite(Port p) {
  switch (p) {
  case Port::West:
    return Port::East;
  case Port::East:
    return Port::West;
  case Port::South:
    return Port::North;
  case Port::North:
    return Port::South;
  case Port::Ramp:
    return Port::Ramp;
  }
  return p;
}

/// The neighbour of `c` behind port `p`; `c` itself for the ramp.
constexpr Coord neighbour(Coord c, Port p) {
  switch (p) {
  case Port::West:
    return {c.x - 1, c.y};
  case Port::East:
    return {c.x + 1, c.y};
  case Port::South:
    return {c.x, c.y + 1};
  case Port::North:
    return {c.x, c.y - 1};
  case Port::Ramp:
    return c;
  }
  return c;
}

} // namespace wafer

#endif // WAFER_SUPPORT_GEOMETRY_H
