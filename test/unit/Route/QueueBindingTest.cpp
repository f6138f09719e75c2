// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RouteTestUtil.h"

#include "wafer/Route/QueueBinding.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {
using Kind = ParamSource::Kind;
using Values = std::vector<uint16_t>;
constexpr uint16_t kNo = kUnboundColor;

/// A chain in the rows of the 6 x 4 region, links 0-1, 2-3, 4-5 in color 7 and
/// links 1-2, 3-4 in color 8.
RoutingProblem chain(Axis axis) {
  RoutingProblem p = grid(8, 8);
  p.families = {evenLinks("even", {0, 0, 6, 4}, axis),
                oddLinks("odd", {0, 0, 6, 4}, axis)};
  return p;
}
const std::vector<uint8_t> kChainColors = {7, 8};
const Rect kRegion{0, 0, 6, 4};

TEST(QueueBinding, IsAColumnFunctionOfAChainAlongX) {
  Result<QueueColors> q = bindQueue(chain(Axis::X), kChainColors, kRegion,
                                    {0, 1}, QueueDirection::Input);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->kind, Kind::Column);
  EXPECT_EQ(q->values, (Values{kNo, 7, 8, 7, 8, 7}));
  q = bindQueue(chain(Axis::X), kChainColors, kRegion, {0, 1},
                QueueDirection::Output);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->values, (Values{7, 8, 7, 8, 7, kNo}));
  EXPECT_EQ(q->at(kRegion, {1, 3}), 8);
}

TEST(QueueBinding, IsARowFunctionOfAChainAlongY) {
  Result<QueueColors> q = bindQueue(chain(Axis::Y), kChainColors, kRegion,
                                    {1, 0, 1}, QueueDirection::Input);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->kind, Kind::Row);
  EXPECT_EQ(q->values, (Values{kNo, 7, 8, 7}));
}

// A stream from outside that covers the region, and a region it does not touch.
TEST(QueueBinding, IsConstantWhereItCan) {
  RoutingProblem p = grid(8, 8);
  p.streams = {stream("s", {7, 7}, {{0, 0, 6, 4}})};
  Result<QueueColors> q =
      bindQueue(p, {5}, kRegion, {0}, QueueDirection::Input);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->kind, Kind::Constant);
  EXPECT_EQ(q->values, Values{5});
  q = bindQueue(p, {5}, kRegion, {0}, QueueDirection::Output);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->values, Values{kNo});
}

// The root of a multicast along X stands in column 2 of every row.
TEST(QueueBinding, BindsTheRootsOfAMulticast) {
  RoutingProblem p = grid(8, 8);
  p.families = {family("m", {0, 0, 6, 4}, Axis::X, {{2, 0, 6}})};
  Result<QueueColors> q =
      bindQueue(p, {5}, kRegion, {0}, QueueDirection::Output);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->values, (Values{kNo, kNo, 5, kNo, kNo, kNo}));
}

// One source core in a region: its whole column is bound.
TEST(QueueBinding, BindsTheColumnOfASingleSource) {
  RoutingProblem p = grid(8, 8);
  p.streams = {stream("s", {3, 1}, {{7, 7, 1, 1}})};
  Result<QueueColors> q =
      bindQueue(p, {5}, kRegion, {0}, QueueDirection::Output);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->kind, Kind::Column);
  EXPECT_EQ(q->values, (Values{kNo, kNo, kNo, 5, kNo, kNo}));
}

// The sources of a multicast are exact by columns; by rows all are bound.
TEST(QueueBinding, IsOfTheKindThatIsAskedFor) {
  RoutingProblem p = grid(8, 8);
  p.families = {family("m", {0, 0, 6, 3}, Axis::X, {{2, 0, 6}})};
  Result<QueueColors> q =
      bindQueue(p, {5}, kRegion, {0}, QueueDirection::Output, Kind::Row);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->kind, Kind::Row);
  EXPECT_EQ(q->values, (Values{5, 5, 5, kNo}));
  // A second color in the rows leaves only the columns.
  p.streams = {stream("s", {4, 1}, {{7, 1, 1, 1}})};
  EXPECT_FALSE(
      bindQueue(p, {5, 6}, kRegion, {0, 1}, QueueDirection::Output, Kind::Row));
  EXPECT_TRUE(bindQueue(p, {5, 6}, kRegion, {0, 1}, QueueDirection::Output,
                        Kind::Column));
}

