// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ChainPlan.h - Trees of chains on a line ------------------*- C++ -*-===//
//
// A sum over a line of cores in levels. Level 0 cuts the line into groups of
// groups[0] cores, each with a collector; level 1 groups the collectors by
// groups[1], and so on; one collector is left, the root. Inside a group the
// words go along a chain from its far ends to the collector: a member adds its
// own words to those that pass by. One level is the vendor's chain, two are the
// two-phase reduction of Luczynski et al., "Near-Optimal Wafer-Scale Reduce"
// (HPDC 2024), more are the K-tree of WaferLLM (OSDI 2025).
//
// A level needs two colors, because a member receives and sends at the same
// time. A core sends in one level only. All routes are static.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_BENCH_CHAINPLAN_H
#define WAFER_LIB_BENCH_CHAINPLAN_H

#include "wafer/Bench/Programs.h"

#include <array>

namespace wafer::bench {

/// Which side of a router a level's color uses at a core.
enum class ChainRoute : uint8_t {
  None,
  SendWest,
  SendEast,
  PassWest,
  PassEast,
  TakeFromEast,
  TakeFromWest,
  /// From the west until a control wavelet advances the switch, then from the
  /// east until the next one does, and so on.
  TakeFromBoth
};

struct ChainPlan {
  static constexpr uint8_t kNoColor = 0xff;

  /// Colors are counted from 0: 2 * level and 2 * level + 1.
  struct Core {
    /// Colors whose words it adds to its own before it sends, in this order.
    std::vector<uint8_t> adds;
    /// The color whose words it adds to while it sends; none: it sends what it
    /// has, or is the root.
    uint8_t passes = kNoColor;
    uint8_t sends = kNoColor;
    /// It ends its words with a control wavelet that advances the collector's
    /// switch.
    bool advances = false;
  };
  uint32_t root = 0;
  std::vector<Core> cores;
  /// [color][core]
  std::vector<std::vector<ChainRoute>> routes;
  /// [color]: source and sink of each stream.
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> streams;

  unsigned colors() const { return unsigned(routes.size()); }
  /// The most words that one core adds before it sends.
  unsigned mostAdds() const;
};

/// Where the collectors of groups lie and how they take what comes from two
/// sides.
enum class Collectors : uint8_t {
  WesternEnd,
  /// Two colors at the collector, so two queues: both sides may come at once.
  Middle,
  /// One color, one queue: a switch takes one side after the other.
  MiddleSwitched
};

/// Plans the levels. Groups of 1 are levels without streams.
ChainPlan planChains(uint32_t cores, const std::vector<uint32_t> &groups,
                     Collectors collectors);

inline Collectors collectorsOf(const ReduceShape &shape) {
  return shape.everywhere ? Collectors::Middle : Collectors::WesternEnd;
}

} // namespace wafer::bench

#endif // WAFER_LIB_BENCH_CHAINPLAN_H
