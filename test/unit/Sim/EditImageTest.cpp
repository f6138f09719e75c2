// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "EditImage.h"
#include "Builder.h"
#include "wafer/Image/Lookup.h"

using namespace wafer;
using namespace wafer::test;

TEST(EditImageTest, TargetsFollowTheirInstructions) {
  Role role;
  Core core(role);
  core.main();
  core.op(Opcode::Jump, 0, 0, 0, 4); // 0: into the gap
  core.li(2, 1).li(3, 2);            // 1, 2: go
  core.task("next").li(4, 3);        // 3: goes too
  core.li(5, 4);                     // 4: goes
  core.li(6, 5);                     // 5
  core.op(Opcode::LoopDec, 6, 0, 0, 5).end();
  role.labels = {{"a", 0}, {"b", 3}, {"c", 7}};
  removeInstructions(role, 1, 5);
  ASSERT_EQ(role.code.size(), 4u);
  EXPECT_EQ(role.code[0].imm, 1u);
  EXPECT_EQ(role.code[2].imm, 1u);
  EXPECT_EQ(role.tasks[0].entry, 0u);
  EXPECT_EQ(role.tasks[1].entry, 1u);
  EXPECT_EQ(role.labels[2].index, 3u);
  removeInstructions(role, 3, 4);
  EXPECT_EQ(role.labels.size(), 2u); // what it named is gone
}

TEST(EditImageTest, TasksLeaveNoReferences) {
  Role role;
  Core core(role);
  core.task("a").task("b").task("c");
  core.op(Opcode::Activate, 0, 0, 0, 1).op(Opcode::Activate, 0, 0, 0, 2);
  core.vec(Opcode::Mov32, D(0), S0(0), kNoDsr,
           async(1, OnComplete::Activate, 1));
  core.vec(Opcode::Mov32, D(0), S0(0), kNoDsr,
           async(1, OnComplete::Unblock, 2));
  removeTasks(role, 1, 2);
  ASSERT_EQ(role.tasks.size(), 2u);
  EXPECT_EQ(role.code[0], Instruction());
  EXPECT_EQ(role.code[1].imm, 1u);
  EXPECT_EQ(VectorFields::decode(role.code[2].imm).onComplete,
            OnComplete::None);
  EXPECT_TRUE(VectorFields::decode(role.code[2].imm).async);
  EXPECT_EQ(VectorFields::decode(role.code[3].imm).task, 1);
}

TEST(EditImageTest, DescriptorsBehindThoseThatGoMove) {
  Role role;
  Core core(role);
  core.dsr(D(0), memory(100, 1)).dsr(D(1), memory(200, 2));
  core.dsr(D(2), memory(300, 3)).op(Opcode::LoadWord, 2, 0, 0, 2048);
  removeParamBlocks(role, 1, 2);
  ASSERT_EQ(role.params.size(), 16u);
  EXPECT_EQ(role.params[8].value, 300);
  EXPECT_EQ(role.code[0].imm, 0u);
  EXPECT_EQ(role.code[2].imm, 16u);
  EXPECT_EQ(role.code[3].imm, 2048u); // no address of the block
}

TEST(EditImageTest, PartsOfARegionKeepTheirData) {
  Builder b(3, 2);
  b.core(0, 0);
  Image &image = b.image;
  image.regions[0].rect = {0, 0, 3, 2};
  image.regions[0].rowTables = {{1, 2}};
  image.regions[0].columnTables = {{3, 4, 5}};
  const uint8_t kBytes[] = {0, 1, 2, 10, 11, 12}; // y * 10 + x
  InitData init;
  init.bytes = 1;
  init.data = kBytes;
  init.size = 6;
  image.initData = {init};
  Image split = image;
  cropRegion(image, 0, {1, 1, 2, 1});
  EXPECT_EQ(image.regions[0].rowTables[0], (std::vector<uint16_t>{2}));
  EXPECT_EQ(image.regions[0].columnTables[0], (std::vector<uint16_t>{4, 5}));
  ASSERT_EQ(image.initData[0].size, 2u);
  EXPECT_EQ(image.initData[0].data[0], 11);
  EXPECT_EQ(image.initData[0].data[1], 12);
  splitRegion(split, 0);
  ASSERT_EQ(split.regions.size(), 6u);
  ASSERT_EQ(split.initData.size(), 6u);
  for (const InitData &own : split.initData) {
    const Region &region = split.regions[own.region];
    ASSERT_EQ(own.size, 1u);
    EXPECT_EQ(own.data[0], region.rect.y * 10 + region.rect.x);
    EXPECT_EQ(region.columnTables[0][0], 3 + region.rect.x);
  }
}

