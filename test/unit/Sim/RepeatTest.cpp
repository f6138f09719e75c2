// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops whose turns repeat are skipped, and those that only look so are not.
// All of them end as they do turn by turn.
//
#include "Builder.h"

#include <functional>

using namespace wafer;
using namespace wafer::test;

namespace {

constexpr uint32_t kTurns = 1000;
/// r26 grows from turn to turn, r27 is what is left of them.
constexpr unsigned kGrows = 26, kLeft = 27, kOther = 25;

/// A core that does `body` kTurns times, and grows by `step` in each.
template <typename Body>
void makeLoop(Core core, uint32_t step, Body body) {
  core.main().li(kLeft, kTurns).li(kGrows, 0);
  uint32_t begin = core.here();
  body(core);
  core.op(Opcode::AddImm, kGrows, kGrows, 0, step);
  core.op(Opcode::LoopDec, kLeft, 0, 0, begin).end();
}

/// Runs it with and without skipping, to its end or to `limit`, and compares
/// all that can be seen. What was skipped.
SkippedCycles runBoth(Builder &b, Cycle limit = 1000000) {
  const Image &image = b.finish();
  EngineOptions plain;
  plain.timingOnly = true;
  FastOptions fast;
  fast.timingOnly = true;
  auto one = Engine::createReference(image, b.machine, b.costs, plain);
  auto two = Engine::createFast(image, b.machine, b.costs, fast);
  fast.skipRepeats = false;
  auto three = Engine::createFast(image, b.machine, b.costs, fast);
  EXPECT_TRUE(one && two && three);
  RunLimits limits;
  limits.maxCycles = limit;
  Outcome expected = (*one)->run(limits);
  for (auto *engine : {&*two, &*three}) {
    Outcome outcome = (*engine)->run(limits);
    EXPECT_EQ(outcome.kind, expected.kind) << outcome.detail;
    EXPECT_EQ(outcome.cycle, expected.cycle);
    EXPECT_EQ((*engine)->waitReport(), (*one)->waitReport());
    EXPECT_EQ((*engine)->wordHops(), (*one)->wordHops());
    for (const Region &region : image.regions) {
      Coord at{region.rect.x, region.rect.y};
      EXPECT_EQ((*engine)->counters(at).cycles, (*one)->counters(at).cycles);
      std::vector<uint8_t> a(b.machine.sramBytes), c(b.machine.sramBytes);
      EXPECT_TRUE((*one)->peek(at, 0, a.data(), uint32_t(a.size())));
      EXPECT_TRUE((*engine)->peek(at, 0, c.data(), uint32_t(c.size())));
      EXPECT_TRUE(a == c) << "memory";
    }
  }
  EXPECT_EQ((*three)->skipped().periods, 0u);
  return (*two)->skipped();
}

/// Core 0 sends a word of memory to core 1 in each turn.
void makePair(Builder &b, const std::function<void(Core &)> &before) {
  b.route(0, 0, 4, kR, kE).route(1, 0, 4, kW, kR);
  makeLoop(b.core(0, 0).output(1, 4), 4, [&](Core &core) {
    before(core);
    core.dsr(S0(0), memory(2048, 3)).dsr(D(0), fabricOut(1, 3));
    core.vec(Opcode::Mov32, D(0), S0(0));
  });
  makeLoop(b.core(1, 0).input(1, 4), 0, [](Core &core) {
    core.dsr(S0(0), fabricIn(1, 3)).dsr(D(0), memory(2048, 3));
    core.vec(Opcode::Mov32, D(0), S0(0));
  });
}

} // namespace

TEST(RepeatTest, TurnsOfTwoCoresAreSkipped) {
  Builder b(2, 1);
  makePair(b, [](Core &) {});
  EXPECT_GT(runBoth(b).periods, 500u);
}

TEST(RepeatTest, ARunStopsAtItsLimitAmongThem) {
  Builder b(2, 1);
  makePair(b, [](Core &) {});
  SkippedCycles skipped = runBoth(b, 7001);
  EXPECT_GT(skipped.periods, 0u);
  EXPECT_LT(skipped.cycles, 7001u);
}

