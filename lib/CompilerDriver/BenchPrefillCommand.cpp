// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchPrefillCommand.cpp - wsec bench prefill -----------------------===//
//
// Cycles of a prompt, from its first id to the first token. Its ids follow each
// other through the stages, so but for the first one each costs what the
// slowest stage takes for it, which grows with its position (by the rows of the
// cache that are read, so nearly in proportion): the stage is simulated at the
// first and at the last position, with one layer and with two.
//
//===----------------------------------------------------------------------===//
#include "ModelParts.h"

#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"

#include <CLI/CLI.hpp>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options {
  DecodeRunOptions run;
  uint32_t tokens = 4096;
  std::string objective = "throughput";
};

class BenchPrefill {
public:
  BenchPrefill(Options &options, CommandContext &context)
      : options(options), context(context) {}

  ExitCode run();

private:
  Status simulate();
  json report() const;

  Options &options;
  CommandContext &context;
  ModelPlan plan;
  /// Cycles from a token to the next, by the slowest stage: of the first one,
  /// and of the last one.
  double firstStage = 0, lastStage = 0;
  /// Of the last token of the prompt, through all stages.
  double lastToken = 0;
};

} // namespace

Status BenchPrefill::simulate() {
  Result<ModelParts> parts =
      ModelParts::ofStage(options.run, plan, "prefill", context);
  if (!parts) {
    return parts.takeError();
  }
  const uint64_t positions[] = {0, options.tokens - 2};
  double *const stages[] = {&firstStage, &lastStage};
  for (unsigned i = 0; i < 2; ++i) {
    Result<PartTimes> next = parts->time([&](const CompiledImage &part) {
      return timeNextToken(options.run, part, positions[i]);
    });
    if (!next) {
      return next.takeError();
    }
    *stages[i] =
        next->stage(plan.layersPerStage()) + double(plan.chosen().turnCycles);
  }
  Result<PartTimes> last = parts->time(
      [&](const CompiledImage &part) { return timeToken(options.run, part); });
  if (!last) {
    return last.takeError();
  }
  lastToken =
      last->through(plan.plan.layers()) + double(plan.betweenStagesCycles());
  return Status::success();
}

json BenchPrefill::report() const {
  const PartitionCandidate &chosen = plan.chosen();
  double each = (firstStage + lastStage) / 2;
  double crossing =
      plan.plan.crossingCycles(plan.machine.networkLatencySeconds);
  double cycles = lastToken + crossing + double(options.tokens - 1) * each;
  json object;
  object["bench"] = "prefill";
  object["model"] = options.run.model;
  object["machine"] = plan.machine.name;
  object["params"] = plan.set->name;
  object["tokens"] = options.tokens;
  object["tokens_per_pass"] = options.run.tokensPerPass;
  object["objective"] = options.objective;
  object["method"] =
      options.run.predict ? "predicted" : "simulated layer by layer";
  object["stages"] = chosen.stages;
  object["wafers"] = plan.plan.wafers();
  object["stage_rect"] = {chosen.width, chosen.height};
  object["cycles"] = cycles;
  object["cycles_per_token"] = each;
  object["cycles_of_the_last_token"] = lastToken + crossing;
  object["slowest_stage_cycles"] = {firstStage, lastStage};
  object["clock_hz"] = plan.machine.clockHz;
  object["tokens_per_second"] =
      plan.machine.clockHz * double(options.tokens) / cycles;
  return object;
}

ExitCode BenchPrefill::run() {
  options.run.context = options.tokens;
  Status status =
      plan.make(options.run, 1,
                options.objective == "latency" ? Objective::Latency
                                               : Objective::Throughput);
  if (!status) {
    return context.fail(status.error());
  }
  firstStage = lastStage = double(plan.chosen().slowestStageCycles);
  lastToken = double(plan.plan.cyclesPerToken());
  if (!options.run.predict) {
    status = simulate();
    if (!status) {
      // A failed compilation has printed its error, and leaves an empty one.
      return status.error().what.empty() ? ExitCode::BadInput
                                         : context.fail(status.error());
    }
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
  line("cycles between tokens of the prompt, mean", object["cycles_per_token"]);
  line("  of the first one", firstStage);
  line("  of the last one", lastStage);
  line("cycles of the last token", object["cycles_of_the_last_token"]);
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
  CLI::App *command = app.get_subcommand("bench")->add_subcommand(
      "prefill", "Cycles of a prompt, up to the first token");
  addDecodeRunOptions(*command, options->run);
  command
      ->add_option("--tokens", options->tokens,
                   "Tokens of the prompt; also the positions of the cache")
      ->check(CLI::Range(2, 1 << 24))
      ->capture_default_str();
  command
      ->add_option("--objective", options->objective,
                   "What the image is planned for: latency (the image that "
                   "decodes fastest) or throughput (tokens of a prompt)")
      ->check(CLI::IsMember({"latency", "throughput"}))
      ->capture_default_str();
  context.setAction(command, [options, &context] {
    return BenchPrefill(*options, context).run();
  });
}
