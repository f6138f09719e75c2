// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CompileCommand.cpp - wsec compile ----------------------------------===//
//
// Model and machine in, image out. With --stop-after the IR after a phase is
// printed instead.
//
//===----------------------------------------------------------------------===//
#include "CompileJob.h"

#include "wafer/Report/Report.h"
#include "wafer/Support/OutputFile.h"
#include "wafer/WGraph/WGraph.h"

#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <sys/resource.h>

using namespace wafer;

namespace {

struct Options {
  std::string output;
  std::string stopAfter;
  std::string report;
  std::string region;
  std::string stages = "auto";
  std::string weights = "real";
  bool remarks = false;
  std::string wafers = "1";
  CompileRequest request;
};

Diagnostic usage(std::string what, std::string expected, std::string found) {
  Diagnostic d;
  d.what = std::move(what);
  d.expected = std::move(expected);
  d.found = std::move(found);
  return d;
}

/// Options that the command line accepts and this version cannot do.
std::optional<Diagnostic> unsupported(const Options &o) {
  auto refuse = [](const char *option, const char *supported,
                   const std::string &found) {
    Diagnostic d =
        usage(std::string(option) + " is not supported yet", supported, found);
    return d;
  };
  if (!o.request.defects.empty() && o.request.pipeline.wafers != 1) {
    return refuse("--defects with --wafers", "--wafers 1", o.wafers);
  }
  if (!o.request.defects.empty() && !o.stopAfter.empty()) {
    return refuse("--defects with --stop-after",
                  "an image: the map is made behind the phases",
                  "'" + o.stopAfter + "'");
  }
  const PipelineOptions &pipeline = o.request.pipeline;
  if (pipeline.accumulate == "f16" && pipeline.tokensPerPass > 1) {
    return refuse("--accumulate f16 with several tokens a pass",
                  "--accumulate mixed or f32, or --tokens-per-pass 1",
                  std::to_string(pipeline.tokensPerPass));
  }
  if (pipeline.accumulate == "f16" && pipeline.weightsType == "f32") {
    return refuse("--accumulate f16 with --weights-type f32",
                  "--accumulate f32", pipeline.accumulate);
  }
  return std::nullopt;
}

/// "13x11", "auto|3" and the like into numbers; a Diagnostic for anything else.
std::optional<Diagnostic> parseShapes(Options &o) {
  if (!o.region.empty()) {
    unsigned width = 0, height = 0;
    char rest = 0;
    if (std::sscanf(o.region.c_str(), "%5ux%5u%c", &width, &height, &rest) !=
            2 ||
        width == 0 || height == 0) {
      return usage("bad --region", "WIDTHxHEIGHT such as 13x11",
                   "'" + o.region + "'");
    }
    o.request.pipeline.width = width;
    o.request.pipeline.height = height;
  }
  if (o.stages != "auto") {
    unsigned stages = 0;
    char rest = 0;
    if (std::sscanf(o.stages.c_str(), "%6u%c", &stages, &rest) != 1 ||
        stages == 0) {
      return usage("bad --stages", "auto or a positive number",
                   "'" + o.stages + "'");
    }
    o.request.pipeline.stages = stages;
  }
  if (o.wafers == "auto") {
    o.request.pipeline.wafers = 0;
  } else {
    unsigned wafers = 0;
    char rest = 0;
    if (std::sscanf(o.wafers.c_str(), "%4u%c", &wafers, &rest) != 1 ||
        wafers == 0 || wafers > unsigned(Machine::kMostWafers)) {
      return usage("bad --wafers",
                   "auto or a number from 1 to " +
                       std::to_string(Machine::kMostWafers),
                   "'" + o.wafers + "'");
    }
    o.request.pipeline.wafers = wafers;
  }
  return std::nullopt;
}

class Compile {
public:
  Compile(const Options &options, CommandContext &context)
      : options(options), context(context), session(context),
        start(std::chrono::steady_clock::now()) {}

  ExitCode run();

private:
  ExitCode print(mlir::ModuleOp module);
  Status writeOutputs(const CompiledImage &compiled) const;

  const Options &options;
  CommandContext &context;
  CompilerSession session;
  std::chrono::steady_clock::time_point start;
};

} // namespace

