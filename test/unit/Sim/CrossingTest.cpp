// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From wafer to wafer. Two wafers of two columns each; the host's words come
// in at 0,0 and leave wafer 0 in the east. A word that the host pushes before
// the start is usable at 0,0 in cycle 1, at 1,0 in cycle 2, and has left in
// cycle 3.
//
#include "Builder.h"
#include "wafer/Image/Validate.h"

using namespace wafer;
using namespace wafer::test;

using Words = std::vector<uint32_t>;
using Cycles = std::vector<Cycle>;

namespace {
constexpr uint32_t kLatency = 100;

/// The row `y` of both wafers passes words on: in color 0 on wafer 0, in color
/// 1 on wafer 1. The ports: in, out; then those of the crossing.
struct Ports {
  unsigned in = 0, out = 0;
};
Ports passOn(Builder &b, int y) {
  Ports ports{b.port(true, true, y, 0), b.port(false, false, y, 1)};
  b.image.hostPorts[ports.out].wafer = 1;
  b.route(0, y, 0, kW, kE).route(1, y, 0, kW, kE);
  b.route(2, y, 1, kW, kE).route(3, y, 1, kW, kE);
  b.crossing({0, false, y, 0}, {1, true, y, 1});
  return ports;
}
Builder twoWafers(int height, double cyclesPerWord = 0) {
  Builder b(2, height);
  b.wafers(2);
  b.machine.offWaferLatencySeconds = kLatency / b.machine.clockHz;
  if (cyclesPerWord > 0) {
    b.machine.offWaferBytesPerSecond = 4 * b.machine.clockHz / cyclesPerWord;
  }
  return b;
}
} // namespace

TEST(CrossingTest, WordsCrossInOrderAfterTheLatency) {
  Builder b = twoWafers(1);
  Ports ports = passOn(b, 0);
  b.start().push(ports.in, {7, 8, 9});
  EXPECT_EQ(b.engine->run({{}, 1000}).kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.payloads(ports.out), Words({7, 8, 9}));
  // 103: at the link; 104, 105: at 2,0 and 3,0; 106: with the host.
  EXPECT_EQ(b.arrivals(ports.out), Cycles({106, 107, 108}));
}

TEST(CrossingTest, AWordTakesItsTimeOfTheRate) {
  Builder b = twoWafers(1, 2.5);
  Ports ports = passOn(b, 0);
  b.start().push(ports.in, {7, 8, 9});
  b.engine->run({{}, 1000});
  // Out at 3 + 2.5, 8 and 10.5.
  EXPECT_EQ(b.arrivals(ports.out), Cycles({109, 111, 114}));
}

TEST(CrossingTest, CrossingsOfAWaferShareTheRate) {
  Builder b = twoWafers(2, 3);
  Ports first = passOn(b, 0), second = passOn(b, 1);
  b.start();
  b.engine->push(first.in, {1, 2});
  b.engine->push(second.in, {3, 4});
  b.engine->run({{}, 1000});
  // Both rows' first words leave in the same cycle: the lower port goes first.
  EXPECT_EQ(b.arrivals(first.out), Cycles({109, 115}));
  EXPECT_EQ(b.arrivals(second.out), Cycles({112, 118}));
}

TEST(CrossingTest, ControlWaveletsCross) {
  Builder b = twoWafers(1);
  Ports ports = passOn(b, 0);
  ControlWavelet w;
  b.start().push(ports.in, std::vector<uint32_t>{w.encode()}.data(), 1, true);
  b.engine->run({{}, 1000});
  ASSERT_EQ(b.engine->received(ports.out).size(), 1u);
  EXPECT_TRUE(b.engine->received(ports.out)[0].control);
}

TEST(CrossingTest, NoLinkLeadsOverABorder) {
  Builder b = twoWafers(1);
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kE).route(1, 0, 0, kW, kE).route(2, 0, 0, kW, kR);
  b.start().push(in, {1});
  Outcome outcome = b.engine->run({{}, 1000});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Fault);
  EXPECT_NE(outcome.detail.find("leaves the grid over the east edge at core "
                                "(1, 0)"),
            std::string::npos)
      << outcome.detail;
}

TEST(CrossingTest, WordsWaitBehindAFullRouter) {
  Builder b = twoWafers(1);
  unsigned in = b.port(true, true, 0, 0);
  b.route(0, 0, 0, kW, kE).route(1, 0, 0, kW, kE).route(2, 0, 1, kW, kR);
  b.crossing({0, false, 0, 0}, {1, true, 0, 1});
  b.start().push(in, Words(10, 1));
  Outcome outcome = b.engine->run({{}, 1000});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  EXPECT_NE(outcome.detail.find("words are not taken"), std::string::npos)
      << outcome.detail;
}

TEST(CrossingTest, WhoWaitsIsToldAcross) {
  Builder b = twoWafers(1);
  Core from = b.core(0, 0);
  from.output(0, 0).main().end();
  b.route(0, 0, 0, kR, kE).route(1, 0, 0, kW, kE);
  b.route(2, 0, 1, kW, kE).route(3, 0, 1, kW, kR);
  b.crossing({0, false, 0, 0}, {1, true, 0, 1});
  Core to = b.core(3, 0);
  to.input(0, 1).main();
  to.dsr(D(0), memory(2048, 4)).dsr(S0(0), fabricIn(0, 4));
  to.vec(Opcode::Mov32, D(0), S0(0)).end();
  Outcome outcome = b.run();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
  EXPECT_NE(outcome.detail.find("color 0 comes from core (0, 0)"),
            std::string::npos)
      << outcome.detail;
}

TEST(CrossingTest, PartnersAreTwoEndsOfTwoWafers) {
  Builder b = twoWafers(1);
  passOn(b, 0);
  ASSERT_TRUE(bool(validate(b.image, b.machine)));
  auto refused = [&](auto change, const char *what) {
    Image image = b.image;
    change(image.hostPorts);
    Status status = validate(image, b.machine);
    EXPECT_FALSE(bool(status)) << what;
    EXPECT_EQ(status ? "" : status.error().what, what);
  };
  using List = std::vector<HostPort>;
  refused([](List &p) { p[2].partner = 9; }, "partner is out of range");
  refused([](List &p) { p[3].partner = HostPort::kHost; },
          "partner of a crossing has another partner");
  refused([](List &p) { p[3].wafer = 0; }, "ports are no ends of a crossing");
  refused([](List &p) { p[1].wafer = 2; }, "wafer is out of range");
  b.image.rules[1].rect.w = 2;
  b.image.rules[1].classes[0][0].count = 2;
  Status straddles = validate(b.image, b.machine);
  ASSERT_FALSE(bool(straddles));
  EXPECT_EQ(straddles.error().what, "rectangle lies on two wafers");
}
