// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LinkHeat.h - Words over links ----------------------------*- C++ -*-===//
//
// Counts, as an observer of a run, the words that each router sent out of each
// of its ports, color by color (docs/run.md describes the JSON).
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SIM_LINKHEAT_H
#define WAFER_SIM_LINKHEAT_H

#include "wafer/Sim/Observer.h"

#include <unordered_map>

namespace wafer {

class LinkHeat final : public Observer {
public:
  void onWord(const LinkWord &word) override;

  struct Count {
    Coord from;
    Port port = Port::West;
    uint8_t color = 0;
    uint64_t words = 0; // control wavelets among them
    uint64_t controls = 0;
  };
  /// By place (row-major), port and color.
  std::vector<Count> counts() const;

  /// {"cycles", "colors": [...], "links": [...]}, one link a line.
  std::string toJson(Cycle cycles) const;

private:
  std::unordered_map<uint64_t, Count> count;
};

} // namespace wafer

#endif // WAFER_SIM_LINKHEAT_H
