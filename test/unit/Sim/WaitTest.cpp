// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cause of a deadlock: the cycle of waits, or what is waited for in the
// end. Both engines say it in the same words (PairEngine compares them).
//
#include "Builder.h"

using namespace wafer;
using namespace wafer::test;

using Words = std::vector<uint32_t>;

namespace {

/// The report up to the first chain.
std::string causeOf(const Outcome &outcome) {
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  size_t end = 0;
  do {
    end = outcome.detail.find('\n', end);
    end = end == std::string::npos ? outcome.detail.size() : end + 1;
  } while (end < outcome.detail.size() && outcome.detail[end] == ' ');
  return outcome.detail.substr(0, end);
}

/// Two cores in a row with color 0 eastward and color 1 westward.
Builder twoCores() {
  Builder b(2, 1);
  b.route(0, 0, 0, kR, kE).route(1, 0, 0, kW, kR);
  b.route(1, 0, 1, kR, kW).route(0, 0, 1, kE, kR);
  return b;
}

Core &receive(Core &core, unsigned queue, unsigned words = 1) {
  return core.dsr(D(0), memory(2048, words))
      .dsr(S0(0), fabricIn(queue, words))
      .vec(Opcode::Mov32, D(0), S0(0));
}

Core &send(Core &core, unsigned queue, unsigned words) {
  return core.dsr(D(1), fabricOut(queue, words))
      .vec(Opcode::Mov32, D(1), kNoDsr);
}

} // namespace

TEST(WaitTest, ACreditLoop) {
  // The producer gives a credit's worth of words and waits for the credit; the
  // consumer wants one word more before it returns it.
  Builder b = twoCores();
  Core producer = b.core(0, 0);
  producer.output(0, 0).input(0, 1).main();
  send(producer, 0, 2);
  receive(producer, 0).end();
  Core consumer = b.core(1, 0);
  consumer.input(0, 0).output(0, 1).main();
  receive(consumer, 0, 3);
  send(consumer, 0, 1).end();
  EXPECT_EQ(
      causeOf(b.run()),
      "a cycle of 2 waits, each for the next and the last for the first:\n"
      "  1. core (0, 0), region 'r0.0', role 'role0', task 'main', instruction "
      "4: mov32 d0, s0.0; has done 0 of 1 elements; waits for words in input "
      "queue 0 (color 1)\n"
      "     color 1 comes from core (1, 0), 1 hops away\n"
      "  2. core (1, 0), region 'r1.0', role 'role1', task 'main', instruction "
      "2: mov32 d0, s0.0; has done 2 of 3 elements; waits for words in input "
      "queue 0 (color 0)\n"
      "     color 0 comes from core (0, 0), 1 hops away\n");
}

TEST(WaitTest, ACreditLoopOfDataTasks) {
  // The consumer is a data task that nobody starts: the producer waits for its
  // credit before the first word.
  Builder b = twoCores();
  Core producer = b.core(0, 0);
  producer.output(0, 0).input(0, 1).main();
  receive(producer, 0);
  send(producer, 0, 1).end();
  Core consumer = b.core(1, 0);
  consumer.input(0, 0).output(0, 1).task("take", TaskKind::Data, 0);
  send(consumer, 0, 1).end();
  EXPECT_EQ(
      causeOf(b.run()),
      "a cycle of 2 waits, each for the next and the last for the first:\n"
      "  1. core (0, 0), region 'r0.0', role 'role0', task 'main', instruction "
      "2: mov32 d0, s0.0; has done 0 of 1 elements; waits for words in input "
      "queue 0 (color 1)\n"
      "     color 1 comes from core (1, 0), 1 hops away\n"
      "  2. core (1, 0) has no task to run; task 'take' waits for words in "
      "input queue 0 (color 0)\n"
      "     color 0 comes from core (0, 0), 1 hops away\n");
}

