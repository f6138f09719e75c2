// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One core: scalar costs, vector starts, lanes, bank conflicts, descriptors,
// tasks. Times are written as "t: what happens".
//
#include "Builder.h"

#include "wafer/Support/Half.h"

#include <cstring>

using namespace wafer;
using namespace wafer::test;

namespace {
constexpr uint32_t kClock = 1024; // where programs store times
/// Cycles from one tsc to a second one, without the first tsc's own cost.
uint32_t span(Builder &b) {
  return b.word(0, 0, kClock + 4) - b.word(0, 0, kClock) - b.costs.readClock;
}
/// The duration of one vector instruction, its start included.
uint32_t duration(Builder &b, Opcode op, Descriptor dest, Descriptor src0,
                  Descriptor src1, bool second = true) {
  Core core = b.core(0, 0);
  core.main().dsr(D(0), dest).dsr(S0(0), src0).dsr(S1(0), src1);
  core.op(Opcode::ReadClock, 2);
  core.vec(op, D(0), S0(0), second ? S1(0) : kNoDsr);
  core.op(Opcode::ReadClock, 3);
  core.op(Opcode::StoreWord, 2, 0, 0, kClock);
  core.op(Opcode::StoreWord, 3, 0, 0, kClock + 4).end();
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  return span(b);
}
} // namespace

TEST(CoreTest, TaskStartAndScalarCosts) {
  Builder b(1, 1);
  b.costs.taskStart = 10;
  b.costs.readClock = 3;
  b.costs.multiply = 5;
  b.core(0, 0)
      .main()
      .op(Opcode::ReadClock, 2) // 10
      .op(Opcode::Mul, 0, 2, 2) // 13
      .op(Opcode::ReadClock, 3) // 18
      .op(Opcode::StoreWord, 2, 0, 0, kClock)
      .op(Opcode::StoreWord, 3, 0, 0, kClock + 4)
      .end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, kClock), 10u);
  EXPECT_EQ(b.word(0, 0, kClock + 4), 18u);
  EXPECT_EQ(outcome.cycle, 24u); // 21, 22: stores, 23: end
  Counters c = b.engine->counters({0, 0});
  EXPECT_EQ(c.total(), b.engine->cycle());
  EXPECT_EQ(c[Activity::Start], 10u);
  EXPECT_EQ(c[Activity::Scalar], 14u);
}

TEST(CoreTest, VectorStart) {
  Builder b(1, 1);
  b.costs.vectorStart = 6;
  // 8 elements of fmacs, one lane: 6 + 8.
  EXPECT_EQ(duration(b, Opcode::FMulS, memory(2048, 8), memory(4096, 8),
                     memory(6144 + 4, 8)),
            14u);
}

TEST(CoreTest, BankConflictOfReads) {
  // 4096 and 6144 lie in bank 0: equal modulo 4 in every step.
  Builder b(1, 1);
  EXPECT_EQ(duration(b, Opcode::FMulS, memory(2048, 8), memory(4096, 8),
                     memory(6144, 8)),
            16u);
  // 16 bytes on is bank 4: 4 mod 4 = 0, still in conflict.
  Builder c(1, 1);
  EXPECT_EQ(duration(c, Opcode::FMulS, memory(2048, 8), memory(4096, 8),
                     memory(6144 + 16, 8)),
            16u);
  // The same addresses are one read.
  Builder d(1, 1);
  EXPECT_EQ(duration(d, Opcode::FMulS, memory(2048, 8), memory(4096, 8),
                     memory(4096, 8)),
            8u);
}

TEST(CoreTest, BankConflictOfReadAndWrite) {
  // Stride 8 words = 32 bytes = 8 banks * 4 bytes: always bank 0.
  Builder b(1, 1);
  EXPECT_EQ(duration(b, Opcode::Mov32, memory(2048, 8, 8), memory(4096, 8, 8),
                     memory(0, 0), false),
            16u);
  Builder c(1, 1); // the dest in bank 1
  EXPECT_EQ(duration(c, Opcode::Mov32, memory(2048 + 4, 8, 8),
                     memory(4096, 8, 8), memory(0, 0), false),
            8u);
}

TEST(CoreTest, LongConflictPatternsAreTheSameAsleepAndAwake) {
  // 1001 elements, two lanes, src1 one word further than src0: every step
  // reads words {2i, 2i+1} and {2i+1, 2i+2}: always in conflict except the
  // last one with one element. 500 * 2 + 1.
  Builder b(1, 1);
  EXPECT_EQ(duration(b, Opcode::FAddS, memory(2048, 1001), memory(8192, 1001),
                     memory(16384 + 4, 1001)),
            1001u);
}

