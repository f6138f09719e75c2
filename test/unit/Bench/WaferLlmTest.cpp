// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "LayerRun.h"

#include "wafer/Bench/Calibration.h"
#include "wafer/Bench/WaferLlm.h"

#include <cmath>

using namespace wafer;
using namespace wafer::test;

TEST(WaferLlm, ComputesALayer) {
  // Two groups of three on each axis: collectors with two sides, a root with
  // one group beside it. 4, 5 and 2 elements a core.
  Machine machine = *Machine::load("wse2");
  auto image = buildWaferLlm(machine, {6, 2, 24, 30, 12});
  ASSERT_TRUE(bool(image)) << image.error().str();
  LayerRun l(*image, machine, *machine.findParameters("nominal"));
  for (const char *ones : {"x", "gain1", "gain2", "cos", "values"}) {
    l.fill(ones, 1);
  }
  l.fill("wqkv", 0.01f);
  l.fill("keys", 0.5f);
  l.fill("wo", 1 / 24.0f);
  l.fill("wug", 1 / 24.0f);
  l.fill("wd", 0.05f);
  Outcome outcome = l.engine->run({});
  ASSERT_EQ(outcome.kind, Outcome::Kind::Quiescent) << outcome.detail;
  // All scores are equal, so attention gives the values (1), and its projection
  // 24 * 1/24 = 1: x = 2. Its norm is 1, gate and up are 24 * 1/24 = 1. The
  // first four of five values go through silu: 1 / (1 + (1 - 1/256)^4); the
  // sum over 6 slices of these, times 0.05, is added.
  double silu = 1 / (1 + std::pow(1 - 1 / 256.0, 4));
  double expected = 2 + 6 * (4 * silu + 1) * 0.05;
  for (Coord core : {Coord{0, 0}, Coord{3, 2}, Coord{5, 5}}) {
    for (uint32_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(l.read(core, "x", i), expected, 0.01);
    }
  }
}

TEST(WaferLlm, RunsVerifiedOnOddSides) {
  // 7 cores in 3 groups: 3, 3 and 1; 5 of 2: 3 and 2.
  for (const char *name : {"wse2", "wse3"}) {
    Machine machine = *Machine::load(name);
    for (WaferLlmShape shape :
         {WaferLlmShape{7, 3, 16, 40, 20}, WaferLlmShape{5, 2, 9, 7, 5},
          WaferLlmShape{2, 1, 4, 4, 4}}) {
      auto image = buildWaferLlm(machine, shape);
      ASSERT_TRUE(bool(image)) << image.error().str();
      auto run =
          runProgram(*image, machine, *machine.findParameters("measured"));
      ASSERT_TRUE(bool(run)) << run.error().str();
      EXPECT_GT(run->cycles, 1000u);
    }
  }
}

TEST(WaferLlm, PublishedCells) {
  ASSERT_EQ(waferLlmCells().size(), 12u);
  // 1.1 GHz / 2,699.9 tokens/s / 32 layers.
  EXPECT_NEAR(waferLlmCells().front().cyclesPerLayer(), 12732, 1);
}

TEST(WaferLlm, Refuses) {
  Machine machine = *Machine::load("wse2");
  EXPECT_FALSE(bool(buildWaferLlm(machine, {751, 20, 8192, 8192, 4096})));
  EXPECT_FALSE(bool(buildWaferLlm(machine, {1, 1, 4, 4, 4})));
  // 8192 x 29568 on 64 cores a side: 360 KB a core.
  auto large = buildWaferLlm(machine, {64, 8, 8192, 29568, 4096});
  EXPECT_FALSE(bool(large));
}
