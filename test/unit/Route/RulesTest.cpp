// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RouteTestUtil.h"

#include "wafer/Route/Rules.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {
/// A run as text: "2 x W->ER", "3 x none".
std::string show(const Rule &rule, const RouteTables &t) {
  std::string out;
  const char ports[] = "WESNR";
  auto mask = [&](uint8_t bits) {
    std::string s;
    for (unsigned p = 0; p < kNumPorts; ++p) {
      if ((bits >> p) & 1) {
        s += ports[p];
      }
    }
    return s;
  };
  for (const Run &run : rule.classes.at(0)) {
    out += out.empty() ? "" : ", ";
    out += std::to_string(run.count) + " x ";
    if (run.config == kNoRoute) {
      out += "none";
      continue;
    }
    const SwitchPosition &now = t.configs.at(run.config).positions[0];
    out += mask(now.rx) + "->" + mask(now.tx);
  }
  return out;
}

RouteTables rulesOf(RoutingProblem p) {
  EXPECT_TRUE(p.check());
  Result<Coloring> c = colorStreams(p);
  EXPECT_TRUE(c);
  return deriveRules(p, c->colors);
}

RouteTables rulesOf(RoutedFamily f) {
  RoutingProblem p = grid(8, 6);
  p.families.push_back(std::move(f));
  return rulesOf(std::move(p));
}

RouteTables rulesOf(RoutedStream s) {
  RoutingProblem p = grid(8, 6);
  p.streams.push_back(std::move(s));
  return rulesOf(std::move(p));
}

// Source 3, sinks 1..6: R sends both ways; 1 and 5 are the ends.
TEST(Rules, MulticastsBothWays) {
  RouteTables t = rulesOf(family("m", {0, 0, 8, 6}, Axis::X, {{3, 1, 6}}));
  ASSERT_EQ(t.rules.size(), 1u);
  EXPECT_EQ(t.rules[0].rect, (Rect{1, 0, 5, 6}));
  EXPECT_EQ(show(t.rules[0], t),
            "1 x E->R, 1 x E->WR, 1 x R->WE, 1 x W->ER, 1 x W->R");
}

// Source 0, sinks 3..6: 1 and 2 only pass.
TEST(Rules, PassesBetweenSourceAndSinks) {
  RouteTables t = rulesOf(family("m", {0, 0, 8, 6}, Axis::X, {{0, 3, 6}}));
  EXPECT_EQ(show(t.rules[0], t), "1 x R->E, 2 x W->E, 2 x W->ER, 1 x W->R");
}

// Towards the north: source 5, sinks 0..2.
TEST(Rules, GoesBackwards) {
  RouteTables t = rulesOf(family("m", {2, 0, 3, 6}, Axis::Y, {{5, 0, 2}}));
  EXPECT_EQ(t.rules[0].rect, (Rect{2, 0, 3, 6}));
  EXPECT_EQ(show(t.rules[0], t), "1 x S->R, 1 x S->NR, 3 x S->N, 1 x R->N");
}

// Odd links of a chain of 8: nothing at 0 and 7; one rule for all rows.
TEST(Rules, GivesAChainOneRule) {
  RouteTables t = rulesOf(oddLinks("odd", {0, 0, 8, 6}, Axis::X));
  ASSERT_EQ(t.rules.size(), 1u);
  EXPECT_EQ(t.rules[0].rect, (Rect{1, 0, 6, 6}));
  EXPECT_EQ(show(t.rules[0], t), "1 x R->E, 1 x W->R, 1 x R->E, 1 x W->R, "
                                 "1 x R->E, 1 x W->R");
  EXPECT_EQ(t.configs.size(), 2u);
}

// A diagonal of single links keeps the whole rectangle.
TEST(Rules, KeepsTheSkew) {
  RouteTables t = rulesOf(family("d", {0, 0, 8, 4}, Axis::X, {{0, 1, 2}}, 2));
  EXPECT_EQ(t.rules[0].rect, (Rect{0, 0, 8, 4}));
  EXPECT_EQ(t.rules[0].skew, 2);
  EXPECT_EQ(show(t.rules[0], t), "1 x R->E, 1 x W->R, 6 x none");
}

