// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- VerifyCommand.cpp - wsec verify -----------------------------------===//
//
// Checks every static guarantee of an image; exit 0 only if all hold.
//
//===----------------------------------------------------------------------===//
#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Verify/Verify.h"

#include <CLI/CLI.hpp>

using namespace wafer;

namespace {
struct Options {
  std::string image;
  std::string defects;
  bool json = false;
  bool list = false;
};
} // namespace

static void printReport(const VerifyReport &report, CommandContext &context) {
  const std::vector<RuleInfo> &rules = verifyRules();
  for (size_t r = 0; r < rules.size(); ++r) {
    if (report.counts[r] == 0) {
      context.print("{:<22} ok     {}\n", rules[r].name, rules[r].summary);
      continue;
    }
    context.print("{:<22} FAILED {}\n", rules[r].name, rules[r].summary);
    uint64_t shown = 0;
    for (const Violation &v : report.violations) {
      if (v.rule == rules[r].name) {
        context.print("  {}\n", v.message);
        ++shown;
      }
    }
    if (shown < report.counts[r]) {
      context.print("  and {} more\n", report.counts[r] - shown);
    }
  }
}

static ExitCode listRules(CommandContext &context) {
  for (const RuleInfo &rule : verifyRules()) {
    context.print("{:<22} {}\n", rule.name, rule.summary);
  }
  return ExitCode::Success;
}

static ExitCode runVerify(const Options &options, CommandContext &context) {
  if (options.list) {
    return listRules(context);
  }
  if (options.image.empty()) {
    return context.fail(
        {"no image is given", "", "", "", "see 'wsec verify --help'"},
        ExitCode::BadUsage);
  }
  Result<LoadedImage> loaded = readImage(options.image);
  if (!loaded) {
    return context.fail(loaded.error());
  }
  VerifyOptions rules;
  if (!options.defects.empty()) {
    Result<DefectMap> map = DefectMap::load(options.defects, loaded->machine);
    if (!map) {
      return context.fail(map.error());
    }
    rules.defects = std::move(*map);
  }
  VerifyReport report = verify(loaded->image, loaded->machine, rules);
  if (options.json) {
    context.write(toJson(report));
  } else {
    printReport(report, context);
    for (const std::string &text : report.notShown) {
      context.print("not shown: {}\n", text);
    }
    for (const std::string &text : report.assumed) {
      context.print("assumed: {}\n", text);
    }
  }
  if (report.holds()) {
    return ExitCode::Success;
  }
  size_t broken = 0;
  for (uint64_t count : report.counts) {
    broken += count > 0;
  }
  return context.fail({"image does not hold its guarantees", options.image,
                       "all rules to hold", fmt::format("{} broken", broken),
                       ""});
}

namespace wafer {
void addVerifyCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "verify", "Check every static guarantee of an image (docs/verify.md)");
  CLI::Option *image =
      command->add_option("image", options->image, "The .wafer file");
  command
      ->add_option("--defects", options->defects,
                   "Defect map of the wafer (default: the one that the image "
                   "was fitted to)")
      ->needs(image);
  CLI::Option *json =
      command->add_flag("--json", options->json, "Print a JSON object");
  command
      ->add_flag("--list", options->list,
                 "Print the rules instead; needs no image")
      ->excludes(image)
      ->excludes(json);
  context.setAction(
      command, [options, &context] { return runVerify(*options, context); });
}
} // namespace wafer
