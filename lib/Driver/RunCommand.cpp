// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RunCommand.cpp - wsec run ------------------------------------------===//
//
// Executes an image. Images that speak the token protocol get a prompt and
// give tokens; others run until nothing happens any more. docs/run.md is the
// page for users.
//
//===----------------------------------------------------------------------===//
#include "CycleAccount.h"

#include "wafer/Bench/Programs.h"
#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Model/Model.h"
#include "wafer/Sim/TensorGather.h"
#include "wafer/Sim/TokenRun.h"
#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"
#include "wafer/Support/Progress.h"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cmath>
#include <sys/stat.h>
#include <unistd.h>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options {
  std::string image;
  std::vector<std::string> prompts;
  std::vector<uint32_t> tokens;
  std::vector<std::string> inputs;
  std::string state;
  std::optional<uint64_t> position;
  std::optional<uint32_t> maxTokens;
  std::string engine = "fast";
  std::string params;
  unsigned threads = 1;
  bool check = false;
  std::string model;
  bool timingOnly = false;
  std::string trace;
  std::string outputs;
  bool asJson = false;
  bool ignoreEos = false;
  std::optional<uint64_t> maxCycles;
};

constexpr uint32_t kDefaultTokens = 32;

class ImageRun {
public:
  ImageRun(const Options &options, CommandContext &context, LoadedImage &loaded)
      : options(options), context(context), image(loaded.image),
        machine(loaded.machine) {}

  ExitCode run();

private:
  ExitCode runTokenImage(TokenProtocol protocol);
  ExitCode runPlainImage();
  Status chooseParameters();
  Result<std::vector<uint32_t>> readPrompt(const TokenProtocol &protocol);
  Result<uint32_t> countTokens(const TokenProtocol &protocol, size_t prompt);
  Status readTokenizer();
  /// Prepares --check; does nothing without it.
  Status startCheck();
  /// Where --check found different ids.
  Diagnostic differentIds() const;
  /// The exit code of a run that is otherwise done.
  ExitCode checked() const;
  json describeCheck() const;
  /// Prints the text that a token adds, on a terminal.
  void stream(uint32_t id, bool first);
  ExitCode stopped(const Outcome &outcome);
  Status writeOutputs();
  json describe(Cycle cycles) const;
  Cycle cycleLimit() const { return options.maxCycles.value_or(kNever); }

  const Options &options;
  CommandContext &context;
  const Image &image;
  const Machine &machine;
  const ParameterSet *costs = nullptr;
  std::unique_ptr<Engine> engine;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<HostModel> hostModel;
  std::optional<LogitCheck> check;
};

} // namespace

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

Status ImageRun::chooseParameters() {
  std::string name =
      options.params.empty() ? image.parameterSet : options.params;
  if (name.empty() && !machine.parameterSets.empty()) {
    name = machine.parameterSets.front().name;
  }
  costs = machine.findParameters(name);
  if (costs) {
    return Status::success();
  }
  std::string known;
  for (const ParameterSet &set : machine.parameterSets) {
    known += (known.empty() ? "" : ", ") + set.name;
  }
  return Diagnostic{"the machine has no such parameter set",
                    "machine '" + machine.name + "'", known, "'" + name + "'",
                    ""};
}

Status ImageRun::readTokenizer() {
  if (image.tokenizer.empty()) {
    return Status::success();
  }
  auto result = Tokenizer::fromJson(image.tokenizer, "tokenizer of the image");
  if (!result) {
    return result.takeError();
  }
  tokenizer = *result;
  return Status::success();
}

Result<std::vector<uint32_t>>
ImageRun::readPrompt(const TokenProtocol &protocol) {
  if (!options.tokens.empty()) {
    return options.tokens;
  }
  std::vector<uint32_t> ids;
  if (options.prompts.empty()) {
    if (!protocol.bos) {
      return Diagnostic{"no prompt is given", options.image, "", "",
                        "use --prompt TEXT or --tokens 1,2,3"};
    }
    ids.push_back(*protocol.bos);
    return ids;
  }
  if (!tokenizer) {
    return Diagnostic{"the image has no tokenizer", options.image, "", "",
                      "give token ids with --tokens 1,2,3"};
  }
  const std::string &text = options.prompts.front();
  Status known = tokenizer->checkText(text);
  if (!known) {
    return known.takeError();
  }
  if (std::optional<uint32_t> bos = tokenizer->bos()) {
    ids.push_back(*bos);
  }
  std::vector<uint32_t> encoded = tokenizer->encode(text);
  ids.insert(ids.end(), encoded.begin(), encoded.end());
  return ids;
}

