// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a defect does to a program. The search for lines is in AxisSearch.cpp.
//
//===----------------------------------------------------------------------===//
#include "LineSearch.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::remap;

std::vector<Defect> wafer::remap::usableDefects(const DefectMap &defects,
                                                const Machine &machine) {
  std::vector<Defect> list;
  const Rect &usable = machine.usable;
  auto add = [&](Defect::Kind kind, Coord tile) {
    if (usable.contains(tile)) {
      list.push_back({kind, {tile.x - usable.x, tile.y - usable.y}});
    }
  };
  for (Coord c : defects.tiles) {
    add(Defect::Kind::Tile, c);
  }
  for (Coord c : defects.cores) {
    add(Defect::Kind::Core, c);
  }
  for (const DeadBank &b : defects.banks) {
    add(Defect::Kind::Core, b.core);
  }
  for (const DeadLink &l : defects.links) {
    Coord far = neighbour(l.core, l.side);
    bool isInside = usable.contains(l.core) && usable.contains(far);
    if (isInside) {
      add(l.side == Port::East ? Defect::Kind::EastLink
                               : Defect::Kind::SouthLink,
          l.core);
    } else if (l.side == Port::East) {
      add(Defect::Kind::EdgeLink, usable.contains(far) ? far : l.core);
    }
  }
  return list;
}

std::string wafer::remap::describe(const Defect &defect,
                                   const Machine &machine) {
  static constexpr const char *kKinds[] = {
      "dead core", "dead tile", "dead link", "dead link", "dead link"};
  Coord c{defect.place.x + machine.usable.x, defect.place.y + machine.usable.y};
  const char *side = defect.kind == Defect::Kind::EastLink    ? " E"
                     : defect.kind == Defect::Kind::SouthLink ? " S"
                                                              : "";
  return fmt::format("{} {},{}{}", kKinds[unsigned(defect.kind)], c.x, c.y,
                     side);
}

std::vector<LineRun> AxisLines::runsBefore(int32_t last) const {
  std::vector<LineRun> runs;
  int32_t end = homeOf(last);
  for (int32_t line = 0; line < end; ++line) {
    if (!skipped[size_t(line)]) {
      continue;
    }
    if (!runs.empty() && runs.back().end() == line) {
      ++runs.back().count;
    } else {
      runs.push_back({line, 1});
    }
  }
  return runs;
}

int32_t AxisLines::homeOf(int32_t logical) const {
  auto at = std::upper_bound(prefix.begin(), prefix.end(), logical);
  return at == prefix.end() ? size() : int32_t(at - prefix.begin()) - 1;
}

std::optional<Hit> wafer::remap::hitOf(const Footprint &program,
                                       const Defect &defect,
                                       const Lines &lines) {
  auto [x, y] = defect.place;
  bool rowLives = !lines.rows.isSkipped(y);
  bool columnLives = !lines.columns.isSkipped(x);
  int32_t lx = lines.columns.below(x);
  int32_t ly = lines.rows.below(y);
  // The logical lines before a skipped one, or the line itself.
  int32_t left = columnLives ? lx : lx - 1;
  int32_t upper = rowLives ? ly : ly - 1;
  Hit hit{&defect, {left, upper}, false, false};
  switch (defect.kind) {
  case Defect::Kind::Core:
    if (rowLives && columnLives && program.hasCore(lx, ly)) {
      hit.byRow = hit.byColumn = true;
      return hit;
    }
    return std::nullopt;
  case Defect::Kind::Tile:
    if (rowLives && columnLives) {
      hit.byRow = hit.byColumn = true;
      return program.hasCore(lx, ly) || program.hasRouter(lx, ly)
                 ? std::optional<Hit>(hit)
                 : std::nullopt;
    }
    hit.byRow = rowLives && program.crossesEast(left, ly);
    hit.byColumn = columnLives && program.crossesSouth(lx, upper);
    break;
  case Defect::Kind::EastLink:
    hit.byRow = rowLives && program.crossesEast(left, ly);
    break;
  case Defect::Kind::SouthLink:
    hit.byColumn = columnLives && program.crossesSouth(lx, upper);
    break;
  case Defect::Kind::EdgeLink:
    break;
  }
  return hit.byRow || hit.byColumn ? std::optional<Hit>(hit) : std::nullopt;
}

size_t wafer::remap::countHits(const Footprint &program,
                               const std::vector<Defect> &defects,
                               Coord moved) {
  size_t hits = 0;
  for (const Defect &d : defects) {
    int32_t x = d.place.x - moved.x, y = d.place.y - moved.y;
    switch (d.kind) {
    case Defect::Kind::Core:
      hits += program.hasCore(x, y);
      break;
    case Defect::Kind::Tile: // needs a row and a column
      hits += (program.hasCore(x, y) || program.hasRouter(x, y)) * 2u;
      break;
    case Defect::Kind::EastLink:
      hits += program.crossesEast(x, y);
      break;
    case Defect::Kind::SouthLink:
      hits += program.crossesSouth(x, y);
      break;
    case Defect::Kind::EdgeLink:
      break;
    }
  }
  return hits;
}
