// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A rule is cut into blocks whose rows and columns have neighbouring homes;
// each block keeps its routes. Between two blocks lie skipped lines: what a
// router sends towards its neighbour passes them straight, so the routes there
// follow from the ports that the routers beside them send to. Each rule looks
// after the words that its own routers send, whichever rule takes them.
//
// Rules with a skew are cut into single lines first: a block of a diagonal is
// no rule.
//
//===----------------------------------------------------------------------===//
#include "PhysicalRules.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

using namespace wafer;
using namespace wafer::imagefile;

namespace {

/// Finds or adds the configs of routers that pass words on.
class PassConfigs {
public:
  explicit PassConfigs(std::vector<RouteConfig> &configs) : configs(configs) {}

  uint32_t of(Port from, Port to) {
    auto [at, isNew] = known.insert({{from, to}, uint32_t(configs.size())});
    if (isNew) {
      RouteConfig config;
      config.positions[0] = {portBit(from), portBit(to)};
      config.numPositions = 1;
      configs.push_back(config);
    }
    return at->second;
  }

private:
  std::vector<RouteConfig> &configs;
  std::map<std::pair<Port, Port>, uint32_t> known;
};

/// A rule's routes, line by line.
class FlatRule {
public:
  explicit FlatRule(const Rule &rule) : rule(rule) {
    for (const std::vector<Run> &runs : rule.classes) {
      std::vector<uint32_t> &flat = classes.emplace_back();
      for (const Run &run : runs) {
        flat.insert(flat.end(), run.count, run.config);
      }
    }
  }
  uint32_t at(Coord c) const {
    bool alongX = rule.axis == Axis::X;
    int32_t line = alongX ? c.y - rule.rect.y : c.x - rule.rect.x;
    int64_t place = alongX ? c.x - rule.rect.x : c.y - rule.rect.y;
    place -= int64_t(line) * rule.skew;
    const std::vector<uint32_t> &flat = classes[size_t(line) % classes.size()];
    return place >= 0 && place < int64_t(flat.size()) ? flat[size_t(place)]
                                                      : kNoRoute;
  }

private:
  const Rule &rule;
  std::vector<std::vector<uint32_t>> classes;
};

void append(std::vector<Run> &runs, uint32_t config) {
  if (!runs.empty() && runs.back().config == config) {
    ++runs.back().count;
  } else {
    runs.push_back({1, config});
  }
}

bool hasRoute(const std::vector<Run> &runs) {
  return std::any_of(runs.begin(), runs.end(),
                     [](const Run &r) { return r.config != kNoRoute; });
}

class RuleMapper {
public:
  RuleMapper(const Image &image, const PlaceMap &places, Image &out)
      : image(image), places(places), out(out), passes(out.configs) {}

  Status add(const Rule &rule) {
    FlatRule flat(rule);
    const Rect &r = rule.rect;
    for (const LineBlock &rows : rowBlocksOf(places, r.y, r.endY())) {
      size_t band = places.bandOf(rows.logical);
      const LineTable &table = places.columns(band);
      std::vector<LineBlock> columns = blocksOf(table, r.x, r.endX());
      for (const LineBlock &block : columns) {
        addBlock(rule, flat, rows, block);
        addSideGaps(rule, flat, rows, block, table);
        addEndGaps(rule, flat, rows, block);
      }
    }
    return std::move(status);
  }

private:
  void addBlock(const Rule &rule, const FlatRule &flat, const LineBlock &rows,
                const LineBlock &columns) {
    bool alongX = rule.axis == Axis::X;
    const LineBlock &along = alongX ? columns : rows;
    const LineBlock &across = alongX ? rows : columns;
    Rule part;
    part.name = rule.name;
    part.color = rule.color;
    part.axis = rule.axis;
    int32_t numLists = rule.skew ? 1 : int32_t(rule.classes.size());
    for (int32_t line = 0; line < across.count; ++line) {
      bool isListed = !rule.skew && line >= numLists;
      if (!isListed) {
        std::vector<Run> runs;
        for (int32_t i = 0; i < along.count; ++i) {
          int32_t a = along.logical + i, b = across.logical + line;
          append(runs, flat.at(alongX ? Coord{a, b} : Coord{b, a}));
        }
        part.classes.push_back(std::move(runs));
      }
      if (rule.skew) {
        int32_t a = along.physical, b = across.physical + line;
        part.rect =
            alongX ? Rect{a, b, along.count, 1} : Rect{b, a, 1, along.count};
        emit(part);
        part.classes.clear();
      }
    }
    if (!rule.skew) {
      part.rect = {columns.physical, rows.physical, columns.count, rows.count};
      emit(part);
    }
  }

