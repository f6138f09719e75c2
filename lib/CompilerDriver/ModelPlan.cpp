// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ModelPlan.h"

using namespace wafer;

Status ModelPlan::make(const DecodeRunOptions &options,
                       std::optional<int64_t> requests, Objective objective) {
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
  problem.objective = objective;
  Result<DecodePlan> found =
      requests ? planDecode(problem) : planInFlight(problem);
  if (!found) {
    return found.takeError();
  }
  plan = std::move(*found);
  return Status::success();
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
