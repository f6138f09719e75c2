// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Partition/Partition.h"
#include "wafer/Partition/ChainGroups.h"
#include "wafer/Place/Floorplan.h"

#include <gtest/gtest.h>
#include <limits>
#include <numeric>

using namespace wafer;

namespace {

/// The range of each line, from the runs.
std::vector<std::pair<int64_t, int64_t>> expand(const Slicing &slicing) {
  std::vector<std::pair<int64_t, int64_t>> lines;
  for (const SliceRun &run : slicing.runs) {
    for (int64_t i = 0; i < run.count; ++i) {
      lines.push_back({run.begin + i * run.step, run.end + i * run.step});
    }
  }
  return lines;
}

using Lines = std::vector<std::pair<int64_t, int64_t>>;

TEST(Slicing, LongerSlicesComeFirst) {
  // 7 elements over 3 lines: 3 + 2 + 2.
  EXPECT_EQ(expand(sliceEvenly(7, 3)), (Lines{{0, 3}, {3, 5}, {5, 7}}));
}

TEST(Slicing, MoreLinesThanElementsLeavesEmptyOnes) {
  EXPECT_EQ(expand(sliceEvenly(2, 4)), (Lines{{0, 1}, {1, 2}, {2, 2}, {2, 2}}));
}

TEST(Slicing, HeadsOwnBlocksOfColumns) {
  // 2 heads of 3 pairs over 5 columns: blocks of 3 and 2 columns.
  HeadSlicing cut = sliceHeads(2, 3, 5);
  EXPECT_EQ(expand(cut.heads), (Lines{{0, 1}, {0, 1}, {0, 1}, {1, 2}, {1, 2}}));
  EXPECT_EQ(expand(cut.pairs), (Lines{{0, 1}, {1, 2}, {2, 3}, {0, 2}, {2, 3}}));
}

TEST(Slicing, FewColumnsOwnWholeHeads) {
  HeadSlicing cut = sliceHeads(4, 8, 3);
  EXPECT_EQ(expand(cut.heads), (Lines{{0, 2}, {2, 3}, {3, 4}}));
  EXPECT_EQ(expand(cut.pairs), (Lines{{0, 8}, {0, 8}, {0, 8}}));
}

TEST(Slicing, EveryHeadAndPairHasAColumn) {
  // All small cases: the products of ranges cover heads x pairs exactly, once
  // for each column that holds them.
  for (int64_t heads = 1; heads <= 5; ++heads) {
    for (int64_t pairs = 1; pairs <= 6; ++pairs) {
      for (int64_t columns = 1; columns <= 17; ++columns) {
        HeadSlicing cut = sliceHeads(heads, pairs, columns);
        Lines h = expand(cut.heads), p = expand(cut.pairs);
        ASSERT_EQ(h.size(), size_t(columns));
        ASSERT_EQ(p.size(), size_t(columns));
        std::vector<int> count(heads * pairs, 0);
        for (int64_t x = 0; x < columns; ++x) {
          for (int64_t i = h[x].first; i < h[x].second; ++i) {
            for (int64_t j = p[x].first; j < p[x].second; ++j) {
              ++count[i * pairs + j];
            }
          }
        }
        for (int n : count) {
          ASSERT_EQ(n, 1) << heads << " heads, " << pairs << " pairs, "
                          << columns << " columns";
        }
      }
    }
  }
}

TEST(Product, PlansByCost) {
  Machine machine = *Machine::load("wse2");
  const ParameterSet &set = *machine.findParameters("nominal");
  ASSERT_EQ(set.vectorStart, 6u);
  ASSERT_EQ(set.dsrLoad, 4u);
  ASSERT_EQ(set.load, 2u);
  // 13 inputs by 80 outputs of binary16, 4 a step: a multiply-add an input,
  // written out, 13 * (2 + 6 + 20), three descriptors, and the sums to
  // binary32, 6 + 8 + 40. All sums begin half a turn of the banks from the
  // weights.
  ProductPlan plan = planProduct(machine, set, 13, 80, ProductTypes::Mixed);
  EXPECT_EQ(plan.piece, 0);
  EXPECT_EQ(plan.terms, 13);
  EXPECT_EQ(plan.cycles, 364 + 12 + 54);
  EXPECT_EQ(halfSumOffset(machine), 8);
  // Rows of 16 bytes begin in the same bank.
  EXPECT_EQ(apartRow(machine, 80), 80);
  EXPECT_EQ(apartRow(machine, 13), 16);
  EXPECT_EQ(weightRow(machine, 54), 56);
  EXPECT_EQ(weightRow(machine, 13), 13); // 3 more are too many
  // 40 by 13: all products at once, 130 steps, half of which conflict; their
  // sum, 4 steps a row; 7 to binary32; a start of 14 for each.
  plan = planProduct(machine, set, 40, 13, ProductTypes::Mixed);
  EXPECT_EQ(plan.piece, 40);
  EXPECT_EQ(plan.terms, 40);
  EXPECT_EQ(plan.cycles, 3 * 14 + 195 + 160 + 7);
}

TEST(Product, WideStepsMeetAllBanks) {
  // 8 elements of binary16 are 16 bytes: every bank modulo 4.
  Machine machine = *Machine::load("wse3");
  EXPECT_EQ(halfSumOffset(machine), 0);
  EXPECT_EQ(apartRow(machine, 13), 13);
}

TEST(Product, SumsOfHalvesAreShort) {
  Machine machine = *Machine::load("wse3");
  for (const ParameterSet &set : machine.parameterSets) {
    for (int64_t inputs = 1; inputs <= 300; inputs += 7) {
      for (int64_t outputs = 1; outputs <= 300; outputs += 11) {
        ProductPlan mixed =
            planProduct(machine, set, inputs, outputs, ProductTypes::Mixed);
        ProductPlan exact =
            planProduct(machine, set, inputs, outputs, ProductTypes::Exact);
        ASSERT_LE(mixed.terms, kHalfTerms);
        ASSERT_LE(mixed.piece * outputs, kProductElements);
        ASSERT_TRUE(!mixed.terms || !mixed.piece || mixed.terms == mixed.piece);
        ASSERT_LE(mixed.cycles, exact.cycles);
        ASSERT_EQ(exact.terms, 0);
        ASSERT_EQ(
            planProduct(machine, set, inputs, outputs, ProductTypes::Single)
                .piece,
            0);
      }
    }
  }
}

PartitionProblem smallProblem(const Machine &machine) {
  PartitionProblem p;
  p.layers = 5;
  p.dim = 64;
  p.ffn = 172;
  p.heads = 8;
  p.kvHeads = 4;
  p.headDim = 8;
  p.vocab = 512;
  p.context = 512;
  p.machine = &machine;
  p.parameterSet = machine.parameterSets.front().name;
  return p;
}

TEST(StageChains, LeaveAQueueForTurns) {
  // Seven input queues: both axes on two levels; where stages turn, 7 columns
  // of each of 8 heads have 3 groups at the most, so that 140 - 8 * 6 columns
  // have their third queue free.
  Machine machine = *Machine::load("wse2");
  const ParameterSet &set = *machine.findParameters("nominal");
  ASSERT_EQ(machine.inputQueues.numUsable(), 7u);
  StageChains beside = stageChains(machine, set, 140, 92, 8, false);
  EXPECT_GT(beside.groupRows, 0);
  EXPECT_GT(beside.groupColumns, 0);
  EXPECT_EQ(beside.turnBlocks, 0);
  StageChains wide = stageChains(machine, set, 140, 92, 8, true);
  EXPECT_EQ(wide.turnBlocks, 1);
  ASSERT_GE(wide.groupColumns, beside.groupColumns);
  // 18 columns of a head.
  EXPECT_GE(140 - 8 * ((18 + wide.groupColumns - 1) / wide.groupColumns), 92);
  // More rows than columns: two blocks, rows on one level.
  StageChains narrow = stageChains(machine, set, 140, 142, 8, true);
  EXPECT_EQ(narrow.turnBlocks, 2);
  EXPECT_EQ(narrow.groupColumns, 0);
  EXPECT_EQ(narrow.groupRows,
            stageChains(machine, set, 140, 142, 8, false).groupRows);
  EXPECT_EQ(stageChains(machine, set, 140, 420, 8, true).turnBlocks, 3);
  EXPECT_EQ(stageChains(machine, set, 140, 421, 8, true).turnBlocks, 0);
  // Six input queues: columns on one level too.
  Machine small = *Machine::load("wse3");
  const ParameterSet &its = *small.findParameters("nominal");
  ASSERT_EQ(small.inputQueues.numUsable(), 6u);
  EXPECT_GT(stageChains(small, its, 140, 142, 8, false).groupRows, 0);
  StageChains both = stageChains(small, its, 140, 142, 8, true);
  EXPECT_EQ(both.groupRows, 0);
  EXPECT_EQ(both.groupColumns, 0);
  EXPECT_EQ(both.turnBlocks, 2);
}

TEST(Partition, CoversAllLayersInOrder) {
  Machine machine = *Machine::load("wse3");
  PartitionProblem problem = smallProblem(machine);
  problem.stages = 3;
  Result<PartitionPlan> plan = partition(problem);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  // 5 layers in 3 stages: 2 + 2 + 1.
  ASSERT_EQ(plan->layers.size(), 3u);
  EXPECT_EQ(plan->layers[0].numLayers, 2);
  EXPECT_EQ(plan->layers[1].firstLayer, 2);
  EXPECT_EQ(plan->layers[2].firstLayer, 4);
  EXPECT_EQ(plan->layers[2].numLayers, 1);
  EXPECT_TRUE(bool(plan->verify(problem)));
}

TEST(Partition, KeepsTheRegionThatTheUserFixed) {
  Machine machine = *Machine::load("wse2");
  PartitionProblem problem = smallProblem(machine);
  problem.region = {13, 11};
  Result<PartitionPlan> plan = partition(problem);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  EXPECT_EQ(plan->chosen.width, 13);
  EXPECT_EQ(plan->chosen.height, 11);
}

TEST(Partition, KeepsTheHeadThatAPartIsGiven) {
  Machine machine = *Machine::load("wse2");
  PartitionProblem problem = smallProblem(machine);
  problem.region = {13, 11};
  int64_t chosen = partition(problem)->chosen.headColumns;
  problem.headColumns = chosen + 3;
  Result<PartitionPlan> plan = partition(problem);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  EXPECT_EQ(plan->chosen.headColumns, chosen + 3);
  EXPECT_EQ(plan->head.rect.w, chosen + 3);
  problem.headColumns = 0;
  EXPECT_FALSE(bool(partition(problem)));
}

TEST(TokensPerPass, ShareStartsAndHops) {
  Machine machine = *Machine::load("wse2");
  PartitionProblem problem = smallProblem(machine);
  int64_t lastCycles = 0, lastBytes = 0;
  for (int64_t tokens : {2, 4, 8, 16, 32}) {
    problem.tokens = tokens;
    int64_t cycles = estimateLayerCycles(problem, 20, 16);
    int64_t bytes = estimateLayerSram(problem, 20, 16, 1).total();
    if (lastCycles) {
      // Twice the tokens: more of everything, but not twice the cycles.
      EXPECT_GT(cycles, lastCycles);
      EXPECT_LT(cycles, 2 * lastCycles);
      EXPECT_GT(bytes, lastBytes);
    }
    lastCycles = cycles;
    lastBytes = bytes;
  }
}

TEST(TokensPerPass, AtMostAsManyAsThereArePositions) {
  Machine machine = *Machine::load("wse2");
  PartitionProblem problem = smallProblem(machine);
  for (int64_t tokens :
       {int64_t(0), int64_t(-1), int64_t(65), problem.context + 1}) {
    problem.tokens = tokens;
    EXPECT_FALSE(bool(problem.check())) << tokens;
  }
  problem.tokens = std::min<int64_t>(64, problem.context);
  EXPECT_TRUE(bool(problem.check()));
}

TEST(Partition, RefusesWithDemandSupplyAndConsumers) {
  Machine machine = *Machine::load("wse3");
  PartitionProblem problem = smallProblem(machine);
  problem.region = {1, 1};
  Result<PartitionPlan> plan = partition(problem);
  ASSERT_FALSE(bool(plan));
  EXPECT_NE(plan.error().str().find("bytes of SRAM in a core"),
            std::string::npos);
  EXPECT_NE(plan.error().str().find("weights"), std::string::npos);
}

// Two wide stages on a machine that holds one beside the other or one above it:
// what is handed over beyond a stage beside is the turn, and only with shelves.
TEST(Partition, TurnsCostMoreThanHandOversBeside) {
  Machine machine = *Machine::load("wse2");
  PartitionProblem problem = smallProblem(machine);
  problem.layers = 4;
  problem.stages = 2;
  problem.region = {300, 11};
  Result<PartitionPlan> beside = partition(problem);
  ASSERT_TRUE(bool(beside)) << beside.error().str();
  EXPECT_EQ(beside->chosen.shelves, 1);
  EXPECT_EQ(beside->chosen.turnCycles, 0);
  // 300 columns, 6 of the 64 words in each row, the header of 6, and 20.
  int64_t handOver = estimateHandOverCycles(problem, 300, 11);
  EXPECT_EQ(handOver, 300 + 6 + 6 + 20);
  problem.region = {500, 11};
  Result<PartitionPlan> below = partition(problem);
  ASSERT_TRUE(bool(below)) << below.error().str();
  const PartitionCandidate &c = below->chosen;
  EXPECT_EQ(c.shelves, 2);
  EXPECT_GT(c.turnCycles, 0);
  // Embedding, two stages and head: three hand-overs, of which one turns.
  EXPECT_GE(c.handOverCycles,
            3 * estimateHandOverCycles(problem, 500, 11) + c.turnCycles);
  EXPECT_EQ(c.slowestStageCycles, 2 * c.cyclesPerLayer + c.turnCycles +
                                      estimateHandOverCycles(problem, 500, 11));
}

TEST(Partition, BrokenPlansAreFound) {
  Machine machine = *Machine::load("wse3");
  PartitionProblem problem = smallProblem(machine);
  PartitionPlan plan = *partition(problem);
  PartitionPlan gap = plan;
  gap.layers[0].firstLayer = 1;
  EXPECT_FALSE(bool(gap.verify(problem)));
  PartitionPlan uneven = plan;
  uneven.head.rect.h += 1;
  EXPECT_FALSE(bool(uneven.verify(problem)));
  PartitionPlan wide = plan;
  wide.embed.rect.w = machine.width();
  EXPECT_FALSE(bool(wide.verify(problem)));
}

TEST(Floorplan, OneShelfFromWestToEast) {
  Machine machine = *Machine::load("wse3");
  FloorplanProblem problem;
  problem.machine = &machine;
  problem.blocks = {
      {"loop", 1, 1, true}, {"a", 4, 30, false}, {"b", 5, 30, false}};
  Result<Floorplan> plan = placeInShelves(problem);
  ASSERT_TRUE(bool(plan)) << plan.error().str();
  EXPECT_EQ(plan->rects[0].x, 0);
  EXPECT_EQ(plan->rects[1].x, 1);
  EXPECT_EQ(plan->rects[2].x, 5);
  EXPECT_TRUE(machine.host.isChannelRow(plan->rects[0].y));
  Floorplan overlapping = *plan;
  overlapping.rects[2].x = 4;
  EXPECT_FALSE(bool(overlapping.verify(problem)));
}

TEST(Floorplan, TooWideIsRefused) {
  Machine machine = *Machine::load("test8");
  FloorplanProblem problem;
  problem.machine = &machine;
  problem.blocks = {{"a", 5, 2, false}, {"b", 5, 2, false}};
  Result<Floorplan> plan = placeInShelves(problem);
  ASSERT_FALSE(bool(plan));
  EXPECT_NE(plan.error().str().find("10x2"), std::string::npos);
}

TEST(Floorplan, SnakeTurnsUnderItsPredecessor) {
  // Columns 1 to 10: a b c | d under c, then westwards e, head.
  //   . a a b b b c c c .
  //   . h h e e e d d d .
  SnakeProblem problem;
  problem.columns = 10;
  problem.firstColumn = 1;
  problem.maxShelves = 3;
  problem.blocks = {{2, false}, {3, true}, {3, true},
                    {3, true},  {3, true}, {2, false}};
  std::optional<Snake> snake = laySnake(problem);
  ASSERT_TRUE(snake.has_value());
  EXPECT_EQ(snake->shelves, 2);
  EXPECT_EQ(snake->places[2].x, 6);
  EXPECT_EQ(snake->places[3].shelf, 1);
  EXPECT_EQ(snake->places[3].x, 6);
  EXPECT_EQ(snake->places[4].x, 3);
  EXPECT_EQ(snake->places[5].x, 1);
  EXPECT_EQ(snake->room, 0);
  // A head one column wider has no place behind e, and eastwards neither.
  problem.blocks.back().width = 3;
  EXPECT_FALSE(laySnake(problem).has_value());
  // With c and d apart the third shelf goes east from b's columns.
  //   . a a b b b . .  .  .  .  .
  //   . . . c c c . .  .  .  .  .
  //   . . . d d d h h  h  .  .  .
  problem.columns = 12;
  problem.firstColumn = 1;
  problem.blocks = {{2, false}, {3, true}, {3, true}, {3, true}, {7, false}};
  snake = laySnake(problem);
  EXPECT_FALSE(snake.has_value());
  problem.blocks.back().width = 6;
  snake = laySnake(problem);
  ASSERT_TRUE(snake.has_value());
  EXPECT_EQ(snake->shelves, 3);
  EXPECT_EQ(snake->places[3].x, 3);
  EXPECT_EQ(snake->room, 0);
  // In the last shelf d may begin a column farther west.
  problem.blocks[3].mayShift = 1;
  problem.blocks.back().width = 7;
  snake = laySnake(problem);
  ASSERT_TRUE(snake.has_value());
  EXPECT_EQ(snake->places[2].x, 3);
  EXPECT_EQ(snake->places[3].x, 2);
  EXPECT_EQ(snake->room, 0);
  // With d far enough east two shelves do, in which it goes no farther than the
  // last column.
  problem.blocks[3].mayShift = 9;
  problem.blocks.back().width = 8;
  snake = laySnake(problem);
  ASSERT_TRUE(snake.has_value());
  EXPECT_EQ(snake->shelves, 2);
  EXPECT_EQ(snake->places[3].x, 9);
}

TEST(Floorplan, SnakeAgreesWithBruteForce) {
  // All ways to begin shelves for all small sequences, against the search.
  for (int32_t columns = 3; columns <= 9; ++columns) {
    for (int32_t width = 1; width <= 4; ++width) {
      for (int32_t side = 1; side <= 4; ++side) {
        for (int32_t trial = 0; trial < 3 * 6; ++trial) {
          int32_t n = 1 + trial % 6, shift = trial / 6;
          SnakeProblem problem;
          problem.columns = columns;
          problem.firstColumn = 1;
          problem.maxShelves = 4;
          problem.blocks.push_back({side, false});
          for (int32_t i = 0; i < n; ++i) {
            problem.blocks.push_back({width, i > 0, shift});
          }
          problem.blocks.push_back({side, false});
          int32_t least = 99;
          for (uint32_t turns = 0; turns < (1u << n); turns += 2) {
            int32_t shelf = 0, edge = 1, last = 0;
            for (uint32_t rest = turns; rest; rest &= rest - 1) {
              ++last;
            }
            bool fits = true;
            for (int32_t i = 0; i < n + 2; ++i) {
              int32_t w = problem.blocks[size_t(i)].width;
              if (i > 1 && i <= n && ((turns >> (i - 1)) & 1u)) {
                edge = shelf % 2 == 0 ? edge : edge + w;
                ++shelf;
                edge = shelf % 2 == 0 ? edge - w : edge;
                if (shelf == last) {
                  edge = shelf % 2 == 0 ? std::max(1, edge - shift)
                                        : std::min(columns, edge + shift);
                }
              }
              edge += shelf % 2 == 0 ? w : -w;
              fits &= edge >= 1 && edge <= columns;
            }
            least = fits ? std::min(least, shelf + 1) : least;
          }
          std::optional<Snake> snake = laySnake(problem);
          ASSERT_EQ(snake ? snake->shelves : 99, least > 4 ? 99 : least)
              << columns << " " << width << " " << side << " " << n << " "
              << shift;
        }
      }
    }
  }
}

} // namespace

