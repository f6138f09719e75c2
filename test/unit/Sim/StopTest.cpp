// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs that stop: deadlocks and what is said about them, faults, limits, and
// images that do not load.
//
#include "Builder.h"

using namespace wafer;
using namespace wafer::test;

using Words = std::vector<uint32_t>;

namespace {
void expectContains(const std::string &text,
                    const std::vector<std::string> &parts) {
  size_t at = 0;
  for (const std::string &part : parts) {
    size_t found = text.find(part, at);
    EXPECT_NE(found, std::string::npos) << "'" << part << "' in:\n" << text;
    at = found == std::string::npos ? at : found;
  }
}

/// A core that receives one word of `in` into memory.
Core &receive(Core &core, unsigned queue, unsigned color) {
  return core.input(queue, color)
      .dsr(D(0), memory(2048, 1))
      .dsr(S0(0), fabricIn(queue, 1))
      .vec(Opcode::Mov32, D(0), S0(0));
}
} // namespace

//===----------------------------------------------------------------------===//
// Deadlocks
//===----------------------------------------------------------------------===//

TEST(StopTest, TheChainEndsAtTheCoreThatSendsNothing) {
  // Core 2 should send to core 0 through router 1, and ends at once.
  Builder b(3, 1);
  b.route(2, 0, 4, kR, kW).route(1, 0, 4, kE, kW).route(0, 0, 4, kE, kR);
  Core core = b.core(0, 0);
  core.main();
  b.roles[0].labels.push_back({"gather", 1});
  receive(core, 3, 4).end();
  b.core(2, 0).output(1, 4).main().end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  expectContains(outcome.detail,
                 {"core (0, 0), region 'r0.0', role 'role0', task 'main', "
                  "gather + 1, instruction 2: mov32 d0, s0.0",
                  "has done 0 of 1 elements",
                  "waits for words in input queue 3 (color 4)",
                  "color 4 comes from core (2, 0), 2 hops away",
                  "core (2, 0) has no task to run"});
}

TEST(StopTest, CyclesAfterADeadlockAreCountedOnce) {
  // The run ends in cycle 2, while the instruction that was issued in cycle 1
  // is not yet at its first step. A word that comes in the meantime is no
  // reason to count the waiting from cycle 6 on before it begins.
  Builder b(1, 1);
  b.costs.vectorStart = 5;
  b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  b.core(0, 0).input(0, 0).main().dsr(S0(0), fabricIn(0, 1));
  Core(b.roles[0]).vec(Opcode::Mov32, D(0), S0(0)).end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  EXPECT_EQ(outcome.cycle, 2u);
  b.engine->push(0, {7});
  // Usable at the router in cycle 3, in the queue in cycle 5.
  EXPECT_EQ(b.engine->run({{}, 6}).kind, Outcome::Kind::CycleLimit);
  Counters counters = b.engine->counters({0, 0});
  EXPECT_EQ(counters[Activity::Scalar], 1u);
  EXPECT_EQ(counters[Activity::Start], 5u);
  EXPECT_EQ(counters.total(), 6u);
}

TEST(StopTest, AnActBeforeAWaitThatWasLookedAt) {
  // A microthread is issued in cycle 1 and the main thread's own instruction in
  // cycle 7, so it could step from cycle 12 on. The run ends in cycle 8; with
  // the word that comes then the microthread steps in cycle 11.
  Builder b(1, 1);
  b.costs.vectorStart = 5;
  b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  Core core = b.core(0, 0);
  core.input(0, 0).main().dsr(S0(0), fabricIn(0, 1));
  core.vec(Opcode::Mov32, D(0), S0(0), kNoDsr, async(2));
  core.dsr(S0(1), fabricIn(0, 1)).vec(Opcode::Mov32, D(0), S0(1)).end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  EXPECT_EQ(outcome.cycle, 8u);
  b.engine->push(0, {7});
  EXPECT_EQ(b.engine->run({{}, 12}).kind, Outcome::Kind::CycleLimit);
  Counters counters = b.engine->counters({0, 0});
  EXPECT_EQ(counters[Activity::Scalar], 2u);
  EXPECT_EQ(counters[Activity::VectorStep], 1u);
  EXPECT_EQ(counters[Activity::Start], 9u);
  EXPECT_EQ(counters.total(), 12u);
}

