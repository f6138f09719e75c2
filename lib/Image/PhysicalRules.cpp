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

using namespace wafer;
using namespace wafer::imagefile;

uint32_t MappedConfigs::pass(Port from, Port to) {
  auto [at, isNew] = passes.insert({{from, to}, uint32_t(configs.size())});
  if (isNew) {
    RouteConfig config;
    config.positions[0] = {portBit(from), portBit(to)};
    config.numPositions = 1;
    configs.push_back(config);
  }
  return at->second;
}

uint32_t MappedConfigs::turned(uint32_t config, Port before, Port after) {
  auto [at, isNew] =
      turns.insert({{config, before, after}, uint32_t(configs.size())});
  if (isNew) {
    RouteConfig turned = configs[config];
    auto turn = [&](uint8_t &mask) {
      if (mask & portBit(before)) {
        mask = uint8_t((mask & ~portBit(before)) | portBit(after));
      }
    };
    for (unsigned p = 0; p < turned.numPositions; ++p) {
      turn(turned.positions[p].rx);
      turn(turned.positions[p].tx);
    }
    configs.push_back(turned);
  }
  return at->second;
}

FlatRule::FlatRule(const Rule &rule) : rule(rule) {
  for (const std::vector<Run> &runs : rule.classes) {
    std::vector<uint32_t> &flat = classes.emplace_back();
    for (const Run &run : runs) {
      flat.insert(flat.end(), run.count, run.config);
    }
  }
}

uint32_t FlatRule::at(Coord c) const {
  if (!rule.rect.contains(c)) {
    return kNoRoute;
  }
  bool alongX = rule.axis == Axis::X;
  int32_t line = alongX ? c.y - rule.rect.y : c.x - rule.rect.x;
  int64_t place = alongX ? c.x - rule.rect.x : c.y - rule.rect.y;
  place -= int64_t(line) * rule.skew;
  const std::vector<uint32_t> &flat = classes[size_t(line) % classes.size()];
  return place >= 0 && place < int64_t(flat.size()) ? flat[size_t(place)]
                                                    : kNoRoute;
}

void wafer::imagefile::appendRun(std::vector<Run> &runs, uint32_t config) {
  if (!runs.empty() && runs.back().config == config) {
    ++runs.back().count;
  } else {
    runs.push_back({1, config});
  }
}

uint8_t wafer::imagefile::sendsTo(const RouteConfig &config) {
  uint8_t tx = 0;
  for (unsigned p = 0; p < config.numPositions; ++p) {
    tx |= config.positions[p].tx;
  }
  return tx;
}

uint8_t wafer::imagefile::takesFrom(const RouteConfig &config) {
  uint8_t rx = 0;
  for (unsigned p = 0; p < config.numPositions; ++p) {
    rx |= config.positions[p].rx;
  }
  return rx;
}

namespace {

bool hasRoute(const std::vector<Run> &runs) {
  return std::any_of(runs.begin(), runs.end(),
                     [](const Run &r) { return r.config != kNoRoute; });
}

class RuleMapper {
public:
  RuleMapper(const Image &image, const PlaceMap &places, Image &out)
      : image(image), places(places), out(out), passes(out.configs) {}

  void add(const Rule &rule) {
    FlatRule flat(rule);
    const Rect &r = rule.rect;
    const LineTable &columns = places.across(0);
    std::vector<LineBlock> blocks = blocksOf(columns, r.x, r.endX());
    for (const LineBlock &rows : blocksOf(places.along(), r.y, r.endY())) {
      for (const LineBlock &block : blocks) {
        addBlock(rule, flat, rows, block);
        addSideGaps(rule, flat, rows, block, columns);
        addEndGaps(rule, flat, rows, block);
      }
    }
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
          appendRun(runs, flat.at(alongX ? Coord{a, b} : Coord{b, a}));
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
    return config != kNoRoute &&
           (sendsTo(image.configs[config]) & portBit(port));
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
        appendRun(runs,
                  passesOn ? passes.pass(opposite(side), side) : kNoRoute);
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
      int32_t here = places.along().physical(row);
      int32_t there = places.along().physical(beyond);
      if (there < 0) {
        continue; // over the edge: verify and the engines say so
      }
      Rule gap;
      gap.rect = {columns.physical, std::min(here, there) + 1, columns.count,
                  std::abs(there - here) - 1};
      gap.axis = Axis::X;
      std::vector<Run> runs;
      for (int32_t i = 0; i < columns.count; ++i) {
        bool passesOn = sends(flat.at({columns.logical + i, row}), side);
        appendRun(runs,
                  passesOn ? passes.pass(opposite(side), side) : kNoRoute);
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

  const Image &image;
  const PlaceMap &places;
  Image &out;
  MappedConfigs passes;
};

} // namespace

Status wafer::imagefile::addPhysicalRules(const Image &image,
                                          const PlaceMap &places, Image &out) {
  if (!image.map.tracks.empty()) {
    return addTrackRules(image, places, out);
  }
  RuleMapper mapper(image, places, out);
  for (const Rule &rule : image.rules) {
    mapper.add(rule);
  }
  return Status::success();
}

void wafer::imagefile::addPortWays(const Image &image, Image &out) {
  MappedConfigs passes(out.configs);
  for (const PortRoute &route : image.map.ports) {
    const HostPort &port = image.hostPorts[route.port];
    forEachStep(route, port.west, [&](Coord at, Port from, Port to) {
      Rule step;
      step.name = port.name;
      step.color = port.color;
      step.rect = {at.x, at.y, 1, 1};
      uint32_t config =
          port.input ? passes.pass(from, to) : passes.pass(to, from);
      step.classes = {{{1, config}}};
      out.rules.push_back(std::move(step));
    });
  }
}
