// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- AssembleCommand.cpp - wsec assemble -------------------------------===//
//
// From the text form of an image (docs/image-text.md) to a .wafer file.
//
//===----------------------------------------------------------------------===//
#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Support/File.h"

#include <CLI/CLI.hpp>

using namespace wafer;

namespace {
struct Options {
  std::string input;
  std::string output;
  std::string machine;
};

/// Programs are written by hand or by a small script.
constexpr uint64_t kMaxTextBytes = uint64_t(1) << 30;
} // namespace

/// Parses the text and takes the machine of the command line, if there is one.
static Result<LoadedImage> readText(const Options &options) {
  Result<std::string> text = readFile(options.input, kMaxTextBytes);
  if (!text) {
    return text.takeError();
  }
  Result<Image> image = parseImage(*text, options.input);
  if (!image) {
    return image.takeError();
  }
  if (!options.machine.empty()) {
    Result<Machine> machine = Machine::load(options.machine);
    if (!machine) {
      return machine.takeError();
    }
    image->machine = machine->toJson();
    return LoadedImage{std::move(*image), std::move(*machine)};
  }
  if (image->machine.empty()) {
    return Diagnostic{"no machine is named", options.input, "", "",
                      "begin the text with 'machine \"test8\"' or give "
                      "--machine"};
  }
  Result<Machine> machine =
      Machine::fromJson(image->machine, options.input + ": machine");
  if (!machine) {
    return machine.takeError();
  }
  return LoadedImage{std::move(*image), std::move(*machine)};
}

static ExitCode runAssemble(const Options &options, CommandContext &context) {
  Result<LoadedImage> loaded = readText(options);
  if (!loaded) {
    return context.fail(loaded.error());
  }
  if (Status s = validate(loaded->image, loaded->machine); !s) {
    Diagnostic error = s.takeError();
    error.where = options.input + ": " + error.where;
    return context.fail(error);
  }
  Status written = writeImage(loaded->image, options.output);
  return written ? ExitCode::Success : context.fail(written.error());
}

namespace wafer {
void addAssembleCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "assemble", "Make an image from its text form (docs/image-text.md)");
  command->add_option("file", options->input, "The text")->required();
  command->add_option("-o,--output", options->output, "The image to write")
      ->required();
  command->add_option("--machine", options->machine,
                      "Machine to use instead of the one that the text names");
  context.setAction(
      command, [options, &context] { return runAssemble(*options, context); });
}
} // namespace wafer