TEST(WaitTest, TwoSendersThatDoNotReceive) {
  // Each sends more than the way holds before it takes a word: the output
  // queue 4 + 3 in the ramp, the router 4, the input queue 4 + 2.
  Builder b = twoCores();
  for (unsigned x = 0; x < 2; ++x) {
    Core core = b.core(int(x), 0);
    core.output(0, x).input(0, 1 - x).main();
    send(core, 0, 100);
    receive(core, 0, 100).end();
  }
  Outcome outcome = b.run();
  EXPECT_EQ(
      causeOf(outcome).substr(0, outcome.detail.find("  2.")),
      "a cycle of 2 waits, each for the next and the last for the first:\n"
      "  1. core (0, 0), region 'r0.0', role 'role0', task 'main', instruction "
      "1: mov32 d1, -, r0; has done 17 of 100 elements; waits for room in "
      "output queue 0 (color 0)\n"
      "     wavelets of color 0 are stuck in the routers from (0, 0) to (1, "
      "0); input queue 0 of core (1, 0) is full\n");
}

TEST(WaitTest, AMissingSender) {
  // Two cores wait for the third, which ended without a word.
  Builder b(3, 1);
  b.route(2, 0, 4, kR, kW).route(1, 0, 4, kE, kW | kR).route(0, 0, 4, kE, kR);
  for (int x = 0; x < 2; ++x) {
    Core core = b.core(x, 0);
    core.input(3, 4).main();
    receive(core, 3).end();
  }
  b.core(2, 0).output(1, 4).main().end();
  EXPECT_EQ(causeOf(b.run()),
            "no cycle of waits; what is waited for in the end:\n"
            "  by 2 threads: core (2, 0) has no task to run; none is active\n");
}

TEST(WaitTest, AFullQueueBehindAStoppedTask) {
  // The task that takes the words is blocked and nobody unblocks it.
  Builder b(2, 1);
  b.route(0, 0, 0, kR, kE).route(1, 0, 0, kW, kR);
  Core source = b.core(0, 0);
  source.output(0, 0).main();
  send(source, 0, 100).end();
  Core sink = b.core(1, 0);
  sink.input(2, 0).task("take").active().blocked();
  receive(sink, 2, 100).end();
  EXPECT_EQ(causeOf(b.run()),
            "no cycle of waits; what is waited for in the end:\n"
            "  by 1 thread: core (1, 0) has no task to run; task 'take' is "
            "active but blocked\n");
}

TEST(WaitTest, ARingOfWavelets) {
  // Four routers send in a ring, and the host feeds it until it is full. No
  // core is part of the cycle, and no thread waits.
  Builder b(2, 2);
  unsigned in = b.port(true, true, 0, 3);
  b.route(0, 0, 3, kW | kS, kE).route(1, 0, 3, kW, kS);
  b.route(1, 1, 3, kN, kW).route(0, 1, 3, kE, kN);
  Engine &engine = b.start();
  engine.push(in, Words(100, 1));
  EXPECT_EQ(
      causeOf(engine.run({{}, 100000})),
      "a cycle of 4 waits, each for the next and the last for the first:\n"
      "  1. a wavelet of color 3 at the west port of router (1, 0) waits for "
      "room south of it\n"
      "  2. a wavelet of color 3 at the north port of router (1, 1) waits for "
      "room west of it\n"
      "  3. a wavelet of color 3 at the east port of router (0, 1) waits for "
      "room north of it\n"
      "  4. a wavelet of color 3 at the south port of router (0, 0) waits for "
      "room east of it\n");
}

TEST(WaitTest, EndsAreSortedByWhoWaits) {
  // Core 0 waits for a route that is not there, cores 1 and 2 for the host.
  Builder b(3, 1);
  b.port(true, false, 0, 5);
  b.route(2, 0, 5, kE, kW | kR).route(1, 0, 5, kE, kR).route(0, 0, 6, kE, kR);
  for (unsigned x = 0; x < 3; ++x) {
    Core core = b.core(int(x), 0);
    core.input(1, x ? 5 : 6).main();
    receive(core, 1).end();
  }
  EXPECT_EQ(
      causeOf(b.run()),
      "no cycle of waits; what is waited for in the end:\n"
      "  by 2 threads: the host should send color 5 over the east edge at "
      "core (2, 0), and has no words left\n"
      "  by 1 thread: core (1, 0), 1 hops upstream, has no route for "
      "color 6\n");
}
