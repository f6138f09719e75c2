// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Bench/PublishedTables.h"

#include "wafer/Bench/Gemv.h"
#include "wafer/Bench/PublishedGemv.h"
#include "wafer/Bench/WaferLlm.h"
#include "wafer/Collectives/CollectiveProblem.h"
#include "wafer/Collectives/LineFormulas.h"
#include "wafer/Partition/DecodePlan.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;

//===----------------------------------------------------------------------===//
// Decode
//===----------------------------------------------------------------------===//

namespace {

/// What a WaferLlmCell does not say, from the models' public configurations.
struct Heads {
  const char *model;
  uint32_t heads, kvHeads, headDim, vocab;
};
constexpr Heads kHeads[] = {{"llama-3.1-8b", 32, 8, 128, 128256},
                            {"llama-2-13b", 40, 40, 128, 32000},
                            {"codellama-34b", 64, 8, 128, 32000},
                            {"qwen2-72b", 64, 8, 128, 152064}};

constexpr uint32_t kContext = 4096;

} // namespace

static Result<DecodePlan> planModel(const WaferLlmCell &cell,
                                    const Machine &machine,
                                    const ParameterSet &set) {
  const Heads *heads =
      std::find_if(std::begin(kHeads), std::end(kHeads), [&](const Heads &h) {
        return h.model == std::string(cell.model);
      });
  PartitionProblem problem;
  problem.layers = cell.layers;
  problem.dim = cell.dim;
  problem.ffn = cell.ffn;
  problem.heads = heads->heads;
  problem.kvHeads = heads->kvHeads;
  problem.headDim = heads->headDim;
  problem.vocab = heads->vocab;
  problem.context = kContext;
  problem.machine = &machine;
  problem.parameterSet = set.name;
  return planDecode(problem);
}

/// The published grid with the highest rate, by model.
static std::vector<WaferLlmCell> bestCells() {
  std::vector<WaferLlmCell> best;
  for (const WaferLlmCell &cell : waferLlmCells()) {
    if (best.empty() || std::string(best.back().model) != cell.model) {
      best.push_back(cell);
    } else if (cell.tokensPerSecond > best.back().tokensPerSecond) {
      best.back() = cell;
    }
  }
  return best;
}

static PublishedTable decodeTable(const Machine &machine, bool wholeToken) {
  PublishedTable table;
  table.name = wholeToken ? "decode-token" : "decode-layer";
  table.title = wholeToken ? "Cycles of a token, context 4,096"
                           : "Cycles of a layer, context 4,096";
  table.source = "WaferLLM (He et al., OSDI 2025), table 4, WSE-2, the best of "
                 "its three grids; 1.1 GHz";
  table.note =
      wholeToken
          ? "Published: layers only. Ours: from one sampled id to the next, "
            "with embedding, head and the way back, on as many wafers as the "
            "weights and the cache need, crossings at 11 us."
          : "Published: the rate divided by the layers. Ours: the rectangles "
            "that the search chooses for the whole model.";
  for (const WaferLlmCell &cell : bestCells()) {
    PublishedRow row;
    row.name = cell.model;
    row.published = cell.cyclesPerLayer() * (wholeToken ? cell.layers : 1);
    row.how = fmt::format("{0} x {0} cores", cell.side);
    for (const ParameterSet &set : machine.parameterSets) {
      Result<DecodePlan> plan = planModel(cell, machine, set);
      if (!plan) {
        row.ours.push_back(std::nullopt);
        continue;
      }
      row.ours.push_back(
          wholeToken ? double(plan->cyclesPerToken()) +
                           plan->crossingCycles(machine.networkLatencySeconds)
                     : double(plan->cyclesPerLayer()));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

//===----------------------------------------------------------------------===//
// Products and collectives
//===----------------------------------------------------------------------===//

static PublishedTable gemvTable(const Machine &machine) {
  PublishedTable table;
  table.name = "gemv";
  table.title = "Cycles of a square matrix-vector product, binary16";
  table.source = "WaferLLM (He et al., OSDI 2025), table 6, WSE-2; 1.1 GHz";
  table.note = "The published rectangle is not known. Ours: the rectangle with "
               "the lowest prediction.";
  for (const PublishedGemv &cell : publishedGemv()) {
    PublishedRow row;
    row.name = fmt::format("{0} x {0}", cell.side);
    row.published = cell.cycles;
    for (const ParameterSet &set : machine.parameterSets) {
      Result<GemvPlan> plan = searchGemv(machine, set, cell.side, cell.side);
      row.ours.push_back(plan ? std::optional<double>(double(plan->predicted))
                              : std::nullopt);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

static PublishedCycles formulaOf(CollectiveKind kind, uint32_t cores,
                                 double words, double ramp) {
  switch (kind) {
  case CollectiveKind::Broadcast:
    return publishedBroadcast(cores, words, ramp);
  case CollectiveKind::Reduce:
    return publishedReduce(cores, words, ramp);
  case CollectiveKind::AllReduce:
    break;
  }
  return publishedAllReduce(cores, words, ramp);
}

static PublishedTable collectivesTable(const Machine &machine) {
  PublishedTable table;
  table.name = "collectives";
  table.title = "Cycles of collectives on a line";
  table.source = "Luczynski et al., \"Near-Optimal Wafer-Scale Reduce\" (HPDC "
                 "2024): the best of its formulas";
  table.note = "The formulas have no start of a task or an instruction in "
               "them; ours have.";
  for (CollectiveKind kind : {CollectiveKind::Broadcast, CollectiveKind::Reduce,
                              CollectiveKind::AllReduce}) {
    for (uint32_t cores : {64u, 512u}) {
      for (uint32_t words : {1u, 16u, 256u, 4096u}) {
        PublishedRow row;
        row.name = fmt::format("{}, {} cores x {}", nameOf(kind), cores, words);
        const ParameterSet &first = machine.parameterSets.front();
        PublishedCycles published = formulaOf(
            kind, cores, double(words) * first.sendCycles / first.sendWords,
            machine.rampCycles);
        row.published = published.cycles;
        row.how = published.algorithm;
        for (const ParameterSet &set : machine.parameterSets) {
          CollectiveProblem problem{kind, cores, words, 0};
          auto plan = problem.solve(machine, set);
          row.ours.push_back(plan
                                 ? std::optional<double>(double(problem.predict(
                                       *plan, LineCosts::of(machine, set))))
                                 : std::nullopt);
        }
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

//===----------------------------------------------------------------------===//
// All of them
//===----------------------------------------------------------------------===//

const std::vector<std::string> &wafer::publishedTableNames() {
  static const std::vector<std::string> kNames = {
      "decode-token", "decode-layer", "gemv", "collectives"};
  return kNames;
}

Result<PublishedTable> wafer::makePublishedTable(const std::string &name,
                                                 const Machine &machine) {
  if (name == "decode-token" || name == "decode-layer") {
    return decodeTable(machine, name == "decode-token");
  }
  if (name == "gemv") {
    return gemvTable(machine);
  }
  if (name == "collectives") {
    return collectivesTable(machine);
  }
  std::string known;
  for (const std::string &table : publishedTableNames()) {
    known += (known.empty() ? "" : ", ") + table;
  }
  return Diagnostic{"no such table", "", known, "'" + name + "'", ""};
}
