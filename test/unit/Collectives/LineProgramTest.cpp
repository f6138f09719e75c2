// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans as programs: what they compute, how long they take against what was
// predicted, and that their switches return.
//
#include "wafer/Bench/LineProgram.h"
#include "wafer/Bench/Calibration.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace wafer;

namespace {

/// Builds, verifies, runs and checks a program; the cycles of its clocks.
uint64_t cyclesOf(const Machine &machine, const ParameterSet &set,
                  const LineProgram &program) {
  Result<Image> image = buildLineProgram(machine, program);
  if (!image) {
    ADD_FAILURE() << image.error().str();
    return 0;
  }
  auto run = runProgram(*image, machine, set);
  if (!run) {
    ADD_FAILURE() << run.error().str();
    return 0;
  }
  if (program.repeats == 1) {
    Status status = checkLineProgram(program, *image, *run->engine);
    EXPECT_TRUE(bool(status)) << status.error().str();
  }
  return run->cycles;
}

} // namespace

TEST(LineProgram, ComputesAndTakesWhatWasPredicted) {
  for (const char *name : {"wse2", "wse3"}) {
    Machine machine = *Machine::load(name);
    for (const char *setName : {"measured", "nominal"}) {
      const ParameterSet &set = *machine.findParameters(setName);
      LineCosts costs = LineCosts::of(machine, set);
      for (CollectiveKind kind :
           {CollectiveKind::Broadcast, CollectiveKind::Reduce,
            CollectiveKind::AllReduce}) {
        for (uint32_t cores : {2u, 3u, 33u, 100u}) {
          for (uint32_t words : {1u, 70u}) {
            LineProgram program{{kind, cores, words, 0}, {}};
            auto plan = program.problem.solve(machine, set);
            ASSERT_TRUE(bool(plan)) << plan.error().str();
            program.plan = *plan;
            double cycles = double(cyclesOf(machine, set, program));
            double predicted = double(program.problem.predict(*plan, costs));
            EXPECT_LE(std::abs(predicted - cycles), 0.05 * cycles)
                << name << " " << setName << " " << nameOf(kind) << " of "
                << words << " words over " << cores << " cores: " << predicted
                << " predicted, " << cycles << " cycles";
          }
        }
      }
    }
  }
}

TEST(LineProgram, MaximaNeedNoOtherTree) {
  Machine machine = *Machine::load("wse2");
  const ParameterSet &set = machine.parameterSets.front();
  LineProgram program{{CollectiveKind::AllReduce, 40, 6, 0}, {}};
  program.op = CollectiveOp::Max;
  auto plan = program.problem.solve(machine, set);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  program.plan = *plan;
  EXPECT_GT(cyclesOf(machine, set, program), 0u);
}

TEST(LineProgram, SwitchesReturn) {
  // The second and third all-reduce of what the first one left in all cores:
  // each multiplies by the number of cores.
  Machine machine = *Machine::load("wse2");
  const ParameterSet &set = machine.parameterSets.front();
  LineProgram program{{CollectiveKind::AllReduce, 24, 3, 0}, {}};
  auto plan = program.problem.solve(machine, set);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  ASSERT_GT(plan->tree.numSwitched(), 0u);
  program.plan = *plan;
  program.repeats = 3;
  Result<Image> image = buildLineProgram(machine, program);
  ASSERT_TRUE(bool(image)) << image.error().str();
  auto run = runProgram(*image, machine, set);
  ASSERT_TRUE(bool(run)) << run.error().str();
  // The cores hold x % 8 + i % 16: three times 0 + ... + 7, and 24 i.
  uint32_t base = 0;
  for (const Buffer &buffer : image->roles.front().buffers) {
    base = buffer.name == "acc" ? buffer.offset : base;
  }
  for (int32_t x : {0, 11, 23}) {
    for (uint32_t i = 0; i < 3; ++i) {
      float sum = 0;
      ASSERT_TRUE(bool(run->engine->peek({x, 0}, base + 4 * i, &sum, 4)));
      EXPECT_EQ(sum, float((3 * 28 + 24 * i) * 24 * 24));
    }
  }
}

TEST(LineProgram, FarthestCoreIsLast) {
  // The clock that is read is the last one of all.
  Machine machine = *Machine::load("wse2");
  for (const ParameterSet &set : machine.parameterSets) {
    for (uint32_t words : {1u, 64u}) {
      LineProgram program{{CollectiveKind::AllReduce, 60, words, 0}, {}};
      auto plan = program.problem.solve(machine, set);
      ASSERT_TRUE(bool(plan)) << plan.error().str();
      program.plan = *plan;
      Result<Image> image = buildLineProgram(machine, program);
      ASSERT_TRUE(bool(image)) << image.error().str();
      auto run = runProgram(*image, machine, set);
      ASSERT_TRUE(bool(run)) << run.error().str();
      uint32_t at = 0;
      for (const Buffer &buffer : image->roles.front().buffers) {
        at = buffer.name == "clock" ? buffer.offset : at;
      }
      uint32_t last = 0;
      for (int32_t x = 0; x < 60; ++x) {
        uint32_t clock = 0;
        ASSERT_TRUE(bool(run->engine->peek({x, 0}, at, &clock, 4)));
        last = std::max(last, clock);
      }
      EXPECT_LE(last, run->cycles) << set.name << ", " << words << " words";
    }
  }
}

TEST(LineProgram, OtherPlansAreRefused) {
  Machine machine = *Machine::load("wse2");
  const ParameterSet &set = machine.parameterSets.front();
  LineProgram program{{CollectiveKind::Reduce, 8, 4, 0}, {}};
  program.plan = *program.problem.solve(machine, set);
  program.problem.cores = 9;
  auto image = buildLineProgram(machine, program);
  ASSERT_FALSE(bool(image));
  EXPECT_NE(image.error().str().find("the plan is for another problem"),
            std::string::npos);
}
