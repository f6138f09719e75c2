// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ChooseGroups.cpp - Which levels a reduction should have
//-----------------//
//
// A level costs some instructions, a vector start, its words, and for each
// member of its longest chain the hops to the next one and 1 + 2 ramps. Levels
// follow each other, because a collector sends only after it has added all of
// its group. That is the model of Luczynski et al., "Near-Optimal Wafer-Scale
// Reduce" (HPDC 2024), with the costs of the machine file instead of the
// constants there.
//
//===----------------------------------------------------------------------===//
#include "ChainPlan.h"
#include "ProgramText.h"

#include <algorithm>
#include <cmath>

using namespace wafer;
using namespace wafer::bench;

uint32_t wafer::rootOf(const ReduceShape &shape) {
  return planChains(shape.cores, shape.levels(), collectorsOf(shape)).root;
}

uint64_t wafer::predictReduce(const Machine &machine, const ParameterSet &costs,
                              const ReduceShape &shape) {
  // Instructions of the program before its first level and in each.
  uint64_t total =
      costs.taskStart + costs.alu + 2 * costs.dsrLoad + 2 * costs.load;
  uint64_t between = 2 * costs.branch + 2 * costs.dsrLoad + costs.alu;
  uint64_t collectors = shape.cores, stride = 1;
  for (uint32_t group : shape.levels()) {
    uint64_t members = std::min<uint64_t>(group, collectors);
    // The longer side of the collector; its two sides are added one by one.
    uint64_t links = shape.everywhere ? members / 2 : members - 1;
    uint64_t sides = shape.everywhere && members > 2 ? 2 : 1;
    if (links) {
      total +=
          between + sides * (costs.vectorStart + shape.words) +
          links * (stride * machine.hopCycles + 2 * machine.rampCycles + 1);
    }
    collectors = (collectors + group - 1) / group;
    stride *= group;
  }
  return total;
}

namespace {

class GroupSearch {
public:
  GroupSearch(const Machine &machine, const ParameterSet &costs,
              const ReduceShape &shape)
      : machine(machine), costs(costs), shape(shape) {}

  void consider(std::vector<uint32_t> groups) {
    shape.groups = std::move(groups);
    uint64_t cycles = predictReduce(machine, costs, shape);
    if (cycles < bestCycles && fits()) {
      bestCycles = cycles;
      best = shape.groups;
    }
  }

  std::vector<uint32_t> best;

private:
  bool fits() const {
    ChainPlan plan = planChains(shape.cores, shape.groups, collectorsOf(shape));
    unsigned sums = shape.everywhere ? 1 : 0;
    return bool(requireResources(machine, "reduce", plan.colors() + sums,
                                 plan.mostAdds() + 1 + sums, 1, shape.cores));
  }

  const Machine &machine;
  const ParameterSet &costs;
  ReduceShape shape;
  uint64_t bestCycles = ~uint64_t(0);
};

} // namespace

std::vector<uint32_t> wafer::chooseGroups(const Machine &machine,
                                          const ParameterSet &costs,
                                          const ReduceShape &shape,
                                          unsigned minLevels,
                                          unsigned maxLevels) {
  GroupSearch search(machine, costs, shape);
  uint32_t cores = shape.cores;
  auto upwards = [](uint32_t a, uint32_t b) { return (a + b - 1) / b; };
  if (minLevels <= 1) {
    search.consider({cores});
  }
  if (minLevels <= 2 && maxLevels >= 2) {
    for (uint32_t group = 2; group < cores; ++group) {
      search.consider({group, upwards(cores, group)});
    }
  }
  for (unsigned levels = std::max(3u, minLevels); levels <= maxLevels;
       ++levels) {
    auto group = uint32_t(std::ceil(std::pow(double(cores), 1.0 / levels)));
    for (uint32_t g = std::max(2u, group); g <= group + 1; ++g) {
      std::vector<uint32_t> groups;
      uint32_t left = cores;
      while (groups.size() + 1 < levels && left > 1) {
        groups.push_back(g);
        left = upwards(left, g);
      }
      groups.push_back(std::max(1u, left));
      if (groups.size() == levels) {
        search.consider(groups);
      }
    }
  }
  return search.best;
}
