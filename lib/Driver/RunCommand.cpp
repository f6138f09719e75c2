// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RunCommand.cpp - wsec run ------------------------------------------===//
//
// Executes an image. Images that speak the token protocol get a prompt and
// give tokens; others run until nothing happens any more. docs/run.md is the
// page for users.
//
//===----------------------------------------------------------------------===//
#include "ImageRun.h"

#include <CLI/CLI.hpp>

using namespace wafer;

//===----------------------------------------------------------------------===//
// Command line
//===----------------------------------------------------------------------===//

/// Options that the command line knows and this build cannot serve.
static std::optional<Diagnostic> unsupported(const RunOptions &o) {
  auto refuse = [](const char *option, const char *hint) {
    return Diagnostic{std::string(option) + " is not available in this build",
                      "", "", "", hint};
  };
  if (!o.inputs.empty()) {
    return refuse("--input", "");
  }
  return std::nullopt;
}

/// Options that exclude each other.
static std::optional<Diagnostic> contradiction(const RunOptions &o) {
  if (Status status = o.observation.check(); !status) {
    return status.takeError();
  }
  const char *observes = o.observation.firstGiven();
  if (observes && o.timingOnly) {
    return Diagnostic{std::string(observes) + " needs the reference engine, "
                                              "which always computes values",
                      "", "", "--timing-only", "leave out one of them"};
  }
  if (observes && o.engine == "fast") {
    return Diagnostic{std::string(observes) +
                          " needs the reference engine: the fast one does not "
                          "look at every cycle",
                      "", "", "--engine fast", "leave out --engine"};
  }
  if (!o.state.empty() && !o.position) {
    return Diagnostic{"--state without --position", "", "", "",
                      "--position N says how many positions of the saved "
                      "state count"};
  }
  if (o.check && o.position.value_or(0) > 0 && o.state.empty()) {
    return Diagnostic{"--check cannot begin at a position with an empty cache",
                      "", "", "--position without --state",
                      "--state DIR gives both sides the same cache"};
  }
  for (auto [isGiven, name] :
       {std::pair(o.check, "--check"),
        std::pair(o.position.has_value(), "--position"),
        std::pair(!o.saveState.empty(), "--save-state")}) {
    if (isGiven && o.prompts.size() > 1) {
      return Diagnostic{std::string(name) + " is for a single request", "",
                        "one --prompt", fmt::format("{}", o.prompts.size()),
                        ""};
    }
  }
  if (!o.timingOnly) {
    return std::nullopt;
  }
  if (o.engine == "reference") {
    return Diagnostic{"the reference engine always computes values", "", "",
                      "--timing-only", "leave out --engine"};
  }
  for (auto [isGiven, name] :
       {std::pair(o.check, "--check"),
        std::pair(!o.outputs.empty(), "--outputs"),
        std::pair(!o.state.empty(), "--state"),
        std::pair(!o.saveState.empty(), "--save-state")}) {
    if (isGiven) {
      return Diagnostic{std::string(name) + " needs values", "", "",
                        "--timing-only", "leave out one of them"};
    }
  }
  return std::nullopt;
}

static ExitCode runRun(const RunOptions &options, CommandContext &context) {
  if (!options.prompts.empty() && !options.tokens.empty()) {
    return context.fail(
        {"both --prompt and --tokens are given", "", "", "", "use one of them"},
        ExitCode::BadUsage);
  }
  if (options.maxTokens && *options.maxTokens == 0) {
    return context.fail({"bad --max-tokens", "", "at least 1", "0", ""},
                        ExitCode::BadUsage);
  }
  std::optional<Diagnostic> error = unsupported(options);
  error = error ? error : contradiction(options);
  if (error) {
    return context.fail(*error, ExitCode::BadUsage);
  }
  Result<LoadedImage> loaded = readImage(options.image);
  if (!loaded) {
    return context.fail(loaded.error());
  }
  return ImageRun(options, context, *loaded).run();
}

namespace wafer {
void addRunCommand(CLI::App &app, CommandContext &context) {
  auto o = std::make_shared<RunOptions>();
  CLI::App *command = app.add_subcommand(
      "run", "Execute an image in a simulator, cycle by cycle");
  command->add_option("image", o->image, "Image file (.wafer)")->required();
  command->add_option("--prompt", o->prompts,
                      "Text of the prompt; several are requests in flight");
  command->add_option("--tokens", o->tokens, "Token ids of the prompt, 1,2,3")
      ->delimiter(',');
  command->add_option("--max-tokens", o->maxTokens,
                      "Tokens to generate (default: 32, or what the context "
                      "leaves)");
  command->add_option("--input", o->inputs, "NAME=FILE.npy");
  command->add_option("--state", o->state,
                      "Folder with a saved KV cache, NAME.npy for each state; "
                      "goes with --position");
  command->add_option("--save-state", o->saveState,
                      "Write the KV cache to this folder at the end");
  command->add_option("--position", o->position,
                      "Begin at this position, as if so many tokens "
                      "had gone by");
  command
      ->add_option("--engine", o->engine,
                   "reference or fast (default: fast, unless an option "
                   "needs the other)")
      ->check(CLI::IsMember({"reference", "fast"}));
  command->add_option("--params", o->params,
                      "Parameter set of the machine (default: the image's)");
  command
      ->add_option("--threads", o->threads,
                   "Threads of the fast engine at most; the result is the same "
                   "for any number")
      ->check(CLI::Range(1u, 1024u));
  command->add_option("--max-cycles", o->maxCycles, "Stop at this cycle");
  command->add_flag("--check", o->check,
                    "Compare the logits of every step with the model's graph, "
                    "computed on the host in f32");
  command->add_option("--model", o->model,
                      "Where the files of the model are now, for --check");
  command->add_flag("--timing-only", o->timingOnly,
                    "Floating point takes its time, but values are not "
                    "computed: cycles without tokens");
  command->add_flag("--no-skip", o->noSkip,
                    "With --timing-only: simulate every cycle, those too that "
                    "are known to repeat others");
  command->add_flag("--ignore-eos", o->ignoreEos,
                    "Go on behind an end of text");
  addObservationOptions(*command, o->observation);
  command->add_option("--outputs", o->outputs,
                      "Write the output tensors to this folder as .npy");
  command->add_flag("--json", o->asJson, "Print one JSON object");
  context.setAction(command, [o, &context] { return runRun(*o, context); });
}
} // namespace wafer
