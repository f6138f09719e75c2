// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchGemv.cpp - wsec bench gemv ------------------------------------===//
#include "BenchCommands.h"
#include "DefectOptions.h"

#include "wafer/Bench/Gemv.h"
#include "wafer/Bench/PublishedGemv.h"
#include "wafer/Remap/Remap.h"

#include <CLI/CLI.hpp>

#include <cstdio>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options : BenchOptions {
  uint32_t rows = 1024, cols = 1024;
  /// Empty: searched.
  std::string region;
  std::string axis = "y";
  std::string defects;
  unsigned threads = 2;
  bool check = false;
};

/// What the defects of a wafer did to the program.
struct Fit {
  Remapped remapped;
  /// Without them.
  uint64_t perfectCycles = 0;
};

} // namespace

static std::optional<double> publishedCycles(const Options &options,
                                             const Machine &machine) {
  for (const PublishedGemv &cell : publishedGemv()) {
    if (machine.name == "wse2" && options.rows == cell.side &&
        options.cols == cell.side) {
      return cell.cycles;
    }
  }
  return std::nullopt;
}

static Result<GemvPlan> choosePlan(const Options &options,
                                   const BenchMachine &bench) {
  if (options.region.empty()) {
    return searchGemv(bench.machine, bench.costs(), options.rows, options.cols);
  }
  unsigned width = 0, height = 0;
  char rest = 0;
  if (std::sscanf(options.region.c_str(), "%5ux%5u%c", &width, &height,
                  &rest) != 2) {
    return Diagnostic{"bad --region", "", "WIDTHxHEIGHT such as 64x64",
                      "'" + options.region + "'", ""};
  }
  bool alongX = options.axis == "x";
  return planGemv(bench.machine, bench.costs(),
                  {options.rows, options.cols, alongX ? Axis::X : Axis::Y,
                   alongX ? width : height, alongX ? height : width});
}

static ExitCode report(const Options &options, const BenchMachine &bench,
                       const GemvPlan &plan, const BenchRun &run, bool checked,
                       const std::optional<Fit> &fit, CommandContext &context) {
  const GemvShape &shape = plan.shape;
  double bound = boundGemv(bench.machine, shape);
  std::optional<double> published = publishedCycles(options, bench.machine);
  const char *axis = shape.axis == Axis::X ? "x" : "y";
  if (options.asJson) {
    json object = {
        {"bench", "gemv"},
        {"machine", bench.machine.name},
        {"params", bench.costs().name},
        {"engine", run.engine->name()},
        {"cycles", run.cycles},
        {"predicted_cycles", plan.predicted},
        {"bound_cycles", bound},
        {"rows", shape.rows},
        {"cols", shape.cols},
        {"region", {shape.width(), shape.height()}},
        {"axis", axis},
        {"tile", {shape.tileRows(), shape.tileCols()}},
        {"method", nameOf(plan.method)},
        {"colors", plan.sums.resources().colors},
        {"accumulate", "f16"},
        {"checked", checked},
        {"published_cycles", published ? json(*published) : json(nullptr)}};
    if (fit) {
      object["defects"] = describe(fit->remapped.cost);
      object["perfect_cycles"] = fit->perfectCycles;
    }
    context.write(object.dump() + "\n");
    return ExitCode::Success;
  }
  context.print(
      "gemv {} x {} on {} x {} cores, sums along {}, tiles of {} x {} by {}: "
      "{} "
      "cycles (predicted {}, bound {:.0f}, published {}; {}, parameters '{}'; "
      "{})\n",
      shape.rows, shape.cols, shape.width(), shape.height(), axis,
      shape.tileRows(), shape.tileCols(), nameOf(plan.method), run.cycles,
      plan.predicted, bound,
      published ? fmt::format("{:.0f}", *published) : "-", bench.machine.name,
      bench.costs().name, checked ? "checked" : "timing only");
  if (fit) {
    context.print("  on a perfect wafer: {} cycles\n", fit->perfectCycles);
  }
  return ExitCode::Success;
}

/// Gives the image a map for the wafer, and says what it takes without one.
static Result<Fit> fitToWafer(const Options &options, const BenchMachine &bench,
                              Image &image) {
  Result<DefectMap> defects = DefectMap::load(options.defects, bench.machine);
  if (!defects) {
    return defects.takeError();
  }
  FastOptions fast;
  fast.threads = options.threads;
  fast.timingOnly = true;
  auto perfect = runProgram(image, bench.machine, bench.costs(), fast);
  if (!perfect) {
    return perfect.takeError();
  }
  Result<Remapped> remapped =
      remapProgram(Footprint(image, bench.machine), bench.machine, *defects);
  if (!remapped) {
    return remapped.takeError();
  }
  applyFit(image, *remapped, remapped->cost.cyclesAdded);
  return Fit{std::move(*remapped), perfect->cycles};
}

static ExitCode runGemvBench(const Options &options, CommandContext &context) {
  Result<BenchMachine> bench = loadBenchMachine(options);
  if (!bench) {
    return context.fail(bench.error());
  }
  Result<GemvPlan> plan = choosePlan(options, *bench);
  if (!plan) {
    return context.fail(plan.error());
  }
  // The host multiplies as well, and the matrix lies in memory four times.
  constexpr uint64_t kChecked = uint64_t(1) << 22;
  bool check =
      options.check || uint64_t(options.rows) * options.cols <= kChecked;
  Result<Image> image = buildGemv(bench->machine, *plan, check);
  if (!image) {
    return context.fail(image.error());
  }
  image->parameterSet = bench->costs().name;
  std::optional<Fit> fit;
  if (!options.defects.empty()) {
    Result<Fit> found = fitToWafer(options, *bench, *image);
    if (!found) {
      return context.fail(found.error());
    }
    fit = std::move(*found);
  }
  if (Status kept = keepImage(options, "gemv", *image); !kept) {
    return context.fail(kept.error());
  }
  FastOptions fast;
  fast.threads = options.threads;
  fast.timingOnly = !check;
  auto run = runProgram(*image, bench->machine, bench->costs(), fast);
  if (!run) {
    return context.fail(run.error());
  }
  if (check) {
    if (Status right = checkGemv(*plan, *image, *run->engine); !right) {
      return context.fail(right.error());
    }
  }
  return report(options, *bench, *plan, *run, check, fit, context);
}

void wafer::addGemvBench(CLI::App &bench, CommandContext &context) {
  auto o = std::make_shared<Options>();
  CLI::App *command = bench.add_subcommand(
      "gemv", "A matrix-vector product over a rectangle of cores");
  command->add_option("--rows", o->rows, "Rows of the matrix")
      ->capture_default_str();
  command->add_option("--cols", o->cols, "Columns of the matrix")
      ->capture_default_str();
  command->add_option("--region", o->region,
                      "WIDTHxHEIGHT cores (default: the fastest)");
  command->add_option("--axis", o->axis, "With --region: where sums run")
      ->check(CLI::IsMember({"x", "y"}))
      ->capture_default_str();
  command->add_option("--defects", o->defects,
                      "Defect map of the wafer that the program is fitted to");
  command->add_option("--threads", o->threads, "Threads of the engine")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_flag("--check", o->check,
                    "Compute and compare with the host also where it is large");
  addBenchOptions(command, *o, true);
  context.setAction(command,
                    [o, &context] { return runGemvBench(*o, context); });
}
