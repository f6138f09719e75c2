// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchDecodeCommand.cpp - wsec bench decode -------------------------===//
//
// Cycles of one token of a whole model, from sampled token to sampled token.
//
// A token goes through the layers of a stage one after the other, and all
// layers do the same work in the same cores. So two images of one stage, with
// one layer and with two, on the rectangle that the whole model gets, tell the
// cycles of a layer (their difference) and of all that is not a layer; the
// hand-overs between stages come from the cost model. `--whole` simulates the
// whole model instead.
//
//===----------------------------------------------------------------------===//
#include "CompileJob.h"

#include "wafer/Bench/Calibration.h"
#include "wafer/Bench/WaferLlm.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Partition/Partition.h"
#include "wafer/Sim/TokenRun.h"
#include "wafer/Support/File.h"
#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"
#include "wafer/Verify/Verify.h"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

using namespace wafer;
using nlohmann::json;

namespace {

/// Collectives of a layer with f16 weights: q k v, scores, weighted values, o,
/// gate and up, down.
constexpr int kCollectivesPerLayer = 6;
/// A crossing between wafers without the host's software: the network's round
/// trip alone (llm_on_wafer, section 9).
constexpr double kFastCrossing = 11e-6;
constexpr uint64_t kMostConfigBytes = 1 << 20;

struct Options {
  std::string model;
  std::string machine = "wse2";
  std::string params;
  std::string keep;
  std::string inFlight = "1";
  uint32_t context = 4096;
  uint32_t tokensPerPass = 1;
  unsigned threads = 1;
  bool predict = false;
  bool whole = false;
  bool asJson = false;
};

/// What is known of a model's decode step.
struct Decode {
  Machine machine;
  const ParameterSet *set = nullptr;
  PartitionProblem problem; // the share of one wafer
  PartitionPlan plan;
  int64_t wafers = 1;
  int64_t layers = 0; // of the whole model
  // Simulated (0: not).
  uint64_t layerCycles = 0;
  uint64_t otherCycles = 0; // of a token with one stage, without its layers
  uint64_t wholeCycles = 0;
  uint64_t rivalCycles = 0;
};

class BenchDecode {
public:
  BenchDecode(const Options &options, CommandContext &context)
      : options(options), context(context) {}

  ExitCode run();

private:
  Status plan();
  /// Cycles from one sampled token to the next at the end of the context.
  Result<uint64_t> simulate(int64_t layers, int64_t stages);
  Result<std::string> writeConfig(int64_t layers) const;
  Status keepFolder() const;
  Result<uint64_t> simulateRival() const;
  json report() const;
  void print(const json &object);

  const Options &options;
  CommandContext &context;
  Decode decode;
  std::string failure;
};

} // namespace

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

/// Searches the rectangles; as many wafers as it needs share the layers evenly.
Status BenchDecode::plan() {
  Result<Machine> machine = Machine::load(options.machine);
  if (!machine) {
    return machine.takeError();
  }
  decode.machine = std::move(*machine);
  std::string name = options.params.empty()
                         ? decode.machine.parameterSets.front().name
                         : options.params;
  decode.set = decode.machine.findParameters(name);
  if (!decode.set) {
    std::string known;
    for (const ParameterSet &set : decode.machine.parameterSets) {
      known += (known.empty() ? "" : ", ") + set.name;
    }
    return Diagnostic{"the machine has no such parameter set",
                      "machine '" + decode.machine.name + "'", known,
                      "'" + name + "'", ""};
  }
  ModelLoadOptions load;
  load.weights = false;
  Result<Model> model = loadModel(options.model, load);
  if (!model) {
    return model.takeError();
  }
  const ModelConfig &config = model->config;
  PartitionProblem &problem = decode.problem;
  decode.layers = config.layers;
  problem.dim = config.dim;
  problem.ffn = config.ffn;
  problem.heads = config.heads;
  problem.kvHeads = config.kvHeads;
  problem.headDim = config.headDim;
  problem.vocab = config.vocab;
  problem.qkNorm = config.qkNorm;
  problem.context = options.context;
  problem.machine = &decode.machine;
  problem.parameterSet = name;
  constexpr int64_t kMostWafers = 64;
  for (decode.wafers = 1;; ++decode.wafers) {
    problem.layers = (decode.layers + decode.wafers - 1) / decode.wafers;
    Result<PartitionPlan> plan = partition(problem);
    if (plan) {
      decode.plan = std::move(*plan);
      return Status::success();
    }
    if (problem.layers == 1 || decode.wafers == kMostWafers) {
      return plan.takeError();
    }
  }
}

