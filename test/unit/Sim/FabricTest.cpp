// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Routers, links, ramps, queues and the host. Latencies are hop 1 and ramp 2;
// what the host pushes before the start is usable in the edge router from
// cycle 1 on, one word a cycle. Times are written as "t: what happens".
//
#include "Builder.h"

#include "wafer/Support/Half.h"
#include "wafer/Support/Rng.h"

using namespace wafer;
using namespace wafer::test;

using Words = std::vector<uint32_t>;
using Cycles = std::vector<Cycle>;

namespace {
/// A row of routers that pass color 0 from the host in the west to the east.
unsigned eastward(Builder &b, int width, unsigned color = 0) {
  for (int x = 0; x < width; ++x) {
    b.route(x, 0, color, kW, kE);
  }
  return b.port(false, false, 0, color);
}
/// A core that stores the clock at which a data task for queue 0 begins, at
/// 2048 + 4 * n for the n-th word, and the words from 3072 on.
void recorder(Builder &b, int x, int y, unsigned color) {
  Core core = b.core(x, y);
  core.input(0, color).task("word", TaskKind::Data, 0);
  core.op(Opcode::ReadClock, 2).op(Opcode::StoreWord, 2, 3, 0, 2048);
  core.op(Opcode::StoreWord, 1, 3, 0, 3072).op(Opcode::AddImm, 3, 3, 0, 4);
  core.end();
}
RouteConfig switched(std::vector<SwitchPosition> positions, bool ring,
                     PopMode pop) {
  RouteConfig config;
  for (size_t i = 0; i < positions.size(); ++i) {
    config.positions[i] = positions[i];
  }
  config.numPositions = uint8_t(positions.size());
  config.ring = ring;
  config.pop = pop;
  return config;
}
uint32_t command(SwitchCommand first, bool noce = false,
                 SwitchCommand second = SwitchCommand::Nop,
                 unsigned entry = 0) {
  ControlWavelet w;
  w.commands[0] = {first, noce};
  w.commands[1] = {second, false};
  w.taskEntry = uint8_t(entry);
  return w.encode();
}
} // namespace

//===----------------------------------------------------------------------===//
// Latencies
//===----------------------------------------------------------------------===//

TEST(FabricTest, HopTakesOneCycle) {
  Builder b(4, 1);
  unsigned in = b.port(true, true, 0, 0);
  unsigned out = eastward(b, 4);
  Engine &e = b.start();
  e.push(in, Words{7, 8});
  // 1: router 0; 2, 3, 4: routers 1 to 3 move it; 5: at the host.
  EXPECT_EQ(e.run({{{out, 2}}, 100}).kind, Outcome::Kind::HostSatisfied);
  EXPECT_EQ(b.payloads(out), (Words{7, 8}));
  EXPECT_EQ(b.arrivals(out), (Cycles{5, 6}));
  EXPECT_EQ(e.cycle(), 6u);
}

TEST(FabricTest, HostLatency) {
  Builder b(1, 1);
  b.machine.host.latencyCycles = 20;
  unsigned in = b.port(true, true, 0, 0);
  unsigned out = eastward(b, 1);
  Engine &e = b.start();
  e.push(in, Words{7});
  // 20: usable and moved; 21: past the edge; 41: at the host.
  EXPECT_EQ(e.run({{{out, 1}}, 100}).cycle, 41u);
}

TEST(FabricTest, RampTakesTwoCyclesInwards) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  recorder(b, 0, 0, 0);
  Engine &e = b.start();
  e.push(in, Words{7});
  // 1: the router moves it; 3: usable, the task is chosen and begins.
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048), 3u);
  EXPECT_EQ(b.word(0, 0, 3072), 7u);
}

TEST(FabricTest, RampTakesThreeCyclesOutwards) {
  Builder b(1, 1);
  b.route(0, 0, 0, kR, kE);
  unsigned out = b.port(false, false, 0, 0);
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), fabricOut(0, 3)) // 0
      .vec(Opcode::Mov32, D(0), kNoDsr)
      .end();
  Engine &e = b.start();
  // 1: step; 4: the router moves it; 5: at the host.
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.arrivals(out), (Cycles{5, 6, 7}));
}

