// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchMesh.cpp - wsec bench mesh ------------------------------------===//
#include "BenchCommands.h"

#include "wafer/Bench/Mesh.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <sys/resource.h>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options : BenchOptions {
  MeshShape shape;
  uint64_t cycles = 20000;
  std::string engine = "fast";
};

} // namespace

/// The most memory that the process has held so far.
static uint64_t peakBytes() {
  struct rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return uint64_t(usage.ru_maxrss) * 1024;
}

static ExitCode runMesh(const Options &options, CommandContext &context) {
  Result<BenchMachine> loaded = loadBenchMachine(options);
  if (!loaded) {
    return context.fail(loaded.error());
  }
  Machine machine = meshMachine(loaded->machine, options.shape.size);
  const ParameterSet &costs = loaded->costs();
  Result<Image> image = buildMesh(machine, costs, options.shape);
  if (!image) {
    return context.fail(image.error());
  }
  image->parameterSet = costs.name;
  if (Status kept = keepImage(options, "mesh", *image); !kept) {
    return context.fail(kept.error());
  }
  uint64_t before = peakBytes();
  auto engine = options.engine == "fast"
                    ? Engine::createFast(*image, machine, costs)
                    : Engine::createReference(*image, machine, costs);
  if (!engine) {
    return context.fail(engine.error());
  }
  auto begin = std::chrono::steady_clock::now();
  Outcome outcome = (*engine)->run({{}, options.cycles});
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  if (outcome.kind != Outcome::Kind::CycleLimit) {
    return context.fail(
        {"the traffic stopped", nameOf(outcome.kind), "", outcome.detail, ""});
  }
  double cores = double(options.shape.size) * options.shape.size;
  double seconds = std::max(time.count(), 1e-9);
  double routerCycles = cores * double(options.cycles) / seconds;
  uint64_t hops = (*engine)->wordHops();
  double bytes = double(peakBytes() - before) / cores;
  if (options.asJson) {
    json object = {{"bench", "mesh"},
                   {"machine", loaded->machine.name},
                   {"params", costs.name},
                   {"engine", (*engine)->name()},
                   {"size", options.shape.size},
                   {"load", options.shape.load},
                   {"seed", options.shape.seed},
                   {"cycles", options.cycles},
                   {"seconds", seconds},
                   {"router_cycles_per_second", routerCycles},
                   {"word_hops", hops},
                   {"word_hops_per_second", double(hops) / seconds},
                   {"memory_bytes_per_core", bytes}};
    context.write(object.dump() + "\n");
    return ExitCode::Success;
  }
  context.print("mesh of {0} x {0} cores, load {1}: {2} cycles in {3:.3f} s "
                "({4} engine)\n"
                "  {5:.1f} million router cycles/s, {6:.2f} million word "
                "hops/s ({7} hops), {8:.0f} bytes a core\n",
                options.shape.size, options.shape.load, options.cycles, seconds,
                (*engine)->name(), routerCycles / 1e6,
                double(hops) / seconds / 1e6, hops, bytes);
  return ExitCode::Success;
}

namespace wafer {
void addMeshBench(CLI::App &bench, CommandContext &context) {
  auto o = std::make_shared<Options>();
  o->params = "optimistic";
  CLI::App *command = bench.add_subcommand(
      "mesh", "How fast the simulator is: random words on rows and columns");
  command->add_option("--size", o->shape.size, "Cores of a side")
      ->capture_default_str();
  command->add_option("--load", o->shape.load, "Words a core sends in a cycle")
      ->capture_default_str();
  command->add_option("--cycles", o->cycles, "Cycles")
      ->check(CLI::Range(uint64_t(1), uint64_t(1) << 40))
      ->capture_default_str();
  command->add_option("--seed", o->shape.seed, "Seed")->capture_default_str();
  command->add_option("--engine", o->engine, "fast or reference")
      ->check(CLI::IsMember({"fast", "reference"}))
      ->capture_default_str();
  addBenchOptions(command, *o, true);
  context.setAction(command, [o, &context] { return runMesh(*o, context); });
}
} // namespace wafer
