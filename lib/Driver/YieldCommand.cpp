// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- YieldCommand.cpp - wsec yield --------------------------------------===//
//
// How many wafers can run a model, and what their defects cost.
//
//===----------------------------------------------------------------------===//
#include "DefectOptions.h"
#include "Yield.h"

#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Support/OutputFile.h"
#include "wafer/Support/Progress.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <thread>

using namespace wafer;

namespace {
struct Options {
  std::string model;
  std::string machine;
  std::vector<std::string> densities;
  SampleArguments sample;
  uint32_t samples = 100;
  unsigned threads = 0;
  std::string params;
  std::string svg;
  bool simulate = false;
  bool estimate = false;
  bool noBypass = false;
  bool json = false;
};

/// Programs on more cores take seconds to simulate.
constexpr int64_t kFewCores = 4096;
} // namespace

static void printTable(const YieldTable &table, CommandContext &context) {
  context.print(
      "{:.0f} cycles a token on a perfect wafer; tokens lost are {}\n",
      table.cyclesPerToken, table.isSimulated ? "simulated" : "estimated");
  context.print("{:>9} {:>8} {:>8} {:>7} {:>7} {:>7} {:>6} {:>8} {:>6} {:>6} "
                "{:>7} {:>9} {:>10} {:>8} {:>8}\n",
                "density", "defects", "mapped", "lost", "5 %", "95 %", "moved",
                "skipping", "lines", "tracks", "turns", "bypassed", "remap",
                "dropped", "greedy");
  for (const YieldPoint &p : table.points) {
    context.print("{:>7.3g} % {:>8.1f} {:>6.1f} % {:>5.2f} % {:>5.2f} % "
                  "{:>5.2f} % {:>6} {:>8} {:>6.2f} {:>6.2f} {:>7.2f} {:>9.2f} "
                  "{:>7.2f} ms {:>6.1f} % {:>6.1f} %\n",
                  100 * p.density, p.meanDefects,
                  100.0 * p.mapped / std::max(1u, p.samples), 100 * p.lostMean,
                  100 * p.lost5, 100 * p.lost95, p.moved, p.skipped,
                  p.meanLines, p.meanTracks, p.meanLongLinks, p.meanBypassed,
                  1000 * p.secondsMean, 100 * p.droppedMean,
                  100 * p.reroutedMean);
  }
  context.print(
      "dropped, greedy: cores left of any wafer by dropping lines and "
      "by greedy column rerouting\n");
  for (const YieldPoint &p : table.points) {
    if (!p.firstReason.empty()) {
      context.print("refused at {:.3g} %: {}\n", 100 * p.density,
                    p.firstReason);
    }
  }
}

/// The image itself, or one that the compiler makes of the model.
static Result<LoadedImage> loadProgram(const Options &options,
                                       CommandContext &context) {
  std::filesystem::path path(options.model);
  if (path.extension() == ".wafer") {
    return readImage(options.model);
  }
  if (!context.compileModel) {
    return Diagnostic{"cannot compile a model in this build", options.model,
                      "a .wafer file", "", ""};
  }
  return context.compileModel(options.model, options.machine, context);
}

static ExitCode runYield(const Options &options, CommandContext &context) {
  YieldOptions yield;
  for (const std::string &text : options.densities) {
    Result<double> density = readDensity(text);
    if (!density) {
      return context.fail(density.error(), ExitCode::BadUsage);
    }
    yield.densities.push_back(*density);
  }
  Result<SampleOptions> sample = options.sample.read();
  if (!sample) {
    return context.fail(sample.error(), ExitCode::BadUsage);
  }
  yield.sample = *sample;
  yield.samples = options.samples;
  yield.params = options.params;
  yield.remap.useBypass = !options.noBypass;
  yield.threads = options.threads
                      ? options.threads
                      : std::max(1u, std::thread::hardware_concurrency());
  Result<LoadedImage> program = loadProgram(options, context);
  if (!program) {
    return context.fail(program.error());
  }
  if (!options.machine.empty()) {
    Result<Machine> machine = Machine::load(options.machine);
    if (!machine) {
      return context.fail(machine.error());
    }
    if (machine->name != program->machine.name) {
      return context.fail({"the image is for another machine", options.model,
                           machine->name, program->machine.name, ""});
    }
  }
  program->image.map = {};
  int64_t cores = 0;
  for (const Region &region : program->image.regions) {
    cores += region.rect.area();
  }
  yield.simulate =
      options.simulate || (!options.estimate && cores <= kFewCores);
  Result<YieldTable> table = [&] {
    Progress bar("wafers", yield.densities.size() * uint64_t(yield.samples));
    return measureYield(program->image, program->machine, yield,
                        [&](uint64_t done, uint64_t) { bar.update(done); });
  }();
  if (!table) {
    return context.fail(table.error());
  }
  if (!options.svg.empty()) {
    std::string title =
        std::filesystem::path(options.model).filename().string() + " on " +
        program->machine.name;
    if (Status s = writeFile(options.svg, table->toSvg(title)); !s) {
      return context.fail(s.error());
    }
  }
  if (options.json) {
    context.write(table->toJson());
  } else {
    printTable(*table, context);
  }
  return ExitCode::Success;
}

namespace wafer {
void addYieldCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "yield", "How many wafers can run a model, and at what cost "
               "(docs/defects.md)");
  command
      ->add_option("MODEL", options->model,
                   "An image (.wafer), or a model to compile")
      ->required();
  command->add_option("--machine", options->machine,
                      "The machine to compile for");
  command
      ->add_option("--density", options->densities,
                   "Expected defects for each tile, such as 0.05%,0.5%")
      ->delimiter(',')
      ->required();
  command->add_option("--samples", options->samples, "Wafers of each density")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  options->sample.add(*command);
  command->add_option("--params", options->params,
                      "Parameter set (default: the machine's first)");
  command->add_option("--threads", options->threads,
                      "Threads (default: one for each processor)");
  CLI::Option *simulate =
      command->add_flag("--simulate", options->simulate,
                        "Simulate a token on each wafer, however large the "
                        "program is");
  command
      ->add_flag("--estimate", options->estimate,
                 "Estimate what is lost, however small the program is")
      ->excludes(simulate);
  command->add_flag("--no-bypass", options->noBypass,
                    "Leave the spare columns of the hardware unused");
  command->add_option("--svg", options->svg, "Write a plot to this file");
  command->add_flag("--json", options->json, "Print a JSON object");
  context.setAction(
      command, [options, &context] { return runYield(*options, context); });
}
} // namespace wafer
