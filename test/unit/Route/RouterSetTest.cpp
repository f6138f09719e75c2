// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RouteTestUtil.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {
TEST(Intervals, JoinsWhatTouches) {
  EXPECT_EQ(normalize({{4, 6}, {0, 2}, {2, 3}, {9, 9}}),
            (Intervals{{0, 3}, {4, 6}}));
  EXPECT_EQ(intersect({{0, 3}, {4, 6}}, {{2, 5}}), (Intervals{{2, 3}, {4, 5}}));
  EXPECT_TRUE(contains(Intervals{{0, 3}, {4, 6}}, 4));
  EXPECT_FALSE(contains(Intervals{{0, 3}, {4, 6}}, 3));
  EXPECT_EQ(total({{0, 3}, {4, 6}}), 5);
}

// Links 0-1, 2-3, 4-5, 6-7 touch: a chain's routers are one interval.
TEST(RouterSet, MergesTheLinksOfAChain) {
  RoutingProblem p = grid(8, 4);
  p.families.push_back(evenLinks("even", {0, 0, 8, 4}, Axis::X));
  RouterSet set = routersOf(p, 0);
  ASSERT_EQ(set.getPieces().size(), 1u);
  EXPECT_EQ(set.getPieces()[0].intervals, (Intervals{{0, 8}}));
  EXPECT_EQ(sinksOf(p, 0).columnsIn(2),
            (Intervals{{1, 2}, {3, 4}, {5, 6}, {7, 8}}));
  EXPECT_EQ(sourcesOf(p, 0).rowsIn(4), (Intervals{{0, 4}}));
}

// The two families of one chain meet in every core but the first.
TEST(RouterSet, FindsTheFirstCommonRouter) {
  RoutingProblem p = grid(8, 4);
  p.families = {evenLinks("even", {0, 0, 8, 4}, Axis::X),
                oddLinks("odd", {0, 1, 8, 3}, Axis::X)};
  EXPECT_EQ(firstCommon(routersOf(p, 0), routersOf(p, 1)), (Coord{1, 1}));
}

TEST(RouterSet, AgreesWithRoutersOneByOne) {
  Rng rng(1);
  for (unsigned round = 0; round < 200; ++round) {
    RoutingProblem p = randomProblem(rng, 6, 9, 7);
    std::vector<RouterSet> sets;
    std::vector<std::set<Coord>> byHand;
    for (unsigned id = 0; id < p.size(); ++id) {
      sets.push_back(routersOf(p, id));
      byHand.push_back(routersByHand(p, id));
      std::set<Coord> byRow, byColumn;
      for (int32_t y = 0; y < p.height; ++y) {
        for (Interval i : sets[id].columnsIn(y)) {
          for (int32_t x = i.begin; x < i.end; ++x) {
            byRow.insert({x, y});
          }
        }
      }
      for (int32_t x = 0; x < p.width; ++x) {
        for (Interval i : sets[id].rowsIn(x)) {
          for (int32_t y = i.begin; y < i.end; ++y) {
            byColumn.insert({x, y});
          }
        }
      }
      EXPECT_EQ(byRow, byHand[id]) << p.str() << p.name(id);
      EXPECT_EQ(byColumn, byHand[id]) << p.str() << p.name(id);
    }
    for (unsigned a = 0; a < p.size(); ++a) {
      for (unsigned b = 0; b < a; ++b) {
        std::vector<Coord> common;
        std::set_intersection(byHand[a].begin(), byHand[a].end(),
                              byHand[b].begin(), byHand[b].end(),
                              std::back_inserter(common));
        std::optional<Coord> first = firstCommon(sets[a], sets[b]);
        ASSERT_EQ(first.has_value(), !common.empty()) << p.str();
        if (first) {
          EXPECT_EQ(*first, common.front()) << p.str();
        }
      }
    }
  }
}

TEST(RouterSet, FindsTheBusiestRouter) {
  Rng rng(2);
  for (unsigned round = 0; round < 100; ++round) {
    RoutingProblem p = randomProblem(rng, 8, 9, 7);
    std::vector<RouterSet> sets;
    std::map<Coord, std::vector<unsigned>> load;
    for (unsigned id = 0; id < p.size(); ++id) {
      sets.push_back(routersOf(p, id));
      for (Coord c : routersByHand(p, id)) {
        load[c].push_back(id);
      }
    }
    auto worst = load.begin();
    for (auto it = load.begin(); it != load.end(); ++it) {
      if (it->second.size() > worst->second.size()) {
        worst = it;
      }
    }
    BusiestRouter busiest = busiestRouter(sets);
    EXPECT_EQ(busiest.router, worst->first) << p.str();
    EXPECT_EQ(busiest.sets, worst->second) << p.str();
  }
}
} // namespace
