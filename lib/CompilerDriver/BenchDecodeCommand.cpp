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
// whole model instead. With --defects all stages are simulated, under the map
// that the whole model gets, and on a perfect wafer: defects lie in all of
// them.
//
// With requests in flight a stage takes a token while others work on theirs:
// what counts is the slowest stage, found in the same way.
//
//===----------------------------------------------------------------------===//
#include "ModelParts.h"
#include "OnWafer.h"

#include "wafer/Bench/Calibration.h"
#include "wafer/Bench/WaferLlm.h"
#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"

#include <CLI/CLI.hpp>

using namespace wafer;
using nlohmann::json;

namespace {

/// Collectives of a layer with f16 weights: q k v, scores, weighted values, o,
/// gate and up, down.
constexpr int kCollectivesPerLayer = 6;

struct Options {
  DecodeRunOptions run;
  std::string inFlight = "1";
  bool whole = false;
  /// A defect map; empty: a perfect wafer.
  std::string defects;
};

/// A token on one wafer with defects, and on a perfect one.
struct DecodeOnWafer {
  uint64_t predicted = 0, perfectPredicted = 0;
  /// JSON: what the map does.
  std::string fit;
  // Simulated (0: not).
  double layerCycles = 0, cycles = 0, perfectCycles = 0;
};

/// What is known of a model's decode step.
struct Decode : ModelPlan {
  // Simulated (0: not).
  double layerCycles = 0;
  double otherCycles = 0; // of a token with one stage, without its layers
  uint64_t wholeCycles = 0;
  uint64_t rivalCycles = 0;
  double stageCycles = 0; // of the slowest stage, several requests in flight
  double aloneCycles = 0; // of a pass of one token, where it may have more
  std::optional<DecodeOnWafer> onWafer;
};

class BenchDecode {
public:
  BenchDecode(Options &options, CommandContext &context)
      : options(options), context(context) {}

  ExitCode run();

private:
  Status plan();
  /// Of the model with one layer and with two, or whole.
  Status simulateAll();
  Result<uint64_t> simulateWhole() const;
  Status simulateStage(const ModelParts &parts);
  Status fitToWafer();
  Result<uint64_t> simulateRival() const;
  json report() const;
  void print(const json &object);

  Options &options;
  CommandContext &context;
  Decode decode;
};

} // namespace

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

