// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Calibration.h - Published timings against simulated ones -*- C++ -*-===//
//
// Runs the programs of Programs.h in the shapes whose timings are published and
// compares (docs/calibration.md). Each machine uses one parameter set for all
// its rows. There is no formula and no fit in between.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_CALIBRATION_H
#define WAFER_BENCH_CALIBRATION_H

#include "wafer/Bench/Programs.h"

#include <functional>
#include <string>
#include <vector>

namespace wafer {

/// How a program was run.
struct BenchRun {
  /// By its own clocks where it has some, else all cycles of the run.
  uint64_t cycles = 0;
  std::unique_ptr<Engine> engine;
};

/// Verifies and runs a program to its end. Fails where a rule is broken or the
/// run stops. The arguments must outlive the result.
Result<BenchRun> runProgram(const Image &image, const Machine &machine,
                            const ParameterSet &costs,
                            const FastOptions &options = {});

struct CalibrationLine {
  std::string kernel;
  std::string machine;
  std::string params;
  /// "cycles", "cycles an element", ...
  std::string unit;
  double published = 0;
  double simulated = 0;
  /// The largest error in percent that counts as right, or so many cycles; both
  /// zero: the set-up is not fully published, so the line is a report only.
  double percentAllowed = 0;
  double cyclesAllowed = 0;
  std::string source;

  double percent() const { return 100 * (simulated - published) / published; }
  bool isReportOnly() const { return percentAllowed == 0; }
  bool holds() const;
};

struct CalibrationOptions {
  /// Called with the lines done and those in all.
  std::function<void(size_t, size_t)> progress;
  /// Called with each image before it runs; its failure ends the calibration.
  std::function<Status(const std::string &name, const Image &image)> keep;
};

/// All rows, in the order of the table.
Result<std::vector<CalibrationLine>>
runCalibration(const CalibrationOptions &options = {});

} // namespace wafer

#endif // WAFER_BENCH_CALIBRATION_H
