// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/DeadParts.h"

#include <algorithm>
#include <cstdlib>

using namespace wafer;

BypassTable::BypassTable(const std::vector<Coord> &bypassed,
                         const Machine &machine)
    : usable(machine.usable), columns(size_t(machine.physicalHeight)) {
  for (Coord c : bypassed) {
    columns[size_t(c.y)].push_back(c.x);
  }
}

Coord BypassTable::tileOf(Coord place) const {
  Coord tile{place.x + usable.x, place.y + usable.y};
  for (int32_t column : columns[size_t(tile.y)]) {
    tile.x += column <= tile.x; // sorted, so later ones see the shift
  }
  return tile;
}

bool BypassTable::isBypassed(Coord tile) const {
  const std::vector<int32_t> &row = columns[size_t(tile.y)];
  return std::binary_search(row.begin(), row.end(), tile.x);
}

std::optional<Coord> BypassTable::placeOf(Coord tile) const {
  if (isBypassed(tile)) {
    return std::nullopt;
  }
  const std::vector<int32_t> &row = columns[size_t(tile.y)];
  auto at = std::lower_bound(row.begin(), row.end(), tile.x);
  Coord place{tile.x - int32_t(at - row.begin()) - usable.x, tile.y - usable.y};
  bool seen =
      place.x >= 0 && place.y >= 0 && place.x < usable.w && place.y < usable.h;
  return seen ? std::optional<Coord>(place) : std::nullopt;
}

int32_t BypassTable::jumpOf(Coord place, Port side) const {
  Coord next = neighbour(place, side);
  Coord from = tileOf(place), to = tileOf(next);
  bool across = side == Port::North || side == Port::South;
  return std::abs(to.x - from.x) - (across ? 0 : 1);
}

DeadParts::DeadParts(const LogicalMap &map, const Machine &machine)
    : width(machine.width()), height(machine.height()) {
  if (map.defects.empty() && map.bypassed.empty()) {
    return;
  }
  flags.resize(size_t(width) * size_t(height));
  BypassTable table(map.bypassed, machine);
  markDefects(map.defects, table);
  if (!map.bypassed.empty() && machine.bypassCycles > 0) {
    measureLinks(table, machine.bypassCycles);
  }
}

void DeadParts::markDefects(const DefectMap &defects,
                            const BypassTable &table) {
  constexpr Port kSides[] = {Port::West, Port::East, Port::South, Port::North};
  for (Coord tile : defects.tiles) {
    if (std::optional<Coord> c = table.placeOf(tile)) {
      mark(*c, kCore | kRouter | 15);
      for (Port side : kSides) {
        mark(neighbour(*c, side), portBit(opposite(side)));
      }
    }
  }
  for (Coord tile : defects.cores) {
    if (std::optional<Coord> c = table.placeOf(tile)) {
      mark(*c, kCore);
    }
  }
  for (const DeadBank &bank : defects.banks) {
    if (std::optional<Coord> c = table.placeOf(bank.core)) {
      mark(*c, kCore);
    }
  }
  for (const DeadLink &link : defects.links) {
    Coord far = neighbour(link.core, link.side);
    std::optional<Coord> a = table.placeOf(link.core);
    std::optional<Coord> b = table.placeOf(far);
    // Nothing goes over a link to a tile that is left out, and where a shift
    // lies between two tiles they are no neighbours any more.
    bool isUsed = !table.isBypassed(link.core) && !table.isBypassed(far) &&
                  (!a || !b || neighbour(*a, link.side) == *b);
    if (isUsed && a) {
      mark(*a, portBit(link.side));
    }
    if (isUsed && b) {
      mark(*b, portBit(opposite(link.side)));
    }
  }
}

void DeadParts::measureLinks(const BypassTable &table, uint32_t bypassCycles) {
  extra.resize(flags.size() * 4);
  for (int32_t y = 0; y < height; ++y) {
    for (int32_t x = 0; x < width; ++x) {
      for (Port side : {Port::West, Port::East, Port::South, Port::North}) {
        if (inside(neighbour({x, y}, side))) {
          uint32_t cycles = uint32_t(table.jumpOf({x, y}, side)) * bypassCycles;
          extra[indexOf({x, y}) * 4 + unsigned(side)] =
              uint8_t(std::min(cycles, 255u));
        }
      }
    }
  }
}
