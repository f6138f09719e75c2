// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Defects/Draw.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

using namespace wafer;

/// The places that a map names, each once.
static std::set<Coord> placesOf(const DefectMap &map) {
  std::set<Coord> places(map.tiles.begin(), map.tiles.end());
  places.insert(map.cores.begin(), map.cores.end());
  for (const DeadLink &link : map.links) {
    places.insert(link.core);
  }
  for (const DeadBank &bank : map.banks) {
    places.insert(bank.core);
  }
  return places;
}

/// Takes the cluster of `seed` out of `left` and returns its size.
static size_t takeCluster(Coord seed, std::set<Coord> &left) {
  std::vector<Coord> work = {seed};
  left.erase(seed);
  size_t size = 0;
  while (!work.empty()) {
    Coord c = work.back();
    work.pop_back();
    ++size;
    for (int32_t dy = -1; dy <= 1; ++dy) {
      for (int32_t dx = -1; dx <= 1; ++dx) {
        Coord next{c.x + dx, c.y + dy};
        if (left.erase(next)) {
          work.push_back(next);
        }
      }
    }
  }
  return size;
}

DefectSummary wafer::summarise(const DefectMap &map, const Machine &machine) {
  DefectSummary s;
  s.tiles = map.tiles.size();
  s.cores = map.cores.size();
  s.links = map.links.size();
  s.banks = map.banks.size();
  s.density = double(s.tiles + s.cores) /
              (double(defectColumns(machine)) * machine.physicalHeight);
  std::set<Coord> left = placesOf(map);
  std::map<int32_t, size_t> rows, columns;
  for (Coord c : left) {
    ++rows[c.y];
    ++columns[c.x];
  }
  for (auto [row, count] : rows) {
    if (count > s.mostInRow) {
      s.mostInRow = count;
      s.fullestRow = row;
    }
  }
  for (auto [column, count] : columns) {
    if (count > s.mostInColumn) {
      s.mostInColumn = count;
      s.fullestColumn = column;
    }
  }
  while (!left.empty()) {
    Coord seed = *left.begin();
    size_t size = takeCluster(seed, left);
    if (size > s.largestCluster) {
      s.largestCluster = size;
      s.clusterAt = seed;
    }
  }
  return s;
}

std::string wafer::drawSvg(const DefectMap &map, const Machine &machine) {
  int32_t width = defectColumns(machine);
  int32_t height = machine.physicalHeight;
  // A defect stays visible on a large wafer.
  double size = std::max(1.0, std::max(width, height) / 250.0);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-2 -2 {} {}\" "
      "width=\"{}\">\n<title>{}: {} defects</title>\n"
      "<style>.wafer{{fill:#e9edf2}}.usable{{fill:#fff;stroke:#8a97a8;"
      "stroke-width:{}}}.tile{{fill:#c0392b}}.core{{fill:#e08e0b}}"
      ".bank{{fill:#8e44ad}}.link{{stroke:#1f77b4;stroke-width:{}}}</style>\n"
      "<rect class=\"wafer\" width=\"{}\" height=\"{}\"/>\n"
      "<rect class=\"usable\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
      width + 4, height + 4, std::clamp(width * 8, 320, 960), machine.name,
      map.size(), size / 4, size / 2, width, height, machine.usable.x,
      machine.usable.y, machine.usable.w, machine.usable.h);
  auto square = [&](const char *kind, Coord c) {
    svg += fmt::format("<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.2f}\" "
                       "width=\"{:.2f}\" height=\"{:.2f}\"><title>{} {},{}"
                       "</title></rect>\n",
                       kind, c.x + 0.5 - size / 2, c.y + 0.5 - size / 2, size,
                       size, kind, c.x, c.y);
  };
  for (Coord c : map.tiles) {
    square("tile", c);
  }
  for (Coord c : map.cores) {
    square("core", c);
  }
  for (const DeadBank &b : map.banks) {
    square("bank", b.core);
  }
  for (const DeadLink &l : map.links) {
    Coord far = neighbour(l.core, l.side);
    svg += fmt::format("<line class=\"link\" x1=\"{}\" y1=\"{}\" x2=\"{}\" "
                       "y2=\"{}\"><title>link {},{} {}</title></line>\n",
                       l.core.x + 0.5, l.core.y + 0.5, far.x + 0.5, far.y + 0.5,
                       l.core.x, l.core.y, letterOf(l.side));
  }
  return svg + "</svg>\n";
}
