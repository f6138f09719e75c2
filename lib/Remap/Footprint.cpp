// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Remap/Footprint.h"

#include "wafer/Image/Lookup.h"

#include <algorithm>

using namespace wafer;

Footprint::Footprint(const Image &image, const Machine &machine) {
  measure(image, machine);
  paint(image);
  findTurns();
  weigh(image);
  sends.clear();
  sends.shrink_to_fit();
}

void Footprint::measure(const Image &image, const Machine &machine) {
  auto reach = [&](int32_t endX, int32_t endY) {
    w = std::max(w, endX);
    h = std::max(h, endY);
  };
  for (const Region &region : image.regions) {
    reach(region.rect.endX(), region.rect.endY());
  }
  for (const Rule &rule : image.rules) {
    reach(rule.rect.endX(), rule.rect.endY());
  }
  for (uint32_t i = 0; i < image.hostPorts.size(); ++i) {
    const HostPort &port = image.hostPorts[i];
    Coord core{port.west ? 0 : machine.width() - 1, port.row};
    reach(core.x + 1, core.y + 1);
    hostEnds.push_back({i, core, port.west});
  }
  for (const StageInfo &stage : image.stages) {
    stages.push_back({stage.name, stage.rect});
  }
  for (const Region &region : image.regions) {
    stages.push_back({region.name, region.rect});
  }
}

void Footprint::paint(const Image &image) {
  cells.assign(size_t(w) * size_t(h), 0);
  sends.assign(cells.size(), Sends());
  auto indexOf = [&](Coord c) { return size_t(c.y) * size_t(w) + size_t(c.x); };
  for (const Region &region : image.regions) {
    for (int32_t y = region.rect.y; y < region.rect.endY(); ++y) {
      for (int32_t x = region.rect.x; x < region.rect.endX(); ++x) {
        cells[indexOf({x, y})] |= kCore;
      }
    }
  }
  for (const Rule &rule : image.rules) {
    int32_t lines = rule.axis == Axis::X ? rule.rect.h : rule.rect.w;
    size_t step = rule.axis == Axis::X ? 1 : size_t(w);
    uint32_t bit = uint32_t(1) << rule.color;
    for (int32_t line = 0; line < lines; ++line) {
      forEachRun(rule, line, [&](int32_t begin, int32_t end, uint32_t index) {
        const RouteConfig &config = image.configs[index];
        unsigned tx = 0;
        for (unsigned p = 0; p < config.numPositions; ++p) {
          tx |= config.positions[p].tx;
        }
        size_t at = indexOf(placeOn(rule.rect, rule.axis, line, begin));
        for (int32_t i = begin; i < end; ++i, at += step) {
          cells[at] |= kRouter;
          for (unsigned p = 0; p < 4; ++p) {
            sends[at].to[p] |= (tx >> p) & 1u ? bit : 0;
          }
        }
      });
    }
  }
  for (int32_t y = 0; y < h; ++y) {
    for (int32_t x = 0; x < w; ++x) {
      cells[indexOf({x, y})] |= uint8_t((colorsEast(x, y) ? kEast : 0) |
                                        (colorsSouth(x, y) ? kSouth : 0));
    }
  }
}

uint32_t Footprint::colorsEast(int32_t x, int32_t y) const {
  if (x < 0) {
    return 0;
  }
  size_t at = size_t(y) * size_t(w) + size_t(x);
  uint32_t east = sends[at].to[unsigned(wafer::Port::East)];
  return x + 1 < w ? east | sends[at + 1].to[unsigned(wafer::Port::West)]
                   : east;
}

uint32_t Footprint::colorsSouth(int32_t x, int32_t y) const {
  if (y < 0) {
    return 0;
  }
  size_t at = size_t(y) * size_t(w) + size_t(x);
  uint32_t south = sends[at].to[unsigned(wafer::Port::South)];
  return y + 1 < h
             ? south | sends[at + size_t(w)].to[unsigned(wafer::Port::North)]
             : south;
}

