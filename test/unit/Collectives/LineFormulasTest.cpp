// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Collectives/LineFormulas.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace wafer;

TEST(LineFormulas, AreThoseOfTheModel) {
  // 64 cores, a ramp of 2 cycles. Star: 63 + 5.
  PublishedCycles best = publishedReduce(64, 1, 2);
  EXPECT_STREQ(best.algorithm, "star");
  EXPECT_EQ(best.cycles, 68);
  // Tree of 6 levels: max(48, 8 * 64 * 6 / 126 + 63) + 5 * 6 = 117.4.
  best = publishedReduce(64, 8, 2);
  EXPECT_STREQ(best.algorithm, "tree");
  EXPECT_NEAR(best.cycles, 117.4, 0.1);
  // Two-phase: 256 + 63 + 5 * 14.
  best = publishedReduce(64, 128, 2);
  EXPECT_STREQ(best.algorithm, "two-phase");
  EXPECT_EQ(best.cycles, 389);
  // Chain: 4096 + 6 * 511.
  best = publishedReduce(512, 4096, 2);
  EXPECT_STREQ(best.algorithm, "chain");
  EXPECT_EQ(best.cycles, 7162);
  EXPECT_EQ(publishedBroadcast(64, 8, 2).cycles, 76);
  // Chain and multicast: 4096 + 18 + 4096 + 8; ring: 6144 + 10 + 30.
  best = publishedAllReduce(4, 4096, 2);
  EXPECT_STREQ(best.algorithm, "ring");
  EXPECT_EQ(best.cycles, 6184);
}

TEST(LineBounds, EnergiesOfSmallTrees) {
  LineBounds bounds(8);
  EXPECT_EQ(bounds.energy(1, 0), 0u);
  // Depth 1 is a star: 1 + 2 + ... + 7; depth 7 a chain.
  EXPECT_EQ(bounds.energy(8, 1), 28u);
  EXPECT_EQ(bounds.energy(8, 7), 7u);
  // Depth 2 of 4 cores: 1 and 2 send to 0, 3 to 2: 1 + 2 + 1.
  EXPECT_EQ(bounds.energy(4, 2), 4u);
  // Depth 3 of 8: 0 <- 1 <- 2 <- 3 and 0 <- 4 <- 5 <- 6, 7: 3 + 4 + 1 + 1 + 2.
  EXPECT_EQ(bounds.energy(8, 3), 11u);
}

TEST(LineBounds, AreThoseOfTheModel) {
  LineBounds bounds(256);
  EXPECT_NEAR(bounds.reduce(64, 1, 2), 80, 1);
  EXPECT_NEAR(bounds.reduce(64, 32, 2), 172, 1);
  EXPECT_NEAR(bounds.reduce(256, 8, 2), 314, 1);
  EXPECT_NEAR(bounds.reduce(256, 512, 2), 1345, 1);
  // One core takes 2 * 63 / 64 of 4096 words.
  EXPECT_EQ(bounds.allReduce(64, 4096, 2), 8064 + 5);
}
