// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchSensitivity.cpp - wsec bench sensitivity ----------------------===//
#include "BenchCommands.h"

#include "wafer/Bench/Sensitivity.h"
#include "wafer/Bench/WaferLlm.h"
#include "wafer/Support/Progress.h"

#include <CLI/CLI.hpp>

#include <algorithm>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options : BenchOptions {
  std::string headline = "waferllm";
  /// waferllm
  uint32_t grid = 60;
  /// allreduce
  uint32_t cores = 256;
  uint32_t words = 16;
};

} // namespace

static Result<uint64_t> cyclesOf(Result<Image> image, const Machine &machine,
                                 const ParameterSet &costs) {
  if (!image) {
    return image.takeError();
  }
  Result<BenchRun> run = runProgram(*image, machine, costs);
  return run ? Result<uint64_t>(run->cycles) : run.takeError();
}

/// A decode layer whose cores have the slices of an 8B model on 420 x 420.
static WaferLlmShape layerOn(uint32_t side) {
  WaferLlmShape shape;
  shape.side = side;
  shape.groups = 1;
  while (shape.groups * shape.groups < side) {
    ++shape.groups;
  }
  shape.dim = 10 * side;
  shape.ffn = 35 * side;
  shape.context = 10 * side;
  return shape;
}

static Headline headlineOf(const Options &options) {
  if (options.headline == "waferllm") {
    return [shape = layerOn(options.grid)](const Machine &m,
                                           const ParameterSet &p) {
      return cyclesOf(buildWaferLlm(m, shape), m, p);
    };
  }
  ReduceShape shape;
  shape.cores = options.cores;
  shape.words = options.words;
  shape.everywhere = true;
  return [shape](const Machine &m, const ParameterSet &p) {
    ReduceShape best = shape;
    best.groups = chooseGroups(m, p, shape, 1, 2);
    return cyclesOf(buildReduce(m, best), m, p);
  };
}

static ExitCode runSensitivityBench(const Options &options,
                                    CommandContext &context) {
  Result<BenchMachine> machine = loadBenchMachine(options);
  if (!machine) {
    return context.fail(machine.error());
  }
  Result<SensitivityTable> table = Diagnostic{"", "", "", "", ""};
  {
    Progress progress("runs", 0);
    table =
        runSensitivity(machine->machine, machine->costs(), headlineOf(options),
                       [&](size_t done, size_t) { progress.update(done); });
  }
  if (!table) {
    return context.fail(table.error());
  }
  double base = double(table->baseCycles);
  json object = {
      {"bench", "sensitivity"},           {"headline", options.headline},
      {"machine", machine->machine.name}, {"params", machine->costs().name},
      {"cycles", table->baseCycles},      {"variations", json::array()}};
  for (const SensitivityLine &line : table->lines) {
    object["variations"].push_back(
        {{"parameter", line.variation.parameter},
         {"base", line.variation.base},
         {"value", line.variation.value},
         {"reason", line.variation.reason},
         {"cycles", line.cycles},
         {"change_percent", 100 * (double(line.cycles) - base) / base}});
  }
  if (options.asJson) {
    context.write(object.dump() + "\n");
    return ExitCode::Success;
  }
  context.print("{}: {} cycles ({}, parameters '{}')\n", options.headline,
                table->baseCycles, machine->machine.name,
                machine->costs().name);
  for (const SensitivityLine &line : table->lines) {
    context.print("  {:<22} {:>5} -> {:<5} {:>9} cycles {:>+7.1f} %  {}\n",
                  line.variation.parameter, line.variation.base,
                  line.variation.value, line.cycles,
                  100 * (double(line.cycles) - base) / base,
                  line.variation.reason);
  }
  return ExitCode::Success;
}

namespace wafer {
void addSensitivityBench(CLI::App &bench, CommandContext &context) {
  auto o = std::make_shared<Options>();
  o->machine = "wse2";
  CLI::App *command = bench.add_subcommand(
      "sensitivity", "How far unpublished parameters move a figure");
  command
      ->add_option("--headline", o->headline,
                   "waferllm (a decode layer) or allreduce")
      ->check(CLI::IsMember({"waferllm", "allreduce"}))
      ->capture_default_str();
  command
      ->add_option("--grid", o->grid,
                   "waferllm: cores of a side, each with the slices that an 8B "
                   "model has on 420 x 420")
      ->capture_default_str();
  command->add_option("--cores", o->cores, "allreduce: cores of the row")
      ->capture_default_str();
  command->add_option("--words", o->words, "allreduce: words of a vector")
      ->capture_default_str();
  addBenchOptions(command, *o, true, /*withKeep=*/false);
  context.setAction(command,
                    [o, &context] { return runSensitivityBench(*o, context); });
}
} // namespace wafer