void Footprint::findTurns() {
  for (int32_t y = 0; y < h; ++y) {
    for (int32_t x = 0; x < w; ++x) {
      uint32_t east = colorsEast(x, y), south = colorsSouth(x, y);
      size_t at = size_t(y) * size_t(w) + size_t(x);
      // Both ways in one color: a router could not tell them apart.
      uint32_t both = 0;
      if (x + 1 < w) {
        both |= sends[at].to[unsigned(wafer::Port::East)] &
                sends[at + 1].to[unsigned(wafer::Port::West)];
      }
      if (y + 1 < h) {
        both |= sends[at].to[unsigned(wafer::Port::South)] &
                sends[at + size_t(w)].to[unsigned(wafer::Port::North)];
      }
      cells[at] |= uint8_t((both | (east & south) ? kNoTurn : 0) |
                           (colorsEast(x - 1, y) & south ? kNoTurnWest : 0) |
                           (colorsSouth(x, y - 1) & east ? kNoTurnNorth : 0));
    }
  }
}

void Footprint::weigh(const Image &image) {
  columnCosts.assign(size_t(w), 0);
  rowCosts.assign(size_t(h), 0);
  tightColumns.assign(size_t(w), false);
  tightRows.assign(size_t(h), false);
  auto at = [&](int32_t x, int32_t y) -> const Sends & {
    return sends[size_t(y) * size_t(w) + size_t(x)];
  };
  // Outside stages, words pass once a token.
  for (const StageInfo &stage : image.stages) {
    weighPart(stage.rect, uint32_t(std::max(1, stage.numLayers)));
  }
  if (image.stages.empty()) {
    weighPart({0, 0, w, h}, 1);
  }
  constexpr unsigned kWest = unsigned(wafer::Port::West);
  constexpr unsigned kEastward = unsigned(wafer::Port::East);
  constexpr unsigned kSouthward = unsigned(wafer::Port::South);
  constexpr unsigned kNorth = unsigned(wafer::Port::North);
  for (int32_t y = 0; y < h; ++y) {
    for (int32_t x = 0; x < w; ++x) {
      const Sends &here = at(x, y);
      if (x + 1 < w && (here.to[kEastward] & at(x + 1, y).to[kWest])) {
        tightColumns[size_t(x)] = true;
      }
      if (y + 1 < h && (here.to[kSouthward] & at(x, y + 1).to[kNorth])) {
        tightRows[size_t(y)] = true;
      }
    }
  }
}

void Footprint::weighPart(const Rect &rect, uint32_t layers) {
  Part part;
  part.rect = rect;
  for (int32_t x = rect.x; x + 1 < std::min(w, rect.endX() + 1); ++x) {
    uint32_t colors = 0;
    for (int32_t y = rect.y; y < rect.endY(); ++y) {
      colors |= colorsEast(x, y);
    }
    bool inside = x + 1 < rect.endX();
    part.columnCosts.push_back(uint32_t(__builtin_popcount(colors)) *
                               (inside ? layers : 1));
    columnCosts[size_t(x)] += part.columnCosts.back();
  }
  for (int32_t y = rect.y; y + 1 < std::min(h, rect.endY() + 1); ++y) {
    uint32_t colors = 0;
    for (int32_t x = rect.x; x < rect.endX(); ++x) {
      colors |= colorsSouth(x, y);
    }
    bool inside = y + 1 < rect.endY();
    part.rowCosts.push_back(uint32_t(__builtin_popcount(colors)) *
                            (inside ? layers : 1));
    rowCosts[size_t(y)] += part.rowCosts.back();
  }
  stageParts.push_back(std::move(part));
}

std::string Footprint::stageAt(int32_t x, int32_t y) const {
  for (const auto &[name, rect] : stages) {
    if (rect.contains(Coord{x, y})) {
      return name;
    }
  }
  return "";
}