TEST(EditImageTest, PartsOfARuleKeepTheirRoutes) {
  Rule rule;
  rule.color = 1;
  rule.rect = {1, 0, 4, 5};
  rule.axis = Axis::Y;
  rule.classes = {{{2, 0}, {3, 1}}, {{1, kNoRoute}, {4, 2}}, {{5, kNoRoute}}};
  for (Rect part : {Rect{2, 1, 3, 3}, Rect{1, 0, 1, 5}, Rect{4, 4, 1, 1}}) {
    Rule cropped = rule;
    cropRule(cropped, part);
    for (int32_t y = part.y; y < part.endY(); ++y) {
      for (int32_t x = part.x; x < part.endX(); ++x) {
        EXPECT_EQ(configAt(cropped, {x, y}), configAt(rule, {x, y}));
      }
    }
  }
  Image image;
  rule.skew = 0;
  image.rules = {rule};
  splitRule(image, 0);
  // Two lines of the first class and one of the second.
  EXPECT_EQ(image.rules.size(), 5u + 4 + 0 + 5);
  for (const Rule &one : image.rules) {
    Coord at{one.rect.x, one.rect.y};
    EXPECT_EQ(configAt(one, at), configAt(rule, at));
  }
}

TEST(EditImageTest, WhatRefersToARegionGoesWithIt) {
  Builder b(2, 1);
  b.core(0, 0);
  b.core(1, 0);
  Image &image = b.image;
  image.roles.assign(b.roles.begin(), b.roles.end());
  image.initData.resize(2);
  image.initData[1].region = 1;
  image.stages.resize(1);
  removeRegions(image, 0, 1);
  removeUnused(image);
  ASSERT_EQ(image.roles.size(), 1u);
  EXPECT_EQ(image.roles[0].name, "role1");
  EXPECT_EQ(image.regions[0].role, 0u);
  ASSERT_EQ(image.initData.size(), 1u);
  EXPECT_EQ(image.initData[0].region, 0u);
  EXPECT_TRUE(image.stages.empty());
}

TEST(EditImageTest, HostPortsLeaveNoGoals) {
  RandomCase test;
  test.image.hostPorts.resize(3);
  test.pushes = {{0, 0, false, {1}}, {0, 2, false, {2}}};
  test.rounds = {{10, {{1, 4, false}, {2, 5, false}}}};
  removeHostPorts(test, 0, 2);
  ASSERT_EQ(test.pushes.size(), 1u);
  EXPECT_EQ(test.pushes[0].port, 0u);
  ASSERT_EQ(test.rounds[0].goals.size(), 1u);
  EXPECT_EQ(test.rounds[0].goals[0].words, 5u);
  EXPECT_EQ(test.rounds[0].goals[0].port, 0u);
}

TEST(EditImageTest, RoundsThatJoinLastAsLong) {
  RandomCase test;
  test.rounds = {{10, {{0, 1, false}}}, {20, {{1, 2, false}}}, {30, {}}};
  test.pushes = {{0, 0, false, {1}}, {1, 0, false, {2}}, {2, 0, false, {3}}};
  joinRounds(test, 0);
  ASSERT_EQ(test.rounds.size(), 2u);
  EXPECT_EQ(test.rounds[0].cycles, 30u);
  EXPECT_EQ(test.rounds[0].goals[0].words, 2u);
  EXPECT_EQ(test.pushes[1].round, 0u);
  EXPECT_EQ(test.pushes[2].round, 1u);
  removeRounds(test, 0, 1);
  EXPECT_EQ(test.pushes[2].round, 0u);
}

TEST(EditImageTest, DataLosesItsZeroEnds) {
  // Two cores of 16 bytes: bytes 5 and 10 are used.
  std::vector<uint8_t> bytes(32, 0);
  bytes[5] = 7;
  bytes[16 + 10] = 8;
  Image image;
  InitData init;
  init.offset = 100;
  init.bytes = 16;
  init.data = bytes.data();
  init.size = bytes.size();
  image.initData = {init};
  EXPECT_TRUE(trimData(image, 0));
  const InitData &trimmed = image.initData[0];
  EXPECT_EQ(trimmed.offset, 104u);
  EXPECT_EQ(trimmed.bytes, 8u);
  ASSERT_EQ(trimmed.size, 16u);
  EXPECT_EQ(trimmed.data[1], 7);
  EXPECT_EQ(trimmed.data[8 + 6], 8);
  EXPECT_FALSE(trimData(image, 0));
  clearData(image, 0, 0, 16);
  EXPECT_TRUE(trimData(image, 0));
  EXPECT_TRUE(image.initData.empty());
}
