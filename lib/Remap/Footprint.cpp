// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Remap/Footprint.h"

#include "wafer/Image/Lookup.h"

#include <algorithm>

using namespace wafer;

Footprint::Footprint(const Image &image, const Machine &machine) {
  measure(image, machine);
  paint(image);
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
      const Sends &here = sends[indexOf({x, y})];
      uint32_t east = here.to[unsigned(wafer::Port::East)];
      uint32_t south = here.to[unsigned(wafer::Port::South)];
      if (x + 1 < w) {
        east |= sends[indexOf({x + 1, y})].to[unsigned(wafer::Port::West)];
      }
      if (y + 1 < h) {
        south |= sends[indexOf({x, y + 1})].to[unsigned(wafer::Port::North)];
      }
      cells[indexOf({x, y})] |=
          uint8_t((east ? kEast : 0) | (south ? kSouth : 0));
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
  constexpr unsigned kWest = unsigned(wafer::Port::West);
  constexpr unsigned kEastward = unsigned(wafer::Port::East);
  constexpr unsigned kSouthward = unsigned(wafer::Port::South);
  constexpr unsigned kNorth = unsigned(wafer::Port::North);
  // Outside stages, words pass once a token.
  std::vector<std::pair<Rect, uint32_t>> parts;
  for (const StageInfo &stage : image.stages) {
    parts.push_back({stage.rect, uint32_t(std::max(1, stage.numLayers))});
  }
  if (parts.empty()) {
    parts.push_back({{0, 0, w, h}, 1});
  }
  for (const auto &[rect, layers] : parts) {
    for (int32_t x = rect.x; x + 1 < std::min(w, rect.endX() + 1); ++x) {
      uint32_t colors = 0;
      for (int32_t y = rect.y; y < rect.endY(); ++y) {
        uint32_t east = at(x, y).to[kEastward];
        uint32_t west = at(x + 1, y).to[kWest];
        colors |= east | west;
        if (east & west) {
          tightColumns[size_t(x)] = true;
        }
      }
      bool inside = x + 1 < rect.endX();
      columnCosts[size_t(x)] +=
          uint32_t(__builtin_popcount(colors)) * (inside ? layers : 1);
    }
    for (int32_t y = rect.y; y + 1 < std::min(h, rect.endY() + 1); ++y) {
      uint32_t colors = 0;
      for (int32_t x = rect.x; x < rect.endX(); ++x) {
        uint32_t south = at(x, y).to[kSouthward];
        uint32_t north = at(x, y + 1).to[kNorth];
        colors |= south | north;
        if (south & north) {
          tightRows[size_t(y)] = true;
        }
      }
      bool inside = y + 1 < rect.endY();
      rowCosts[size_t(y)] +=
          uint32_t(__builtin_popcount(colors)) * (inside ? layers : 1);
    }
  }
  // Routes outside all stages may be tight too.
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

std::string Footprint::stageAt(int32_t x, int32_t y) const {
  for (const auto &[name, rect] : stages) {
    if (rect.contains(Coord{x, y})) {
      return name;
    }
  }
  return "";
}
