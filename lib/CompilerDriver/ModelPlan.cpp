// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ModelPlan.h"

#include "wafer/Support/OutputFile.h"

#include <fmt/format.h>

using namespace wafer;

Status ModelPlan::make(DecodeRunOptions &options,
                       std::optional<int64_t> requests) {
  Result<Machine> loaded = Machine::load(options.machine);
  if (!loaded) {
    return loaded.takeError();
  }
  machine = std::move(*loaded);
  Result<const ParameterSet *> chosenSet =
      machine.chooseParameters(options.params);
  if (!chosenSet) {
    return chosenSet.takeError();
  }
  set = *chosenSet;
  ModelLoadOptions load;
  load.weights = false;
  Result<Model> model = loadModel(options.model, load);
  if (!model) {
    return model.takeError();
  }
  const ModelConfig &config = model->config;
  PartitionProblem problem;
  problem.layers = config.layers;
  problem.dim = config.dim;
  problem.ffn = config.ffn;
  problem.heads = config.heads;
  problem.kvHeads = config.kvHeads;
  problem.headDim = config.headDim;
  problem.vocab = config.vocab;
  problem.qkNorm = config.qkNorm;
  problem.context = options.context;
  problem.machine = &machine;
  problem.parameterSet = set->name;
  problem.requests = requests.value_or(1);
  problem.tokens = options.tokensPerPass;
  problem.evenLayers = options.evenLayers;
  problem.sumBy(options.accumulate);
  problem.objective = options.objective == "latency" ? Objective::Latency
                                                     : Objective::Throughput;
  if (options.accumulate == "f16" && options.tokensPerPass > 1) {
    return Diagnostic{"--accumulate f16 with several tokens a pass", "",
                      "--accumulate mixed or f32, or one token a pass",
                      std::to_string(options.tokensPerPass), ""};
  }
  Result<DecodePlan> found =
      requests ? planDecode(problem) : planInFlight(problem);
  if (!found) {
    return found.takeError();
  }
  plan = std::move(*found);
  options.params = set->name;
  return options.keep.empty() ? Status::success() : makeFolder(options.keep);
}

int64_t ModelPlan::layersPerStage() const {
  return (plan.problem.layers + chosen().stages - 1) / chosen().stages;
}

int64_t ModelPlan::betweenStagesCycles() const {
  const PartitionCandidate &c = chosen();
  int64_t oneStage =
      2 * estimateHandOverCycles(plan.problem, c.width, c.height) +
      c.embedColumns + c.width + 50;
  return c.handOverCycles + c.crossingCycles - oneStage;
}

void ModelPlan::takeStagesOf(const CompiledImage &compiled) {
  LayerStages layers = layerStages(compiled.emitted.image);
  plan.plan.chosen.stages = layers.stages;
  plan.plan.chosen.width = layers.rect.w;
  plan.plan.chosen.height = layers.rect.h;
}

void ModelPlan::printHead(const DecodeRunOptions &options,
                          const std::string &load, const std::string &method,
                          CommandContext &context) const {
  const PartitionCandidate &c = chosen();
  context.print("{} on {} (parameters '{}'), {}\n", options.model, machine.name,
                set->name, load);
  context.print("  {} stage{} of {}x{} on {} wafer{}, {}\n", c.stages,
                c.stages == 1 ? "" : "s", c.width, c.height, plan.wafers(),
                plan.wafers() == 1 ? "" : "s", method);
}