TEST(FabricTest, ChainReduceTakesSixCyclesAHop) {
  // Core 0 sends, the others add their own word and pass it on westwards, in
  // two alternating colors.
  for (int length : {1, 2, 3, 7}) {
    Builder b(length, 1);
    for (int x = 0; x < length; ++x) {
      unsigned out = unsigned(x & 1), in = out ^ 1u;
      bool first = x == length - 1;
      Core core = b.core(x, 0);
      core.output(0, out).main().dsr(D(0), fabricOut(0, 1));
      core.dsr(S0(0), memory(2048, 1));
      b.route(x, 0, out, kR, kW);
      if (first) {
        core.vec(Opcode::Mov32, D(0), S0(0)).end();
      } else {
        core.input(0, in).dsr(S1(0), fabricIn(0, 1));
        core.vec(Opcode::FAddS, D(0), S0(0), S1(0)).end();
        b.route(x, 0, in, kE, kR);
      }
    }
    unsigned out = b.port(false, true, 0, 0);
    Engine &e = b.start();
    for (int x = 0; x < length; ++x) {
      b.poke(x, 0, 2048, bitsOf(float(x + 1)));
    }
    EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
    // The first core steps in cycle 2 (two dsrloads), and reaches the host as
    // above 4 cycles later.
    EXPECT_EQ(b.arrivals(out), (Cycles{6u + 6u * Cycle(length - 1)}));
    EXPECT_EQ(b.payloads(out)[0], bitsOf(float(length * (length + 1)) / 2.0f));
  }
}

TEST(FabricTest, MulticastArrivesHopByHop) {
  Builder b(4, 2);
  unsigned in = b.port(true, true, 0, 0);
  for (int x = 0; x < 4; ++x) {
    b.route(x, 0, 0, kW, uint8_t((x < 3 ? kE : 0) | kR | kS));
    b.route(x, 1, 0, kN, kR);
    recorder(b, x, 0, 0);
    recorder(b, x, 1, 0);
  }
  Engine &e = b.start();
  e.push(in, Words{7});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  for (int x = 0; x < 4; ++x) {
    // 1 + x: router x moves it to the ramp and to the south.
    EXPECT_EQ(b.word(x, 0, 2048), 3u + uint32_t(x));
    EXPECT_EQ(b.word(x, 1, 2048), 4u + uint32_t(x));
  }
}

TEST(FabricTest, TasksTakeWordsInOrder) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  recorder(b, 0, 0, 0);
  Engine &e = b.start();
  e.push(in, Words{7, 8, 9});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  // Five instructions each, and the next is chosen in the cycle after `end`.
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(b.word(0, 0, 2048 + 4 * i), 3 + 5 * i);
    EXPECT_EQ(b.word(0, 0, 3072 + 4 * i), 7 + i);
  }
}

//===----------------------------------------------------------------------===//
// Rates and back-pressure
//===----------------------------------------------------------------------===//

TEST(FabricTest, SendRate) {
  Builder b(1, 1);
  b.costs.sendWords = 8;
  b.costs.sendCycles = 9;
  b.route(0, 0, 0, kR, kE);
  unsigned out = b.port(false, false, 0, 0);
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), fabricOut(0, 18))
      .vec(Opcode::Mov32, D(0), kNoDsr)
      .end();
  Engine &e = b.start();
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  // Words 0 to 7 in cycles 5 to 12, then one cycle of pause, and so on.
  Cycles expected;
  for (Cycle i = 0; i < 18; ++i) {
    expected.push_back(5 + i + i / 8);
  }
  EXPECT_EQ(b.arrivals(out), expected);
  EXPECT_EQ(e.counters({0, 0})[Activity::SendPause], 2u);
}

TEST(FabricTest, BackPressureStopsTheSender) {
  // Core 0 sends 100 words to core 1, which reads none. They fill its input
  // queue (4 + 2), the buffer of router 1 (4) and the output queue of core 0
  // (4 + 2 + 1): 17 words.
  Builder b(2, 1);
  b.route(0, 0, 0, kR, kE).route(1, 0, 0, kW, kR);
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), fabricOut(0, 100))
      .vec(Opcode::Mov32, D(0), kNoDsr)
      .end();
  b.core(1, 0).input(0, 0).main().end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  EXPECT_EQ(b.engine->counters({0, 0})[Activity::VectorStep], 17u);
  EXPECT_NE(outcome.detail.find("has done 17 of 100 elements"),
            std::string::npos)
      << outcome.detail;
}