TEST(ChainGroups, GrowsWhileNothingWaits) {
  // Collectors begin 20 cycles behind their group; 6 a member, 5 a link. 4 are
  // sent at 24; (24 + 5 - 20) / 5 < 4, so 4 again, sent at 24 + 20 = 44 (24 + 4
  // + 5 = 33 is less); (44 - 15) / 5 = 5, sent at max(44 + 10, 30 + 20) =
  // 54; 7.
  GroupGrowth growth;
  growth.first = 4;
  growth.start = 20;
  using Sizes = std::vector<int64_t>;
  EXPECT_EQ(growth.sizes({20}), (Sizes{4, 4, 5, 7}));
  EXPECT_EQ(growth.cycles({4, 4, 5, 7}), 66);
  // No group crosses the end of a run: 2 are left of the first one, sent at 51,
  // so 7 may follow, and the 3 behind them are not worth a group.
  EXPECT_EQ(growth.sizes({10, 10}), (Sizes{4, 4, 2, 10}));
  growth.most = 4;
  EXPECT_EQ(growth.sizes({20}), (Sizes{4, 4, 4, 4, 4}));
}

TEST(ChainGroups, IsCloseToTheBestOfAllCuts) {
  for (int64_t start : {0, 10, 40}) {
    for (int lines = 1; lines <= 15; ++lines) {
      GroupGrowth growth;
      growth.start = start;
      int64_t best = std::numeric_limits<int64_t>::max();
      for (unsigned cuts = 0; cuts < (1u << (lines - 1)); ++cuts) {
        std::vector<int64_t> sizes = {1};
        for (int i = 0; i + 1 < lines; ++i) {
          if (cuts >> i & 1) {
            sizes.push_back(1);
          } else {
            ++sizes.back();
          }
        }
        best = std::min(best, growth.cycles(sizes));
      }
      int64_t found = std::numeric_limits<int64_t>::max();
      for (growth.first = 1; growth.first <= lines; ++growth.first) {
        std::vector<int64_t> sizes = growth.sizes({lines});
        EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), int64_t(0)),
                  lines);
        found = std::min(found, growth.cycles(sizes));
      }
      EXPECT_LE(found, best + 7) << lines << " lines, start " << start;
    }
  }
}
