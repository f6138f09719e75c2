// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Partition/DecodePlan.h"

using namespace wafer;

double DecodePlan::crossingCycles(double seconds) const {
  return wafers > 1 ? double(wafers) * seconds * problem.machine->clockHz : 0;
}

Result<DecodePlan> wafer::planDecode(PartitionProblem problem) {
  constexpr int64_t kMostWafers = 64;
  DecodePlan result;
  result.layers = problem.layers;
  for (result.wafers = 1;; ++result.wafers) {
    problem.layers = (result.layers + result.wafers - 1) / result.wafers;
    Result<PartitionPlan> plan = partition(problem);
    if (plan) {
      result.problem = problem;
      result.plan = std::move(*plan);
      return result;
    }
    if (problem.layers <= 1 || result.wafers == kMostWafers) {
      return plan.takeError();
    }
  }
}
