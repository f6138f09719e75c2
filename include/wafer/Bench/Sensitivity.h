// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Sensitivity.h - What unpublished parameters are worth ------*- C++
//-*-===//
//
// A figure of this project depends on parameters of the machine that nobody has
// published. This runs one program again and again, each time with one of them
// changed over the range that is plausible, and says how far the figure moves.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_SENSITIVITY_H
#define WAFER_BENCH_SENSITIVITY_H

#include "wafer/Machine/Machine.h"
#include "wafer/Support/Result.h"

#include <functional>
#include <string>
#include <vector>

namespace wafer {

/// One changed parameter.
struct Variation {
  /// Field of the machine file, such as "vectorStart".
  std::string parameter;
  /// Its value in the machine and parameter set, and the one tried.
  std::string base;
  std::string value;
  /// Why this value is plausible.
  std::string reason;
  std::function<void(Machine &, ParameterSet &)> apply;
};

/// The variations for a machine and a set: vector start, task start, words a
/// cycle, ramp, depth of router buffers, lanes. Values that the set has already
/// are left out.
std::vector<Variation> plausibleVariations(const Machine &machine,
                                           const ParameterSet &costs);

struct SensitivityLine {
  Variation variation;
  uint64_t cycles = 0;
};
struct SensitivityTable {
  uint64_t baseCycles = 0;
  std::vector<SensitivityLine> lines;
};

/// Cycles of the program on a machine with a parameter set. The program is
/// built anew for each machine.
using Headline =
    std::function<Result<uint64_t>(const Machine &, const ParameterSet &)>;

/// `progress` is called with the runs done and those in all.
Result<SensitivityTable>
runSensitivity(const Machine &machine, const ParameterSet &costs,
               const Headline &headline,
               const std::function<void(size_t, size_t)> &progress = {});

} // namespace wafer

#endif // WAFER_BENCH_SENSITIVITY_H
