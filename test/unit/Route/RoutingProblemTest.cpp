// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RouteTestUtil.h"

#include <gtest/gtest.h>

#include <climits>

using namespace wafer;
using namespace wafer::test;

namespace {
std::string errorOf(const RoutingProblem &p) {
  Status s = p.check();
  return s ? "" : s.error().str();
}

RoutingProblem withFamily(RoutedFamily f) {
  RoutingProblem p = grid(8, 4);
  p.families.push_back(std::move(f));
  return p;
}

RoutingProblem withStream(RoutedStream s) {
  RoutingProblem p = grid(8, 4);
  p.streams.push_back(std::move(s));
  return p;
}

bool has(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

TEST(RoutingProblem, AcceptsBothFamiliesOfAChain) {
  RoutingProblem p = grid(8, 4);
  p.families.push_back(evenLinks("even", {0, 0, 8, 4}, Axis::X));
  p.families.push_back(oddLinks("odd", {0, 0, 8, 4}, Axis::X));
  EXPECT_EQ(errorOf(p), "");
}

// The sink of one link is the source of the next: two routes in one router.
TEST(RoutingProblem, RefusesAChainInOneFamily) {
  std::string e = errorOf(
      withFamily(family("chain", {0, 0, 8, 4}, Axis::X, {{0, 1, 2, 1, 7}})));
  EXPECT_TRUE(has(e, "share the router at offset 1")) << e;
  EXPECT_TRUE(has(e, "two families")) << e;
}

TEST(RoutingProblem, RefusesSegmentsOutsideTheRectangle) {
  // 2 * 3 + 2 = 8 is one too far.
  std::string e = errorOf(
      withFamily(family("f", {0, 0, 8, 4}, Axis::X, {{0, 1, 3, 3, 3}})));
  EXPECT_TRUE(has(e, "leaves the family's rectangle")) << e;
  EXPECT_TRUE(has(e, "from 0 to 8")) << e;
}

// Four lines with skew 2: the last line is shifted by 6, and 6 + 1 = 7 fits.
TEST(RoutingProblem, ChecksTheSkewedLines) {
  EXPECT_EQ(
      errorOf(withFamily(family("f", {0, 0, 8, 4}, Axis::X, {{0, 1, 2}}, 2))),
      "");
  std::string e =
      errorOf(withFamily(family("f", {0, 0, 8, 4}, Axis::X, {{0, 1, 3}}, 2)));
  EXPECT_TRUE(has(e, "with skew 2, which reaches from 0 to 8")) << e;
}

TEST(RoutingProblem, RefusesEmptySegments) {
  EXPECT_TRUE(
      has(errorOf(withFamily(family("f", {0, 0, 8, 4}, Axis::X, {{3, 3, 4}}))),
          "no receiver"));
  EXPECT_TRUE(
      has(errorOf(withFamily(family("f", {0, 0, 8, 4}, Axis::X, {{3, 5, 5}}))),
          "no receiver"));
  EXPECT_TRUE(has(errorOf(withFamily(family("f", {0, 0, 8, 4}, Axis::X, {}))),
                  "needs a segment"));
  EXPECT_TRUE(has(errorOf(withFamily(
                      family("f", {0, 0, 8, 4}, Axis::X, {{0, 1, 2, 0, 2}}))),
                  "positive count and step"));
}

TEST(RoutingProblem, SurvivesHostileNumbers) {
  EXPECT_NE(errorOf(withFamily(
                family("f", {0, 0, 8, 4}, Axis::X,
                       {{INT_MAX, INT_MIN, INT_MAX, INT_MAX, INT_MAX}}))),
            "");
  EXPECT_NE(errorOf(withFamily(family("f", {0, 0, 8, 4}, Axis::X,
                                      {{0, 1, 2, 1, INT_MAX}}, INT_MIN))),
            "");
  EXPECT_NE(errorOf(withFamily(
                family("f", {INT_MAX, 0, INT_MAX, 4}, Axis::X, {{0, 1, 2}}))),
            "");
  EXPECT_NE(errorOf(withStream(
                stream("s", {0, 0}, {{INT_MAX, INT_MAX, INT_MAX, INT_MAX}}))),
            "");
  RoutingProblem p = grid(INT_MAX, INT_MAX);
  EXPECT_NE(errorOf(p), "");
}

TEST(RoutingProblem, ChecksStreams) {
  EXPECT_EQ(errorOf(withStream(stream("s", {0, 0}, {{7, 3, 1, 1}}))), "");
  EXPECT_TRUE(has(errorOf(withStream(stream("s", {8, 0}, {{7, 3, 1, 1}}))),
                  "source is not on the grid"));
  EXPECT_TRUE(has(errorOf(withStream(stream("s", {0, 0}, {{0, 0, 1, 1}}))),
                  "no receiver"));
  EXPECT_TRUE(has(errorOf(withStream(stream("s", {0, 0}, {{7, 3, 2, 1}}))),
                  "leaves the grid"));
  RoutedStream both = stream("s", {0, 0}, {});
  both.fromHost = HostEdge{true, 0};
  both.toHost = HostEdge{true, 1};
  EXPECT_TRUE(has(errorOf(withStream(both)), "from the host to the host"));
  RoutedStream toHost = stream("s", {0, 0}, {{1, 1, 1, 1}});
  toHost.toHost = HostEdge{true, 1};
  EXPECT_TRUE(has(errorOf(withStream(toHost)), "cannot have sinks"));
}

// Channels are at rows 1 and 3 of the west edge.
TEST(RoutingProblem, ChecksHostChannels) {
  RoutedStream s = stream("s", {0, 0}, {{1, 1, 1, 1}});
  s.fromHost = HostEdge{true, 3};
  RoutingProblem p = withStream(s);
  p.limits.host = Machine::HostChannels{true, false, 1, 2, 2, 0};
  EXPECT_EQ(errorOf(p), "");
  p.streams[0].fromHost = HostEdge{true, 2};
  EXPECT_TRUE(has(errorOf(p), "no host channel in this row"));
  p.streams[0].fromHost = HostEdge{false, 3};
  EXPECT_TRUE(has(errorOf(p), "no host channels on the east edge"));
}

TEST(RoutingProblem, ChecksNamesColorsAndGroups) {
  RoutingProblem p = grid(8, 4, 4);
  p.streams = {stream("s", {0, 0}, {{1, 0, 1, 1}}),
               stream("s", {0, 1}, {{1, 1, 1, 1}})};
  EXPECT_TRUE(has(errorOf(p), "two streams are named 's'"));
  p.streams[1].name = "t";
  p.streams[1].color = 4;
  EXPECT_TRUE(has(errorOf(p), "color 4 is out of range"));
  p.streams[1].color = 3;
  p.limits.reserved = 8;
  EXPECT_TRUE(has(errorOf(p), "color 3 belongs to the system"));
  p.limits.reserved = 0;
  p.streams[1].needsSwitch = true;
  EXPECT_TRUE(has(errorOf(p), "cannot have switch positions"));
  p.limits.switchable = 8;
  EXPECT_EQ(errorOf(p), "");
  p.exclusiveGroups = {{0, 2}};
  EXPECT_TRUE(has(errorOf(p), "exclusive group"));
}

TEST(RoutingProblem, Prints) {
  RoutingProblem p = grid(8, 4);
  p.families = {
      family("f", {0, 0, 8, 4}, Axis::Y, {{0, 1, 2, 2, 2}, {3, 2, 3}})};
  p.streams = {stream("s", {1, 2}, {{7, 3, 1, 1}})};
  p.streams[0].color = 5;
  EXPECT_EQ(p.str(),
            "grid 8 x 4, 24 colors, reserved 0x0, switchable 0x0\n"
            "family f rect(0, 0, 8, 4) axis y: 0 -> 1..2 step 2 count 2, 3 -> "
            "2..3\n"
            "stream s from (1, 2) to rect(7, 3, 1, 1) color 5\n");
}
} // namespace
