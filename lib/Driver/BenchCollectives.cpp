// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchCollectives.cpp - wsec bench collectives ----------------------===//
//
// Each collective over many lengths and payloads: simulated, predicted, by the
// best published formula, and the bound.
//
//===----------------------------------------------------------------------===//
#include "BenchCommands.h"

#include "wafer/Bench/LineProgram.h"
#include "wafer/Collectives/LineFormulas.h"
#include "wafer/Support/Progress.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options : BenchOptions {
  std::vector<std::string> sizes;
  std::vector<std::string> kinds = {"broadcast", "reduce", "all-reduce"};
};

struct Size {
  uint32_t cores, words;
};

struct Row {
  CollectiveKind kind;
  Size size;
  uint64_t cycles = 0, predicted = 0;
  PublishedCycles published;
  double bound = 0;
  CollectiveResources resources;
  uint32_t root = 0, depth = 0;

  /// 3 % and 40 cycles for entering the program, and four vector starts.
  bool meetsPublished(const ParameterSet &costs) const {
    return double(cycles) <=
           1.03 * published.cycles + 40 + 4 * costs.vectorStart;
  }
  bool meetsBound() const {
    return bound <= 300 || double(cycles) <= 1.4 * bound;
  }
  double error() const {
    return (double(predicted) - double(cycles)) / double(cycles);
  }
};

} // namespace

static Result<std::vector<Size>> sizesOf(const Options &options) {
  std::vector<Size> sizes;
  if (options.sizes.empty()) {
    for (uint32_t cores = 4; cores <= 512; cores *= 2) {
      for (uint32_t words = 1; words <= 4096; words *= 4) {
        sizes.push_back({cores, words});
      }
    }
  }
  for (const std::string &text : options.sizes) {
    Size size = {};
    char rest = 0;
    if (std::sscanf(text.c_str(), "%6ux%6u%c", &size.cores, &size.words,
                    &rest) != 2) {
      return Diagnostic{"bad --sizes", "", "CORESxWORDS such as 64x8",
                        "'" + text + "'", ""};
    }
    sizes.push_back(size);
  }
  return sizes;
}

/// The formulas count a word a cycle; a stream of this machine may be slower.
static void addFormulas(Row &row, const Machine &machine,
                        const ParameterSet &costs, const LineBounds &bounds) {
  double words = double(row.size.words) * costs.sendCycles / costs.sendWords;
  double ramp = machine.rampCycles;
  uint32_t cores = row.size.cores;
  switch (row.kind) {
  case CollectiveKind::Broadcast:
    row.published = publishedBroadcast(cores, words, ramp);
    row.bound = LineBounds::broadcast(cores, words, ramp);
    return;
  case CollectiveKind::Reduce:
    row.published = publishedReduce(cores, words, ramp);
    row.bound = bounds.reduce(cores, words, ramp);
    return;
  case CollectiveKind::AllReduce:
    row.published = publishedAllReduce(cores, words, ramp);
    row.bound = bounds.allReduce(cores, words, ramp);
    return;
  }
}

static Result<Row> runRow(const Options &options, CollectiveKind kind,
                          Size size, const BenchMachine &bench) {
  const Machine &machine = bench.machine;
  LineProgram program{{kind, size.cores, size.words, 0}, {}};
  auto plan = program.problem.solve(machine, bench.costs());
  if (!plan) {
    return plan.takeError();
  }
  program.plan = std::move(*plan);
  Result<Image> image = buildLineProgram(machine, program);
  if (!image) {
    return image.takeError();
  }
  image->parameterSet = bench.costs().name;
  std::string name =
      fmt::format("{}-{}x{}", nameOf(kind), size.cores, size.words);
  if (Status kept = keepImage(options, name, *image); !kept) {
    return kept.takeError();
  }
  auto run = runProgram(*image, machine, bench.costs());
  if (!run) {
    return run.takeError();
  }
  if (Status right = checkLineProgram(program, *image, *run->engine); !right) {
    return right.takeError();
  }
  Row row;
  row.kind = kind;
  row.size = size;
  row.cycles = run->cycles;
  row.predicted = program.problem.predict(
      program.plan, LineCosts::of(machine, bench.costs()));
  row.resources = program.plan.resources();
  row.root = program.plan.tree.root;
  row.depth = program.plan.reduces() ? program.plan.tree.depth() : 0;
  return row;
}

static json toJson(const Row &row, const ParameterSet &costs) {
  return {{"collective", nameOf(row.kind)},
          {"cores", row.size.cores},
          {"words", row.size.words},
          {"cycles", row.cycles},
          {"predicted_cycles", row.predicted},
          {"published_cycles", row.published.cycles},
          {"published_algorithm", row.published.algorithm},
          {"bound_cycles", row.bound},
          {"meets_published", row.meetsPublished(costs)},
          {"meets_bound", row.meetsBound()},
          {"root", row.root},
          {"depth", row.depth},
          {"colors", row.resources.colors},
          {"switched_colors", row.resources.switchedColors},
          {"input_queues", row.resources.inputQueues},
          {"output_queues", row.resources.outputQueues},
          {"microthreads", row.resources.microthreads}};
}

