// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchReduce.cpp - wsec bench reduce, allreduce ---------------------===//
#include "BenchCommands.h"

#include "wafer/Bench/LineProgram.h"
#include "wafer/Support/Half.h"

#include <CLI/CLI.hpp>

using namespace wafer;
using nlohmann::json;

namespace {

struct ReduceOptions : BenchOptions {
  ReduceShape shape;
  std::string algorithm = "auto";
  uint32_t group = 0;
};

} // namespace

/// Which levels the algorithm has.
static Status chooseLevels(const ReduceOptions &options,
                           const BenchMachine &machine, ReduceShape &shape) {
  struct Range {
    unsigned least, most;
  };
  constexpr unsigned kMostLevels = 8;
  Range range = options.algorithm == "chain"       ? Range{1, 1}
                : options.algorithm == "two-phase" ? Range{2, 2}
                                                   : Range{3, kMostLevels};
  if (options.group) {
    if (options.algorithm != "two-phase") {
      return Diagnostic{"--group does not go with this algorithm", "",
                        "--algorithm two-phase", options.algorithm, ""};
    }
    shape.groups = {options.group,
                    (shape.cores + options.group - 1) / options.group};
    return Status::success();
  }
  shape.groups = chooseGroups(machine.machine, machine.costs(), shape,
                              range.least, range.most);
  if (shape.groups.empty()) {
    return Diagnostic{
        "no such reduction fits the machine",
        "machine '" + machine.machine.name + "'", "",
        fmt::format("{} over {} cores", options.algorithm, shape.cores),
        "fewer levels need fewer queues: --algorithm two-phase "
        "or chain"};
  }
  return Status::success();
}

static const char *algorithmOf(const ReduceShape &shape) {
  size_t levels = shape.levels().size();
  return levels == 1 ? "chain" : levels == 2 ? "two-phase" : "tree";
}

/// The sums that the cores hold against those of the host.
static Status checkSums(const Measured &measured, const ReduceShape &shape) {
  uint32_t base = *bufferOffset(measured.image.roles.front(), "acc");
  for (uint32_t core : {rootOf(shape), shape.everywhere ? 0u : rootOf(shape)}) {
    for (uint32_t i = 0; i < shape.words; ++i) {
      double expected = 0;
      for (uint32_t x = 0; x < shape.cores; ++x) {
        expected += double(x % 8 + i % 16);
      }
      uint32_t bits = 0;
      Status read =
          measured.run.engine->peek({int32_t(core), 0}, base + 4 * i, &bits, 4);
      if (!read) {
        return read;
      }
      if (double(floatFromBits(bits)) != expected) {
        return Diagnostic{"a sum is wrong",
                          fmt::format("core {}, word {}", core, i),
                          fmt::format("{}", expected),
                          fmt::format("{}", floatFromBits(bits)), ""};
      }
    }
  }
  return Status::success();
}

/// The tree that the search of lib/Collectives finds.
static ExitCode runSearchedReduce(const ReduceOptions &options,
                                  CommandContext &context) {
  const ReduceShape &shape = options.shape;
  LineProgram program;
  program.problem = {shape.everywhere ? CollectiveKind::AllReduce
                                      : CollectiveKind::Reduce,
                     shape.cores, shape.words, 0};
  std::string name = shape.everywhere ? "allreduce" : "reduce";
  uint64_t predicted = 0;
  auto measured =
      measure(options, name, [&](const BenchMachine &m) -> Result<Image> {
        auto plan = program.problem.solve(m.machine, m.costs());
        if (!plan) {
          return plan.takeError();
        }
        program.plan = std::move(*plan);
        predicted = program.problem.predict(
            program.plan, LineCosts::of(m.machine, m.costs()));
        return buildLineProgram(m.machine, program);
      });
  if (!measured) {
    return context.fail(measured.error());
  }
  if (Status sums = checkLineProgram(program, (*measured)->image,
                                     *(*measured)->run.engine);
      !sums) {
    return context.fail(sums.error());
  }
  const LineTree &tree = program.plan.tree;
  json object = describe(name, **measured);
  object["cores"] = shape.cores;
  object["words"] = shape.words;
  object["algorithm"] = "searched";
  object["root"] = tree.root;
  object["depth"] = tree.depth();
  object["colors"] = program.plan.resources().colors;
  object["predicted_cycles"] = predicted;
  return printCycles(
      options, context, object,
      fmt::format("{} of {} words over {} cores, searched (depth {}, "
                  "root {}, {} colors)",
                  name, shape.words, shape.cores, tree.depth(), tree.root,
                  program.plan.resources().colors));
}

static ExitCode runReduceBench(const ReduceOptions &options,
                               CommandContext &context) {
  if (options.algorithm == "auto" && !options.group) {
    return runSearchedReduce(options, context);
  }
  ReduceShape shape = options.shape;
  std::string name = shape.everywhere ? "allreduce" : "reduce";
  auto measured =
      measure(options, name, [&](const BenchMachine &m) -> Result<Image> {
        if (shape.cores < 2) {
          return Diagnostic{"bad --cores", "", "at least 2",
                            fmt::format("{}", shape.cores), ""};
        }
        if (Status status = chooseLevels(options, m, shape); !status) {
          return status.takeError();
        }
        return buildReduce(m.machine, shape);
      });
  if (!measured) {
    return context.fail(measured.error());
  }
  if (Status sums = checkSums(**measured, shape); !sums) {
    return context.fail(sums.error());
  }
  json object = describe(name, **measured);
  object["cores"] = shape.cores;
  object["words"] = shape.words;
  object["algorithm"] = algorithmOf(shape);
  object["groups"] = shape.levels();
  if (!shape.everywhere) {
    object["predicted_cycles"] = predictReduce(
        (*measured)->machine.machine, (*measured)->machine.costs(), shape);
  }
  return printCycles(
      options, context, object,
      fmt::format("{} of {} words over {} cores, {} (groups of {})", name,
                  shape.words, shape.cores, algorithmOf(shape),
                  fmt::join(shape.levels(), " x ")));
}

void wafer::addReduceBench(CLI::App &bench, CommandContext &context,
                           bool everywhere) {
  auto o = std::make_shared<ReduceOptions>();
  o->shape.everywhere = everywhere;
  o->shape.cores = 512;
  CLI::App *command = bench.add_subcommand(
      everywhere ? "allreduce" : "reduce",
      everywhere ? "A sum of vectors over a row of cores, for all of them"
                 : "A sum of vectors over a row of cores");
  command
      ->add_option("--algorithm", o->algorithm,
                   "chain, two-phase, tree (three levels or more), or auto: "
                   "the best tree of any shape")
      ->check(CLI::IsMember({"chain", "two-phase", "tree", "auto"}))
      ->capture_default_str();
  command->add_option("--group", o->group,
                      "Cores of a group of two-phase (default: the best)");
  command->add_option("--cores", o->shape.cores, "Cores of the row")
      ->capture_default_str();
  command->add_option("--words", o->shape.words, "Words of a vector (binary32)")
      ->capture_default_str();
  addBenchOptions(command, *o, true);
  context.setAction(command,
                    [o, &context] { return runReduceBench(*o, context); });
}
