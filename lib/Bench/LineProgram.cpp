// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Bench/LineProgram.h"

#include "ProgramText.h"
#include "TreeText.h"
#include "wafer/Bench/Programs.h"
#include "wafer/Support/Half.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

static float initialWord(uint32_t core, uint32_t i) {
  return float(core % 8 + i % 16);
}

static std::vector<uint8_t> initialData(uint32_t cores, uint32_t words) {
  std::vector<uint8_t> data(size_t(cores) * words * 4);
  for (uint32_t x = 0; x < cores; ++x) {
    for (uint32_t i = 0; i < words; ++i) {
      float value = initialWord(x, i);
      std::memcpy(&data[(size_t(x) * words + i) * 4], &value, 4);
    }
  }
  return data;
}

static constexpr const char *kText = R"(
model json {"name": "$NAME", "cores": $CORES, "words": $WORDS,
  "timed": {"stop": {"core": [$LAST, 0], "address": $CLOCK}}}
role @core {
  params at 0 {
$PARAMS  }
  buffer @params params at 0 size $CLOCK
  buffer @clock scratch at $CLOCK size 4
  buffer @acc scratch at $ACC size $BYTES
$QUEUES
  task @main local active entry start
  code {
  start:
$BEGIN$CODE    stw r4, [r0 + clock]
$AGAIN    end
  }
}
region @line role @core rect 0 0 $CORES 1 {
$TABLES}
)";

Result<Image> wafer::buildLineProgram(const Machine &machine,
                                      const LineProgram &program) {
  const CollectiveProblem &problem = program.problem;
  const CollectivePlan &plan = program.plan;
  if (Status status = problem.check(machine); !status) {
    return status.takeError();
  }
  if (Status status = problem.verify(plan, machine); !status) {
    return status.takeError();
  }
  if (problem.cores > uint32_t(machine.width()) || program.repeats < 1) {
    return Diagnostic{"the row does not fit the machine", "",
                      fmt::format("at most {} cores", machine.width()),
                      fmt::format("{}", problem.cores), ""};
  }
  TreeArithmetic arithmetic;
  arithmetic.add = program.op == CollectiveOp::Max ? "fmaxs" : "fadds";
  TreeText text(machine, plan, problem.words, Axis::X, 1, arithmetic);
  // Where the last word arrives last.
  uint32_t root = plan.tree.root;
  uint32_t far = root < problem.cores / 2 ? problem.cores - 1 : 0;
  uint32_t clock = TreeText::paramBytes(), acc = (clock + 4 + 7) / 8 * 8;
  bool again = program.repeats > 1;
  Values values = {
      {"NAME", nameOf(plan.kind)},
      {"CORES", fmt::format("{}", problem.cores)},
      {"WORDS", fmt::format("{}", problem.words)},
      {"LAST", fmt::format("{}", plan.shares() ? far : root)},
      {"CLOCK", fmt::format("{}", clock)},
      {"ACC", fmt::format("{}", acc)},
      {"BYTES", fmt::format("{}", uint64_t(problem.words) * 4)},
      {"PARAMS", text.params()},
      {"QUEUES", text.queues()},
      {"BEGIN",
       again ? fmt::format("    li r5, {}\n  again:\n", program.repeats) : ""},
      {"AGAIN", again ? "    dbnz r5, again\n" : ""},
      {"CODE", text.code()},
      {"TABLES", text.tables()}};
  Result<Image> image =
      parseProgram(machine, nameOf(plan.kind), kText + text.routes(), values);
  if (image) {
    addInitData(*image, acc, problem.words * 4,
                initialData(problem.cores, problem.words));
  }
  return image;
}

Status wafer::checkLineProgram(const LineProgram &program, const Image &image,
                               Engine &engine) {
  uint32_t cores = program.problem.cores, words = program.problem.words;
  const CollectivePlan &plan = program.plan;
  uint32_t base = *bufferOffset(image.roles.front(), "acc");
  std::vector<uint32_t> bits(words);
  for (uint32_t x = 0; x < cores; ++x) {
    if (!plan.shares() && x != plan.tree.root) {
      continue;
    }
    if (Status read =
            engine.peek({int32_t(x), 0}, base, bits.data(), words * 4);
        !read) {
      return read;
    }
    for (uint32_t i = 0; i < words; ++i) {
      // All values are small integers, so any order gives the same sum.
      float expected = plan.reduces() ? 0 : initialWord(plan.tree.root, i);
      for (uint32_t from = 0; plan.reduces() && from < cores; ++from) {
        float word = initialWord(from, i);
        expected = program.op == CollectiveOp::Sum ? expected + word
                                                   : std::max(expected, word);
      }
      if (floatFromBits(bits[i]) != expected) {
        return Diagnostic{"a result is wrong",
                          fmt::format("core {}, word {}", x, i),
                          fmt::format("{}", expected),
                          fmt::format("{}", floatFromBits(bits[i])), ""};
      }
    }
  }
  return Status::success();
}
