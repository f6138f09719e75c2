// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ImportCommand.cpp - wsec import ------------------------------------===//
//
// Turns a model into the wgraph dialect: text on standard output, or a file.
//
//===----------------------------------------------------------------------===//
#include "wafer/CompilerDriver/CompilerDriver.h"

#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>

using namespace wafer;

namespace {

struct Options {
  std::string model;
  std::string output;
  ImportOptions import;
  ModelLoadOptions load;
};

} // namespace

static ExitCode runImport(const Options &options, CommandContext &context) {
  CompilerSession session(context);
  mlir::OwningOpRef<ModuleOp> module =
      session.loadModule(options.model, options.import, options.load);
  if (!module) {
    return ExitCode::BadInput;
  }
  if (!options.output.empty()) {
    Status status = writeModule(*module, options.output);
    return status ? ExitCode::Success : context.fail(status.error());
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  (*module)->print(stream);
  context.write(text);
  context.write("\n");
  return ExitCode::Success;
}

namespace wafer {
void addImportCommand(CLI::App &app, CommandContext &context);
} // namespace wafer

void wafer::addImportCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("import", "Turn a model into MLIR (dialect wgraph)");
  command
      ->add_option("MODEL", options->model,
                   "A .gguf file, a folder with config.json and safetensors, a "
                   "config.json (synthetic weights), or .mlir/.mlirbc")
      ->required();
  command->add_option("-o", options->output,
                      "Write to this file: bytecode if it ends in .mlirbc, "
                      "else text (default: standard output)");
  command
      ->add_option("--tokens-per-pass", options->import.tokensPerPass,
                   "Tokens computed at once")
      ->check(CLI::Range(1u, 65536u))
      ->capture_default_str();
  command
      ->add_option("--in-flight", options->import.slots,
                   "Requests that have a KV cache at the same time")
      ->check(CLI::Range(1u, 65536u))
      ->capture_default_str();
  command
      ->add_option("--context", options->import.context,
                   "Positions of the KV cache (default: as many as the model "
                   "was made for)")
      ->check(CLI::Range(1u, 1u << 24));
  command->add_option("--seed", options->load.seed, "Seed of synthetic weights")
      ->capture_default_str();
  context.setAction(
      command, [options, &context] { return runImport(*options, context); });
}