TEST(StopTest, TheChainClosesInACycle) {
  // Each of two cores waits for the other before it sends.
  Builder b(2, 1);
  b.route(0, 0, 0, kR, kE).route(1, 0, 0, kW, kR);
  b.route(1, 0, 1, kR, kW).route(0, 0, 1, kE, kR);
  for (int x = 0; x < 2; ++x) {
    Core core = b.core(x, 0);
    core.output(0, unsigned(x)).main();
    receive(core, 0, unsigned(1 - x));
    core.dsr(D(1), fabricOut(0, 1)).vec(Opcode::Mov32, D(1), kNoDsr).end();
  }
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  expectContains(outcome.detail,
                 {"core (0, 0)", "waits for words in input queue 0 (color 1)",
                  "core (1, 0)", "waits for words in input queue 0 (color 0)",
                  "core (0, 0)", "which closes the cycle"});
}

TEST(StopTest, NobodyReads) {
  Builder b(2, 1);
  b.route(0, 0, 0, kR, kE).route(1, 0, 0, kW, kR);
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), fabricOut(0, 100))
      .vec(Opcode::Mov32, D(0), kNoDsr)
      .end();
  b.core(1, 0).input(2, 0).main().end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  expectContains(outcome.detail,
                 {"core (0, 0)", "waits for room in output queue 0 (color 0)",
                  "waits for room east of it",
                  "waits for room in the core's input queue",
                  "nobody reads input queue 2 of core (1, 0)",
                  "router (1, 0): 4 wavelets of color 0 are stuck at the west",
                  "core (1, 0): 6 words in input queue 2 (color 0) are not"});
}

TEST(StopTest, ASwitchInTheWrongPosition) {
  Builder b(2, 1);
  RouteConfig config;
  config.positions[0] = {kE, kR};
  config.positions[1] = {kR, kE};
  config.numPositions = 2;
  b.route(0, 0, 0, config).route(1, 0, 0, kW, kR);
  b.core(0, 0)
      .output(0, 0)
      .main()
      .dsr(D(0), fabricOut(0, 1))
      .vec(Opcode::Mov32, D(0), kNoDsr)
      .end();
  Core core = b.core(1, 0);
  core.main();
  receive(core, 0, 0).end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  expectContains(outcome.detail,
                 {"core (1, 0)", "the switch of color 0 at core (0, 0) stands "
                                 "in position 0, which does not send east"});
}

TEST(StopTest, AThreadThatWillWaitIsNoSuccess) {
  // Nothing happens after the issue in cycle 1, but the first step could only
  // be in cycle 11.
  Builder b(1, 1);
  b.costs.vectorStart = 10;
  b.route(0, 0, 0, kR, kR);
  Core core = b.core(0, 0);
  core.main();
  receive(core, 0, 0).end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  EXPECT_EQ(outcome.cycle, 3u);
  expectContains(outcome.detail, {"waits for words in input queue 0"});
}

TEST(StopTest, TasksThatAreActiveButBlocked) {
  Builder b(1, 1);
  b.core(0, 0).task("never").active().blocked().end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  expectContains(outcome.detail, {"task 'never' is active but blocked"});
}

TEST(StopTest, TheHostWaitsInVain) {
  Builder b(1, 1);
  unsigned out = b.port(false, false, 0, 0);
  b.core(0, 0).main().end();
  Outcome outcome = b.start().run({{{out, 1}}, 1000});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  EXPECT_EQ(outcome.detail, "");
}

TEST(StopTest, WordsOfTheHostThatNobodyTakes) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0); // no route: the buffer takes 4
  Engine &e = b.start();
  e.push(in, Words(7, 1));
  Outcome outcome = e.run({});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  expectContains(outcome.detail,
                 {"4 wavelets of color 0 are stuck at the west port",
                  "host port 'in0': 3 words are not taken by the wafer"});
}

TEST(StopTest, CycleLimit) {
  Builder b(1, 1);
  Core core = b.core(0, 0);
  core.main();
  core.op(Opcode::Jump, 0, 0, 0, 0);
  Outcome outcome = b.run(50);
  EXPECT_EQ(outcome.kind, Outcome::Kind::CycleLimit);
  EXPECT_EQ(outcome.cycle, 50u);
  EXPECT_EQ(b.engine->counters({0, 0})[Activity::Scalar], 50u);
}

TEST(StopTest, ALimitBehindTheLastEventIsNotReached) {
  // The one instruction acts in cycle 0; nothing lies in or after cycle 1.
  for (Cycle limit : {Cycle(1), Cycle(5)}) {
    Builder b(1, 1);
    b.core(0, 0).main().end();
    Outcome outcome = b.run(limit);
    EXPECT_EQ(outcome.kind, Outcome::Kind::Quiescent);
    EXPECT_EQ(outcome.cycle, 1u);
    EXPECT_EQ(b.engine->cycle(), 1u);
    EXPECT_EQ(b.engine->counters({0, 0}).total(), 1u);
  }
}

