// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The baselines against published figures, and against exhaustive search where
// that is possible. Means are over 20 random arrays as in the literature.
//
//===----------------------------------------------------------------------===//
#include "wafer/Remap/Tracks.h"

#include "wafer/Support/Rng.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

using namespace wafer;

namespace {

std::vector<Coord> randomDead(int32_t width, int32_t height, size_t count,
                              uint64_t seed) {
  Rng rng(seed);
  std::set<Coord> dead;
  while (dead.size() < count) {
    dead.insert({int32_t(rng.below(uint64_t(width))),
                 int32_t(rng.below(uint64_t(height)))});
  }
  return {dead.begin(), dead.end()};
}

void expectDisjointAndAlive(const ColumnRoutes &routes,
                            const std::vector<Coord> &dead, int32_t reach) {
  std::set<Coord> used(dead.begin(), dead.end());
  for (const std::vector<int32_t> &column : routes) {
    for (size_t y = 0; y < column.size(); ++y) {
      EXPECT_TRUE(used.insert({column[y], int32_t(y)}).second);
      if (y > 0 && reach > 0) {
        EXPECT_LE(std::abs(column[y] - column[y - 1]), reach);
      }
    }
  }
}

struct Harvest {
  int32_t side;
  double density;
  double columns; // published or reproduced mean
};

TEST(Tracks, GreedyColumnsHarvestAsPublished) {
  // 256 at 30 %: 82 columns (Jiang, Wu, Sun, NPC 2013).
  const Harvest table[] = {{64, 0.05, 54.2},   {64, 0.2, 33.5},
                           {128, 0.05, 110.1}, {128, 0.2, 68.4},
                           {256, 0.05, 222.8}, {256, 0.2, 136.1},
                           {256, 0.3, 81.5}};
  for (const Harvest &h : table) {
    double sum = 0;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      size_t count = size_t(h.density * h.side * h.side + 0.5);
      std::vector<Coord> dead = randomDead(h.side, h.side, count, seed * 31);
      ColumnRoutes routes = rerouteColumns(h.side, h.side, dead);
      if (seed == 1) {
        expectDisjointAndAlive(routes, dead, 1);
      }
      sum += double(routes.size());
    }
    double mean = sum / 20;
    RecordProperty("columns", std::to_string(mean));
    std::printf("greedy columns %d at %.3f: %.2f (expected %.2f)\n", h.side,
                h.density, mean, h.columns);
    // The mean of 20 arrays is itself known to half a column.
    EXPECT_NEAR(mean, h.columns, std::max(1.0, 0.01 * h.columns))
        << h.side << " at " << h.density;
  }
}

TEST(Tracks, DroppedLinesKeepTheCheaperAxis) {
  DroppedLines kept = dropLines(10, 8, {{1, 1}, {5, 1}, {7, 2}});
  EXPECT_EQ(kept.rows, 6);
  EXPECT_EQ(kept.columns, 10);
}

// All covers of few dead cores by as many paths as there are spares.
uint64_t bestCover(const std::vector<Coord> &dead, size_t index,
                   std::vector<Coord> &ends, size_t spares) {
  if (index == dead.size()) {
    return 0;
  }
  uint64_t best = UINT64_MAX / 2;
  Coord c = dead[index];
  for (size_t i = 0; i < ends.size(); ++i) {
    Coord before = ends[i];
    if (before.y < c.y) {
      ends[i] = c;
      best = std::min(best, uint64_t(std::abs(before.x - c.x)) +
                                bestCover(dead, index + 1, ends, spares));
      ends[i] = before;
    }
  }
  if (ends.size() < spares) {
    ends.push_back(c);
    best = std::min(best, bestCover(dead, index + 1, ends, spares));
    ends.pop_back();
  }
  return best;
}

TEST(Tracks, FewestLongLinks) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::vector<Coord> dead = randomDead(12, 16, 3 + seed % 5, seed);
    size_t spares = 1 + seed % 3;
    std::vector<Coord> ends;
    uint64_t best = bestCover(dead, 0, ends, spares);
    std::optional<HoleTracks> found =
        findHoleTracks(12, 16, dead, int32_t(spares));
    ASSERT_EQ(found.has_value(), best < UINT64_MAX / 2) << "seed " << seed;
    if (found) {
      EXPECT_EQ(found->longLinks, best) << "seed " << seed;
    }
  }
}

TEST(Tracks, TracksLeaveOutEveryDeadCore) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<Coord> dead = randomDead(200, 150, 30, seed);
    std::optional<HoleTracks> found = findHoleTracks(200, 150, dead, 5);
    if (!found) {
      continue;
    }
    ASSERT_EQ(found->tracks.size(), 5u);
    ColumnRoutes routes = columnsOf(*found, 200, 150);
    ASSERT_EQ(routes.size(), 195u);
    for (const std::vector<int32_t> &column : routes) {
      ASSERT_EQ(column.size(), 150u);
    }
    expectDisjointAndAlive(routes, dead, 0);
    // Where several tracks move in one step a column may shift twice.
    EXPECT_LE(countLongLinks(routes), found->longLinks);
  }
}

// A wafer of 960 x 1010 with 48 dead cores and 10 spare lines of the better
// axis: at most 951 long links on average; greedy columns leave tens of
// thousands.
TEST(Tracks, LongLinksOfAWafer) {
  double tracks = 0, greedy = 0;
  constexpr int kWafers = 40;
  for (uint64_t seed = 1; seed <= kWafers; ++seed) {
    std::vector<Coord> dead = randomDead(1010, 960, 48, seed * 7);
    std::vector<Coord> turned;
    for (Coord c : dead) {
      turned.push_back({c.y, c.x});
    }
    std::optional<HoleTracks> down = findHoleTracks(1010, 960, dead, 10);
    std::optional<HoleTracks> across = findHoleTracks(960, 1010, turned, 10);
    ASSERT_TRUE(down && across);
    tracks += double(std::min(down->longLinks, across->longLinks)) / kWafers;
    if (seed <= 4) {
      greedy += double(countLongLinks(rerouteColumns(1010, 960, dead))) / 4;
    }
  }
  std::printf("long links: tracks %.0f, greedy columns %.0f\n", tracks, greedy);
  EXPECT_LE(tracks, 951);
  EXPECT_GT(greedy, 20 * tracks);
}

} // namespace