TEST(FabricTest, ASlowReceiverSetsThePace) {
  // The receiver takes a word every five cycles (see TasksTakeWordsInOrder);
  // all words come, in order.
  Builder b(2, 1);
  b.route(0, 0, 0, kR, kE).route(1, 0, 0, kW, kR);
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), fabricOut(0, 40))
      .dsr(S0(0), memory(2048, 40))
      .vec(Opcode::Mov32, D(0), S0(0))
      .clock(2, 1024)
      .end();
  recorder(b, 1, 0, 0);
  Engine &e = b.start();
  for (uint32_t i = 0; i < 40; ++i) {
    b.poke(0, 0, 2048 + 4 * i, i + 100);
  }
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  // 2: step; 5, 6: routers; 8: the first task.
  for (uint32_t i = 0; i < 40; ++i) {
    EXPECT_EQ(b.word(1, 0, 2048 + 4 * i), 8 + 5 * i);
    EXPECT_EQ(b.word(1, 0, 3072 + 4 * i), 100 + i);
  }
}

TEST(FabricTest, MulticastIsAllOrNothing) {
  // Router 0 sends to the ramp and to the east at once. Core 0 never reads:
  // its queue takes 6 words. The host gets those 6 and no more.
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  unsigned out = b.port(false, false, 0, 0);
  b.route(0, 0, 0, kW, kR | kE);
  b.core(0, 0).input(0, 0).main().end();
  Engine &e = b.start();
  e.push(in, Words(20, 5));
  EXPECT_EQ(e.run({{{out, 20}}, 1000}).kind, Outcome::Kind::Deadlock);
  EXPECT_EQ(b.payloads(out).size(), 6u);
}

TEST(FabricTest, TwoColorsShareALinkInTurns) {
  Builder b(2, 2);
  unsigned in0 = b.port(true, true, 0, 3), in1 = b.port(true, true, 1, 5);
  // Color 3 comes from the west, color 5 from the south; both leave eastwards.
  b.route(0, 0, 3, kW, kE).route(0, 1, 5, kW, kN).route(0, 0, 5, kS, kE);
  b.route(1, 0, 3, kW, kE).route(1, 0, 5, kW, kE);
  unsigned out3 = b.port(false, false, 0, 3), out5 = b.port(false, false, 0, 5);
  Engine &e = b.start();
  e.push(in0, Words{1, 2, 3});
  e.push(in1, Words{4, 5, 6});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  // 1: color 3 alone in router (0, 0). 2: both are there; `next` is 4, so
  // color 5 goes, then 3, 5, 3, 5. One more router: + 2.
  EXPECT_EQ(b.arrivals(out3), (Cycles{3, 5, 7}));
  EXPECT_EQ(b.arrivals(out5), (Cycles{4, 6, 8}));
}

TEST(FabricTest, PortsOfOneEdgeLinkTakeTurns) {
  Builder b(1, 1);
  unsigned in0 = b.port(true, true, 0, 0), in1 = b.port(true, true, 0, 1);
  unsigned out0 = eastward(b, 1, 0), out1 = eastward(b, 1, 1);
  Engine &e = b.start();
  e.push(in0, Words{1, 2});
  e.push(in1, Words{3, 4});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.arrivals(out0), (Cycles{2, 4}));
  EXPECT_EQ(b.arrivals(out1), (Cycles{3, 5}));
}

TEST(FabricTest, OneWordACycleLeavesTheRamp) {
  // Two microthreads send two colors to different sides; together they get
  // one step a cycle, and so does the ramp.
  Builder b(1, 1);
  b.route(0, 0, 0, kR, kE).route(0, 0, 1, kR, kW);
  unsigned east = b.port(false, false, 0, 0), west = b.port(false, true, 0, 1);
  b.core(0, 0)
      .output(0, 0)
      .output(1, 1)
      .main()
      .dsr(D(0), fabricOut(0, 3))
      .dsr(D(1), fabricOut(1, 3))
      .vec(Opcode::Mov32, D(0), kNoDsr, kNoDsr, async(0)) // 2
      .vec(Opcode::Mov32, D(1), kNoDsr, kNoDsr, async(1)) // 3
      .end();                                             // 4: datapath
  Engine &e = b.start();
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  // Steps: thread 0 in 2 and 3?: in 3 thread 1 is the one after thread 0.
  // 2: t0, 3: t1, 4: main (end), 5: t0, 6: t1, 7: t0, 8: t1; + 4 to the host.
  EXPECT_EQ(b.arrivals(east), (Cycles{6, 9, 11}));
  EXPECT_EQ(b.arrivals(west), (Cycles{7, 10, 12}));
}