TEST(CoreTest, LanesByStride) {
  struct Case {
    int stride;
    uint32_t cycles;
  };
  // 16 elements, mov16 with four lanes.
  for (Case c : {Case{1, 4}, Case{2, 4}, Case{3, 4}, Case{5, 4}, Case{6, 4},
                 Case{4, 8}, Case{7, 8}, Case{9, 8}, Case{8, 16}, Case{0, 4},
                 Case{-1, 8}, Case{-2, 4}}) {
    Builder b(1, 1);
    EXPECT_EQ(duration(b, Opcode::Mov16, memory(2050, 16),
                       memory(8192, 16, c.stride), memory(0, 0), false),
              c.cycles)
        << "stride " << c.stride;
  }
  Builder b(1, 1); // a dest with stride 0 takes one element a step
  EXPECT_EQ(duration(b, Opcode::Mov16, memory(2050, 16, 0), memory(8192, 16),
                     memory(0, 0), false),
            16u);
}

TEST(CoreTest, AccumulatesIntoOneElement) {
  Builder b(1, 1);
  b.core(0, 0)
      .main()
      .dsr(D(0), memory(2048, 1, 0))
      .dsr(S1(0), memory(4096, 5))
      .vec(Opcode::FAddS, D(0), D(0), S1(0))
      .end();
  Engine &e = b.start();
  for (unsigned i = 0; i < 5; ++i) {
    b.poke(0, 0, 4096 + 4 * i, bitsOf(float(i + 1)));
  }
  // The length is that of src0, which has one element.
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048), bitsOf(1));

  Builder c(1, 1);
  c.core(0, 0)
      .main()
      .dsr(D(0), memory(2048, 5, 0))
      .dsr(S1(0), memory(4096, 5))
      .vec(Opcode::FAddS, D(0), D(0), S1(0))
      .end();
  Engine &f = c.start();
  for (unsigned i = 0; i < 5; ++i) {
    c.poke(0, 0, 4096 + 4 * i, bitsOf(float(i + 1)));
  }
  EXPECT_EQ(f.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(c.word(0, 0, 2048), bitsOf(15));
}

TEST(CoreTest, TwoDimensionalDescriptors) {
  // Transposes a 2x3 matrix of halfwords: rows of the source become columns.
  Builder b(1, 1);
  Descriptor source = memory(4096, 2, 3); // down a column: stride 3
  source.extent1 = 3;
  source.stride1 = 1;
  b.core(0, 0)
      .main()
      .dsr(D(0), memory(2048, 6))
      .dsr(S0(0), source)
      .vec(Opcode::Mov16, D(0), S0(0))
      .end();
  b.start();
  for (unsigned i = 0; i < 3; ++i) {
    b.poke(0, 0, 4096 + 4 * i, (2 * i) | ((2 * i + 1) << 16)); // 0..5
  }
  EXPECT_EQ(b.engine->run({}).kind, Outcome::Kind::Quiescent);
  const uint16_t expected[] = {0, 3, 1, 4, 2, 5};
  for (unsigned i = 0; i < 6; ++i) {
    EXPECT_EQ(b.half(0, 0, 2048 + 2 * i), expected[i]);
  }
}

TEST(CoreTest, SelfSteppingRegister) {
  // Two mov16 of 3 elements with a self-stepping source: 0..2, then 3..5.
  Builder b(1, 1);
  Descriptor source = memory(4096, 3);
  source.save = true;
  Descriptor rows = memory(4096, 2, 1); // 2-D: 2 rows of stride 4
  rows.extent1 = 2;
  rows.stride1 = 4;
  rows.save = true;
  b.core(0, 0)
      .main()
      .dsr(D(0), memory(2048, 3))
      .dsr(D(1), memory(2060, 3))
      .dsr(D(2), memory(2080, 4))
      .dsr(S0(0), source)
      .dsr(S0(1), rows)
      .vec(Opcode::Mov16, D(0), S0(0))
      .vec(Opcode::Mov16, D(1), S0(0))
      .vec(Opcode::Mov16, D(2), S0(1)) // halfwords 0 1 4 5; next base is 8
      .vec(Opcode::Mov16, D(2), S0(1)) // 8 9 12 13
      .end();
  b.start();
  for (unsigned i = 0; i < 8; ++i) {
    b.poke(0, 0, 4096 + 4 * i, (2 * i) | ((2 * i + 1) << 16));
  }
  EXPECT_EQ(b.engine->run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.half(0, 0, 2048), 0);
  EXPECT_EQ(b.half(0, 0, 2060), 3);
  EXPECT_EQ(b.half(0, 0, 2064), 5);
  EXPECT_EQ(b.half(0, 0, 2080), 8);
  EXPECT_EQ(b.half(0, 0, 2086), 13);
}

