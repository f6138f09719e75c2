// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DecodePlan.h - A model on as many wafers as it needs -----*- C++ -*-===//
//
// The search of Partition.h for the fewest wafers on which a model fits. A
// token crosses from one wafer to the next, and its id from the last one back
// to the first.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PARTITION_DECODEPLAN_H
#define WAFER_PARTITION_DECODEPLAN_H

#include "wafer/Partition/Partition.h"

#include <algorithm>

namespace wafer {

struct DecodePlan {
  /// The whole model; its field `wafers` is the number that was found.
  PartitionProblem problem;
  PartitionPlan plan;

  int64_t wafers() const { return problem.wafers; }
  int64_t layers() const { return problem.layers; }
  int64_t cyclesPerLayer() const { return plan.chosen.cyclesPerLayer; }
  /// Predicted, of a token, without the latencies of crossings.
  int64_t cyclesPerToken() const;
  /// Of these, those that are not layers.
  int64_t otherCycles() const {
    return cyclesPerToken() - layers() * cyclesPerLayer();
  }
  /// Predicted, from one token of any request in flight to the next, where a
  /// token takes `tokenCycles` and its slowest stage `stageCycles`.
  double cyclesBetweenTokens(double tokenCycles, double stageCycles) const {
    return std::max(stageCycles, tokenCycles / double(problem.requests));
  }
  /// Cycles that crossings of `seconds` add.
  double crossingCycles(double seconds) const;
};

/// The fewest wafers, at most one a layer and Machine::kMostWafers, on which
/// `problem` fits; its field `wafers` is not looked at. Begins with as many as
/// hold weights and cache alone. Fails with the reason of the last try.
Result<DecodePlan> planDecode(PartitionProblem problem);

/// The number of requests in flight that gives the most tokens in a cycle, and
/// its plan: all numbers from one up to that of layers and two are tried.
Result<DecodePlan> planInFlight(PartitionProblem problem);

} // namespace wafer

#endif // WAFER_PARTITION_DECODEPLAN_H