//===----------------------------------------------------------------------===//
// Microthreads
//===----------------------------------------------------------------------===//

TEST(FabricTest, AsynchronousCompletionActivatesATask) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  b.core(0, 0)
      .input(0, 0)
      .main()
      .dsr(D(0), memory(2048, 3))
      .dsr(S0(0), fabricIn(0, 3))
      .vec(Opcode::Mov32, D(0), S0(0), kNoDsr,
           async(2, OnComplete::Activate, 1))
      .clock(2, 1024)
      .end()
      .task("done")
      .clock(2, 1028)
      .end();
  Engine &e = b.start();
  e.push(in, Words{7, 8, 9});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2056), 9u);
  // Main acted last in 1; words are usable in 3, 4, 5, and turns are taken:
  // 3: word 7; 4: tsc; 5: word 8; 6: stw; 7: word 9; 8: end, and the
  // completion; 9: the task, its tsc.
  EXPECT_EQ(b.word(0, 0, 1024), 4u);
  EXPECT_EQ(b.word(0, 0, 1028), 9u);
}

TEST(FabricTest, CompletionUnblocks) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  b.core(0, 0)
      .input(0, 0)
      .main()
      .dsr(D(0), memory(2048, 1))
      .dsr(S0(0), fabricIn(0, 1))
      .vec(Opcode::Mov32, D(0), S0(0), kNoDsr, async(0, OnComplete::Unblock, 1))
      .end()
      .task("done")
      .active()
      .blocked()
      .clock(2, 1028)
      .end();
  Engine &e = b.start();
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Deadlock); // no word came
  e.push(in, Words{7});
  Cycle pushed = e.cycle();
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  // Usable in the router at + 1, in the core at + 3; then the completion.
  EXPECT_EQ(b.word(0, 0, 1028), pushed + 4);
}

TEST(FabricTest, AsynchronousIssueWaitsForItsMicrothread) {
  Builder b(1, 1);
  b.costs.vectorStart = 5;
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  b.core(0, 0)
      .input(0, 0)
      .main()
      .dsr(D(0), memory(2048, 1))
      .dsr(S0(0), fabricIn(0, 1))
      .vec(Opcode::Mov32, D(0), S0(0), kNoDsr, async(0)) // 2; step in 7
      .vec(Opcode::Mov32, D(0), S0(0), kNoDsr, async(0)) // 7 busy; issued in 8
      .clock(2, 1024)                                    // 8 + 5
      .end();
  Engine &e = b.start();
  e.push(in, Words{7, 8});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 2048), 8u);
  // 13: main and the microthread could act; main comes after microthread 0,
  // which acted last.
  EXPECT_EQ(b.word(0, 0, 1024), 13u);
}

//===----------------------------------------------------------------------===//
// Elements and wavelets
//===----------------------------------------------------------------------===//

TEST(FabricTest, PackedHalves) {
  // Five halfwords travel in three words; the last one is half full.
  Builder b(2, 1);
  b.route(0, 0, 0, kR, kE).route(1, 0, 0, kW, kR | kE);
  unsigned out = b.port(false, false, 0, 0);
  Descriptor send = fabricOut(0, 5), receive = fabricIn(0, 5);
  send.packed = receive.packed = true;
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), send)
      .dsr(S0(0), memory(2048, 5))
      .vec(Opcode::Mov16, D(0), S0(0))
      .end();
  b.core(1, 0)
      .input(0, 0)
      .main()
      .dsr(D(0), memory(2048, 5))
      .dsr(S0(0), receive)
      .vec(Opcode::Mov16, D(0), S0(0))
      .end();
  Engine &e = b.start();
  b.poke(0, 0, 2048, 0x00020001);
  b.poke(0, 0, 2052, 0x00040003);
  b.poke(0, 0, 2056, 0x00060005);
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.payloads(out), (Words{0x00020001, 0x00040003, 5}));
  EXPECT_EQ(b.word(1, 0, 2052), 0x00040003u);
  EXPECT_EQ(b.word(1, 0, 2056), 5u);
}

