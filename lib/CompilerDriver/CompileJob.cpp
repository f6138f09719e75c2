// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CompileJob.h"

#include "wafer/Certify/Certify.h"
#include "wafer/Image/Seal.h"
#include "wafer/Partition/Partition.h"
#include "wafer/WGraph/WGraph.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Pass/PassManager.h"

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace wafer;

/// The JSON that `wsec run` needs of the model.
static std::string describeModel(const std::string &name,
                                 const ModelConfig &config,
                                 mlir::ModuleOp module, const Image &image) {
  auto number = [&](const char *attribute, int64_t otherwise) {
    auto found = module->getAttrOfType<mlir::IntegerAttr>(attribute);
    return found ? found.getInt() : otherwise;
  };
  int64_t context = number("wafer.context", 0);
  // All layer stages have the same rows.
  int32_t rows = 1;
  for (const StageInfo &stage : image.stages) {
    rows = stage.numLayers > 0 ? stage.rect.h : rows;
  }
  nlohmann::json json;
  json["name"] = name;
  json["family"] = config.family;
  json["vocab"] = config.vocab;
  json["context"] = context;
  json["layers"] = config.layers;
  json["dim"] = config.dim;
  json["protocol"] = "tokens-v2";
  json["in_flight"] = number("wafer.in_flight", 1);
  if (int64_t tokens = number("wafer.tokens_per_pass", 1); tokens > 1) {
    json["tokens_per_pass"] = tokens;
  }
  json["positions"] = {{"rows", rows}, {"low", ropeLowSize(context)}};
  if (config.bos) {
    json["bos"] = *config.bos;
  }
  json["eos"] = config.eos;
  return json.dump();
}

/// What only the compiler knows of the image.
static std::string describeCompile(mlir::ModuleOp module,
                                   const CompileRequest &request) {
  nlohmann::json json;
  json["weights_type"] = request.pipeline.weightsType;
  json["accumulate"] = request.pipeline.weightsType == "f32"
                           ? "f32"
                           : request.pipeline.accumulate;
  if (auto cycles = module->getAttrOfType<mlir::IntegerAttr>(
          "wafer.predicted_cycles_per_token")) {
    json["predicted_cycles_per_token"] = cycles.getInt();
  }
  if (auto cycles =
          module->getAttrOfType<mlir::IntegerAttr>("wafer.crossing_cycles")) {
    json["predicted_crossing_cycles"] = cycles.getInt();
  }
  if (auto words =
          module->getAttrOfType<mlir::IntegerAttr>("wafer.crossing_words")) {
    json["crossing_words"] = words.getInt();
  }
  return json.dump();
}

std::unique_ptr<CompiledModule> wafer::compileTo(Phase last,
                                                 const CompileRequest &request,
                                                 CompilerSession &session,
                                                 CommandContext &context) {
  Result<Model> model = loadModel(request.model, request.load);
  if (!model) {
    context.fail(model.error());
    return nullptr;
  }
  auto compiled = std::make_unique<CompiledModule>();
  compiled->model = std::move(*model);
  ImportOptions import;
  // Small models say what they were trained with, not what they can do; the
  // cache of a very long context would crowd out the weights.
  constexpr uint32_t kLeastContext = 512, kMostContext = 4096;
  import.context = request.pipeline.context
                       ? uint32_t(request.pipeline.context)
                       : std::clamp(compiled->model.config.context,
                                    kLeastContext, kMostContext);
  PipelineOptions pipeline = request.pipeline;
  pipeline.context = import.context;
  pipeline.allowOverflow = last < Phase::Allocate;
  compiled->module = importModel(compiled->model, &session.context(), import);
  if (!compiled->module) {
    return nullptr;
  }
  // The graph as it was imported: what --check compares with shares nothing
  // with the phases behind it. Without weights there is nothing to compute.
  if (last == Phase::Emit && request.weights) {
    Result<std::string> bytes = serializeGraph(*compiled->module);
    if (!bytes) {
      context.fail(bytes.error());
      return nullptr;
    }
    compiled->graph = std::move(*bytes);
  }
  mlir::PassManager manager(&session.context());
  buildCompilePipeline(manager, pipeline, last);
  if (failed(manager.run(*compiled->module))) {
    return nullptr;
  }
  return compiled;
}

std::unique_ptr<CompiledImage>
wafer::compilePerfect(const CompileRequest &request, CompilerSession &session,
                      CommandContext &context) {
  std::unique_ptr<CompiledModule> source =
      compileTo(Phase::Emit, request, session, context);
  if (!source) {
    return nullptr;
  }
  Result<Machine> machine = Machine::load(request.pipeline.machine);
  if (!machine) {
    context.fail(machine.error());
    return nullptr;
  }
  if (auto wafers =
          (*source->module)->getAttrOfType<mlir::IntegerAttr>("wafer.wafers")) {
    machine->wafers = int32_t(wafers.getInt());
  }
  auto compiled = std::make_unique<CompiledImage>();
  compiled->source = std::move(*source);
  compiled->machine = std::move(*machine);
  compiled->reserve = request.pipeline.reserveColumns;
  mlir::ModuleOp module = *compiled->source.module;
  EmitOptions options;
  options.weights = request.weights;
  llvm::FailureOr<EmittedImage> emitted =
      emitImage(module, compiled->machine, options);
  if (failed(emitted)) {
    return nullptr;
  }
  compiled->emitted = std::move(*emitted);
  const Model &model = compiled->source.model;
  Image &image = compiled->emitted.image;
  image.model =
      addStateViews(describeModel(model.name, model.config, module, image),
                    compiled->emitted.states);
  if (Status certified =
          certifyProgram(image, compiled->machine, {"next_token"});
      !certified) {
    context.fail(certified.error());
    return nullptr;
  }
  image.seal->program = programDigest(image);
  if (model.tokenizer) {
    image.tokenizer = model.tokenizer->toJson();
  }
  image.report = describeCompile(module, request);
  image.graph = std::move(compiled->source.graph);
  return compiled;
}

Result<LoadedImage> wafer::compileForYield(const std::string &model,
                                           const std::string &machine,
                                           CommandContext &context) {
  CompileRequest request;
  request.model = model;
  if (!machine.empty()) {
    request.pipeline.machine = machine;
  }
  request.load.weights = false;
  request.weights = false;
  CompilerSession session(context);
  std::unique_ptr<CompiledImage> compiled =
      compileImage(request, session, context);
  if (!compiled) {
    return Diagnostic{"the model could not be compiled", model, "", "", ""};
  }
  return LoadedImage{std::move(compiled->emitted.image), compiled->machine};
}
