// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Place/Gates.h"
#include "wafer/Partition/DecodePlan.h"
#include "wafer/Place/Floorplan.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

/// Channels in the rows 3, 9 and 15 of 24.
Machine machineWithChannels() {
  Machine machine = *Machine::load("test8");
  machine.usable = {0, 0, 24, 24};
  machine.physicalWidth = machine.physicalHeight = 24;
  machine.host.firstRow = 3;
  machine.host.rowStep = 6;
  machine.host.count = 3;
  machine.wafers = 2;
  return machine;
}

/// Groups cover the rows, and each has its root.
void expectCover(const std::vector<GateGroup> &groups, int32_t rows) {
  int32_t next = 0;
  for (const GateGroup &group : groups) {
    EXPECT_EQ(group.begin, next);
    EXPECT_LE(group.begin, group.root);
    EXPECT_LT(group.root, group.end);
    next = group.end;
  }
  EXPECT_EQ(next, rows);
}

TEST(Gates, RowsShareTheirChannels) {
  Machine machine = machineWithChannels();
  auto groups = shareChannels(machine, {23, 0, 1, 20}, {24, 0, 1, 20});
  ASSERT_TRUE(bool(groups));
  ASSERT_EQ(groups->size(), 3u);
  expectCover(*groups, 20);
  EXPECT_EQ((*groups)[1].begin, 6);
  EXPECT_EQ((*groups)[1].root, 9);
  EXPECT_EQ((*groups)[1].rowOut, 9);
  EXPECT_EQ((*groups)[1].rowIn, 9);
}

TEST(Gates, ShelvesAtOtherHeights) {
  // Rows 10 to 19 have the channel 15 alone; rows 0 to 9 have two.
  Machine machine = machineWithChannels();
  auto groups = shareChannels(machine, {23, 10, 1, 10}, {24, 0, 1, 10});
  ASSERT_TRUE(bool(groups));
  ASSERT_EQ(groups->size(), 1u);
  expectCover(*groups, 10);
  EXPECT_EQ(groups->front().root, 3);
  EXPECT_EQ(groups->front().rowOut, 15);
  EXPECT_EQ(groups->front().rowIn, 3);
}

TEST(Gates, RowsWithoutAChannelTakeTheNearest) {
  Machine machine = machineWithChannels();
  auto groups = shareChannels(machine, {23, 20, 1, 4}, {24, 4, 1, 4});
  ASSERT_TRUE(bool(groups));
  ASSERT_EQ(groups->size(), 1u);
  expectCover(*groups, 4);
  EXPECT_EQ(groups->front().rowOut, 15);
  EXPECT_EQ(groups->front().rowIn, 3);
}

TEST(Gates, NothingLeavesAMachineWithoutChannels) {
  Machine machine = machineWithChannels();
  machine.host.count = 0;
  machine.host.west = machine.host.east = false;
  EXPECT_FALSE(bool(shareChannels(machine, {23, 0, 1, 4}, {24, 0, 1, 4})));
}

TEST(Gates, TheNearestEdgeOfItsWafer) {
  Machine machine = machineWithChannels();
  EXPECT_FALSE(nearestEdge(machine, {20, 0, 1, 4}).west);
  GateEdge edge = nearestEdge(machine, {26, 0, 1, 4});
  EXPECT_TRUE(edge.west);
  EXPECT_EQ(edge.wafer, 1);
  machine.host.west = false;
  EXPECT_FALSE(nearestEdge(machine, {26, 0, 1, 4}).west);
}

TEST(Floorplan, EveryWaferHasItsSnake) {
  Machine machine = machineWithChannels();
  FloorplanProblem problem;
  problem.machine = &machine;
  problem.blocks = {
      {"loop", 1, 1, true, false, 0},      {"embed", 2, 20, false, false, 0},
      {"layers", 16, 20, false, false, 0}, {"out", 1, 20, false, false, 0},
      {"in", 1, 20, false, false, 1},      {"more", 16, 20, false, false, 1}};
  auto plan = placeInShelves(problem);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  EXPECT_EQ(plan->rects[3], (Rect{19, 0, 1, 20}));
  EXPECT_EQ(plan->rects[4], (Rect{24, 0, 1, 20}));
  plan->rects[5].x = 23; // over the border
  EXPECT_FALSE(bool(plan->verify(problem)));
  problem.blocks[5].wafer = 0;
  EXPECT_FALSE(bool(problem.check()));
}

/// Four layers that fill a small wafer each.
PartitionProblem smallProblem(const Machine &machine) {
  PartitionProblem problem;
  problem.layers = 4;
  problem.dim = 64;
  problem.ffn = 192;
  problem.heads = 8;
  problem.kvHeads = 4;
  problem.headDim = 8;
  problem.vocab = 64;
  problem.context = 64;
  problem.machine = &machine;
  problem.parameterSet = machine.parameterSets.front().name;
  return problem;
}

TEST(SeveralWafers, StagesFollowTheWafers) {
  Machine machine = machineWithChannels();
  PartitionProblem problem = smallProblem(machine);
  problem.wafers = 3;
  auto plan = partition(problem);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  EXPECT_TRUE(bool(plan->verify(problem)));
  ASSERT_EQ(plan->gates.size(), 2u);
  EXPECT_EQ(plan->gates[1].first.wafer, 1);
  EXPECT_EQ(plan->gates[1].second.wafer, 2);
  EXPECT_EQ(plan->head.wafer, 2);
  PartitionPlan lost = *plan;
  lost.gates.pop_back();
  EXPECT_FALSE(bool(lost.verify(problem)));
  lost = *plan;
  lost.layers.back().wafer = 0;
  EXPECT_FALSE(bool(lost.verify(problem)));
}

TEST(SeveralWafers, AsFewAsHoldTheModel) {
  Machine machine = machineWithChannels();
  machine.usable.w = 11;
  machine.physicalWidth = 11;
  PartitionProblem problem = smallProblem(machine);
  auto one = planDecode(problem);
  ASSERT_TRUE(bool(one)) << one.error().str();
  EXPECT_EQ(one->wafers(), 1);
  EXPECT_EQ(one->crossingCycles(1e-6), 0);
  problem.region = {8, 20};
  problem.stages = 4;
  auto four = planDecode(problem);
  ASSERT_TRUE(bool(four)) << four.error().str();
  EXPECT_EQ(four->wafers(), 4);
  // One latency a wafer is not in what is predicted without them.
  EXPECT_EQ(four->plan.chosen.cyclesPerToken - four->cyclesPerToken(),
            4 * int64_t(machine.crossingCycles()));
  problem.region = {12, 20};
  EXPECT_FALSE(bool(planDecode(problem)));
}

} // namespace