TEST(FabricTest, UnpackedHalvesUseTheLowHalf) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  unsigned out = b.port(false, false, 0, 1);
  b.route(0, 0, 0, kW, kR).route(0, 0, 1, kR, kE);
  b.core(0, 0)
      .input(0, 0)
      .output(0, 1)
      .main()
      .dsr(D(0), fabricOut(0, 2))
      .dsr(S0(0), fabricIn(0, 2))
      .vec(Opcode::Mov16, D(0), S0(0))
      .end();
  Engine &e = b.start();
  e.push(in, Words{0xdead0001, 0xdead0002});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.payloads(out), (Words{1, 2}));
}

//===----------------------------------------------------------------------===//
// Control wavelets, switches and filters
//===----------------------------------------------------------------------===//

TEST(FabricTest, AControlWaveletTakesThePositionBeforeItActs) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  unsigned east = b.port(false, false, 0, 0);
  b.route(0, 0, 0, switched({{kW, kE}, {kW, kR}}, true, PopMode::Never));
  recorder(b, 0, 0, 0);
  Engine &e = b.start();
  e.push(in, Words{1});
  uint32_t advance = command(SwitchCommand::Advance);
  e.push(in, &advance, 1, true);
  e.push(in, Words{2});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.payloads(east), (Words{1, advance})); // nothing popped
  EXPECT_EQ(b.word(0, 0, 3072), 2u);
}

TEST(FabricTest, RingAndReset) {
  // Without ring the last position stays; with it, position 0 follows.
  for (bool ring : {false, true}) {
    Builder b(1, 1);
    unsigned in = b.port(true, true, 0, 0);
    unsigned east = b.port(false, false, 0, 0);
    unsigned west = b.port(false, true, 0, 0);
    b.route(0, 0, 0, switched({{kW, kE}, {kW, kW}}, ring, PopMode::Never));
    Engine &e = b.start();
    uint32_t advance = command(SwitchCommand::Advance);
    uint32_t reset = command(SwitchCommand::Reset);
    e.push(in, &advance, 1, true); // to position 1
    e.push(in, &advance, 1, true); // to 0 if ring
    e.push(in, Words{1});
    e.push(in, &reset, 1, true);
    e.push(in, Words{2});
    EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
    EXPECT_EQ(b.payloads(east),
              ring ? (Words{advance, 1, reset, 2}) : (Words{advance, 2}));
    EXPECT_EQ(b.payloads(west),
              ring ? (Words{advance}) : (Words{advance, 1, reset}));
  }
}

TEST(FabricTest, PopModes) {
  struct Case {
    PopMode pop;
    SwitchCommand first;
    bool shifts;
  };
  using P = PopMode;
  using C = SwitchCommand;
  for (Case c :
       {Case{P::Never, C::Advance, false}, Case{P::Always, C::Reset, true},
        Case{P::OnAdvance, C::Advance, true}, Case{P::OnAdvance, C::Nop, false},
        Case{P::OnAdvanceNop, C::Nop, true},
        Case{P::OnAdvanceNop, C::Reset, false}}) {
    Builder b(1, 1);
    unsigned in = b.port(true, true, 0, 0);
    unsigned east = b.port(false, false, 0, 0);
    b.route(0, 0, 0, switched({{kW, kE}}, false, c.pop));
    Engine &e = b.start();
    uint32_t before = command(c.first, false, C::Reset);
    uint32_t after = command(C::Reset);
    e.push(in, &before, 1, true);
    EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
    EXPECT_EQ(b.payloads(east), (Words{c.shifts ? after : before}));
    EXPECT_TRUE(e.received(east)[0].control);
  }
}

TEST(FabricTest, NoceKeepsAControlWaveletFromTheCore) {
  // The core has no room for anything, and none is needed.
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  unsigned east = b.port(false, false, 0, 0);
  b.route(0, 0, 0, kW, kE | kR);
  Engine &e = b.start();
  uint32_t w = command(SwitchCommand::Nop, true);
  e.push(in, &w, 1, true);
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.payloads(east), (Words{w}));
}