static void printTable(const std::vector<Row> &rows, const BenchMachine &bench,
                       CommandContext &context) {
  context.print("{:<10} {:>5} {:>5} {:>7} {:>9} {:>9}  {:<9} {:>7} {:>5} {:>5} "
                "{:>6}\n",
                "collective", "cores", "words", "cycles", "predicted",
                "published", "", "bound", "root", "depth", "colors");
  for (const Row &row : rows) {
    context.print("{:<10} {:>5} {:>5} {:>7} {:>9} {:>9.0f}  {:<9} {:>7.0f} "
                  "{:>5} {:>5} {:>6}{}{}\n",
                  nameOf(row.kind), row.size.cores, row.size.words, row.cycles,
                  row.predicted, row.published.cycles, row.published.algorithm,
                  row.bound, row.root, row.depth, row.resources.colors,
                  row.meetsPublished(bench.costs()) ? "" : "  above published",
                  row.meetsBound() ? "" : "  above 1.4 bounds");
  }
}

static ExitCode runCollectivesBench(const Options &options,
                                    CommandContext &context) {
  Result<BenchMachine> bench = loadBenchMachine(options);
  if (!bench) {
    return context.fail(bench.error());
  }
  Result<std::vector<Size>> sizes = sizesOf(options);
  if (!sizes) {
    return context.fail(sizes.error(), ExitCode::BadUsage);
  }
  // The bounds are for lines that a problem may have, and take cubic time.
  uint32_t longest = 2;
  for (Size size : *sizes) {
    longest = std::max(longest, size.cores);
  }
  longest = std::min(longest, CollectiveProblem::kMostCores);
  longest = std::min(longest, uint32_t(std::max(2, bench->machine.width())));
  LineBounds bounds(longest);
  std::vector<Row> rows;
  Progress progress("collectives", options.kinds.size() * sizes->size());
  for (CollectiveKind kind : {CollectiveKind::Broadcast, CollectiveKind::Reduce,
                              CollectiveKind::AllReduce}) {
    if (std::find(options.kinds.begin(), options.kinds.end(), nameOf(kind)) ==
        options.kinds.end()) {
      continue;
    }
    for (Size size : *sizes) {
      Result<Row> row = runRow(options, kind, size, *bench);
      if (!row) {
        return context.fail(row.error());
      }
      addFormulas(*row, bench->machine, bench->costs(), bounds);
      rows.push_back(*row);
      progress.update(rows.size());
    }
  }
  size_t abovePublished = 0, aboveBound = 0;
  double worst = 0;
  json cells = json::array();
  for (const Row &row : rows) {
    abovePublished += row.meetsPublished(bench->costs()) ? 0 : 1;
    aboveBound += row.meetsBound() ? 0 : 1;
    worst = std::max(worst, std::abs(row.error()));
    cells.push_back(toJson(row, bench->costs()));
  }
  if (options.asJson) {
    json object = {{"bench", "collectives"},
                   {"machine", bench->machine.name},
                   {"params", bench->costs().name},
                   {"above_published", abovePublished},
                   {"above_bound", aboveBound},
                   {"worst_prediction_percent", 100 * worst}};
    object["rows"] = std::move(cells);
    context.write(object.dump() + "\n");
    return ExitCode::Success;
  }
  printTable(rows, *bench, context);
  context.print("\n{} of {} above 1.03 x published + 40 + 4 vector starts, {} "
                "above 1.4 x a bound over 300; predictions within {:.1f} % "
                "({}, parameters '{}')\n",
                abovePublished, rows.size(), aboveBound, 100 * worst,
                bench->machine.name, bench->costs().name);
  return ExitCode::Success;
}

void wafer::addCollectivesBench(CLI::App &bench, CommandContext &context) {
  auto o = std::make_shared<Options>();
  CLI::App *command = bench.add_subcommand(
      "collectives", "Searched collectives against published formulas");
  command
      ->add_option("--sizes", o->sizes,
                   "CORESxWORDS,... (default: 4 to 512 cores, 1 to 4096 words)")
      ->delimiter(',');
  command->add_option("--kinds", o->kinds, "broadcast,reduce,all-reduce")
      ->delimiter(',')
      ->check(CLI::IsMember({"broadcast", "reduce", "all-reduce"}));
  addBenchOptions(command, *o, true);
  context.setAction(command,
                    [o, &context] { return runCollectivesBench(*o, context); });
}
