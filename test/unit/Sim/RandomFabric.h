// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RandomFabric.h - Streams by chance -----------------------*- C++ -*-===//
#ifndef WAFER_TEST_UNIT_SIM_RANDOMFABRIC_H
#define WAFER_TEST_UNIT_SIM_RANDOMFABRIC_H

#include "RandomImages.h"
#include "wafer/Support/Rng.h"

#include <map>
#include <optional>

namespace wafer::test {

/// What a core has to do with a color.
struct StreamEnd {
  unsigned color = 0;
  bool input = false;
  unsigned words = 0;
  /// Control wavelets may come with the words.
  bool control = false;
};

/// Lays random streams over the grid of a case: routes, host ports and pushes.
class RandomFabric {
public:
  RandomFabric(RandomCase &out, Rng &rng) : out(out), rng(rng) {}
  void make();
  /// The ends at each core, row-major.
  std::vector<std::vector<StreamEnd>> ends;

private:
  struct Hop {
    Coord at;
    uint8_t rx = 0;
    uint8_t tx = 0;
    unsigned color = 0;
  };
  bool chance(unsigned percent) { return rng.below(100) < percent; }
  unsigned below(unsigned n) { return unsigned(rng.below(n)); }
  size_t placeOf(Coord c) const {
    return size_t(c.y) * size_t(out.machine.width()) + size_t(c.x);
  }
  bool isFree(Coord c, unsigned color) const;
  void makeStream(unsigned color);
  bool addPort(bool input, Coord at, bool west, unsigned color, unsigned words);
  /// A crossing from an edge to a place on another wafer where a color is free;
  /// the first hop there.
  std::optional<Hop> cross(Coord at, Port side, unsigned color);
  void addRoute(const Hop &hop);
  RouteConfig makeConfig(const Hop &hop);
  Filter makeFilter();

  RandomCase &out;
  Rng &rng;
  std::map<std::pair<size_t, unsigned>, bool> taken;
};

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_RANDOMFABRIC_H
