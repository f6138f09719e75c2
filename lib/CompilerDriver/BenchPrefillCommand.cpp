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
#include "ModelPlan.h"

#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"

#include <CLI/CLI.hpp>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options {
  DecodeRunOptions run;
  uint32_t tokens = 4096;
  uint32_t tokensPerPass = 1;
  std::string objective = "throughput";
  bool predict = false;
  bool asJson = false;
};

class BenchPrefill {
public:
  BenchPrefill(Options &options, CommandContext &context)
      : options(options), context(context) {}

  ExitCode run();

private:
  /// Cycles from a token at `position` to the next.
  Result<double> simulateStage(uint64_t position);
  /// Of the last token of the prompt, through all stages.
  Result<double> simulateLast();
  json report(double first, double last, double token) const;

  Options &options;
  CommandContext &context;
  ModelPlan plan;
};

} // namespace

Result<double> BenchPrefill::simulateStage(uint64_t position) {
  double cycles[2] = {};
  for (int64_t layers = 1; layers <= 2; ++layers) {
    CompilerSession session(context);
    auto part = compilePart(options.run, plan, layers, 1, session, context);
    if (!part) {
      return part.takeError();
    }
    Result<uint64_t> next = timeNextToken(options.run, **part, position);
    if (!next) {
      return next.takeError();
    }
    cycles[layers - 1] = double(*next);
  }
  return cycles[0] +
         double(plan.layersPerStage() - 1) * (cycles[1] - cycles[0]) +
         double(plan.chosen().turnCycles);
}

Result<double> BenchPrefill::simulateLast() {
  double cycles[2] = {};
  for (int64_t layers = 1; layers <= 2; ++layers) {
    CompilerSession session(context);
    auto part = compilePart(options.run, plan, layers, 1, session, context);
    if (!part) {
      return part.takeError();
    }
    if (Status kept = keepDecodeImage(
            options.run, "prefill-" + std::to_string(layers), **part);
        !kept) {
      return kept.takeError();
    }
    Result<uint64_t> token = timeToken(options.run, **part);
    if (!token) {
      return token.takeError();
    }
    cycles[layers - 1] = double(*token);
  }
  return cycles[0] + double(plan.plan.layers() - 1) * (cycles[1] - cycles[0]) +
         double(plan.betweenStagesCycles());
}

json BenchPrefill::report(double first, double last, double token) const {
  const PartitionCandidate &chosen = plan.chosen();
  double each = (first + last) / 2;
  double crossing =
      plan.plan.crossingCycles(plan.machine.networkLatencySeconds);
  double cycles = token + crossing + double(options.tokens - 1) * each;
  json object;
  object["bench"] = "prefill";
  object["model"] = options.run.model;
  object["machine"] = plan.machine.name;
  object["params"] = plan.set->name;
  object["tokens"] = options.tokens;
  object["tokens_per_pass"] = options.tokensPerPass;
  object["objective"] = options.objective;
  object["method"] = options.predict ? "predicted" : "simulated layer by layer";
  object["stages"] = chosen.stages;
  object["wafers"] = plan.plan.wafers();
  object["stage_rect"] = {chosen.width, chosen.height};
  object["cycles"] = cycles;
  object["cycles_per_token"] = each;
  object["cycles_of_the_last_token"] = token + crossing;
  object["slowest_stage_cycles"] = {first, last};
  object["clock_hz"] = plan.machine.clockHz;
  object["tokens_per_second"] =
      plan.machine.clockHz * double(options.tokens) / cycles;
  return object;
}

ExitCode BenchPrefill::run() {
  if (options.tokensPerPass != 1) {
    return context.fail({"several tokens a pass are not supported yet", "",
                         "--tokens-per-pass 1",
                         fmt::format("{}", options.tokensPerPass), ""});
  }
  options.run.context = options.tokens;
  Status status =
      plan.make(options.run, 1,
                options.objective == "latency" ? Objective::Latency
                                               : Objective::Throughput);
  if (status && !options.run.keep.empty()) {
    status = makeFolder(options.run.keep);
  }
  if (!status) {
    return context.fail(status.error());
  }
  options.run.params = plan.set->name;
  double first = double(plan.chosen().slowestStageCycles), last = first;
  double token = double(plan.plan.cyclesPerToken());
  if (!options.predict) {
    // A failed compilation has printed its error, and leaves an empty one.
    auto failed = [&](const Diagnostic &error) {
      return error.what.empty() ? ExitCode::BadInput : context.fail(error);
    };
    uint64_t least = 0,
             most = std::max<int64_t>(0, int64_t(options.tokens) - 2);
    Result<double> stages[2] = {simulateStage(least), simulateStage(most)};
    Result<double> whole = simulateLast();
    for (Result<double> *result : {&stages[0], &stages[1], &whole}) {
      if (!*result) {
        return failed(result->error());
      }
    }
    first = *stages[0];
    last = *stages[1];
    token = *whole;
  }
  json object = report(first, last, token);
  if (options.asJson) {
    context.write(object.dump() + "\n");
    return ExitCode::Success;
  }
  context.print("{} on {} (parameters '{}'), a prompt of {} tokens\n",
                options.run.model, plan.machine.name, plan.set->name,
                options.tokens);
  context.print(
      "  {} stage{} of {}x{} on {} wafer{}, {}\n",
      object["stages"].get<int64_t>(), object["stages"] == 1 ? "" : "s",
      plan.chosen().width, plan.chosen().height, plan.plan.wafers(),
      plan.plan.wafers() == 1 ? "" : "s", object["method"].get<std::string>());
  auto line = [&](const char *what, double value) {
    context.print("  {:<44} {:>14.0f}\n", what, value);
  };
  line("cycles to the first token", object["cycles"]);
  line("cycles between tokens of the prompt, mean", object["cycles_per_token"]);
  line("  of the first one", first);
  line("  of the last one", last);
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
  options->run.machine = "wse2";
  CLI::App *command = app.get_subcommand("bench")->add_subcommand(
      "prefill", "Cycles of a prompt, up to the first token");
  command->add_option("--model", options->run.model, "A config.json")
      ->required();
  command
      ->add_option("--machine", options->run.machine,
                   "A shipped machine or a machine file")
      ->capture_default_str();
  command->add_option("--params", options->run.params,
                      "Parameter set (default: the machine's first)");
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
  command
      ->add_option("--tokens-per-pass", options->tokensPerPass,
                   "Tokens computed at once")
      ->capture_default_str();
  command
      ->add_option("--threads", options->run.threads,
                   "Threads of the simulator")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--keep", options->run.keep,
                      "Leave the images in this folder");
  command->add_flag("--predict", options->predict,
                    "Only what the cost model says, at a full cache");
  command->add_flag("--json", options->asJson, "Print one JSON object");
  context.setAction(command, [options, &context] {
    return BenchPrefill(*options, context).run();
  });
}
