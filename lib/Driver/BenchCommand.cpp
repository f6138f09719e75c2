// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchCommand.cpp - wsec bench --------------------------------------===//
//
// Benchmarks of the machine's model: each builds a real image, verifies it and
// runs it. docs/bench.md is the page for users.
//
//===----------------------------------------------------------------------===//
#include "BenchCommands.h"

#include "wafer/Image/ImageFile.h"
#include "wafer/Support/Half.h"
#include "wafer/Support/OutputFile.h"
#include "wafer/Support/Progress.h"

#include <CLI/CLI.hpp>

#include <algorithm>

using namespace wafer;
using nlohmann::json;

//===----------------------------------------------------------------------===//
// What all of them have
//===----------------------------------------------------------------------===//

void wafer::addBenchOptions(CLI::App *command, BenchOptions &options,
                            bool withMachine, bool withKeep) {
  if (withMachine) {
    command
        ->add_option("--machine", options.machine,
                     "A shipped machine or a machine file")
        ->capture_default_str();
    command->add_option("--params", options.params,
                        "Parameter set (default: the machine's first)");
  }
  if (withKeep) {
    command->add_option("--keep", options.keep,
                        "Leave the images in this folder");
  }
  command->add_flag("--json", options.asJson, "Print one JSON object");
}

Result<BenchMachine> wafer::loadBenchMachine(const BenchOptions &options) {
  Result<Machine> machine = Machine::load(options.machine);
  if (!machine) {
    return machine.takeError();
  }
  BenchMachine result{std::move(*machine), 0};
  Result<const ParameterSet *> set =
      result.machine.chooseParameters(options.params);
  if (!set) {
    return set.takeError();
  }
  result.set = size_t(*set - result.machine.parameterSets.data());
  return result;
}

Status wafer::keepImage(const BenchOptions &options, const std::string &name,
                        const Image &image) {
  if (options.keep.empty()) {
    return Status::success();
  }
  if (Status made = makeFolder(options.keep); !made) {
    return made;
  }
  return writeImage(image, options.keep + "/" + name + ".wafer");
}

Result<std::unique_ptr<Measured>> wafer::measure(const BenchOptions &options,
                                                 const std::string &name,
                                                 const BuildProgram &build) {
  Result<BenchMachine> machine = loadBenchMachine(options);
  if (!machine) {
    return machine.takeError();
  }
  auto measured = std::make_unique<Measured>();
  measured->machine = std::move(*machine);
  Result<Image> image = build(measured->machine);
  if (!image) {
    return image.takeError();
  }
  measured->image = std::move(*image);
  measured->image.parameterSet = measured->machine.costs().name;
  if (Status kept = keepImage(options, name, measured->image); !kept) {
    return kept.takeError();
  }
  Result<BenchRun> run = runProgram(measured->image, measured->machine.machine,
                                    measured->machine.costs());
  if (!run) {
    return run.takeError();
  }
  measured->run = std::move(*run);
  return measured;
}

json wafer::describe(const std::string &name, const Measured &measured) {
  json object;
  object["bench"] = name;
  object["machine"] = measured.machine.machine.name;
  object["params"] = measured.machine.costs().name;
  object["engine"] = measured.run.engine->name();
  object["cycles"] = measured.run.cycles;
  return object;
}

ExitCode wafer::printCycles(const BenchOptions &options,
                            CommandContext &context, const json &object,
                            const std::string &text) {
  if (options.asJson) {
    context.write(object.dump() + "\n");
  } else {
    context.print("{}: {} cycles ({}, parameters '{}')\n", text,
                  object["cycles"].get<uint64_t>(),
                  object["machine"].get<std::string>(),
                  object["params"].get<std::string>());
  }
  return ExitCode::Success;
}

//===----------------------------------------------------------------------===//
// calibration
//===----------------------------------------------------------------------===//

static void printTable(const std::vector<CalibrationLine> &lines,
                       CommandContext &context) {
  context.print("{:<58} {:<15} {:>10} {:>10} {:>8}  {}\n", "kernel",
                "machine, set", "published", "simulated", "error", "");
  for (const CalibrationLine &line : lines) {
    context.print("{:<58} {:<15} {:>10.7g} {:>10.7g} {:>+7.2f}%  {}\n",
                  line.unit == "cycles" ? line.kernel
                                        : line.kernel + ", " + line.unit,
                  line.machine + ", " + line.params, line.published,
                  line.simulated, line.percent(),
                  line.isReportOnly() ? "report only"
                  : line.holds()      ? "ok"
                                      : "FAILED");
  }
  std::vector<std::string> sources;
  for (const CalibrationLine &line : lines) {
    if (std::find(sources.begin(), sources.end(), line.source) ==
        sources.end()) {
      sources.push_back(line.source);
    }
  }
  context.print("\nPublished by: {}\n", fmt::join(sources, "\n  "));
}

