// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RouteTestUtil.h"

#include "wafer/Route/Rules.h"
#include "wafer/Route/VerifyRouting.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {
struct Routed {
  RoutingProblem problem;
  std::vector<uint8_t> colors;
  RouteTables tables;

  explicit Routed(RoutingProblem p) : problem(std::move(p)) {
    EXPECT_TRUE(problem.check());
    Result<Coloring> c = colorStreams(problem);
    EXPECT_TRUE(c);
    colors = c->colors;
    tables = deriveRules(problem, colors);
  }
  std::string firstError() const {
    auto errors = verifyRouting(problem, colors, tables.rules, tables.configs);
    return errors.empty() ? "" : errors[0].str();
  }
  std::vector<Run> &runs(unsigned rule) {
    return tables.rules[rule].classes[0];
  }
};

#define EXPECT_ERROR(routed, part)                                             \
  EXPECT_NE((routed).firstError().find(part), std::string::npos)               \
      << (routed).firstError()

/// A multicast from 0 to 1..3 along X in four rows.
Routed multicast() {
  RoutingProblem p = grid(6, 4);
  p.families = {family("m", {1, 0, 4, 4}, Axis::X, {{0, 1, 4}})};
  return Routed(p);
}

TEST(VerifyRouting, AcceptsDerivedRules) {
  EXPECT_EQ(multicast().firstError(), "");
  Rng rng(7);
  for (unsigned round = 0; round < 200; ++round) {
    Routed r(randomProblem(rng, 10, 11, 9));
    EXPECT_EQ(r.firstError(), "") << r.problem.str();
  }
}

// Runs are R->E, 2 x W->ER, W->R; without ramp the cores 2 and 3 get nothing.
TEST(VerifyRouting, FindsMissingReceivers) {
  Routed r = multicast();
  r.tables.configs[1].positions[0].tx = portBit(Port::East);
  EXPECT_ERROR(r, "core (2, 0) and 1 more does not get the words");
}

TEST(VerifyRouting, FindsExtraReceivers) {
  Routed r = multicast();
  r.problem.families[0].patterns = {{0, 2, 4}};
  EXPECT_ERROR(r, "core (2, 0) gets words it should not get");
}

TEST(VerifyRouting, FindsWordsThatStop) {
  Routed r = multicast();
  r.runs(0)[2].config = kNoRoute;
  EXPECT_ERROR(r, "words stop at router (4, 0), which has no route");
  r = multicast();
  r.tables.configs[2].positions[0].rx = portBit(Port::North);
  EXPECT_ERROR(r, "does not take color 0 from west");
}

TEST(VerifyRouting, FindsWordsThatLeaveTheGrid) {
  Routed r = multicast();
  r.tables.configs[0].positions[0].tx |= portBit(Port::North);
  EXPECT_ERROR(r, "words leave the grid at router (1, 0) to the north");
}

TEST(VerifyRouting, FindsWordsThatComeTwice) {
  Routed r = multicast();
  // The last router sends back west.
  r.tables.configs[2].positions[0].tx |= portBit(Port::West);
  EXPECT_ERROR(r, "words come to router (3, 0) twice");
}

TEST(VerifyRouting, FindsTwoRoutesOfOneColor) {
  Routed r = multicast();
  r.tables.rules.push_back(r.tables.rules[0]);
  r.tables.rules[1].name = "again";
  r.tables.rules[1].rect = {1, 3, 4, 1};
  EXPECT_ERROR(
      r, "rules 'm.line' and 'again' give a router two routes of color 0");
}

TEST(VerifyRouting, FindsUnusedRoutes) {
  Routed r = multicast();
  r.tables.rules.push_back(r.tables.rules[0]);
  r.tables.rules[1].color = 9;
  EXPECT_ERROR(r, "gives a router a route of color 9 that no stream uses");
  // Also where only some lines of a rule are used.
  r = multicast();
  r.problem.families[0].rect.h = 3;
  EXPECT_ERROR(r, "router (1, 3)");
}