TEST(StopTest, AWordOnItsWayToTheHostIsAnEvent) {
  Builder b(1, 1);
  b.machine.host.latencyCycles = 100;
  unsigned out = b.port(false, false, 0, 0);
  b.route(0, 0, 0, kR, kE);
  Core core = b.core(0, 0);
  core.output(0, 0).main().dsr(D(0), fabricOut(0, 1));
  core.vec(Opcode::Mov32, D(0), kNoDsr).end();
  Engine &e = b.start();
  Outcome outcome = e.run({{{out, 1}}, 50});
  EXPECT_EQ(outcome.kind, Outcome::Kind::CycleLimit);
  EXPECT_EQ(outcome.cycle, 50u);
  // Sent by the step in cycle 1, in the router at 1 + 1 + 2, then 1 + 100.
  outcome = e.run({{{out, 1}}, 500});
  EXPECT_EQ(outcome.kind, Outcome::Kind::HostSatisfied);
  EXPECT_EQ(outcome.cycle, 105u);
}

//===----------------------------------------------------------------------===//
// Faults
//===----------------------------------------------------------------------===//

TEST(StopTest, AccessOutsideTheProgramsMemory) {
  // 49152 - 3072 - 1024 less two instructions of 8 bytes.
  Builder b(1, 1);
  b.core(0, 0).main().op(Opcode::StoreWord, 1, 0, 0, 45038).end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Fault);
  EXPECT_EQ(outcome.cycle, 1u);
  expectContains(outcome.detail,
                 {"core (0, 0), region 'r0.0', role 'role0', task 'main', "
                  "instruction 0: stw r1, [r0 + 45038]",
                  "access to byte 45038 of SRAM, of which 45040 are"});
}

TEST(StopTest, AVectorFaultsInItsCycle) {
  // The first 20 of 100 words lie in memory; 45016 bytes are the program's.
  Builder b(1, 1);
  b.core(0, 0)
      .main()
      .dsr(D(0), memory(45016 - 80, 100))
      .dsr(S0(0), memory(4096, 100))
      .li(2, 0)
      .vec(Opcode::Mov32, D(0), S0(0)) // 3
      .end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Fault);
  // Steps of two words: 3 to 12, then the fault in 13.
  EXPECT_EQ(outcome.cycle, 14u);
  expectContains(outcome.detail, {"instruction 3: mov32", "byte 45016"});
}

TEST(StopTest, AFaultOfAStepIsAStep) {
  // The second of two words goes outside SRAM. It was the last in the queue,
  // and the cycle is no waiting for a third one.
  Builder b(1, 1);
  b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  Core core = b.core(0, 0);
  core.input(0, 0).main().dsr(D(0), memory(0, 2, 14848));
  core.dsr(S0(0), fabricIn(0, 2)).vec(Opcode::Mov32, D(0), S0(0)).end();
  b.start().push(0, {1, 2});
  Outcome outcome = b.engine->run({});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Fault);
  Counters counters = b.engine->counters({0, 0});
  EXPECT_EQ(counters[Activity::VectorStep], 2u);
  EXPECT_EQ(counters.total(), b.engine->cycle());
}

TEST(StopTest, OddAddress) {
  Builder b(1, 1);
  b.core(0, 0).main().op(Opcode::LoadHalf, 1, 0, 0, 2049).end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Fault);
  expectContains(outcome.detail, {"odd address 2049"});
}

TEST(StopTest, RunningBehindTheCode) {
  Builder b(1, 1);
  b.core(0, 0).main().li(2, 1);
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Fault);
  expectContains(outcome.detail, {"instruction index 1 lies outside the code"});
}

TEST(StopTest, OverTheEdge) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 7);
  b.route(0, 0, 7, kW, kN);
  Engine &e = b.start();
  e.push(in, Words{1});
  Outcome outcome = e.run({});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Fault);
  expectContains(
      outcome.detail,
      {"color 7 leaves the grid over the north edge at core (0, 0)"});
}

TEST(StopTest, ControlWaveletAtAVectorOperand) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kR);
  Core core = b.core(0, 0);
  core.main();
  receive(core, 0, 0).end();
  Engine &e = b.start();
  uint32_t w = 0;
  e.push(in, &w, 1, true);
  Outcome outcome = e.run({});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Fault);
  expectContains(outcome.detail,
                 {"instruction 2", "a control wavelet stands at the head of "
                                   "input queue 0"});
}

