// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/PhysicalImage.h"

#include "PhysicalRules.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::imagefile;

std::vector<LineBlock> wafer::imagefile::blocksOf(const LineTable &table,
                                                  int32_t begin, int32_t end) {
  std::vector<LineBlock> blocks;
  for (int32_t line = begin; line < end; ++line) {
    int32_t home = table.physical(line);
    if (!blocks.empty() &&
        blocks.back().physical + blocks.back().count == home) {
      ++blocks.back().count;
    } else {
      blocks.push_back({line, home, 1});
    }
  }
  return blocks;
}

/// The lines along the tracks in blocks, cut where a band ends too.
static std::vector<LineBlock> bandBlocksOf(const PlaceMap &places,
                                           int32_t begin, int32_t end) {
  std::vector<LineBlock> lines;
  for (int32_t from = begin; from < end;) {
    int32_t to = from + 1;
    while (to < end && places.bandOf(to) == places.bandOf(from)) {
      ++to;
    }
    std::vector<LineBlock> part = blocksOf(places.along(), from, to);
    lines.insert(lines.end(), part.begin(), part.end());
    from = to;
  }
  return lines;
}

/// The part of each table that belongs to lines [from, from + count).
static std::vector<std::vector<uint16_t>>
sliceTables(const std::vector<std::vector<uint16_t>> &tables, int32_t from,
            int32_t count) {
  std::vector<std::vector<uint16_t>> parts;
  for (const std::vector<uint16_t> &table : tables) {
    parts.emplace_back(table.begin() + from, table.begin() + from + count);
  }
  return parts;
}

/// Names of regions stay unique.
static std::string partName(const Region &region, const LineBlock &rows,
                            const LineBlock &columns) {
  bool isWhole = rows.count == region.rect.h && columns.count == region.rect.w;
  return isWhole ? region.name
                 : fmt::format("{} from {},{}", region.name, columns.logical,
                               rows.logical);
}

/// A part of a region whose rows and columns have neighbouring homes.
static void addPart(const Image &image, uint32_t index, const LineBlock &rows,
                    const LineBlock &columns, Image &out) {
  const Region &region = image.regions[index];
  const Rect &rect = region.rect;
  Region part;
  part.name = partName(region, rows, columns);
  part.role = region.role;
  part.rect = {columns.physical, rows.physical, columns.count, rows.count};
  part.rowTables =
      sliceTables(region.rowTables, rows.logical - rect.y, rows.count);
  part.columnTables =
      sliceTables(region.columnTables, columns.logical - rect.x, columns.count);
  for (const InitData &data : image.initData) {
    if (data.region != index) {
      continue;
    }
    InitData piece = data;
    piece.region = uint32_t(out.regions.size());
    piece.rowPitch = uint32_t(rect.w);
    uint64_t skipped = uint64_t(rows.logical - rect.y) * uint64_t(rect.w) +
                       uint64_t(columns.logical - rect.x);
    piece.data = data.data ? data.data + skipped * data.bytes : nullptr;
    piece.size = uint64_t(part.rect.area()) * data.bytes;
    out.initData.push_back(piece);
  }
  out.regions.push_back(std::move(part));
}

/// A region, cut where a skipped line or a hole track goes through it.
static void addRegion(const Image &image, uint32_t index,
                      const PlaceMap &places, Image &out) {
  const Rect &r = image.regions[index].rect;
  bool down = places.axis() == Axis::Y;
  for (const LineBlock &along :
       bandBlocksOf(places, down ? r.y : r.x, down ? r.endY() : r.endX())) {
    const LineTable &table = places.across(places.bandOf(along.logical));
    for (const LineBlock &across :
         blocksOf(table, down ? r.x : r.y, down ? r.endX() : r.endY())) {
      addPart(image, index, down ? along : across, down ? across : along, out);
    }
  }
}

Result<Image> wafer::physicalImage(const Image &image, const Machine &machine) {
  PlaceMap places(image.map, machine);
  Image out;
  out.machine = image.machine;
  out.model = image.model;
  out.parameterSet = image.parameterSet;
  out.roles = image.roles;
  out.configs = image.configs;
  out.hostPorts = image.hostPorts;
  out.storage = image.storage;
  out.certified = image.certified;
  out.map.defects = image.map.defects;
  out.map.bypassed = image.map.bypassed;
  for (uint32_t i = 0; i < image.regions.size(); ++i) {
    addRegion(image, i, places, out);
  }
  if (Status s = addPhysicalRules(image, places, out); !s) {
    return s.takeError();
  }
  for (const PortRoute &route : image.map.ports) {
    out.hostPorts[route.port].row = route.row;
  }
  addPortWays(image, out);
  return out;
}
