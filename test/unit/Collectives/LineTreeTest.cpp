// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Collectives/CollectiveProblem.h"

#include <gtest/gtest.h>

#include <functional>

using namespace wafer;

namespace {

/// No entries and no starts: what is left are hops, ramps and words.
LineCosts bareCosts() {
  LineCosts costs;
  costs.queueWords = 8;
  return costs;
}

/// parents[x] for the cores behind the root at 0.
LineTree treeOf(const std::vector<uint32_t> &parents) {
  LineTree tree;
  tree.cores.resize(parents.size());
  for (uint32_t x = 1; x < parents.size(); ++x) {
    tree.cores[x].parent = parents[x];
    tree.cores[parents[x]].children.push_back(x);
  }
  return tree;
}

/// All pre-order trees of a length: the parent of a core is its neighbour or an
/// ancestor of that one.
void forEachTree(uint32_t cores,
                 const std::function<void(const LineTree &)> &body) {
  std::vector<uint32_t> parents(cores, 0);
  std::function<void(uint32_t)> next = [&](uint32_t x) {
    if (x == cores) {
      body(treeOf(parents));
      return;
    }
    for (uint32_t p = x - 1;; p = parents[p]) {
      parents[x] = p;
      next(x + 1);
      if (p == 0) {
        break;
      }
    }
  };
  next(1);
}

const Machine &wse2() {
  static Machine machine = *Machine::load("wse2");
  return machine;
}

} // namespace

TEST(LineTree, ChainTakesSixCyclesACore) {
  // The last of 4 words leaves core 3 in cycle 3; three cores on, 3 * 6 later
  // less the first step, it is added: 1 hop + 2 ramps of 2 + 1.
  LineTree chain = treeOf({0, 0, 1, 2});
  EXPECT_EQ(predictTree(chain, 4, bareCosts(), false), 3u + 3 * 6);
  EXPECT_EQ(chain.depth(), 3u);
  EXPECT_EQ(chain.energy(), 3u);
  ASSERT_TRUE(chain.assignColors(2));
  EXPECT_EQ(chain.numColors(), 2u);
  EXPECT_EQ(chain.numSwitched(), 0u);
}

TEST(LineTree, StarSeparatesWordsByControlWavelets) {
  // Core 1's word is there in cycle 6; 2's and 3's each two cycles later.
  LineTree star = treeOf({0, 0, 0, 0});
  EXPECT_EQ(predictTree(star, 1, bareCosts(), false), 6u + 2 * 2);
  ASSERT_TRUE(star.assignColors(1));
  EXPECT_EQ(star.numSwitched(), 1u);
  EXPECT_TRUE(star.isLastChild(3));
  EXPECT_FALSE(star.isLastChild(2));
}

TEST(LineTree, ColorsLimitTheBranching) {
  // 0 takes 1; 1 takes 2 and has 3 pass: three colors one inside the other.
  LineTree tree = treeOf({0, 0, 1, 2, 2, 1, 0});
  EXPECT_FALSE(tree.assignColors(2));
  ASSERT_TRUE(tree.assignColors(3));
  EXPECT_TRUE(bool(tree.verify()));
  EXPECT_EQ(tree.numColors(), 3u);
  EXPECT_EQ(tree.energy(), 1u + 1 + 1 + 2 + 4 + 6);
}

TEST(LineTree, VerifyFindsDamage) {
  LineTree good = treeOf({0, 0, 1, 2, 2, 1, 0});
  ASSERT_TRUE(good.assignColors(4));
  auto refuses = [&](const char *text,
                     const std::function<void(LineTree &)> &f) {
    LineTree tree = good;
    f(tree);
    Status status = tree.verify();
    ASSERT_FALSE(bool(status)) << text;
    EXPECT_NE(status.error().str().find(text), std::string::npos)
        << status.error().str();
  };
  refuses("two streams of a color meet", [](LineTree &t) {
    t.cores[1].takes = t.cores[0].takesEast;
    t.cores[2].sends = t.cores[5].sends = t.cores[1].takes;
  });
  refuses("out of order or on another color",
          [](LineTree &t) { t.cores[3].sends = 7; });
  refuses("out of order or on another color", [](LineTree &t) {
    std::swap(t.cores[0].children[0], t.cores[0].children[1]);
  });
  // Core 3's parent lies behind a subtree that has ended.
  refuses("is not in pre-order", [](LineTree &t) {
    t.cores[6].parent = 4;
    t.cores[0].children = {1};
    t.cores[4].children = {6};
  });
  refuses("each core once", [](LineTree &t) { t.cores[2].children = {3}; });
}