/// Searches the rectangles; as many wafers as it needs share the stages.
Status BenchDecode::plan() {
  std::optional<int64_t> requests;
  if (options.inFlight != "auto") {
    int number = 0;
    char rest = 0;
    if (std::sscanf(options.inFlight.c_str(), "%6d%c", &number, &rest) != 1 ||
        number < 1) {
      return Diagnostic{"bad --in-flight", "", "auto or a positive number",
                        "'" + options.inFlight + "'", ""};
    }
    requests = number;
  }
  options.run.objective = requests == 1 ? "latency" : "throughput";
  if (Status made = decode.make(options.run, requests); !made) {
    return made;
  }
  uint32_t twoPasses = 2 * options.run.tokensPerPass;
  if (decode.plan.problem.requests > 1 && !options.run.predict &&
      options.run.context < twoPasses) {
    return Diagnostic{"the context is too short to time two passes", "",
                      fmt::format("at least {} positions", twoPasses),
                      fmt::format("{}", options.run.context), "--predict"};
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Simulation
//===----------------------------------------------------------------------===//

/// A token of all layers, on as many wafers as they need.
Result<uint64_t> BenchDecode::simulateWhole() const {
  CompileRequest request = decodeRequest(options.run);
  request.pipeline.stages = decode.chosen().stages;
  request.pipeline.width = decode.chosen().width;
  request.pipeline.height = decode.chosen().height;
  request.pipeline.wafers = decode.plan.wafers();
  CompilerSession session(context);
  std::unique_ptr<CompiledImage> whole =
      compileImage(request, session, context);
  if (!whole) {
    return Diagnostic{};
  }
  Status status = keepDecodeImage(options.run, "decode-whole", *whole);
  status = status ? checkGuarantees(*whole) : std::move(status);
  return status ? timePass(options.run, *whole) : status.takeError();
}

Status BenchDecode::simulateAll() {
  Result<ModelParts> parts =
      ModelParts::ofStage(options.run, decode, "decode", context);
  if (!parts) {
    return parts.takeError();
  }
  Result<PartTimes> token = parts->time(
      [&](const CompiledImage &part) { return timePass(options.run, part); });
  if (!token) {
    return token.takeError();
  }
  if (options.run.tokensPerPass > 1) {
    Result<PartTimes> alone = parts->time([&](const CompiledImage &part) {
      return timeToken(options.run, part);
    });
    if (!alone) {
      return alone.takeError();
    }
    decode.aloneCycles = alone->through(decode.plan.layers()) +
                         double(decode.betweenStagesCycles());
  }
  decode.layerCycles = token->layer();
  decode.otherCycles = token->through(0);
  if (options.whole) {
    Result<uint64_t> whole = simulateWhole();
    if (!whole) {
      return whole.takeError();
    }
    // Latencies are added below, once for each kind of crossing.
    decode.wholeCycles =
        *whole - uint64_t(std::llround(decode.plan.crossingCycles(
                     decode.machine.offWaferLatencySeconds)));
  }
  if (decode.plan.problem.requests > 1) {
    if (Status status = simulateStage(*parts); !status) {
      return status;
    }
  }
  Result<uint64_t> rival = simulateRival();
  if (rival) {
    decode.rivalCycles = *rival;
  } else {
    Diagnostic why = rival.error();
    why.what = "not compared with WaferLLM's schedule: " + why.what;
    context.remark(why);
  }
  return Status::success();
}

/// How long the slowest stage takes, or the head, if that is longer.
Status BenchDecode::simulateStage(const ModelParts &parts) {
  Result<PartTimes> next = parts.time([&](const CompiledImage &part) {
    return timeNextPass(options.run, part, beforeLastPasses(options.run));
  });
  if (!next) {
    return next.takeError();
  }
  Result<uint64_t> head = timeNextSample(options.run, parts.one());
  if (!head) {
    return head.takeError();
  }
  decode.stageCycles = std::max(next->stage(decode.layersPerStage()) +
                                    double(decode.chosen().turnCycles),
                                double(*head) + parts.headBeyond());
  return Status::success();
}

Status BenchDecode::fitToWafer() {
  if (decode.plan.problem.requests > 1) {
    return Diagnostic{"--defects is for a single request", "", "--in-flight 1",
                      "'" + options.inFlight + "'", ""};
  }
  Result<OnWafer> images =
      OnWafer::make(options.run, decode, options.defects, context);
  if (!images) {
    return images.takeError();
  }
  DecodeOnWafer found;
  found.fit = images->fit();
  found.predicted = images->predicted();
  found.perfectPredicted = images->perfectPredicted();
  decode.takeStagesOf(images->fitted());
  if (!options.run.predict) {
    Result<TokenTimes> perfect = timeTokenOnWafer(
        options.run, images->perfect(), "perfect", options.whole, context);
    if (!perfect) {
      return perfect.takeError();
    }
    Result<TokenTimes> fitted = timeTokenOnWafer(
        options.run, images->fitted(), "fitted", options.whole, context);
    if (!fitted) {
      return fitted.takeError();
    }
    found.perfectCycles = perfect->token;
    found.cycles = fitted->token;
    found.layerCycles = fitted->layer;
  }
  decode.onWafer = std::move(found);
  return Status::success();
}

/// One layer of WaferLLM's schedule on its best published grid.
Result<uint64_t> BenchDecode::simulateRival() const {
  WaferLlmShape shape;
  shape.dim = uint32_t(decode.plan.problem.dim);
  shape.ffn = uint32_t(decode.plan.problem.ffn);
  shape.context = options.run.context;
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
  const PartitionCandidate &chosen = decode.plan.plan.chosen;
  int64_t otherPredicted = decode.plan.otherCycles();
  int64_t predicted = decode.plan.cyclesPerToken();
  bool simulated = decode.layerCycles != 0;
  double layer = simulated ? decode.layerCycles : double(chosen.cyclesPerLayer);
  double other = simulated
                     ? decode.otherCycles + double(decode.betweenStagesCycles())
                     : double(otherPredicted);
  double token = decode.wholeCycles
                     ? double(decode.wholeCycles)
                     : double(decode.plan.layers()) * layer + other;
  int64_t bound =
      decode.plan.layers() *
      boundLayerCycles(decode.plan.problem, chosen.width, chosen.height);
  const DecodeOnWafer *onWafer = decode.onWafer ? &*decode.onWafer : nullptr;
  if (onWafer) {
    simulated = onWafer->cycles != 0;
    predicted = int64_t(onWafer->predicted);
    layer = simulated ? onWafer->layerCycles : layer;
    token = simulated ? onWafer->cycles : double(predicted);
  }
  bool isWhole = decode.wholeCycles || (onWafer && simulated && options.whole);
  json object;
  object["bench"] = "decode";
  object["model"] = options.run.model;
  object["machine"] = decode.machine.name;
  object["params"] = decode.set->name;
  object["context"] = options.run.context;
  object["tokens_per_pass"] = options.run.tokensPerPass;
  object["in_flight"] = decode.plan.problem.requests;
  object["accumulate"] = options.run.accumulate;
  object["method"] = isWhole     ? "simulated whole"
                     : simulated ? "simulated layer by layer"
                                 : "predicted";
  object["stages"] = chosen.stages;
  object["wafers"] = decode.plan.wafers();
  object["shelves"] = chosen.shelves;
  object["stage_rect"] = {chosen.width, chosen.height};
  object["cycles_per_token"] =
      token + decode.plan.crossingCycles(decode.machine.networkLatencySeconds);
  object["cycles_per_token_slow_crossing"] =
      token + decode.plan.crossingCycles(decode.machine.offWaferLatencySeconds);
  object["cycles_per_layer"] = layer;
  object["head_cycles"] = token - double(decode.plan.layers()) * layer;
  if (options.run.tokensPerPass > 1) {
    // A pass gives one id, so what is said of a token is of a whole pass.
    double pass = object["cycles_per_token"].get<double>();
    object["cycles_per_pass"] = pass;
    object["cycles_per_token_of_pass"] =
        pass / double(options.run.tokensPerPass);
    if (decode.aloneCycles != 0) {
      object["cycles_of_pass_of_one"] =
          decode.aloneCycles +
          decode.plan.crossingCycles(decode.machine.networkLatencySeconds);
    }
  }
  object["bound_cycles_per_token"] = bound;
  // With the same crossings as what it is compared with.
  object["predicted_cycles_per_token"] =
      double(predicted) +
      decode.plan.crossingCycles(decode.machine.networkLatencySeconds);
  object["predicted_cycles_per_layer"] = chosen.cyclesPerLayer;
  object["collectives_per_layer"] = kCollectivesPerLayer;
  double total = object["cycles_per_token"].get<double>();
  double stage = decode.stageCycles ? decode.stageCycles
                                    : double(chosen.slowestStageCycles);
  double pace = decode.plan.cyclesBetweenTokens(total, stage);
  object["slowest_stage_cycles"] = stage;
  object["cycles_between_tokens"] = pace;
  object["aggregate_tokens_per_mcycle"] = 1e6 / pace;
  if (decode.rivalCycles) {
    object["waferllm_cycles_per_layer_same_machine"] = decode.rivalCycles;
    object["ratio_to_waferllm"] = double(decode.rivalCycles) / layer;
  } else {
    object["waferllm_cycles_per_layer_same_machine"] = nullptr;
  }
  if (onWafer) {
    double perfect =
        simulated ? onWafer->perfectCycles : double(onWafer->perfectPredicted);
    object["defects"] = json::parse(onWafer->fit, nullptr, false);
    object["perfect_cycles_per_token"] = perfect;
    object["lost"] = 1 - perfect / token;
  }
  object["clock_hz"] = decode.machine.clockHz;
  object["tokens_per_second"] = decode.machine.clockHz / token;
  return object;
}

void BenchDecode::print(const json &object) {
  decode.printHead(options.run, fmt::format("context {}", options.run.context),
                   object["method"].get<std::string>(), context);
  auto line = [&](const char *what, const char *key) {
    context.print("  {:<44} {:>12.0f}\n", what, object[key].get<double>());
  };
  bool isPass = options.run.tokensPerPass > 1;
  line(isPass ? "cycles a pass" : "cycles a token", "cycles_per_token");
  if (isPass) {
    line("  by its tokens", "cycles_per_token_of_pass");
    if (object.contains("cycles_of_pass_of_one")) {
      line("  of one token", "cycles_of_pass_of_one");
    }
  }
  if (decode.plan.wafers() > 1) {
    line("  with crossings of the machine file",
         "cycles_per_token_slow_crossing");
  }
  if (decode.onWafer) {
    line("  on a perfect wafer", "perfect_cycles_per_token");
    context.print("  {:<44} {:>10.2f} %\n", "  tokens a second lost",
                  100 * object["lost"].get<double>());
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
  if (decode.plan.problem.requests > 1) {
    line("cycles between tokens of all requests", "cycles_between_tokens");
    line("cycles of the slowest stage", "slowest_stage_cycles");
    context.print("  {:<44} {:>12.2f}\n",
                  fmt::format("tokens in a million cycles, {} requests",
                              decode.plan.problem.requests),
                  object["aggregate_tokens_per_mcycle"].get<double>());
  }
}

ExitCode BenchDecode::run() {
  Status status = plan();
  if (!status) {
    return context.fail(status.error());
  }
  // A failed compilation has printed its error, and leaves an empty one.
  auto failed = [&](const Diagnostic &error) {
    return error.what.empty() ? ExitCode::BadInput : context.fail(error);
  };
  if (!options.defects.empty()) {
    status = fitToWafer();
  } else if (!options.run.predict) {
    status = simulateAll();
  }
  if (!status) {
    return failed(status.error());
  }
  json object = report();
  if (options.run.asJson) {
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
  addDecodeRunOptions(*command, options->run);
  command
      ->add_option("--context", options->run.context,
                   "Positions of the KV cache; it is full when the time is "
                   "taken")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  command
      ->add_option("--in-flight", options->inFlight,
                   "Requests in flight, or auto: as many as give the most "
                   "tokens")
      ->capture_default_str();
  command->add_option("--defects", options->defects,
                      "Defect map of the wafer that the model is fitted to");
  command->add_flag("--whole", options->whole,
                    "Simulate all layers, not one and two");
  command
      ->add_option("--tokens-per-pass", options->run.tokensPerPass,
                   "Tokens of the request in a pass")
      ->capture_default_str();
  context.setAction(command, [options, &context] {
    return BenchDecode(*options, context).run();
  });
}
