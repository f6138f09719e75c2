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

Result<std::unique_ptr<CompiledImage>>
wafer::compilePart(const DecodeRunOptions &options, const ModelPlan &plan,
                   int64_t layers, int64_t requests, CompilerSession &session,
                   CommandContext &context) {
  CompileRequest request = decodeRequest(options);
  request.pipeline.params = plan.set->name;
  request.pipeline.stages = 1;
  request.pipeline.width = plan.chosen().width;
  request.pipeline.height = plan.chosen().height;
  request.pipeline.inFlight = requests;
  return compileLayers(options, request, layers, session, context);
}

Result<uint64_t> wafer::timeNextToken(const DecodeRunOptions &options,
                                      const CompiledImage &compiled,
                                      uint64_t position) {
  // The second pass comes to the stage when that still works on the first one.
  Result<TokenRun> one = timeRequests(options, compiled, {{{0}, 1, position}});
  if (!one) {
    return one.takeError();
  }
  Result<TokenRun> two =
      timeRequests(options, compiled, {{{0, 0}, 1, position}});
  if (!two) {
    return two.takeError();
  }
  return two->lastArrival() - one->lastArrival();
}

Result<uint64_t> wafer::timeNextSample(const DecodeRunOptions &options,
                                       const CompiledImage &compiled) {
  uint64_t last = options.context - 1;
  Result<TokenRun> run =
      timeRequests(options, compiled, {{{0}, 1, last}, {{0}, 1, last}});
  if (!run) {
    return run.takeError();
  }
  return run->requests[1].arrivals.front() - run->requests[0].arrivals.front();
}
