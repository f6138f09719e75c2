// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Partition/DecodePlan.h"

#include "wafer/Image/TokenCommand.h"

#include <algorithm>

using namespace wafer;

double DecodePlan::crossingCycles(double seconds) const {
  return wafers() > 1 ? double(wafers()) * seconds * problem.machine->clockHz
                      : 0;
}

int64_t DecodePlan::cyclesPerToken() const {
  int64_t latencies =
      wafers() > 1 ? wafers() * int64_t(problem.machine->crossingCycles()) : 0;
  return plan.chosen.cyclesPerToken - latencies;
}

/// Wafers that hold the weights and the cache if nothing else takes SRAM.
static int64_t leastWafers(const PartitionProblem &p) {
  double perLayer =
      double(p.dim) * double(p.headDim) * double(2 * p.heads + 2 * p.kvHeads) +
      3.0 * double(p.dim) * double(p.ffn) +
      2.0 * double(p.context * p.requests) * double(p.kvHeads * p.headDim);
  double elements =
      double(p.layers) * perLayer + 2.0 * double(p.vocab) * double(p.dim);
  double wafer =
      double(p.machine->usable.area()) * double(p.machine->programBytes());
  return 1 + int64_t(elements * double(p.weightBytes) / wafer);
}

Result<DecodePlan> wafer::planDecode(PartitionProblem problem) {
  const int64_t most =
      std::min<int64_t>({Machine::kMostWafers, problem.layers,
                         problem.stages.value_or(problem.layers)});
  problem.wafers =
      std::clamp<int64_t>(leastWafers(problem), 1, std::max<int64_t>(1, most));
  for (;; ++problem.wafers) {
    Result<PartitionPlan> plan = partition(problem);
    if (plan && !plan->overflow) {
      return DecodePlan{problem, std::move(*plan)};
    }
    if (problem.wafers >= most) {
      return plan ? Result<DecodePlan>(DecodePlan{problem, std::move(*plan)})
                  : Result<DecodePlan>(plan.takeError());
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
    if (best && plan->wafers() > best->wafers()) {
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
