// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "LayerRun.h"

#include "wafer/Bench/DecodePhases.h"

#include <cmath>

using namespace wafer;
using namespace wafer::test;

namespace {

/// Two groups of four on each axis, two bands of four cores; two query heads of
/// a key-value head. 2 hidden elements, 4 columns of the query, 2 of the key, 3
/// of the feed-forward and 2 positions a core.
DecodePhasesShape small() {
  DecodePhasesShape shape;
  shape.side = 8;
  shape.group = 4;
  shape.dim = 16;
  shape.heads = 4;
  shape.kvHeads = 2;
  shape.headDim = 8;
  shape.ffn = 24;
  shape.context = 16;
  return shape;
}

Machine machineOf(const char *name = "wse3") {
  return decodePhasesMachine(*Machine::load(name));
}

void expectEverywhere(LayerRun &l, double expected, double tolerance) {
  for (Coord core : {Coord{0, 0}, Coord{4, 3}, Coord{7, 7}, Coord{2, 6}}) {
    for (uint32_t i = 0; i < 2; ++i) {
      EXPECT_NEAR(l.read(core, "z", i), expected, tolerance);
    }
  }
}

} // namespace

TEST(DecodePhases, ComputesAttention) {
  Machine machine = machineOf();
  auto image = buildAttentionPhases(machine, small());
  ASSERT_TRUE(bool(image)) << image.error().str();
  LayerRun l(*image, machine, *machine.findParameters("measured"));
  for (const char *ones : {"x", "gain", "qgain", "kgain", "values"}) {
    l.fill(ones, 1);
  }
  l.fill("wq", 0.1f);
  l.fill("wk", 0.3f);
  l.fill("wv", 0.25f);
  l.fill("wo", 1 / 32.0f);
  l.fill32("cos", 0.6f);
  l.fill32("sin", 0.8f);
  Outcome outcome = l.engine->run({});
  ASSERT_EQ(outcome.kind, Outcome::Kind::Quiescent) << outcome.detail;
  // Query and key are 1 after their norm, and (0.6 - 0.8, 0.8 + 0.6) a pair
  // after the rotation: a head's 4 pairs score 4 (0.04 + 1.96) = 8 with the
  // new key, and 0 with the 15 old ones. The new value is 16 * 0.25 = 4.
  double weight = std::exp(8 / std::sqrt(8.0));
  double out = (15 * 1 + weight * 4) / (15 + weight);
  expectEverywhere(l, 1 + 32 * out / 32, 0.01);
}

TEST(DecodePhases, ComputesTheFeedForward) {
  Machine machine = machineOf();
  auto image = buildFeedForwardPhases(machine, small());
  ASSERT_TRUE(bool(image)) << image.error().str();
  // Gates in the middle of the exponential's range and beyond both of its ends.
  for (float gate : {1.0f, -3.0f, 0.0f, 200.0f, -200.0f}) {
    LayerRun l(*image, machine, *machine.findParameters("measured"));
    l.fill("x", 1);
    l.fill("gain", 1);
    l.fill("wup", 0.5f / 16);
    l.fill("wgate", gate / 16);
    l.fill("wd", 0.125f);
    Outcome outcome = l.engine->run({});
    ASSERT_EQ(outcome.kind, Outcome::Kind::Quiescent) << outcome.detail;
    double silu = gate / (1 + std::exp(-double(gate)));
    double expected = 1 + 24 * 0.125 * 0.5 * silu;
    expectEverywhere(l, expected, 0.002 * std::max(1.0, expected));
  }
}

TEST(DecodePhases, GivesTheCyclesOfPhases) {
  Machine machine = machineOf();
  const ParameterSet &costs = *machine.findParameters("measured");
  auto image = buildAttentionPhases(machine, small());
  ASSERT_TRUE(bool(image)) << image.error().str();
  auto phases = runPhases(*image, machine, costs);
  ASSERT_TRUE(bool(phases)) << phases.error().str();
  ASSERT_EQ(phases->size(), 7u);
  EXPECT_EQ(phases->front().name, "qkv");
  // One addition of 2 elements: a store of the clock, three descriptors, a
  // start, one or two cycles, the clock: in every core alike.
  const PhaseCycles &residual = phases->back();
  EXPECT_EQ(residual.name, "residual");
  EXPECT_EQ(residual.least, residual.most);
  EXPECT_NEAR(residual.mean, 1 + 3 * 4 + 17 + 1, 1.5);
  for (const PhaseCycles &phase : *phases) {
    EXPECT_LE(double(phase.least), phase.mean);
    EXPECT_LE(phase.mean, double(phase.most));
  }
}

TEST(DecodePhases, Refuses) {
  Machine wse3 = *Machine::load("wse3");
  // The host library leaves six input queues.
  auto queues = buildAttentionPhases(wse3, small());
  ASSERT_FALSE(bool(queues));
  EXPECT_EQ(queues.error().str(),
            "attention on 'wse3': the machine has too few input queues: "
            "expected 8 but got 6");
  DecodePhasesShape shape = small();
  shape.context = 20;
  auto context = buildAttentionPhases(machineOf(), shape);
  ASSERT_FALSE(bool(context));
  EXPECT_EQ(context.error().str(),
            "attention: bad context of a decode layer: expected a multiple of "
            "8 but got 20");
  shape = small();
  shape.kvHeads = 8; // one core a band
  EXPECT_FALSE(bool(buildFeedForwardPhases(machineOf(), shape)));
  shape = small();
  shape.context = 8 * 4000;
  EXPECT_FALSE(bool(buildAttentionPhases(machineOf(), shape)));
}

TEST(DecodePhases, PublishedFigures) {
  const PublishedPhases &p = publishedPhases().front();
  EXPECT_EQ(p.shape.dimSlice(), 10u);
  EXPECT_EQ(p.shape.queryColumns(), 16u);
  EXPECT_EQ(p.shape.keyColumns(), 4u);
  EXPECT_EQ(p.shape.ffnSlice(), 38u);
  EXPECT_EQ(p.shape.band(), 32u);
  // The phases sum to attention, but for rounding.
  double sum = 0;
  for (const PublishedPhases::Phase &phase : p.phases) {
    sum += p.phaseAt(phase.name, phase.context);
  }
  EXPECT_NEAR(sum - p.phaseAt("softmax", 23552), p.wholeAt(2048)->attention, 2);
  EXPECT_EQ(p.phaseAt("softmax", 8192), 0);
}