TEST(CoreTest, LengthIsThatOfTheFirstOperandThatHasOne) {
  Builder b(1, 1);
  b.core(0, 0)
      .main()
      .li(4, 0x7)
      .dsr(D(0), memory(2048, 3))
      .dsr(D(1), memory(2064, 0))
      .vec(Opcode::Mov16, D(0), kNoDsr, kNoDsr, scalar(4)) // 3 from dest
      .vec(Opcode::Mov16, D(1), kNoDsr, kNoDsr, scalar(4)) // none: 1
      .end();
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.half(0, 0, 2052), 7);
  EXPECT_EQ(b.half(0, 0, 2054), 0);
  EXPECT_EQ(b.half(0, 0, 2064), 7);
  EXPECT_EQ(b.half(0, 0, 2066), 0);
}

TEST(CoreTest, DescriptorFields) {
  Builder b(1, 1);
  b.core(0, 0)
      .main()
      .dsr(D(0), memory(0, 1))
      .li(2, 2048)
      .op(Opcode::DsrBase, D(0), 2)
      .li(2, 3)
      .op(Opcode::DsrLength, D(0), 2)
      .li(2, 2)
      .op(Opcode::DsrStride, D(0), 2)
      .li(2, 4)
      .op(Opcode::DsrAdvance, D(0), 2)
      .li(3, 9)
      .vec(Opcode::Mov16, D(0), kNoDsr, kNoDsr, scalar(3))
      .end();
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  // Halfwords at 2052, 2056, 2060.
  EXPECT_EQ(b.word(0, 0, 2048), 0u);
  EXPECT_EQ(b.word(0, 0, 2052), 9u);
  EXPECT_EQ(b.word(0, 0, 2056), 9u);
  EXPECT_EQ(b.word(0, 0, 2060), 9u);
  EXPECT_EQ(b.word(0, 0, 2064), 0u);
}

TEST(CoreTest, LoopsCallsAndMemory) {
  Builder b(1, 1);
  Core core = b.core(0, 0);
  core.main().li(2, 5).li(3, 0);
  uint32_t loop = core.here();
  core.op(Opcode::Add, 3, 3, 2).op(Opcode::LoopDec, 2, 0, 0, loop); // 15
  core.op(Opcode::Call, 31, 0, 0, core.here() + 3);
  core.op(Opcode::StoreWord, 3, 0, 0, 2048).end();
  // The subroutine: r3 = -r3, as a halfword and back.
  core.op(Opcode::Sub, 3, 0, 3).op(Opcode::StoreHalf, 3, 0, 0, 2052);
  core.op(Opcode::LoadHalfSigned, 4, 0, 0, 2052);
  core.op(Opcode::LoadHalf, 5, 0, 0, 2052);
  core.op(Opcode::StoreWord, 4, 0, 0, 2056);
  core.op(Opcode::StoreWord, 5, 0, 0, 2060).op(Opcode::Return, 0, 31);
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048), uint32_t(-15));
  EXPECT_EQ(b.word(0, 0, 2056), uint32_t(-15));
  EXPECT_EQ(b.word(0, 0, 2060), 0xfff1u);
}

TEST(CoreTest, RegisterZeroReadsAsZero) {
  Builder b(1, 1);
  b.core(0, 0).main().li(0, 5).op(Opcode::StoreWord, 0, 0, 0, 2048).end();
  b.start();
  b.poke(0, 0, 2048, 77);
  EXPECT_EQ(b.engine->run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048), 0u);
}

TEST(CoreTest, TasksAreTakenInTheOrderOfTheTable) {
  // main activates the third and the second task; the second runs first.
  Builder b(1, 1);
  Core core = b.core(0, 0);
  core.main().op(Opcode::Activate, 0, 0, 0, 2);
  core.op(Opcode::Activate, 0, 0, 0, 1).end();
  core.task("second").clock(2, 2048).end();
  core.task("third").clock(2, 2052).end();
  // 0, 1: activate; 2: end; 3: tsc, 4: stw, 5: end; 6: tsc.
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048), 3u);
  EXPECT_EQ(b.word(0, 0, 2052), 6u);
}

TEST(CoreTest, BlockedTasksWait) {
  Builder b(1, 1);
  Core core = b.core(0, 0);
  core.main().op(Opcode::Activate, 0, 0, 0, 1).end();
  core.task("later").blocked().clock(2, 2048).end();
  core.task("other").active().op(Opcode::Unblock, 0, 0, 0, 1).end();
  // 0: activate, 1: end; 2: other: unblock, 3: end; 4: later: tsc.
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048), 4u);
}

