// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hole tracks against all ways to lay them: what is found is sound and not much
// dearer than the best, and what is not found does not exist but for a few.
//
//===----------------------------------------------------------------------===//
#include "../../../lib/Remap/TrackCover.h"

#include "wafer/Support/Rng.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

using namespace wafer;
using namespace wafer::remap;

namespace {

/// Places of a line that are holes, as bits.
using Holes = uint32_t;

std::vector<int32_t> placesOf(Holes holes) {
  std::vector<int32_t> list;
  for (int32_t place = 0; place < 32; ++place) {
    if ((holes >> place) & 1u) {
      list.push_back(place);
    }
  }
  return list;
}

/// The least moves of exactly `tracks` tracks by trying all of them, line by
/// line; -1 where there are none.
int32_t leastMoves(const TrackCoverProblem &problem, int32_t tracks) {
  std::map<Holes, int32_t> before;
  for (int32_t line = 0; line < problem.lines; ++line) {
    Holes dead = 0;
    for (const TrackPoint &p : problem.points) {
      dead |= p.line == line ? Holes(1) << p.place : 0;
    }
    std::map<Holes, int32_t> now;
    for (Holes holes = 0; holes < Holes(1) << problem.places; ++holes) {
      if (__builtin_popcount(holes) != tracks || (holes & dead) != dead) {
        continue;
      }
      if (line == 0) {
        now[holes] = 0;
        continue;
      }
      std::vector<int32_t> here = placesOf(holes);
      for (const auto &[other, moves] : before) {
        std::vector<int32_t> there = placesOf(other);
        int32_t sum = moves, most = 0;
        for (size_t t = 0; t < here.size(); ++t) {
          sum += std::abs(here[t] - there[t]);
          most = std::max(most, std::abs(here[t] - there[t]));
        }
        bool isSound = most <= (problem.mayMove[size_t(line - 1)] ? 1 : 0);
        if (isSound && (!now.count(holes) || sum < now[holes])) {
          now[holes] = sum;
        }
      }
    }
    before = std::move(now);
  }
  int32_t least = -1;
  for (const auto &[holes, moves] : before) {
    least = least < 0 ? moves : std::min(least, moves);
  }
  return least;
}

int32_t movesOf(const TrackCoverProblem &problem, const TrackCover &cover) {
  int32_t moves = 0;
  for (size_t t = 0; t < cover.tracks.size(); ++t) {
    const std::vector<int32_t> &track = cover.tracks[t];
    for (size_t line = 0; line < track.size(); ++line) {
      EXPECT_GE(track[line], t == 0 ? 0 : cover.tracks[t - 1][line] + 1);
      EXPECT_LT(track[line], problem.places);
      if (line > 0) {
        int32_t way = std::abs(track[line] - track[line - 1]);
        EXPECT_LE(way, problem.mayMove[line - 1] ? 1 : 0);
        moves += way;
      }
    }
  }
  for (const TrackPoint &p : problem.points) {
    bool covered = false;
    for (const std::vector<int32_t> &track : cover.tracks) {
      covered |= track[size_t(p.line)] == p.place;
    }
    EXPECT_TRUE(covered) << p.line << "," << p.place;
  }
  return moves;
}

TEST(TrackCover, AgainstAllTracks) {
  unsigned possible = 0, found = 0;
  int64_t moves = 0, least = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    TrackCoverProblem problem;
    problem.lines = 7;
    problem.places = 8;
    problem.mostTracks = int32_t(1 + seed % 3);
    for (int32_t line = 0; line < problem.lines; ++line) {
      problem.mayMove.push_back(rng.below(6) != 0);
      for (int32_t place = 0; place < problem.places; ++place) {
        if (rng.below(100) < 4 + seed % 8) {
          problem.points.push_back({line, place});
        }
      }
    }
    TrackCover cover = coverWithTracks(problem);
    int32_t best = leastMoves(problem, problem.mostTracks);
    if (cover.blockedLine < 0) {
      ASSERT_GE(best, 0) << "seed " << seed;
      ASSERT_LE(int32_t(cover.tracks.size()), problem.mostTracks);
      int32_t own = movesOf(problem, cover);
      EXPECT_GE(own, best);
      moves += own;
      least += best;
      ++found;
    }
    possible += best >= 0;
  }
  std::printf("found %u of %u covers, with %lld moves; the least is %lld\n",
              found, possible, (long long)moves, (long long)least);
  EXPECT_GT(possible, 150u);
  EXPECT_GE(found * 100, possible * 90);
  EXPECT_LE(moves * 100, least * 150);
}

} // namespace