TEST(StopTest, Teardown) {
  Builder b(1, 1);
  unsigned in = b.port(true, true, 0, 0);
  b.port(false, false, 0, 0);
  b.route(0, 0, 0, kW, kE);
  Engine &e = b.start();
  ControlWavelet w;
  w.commands[0].op = SwitchCommand::Teardown;
  uint32_t bits = w.encode();
  e.push(in, &bits, 1, true);
  EXPECT_EQ(e.run({}).kind, Outcome::Kind::Fault);
}

TEST(StopTest, OperandsThatDoNotFit) {
  struct Case {
    Descriptor dest, src0, src1;
    VectorFields fields;
    const char *text;
  };
  Descriptor packed = fabricIn(0, 2);
  packed.packed = true;
  for (const Case &c :
       {Case{fabricIn(0, 1),
             memory(2048, 1),
             memory(2048, 1),
             {},
             "dest is a fabric input"},
        Case{memory(2048, 1),
             fabricOut(0, 1),
             memory(2048, 1),
             {},
             "src0 is a fabric output"},
        Case{memory(2048, 1),
             memory(2048, 1),
             fabricIn(5, 1),
             {},
             "src1 names input queue 5, which is not bound to a color"},
        Case{memory(2048, 1),
             fabricIn(0, 1),
             fabricIn(0, 1),
             {},
             "both sources are fabric inputs"},
        Case{fabricOut(0, 2),
             packed,
             memory(2048, 2),
             {},
             "a different number of elements in a wavelet"},
        Case{memory(2048, 1), memory(2048, 1), memory(2048, 1), async(0),
             "an asynchronous instruction needs a fabric operand"}}) {
    Builder b(1, 1);
    b.core(0, 0)
        .input(0, 0)
        .output(0, 1)
        .main()
        .dsr(D(0), c.dest)
        .dsr(S0(0), c.src0)
        .dsr(S1(0), c.src1)
        .vec(Opcode::FAddH, D(0), S0(0), S1(0), c.fields)
        .end();
    Outcome outcome = b.run();
    EXPECT_EQ(outcome.kind, Outcome::Kind::Fault) << c.text;
    expectContains(outcome.detail, {"instruction 3: faddh", c.text});
  }
}

//===----------------------------------------------------------------------===//
// Images that do not load
//===----------------------------------------------------------------------===//

namespace {
std::string loadError(Builder &b) {
  b.image.machine = b.machine.toJson();
  b.image.roles.assign(b.roles.begin(), b.roles.end());
  auto result = Engine::createReference(b.image, b.machine, b.costs);
  return result ? "" : result.error().str();
}
} // namespace

TEST(StopTest, TwoQueuesOfOneColor) {
  Builder b(1, 1);
  b.core(0, 0).input(0, 3).input(1, 3).main().end();
  expectContains(loadError(b), {"two input queues are bound to color 3"});
}

TEST(StopTest, TwoRoutesOfOneColor) {
  Builder b(1, 1);
  b.route(0, 0, 3, kW, kE).route(0, 0, 3, kW, kR);
  expectContains(loadError(b), {"a second route for color 3 at core (0, 0)"});
}

TEST(StopTest, TwoHostPortsOfOneColor) {
  Builder b(1, 1);
  b.port(true, true, 0, 3);
  b.port(true, true, 0, 3);
  expectContains(loadError(b), {"two host ports"});
}

TEST(StopTest, AnImageThatIsNotValid) {
  Builder b(1, 1);
  b.core(0, 0).main().end();
  b.roles[0].tasks[0].entry = 99;
  EXPECT_NE(loadError(b), "");
}

TEST(StopTest, AMachineThatCannotBeSimulated) {
  Builder b(1, 1);
  b.machine.rampCycles = 0;
  expectContains(loadError(b), {"cannot simulate this ramp latency"});
}

TEST(StopTest, PeeksAreChecked) {
  Builder b(2, 1);
  b.core(0, 0).main().end();
  b.run();
  uint32_t value;
  EXPECT_FALSE(b.engine->peek({1, 0}, 0, &value, 4));
  EXPECT_FALSE(b.engine->peek({-1, 0}, 0, &value, 4));
  EXPECT_FALSE(b.engine->peek({0, 0}, 49150, &value, 4));
  EXPECT_FALSE(b.engine->poke({0, 0}, 0xffffffff, &value, 4));
}
