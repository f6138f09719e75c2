// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchPrefillCommand.cpp - wsec bench prefill -----------------------===//
//
// Cycles of a prompt, from its first id to the first token. Its ids follow each
// other through the stages, one or several in a pass, so but for the first one
// each pass costs what the slowest stage takes for it, which grows with its
// position (by the rows of the cache that are read, so nearly in proportion):
// the stage is simulated at the first and at the last position, with one layer
// and with two. With --defects all stages are, under the map that the whole
// model gets, and on a perfect wafer.
//
//===----------------------------------------------------------------------===//
#include "OnWafer.h"

#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"

#include <CLI/CLI.hpp>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options {
  DecodeRunOptions run;
  uint32_t tokens = 4096;
  /// A number, or auto.
  std::string tokensPerPass = "1";
  /// A defect map; empty: a perfect wafer.
  std::string defects;
};

struct PromptTimes {
  /// Cycles from a pass to the next, by the slowest stage: of the first one,
  /// and of the last one.
  double firstStage = 0, lastStage = 0;
  /// Of the last pass of the prompt, through all stages.
  double lastPass = 0;

  /// Between passes: it grows with the rows of the cache that are read.
  double perPass() const { return (firstStage + lastStage) / 2; }
};

class BenchPrefill {
public:
  BenchPrefill(Options &options, CommandContext &context)
      : options(options), context(context) {}

  ExitCode run();

private:
  Status makePlan();
  Status choosePlan();
  Status simulate();
  Status fitToWafer();
  /// Passes of the prompt that another one follows.
  double passesBefore() const {
    return double((options.tokens - 1) / options.run.tokensPerPass);
  }
  double cyclesOf(const PromptTimes &prompt) const;
  json report() const;

  Options &options;
  CommandContext &context;
  ModelPlan plan;
  PromptTimes times;
  /// With defects: on a perfect wafer, and what the map does (JSON).
  PromptTimes perfect;
  std::string fit;
};

} // namespace

/// What the parts say of an image with so many layers in its slowest stage, and
/// in all.
static Result<PromptTimes> timePrompt(const DecodeRunOptions &run,
                                      const ModelParts &parts, int64_t perStage,
                                      int64_t layers) {
  PromptTimes times;
  double *const stages[] = {&times.firstStage, &times.lastStage};
  const uint64_t positions[] = {0, beforeLastPasses(run)};
  for (unsigned i = 0; i < 2; ++i) {
    Result<PartTimes> next = parts.time([&](const CompiledImage &part) {
      return timeNextPass(run, part, positions[i]);
    });
    if (!next) {
      return next.takeError();
    }
    *stages[i] = next->stage(perStage);
  }
  Result<PartTimes> last = parts.time(
      [&](const CompiledImage &part) { return timePass(run, part); });
  if (!last) {
    return last.takeError();
  }
  times.lastPass = last->through(layers);
  return times;
}

Status BenchPrefill::makePlan() {
  // Two passes are timed one behind the other.
  options.run.context = std::max(options.tokens, 2 * options.run.tokensPerPass);
  if (Status made = plan.make(options.run, 1); !made) {
    return made;
  }
  times.firstStage = times.lastStage = double(plan.chosen().slowestStageCycles);
  times.lastPass = double(plan.plan.cyclesPerToken());
  return Status::success();
}

/// With so many tokens a pass as asked for, or as the cost model finds best.
Status BenchPrefill::choosePlan() {
  if (options.tokensPerPass != "auto") {
    int number = 0;
    char rest = 0;
    if (std::sscanf(options.tokensPerPass.c_str(), "%6d%c", &number, &rest) !=
            1 ||
        number < 1) {
      return Diagnostic{"bad --tokens-per-pass", "",
                        "auto or a positive number",
                        "'" + options.tokensPerPass + "'", ""};
    }
    options.run.tokensPerPass = uint32_t(number);
    return makePlan();
  }
  uint32_t best = 0;
  double least = 0;
  constexpr uint32_t kMostTried = 32;
  for (uint32_t tokens = 1; tokens <= std::min(kMostTried, options.tokens);
       tokens *= 2) {
    options.run.tokensPerPass = tokens;
    if (Status made = makePlan(); !made) {
      if (tokens == 1) {
        return made;
      }
      break; // more of them only need more room
    }
    double cycles = cyclesOf(times);
    if (best == 0 || cycles < least) {
      best = tokens;
      least = cycles;
    }
  }
  options.run.tokensPerPass = best;
  return makePlan();
}

Status BenchPrefill::simulate() {
  Result<ModelParts> parts =
      ModelParts::ofStage(options.run, plan, "prefill", context);
  if (!parts) {
    return parts.takeError();
  }
  Result<PromptTimes> found = timePrompt(
      options.run, *parts, plan.layersPerStage(), plan.plan.layers());
  if (!found) {
    return found.takeError();
  }
  times = *found;
  times.firstStage += double(plan.chosen().turnCycles);
  times.lastStage += double(plan.chosen().turnCycles);
  times.lastPass += double(plan.betweenStagesCycles());
  return Status::success();
}