static ExitCode runCalibrationBench(const BenchOptions &options,
                                    CommandContext &context) {
  CalibrationOptions run;
  Progress progress("rows", 0);
  run.progress = [&](size_t done, size_t) { progress.update(done); };
  run.keep = [&](const std::string &name, const Image &image) {
    return keepImage(options, name, image);
  };
  Result<std::vector<CalibrationLine>> lines = runCalibration(run);
  if (!lines) {
    return context.fail(lines.error());
  }
  size_t failed = 0;
  json rows = json::array();
  for (const CalibrationLine &line : *lines) {
    failed += line.holds() ? 0 : 1;
    rows.push_back({{"kernel", line.kernel},
                    {"machine", line.machine},
                    {"params", line.params},
                    {"unit", line.unit},
                    {"published", line.published},
                    {"simulated", line.simulated},
                    {"error_percent", line.percent()},
                    {"report_only", line.isReportOnly()},
                    {"holds", line.holds()},
                    {"source", line.source}});
  }
  if (options.asJson) {
    json object = {{"bench", "calibration"}, {"failed", failed}};
    object["rows"] = std::move(rows);
    context.write(object.dump() + "\n");
  } else {
    printTable(*lines, context);
  }
  if (failed == 0) {
    return ExitCode::Success;
  }
  return context.fail({"the model does not reproduce published timings", "",
                       "no rows out of bounds", fmt::format("{}", failed), ""});
}

//===----------------------------------------------------------------------===//
// multicast, gemm-loop
//===----------------------------------------------------------------------===//

static void addMulticast(CLI::App &bench, CommandContext &context) {
  struct Options : BenchOptions {
    MulticastShape shape;
  };
  auto o = std::make_shared<Options>();
  CLI::App *command = bench.add_subcommand(
      "multicast", "Words from one core to a line of them");
  command->add_option("--cores", o->shape.receivers, "Receiving cores")
      ->capture_default_str();
  command->add_option("--words", o->shape.words, "Words")
      ->capture_default_str();
  addBenchOptions(command, *o, true);
  context.setAction(command, [o, &context] {
    auto measured = measure(*o, "multicast", [&](const BenchMachine &m) {
      return buildMulticast(m.machine, o->shape);
    });
    if (!measured) {
      return context.fail(measured.error());
    }
    json object = describe("multicast", **measured);
    object["cores"] = o->shape.receivers;
    object["words"] = o->shape.words;
    return printCycles(*o, context, object,
                       fmt::format("multicast of {} words to {} cores",
                                   o->shape.words, o->shape.receivers));
  });
}

static void addGemmLoop(CLI::App &bench, CommandContext &context) {
  struct Options : BenchOptions {
    uint32_t rows = 16, inner = 16, columns = 32;
    std::string grid = "1x1";
  };
  auto o = std::make_shared<Options>();
  CLI::App *command = bench.add_subcommand(
      "gemm-loop", "The strided multiply-adds of a local matrix product");
  command->add_option("--rows", o->rows, "Rows of the result")
      ->capture_default_str();
  command->add_option("--inner", o->inner, "Inner extent")
      ->capture_default_str();
  command->add_option("--cols", o->columns, "Columns of the result")
      ->capture_default_str();
  command
      ->add_option("--grid", o->grid,
                   "WIDTHxHEIGHT cores that share inner extent and rows; tiles "
                   "are rounded up")
      ->capture_default_str();
  addBenchOptions(command, *o, true);
  context.setAction(command, [o, &context] {
    unsigned width = 0, height = 0;
    char rest = 0;
    if (std::sscanf(o->grid.c_str(), "%5ux%5u%c", &width, &height, &rest) !=
            2 ||
        !width || !height) {
      return context.fail({"bad --grid", "", "WIDTHxHEIGHT such as 2x2",
                           "'" + o->grid + "'", ""},
                          ExitCode::BadUsage);
    }
    GemmLoopShape shape{(o->rows + height - 1) / height,
                        (o->inner + width - 1) / width, o->columns, width,
                        height};
    auto measured = measure(*o, "gemm-loop", [&](const BenchMachine &m) {
      return buildGemmLoop(m.machine, shape);
    });
    if (!measured) {
      return context.fail(measured.error());
    }
    json object = describe("gemm-loop", **measured);
    object["rows"] = o->rows;
    object["inner"] = o->inner;
    object["cols"] = o->columns;
    object["grid"] = {width, height};
    object["tile"] = {shape.length, shape.depth, shape.columns};
    return printCycles(
        *o, context, object,
        fmt::format("{} multiply-adds of length {} in each of {} "
                    "cores",
                    shape.depth * shape.columns, shape.length, width * height));
  });
}

//===----------------------------------------------------------------------===//
// The family
//===----------------------------------------------------------------------===//

static void addCalibration(CLI::App &bench, CommandContext &context) {
  auto o = std::make_shared<BenchOptions>();
  CLI::App *command = bench.add_subcommand(
      "calibration", "Published timings against simulated ones");
  addBenchOptions(command, *o, false);
  context.setAction(command,
                    [o, &context] { return runCalibrationBench(*o, context); });
}

namespace wafer {
void addBenchCommand(CLI::App &app, CommandContext &context) {
  CLI::App *bench = app.add_subcommand(
      "bench", "Run real programs whose cycles are of interest");
  bench->require_subcommand(0, 1);
  addCalibration(*bench, context);
  addReduceBench(*bench, context, false);
  addReduceBench(*bench, context, true);
  addMulticast(*bench, context);
  addGemmLoop(*bench, context);
  addCollectivesBench(*bench, context);
  addGemvBench(*bench, context);
  addMeshBench(*bench, context);
  addPhasesBench(*bench, context);
  addWaferLlmBench(*bench, context);
  addSensitivityBench(*bench, context);
  addTablesBench(*bench, context);
}
} // namespace wafer