//===----------------------------------------------------------------------===//
// Simulation
//===----------------------------------------------------------------------===//

Status BenchDecode::keepFolder() const {
  if (!options.keep.empty() && ::mkdir(options.keep.c_str(), 0777) != 0 &&
      errno != EEXIST) {
    return Diagnostic{"cannot make the folder", options.keep, "",
                      std::strerror(errno), ""};
  }
  return Status::success();
}

/// The model's config with another number of layers.
Result<std::string> BenchDecode::writeConfig(int64_t layers) const {
  Result<std::string> text = readFile(options.model, kMostConfigBytes);
  if (!text) {
    return text.takeError();
  }
  Result<json> parsed = parseJson(*text, options.model);
  if (!parsed) {
    return parsed.takeError();
  }
  if (!parsed->is_object() || !parsed->contains("num_hidden_layers")) {
    return Diagnostic{"the model has no config to take layers from",
                      options.model, "a config.json with num_hidden_layers", "",
                      ""};
  }
  (*parsed)["num_hidden_layers"] = layers;
  std::string folder = options.keep.empty() ? "/tmp" : options.keep;
  std::string path = folder + "/decode-" + std::to_string(::getpid()) + "-" +
                     std::to_string(layers) + ".json";
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) {
    return file.takeError();
  }
  for (Status status :
       {file->write(parsed->dump(1)), file->finish(), file->commit()}) {
    if (!status) {
      return status.takeError();
    }
  }
  return path;
}

Result<uint64_t> BenchDecode::simulate(int64_t layers, int64_t stages) {
  Result<std::string> config = writeConfig(layers);
  if (!config) {
    return config.takeError();
  }
  CompileRequest request;
  request.model = *config;
  request.load.weights = false;
  request.weights = false;
  request.pipeline.machine = options.machine;
  request.pipeline.params = decode.set->name;
  request.pipeline.context = options.context;
  request.pipeline.stages = stages;
  request.pipeline.width = decode.plan.chosen.width;
  request.pipeline.height = decode.plan.chosen.height;
  CompilerSession session(context);
  std::unique_ptr<CompiledImage> compiled =
      compileImage(request, session, context);
  ::unlink(config->c_str());
  if (!compiled) {
    return Diagnostic{};
  }
  const Image &image = compiled->emitted.image;
  if (!options.keep.empty()) {
    std::string path =
        options.keep + "/decode-" + std::to_string(layers) + ".wafer";
    if (Status status = writeEmittedImage(compiled->emitted, path); !status) {
      return status.takeError();
    }
  }
  VerifyReport verified = verify(image, compiled->machine);
  if (!verified.holds()) {
    return Diagnostic{"the image does not hold its guarantees",
                      verified.violations.front().rule, "",
                      verified.violations.front().message,
                      "this is a bug in wsec"};
  }
  FastOptions fast;
  fast.threads = options.threads;
  fast.timingOnly = true;
  auto engine = Engine::createFast(
      image, compiled->machine,
      *compiled->machine.findParameters(decode.set->name), fast);
  if (!engine) {
    return engine.takeError();
  }
  auto protocol = readTokenProtocol(image);
  if (!protocol) {
    return protocol.takeError();
  }
  // The last position of the context. On the wafer the next token begins when
  // this one's id is sampled, so the ways to and from the host do not count.
  uint64_t position = options.context - 1;
  if (Status status = setPosition(**engine, image, **protocol, position);
      !status) {
    return status.takeError();
  }
  (**protocol).stopAtInvalid = false;
  auto result = runTokens(**engine, **protocol, {0}, 1, kNever);
  if (!result) {
    return result.takeError();
  }
  if (result->outcome.kind != Outcome::Kind::HostSatisfied) {
    return Diagnostic{std::string("the run stopped: ") +
                          nameOf(result->outcome.kind),
                      "", "", result->outcome.detail, ""};
  }
  return result->arrivals.front() - 2 * decode.machine.host.latencyCycles;
}