TEST(LineSearch, AgreesWithBruteForce) {
  for (const char *set : {"measured", "nominal", "optimistic"}) {
    LineCosts costs = LineCosts::of(wse2(), *wse2().findParameters(set));
    for (uint32_t words : {1u, 3u, 8u, 40u}) {
      for (uint32_t colors : {2u, 3u, 7u}) {
        LineSearch search(7, words, colors, costs);
        for (uint32_t cores = 2; cores <= 7; ++cores) {
          uint64_t best = ~uint64_t(0), trees = 0;
          forEachTree(cores, [&](LineTree tree) {
            ++trees;
            if (tree.assignColors(colors)) {
              best = std::min(best, predictTree(tree, words, costs, false));
            }
          });
          // Catalan numbers: 1, 2, 5, 14, 42, 132.
          EXPECT_EQ(trees,
                    std::vector<uint64_t>({0, 1, 1, 2, 5, 14, 42, 132})[cores]);
          LineTree found = search.tree(0, cores - 1, colors);
          ASSERT_TRUE(found.assignColors(colors));
          EXPECT_TRUE(bool(found.verify()));
          uint64_t cycles = predictTree(found, words, costs, false);
          EXPECT_GE(cycles, best);
          // The search charges a control wavelet that a waiting queue hides.
          EXPECT_LE(cycles, best + 2)
              << set << ", " << words << " words, " << cores << " cores, "
              << colors << " colors";
        }
      }
    }
  }
}

TEST(CollectiveProblem, SolutionsHold) {
  for (const char *name : {"wse2", "wse3", "small64"}) {
    Machine machine = *Machine::load(name);
    const ParameterSet &set = machine.parameterSets.front();
    for (CollectiveKind kind :
         {CollectiveKind::Broadcast, CollectiveKind::Reduce,
          CollectiveKind::AllReduce}) {
      for (uint32_t cores : {2u, 3u, 5u, 17u, 64u}) {
        for (uint32_t treeColors : {0u, 2u, 3u}) {
          CollectiveProblem problem{kind, cores, 6, treeColors};
          auto plan = problem.solve(machine, set);
          ASSERT_TRUE(bool(plan)) << plan.error().str();
          EXPECT_TRUE(bool(problem.verify(*plan, machine)));
          CollectiveResources need = plan->resources();
          EXPECT_EQ(need.outputQueues, 1u);
          if (treeColors && plan->reduces()) {
            EXPECT_LE(plan->tree.numColors(), treeColors);
          }
          // Never slower than with the vendor's chain.
          if (kind == CollectiveKind::Reduce) {
            CollectivePlan chain = *plan;
            chain.tree = LineTree::chains(0, cores - 1);
            LineCosts costs = LineCosts::of(machine, set);
            EXPECT_LE(problem.predict(*plan, costs),
                      problem.predict(chain, costs));
          }
        }
      }
    }
  }
}

TEST(CollectiveProblem, WhatCannotBeIsRefused) {
  const ParameterSet &set = wse2().parameterSets.front();
  auto refuses = [&](const Machine &machine, const CollectiveProblem &problem,
                     const char *text) {
    auto plan = problem.solve(machine, set);
    ASSERT_FALSE(bool(plan)) << text;
    EXPECT_NE(plan.error().str().find(text), std::string::npos)
        << plan.error().str();
  };
  refuses(wse2(), {CollectiveKind::Reduce, 1, 1, 0}, "bad shape");
  refuses(wse2(), {CollectiveKind::Reduce, 5000, 1, 0}, "bad shape");
  refuses(wse2(), {CollectiveKind::Reduce, 4, 65536, 0}, "bad shape");
  // On one color there are stars only; 20 x 4000 words are too many to count.
  refuses(wse2(), {CollectiveKind::Reduce, 21, 4000, 1}, "no tree fits");
  Machine machine = wse2();
  machine.inputQueues.reserved = 0x7f;
  refuses(machine, {CollectiveKind::AllReduce, 4, 1, 0},
          "too few input queues: expected 2 but got 1");
  machine = wse2();
  machine.switchableColors = 0;
  // Without switches chains are left.
  auto chain =
      CollectiveProblem{CollectiveKind::Reduce, 9, 1, 0}.solve(machine, set);
  ASSERT_TRUE(bool(chain)) << chain.error().str();
  EXPECT_EQ(chain->tree.depth(), 8u);
}
