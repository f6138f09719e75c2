// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- OnWafer.h - A model on one wafer with defects ------------*- C++ -*-===//
//
// What defects cost: the whole model is fitted to the wafer, and its stages are
// simulated together, under the map that it gets, and on a perfect wafer.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_COMPILERDRIVER_ONWAFER_H
#define WAFER_LIB_COMPILERDRIVER_ONWAFER_H

#include "DecodeRun.h"

namespace wafer {

/// A token of the whole model on one wafer with defects, and on a perfect one.
struct DecodeOnWafer {
  int64_t stages = 0;
  int32_t stageWidth = 0, stageHeight = 0;
  /// By the cost model, with the map's estimate.
  uint64_t predicted = 0, perfectPredicted = 0;
  /// JSON: what the map does (the report of `wsec compile`).
  std::string fit;
  /// Simulated; 0 where that was not asked for.
  double layerCycles = 0;
  double cycles = 0;
  double perfectCycles = 0;
};
/// `whole`: all layers are simulated. An error without a text has been printed.
Result<DecodeOnWafer> decodeOnWafer(const DecodeRunOptions &options,
                                    const std::string &defects, bool simulate,
                                    bool whole, CommandContext &context);

} // namespace wafer

#endif // WAFER_LIB_COMPILERDRIVER_ONWAFER_H