/// One layer of WaferLLM's schedule on its best published grid.
Result<uint64_t> BenchDecode::simulateRival() const {
  WaferLlmShape shape;
  shape.dim = uint32_t(decode.problem.dim);
  shape.ffn = uint32_t(decode.problem.ffn);
  shape.context = options.context;
  Result<Image> image = buildWaferLlm(decode.machine, shape);
  if (!image) {
    return image.takeError();
  }
  image->parameterSet = decode.set->name;
  Result<BenchRun> run = runProgram(*image, decode.machine, *decode.set);
  if (!run) {
    return run.takeError();
  }
  return run->cycles;
}

//===----------------------------------------------------------------------===//
// Report
//===----------------------------------------------------------------------===//

json BenchDecode::report() const {
  const PartitionCandidate &chosen = decode.plan.chosen;
  int64_t share = decode.problem.layers;
  // What the cost model says of a token beside its layers, by wafer.
  int64_t otherPredicted =
      chosen.cyclesPerToken - share * chosen.cyclesPerLayer;
  int64_t predicted =
      decode.layers * chosen.cyclesPerLayer + decode.wafers * otherPredicted;
  bool simulated = decode.layerCycles != 0;
  double layer =
      simulated ? double(decode.layerCycles) : double(chosen.cyclesPerLayer);
  // One stage has hand-overs from the embedding and to the head only.
  int64_t words = (decode.problem.dim + chosen.height - 1) / chosen.height;
  int64_t oneStage =
      2 * (chosen.width + words + 20) + chosen.embedColumns + chosen.width + 50;
  int64_t between = chosen.handOverCycles - oneStage;
  double other = simulated ? double(decode.otherCycles) + double(between)
                           : double(otherPredicted);
  double token = decode.wholeCycles ? double(decode.wholeCycles)
                                    : double(decode.layers) * layer +
                                          double(decode.wafers) * other;
  auto crossing = [&](double seconds) {
    return double(decode.wafers > 1 ? decode.wafers : 0) * seconds *
           decode.machine.clockHz;
  };
  int64_t bound = decode.layers *
                  boundLayerCycles(decode.problem, chosen.width, chosen.height);
  json object;
  object["bench"] = "decode";
  object["model"] = options.model;
  object["machine"] = decode.machine.name;
  object["params"] = decode.set->name;
  object["context"] = options.context;
  object["tokens_per_pass"] = options.tokensPerPass;
  object["in_flight"] = 1;
  object["accumulate"] = "mixed";
  object["method"] = decode.wholeCycles ? "simulated whole"
                     : simulated        ? "simulated layer by layer"
                                        : "predicted";
  object["stages"] = decode.wafers * chosen.stages;
  object["wafers"] = decode.wafers;
  object["shelves"] = chosen.shelves;
  object["stage_rect"] = {chosen.width, chosen.height};
  object["cycles_per_token"] = token + crossing(kFastCrossing);
  object["cycles_per_token_slow_crossing"] =
      token + crossing(decode.machine.offWaferLatencySeconds);
  object["cycles_per_layer"] = layer;
  object["head_cycles"] = token - double(decode.layers) * layer;
  object["bound_cycles_per_token"] = bound;
  object["predicted_cycles_per_token"] = predicted;
  object["predicted_cycles_per_layer"] = chosen.cyclesPerLayer;
  object["collectives_per_layer"] = kCollectivesPerLayer;
  object["aggregate_tokens_per_mcycle"] = 1e6 / token;
  if (decode.rivalCycles) {
    object["waferllm_cycles_per_layer_same_machine"] = decode.rivalCycles;
    object["ratio_to_waferllm"] = double(decode.rivalCycles) / layer;
  } else {
    object["waferllm_cycles_per_layer_same_machine"] = nullptr;
  }
  object["clock_hz"] = decode.machine.clockHz;
  object["tokens_per_second"] = decode.machine.clockHz / token;
  return object;
}