TEST(VerifyRouting, FindsStreamsThatShareARouter) {
  RoutingProblem p = grid(6, 4);
  p.families = {family("a", {0, 0, 3, 4}, Axis::X, {{0, 1, 3}}),
                family("b", {0, 0, 3, 4}, Axis::X, {{0, 1, 3}})};
  Routed r(p);
  r.colors = {0, 0};
  r.tables = deriveRules(p, {0, 0});
  EXPECT_ERROR(r, "two routes of color 0");
  r.tables.rules.pop_back();
  EXPECT_ERROR(r, "streams 'a' and 'b' of color 0 share a router");
}

TEST(VerifyRouting, FindsWordsThatMissTheHost) {
  RoutingProblem p = grid(6, 4);
  RoutedStream s = stream("out", {3, 1}, {});
  s.toHost = HostEdge{true, 1};
  p.streams = {s};
  Routed r(p);
  EXPECT_EQ(r.firstError(), "");
  r.problem.streams[0].toHost->row = 2;
  EXPECT_ERROR(r, "words leave the grid at router (0, 1) to the west");
}

TEST(VerifyRouting, ChecksTheFormOfRules) {
  Routed r = multicast();
  r.runs(0)[1].count = 1;
  EXPECT_ERROR(r, "do not cover the line");
  r = multicast();
  r.runs(0)[1].count = 0xffffffff;
  EXPECT_ERROR(r, "do not cover the line");
  r = multicast();
  r.runs(0)[0].config = 99;
  EXPECT_ERROR(r, "configuration that is not there");
  r = multicast();
  r.tables.rules[0].skew = 1;
  EXPECT_ERROR(r, "the skew shifts a route out of the rectangle");
  r = multicast();
  r.tables.rules[0].rect.x = 3;
  EXPECT_ERROR(r, "leaves the grid");
  r = multicast();
  r.tables.rules[0].color = 31;
  EXPECT_ERROR(r, "color 31 is not usable");
  r = multicast();
  r.tables.rules[0].classes.clear();
  EXPECT_ERROR(r, "needs a list of runs");
  r = multicast();
  r.tables.configs[0].positions[0].rx = 3;
  EXPECT_ERROR(r, "exactly one input port");
  r = multicast();
  r.tables.configs[0].positions[0].tx = 0;
  EXPECT_ERROR(r, "needs an output port");
  r = multicast();
  r.tables.configs[0].currentPosition = 3;
  EXPECT_ERROR(r, "switch positions are out of range");
}

// Lines that alternate: class 0 on even rows, class 1 on odd rows.
TEST(VerifyRouting, ReadsClassesOfLines) {
  RoutingProblem p = grid(4, 4);
  p.families = {family("m", {0, 0, 4, 4}, Axis::X, {{0, 1, 4}})};
  Routed r(p);
  r.tables.rules[0].classes.push_back(r.tables.rules[0].classes[0]);
  EXPECT_EQ(r.firstError(), "");
  r.tables.rules[0].classes[1] = {{4, kNoRoute}};
  EXPECT_ERROR(r, "words stop at router (0, 1)");
}

// A single wrong router in one of 500 x 500 is found without a walk over all.
TEST(VerifyRouting, FindsOneWrongRouterInALargeFamily) {
  RoutingProblem p = grid(500, 500);
  p.families = {evenLinks("even", {0, 0, 500, 500}, Axis::Y),
                oddLinks("odd", {0, 0, 500, 500}, Axis::Y)};
  Routed r(p);
  EXPECT_EQ(r.firstError(), "");
  r.tables.rules.push_back(
      {"stray", r.colors[0], {321, 499, 1, 1}, Axis::X, 0, {{{1, 0}}}});
  EXPECT_ERROR(r, "router (321, 499)");
}
} // namespace
