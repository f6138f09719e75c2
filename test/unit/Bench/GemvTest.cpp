// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Bench/Gemv.h"
#include "wafer/Bench/Calibration.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace wafer;

namespace {

/// Runs a plan with data and compares y with the host's; the cycles.
uint64_t cyclesOf(const Machine &machine, const ParameterSet &set,
                  const GemvPlan &plan) {
  Result<Image> image = buildGemv(machine, plan, true);
  if (!image) {
    ADD_FAILURE() << image.error().str();
    return 0;
  }
  auto run = runProgram(*image, machine, set);
  if (!run) {
    ADD_FAILURE() << run.error().str();
    return 0;
  }
  Status right = checkGemv(plan, *image, *run->engine);
  EXPECT_TRUE(bool(right)) << right.error().str();
  return run->cycles;
}

} // namespace

TEST(Gemv, TilesRoundUp) {
  // 100 rows over 12 lines: 9, made even; 70 columns over 16 cores: 5.
  GemvShape shape{100, 70, Axis::X, 16, 12};
  EXPECT_EQ(shape.tileRows(), 10u);
  EXPECT_EQ(shape.tileCols(), 5u);
  EXPECT_EQ(shape.words(), 5u);
  EXPECT_EQ(shape.width(), 16u);
  EXPECT_EQ(shape.height(), 12u);
}

TEST(Gemv, MultipliesOnAnyRectangle) {
  Machine machine = *Machine::load("small64");
  for (const char *setName : {"measured", "nominal", "optimistic"}) {
    const ParameterSet &set = *machine.findParameters(setName);
    for (const GemvShape &shape :
         {GemvShape{64, 64, Axis::Y, 16, 16},
          GemvShape{100, 70, Axis::X, 16, 12},
          GemvShape{31, 200, Axis::Y, 9, 31},
          GemvShape{640, 33, Axis::X, 11, 8}, GemvShape{2, 2, Axis::Y, 2, 1}}) {
      // Both methods, whichever is the faster one.
      for (TileMethod method : {TileMethod::Products, TileMethod::Columns}) {
        auto plan = planGemv(machine, set, shape);
        ASSERT_TRUE(bool(plan)) << plan.error().str();
        bool isChosen = plan->method == method;
        if (method == TileMethod::Products &&
            shape.tileRows() < machine.lanesOf("faddh")) {
          // A step would come to a sum twice.
          EXPECT_FALSE(isChosen);
          continue;
        }
        plan->method = method;
        uint64_t cycles = cyclesOf(machine, set, *plan);
        double predicted = double(plan->predicted);
        if (isChosen) {
          EXPECT_LE(std::abs(predicted - double(cycles)), 0.05 * double(cycles))
              << setName << ", " << shape.rows << " x " << shape.cols << ", "
              << nameOf(method);
        } else {
          EXPECT_GE(double(cycles), 0.98 * predicted);
        }
      }
    }
  }
}

TEST(Gemv, TimesAreThoseOfTheRunWithData) {
  Machine machine = *Machine::load("small64");
  const ParameterSet &set = machine.parameterSets.front();
  auto plan = searchGemv(machine, set, 300, 400);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  uint64_t cycles = cyclesOf(machine, set, *plan);
  Result<Image> empty = buildGemv(machine, *plan, false);
  ASSERT_TRUE(bool(empty)) << empty.error().str();
  FastOptions options;
  options.timingOnly = true;
  auto run = runProgram(*empty, machine, set, options);
  ASSERT_TRUE(bool(run)) << run.error().str();
  EXPECT_EQ(run->cycles, cycles);
}

TEST(Gemv, TheSearchIsNotWorseThanSomeRectangles) {
  Machine machine = *Machine::load("small64");
  const ParameterSet &set = *machine.findParameters("nominal");
  auto best = searchGemv(machine, set, 1000, 1000);
  ASSERT_TRUE(bool(best)) << best.error().str();
  for (Axis axis : {Axis::X, Axis::Y}) {
    for (uint32_t length : {8u, 16u, 32u, 50u, 64u}) {
      auto plan = planGemv(machine, set, {1000, 1000, axis, length, 63});
      if (plan) {
        EXPECT_LE(best->predicted, plan->predicted) << length;
      }
    }
  }
}

TEST(Gemv, WhatDoesNotFitIsRefused) {
  Machine machine = *Machine::load("small64");
  const ParameterSet &set = machine.parameterSets.front();
  auto plan = planGemv(machine, set, {100, 100, Axis::X, 65, 4});
  ASSERT_FALSE(bool(plan));
  EXPECT_NE(plan.error().str().find("bad rectangle"), std::string::npos);
  plan = planGemv(machine, set, {4096, 4096, Axis::X, 16, 16});
  ASSERT_FALSE(bool(plan));
  EXPECT_NE(plan.error().str().find("does not fit a core"), std::string::npos);
  EXPECT_FALSE(bool(searchGemv(machine, set, 1, 1)));
}