void BenchDecode::print(const json &object) {
  context.print("{} on {} (parameters '{}'), context {}\n", options.model,
                decode.machine.name, decode.set->name, options.context);
  context.print(
      "  {} stage{} of {}x{} on {} wafer{}, {}\n",
      object["stages"].get<int64_t>(), object["stages"] == 1 ? "" : "s",
      decode.plan.chosen.width, decode.plan.chosen.height, decode.wafers,
      decode.wafers == 1 ? "" : "s", object["method"].get<std::string>());
  auto line = [&](const char *what, const char *key) {
    context.print("  {:<44} {:>12.0f}\n", what, object[key].get<double>());
  };
  line("cycles a token", "cycles_per_token");
  if (decode.wafers > 1) {
    line("  with crossings of the machine file",
         "cycles_per_token_slow_crossing");
  }
  line("cycles a layer", "cycles_per_layer");
  line("embedding, head, hand-overs, way back", "head_cycles");
  line("predicted cycles a token", "predicted_cycles_per_token");
  line("bound, cycles a token", "bound_cycles_per_token");
  if (decode.rivalCycles) {
    line("WaferLLM's schedule here, cycles a layer",
         "waferllm_cycles_per_layer_same_machine");
    context.print("  {:<44} {:>12.2f}\n", "ratio, a layer",
                  object["ratio_to_waferllm"].get<double>());
  }
  context.print("  {:<44} {:>12.1f}\n", "tokens/s",
                object["tokens_per_second"].get<double>());
}

ExitCode BenchDecode::run() {
  if (options.tokensPerPass != 1 || options.inFlight != "1") {
    return context.fail({"several tokens a pass or requests in flight are not "
                         "supported yet",
                         "", "--tokens-per-pass 1 --in-flight 1", "", ""});
  }
  Status status = plan();
  status = status ? keepFolder() : std::move(status);
  if (!status) {
    return context.fail(status.error());
  }
  // A failed compilation has printed its error, and leaves an empty one.
  auto failed = [&](const Diagnostic &error) {
    return error.what.empty() ? ExitCode::BadInput : context.fail(error);
  };
  if (!options.predict) {
    Result<uint64_t> one = simulate(1, 1);
    if (!one) {
      return failed(one.error());
    }
    Result<uint64_t> two = simulate(2, 1);
    if (!two) {
      return failed(two.error());
    }
    decode.layerCycles = *two - *one;
    decode.otherCycles = *one - decode.layerCycles;
    if (options.whole && decode.wafers == 1) {
      Result<uint64_t> whole =
          simulate(decode.layers, decode.plan.chosen.stages);
      if (!whole) {
        return failed(whole.error());
      }
      decode.wholeCycles = *whole;
    }
    Result<uint64_t> rival = simulateRival();
    if (rival) {
      decode.rivalCycles = *rival;
    } else {
      Diagnostic why = rival.error();
      why.what = "not compared with WaferLLM's schedule: " + why.what;
      context.remark(why);
    }
  }
  json object = report();
  if (options.asJson) {
    context.write(object.dump() + "\n");
  } else {
    print(object);
  }
  return ExitCode::Success;
}

//===----------------------------------------------------------------------===//
// Command line
//===----------------------------------------------------------------------===//

namespace wafer {
void addBenchDecodeCommand(CLI::App &app, CommandContext &context);
} // namespace wafer

void wafer::addBenchDecodeCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.get_subcommand("bench")->add_subcommand(
      "decode", "Cycles of one token of a whole model");
  command->add_option("--model", options->model, "A config.json")->required();
  command
      ->add_option("--machine", options->machine,
                   "A shipped machine or a machine file")
      ->capture_default_str();
  command->add_option("--params", options->params,
                      "Parameter set (default: the machine's first)");
  command
      ->add_option("--context", options->context,
                   "Positions of the KV cache; it is full when the time is "
                   "taken")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  command
      ->add_option("--tokens-per-pass", options->tokensPerPass,
                   "Tokens computed at once")
      ->capture_default_str();
  command->add_option("--in-flight", options->inFlight, "Requests in flight")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads of the simulator")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_flag("--predict", options->predict,
                    "Only what the cost model says");
  command->add_flag("--whole", options->whole,
                    "Simulate all layers, not one and two");
  command->add_option("--keep", options->keep,
                      "Leave the images in this folder");
  command->add_flag("--json", options->asJson, "Print one JSON object");
  context.setAction(command, [options, &context] {
    return BenchDecode(*options, context).run();
  });
}