TEST(FabricTest, AdvanceSwitchSendsACommandAfterTheData) {
  // Core 0 sends two rounds of two words; router 1 gives the first to core 1
  // and, after the command, the second to the host.
  Builder b(2, 1);
  b.route(0, 0, 0, kR, kE);
  b.route(1, 0, 0, switched({{kW, kR}, {kW, kE}}, false, PopMode::Never));
  unsigned east = b.port(false, false, 0, 0);
  Descriptor send = fabricOut(0, 2);
  send.advanceSwitch = true;
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), send)
      .li(2, 5)
      .vec(Opcode::Mov32, D(0), kNoDsr, kNoDsr, scalar(2))
      .li(2, 6)
      .vec(Opcode::Mov32, D(0), kNoDsr, kNoDsr, scalar(2))
      .end();
  recorder(b, 1, 0, 0);
  Engine &e = b.start();
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(1, 0, 3072), 5u);
  EXPECT_EQ(b.word(1, 0, 3076), 5u);
  EXPECT_EQ(b.word(1, 0, 3080), 0u); // the command has NOCE
  EXPECT_EQ(b.payloads(east),
            (Words{6, 6, command(SwitchCommand::Advance, true)}));
}

TEST(FabricTest, CounterFilter) {
  // init 1, limit 2, max 3: counts 1, 2, 3, 0, 1, 2, 3, 0; below 2 passes.
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  unsigned east = b.port(false, false, 0, 0);
  RouteConfig config;
  config.positions[0] = {kW, kE | kR};
  config.filter.kind = FilterKind::Counter;
  config.filter.init = 1;
  config.filter.limit = 2;
  config.filter.max = 3;
  b.route(0, 0, 0, config);
  recorder(b, 0, 0, 0);
  Engine &e = b.start();
  e.push(in, Words{10, 11, 12, 13, 14, 15, 16, 17});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.payloads(east).size(), 8u);
  const uint32_t passed[] = {10, 13, 14, 17, 0};
  for (uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(b.word(0, 0, 3072 + 4 * i), passed[i]);
  }
}

TEST(FabricTest, RangeFilter) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  RouteConfig config;
  config.positions[0] = {kW, kR};
  config.filter.kind = FilterKind::Range;
  config.filter.min = 4;
  config.filter.max = 5;
  b.route(0, 0, 0, config);
  recorder(b, 0, 0, 0);
  Engine &e = b.start();
  e.push(in, Words{0x30001, 0x40002, 0x50003, 0x60004});
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 3072), 0x40002u);
  EXPECT_EQ(b.word(0, 0, 3076), 0x50003u);
  EXPECT_EQ(b.word(0, 0, 3080), 0u);
}

TEST(FabricTest, ControlTask) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  b.core(0, 0)
      .input(3, 0)
      .task("other", TaskKind::Control, 5)
      .op(Opcode::StoreWord, 1, 0, 0, 1024)
      .end()
      .task("right", TaskKind::Control, 9)
      .op(Opcode::StoreWord, 1, 0, 0, 2048)
      .clock(2, 2052)
      .end();
  Engine &e = b.start();
  uint32_t w = command(SwitchCommand::Nop, false, SwitchCommand::Nop, 9);
  e.push(in, &w, 1, true);
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.word(0, 0, 1024), 0u);
  EXPECT_EQ(b.word(0, 0, 2048), w);
  EXPECT_EQ(b.word(0, 0, 2052), 4u); // 3: chosen, stw; 4: tsc
}

TEST(FabricTest, FabricControlSendsControlWavelets) {
  Builder b(1, 1);
  b.route(0, 0, 0, kR, kE);
  unsigned east = b.port(false, false, 0, 0);
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), fabric(DescriptorKind::FabricControl, 0, 1))
      .li(2, command(SwitchCommand::Reset))
      .vec(Opcode::Mov32, D(0), kNoDsr, kNoDsr, scalar(2))
      .end();
  Engine &e = b.start();
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Quiescent);
  ASSERT_EQ(e.received(east).size(), 1u);
  EXPECT_TRUE(e.received(east)[0].control);
  EXPECT_EQ(b.payloads(east)[0], command(SwitchCommand::Reset));
}
