// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Collectives/CollectiveProblem.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;

const char *wafer::nameOf(CollectiveKind kind) {
  static constexpr const char *kNames[] = {"broadcast", "reduce", "all-reduce"};
  return kNames[unsigned(kind)];
}

CollectiveResources CollectivePlan::resources() const {
  CollectiveResources r;
  uint32_t share = shares() ? 1 : 0;
  r.colors = tree.numColors() + share;
  r.switchedColors = reduces() ? tree.numSwitched() : 0;
  r.inputQueues = (reduces() ? tree.numInputs() : 0) + share;
  r.outputQueues = 1;
  return r;
}

namespace {

struct Supply {
  uint32_t colors = 0, switchable = 0, inputs = 0, outputs = 0;

  explicit Supply(const Machine &machine)
      : inputs(machine.inputQueues.numUsable()),
        outputs(machine.outputQueues.numUsable()) {
    for (uint32_t c = 0; c < machine.colors && c < 32; ++c) {
      bool free = !((machine.reservedColors >> c) & 1u);
      colors += free;
      switchable += free && ((machine.switchableColors >> c) & 1u);
    }
  }
};

} // namespace

static Status tooFew(const char *what, uint32_t need, uint32_t have,
                     const Machine &machine) {
  return Diagnostic{fmt::format("the machine has too few {}", what),
                    fmt::format("a collective on '{}'", machine.name),
                    fmt::format("{}", need), fmt::format("{}", have), ""};
}

Status CollectiveProblem::check(const Machine &machine) const {
  uint32_t most = std::min(
      kMostCores, uint32_t(std::max(machine.width(), machine.height())));
  if (cores < 2 || cores > most || words < 1 || words > 65535 ||
      treeColors > 32) {
    return Diagnostic{
        "bad shape of a collective", "",
        fmt::format("2 to {} cores, 1 to 65535 words, at most 32 colors", most),
        fmt::format("{} cores, {} words, {} colors", cores, words, treeColors),
        ""};
  }
  Supply supply(machine);
  uint32_t inputs = kind == CollectiveKind::AllReduce ? 2 : 1;
  if (supply.inputs < inputs) {
    return tooFew("input queues", inputs, supply.inputs, machine);
  }
  if (supply.outputs < 1) {
    return tooFew("output queues", 1, supply.outputs, machine);
  }
  uint32_t colors = kind == CollectiveKind::AllReduce ? 2 : 1;
  if (supply.colors < colors) {
    return tooFew("colors", colors, supply.colors, machine);
  }
  return Status::success();
}

/// The words that a core takes in one instruction fit a descriptor.
static bool fitsDescriptors(const LineTree &tree, uint32_t words) {
  for (uint32_t x = 0; x < tree.size(); ++x) {
    for (bool west : {true, false}) {
      if (tree.childrenOn(x, west).size() * uint64_t(words) > 65535) {
        return false;
      }
    }
  }
  return true;
}

uint64_t CollectiveProblem::predict(const CollectivePlan &plan,
                                    const LineCosts &costs) const {
  uint64_t done = plan.reduces()
                      ? predictTree(plan.tree, words, costs, plan.shares())
                      : costs.leafEntry - 1;
  if (!plan.shares()) {
    return done + 1;
  }
  // The root issues its send in the cycle behind the last sum.
  uint32_t root = plan.tree.root;
  uint64_t sent = done + 1 + costs.vectorStart + costs.span(words);
  return sent + costs.latency(std::max(root, cores - 1 - root)) + 1;
}