// Source (1, 2); a rectangle x 3..4, y 1..4 and the single core (6, 2):
//   trunk row 2: x = 1 source, 2 pass, 3 and 4 deliver and branch both ways,
//   5 pass, 6 end; branches: north row 1, south rows 3 and 4.
TEST(Rules, BuildsATreeXFirst) {
  RouteTables t = rulesOf(stream("s", {1, 2}, {{3, 1, 2, 4}, {6, 2, 1, 1}}));
  ASSERT_EQ(t.rules.size(), 3u);
  EXPECT_EQ(t.rules[0].name, "s.trunk");
  EXPECT_EQ(t.rules[0].rect, (Rect{1, 2, 6, 1}));
  EXPECT_EQ(show(t.rules[0], t),
            "1 x R->E, 1 x W->E, 2 x W->ESNR, 1 x W->E, 1 x W->R");
  EXPECT_EQ(t.rules[1].name, "s.north");
  EXPECT_EQ(t.rules[1].rect, (Rect{3, 1, 2, 1}));
  EXPECT_EQ(show(t.rules[1], t), "1 x S->R");
  EXPECT_EQ(t.rules[2].name, "s.south");
  EXPECT_EQ(t.rules[2].rect, (Rect{3, 3, 2, 2}));
  EXPECT_EQ(show(t.rules[2], t), "1 x N->SR, 1 x N->R");
}

// The source lies in its rectangle of sinks and does not deliver to itself.
TEST(Rules, LeavesTheSourceOut) {
  RouteTables t = rulesOf(stream("s", {1, 1}, {{0, 0, 3, 3}}));
  EXPECT_EQ(show(t.rules[0], t), "1 x E->SNR, 1 x R->WESN, 1 x W->SNR");
  // Columns 0 to 2 share a branch on each side.
  ASSERT_EQ(t.rules.size(), 3u);
  EXPECT_EQ(t.rules[1].rect, (Rect{0, 0, 3, 1}));
  EXPECT_EQ(t.rules[2].rect, (Rect{0, 2, 3, 1}));
}

// From the host into row 4 of the east edge, to the cores (0, 4) and (5, 1).
TEST(Rules, ComesFromTheHost) {
  RoutedStream s = stream("s", {}, {{0, 4, 1, 1}, {5, 1, 1, 1}});
  s.fromHost = HostEdge{false, 4};
  RouteTables t = rulesOf(s);
  ASSERT_EQ(t.rules.size(), 2u);
  EXPECT_EQ(show(t.rules[0], t), "1 x E->R, 4 x E->W, 1 x E->WN, 2 x E->W");
  EXPECT_EQ(t.rules[1].rect, (Rect{5, 1, 1, 3}));
  EXPECT_EQ(show(t.rules[1], t), "1 x S->R, 2 x S->N");
}

// From (2, 1) along row 1 to column 0, then south to row 3 and out.
TEST(Rules, GoesToTheHost) {
  RoutedStream s = stream("s", {2, 1}, {});
  s.toHost = HostEdge{true, 3};
  RouteTables t = rulesOf(s);
  ASSERT_EQ(t.rules.size(), 2u);
  EXPECT_EQ(show(t.rules[0], t), "1 x E->S, 1 x E->W, 1 x R->W");
  EXPECT_EQ(show(t.rules[1], t), "1 x N->S, 1 x N->W");
}

// The number of rules is the same for a 6 x 6 and a 600 x 600 rectangle.
TEST(Rules, DoNotGrowWithTheGrid) {
  for (int32_t side : {6, 600}) {
    RoutingProblem p = grid(side, side);
    Rect all{0, 0, side, side};
    p.families = {evenLinks("ex", all, Axis::X), oddLinks("ox", all, Axis::X),
                  evenLinks("ey", all, Axis::Y)};
    p.streams = {stream("s", {1, 1}, {{2, 2, side - 2, side - 2}})};
    EXPECT_EQ(rulesOf(p).rules.size(), 5u);
  }
}
} // namespace
