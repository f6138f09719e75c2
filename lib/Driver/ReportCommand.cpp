// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReportCommand.cpp - wsec report ------------------------------------===//
#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Report/Report.h"

#include <CLI/CLI.hpp>

using namespace wafer;

namespace {
struct Options {
  std::string image;
  bool json = false;
};
} // namespace

static ExitCode runReport(const Options &options, CommandContext &context) {
  ImageReadOptions read;
  read.checkData = false;
  Result<LoadedImage> loaded = readImage(options.image, read);
  if (!loaded) {
    return context.fail(loaded.error());
  }
  ImageReport report = makeReport(loaded->image, loaded->machine);
  context.write(options.json ? report.toJson() + "\n"
                             : report.toText(loaded->machine));
  return ExitCode::Success;
}

namespace wafer {
void addReportCommand(CLI::App &app, CommandContext &context);
} // namespace wafer

void wafer::addReportCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "report",
      "Show the floorplan of an image and what it uses of its machine");
  command->add_option("image", options->image, "Image file (.wafer)")
      ->required();
  command->add_flag("--json", options->json, "Print one JSON object");
  context.setAction(
      command, [options, &context] { return runReport(*options, context); });
}