Status CollectiveProblem::verify(const CollectivePlan &plan,
                                 const Machine &machine) const {
  if (plan.kind != kind || plan.tree.size() != cores) {
    return Diagnostic{
        "the plan is for another problem", "",
        fmt::format("{} of {} cores", nameOf(kind), cores),
        fmt::format("{} of {} cores", nameOf(plan.kind), plan.tree.size()), ""};
  }
  if (plan.reduces()) {
    if (Status tree = plan.tree.verify(); !tree) {
      return tree;
    }
  }
  if (kind != CollectiveKind::AllReduce && plan.tree.root != 0) {
    return Diagnostic{"the root is not at the end of the line", "", "core 0",
                      fmt::format("core {}", plan.tree.root), ""};
  }
  if (!fitsDescriptors(plan.tree, words)) {
    return Diagnostic{"a core takes more words than a descriptor can count", "",
                      "65535", "", "a tree with more levels"};
  }
  Supply supply(machine);
  CollectiveResources need = plan.resources();
  if (need.colors > supply.colors) {
    return tooFew("colors", need.colors, supply.colors, machine);
  }
  if (need.switchedColors > supply.switchable) {
    return tooFew("colors that switch", need.switchedColors, supply.switchable,
                  machine);
  }
  if (need.inputQueues > supply.inputs) {
    return tooFew("input queues", need.inputQueues, supply.inputs, machine);
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// solve
//===----------------------------------------------------------------------===//

static CollectivePlan broadcastPlan(uint32_t cores) {
  CollectivePlan plan;
  plan.kind = CollectiveKind::Broadcast;
  plan.tree.cores.resize(cores);
  return plan;
}

namespace {

/// Tries roots and numbers of colors.
class PlanSearch {
public:
  PlanSearch(const CollectiveProblem &problem, const Machine &machine,
             const LineCosts &costs, uint32_t limit)
      : problem(problem), machine(machine), costs(costs), limit(limit),
        search(problem.cores, problem.words, limit, costs) {}

  /// Every root and number of colors. The root of an all-reduce lies between
  /// the west end and the middle: what lies east of that is a mirror image.
  void tryAll() {
    for (uint32_t root = 0; root <= lastRoot(); ++root) {
      // Where no color switches, nothing else is left.
      judge(chainPlan(root));
    }
    for (uint32_t colors = 1; colors <= limit; ++colors) {
      for (uint32_t root = 0; root <= lastRoot(); ++root) {
        consider(root, colors, false);
      }
    }
  }

  /// Roots near the best one and near the middle, with the east side solved
  /// for the cycle in which the root comes to it.
  void refine() {
    constexpr uint32_t kNear = 4;
    std::vector<uint32_t> roots;
    uint32_t found = best ? best->tree.root : 0;
    for (uint32_t root = 1; root <= lastRoot(); ++root) {
      if (root + kNear >= lastRoot() ||
          (root + kNear >= found && root <= found + kNear)) {
        roots.push_back(root);
      }
    }
    for (uint32_t colors = 1; colors <= limit; ++colors) {
      for (uint32_t root : roots) {
        consider(root, colors, true);
      }
    }
  }

  std::optional<CollectivePlan> best;

private:
  uint32_t lastRoot() const {
    return problem.kind == CollectiveKind::AllReduce ? problem.cores / 2 : 0;
  }

  void consider(uint32_t root, uint32_t colors, bool late) {
    uint32_t east = problem.cores - 1 - root;
    CollectivePlan plan;
    plan.kind = problem.kind;
    std::optional<uint64_t> longer = search.collected(east + 1, colors);
    uint64_t back = plan.shares() ? costs.latency(east) : 0;
    if (!longer || !search.collected(root + 1, colors) ||
        *longer + back > bestCycles) {
      return;
    }
    plan.tree = search.tree(root, east, colors, late);
    judge(std::move(plan));
  }

  void judge(CollectivePlan plan) {
    uint64_t cycles = problem.predict(plan, costs);
    if (cycles < bestCycles && plan.tree.assignColors(limit) &&
        problem.verify(plan, machine)) {
      bestCycles = cycles;
      best = std::move(plan);
    }
  }

  CollectivePlan chainPlan(uint32_t root) const {
    CollectivePlan plan;
    plan.kind = problem.kind;
    plan.tree = LineTree::chains(root, problem.cores - 1 - root);
    return plan;
  }

  const CollectiveProblem &problem;
  const Machine &machine;
  LineCosts costs;
  uint32_t limit;
  LineSearch search;
  uint64_t bestCycles = ~uint64_t(0);
};

} // namespace

Result<CollectivePlan> CollectiveProblem::solve(const Machine &machine,
                                                const ParameterSet &set) const {
  if (Status status = check(machine); !status) {
    return status.takeError();
  }
  if (kind == CollectiveKind::Broadcast) {
    return broadcastPlan(cores);
  }
  Supply supply(machine);
  uint32_t limit = supply.colors - (kind == CollectiveKind::AllReduce ? 1 : 0);
  limit = std::min(limit, treeColors ? treeColors : kMostColors);
  PlanSearch search(*this, machine, LineCosts::of(machine, set), limit);
  search.tryAll();
  search.refine();
  if (!search.best) {
    return Diagnostic{"no tree fits the colors",
                      fmt::format("{} over {} cores of '{}'", nameOf(kind),
                                  cores, machine.name),
                      "", fmt::format("{} colors", limit), ""};
  }
  return std::move(*search.best);
}
