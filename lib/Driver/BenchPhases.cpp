// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchPhases.cpp - wsec bench phases --------------------------------===//
#include "BenchCommands.h"

#include "wafer/Bench/DecodePhases.h"

#include <CLI/CLI.hpp>

#include <set>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options : BenchOptions {
  std::string model = "qwen3-4b";
  uint32_t context = 2048;
  /// 0: the published one.
  uint32_t grid = 0;
};

/// A phase or a whole, with a published figure or without one (0).
struct Row {
  std::string name;
  double published = 0;
  PhaseCycles simulated;
};

} // namespace

/// Runs one of the programs; appends its phases and their sum.
static Status
addRows(std::vector<Row> &rows, const Options &options,
        const BenchMachine &bench, const PublishedPhases &published,
        const DecodePhasesShape &shape, const std::string &whole,
        Result<Image> (*build)(const Machine &, const DecodePhasesShape &)) {
  Machine machine = decodePhasesMachine(bench.machine);
  Result<Image> image = build(machine, shape);
  if (!image) {
    return image.takeError();
  }
  Status kept = keepImage(options, "phases-" + whole, *image);
  if (!kept) {
    return kept;
  }
  auto phases = runPhases(*image, machine, bench.costs());
  if (!phases) {
    return phases.takeError();
  }
  Row sum{whole, 0, {whole, 0, 0, 0}};
  bool comparable = shape.side == published.shape.side;
  for (const PhaseCycles &phase : *phases) {
    double figure =
        comparable ? published.phaseAt(phase.name, shape.context) : 0;
    rows.push_back({phase.name, figure, phase});
    sum.simulated.mean += phase.mean;
  }
  if (const PublishedPhases::Whole *w =
          comparable ? published.wholeAt(shape.context) : nullptr) {
    sum.published = whole == "attention" ? w->attention : w->feedForward;
  }
  rows.push_back(sum);
  return Status::success();
}

static void print(const std::vector<Row> &rows, CommandContext &context) {
  context.print("  {:<14} {:>9} {:>9} {:>6}   {}\n", "phase", "published",
                "simulated", "ratio", "least to most of a core");
  for (const Row &row : rows) {
    const PhaseCycles &s = row.simulated;
    std::string published = "-", ratio = "-", range;
    if (row.published > 0) {
      published = fmt::format("{:.0f}", row.published);
      ratio = fmt::format("{:.2f}", s.mean / row.published);
    }
    if (s.most) {
      range = fmt::format("{} to {}", s.least, s.most);
    }
    context.print("  {:<14} {:>9} {:>9.0f} {:>6}   {}\n", row.name, published,
                  s.mean, ratio, range);
  }
}

static json toJson(const Row &row) {
  json object = {{"name", row.name}, {"cycles", row.simulated.mean}};
  bool known = row.published > 0;
  object["published_cycles"] = known ? json(row.published) : json();
  object["ratio"] = known ? json(row.simulated.mean / row.published) : json();
  if (row.simulated.most) {
    object["least"] = row.simulated.least;
    object["most"] = row.simulated.most;
  }
  return object;
}

static ExitCode runPhasesBench(const Options &options,
                               CommandContext &context) {
  const PublishedPhases *published = nullptr;
  for (const PublishedPhases &p : publishedPhases()) {
    published = p.model == options.model ? &p : published;
  }
  DecodePhasesShape shape = published->shape;
  shape.context = options.context;
  shape.side = options.grid ? options.grid : shape.side;
  Result<BenchMachine> bench = loadBenchMachine(options);
  if (!bench) {
    return context.fail(bench.error());
  }
  std::vector<Row> rows;
  Status status = addRows(rows, options, *bench, *published, shape, "attention",
                          buildAttentionPhases);
  status = status ? addRows(rows, options, *bench, *published, shape,
                            "feed-forward", buildFeedForwardPhases)
                  : status;
  if (!status) {
    return context.fail(status.error());
  }
  double layer = 0;
  for (const Row &row : rows) {
    bool whole = row.name == "attention" || row.name == "feed-forward";
    layer += whole ? row.simulated.mean : 0;
  }
  if (!options.asJson) {
    context.print("{} at context {}, a decode layer on {} x {} cores ({}, "
                  "parameters '{}')\n",
                  published->model, shape.context, shape.side, shape.side,
                  bench->machine.name, bench->costs().name);
    print(rows, context);
    context.print("a report only: the notes do not determine the programs of "
                  "the phases (docs/calibration.md)\n");
    return ExitCode::Success;
  }
  json object = {{"bench", "phases"},
                 {"model", published->model},
                 {"context", shape.context},
                 {"grid", {shape.side, shape.side}},
                 {"layers", published->layers},
                 {"machine", bench->machine.name},
                 {"params", bench->costs().name},
                 {"report_only", true},
                 {"cycles", layer}};
  for (const Row &row : rows) {
    object["phases"].push_back(toJson(row));
  }
  context.write(object.dump() + "\n");
  return ExitCode::Success;
}

namespace wafer {
void addPhasesBench(CLI::App &bench, CommandContext &context) {
  auto o = std::make_shared<Options>();
  o->params = "measured";
  std::set<std::string> models;
  for (const PublishedPhases &published : publishedPhases()) {
    models.insert(published.model);
  }
  CLI::App *command = bench.add_subcommand(
      "phases", "The phases of a decode layer, against published ones");
  command->add_option("--model", o->model, "Whose dimensions it has")
      ->check(CLI::IsMember(models))
      ->capture_default_str();
  command
      ->add_option("--context", o->context,
                   "Positions in the cache, a multiple of the side; figures "
                   "are published for 2048, 8192 and 23552")
      ->capture_default_str();
  command->add_option("--grid", o->grid,
                      "Cores of a side (default: as published, 256)");
  addBenchOptions(command, *o, true);
  context.setAction(command,
                    [o, &context] { return runPhasesBench(*o, context); });
}
} // namespace wafer