TEST(CoreTest, PeekInTheMiddleOfALongInstruction) {
  // 100 words, two a cycle, from cycle 4 on: dsrload, dsrload, li, (vector).
  Builder b(1, 1);
  b.core(0, 0)
      .main()
      .dsr(D(0), memory(2048, 100))
      .dsr(S0(0), memory(4096, 100))
      .vec(Opcode::Mov32, D(0), S0(0))
      .end();
  b.start();
  for (unsigned i = 0; i < 100; ++i) {
    b.poke(0, 0, 4096 + 4 * i, i + 1);
  }
  Outcome outcome = b.engine->run({{}, 12}); // steps in 2..11: 20 words
  EXPECT_EQ(outcome.kind, Outcome::Kind::CycleLimit);
  EXPECT_EQ(b.word(0, 0, 2048 + 4 * 19), 20u);
  EXPECT_EQ(b.word(0, 0, 2048 + 4 * 20), 0u);
  EXPECT_EQ(b.engine->counters({0, 0})[Activity::VectorStep], 10u);
  outcome = b.engine->run({});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048 + 4 * 99), 100u);
  EXPECT_EQ(outcome.cycle, 2u + 50u + 1u);
}

TEST(CoreTest, ParametersComeFromTables) {
  Builder b(2, 2);
  b.core(0, 0).main().end();
  b.roles[0].params = {ParamSource::constant(7), ParamSource::row(0),
                       ParamSource::column(0)};
  b.roles[0].paramOffset = 512;
  b.image.regions[0].rect = {0, 0, 2, 2};
  b.image.regions[0].rowTables = {{10, 11}};
  b.image.regions[0].columnTables = {{20, 21}};
  std::vector<uint8_t> data = {1, 2, 3, 4, 5, 6, 7, 8};
  InitData init;
  init.offset = 600;
  init.bytes = 2;
  init.data = data.data();
  init.size = data.size();
  b.image.initData = {init};
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.half(1, 0, 512), 7);
  EXPECT_EQ(b.half(1, 0, 514), 10);
  EXPECT_EQ(b.half(0, 1, 514), 11);
  EXPECT_EQ(b.half(1, 0, 516), 21);
  EXPECT_EQ(b.half(1, 1, 600), 0x0807);
}

TEST(CoreTest, AnElementAgainInTheSameStep) {
  // Rows of 6 elements, 4 apart: elements 4 and 5 are 6 and 7 again, and a step
  // handles 4 of them, reading all before it writes one: they count once.
  Builder b(1, 1);
  b.machine.lanes["fadds"] = 4;
  Descriptor rows = memory(2048, 6);
  rows.extent1 = 2;
  rows.stride1 = 4;
  b.core(0, 0)
      .main()
      .li(2, 0x3f800000)
      .dsr(D(1), memory(2048, 10))
      .vec(Opcode::Mov32, D(1), kNoDsr, kNoDsr, scalar(2))
      .dsr(D(0), rows)
      .dsr(S0(0), rows)
      .dsr(S1(0), rows)
      .vec(Opcode::FAddS, D(0), S0(0), S1(0))
      .end();
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  // Steps: 0 1 2 3 | 4 5 4 5 | 6 7 8 9.
  for (uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(b.word(0, 0, 2048 + 4 * i), 0x40000000u) << i;
  }
}

TEST(CoreTest, ShortRowsAgainInTheSameStep) {
  // Rows of 2 elements at the same place, 4 of them, added to by steps of 4:
  // the last row of a step stays, so 1 2 3 4 | 5 6 7 8 gives 3 + 7 and 4 + 8.
  Builder b(1, 1);
  b.machine.lanes["fadds"] = 4;
  Descriptor sum = memory(2048, 2);
  sum.extent1 = 4;
  sum.stride1 = 0;
  Core core = b.core(0, 0);
  core.main();
  for (uint32_t i = 0; i < 8; ++i) {
    float value = float(i + 1);
    uint32_t bits = 0;
    std::memcpy(&bits, &value, 4);
    core.li(2, bits).op(Opcode::StoreWord, 2, 0, 0, 4096 + 4 * i);
  }
  core.dsr(D(0), sum)
      .dsr(S0(0), sum)
      .dsr(S1(0), memory(4096, 8))
      .vec(Opcode::FAddS, D(0), S0(0), S1(0))
      .end();
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048), 0x41200000u); // 10
  EXPECT_EQ(b.word(0, 0, 2052), 0x41400000u); // 12
}