// Another stream of the same color starts in the same column: take the row.
TEST(QueueBinding, AvoidsLinesWithAStranger) {
  RoutingProblem p = grid(8, 8);
  p.streams = {stream("s", {3, 1}, {{7, 1, 1, 1}}),
               stream("t", {3, 3}, {{7, 3, 1, 1}})};
  Result<QueueColors> q =
      bindQueue(p, {5, 5}, kRegion, {0}, QueueDirection::Output);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->kind, Kind::Row);
  EXPECT_EQ(q->values, (Values{kNo, 5, kNo, kNo}));
  p.streams.push_back(stream("u", {5, 1}, {{5, 0, 1, 1}}));
  q = bindQueue(p, {5, 5, 5}, kRegion, {0}, QueueDirection::Output);
  ASSERT_FALSE(q);
  EXPECT_NE(q.error().str().find("another stream"), std::string::npos);
}

// A family over rows 1 and 2 of the region only.
TEST(QueueBinding, FillsTheRowsAFamilyDoesNotSpan) {
  RoutingProblem p = grid(8, 8);
  p.families = {evenLinks("even", {0, 1, 6, 2}, Axis::X)};
  Result<QueueColors> q =
      bindQueue(p, {7}, kRegion, {0}, QueueDirection::Input);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->kind, Kind::Column);
  EXPECT_EQ(q->values, (Values{kNo, 7, kNo, 7, kNo, 7}));
}

TEST(QueueBinding, RefusesTwoStreamsAtOneCore) {
  RoutingProblem p = grid(8, 8);
  p.families = {family("a", {0, 0, 6, 4}, Axis::X, {{0, 3, 5}}),
                family("b", {0, 2, 6, 2}, Axis::X, {{0, 4, 6}})};
  Result<QueueColors> q =
      bindQueue(p, {7, 8}, kRegion, {0, 1}, QueueDirection::Input);
  ASSERT_FALSE(q);
  EXPECT_EQ(q.error().what, "streams 'a' and 'b' both deliver to core (4, 2)");
}

// Two colors on a diagonal cross are neither a row nor a column function.
TEST(QueueBinding, RefusesWhatIsNoFunctionOfALine) {
  RoutingProblem p = grid(8, 8);
  p.streams = {stream("a", {7, 7}, {{1, 1, 1, 1}, {2, 2, 1, 1}}),
               stream("b", {7, 6}, {{1, 2, 1, 1}, {2, 1, 1, 1}})};
  Result<QueueColors> q =
      bindQueue(p, {7, 8}, kRegion, {0, 1}, QueueDirection::Input);
  ASSERT_FALSE(q);
  EXPECT_NE(q.error().str().find("neither of the column nor of the row"),
            std::string::npos);
}

// Every answer is right core by core, whatever the problem.
TEST(QueueBinding, IsRightOnRandomProblems) {
  Rng rng(9);
  unsigned bound = 0;
  for (unsigned round = 0; round < 300; ++round) {
    RoutingProblem p = randomProblem(rng, 5, 8, 8);
    Result<Coloring> c = colorStreams(p);
    ASSERT_TRUE(c);
    unsigned id = unsigned(rng.below(p.size()));
    Result<QueueColors> q =
        bindQueue(p, c->colors, kRegion, {id}, QueueDirection::Input);
    if (!q) {
      continue;
    }
    ++bound;
    for (int32_t y = 0; y < kRegion.h; ++y) {
      for (int32_t x = 0; x < kRegion.w; ++x) {
        uint16_t value = q->at(kRegion, {x, y});
        if (sinksOf(p, id).contains({x, y})) {
          EXPECT_EQ(value, c->colors[id]);
          continue;
        }
        for (unsigned o = 0; o < p.size(); ++o) {
          EXPECT_FALSE(value == c->colors[o] && o != id &&
                       sinksOf(p, o).contains({x, y}));
        }
      }
    }
  }
  EXPECT_GT(bound, 150u);
}
} // namespace