Status BenchPrefill::fitToWafer() {
  Result<OnWafer> images =
      OnWafer::make(options.run, plan, options.defects, context);
  if (!images) {
    return images.takeError();
  }
  fit = images->fit();
  perfect = times;
  plan.takeStagesOf(images->fitted());
  if (options.run.predict) {
    // Each stage has its share of what a token loses.
    double lost = double(images->predicted() - images->perfectPredicted());
    double share = lost / double(plan.chosen().stages);
    times = {times.firstStage + share, times.lastStage + share,
             times.lastPass + lost};
    return Status::success();
  }
  const std::pair<const CompiledImage *, PromptTimes *> both[] = {
      {&images->perfect(), &perfect}, {&images->fitted(), &times}};
  for (auto [image, result] : both) {
    Result<ModelParts> parts =
        ModelParts::ofWafer(options.run, *image,
                            result == &perfect ? "perfect" : "fitted", context);
    if (!parts) {
      return parts.takeError();
    }
    LayerStages layers = layerStages(image->emitted.image);
    int64_t perStage = (layers.layers + layers.stages - 1) / layers.stages;
    Result<PromptTimes> found =
        timePrompt(options.run, *parts, perStage, layers.layers);
    if (!found) {
      return found.takeError();
    }
    *result = *found;
  }
  return Status::success();
}

double BenchPrefill::cyclesOf(const PromptTimes &prompt) const {
  return prompt.lastPass +
         plan.plan.crossingCycles(plan.machine.networkLatencySeconds) +
         passesBefore() * prompt.perPass();
}

json BenchPrefill::report() const {
  const PartitionCandidate &chosen = plan.chosen();
  double cycles = cyclesOf(times);
  json object;
  object["bench"] = "prefill";
  object["model"] = options.run.model;
  object["machine"] = plan.machine.name;
  object["params"] = plan.set->name;
  object["tokens"] = options.tokens;
  object["tokens_per_pass"] = options.run.tokensPerPass;
  object["objective"] = options.run.objective;
  object["method"] =
      options.run.predict ? "predicted" : "simulated layer by layer";
  object["stages"] = chosen.stages;
  object["wafers"] = plan.plan.wafers();
  object["stage_rect"] = {chosen.width, chosen.height};
  object["cycles"] = cycles;
  object["cycles_per_token"] =
      times.perPass() / double(options.run.tokensPerPass);
  object["cycles_per_pass"] = times.perPass();
  object["cycles_of_the_last_token"] =
      cycles - passesBefore() * times.perPass();
  object["slowest_stage_cycles"] = {times.firstStage, times.lastStage};
  if (!fit.empty()) {
    object["defects"] = json::parse(fit, nullptr, false);
    object["perfect_cycles"] = cyclesOf(perfect);
    object["lost"] = 1 - cyclesOf(perfect) / cycles;
  }
  object["clock_hz"] = plan.machine.clockHz;
  object["tokens_per_second"] =
      plan.machine.clockHz * double(options.tokens) / cycles;
  return object;
}

ExitCode BenchPrefill::run() {
  Status status = choosePlan();
  if (!status) {
    return context.fail(status.error());
  }
  if (!options.defects.empty()) {
    status = fitToWafer();
  } else if (!options.run.predict) {
    status = simulate();
  }
  if (!status) {
    // A failed compilation has printed its error, and leaves an empty one.
    return status.error().what.empty() ? ExitCode::BadInput
                                       : context.fail(status.error());
  }
  json object = report();
  if (options.run.asJson) {
    context.write(object.dump() + "\n");
    return ExitCode::Success;
  }
  plan.printHead(options.run,
                 fmt::format("a prompt of {} tokens", options.tokens),
                 object["method"].get<std::string>(), context);
  auto line = [&](const char *what, double value) {
    context.print("  {:<44} {:>14.0f}\n", what, value);
  };
  line("cycles to the first token", object["cycles"]);
  if (!fit.empty()) {
    line("  on a perfect wafer", object["perfect_cycles"]);
    context.print("  {:<44} {:>12.2f} %\n", "  tokens a second lost",
                  100 * object["lost"].get<double>());
  }
  if (options.run.tokensPerPass > 1) {
    context.print("  {:<44} {:>14}\n", "tokens a pass",
                  options.run.tokensPerPass);
  }
  line("cycles between tokens of the prompt, mean", object["cycles_per_token"]);
  line("cycles between passes, mean", object["cycles_per_pass"]);
  line("  of the first one", times.firstStage);
  line("  of the last one", times.lastStage);
  line("cycles of the last pass", object["cycles_of_the_last_token"]);
  context.print("  {:<44} {:>14.1f}\n", "tokens of the prompt a second",
                object["tokens_per_second"].get<double>());
  return ExitCode::Success;
}

//===----------------------------------------------------------------------===//
// Command line
//===----------------------------------------------------------------------===//

namespace wafer {
void addBenchPrefillCommand(CLI::App &app, CommandContext &context);
} // namespace wafer

void wafer::addBenchPrefillCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  options->run.objective = "throughput";
  CLI::App *command = app.get_subcommand("bench")->add_subcommand(
      "prefill", "Cycles of a prompt, up to the first token");
  addDecodeRunOptions(*command, options->run);
  command
      ->add_option("--tokens", options->tokens,
                   "Tokens of the prompt; also the positions of the cache")
      ->check(CLI::Range(2, 1 << 24))
      ->capture_default_str();
  command
      ->add_option("--objective", options->run.objective,
                   "What the image is planned for: latency (the image that "
                   "decodes fastest) or throughput (tokens of a prompt)")
      ->check(CLI::IsMember({"latency", "throughput"}))
      ->capture_default_str();
  command
      ->add_option("--tokens-per-pass", options->tokensPerPass,
                   "Tokens of the prompt in a pass, or auto: what takes the "
                   "least predicted cycles")
      ->capture_default_str();
  command->add_option("--defects", options->defects,
                      "Defect map of the wafer that the model is fitted to");
  context.setAction(command, [options, &context] {
    return BenchPrefill(*options, context).run();
  });
}