  void emit(const Rule &part) {
    if (std::any_of(part.classes.begin(), part.classes.end(), hasRoute)) {
      out.rules.push_back(part);
    }
  }

  bool sends(uint32_t config, Port port) const {
    if (config == kNoRoute) {
      return false;
    }
    const RouteConfig &c = image.configs[config];
    uint8_t tx = 0;
    for (unsigned p = 0; p < c.numPositions; ++p) {
      tx |= c.positions[p].tx;
    }
    return tx & portBit(port);
  }

  /// Skipped columns east and west of a block.
  void addSideGaps(const Rule &rule, const FlatRule &flat,
                   const LineBlock &rows, const LineBlock &columns,
                   const LineTable &table) {
    for (Port side : {Port::West, Port::East}) {
      bool east = side == Port::East;
      int32_t column = east ? columns.end() - 1 : columns.logical;
      int32_t here = table.physical(column);
      int32_t there = table.physical(east ? column + 1 : column - 1);
      if (there < 0) {
        continue; // the edge of the program: the way of a host port
      }
      Rule gap;
      gap.rect = {std::min(here, there) + 1, rows.physical,
                  std::abs(there - here) - 1, rows.count};
      gap.axis = Axis::Y;
      std::vector<Run> runs;
      for (int32_t i = 0; i < rows.count; ++i) {
        bool passesOn = sends(flat.at({column, rows.logical + i}), side);
        append(runs, passesOn ? passes.of(opposite(side), side) : kNoRoute);
      }
      addGap(rule, std::move(gap), std::move(runs));
    }
  }

  /// Skipped rows north and south of a block.
  void addEndGaps(const Rule &rule, const FlatRule &flat, const LineBlock &rows,
                  const LineBlock &columns) {
    for (Port side : {Port::North, Port::South}) {
      bool south = side == Port::South;
      int32_t row = south ? rows.end() - 1 : rows.logical;
      int32_t beyond = south ? row + 1 : row - 1;
      int32_t here = places.rows().physical(row);
      int32_t there = places.rows().physical(beyond);
      if (there < 0) {
        continue; // over the edge: verify and the engines say so
      }
      Rule gap;
      gap.rect = {columns.physical, std::min(here, there) + 1, columns.count,
                  std::abs(there - here) - 1};
      gap.axis = Axis::X;
      const LineTable &beyondTable = places.columns(places.bandOf(beyond));
      std::vector<Run> runs;
      for (int32_t i = 0; i < columns.count; ++i) {
        int32_t column = columns.logical + i;
        bool passesOn = sends(flat.at({column, row}), side);
        if (passesOn && beyondTable.physical(column) != columns.physical + i) {
          refuseShift(rule, column, row, beyond);
        }
        append(runs, passesOn ? passes.of(opposite(side), side) : kNoRoute);
      }
      addGap(rule, std::move(gap), std::move(runs));
    }
  }

  void addGap(const Rule &rule, Rule gap, std::vector<Run> runs) {
    if (gap.rect.empty() || !hasRoute(runs)) {
      return;
    }
    gap.name = rule.name;
    gap.color = rule.color;
    gap.classes.push_back(std::move(runs));
    out.rules.push_back(std::move(gap));
  }

  void refuseShift(const Rule &rule, int32_t column, int32_t row,
                   int32_t beyond) {
    if (status) {
      status = Diagnostic{
          fmt::format("words of color {} pass between rows {} and {} of column "
                      "{}, which the map shifts there",
                      rule.color, row, beyond, column),
          rule.name.empty() ? "map" : fmt::format("rule '{}'", rule.name), "",
          "", ""};
    }
  }

  const Image &image;
  const PlaceMap &places;
  Image &out;
  PassConfigs passes;
  Status status;
};

} // namespace

Status wafer::imagefile::addPhysicalRules(const Image &image,
                                          const PlaceMap &places, Image &out) {
  RuleMapper mapper(image, places, out);
  for (const Rule &rule : image.rules) {
    if (Status s = mapper.add(rule); !s) {
      return s;
    }
  }
  return Status::success();
}

void wafer::imagefile::addPortWays(const Image &image, Image &out) {
  PassConfigs passes(out.configs);
  for (const PortRoute &route : image.map.ports) {
    const HostPort &port = image.hostPorts[route.port];
    forEachStep(route, port.west, [&](Coord at, Port from, Port to) {
      Rule step;
      step.name = port.name;
      step.color = port.color;
      step.rect = {at.x, at.y, 1, 1};
      uint32_t config = port.input ? passes.of(from, to) : passes.of(to, from);
      step.classes = {{{1, config}}};
      out.rules.push_back(std::move(step));
    });
  }
}