ExitCode Compile::print(mlir::ModuleOp module) {
  if (!options.output.empty()) {
    Status status = writeModule(module, options.output);
    return status ? ExitCode::Success : context.fail(status.error());
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  context.write(text);
  context.write("\n");
  return ExitCode::Success;
}

/// Writes the image, and the report where one is asked for: both or none. The
/// report is on the disk, still without its name, before the image appears.
Status Compile::writeOutputs(const CompiledImage &compiled) const {
  const EmittedImage &emitted = compiled.emitted;
  if (options.report.empty()) {
    return writeEmittedImage(emitted, options.output);
  }
  Result<OutputFile> report = OutputFile::create(options.report);
  if (!report) {
    return report.takeError();
  }
  // Time and memory differ from run to run, so they are not in the image.
  nlohmann::json json = nlohmann::json::parse(
      makeReport(emitted.image, compiled.machine).toJson(), nullptr, false);
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  json["compile_seconds"] = seconds.count();
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  json["peak_rss_bytes"] = int64_t(usage.ru_maxrss) * 1024;
  if (Status status = report->write(json.dump(2) + "\n"); !status) {
    return status;
  }
  if (Status status = report->finish(); !status) {
    return status;
  }
  if (Status status = writeEmittedImage(emitted, options.output); !status) {
    return status;
  }
  return report->commit();
}

ExitCode Compile::run() {
  Phase last = Phase::Emit;
  if (!options.stopAfter.empty()) {
    last = *parsePhase(options.stopAfter);
  }
  if (options.remarks) {
    session.enableRemarks();
  }
  if (last != Phase::Emit) {
    std::unique_ptr<CompiledModule> compiled =
        compileTo(last, options.request, session, context);
    return compiled ? print(*compiled->module) : ExitCode::BadInput;
  }
  std::unique_ptr<CompiledImage> compiled =
      compileImage(options.request, session, context);
  if (!compiled) {
    return ExitCode::BadInput;
  }
  Status status = writeOutputs(*compiled);
  return status ? ExitCode::Success : context.fail(status.error());
}

static ExitCode runCompile(Options &options, CommandContext &context) {
  if (auto problem = parseShapes(options)) {
    return context.fail(*problem, ExitCode::BadUsage);
  }
  if (auto problem = unsupported(options)) {
    return context.fail(*problem);
  }
  if (options.stopAfter.empty() && options.output.empty()) {
    return context.fail(
        usage("no output file", "-o OUT.wafer or --stop-after=PHASE", ""),
        ExitCode::BadUsage);
  }
  options.request.load.weights = options.weights == "real";
  options.request.weights = options.weights != "none";
  return Compile(options, context).run();
}

namespace wafer {
void addCompileCommand(CLI::App &app, CommandContext &context);
} // namespace wafer

void wafer::addCompileCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "compile", "Compile a model for a machine into an image");
  command
      ->add_option("MODEL", options->request.model,
                   "A .gguf file, a folder with config.json and safetensors, "
                   "or a config.json (synthetic weights)")
      ->required();
  command->add_option("-o", options->output,
                      "The image to write (with --stop-after: the IR)");
  command
      ->add_option("--machine", options->request.pipeline.machine,
                   "A shipped machine or a machine file")
      ->capture_default_str();
  command->add_option("--params", options->request.pipeline.params,
                      "Parameter set of the cost model: measured, nominal or "
                      "optimistic (default: the machine's first)");
  command
      ->add_option("--context", options->request.pipeline.context,
                   "Positions of the KV cache (default: the model's own, at "
                   "least 512 and at most 4096)")
      ->check(CLI::Range(1, 1 << 24));
  command
      ->add_option("--stages", options->stages,
                   "Layer stages: auto or a number")
      ->capture_default_str();
  command->add_option(
      "--region", options->region,
      "Rectangle of a layer stage, such as 13x11 (default: by cost)");
  command->add_option("--weights", options->weights, "real, synthetic or none")
      ->check(CLI::IsMember({"real", "synthetic", "none"}))
      ->capture_default_str();
  command
      ->add_option("--weights-type", options->request.pipeline.weightsType,
                   "stored, f16 or f32")
      ->check(CLI::IsMember({"stored", "f16", "bf16", "f32"}))
      ->capture_default_str();
  command
      ->add_option("--accumulate", options->request.pipeline.accumulate,
                   "Sums of products: f32; mixed (f16 inside a core, up to "
                   "64 terms, then f32); or f16 (between cores too, but for "
                   "sums of values, norms of heads and logits)")
      ->check(CLI::IsMember({"f16", "f32", "mixed"}))
      ->capture_default_str();
  command
      ->add_option("--objective", options->request.pipeline.objective,
                   "latency (cycles of a token) or throughput (cycles between "
                   "tokens of all requests in flight)")
      ->check(CLI::IsMember({"latency", "throughput"}))
      ->capture_default_str();
  command
      ->add_option("--tokens-per-pass", options->request.pipeline.tokensPerPass,
                   "Most tokens of a request that a pass takes, at "
                   "consecutive positions: prompts are fed so many at a time")
      ->capture_default_str();
  command->add_flag("--even-layers", options->request.pipeline.evenLayers,
                    "Lay weights and caches of layers whole turns of the "
                    "memory banks apart: for some bytes of SRAM, all layers "
                    "take the same cycles, and --timing-only can skip them");
  command
      ->add_option("--in-flight", options->request.pipeline.inFlight,
                   "Requests in flight, each with a cache of its own")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command
      ->add_option("--wafers", options->wafers,
                   "Wafers that share the stages: a number, or auto for as "
                   "few as hold the model")
      ->capture_default_str();
  command->add_option("--defects", options->request.defects,
                      "Defect map of the wafer that the image is fitted to");
  std::vector<std::string> phases;
  for (const PhaseInfo &info : allPhases()) {
    if (info.phase != Phase::Emit) {
      phases.push_back(info.name);
    }
  }
  command
      ->add_option("--stop-after", options->stopAfter,
                   "Print the IR after a phase")
      ->check(CLI::IsMember(phases));
  command->add_option("--report", options->report,
                      "Write a JSON report to this file");
  command->add_flag("--remarks", options->remarks,
                    "Say on standard error what was decided: rectangles of "
                    "stages and the runner-up, collectives and their cost, "
                    "colors, SRAM");
  command
      ->add_option("--seed", options->request.load.seed,
                   "Seed of synthetic weights")
      ->capture_default_str();
  context.setAction(
      command, [options, &context] { return runCompile(*options, context); });
}
