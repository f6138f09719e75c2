// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReportCommand.cpp - wsec report ------------------------------------===//
#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Report/Page.h"
#include "wafer/Report/Report.h"
#include "wafer/Support/File.h"
#include "wafer/Support/OutputFile.h"

#include <CLI/CLI.hpp>

#include <filesystem>

using namespace wafer;

namespace {
struct Options {
  std::string image;
  std::string html;
  std::string run;
  bool json = false;
};
} // namespace

/// What a run prints is small; a page should stay so too.
static constexpr uint64_t kMaxRunBytes = uint64_t(16) << 20;

static ExitCode writePage(const Options &options, const LoadedImage &loaded,
                          CommandContext &context) {
  PageOptions page;
  page.title = std::filesystem::path(options.image).filename().string();
  if (!options.run.empty()) {
    Result<std::string> run = readFile(options.run, kMaxRunBytes);
    if (!run) {
      return context.fail(run.error());
    }
    page.run = std::move(*run);
    page.runName = options.run;
  }
  Result<std::string> text = makePage(loaded.image, loaded.machine, page);
  if (!text) {
    return context.fail(text.error());
  }
  if (Status written = writeFile(options.html, *text); !written) {
    return context.fail(written.error());
  }
  return ExitCode::Success;
}

static ExitCode runReport(const Options &options, CommandContext &context) {
  ImageReadOptions read;
  read.checkData = false;
  Result<LoadedImage> loaded = readImage(options.image, read);
  if (!loaded) {
    return context.fail(loaded.error());
  }
  if (!options.html.empty()) {
    return writePage(options, *loaded, context);
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
  CLI::Option *json =
      command->add_flag("--json", options->json, "Print one JSON object");
  CLI::Option *html =
      command
          ->add_option("--html", options->html,
                       "Write a page that shows the image down to a core")
          ->type_name("FILE")
          ->excludes(json);
  command
      ->add_option("--run", options->run,
                   "Output of 'wsec run --json', for the page's cycle account")
      ->type_name("FILE")
      ->needs(html);
  context.setAction(
      command, [options, &context] { return runReport(*options, context); });
}
