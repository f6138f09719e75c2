// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Partition/DecodePlan.h"

#include "wafer/Image/TokenCommand.h"

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

Result<DecodePlan> wafer::planInFlight(PartitionProblem problem) {
  problem.objective = Objective::Throughput;
  std::optional<DecodePlan> best;
  double least = 0;
  int64_t most = mostInFlight(unsigned(problem.layers));
  for (problem.requests = 1; problem.requests <= most; ++problem.requests) {
    Result<DecodePlan> plan = planDecode(problem);
    if (!plan) {
      // More caches only need more room.
      return best ? Result<DecodePlan>(std::move(*best)) : plan.takeError();
    }
    if (best && plan->wafers > best->wafers) {
      break;
    }
    double cycles =
        plan->cyclesBetweenTokens(double(plan->cyclesPerToken()),
                                  double(plan->plan.chosen.slowestStageCycles));
    if (!best || cycles < least) {
      least = cycles;
      best = std::move(*plan);
    }
  }
  return std::move(*best);
}
