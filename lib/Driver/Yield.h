// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Yield.h - A program on many wafers -----------------------*- C++ -*-===//
//
// Draws wafers, fits a program to each, and says how many of them can be used
// and what that costs. The same options give the same figures for any number
// of threads, times excepted.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_DRIVER_YIELD_H
#define WAFER_LIB_DRIVER_YIELD_H

#include "wafer/Defects/Sample.h"
#include "wafer/Image/Image.h"
#include "wafer/Remap/Remap.h"

#include <functional>

namespace wafer {

struct YieldOptions {
  std::vector<double> densities;
  uint32_t samples = 100;
  SampleOptions sample;
  RemapOptions remap;
  unsigned threads = 1;
  /// Simulate what a token takes on each wafer, instead of estimating it.
  bool simulate = false;
  std::string params;
};

/// One wafer.
struct YieldSample {
  bool isMapped = false;
  /// Why not.
  std::string reason;
  RemapCost cost;
  /// Share of tokens a second that is lost.
  double lost = 0;
  double seconds = 0;
  /// Cores left by the yardsticks (Tracks.h), as shares of the grid.
  double dropped = 0, rerouted = 0;
};

/// All wafers of a density.
struct YieldPoint {
  double density = 0;
  uint32_t samples = 0, mapped = 0;
  double meanDefects = 0;
  double lostMean = 0, lost5 = 0, lost95 = 0;
  /// Wafers on which the program was moved, lines were skipped, tracks laid,
  /// tiles bypassed; and the mean numbers on those mapped.
  uint32_t moved = 0, skipped = 0, tracked = 0, bypassed = 0;
  double meanLines = 0, meanTracks = 0, meanLongLinks = 0, meanBypassed = 0;
  /// Cores that dropping lines and greedy column rerouting would leave of any
  /// wafer, as shares of the grid; they say nothing about a program.
  double droppedMean = 0, reroutedMean = 0;
  double secondsMean = 0, secondsMax = 0;
  /// The reason of the first wafer that was refused.
  std::string firstReason;
};

struct YieldTable {
  double cyclesPerToken = 0;
  bool isSimulated = false;
  std::vector<YieldPoint> points;

  std::string toJson() const;
  std::string toSvg(const std::string &title) const;
};

/// `progress` is called from the calling thread now and then.
Result<YieldTable> measureYield(
    const Image &image, const Machine &machine, const YieldOptions &options,
    const std::function<void(uint64_t done, uint64_t total)> &progress);

/// Cycles of a token in the steady state, in a run without values.
Result<double> simulateToken(const Image &image, const Machine &machine,
                             const ParameterSet &costs);

} // namespace wafer

#endif // WAFER_LIB_DRIVER_YIELD_H