Result<uint32_t> ImageRun::countTokens(const TokenProtocol &protocol,
                                       size_t prompt) {
  if (options.maxTokens) {
    return *options.maxTokens;
  }
  uint64_t room = protocol.context > prompt ? protocol.context - prompt : 1;
  return uint32_t(std::min<uint64_t>(kDefaultTokens, room));
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// A number without a fraction where it has none.
static json number(double value) {
  return value == double(uint64_t(value)) ? json(uint64_t(value)) : json(value);
}

json ImageRun::describe(Cycle cycles) const {
  json object;
  object["tokens"] = json::array();
  object["text"] = "";
  object["cycles"] = cycles;
  object["cycles_per_token"] = nullptr;
  object["tokens_per_second"] = nullptr;
  object["clock_hz"] = number(machine.clockHz);
  object["machine"] = machine.name;
  object["params"] = costs->name;
  object["engine"] = engine->name();
  object["timing_only"] = options.timingOnly;
  // JSON has no infinity.
  object["max_abs_error"] = check && std::isfinite(check->errors().maxAbsError)
                                ? json(check->errors().maxAbsError)
                                : json(nullptr);
  object["core_cycles"] = toJson(engine->totalCounters());
  object["regions"] = toJson(accountByRegion(*engine, image));
  return object;
}

/// JSON text; bytes of an incomplete character become a replacement.
static std::string dump(const json &object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

ExitCode ImageRun::stopped(const Outcome &outcome) {
  Diagnostic error;
  error.where = options.image;
  switch (outcome.kind) {
  case Outcome::Kind::Fault:
    error.what =
        fmt::format("fault in cycle {}: {}", outcome.cycle - 1, outcome.detail);
    return context.fail(error, ExitCode::RunStopped);
  case Outcome::Kind::CycleLimit:
    error.what =
        fmt::format("the limit of {} cycles is reached", outcome.cycle);
    break;
  default:
    error.what =
        fmt::format("deadlock: nothing moves after cycle {}", outcome.cycle);
    break;
  }
  context.fail(error);
  std::string report = outcome.detail;
  if (report.empty() && outcome.kind == Outcome::Kind::Deadlock) {
    report = "every task has ended, and the host waits for words\n";
  }
  fmt::print(stderr, "{}", report);
  return ExitCode::RunStopped;
}

/// The name of a tensor as a file name.
static std::string fileName(const std::string &tensor) {
  std::string name = tensor;
  for (char &c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    c = plain ? c : '_';
  }
  return (name.front() == '.' ? "_" + name : name) + ".npy";
}

Status ImageRun::writeOutputs() {
  if (options.outputs.empty()) {
    return Status::success();
  }
  if (::mkdir(options.outputs.c_str(), 0777) != 0 && errno != EEXIST) {
    return Diagnostic{"cannot make the folder", options.outputs, "",
                      std::strerror(errno), ""};
  }
  for (const TensorPlacement &tensor : image.tensors) {
    if (tensor.kind != TensorKind::Output) {
      continue;
    }
    auto elements = gatherTensor(*engine, image, tensor);
    if (!elements) {
      return elements.takeError();
    }
    Status status = writeFile(options.outputs + "/" + fileName(tensor.name),
                              toNpy(tensor.type, tensor.shape, *elements));
    if (!status) {
      return status;
    }
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Check
//===----------------------------------------------------------------------===//

Status ImageRun::startCheck() {
  if (!options.check) {
    return Status::success();
  }
  if (!context.makeHostModel) {
    return Diagnostic{"--check is not available in this build", "", "", "",
                      "it needs a build with the compiler"};
  }
  auto made = context.makeHostModel(image, options.model);
  if (!made) {
    return made.takeError();
  }
  hostModel = std::move(*made);
  Result<LogitCheck> created = LogitCheck::create(*engine, image, *hostModel);
  if (!created) {
    return created.takeError();
  }
  check = std::move(*created);
  return Status::success();
}

Diagnostic ImageRun::differentIds() const {
  const LogitErrors::Difference &d = *check->errors().difference;
  return Diagnostic{
      "the wafer and the model on the host choose different tokens",
      fmt::format("{}: step {}", options.image, d.step),
      fmt::format("{} (logit {:g})", d.host, d.hostLogit),
      fmt::format("{} (logit {:g} on the host)", d.wafer, d.waferLogit), ""};
}

ExitCode ImageRun::checked() const {
  bool differs = check && check->errors().difference;
  return differs ? context.fail(differentIds()) : ExitCode::Success;
}

json ImageRun::describeCheck() const {
  const LogitErrors &errors = check->errors();
  json object;
  object["steps"] = errors.steps;
  object["step"] = errors.step;
  object["id"] = errors.id;
  object["max_abs_logit"] = errors.maxAbsLogit;
  object["same_ids"] = !errors.difference;
  return object;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

void ImageRun::stream(uint32_t id, bool first) {
  if (tokenizer) {
    context.write(tokenizer->decodeOne(id, first));
  } else {
    context.print("{}{}", first ? "" : " ", id);
  }
  (void)!context.flush();
}

ExitCode ImageRun::runTokenImage(TokenProtocol protocol) {
  if (options.ignoreEos || options.timingOnly) {
    protocol.stopAtEos = false;
  }
  Status status = readTokenizer();
  if (!status) {
    return context.fail(status.error());
  }
  Result<std::vector<uint32_t>> prompt = readPrompt(protocol);
  if (!prompt) {
    return context.fail(prompt.error());
  }
  Result<uint32_t> wanted = countTokens(protocol, prompt->size());
  status = protocol.check(*prompt, *wanted);
  if (!status) {
    return context.fail(status.error());
  }
  status = startCheck();
  if (!status) {
    return context.fail(status.error());
  }
  bool streams =
      !options.asJson && !options.timingOnly && ::isatty(STDOUT_FILENO);
  TokenObserver observer;
  if (check) {
    observer.onStep = [&](uint32_t fed, uint32_t chosen) {
      return check->step(fed, chosen);
    };
  }
  Result<TokenRun> result = [&] {
    uint64_t done = 0;
    Progress progress("tokens", streams ? 0 : *wanted);
    observer.onToken = [&](uint32_t id) {
      if (streams) {
        stream(id, done == 0);
      } else {
        progress.update(done + 1);
      }
      ++done;
    };
    return runTokens(*engine, protocol, *prompt, *wanted, cycleLimit(),
                     observer);
  }();
  if (!result) {
    return context.fail(result.error());
  }
  const TokenRun &run = *result;
  if (run.outcome.kind != Outcome::Kind::HostSatisfied) {
    if (streams && !run.generated.empty()) {
      context.write("\n");
      (void)!context.flush();
    }
    return stopped(run.outcome);
  }
  status = writeOutputs();
  if (!status) {
    return context.fail(status.error());
  }
  std::vector<uint32_t> all = *prompt;
  if (!options.timingOnly) {
    all.insert(all.end(), run.generated.begin(), run.generated.end());
  }
  Cycle cycles = run.arrivals.back();
  double perToken = run.cyclesPerToken();
  double perSecond = perToken > 0 ? machine.clockHz / perToken : 0;
  if (options.asJson) {
    json object = describe(cycles);
    object["tokens"] = all;
    object["generated"] =
        options.timingOnly ? json::array() : json(run.generated);
    object["steps"] = run.arrivals.size();
    object["text"] = tokenizer ? tokenizer->decode(all) : "";
    object["cycles_per_token"] = number(perToken);
    object["tokens_per_second"] = perSecond;
    object["first_token_cycle"] = run.arrivals[run.firstStep];
    if (check) {
      object["check"] = describeCheck();
    }
    context.write(dump(object));
    return checked();
  }
  if (!streams && !options.timingOnly) {
    context.print("{}", tokenizer ? tokenizer->decode(all)
                                  : fmt::format("{}", fmt::join(all, " ")));
  }
  context.print("\n\n{} tokens, {} cycles, {:.1f} cycles a token: {:.1f} "
                "tokens/s at {:g} GHz ({}, parameters '{}', {} engine)\n",
                run.generated.size(), cycles, perToken, perSecond,
                machine.clockHz / 1e9, machine.name, costs->name,
                engine->name());
  printAccount(accountByRegion(*engine, image), context);
  if (check) {
    const LogitErrors &errors = check->errors();
    context.print("check: {} steps, logits within {:.3g} of the model on the "
                  "host (step {}, id {}; largest logit {:.3g})\n",
                  errors.steps, errors.maxAbsError, errors.step, errors.id,
                  errors.maxAbsLogit);
  }
  return checked();
}

ExitCode ImageRun::runPlainImage() {
  if (options.check) {
    return context.fail({"--check needs an image that generates tokens",
                         options.image, "", "", ""});
  }
  if (!options.prompts.empty() || !options.tokens.empty() ||
      options.maxTokens) {
    return context.fail({"the image does not generate tokens", options.image,
                         "", "",
                         "leave out --prompt, --tokens and --max-tokens"});
  }
  Outcome outcome = engine->run({{}, cycleLimit()});
  if (outcome.kind != Outcome::Kind::Quiescent) {
    return stopped(outcome);
  }
  Status status = writeOutputs();
  if (!status) {
    return context.fail(status.error());
  }
  Result<std::optional<uint64_t>> timed =
      readTimedCycles(*engine, image, *costs);
  if (!timed) {
    return context.fail(timed.error());
  }
  if (options.asJson) {
    json object = describe(outcome.cycle);
    object["timed_cycles"] = *timed ? json(**timed) : json(nullptr);
    context.write(dump(object));
    return ExitCode::Success;
  }
  if (*timed) {
    context.print("{} cycles by the clocks of the program\n", **timed);
  }
  context.print("{} cycles ({}, parameters '{}', {} engine)\n", outcome.cycle,
                machine.name, costs->name, engine->name());
  printAccount(accountByRegion(*engine, image), context);
  return ExitCode::Success;
}

ExitCode ImageRun::run() {
  Status status = chooseParameters();
  if (!status) {
    return context.fail(status.error());
  }
  Result<std::optional<TokenProtocol>> protocol = readTokenProtocol(image);
  if (!protocol) {
    return context.fail(protocol.error());
  }
  auto created = options.engine == "fast"
                     ? Engine::createFast(image, machine, *costs,
                                          {options.threads, options.timingOnly})
                     : Engine::createReference(image, machine, *costs);
  if (!created) {
    return context.fail(created.error());
  }
  engine = std::move(*created);
  return *protocol ? runTokenImage(**protocol) : runPlainImage();
}

//===----------------------------------------------------------------------===//
// Command line
//===----------------------------------------------------------------------===//

/// Options that the command line knows and this build cannot serve.
static std::optional<Diagnostic> unsupported(const Options &o) {
  auto refuse = [](const char *option, const char *hint) {
    return Diagnostic{std::string(option) + " is not available in this build",
                      "", "", "", hint};
  };
  if (!o.inputs.empty()) {
    return refuse("--input", "");
  }
  if (!o.state.empty() || o.position) {
    return refuse("--state", "");
  }
  if (!o.trace.empty()) {
    return refuse("--trace", "");
  }
  if (o.prompts.size() > 1) {
    return refuse("more than one --prompt",
                  "the image has one request in flight");
  }
  return std::nullopt;
}

/// Options that exclude each other.
static std::optional<Diagnostic> contradiction(const Options &o) {
  if (!o.timingOnly) {
    return std::nullopt;
  }
  if (o.engine == "reference") {
    return Diagnostic{"the reference engine always computes values", "", "",
                      "--timing-only", "leave out --engine"};
  }
  for (auto [isGiven, name] : {std::pair(o.check, "--check"),
                               std::pair(!o.outputs.empty(), "--outputs")}) {
    if (isGiven) {
      return Diagnostic{std::string(name) + " needs values", "", "",
                        "--timing-only", "leave out one of them"};
    }
  }
  return std::nullopt;
}

static ExitCode runRun(const Options &options, CommandContext &context) {
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
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "run", "Execute an image in a simulator, cycle by cycle");
  command->add_option("image", o->image, "Image file (.wafer)")->required();
  command->add_option("--prompt", o->prompts, "Text of the prompt");
  command->add_option("--tokens", o->tokens, "Token ids of the prompt, 1,2,3")
      ->delimiter(',');
  command->add_option("--max-tokens", o->maxTokens,
                      "Tokens to generate (default: 32, or what the context "
                      "leaves)");
  command->add_option("--input", o->inputs, "NAME=FILE.npy");
  command->add_option("--state", o->state, "Folder with saved state");
  command->add_option("--position", o->position, "Position of the state");
  command->add_option("--engine", o->engine, "reference or fast")
      ->check(CLI::IsMember({"reference", "fast"}))
      ->capture_default_str();
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
  command->add_flag("--ignore-eos", o->ignoreEos,
                    "Go on behind an end of text");
  command->add_option("--trace", o->trace, "Write a trace");
  command->add_option("--outputs", o->outputs,
                      "Write the output tensors to this folder as .npy");
  command->add_flag("--json", o->asJson, "Print one JSON object");
  context.setAction(command, [o, &context] { return runRun(*o, context); });
}
} // namespace wafer
