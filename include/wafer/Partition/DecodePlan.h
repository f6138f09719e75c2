// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DecodePlan.h - A model on as many wafers as it needs -----*- C++ -*-===//
//
// Wafers share the layers of a model evenly, and each is planned by the search
// of Partition.h as if it had an embedding and a head. A token crosses from one
// wafer to the next, and from the last one back to the first.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PARTITION_DECODEPLAN_H
#define WAFER_PARTITION_DECODEPLAN_H

#include "wafer/Partition/Partition.h"

#include <algorithm>

namespace wafer {

/// Seconds from one wafer to another by the round trip of the network alone
/// (RDMA, measured by EPCC on two CS-3); the machine file's own value has the
/// host's software in it.
inline constexpr double kFastCrossingSeconds = 11e-6;

struct DecodePlan {
  /// The share of one wafer, and its plan.
  PartitionProblem problem;
  PartitionPlan plan;
  int64_t wafers = 1;
  /// Of the whole model.
  int64_t layers = 0;

  int64_t cyclesPerLayer() const { return plan.chosen.cyclesPerLayer; }
  /// Predicted, of a token, on one wafer, that are not layers.
  int64_t otherCycles() const {
    return plan.chosen.cyclesPerToken - problem.layers * cyclesPerLayer();
  }
  /// Predicted, of a token, without crossings.
  int64_t cyclesPerToken() const {
    return layers * cyclesPerLayer() + wafers * otherCycles();
  }
  /// Predicted, from one token of any request in flight to the next, where a
  /// token takes `tokenCycles` and its slowest stage `stageCycles`.
  double cyclesBetweenTokens(double tokenCycles, double stageCycles) const {
    return std::max(stageCycles, tokenCycles / double(problem.requests));
  }
  /// Cycles that crossings of `seconds` add.
  double crossingCycles(double seconds) const;
};

/// The fewest wafers, up to 64, on which `problem` fits; its field `layers` is
/// that of the whole model. Fails with the reason of the last try.
Result<DecodePlan> planDecode(PartitionProblem problem);

/// The number of requests in flight that gives the most tokens in a cycle, and
/// its plan: all numbers from one up to that of layers and two are tried.
Result<DecodePlan> planInFlight(PartitionProblem problem);

} // namespace wafer

#endif // WAFER_PARTITION_DECODEPLAN_H