TEST(RepeatTest, ABranchOnTheTurnIsNotSkipped) {
  // From turn 700 on another cycle passes.
  Builder b(2, 1);
  makePair(b, [](Core &core) {
    core.li(kOther, 700 * 4);
    core.op(Opcode::BranchLt, 0, kGrows, kOther, core.here() + 2);
    core.op(Opcode::Nop);
  });
  SkippedCycles skipped = runBoth(b);
  EXPECT_GT(skipped.periods, 500u);
  EXPECT_LT(skipped.periods, 1000u);
}

TEST(RepeatTest, AWordThatGrowsIsNotSkipped) {
  Builder b(2, 1);
  makePair(b,
           [](Core &core) { core.op(Opcode::StoreWord, kGrows, 0, 0, 2052); });
  EXPECT_EQ(runBoth(b).periods, 0u);
}

TEST(RepeatTest, AStoreThatMovesReachesAllItsPlaces) {
  Builder b(1, 1);
  makeLoop(b.core(0, 0), 4, [](Core &core) {
    core.li(kOther, 77);
    core.op(Opcode::StoreWord, kOther, kGrows, 0, 4096);
  });
  EXPECT_GT(runBoth(b).periods, 500u);
}

TEST(RepeatTest, AStoreThatMovesIsNotSkippedWhereItIsRead) {
  // Turn 600 writes what every turn reads; then another cycle passes.
  Builder b(1, 1);
  makeLoop(b.core(0, 0), 4, [](Core &core) {
    core.li(kOther, 77);
    core.op(Opcode::StoreWord, kOther, kGrows, 0, 4096);
    core.op(Opcode::LoadWord, 3, 0, 0, 4096 + 600 * 4);
    core.op(Opcode::BranchEq, 0, 3, 0, core.here() + 2);
    core.op(Opcode::Nop);
  });
  EXPECT_LT(runBoth(b).periods, 1000u);
}

TEST(RepeatTest, ALoadThatMovesFindsWhatIsThere) {
  // What turn 500 finds is another number, and costs a cycle.
  Builder b(1, 1);
  makeLoop(b.core(0, 0), 4, [](Core &core) {
    core.op(Opcode::LoadWord, 3, kGrows, 0, 4096);
    core.op(Opcode::BranchEq, 0, 3, 0, core.here() + 2);
    core.op(Opcode::Nop);
  });
  auto bytes = std::make_shared<std::vector<uint8_t>>(4, uint8_t(1));
  InitData data;
  data.offset = 4096 + 500 * 4;
  data.bytes = data.size = 4;
  data.data = bytes->data();
  b.image.initData.push_back(data);
  b.image.storage.push_back(bytes);
  SkippedCycles skipped = runBoth(b);
  EXPECT_GT(skipped.periods, 300u);
  EXPECT_LT(skipped.periods, 999u);
}

namespace {
/// In each turn 16 products of a row that moves by `step` and one that stays.
void makeRows(Builder &b, uint32_t step) {
  makeLoop(b.core(0, 0), step, [](Core &core) {
    core.op(Opcode::AddImm, kOther, kGrows, 0, 8192);
    core.dsr(S0(0), memory(0, 16)).dsr(S1(0), memory(4096, 16, 3));
    core.dsr(D(0), memory(6144, 16)).op(Opcode::DsrBase, S0(0), kOther);
    core.vec(Opcode::FAddH, D(0), S0(0), S1(0));
  });
}
} // namespace

TEST(RepeatTest, RowsAWholeTurnOfTheBanksApartAreSkipped) {
  Builder b(1, 1);
  makeRows(b, 16);
  EXPECT_GT(runBoth(b).periods, 500u);
}

TEST(RepeatTest, ConflictsThatDifferFromTurnToTurnAreNotSkipped) {
  // Four turns, which are 8 bytes, change the conflicts; eight of them do not.
  Builder b(1, 1);
  makeRows(b, 2);
  runBoth(b);
}

TEST(RepeatTest, AClockThatIsReadIsNotSkipped) {
  Builder b(1, 1);
  makeLoop(b.core(0, 0), 0, [](Core &core) { core.clock(3, 2048); });
  EXPECT_EQ(runBoth(b).periods, 0u);
}
