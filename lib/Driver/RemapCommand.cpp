// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RemapCommand.cpp - wsec remap --------------------------------------===//
//
// Fits an image to one wafer: only its map changes.
//
//===----------------------------------------------------------------------===//
#include "DefectOptions.h"

#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Image/Validate.h"
#include "wafer/Remap/Remap.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <nlohmann/json.hpp>

using namespace wafer;

namespace {
struct Options {
  std::string image;
  std::string defects;
  std::string output;
  bool noBypass = false;
  bool json = false;
};
} // namespace

static void printCost(const RemapCost &cost, double seconds, bool json,
                      CommandContext &context) {
  if (json) {
    nlohmann::json root = describe(cost);
    root["seconds"] = seconds;
    context.write(root.dump(2) + "\n");
    return;
  }
  context.print("moved by         {},{}\n", cost.movedX, cost.movedY);
  context.print("lines skipped    {} rows, {} columns\n", cost.rowsSkipped,
                cost.columnsSkipped);
  if (cost.holeTracks) {
    context.print("hole tracks      {}, with {} long links\n", cost.holeTracks,
                  cost.longLinks);
  }
  if (cost.tilesBypassed) {
    context.print("tiles bypassed   {}\n", cost.tilesBypassed);
  }
  context.print("cycles added     about {} a token\n", cost.cyclesAdded);
  context.print("time             {:.3f} s\n", seconds);
}

static ExitCode runRemap(const Options &options, CommandContext &context) {
  Result<LoadedImage> loaded = readImage(options.image);
  if (!loaded) {
    return context.fail(loaded.error());
  }
  Result<DefectMap> defects = DefectMap::load(options.defects, loaded->machine);
  if (!defects) {
    return context.fail(defects.error());
  }
  auto start = std::chrono::steady_clock::now();
  RemapOptions remap;
  remap.useBypass = !options.noBypass;
  Result<Remapped> result =
      remapProgram(Footprint(loaded->image, loaded->machine), loaded->machine,
                   *defects, remap);
  if (!result) {
    return context.fail(result.error());
  }
  double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  applyFit(loaded->image, *result, result->cost.cyclesAdded);
  if (Status sound = validate(loaded->image, loaded->machine); !sound) {
    return context.fail(sound.error());
  }
  if (Status s = writeImage(loaded->image, options.output); !s) {
    return context.fail(s.error());
  }
  printCost(result->cost, seconds, options.json, context);
  return ExitCode::Success;
}

namespace wafer {
void addRemapCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "remap", "Fit an image to one wafer (docs/defects.md)");
  command->add_option("image", options->image, "The .wafer file")->required();
  command->add_option("--defects", options->defects, "Defect map of the wafer")
      ->required();
  command->add_option("-o", options->output, "The image to write")->required();
  command->add_flag("--no-bypass", options->noBypass,
                    "Leave the spare columns of the hardware unused");
  command->add_flag("--json", options->json, "Print a JSON object");
  context.setAction(
      command, [options, &context] { return runRemap(*options, context); });
}
} // namespace wafer
