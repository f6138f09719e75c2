// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RouteTestUtil.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {
/// The least number of colors, by trying all colorings.
unsigned optimum(const RoutingProblem &p) {
  std::vector<std::set<Coord>> routers;
  for (unsigned id = 0; id < p.size(); ++id) {
    routers.push_back(routersByHand(p, id));
  }
  auto meet = [&](unsigned a, unsigned b) {
    return std::any_of(routers[a].begin(), routers[a].end(),
                       [&](Coord c) { return routers[b].count(c) > 0; });
  };
  unsigned best = p.size();
  std::vector<unsigned> colors;
  std::function<void(unsigned)> extend = [&](unsigned used) {
    if (used >= best && colors.size() < p.size()) {
      return;
    }
    if (colors.size() == p.size()) {
      best = std::min(best, used);
      return;
    }
    unsigned v = unsigned(colors.size());
    for (unsigned c = 0; c <= used; ++c) {
      bool free = true;
      for (unsigned o = 0; o < v; ++o) {
        free &= colors[o] != c || !meet(o, v);
      }
      if (free) {
        colors.push_back(c);
        extend(std::max(used, c + 1));
        colors.pop_back();
      }
    }
  };
  extend(0);
  return best;
}

TEST(Coloring, GivesTheLinksOfAChainTwoColors) {
  RoutingProblem p = grid(8, 4);
  p.families = {evenLinks("even", {0, 0, 8, 4}, Axis::X),
                oddLinks("odd", {0, 0, 8, 4}, Axis::X)};
  Result<Coloring> c = colorStreams(p);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->numColors, 2u);
  EXPECT_EQ(c->lowerBound, 2u);
  EXPECT_NE(c->colors[0], c->colors[1]);
}

// Side by side, no router in common: one color is enough.
TEST(Coloring, ReusesColorsOfDistantStreams) {
  RoutingProblem p = grid(8, 4);
  p.families = {family("a", {0, 0, 4, 4}, Axis::X, {{0, 1, 4}}),
                family("b", {4, 0, 4, 4}, Axis::Y, {{0, 1, 4}})};
  Result<Coloring> c = colorStreams(p);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->numColors, 1u);
}

TEST(Coloring, SkipsReservedAndKeepsGivenColors) {
  RoutingProblem p = grid(8, 4, 4);
  p.limits.reserved = 0b0001;
  p.families = {evenLinks("even", {0, 0, 8, 4}, Axis::X),
                oddLinks("odd", {0, 0, 8, 4}, Axis::X)};
  p.families[0].color = 1;
  Result<Coloring> c = colorStreams(p);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->colors, (std::vector<uint8_t>{1, 2}));
}

TEST(Coloring, LeavesSwitchableColorsToThoseWhoNeedThem) {
  RoutingProblem p = grid(8, 4, 4);
  p.limits.switchable = 0b0011;
  p.families = {evenLinks("even", {0, 0, 8, 4}, Axis::X),
                oddLinks("odd", {0, 0, 8, 4}, Axis::X)};
  p.families[1].needsSwitch = true;
  Result<Coloring> c = colorStreams(p);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->colors, (std::vector<uint8_t>{2, 0}));
}

TEST(Coloring, RefusesGivenColorsThatClash) {
  RoutingProblem p = grid(8, 4);
  p.families = {evenLinks("even", {0, 0, 8, 4}, Axis::X),
                oddLinks("odd", {0, 0, 8, 4}, Axis::X)};
  p.families[0].color = p.families[1].color = 3;
  Result<Coloring> c = colorStreams(p);
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().what,
            "streams 'even' and 'odd' are given the same color 3");
}

TEST(Coloring, KeepsExclusiveGroupsApart) {
  RoutingProblem p = grid(8, 4);
  p.families = {family("a", {0, 0, 4, 4}, Axis::X, {{0, 1, 4}}),
                family("b", {4, 0, 4, 4}, Axis::Y, {{0, 1, 4}})};
  p.exclusiveGroups = {{0, 1}};
  Result<Coloring> c = colorStreams(p);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->numColors, 2u);
  EXPECT_EQ(c->lowerBound, 2u);
}

// Three multicasts along the row y = 1 through x = 3 and one more in column 3;
// the machine has three colors.
TEST(Coloring, NamesTheBusiestRouter) {
  RoutingProblem p = grid(8, 4, 3);
  p.streams = {
      stream("a", {0, 1}, {{7, 1, 1, 1}}), stream("b", {1, 1}, {{6, 1, 1, 1}}),
      stream("c", {7, 1}, {{3, 1, 1, 1}}), stream("d", {3, 0}, {{3, 3, 1, 1}})};
  Result<Coloring> c = colorStreams(p);
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().where, "router (3, 1)");
  EXPECT_EQ(c.error().expected, "at most 3 streams");
  EXPECT_EQ(c.error().found, "4 streams: 'a', 'b', 'c', 'd'");
}

TEST(Coloring, MatchesTheOptimumOnSmallProblems) {
  Rng rng(3);
  for (unsigned round = 0; round < 150; ++round) {
    RoutingProblem p = randomProblem(rng, 9, 12, 10);
    Result<Coloring> c = colorStreams(p);
    ASSERT_TRUE(c);
    EXPECT_TRUE(verifyColoring(p, c->colors)) << p.str();
    unsigned best = optimum(p);
    EXPECT_LE(c->lowerBound, best) << p.str();
    EXPECT_EQ(c->numColors, best) << p.str();
  }
}

// What the greedy alone reaches, so that a change of its order shows.
TEST(Coloring, GreedyAloneIsCloseToTheOptimum) {
  Rng rng(4);
  unsigned sum = 0, optimal = 0;
  for (unsigned round = 0; round < 100; ++round) {
    RoutingProblem p = randomProblem(rng, 9, 12, 10);
    Result<Coloring> c = colorStreams(p, {/*searchSteps=*/0});
    ASSERT_TRUE(c);
    sum += c->numColors;
    optimal += optimum(p);
  }
  EXPECT_LE(sum, optimal + optimal / 50);
}

// The search is what finds a coloring where the greedy runs out.
TEST(Coloring, SucceedsWheneverTheOptimumFits) {
  Rng rng(5);
  for (unsigned round = 0; round < 60; ++round) {
    RoutingProblem p = randomProblem(rng, 8, 12, 10);
    p.limits.colors = optimum(p);
    EXPECT_TRUE(colorStreams(p)) << p.str();
    if (p.limits.colors > 1) {
      --p.limits.colors;
      EXPECT_FALSE(colorStreams(p)) << p.str();
    }
  }
}

TEST(Coloring, DoesNotDependOnTheOrderOfStreams) {
  Rng rng(6);
  for (unsigned round = 0; round < 40; ++round) {
    RoutingProblem p = randomProblem(rng, 20, 16, 12);
    RoutingProblem q = p;
    for (size_t i = q.families.size(); i > 1; --i) {
      std::swap(q.families[i - 1], q.families[rng.below(i)]);
    }
    for (size_t i = q.streams.size(); i > 1; --i) {
      std::swap(q.streams[i - 1], q.streams[rng.below(i)]);
    }
    Result<Coloring> a = colorStreams(p), b = colorStreams(q);
    ASSERT_TRUE(a && b);
    std::map<std::string, uint8_t> byName;
    for (unsigned id = 0; id < p.size(); ++id) {
      byName[p.name(id)] = a->colors[id];
    }
    for (unsigned id = 0; id < q.size(); ++id) {
      EXPECT_EQ(byName[q.name(id)], b->colors[id]);
    }
  }
}
} // namespace
