// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PhysicalRules.h - Routes on a mapped wafer (internal) ----*- C++ -*-===//
#ifndef WAFER_LIB_IMAGE_PHYSICALRULES_H
#define WAFER_LIB_IMAGE_PHYSICALRULES_H

#include "wafer/Image/Image.h"

#include <map>
#include <tuple>

namespace wafer::imagefile {

/// Neighbouring logical lines with neighbouring homes.
struct LineBlock {
  int32_t logical = 0;
  int32_t physical = 0;
  int32_t count = 0;
  int32_t end() const { return logical + count; }
};
std::vector<LineBlock> blocksOf(const LineTable &table, int32_t begin,
                                int32_t end);

/// Finds or adds the configs that routers have only on a mapped wafer.
class MappedConfigs {
public:
  explicit MappedConfigs(std::vector<RouteConfig> &configs)
      : configs(configs) {}
  /// A router that passes words on.
  uint32_t pass(Port from, Port to);
  /// The route with one port in the place of another.
  uint32_t turned(uint32_t config, Port before, Port after);

private:
  std::vector<RouteConfig> &configs;
  std::map<std::pair<Port, Port>, uint32_t> passes;
  std::map<std::tuple<uint32_t, Port, Port>, uint32_t> turns;
};

/// A rule's routes by place of the program.
class FlatRule {
public:
  explicit FlatRule(const Rule &rule);
  uint32_t at(Coord c) const;

private:
  const Rule &rule;
  std::vector<std::vector<uint32_t>> classes;
};

/// Adds `config` to the end of `runs`.
void appendRun(std::vector<Run> &runs, uint32_t config);
/// The ports that a route sends to and takes from in any of its positions.
uint8_t sendsTo(const RouteConfig &config);
uint8_t takesFrom(const RouteConfig &config);

/// Appends the rules of `image` at their homes to `out`, which has the configs
/// of `image`; adds the configs of routers that pass words on.
Status addPhysicalRules(const Image &image, const PlaceMap &places, Image &out);
/// The same for a map with hole tracks (TrackRules.cpp).
Status addTrackRules(const Image &image, const PlaceMap &places, Image &out);
/// Appends the ways of host ports.
void addPortWays(const Image &image, Image &out);

} // namespace wafer::imagefile

#endif // WAFER_LIB_IMAGE_PHYSICALRULES_H
