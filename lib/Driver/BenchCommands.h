// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchCommands.h - What the commands of wsec bench share --*- C++ -*-===//
#ifndef WAFER_LIB_DRIVER_BENCHCOMMANDS_H
#define WAFER_LIB_DRIVER_BENCHCOMMANDS_H

#include "wafer/Bench/Calibration.h"
#include "wafer/Driver/Driver.h"
#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Support/Json.h"

#include <string>

namespace wafer {

struct BenchOptions {
  std::string machine = "wse3";
  std::string params;
  std::string keep;
  bool asJson = false;
};

/// --machine and --params (where the benchmark has a choice), --keep, --json.
void addBenchOptions(CLI::App *command, BenchOptions &options, bool withMachine,
                     bool withKeep = true);

/// A machine and the parameter set to use.
struct BenchMachine {
  Machine machine;
  size_t set = 0;
  const ParameterSet &costs() const { return machine.parameterSets[set]; }
};
Result<BenchMachine> loadBenchMachine(const BenchOptions &options);

/// Leaves NAME.wafer in the folder of --keep; does nothing without it.
Status keepImage(const BenchOptions &options, const std::string &name,
                 const Image &image);

/// One program, built, kept and run.
struct Measured {
  BenchMachine machine;
  Image image;
  BenchRun run;
};
using BuildProgram = std::function<Result<Image>(const BenchMachine &)>;
Result<std::unique_ptr<Measured>> measure(const BenchOptions &options,
                                          const std::string &name,
                                          const BuildProgram &build);
/// The fields that all benchmarks print.
nlohmann::json describe(const std::string &name, const Measured &measured);
/// Prints `object`, or TEXT and its cycles, machine and set.
ExitCode printCycles(const BenchOptions &options, CommandContext &context,
                     const nlohmann::json &object, const std::string &text);

// Benchmarks with a file of their own.
void addCollectivesBench(CLI::App &bench, CommandContext &context);
void addGemvBench(CLI::App &bench, CommandContext &context);
void addMeshBench(CLI::App &bench, CommandContext &context);
void addPhasesBench(CLI::App &bench, CommandContext &context);
void addReduceBench(CLI::App &bench, CommandContext &context, bool everywhere);
void addSensitivityBench(CLI::App &bench, CommandContext &context);
void addTablesBench(CLI::App &bench, CommandContext &context);
void addWaferLlmBench(CLI::App &bench, CommandContext &context);

} // namespace wafer

#endif // WAFER_LIB_DRIVER_BENCHCOMMANDS_H
