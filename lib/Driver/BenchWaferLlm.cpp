// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchWaferLlm.cpp - wsec bench waferllm ----------------------------===//
#include "BenchCommands.h"

#include "wafer/Bench/WaferLlm.h"

#include <CLI/CLI.hpp>

#include <set>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options : BenchOptions {
  std::string model = "llama-3.1-8b";
  uint32_t grid = 420;
};

} // namespace

static const WaferLlmCell *findCell(const Options &options) {
  for (const WaferLlmCell &cell : waferLlmCells()) {
    if (cell.model == options.model && cell.side == options.grid) {
      return &cell;
    }
  }
  return nullptr;
}

static ExitCode runWaferLlm(const Options &options, CommandContext &context) {
  const WaferLlmCell *cell = findCell(options);
  if (!cell) {
    return context.fail({"no published figure for this grid", "",
                         "--grid 420, 540 or 660",
                         fmt::format("{}", options.grid), ""});
  }
  WaferLlmShape shape;
  shape.side = cell->side;
  shape.groups = cell->groups;
  shape.dim = cell->dim;
  shape.ffn = cell->ffn;
  auto measured = measure(options, "waferllm", [&](const BenchMachine &m) {
    return buildWaferLlm(m.machine, shape);
  });
  if (!measured) {
    return context.fail(measured.error());
  }
  double cycles = double((*measured)->run.cycles);
  double published = cell->cyclesPerLayer();
  double rate = kWaferLlmClockHz / cycles / cell->layers;
  json object = describe("waferllm", **measured);
  object["model"] = cell->model;
  object["grid"] = {cell->side, cell->side};
  object["layers"] = cell->layers;
  object["cycles_per_layer"] = (*measured)->run.cycles;
  object["published_cycles_per_layer"] = published;
  object["ratio"] = cycles / published;
  object["tokens_per_second"] = rate;
  object["published_tokens_per_second"] = cell->tokensPerSecond;
  object["clock_hz"] = kWaferLlmClockHz;
  if (options.asJson) {
    context.write(object.dump() + "\n");
    return ExitCode::Success;
  }
  context.print("{} on {} x {} cores, schedule of WaferLLM ({}, parameters "
                "'{}')\n",
                cell->model, cell->side, cell->side,
                (*measured)->machine.machine.name,
                (*measured)->machine.costs().name);
  context.print("  simulated  {:>9.0f} cycles a layer, {:>7.1f} tokens/s with "
                "{} layers at 1.1 GHz\n",
                cycles, rate, cell->layers);
  context.print("  published  {:>9.0f} cycles a layer, {:>7.1f} tokens/s\n",
                published, cell->tokensPerSecond);
  context.print("  ratio      {:>9.3f}\n", cycles / published);
  return ExitCode::Success;
}

namespace wafer {
void addWaferLlmBench(CLI::App &bench, CommandContext &context) {
  auto o = std::make_shared<Options>();
  o->machine = "wse2";
  std::set<std::string> models;
  for (const WaferLlmCell &cell : waferLlmCells()) {
    models.insert(cell.model);
  }
  CLI::App *command = bench.add_subcommand(
      "waferllm", "A rival's decode layer, against its published rates");
  command->add_option("--model", o->model, "Whose dimensions it has")
      ->check(CLI::IsMember(models))
      ->capture_default_str();
  command->add_option("--grid", o->grid, "Cores of a side: 420, 540 or 660")
      ->capture_default_str();
  addBenchOptions(command, *o, true);
  context.setAction(command,
                    [o, &context] { return runWaferLlm(*o, context); });
}
} // namespace wafer
