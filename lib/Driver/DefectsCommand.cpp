// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DefectsCommand.cpp - wsec defects ----------------------------------===//
//
// Draws random defect maps and shows maps.
//
//===----------------------------------------------------------------------===//
#include "DefectOptions.h"

#include "wafer/Defects/Draw.h"
#include "wafer/Driver/Driver.h"
#include "wafer/Support/File.h"
#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"

#include <CLI/CLI.hpp>

using namespace wafer;

namespace {
struct Options {
  std::string machine;
  std::string density;
  SampleArguments sample;
  std::optional<uint32_t> count;
  std::string output;
  std::string map;
  std::string svg;
};
} // namespace

static ExitCode runSample(const Options &options, CommandContext &context) {
  if (options.density.empty() == !options.count) {
    return context.fail({"give either --density or --count", "", "", "",
                         "see 'wsec defects sample --help'"},
                        ExitCode::BadUsage);
  }
  Result<Machine> machine = Machine::load(options.machine);
  if (!machine) {
    return context.fail(machine.error());
  }
  Result<SampleOptions> sample = options.sample.read();
  if (!sample) {
    return context.fail(sample.error(), ExitCode::BadUsage);
  }
  sample->count = options.count;
  if (!options.density.empty()) {
    Result<double> density = readDensity(options.density);
    if (!density) {
      return context.fail(density.error(), ExitCode::BadUsage);
    }
    sample->density = *density;
  }
  Result<DefectMap> map = sampleDefects(*machine, *sample);
  if (!map) {
    return context.fail(map.error());
  }
  if (options.output.empty()) {
    context.write(map->toJson());
    return ExitCode::Success;
  }
  Status written = writeFile(options.output, map->toJson());
  return written ? ExitCode::Success : context.fail(written.error());
}

/// The machine that a map's file names, unless the user names a file of it.
static Result<Machine> machineOf(const Options &options) {
  if (!options.machine.empty()) {
    return Machine::load(options.machine);
  }
  constexpr uint64_t kMaxBytes = uint64_t(64) << 20;
  Result<std::string> text = readFile(options.map, kMaxBytes);
  if (!text) {
    return text.takeError();
  }
  Result<nlohmann::json> root = parseJson(*text, options.map);
  if (!root) {
    return root.takeError();
  }
  if (!root->is_object() ||
      !root->value("machine", nlohmann::json()).is_string()) {
    return Diagnostic{"the defect map does not name its machine", options.map,
                      "\"machine\": NAME", "", ""};
  }
  Result<Machine> machine =
      Machine::load((*root)["machine"].get<std::string>());
  if (!machine) {
    Diagnostic error = machine.takeError();
    error.hint = "give its machine file with --machine";
    return error;
  }
  return machine;
}

static ExitCode runShow(const Options &options, CommandContext &context) {
  Result<Machine> machine = machineOf(options);
  if (!machine) {
    return context.fail(machine.error());
  }
  Result<DefectMap> map = DefectMap::load(options.map, *machine);
  if (!map) {
    return context.fail(map.error());
  }
  DefectSummary s = summarise(*map, *machine);
  context.print("machine          {}, {} x {} tiles\n", machine->name,
                defectColumns(*machine), machine->physicalHeight);
  context.print("dead             {} tiles, {} cores, {} links, {} banks\n",
                s.tiles, s.cores, s.links, s.banks);
  context.print("density          {:.4g} % of the tiles\n", 100 * s.density);
  if (!map->empty()) {
    context.print("fullest row      {} with {} defects\n", s.fullestRow,
                  s.mostInRow);
    context.print("fullest column   {} with {} defects\n", s.fullestColumn,
                  s.mostInColumn);
    context.print("largest cluster  {} defects, from {},{}\n", s.largestCluster,
                  s.clusterAt.x, s.clusterAt.y);
  }
  if (options.svg.empty()) {
    return ExitCode::Success;
  }
  Status written = writeFile(options.svg, drawSvg(*map, *machine));
  return written ? ExitCode::Success : context.fail(written.error());
}

static void addSample(CLI::App &parent, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      parent.add_subcommand("sample", "Draw the defects of a random wafer");
  command
      ->add_option("--machine", options->machine,
                   "A shipped machine or a machine file")
      ->required();
  command->add_option("--density", options->density,
                      "Expected defects for each tile: 0.0005 or 0.05%");
  command->add_option("--count", options->count, "Exact number of defects");
  options->sample.add(*command);
  command->add_option("-o", options->output,
                      "The file to write (default: standard output)");
  context.setAction(
      command, [options, &context] { return runSample(*options, context); });
}

static void addShow(CLI::App &parent, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = parent.add_subcommand("show", "Describe a defect map");
  command->add_option("map", options->map, "Defect map (.json)")->required();
  command->add_option("--machine", options->machine,
                      "Machine file (default: the shipped one of that name)");
  command->add_option("--svg", options->svg, "Write a picture to this file");
  context.setAction(command,
                    [options, &context] { return runShow(*options, context); });
}

namespace wafer {
void addDefectsCommand(CLI::App &app, CommandContext &context) {
  CLI::App *command = app.add_subcommand(
      "defects", "Draw or show defect maps (docs/defects.md)");
  command->require_subcommand(1);
  addSample(*command, context);
  addShow(*command, context);
}
} // namespace wafer
