// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Published timings against real programs on the reference engine, and that
// these programs compute what they say.
//
#include "wafer/Bench/Calibration.h"
#include "wafer/Support/Half.h"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <map>

using namespace wafer;

namespace {

const Machine &machineNamed(const std::string &name) {
  static std::map<std::string, Machine> machines;
  auto it = machines.find(name);
  if (it == machines.end()) {
    Result<Machine> loaded = Machine::load(name);
    EXPECT_TRUE(bool(loaded)) << loaded.error().str();
    it = machines.emplace(name, *loaded).first;
  }
  return it->second;
}

/// A program that has run.
struct Ran {
  Image image;
  BenchRun run;

  float number(Coord core, const std::string &buffer, uint32_t index) {
    uint32_t role = 0;
    for (const Region &region : image.regions) {
      role = region.rect.contains(core) ? region.role : role;
    }
    uint32_t bits = 0;
    uint32_t at = *bufferOffset(image.roles[role], buffer) + 4 * index;
    EXPECT_TRUE(bool(run.engine->peek(core, at, &bits, 4)));
    return floatFromBits(bits);
  }
};

void execute(Ran &ran, Result<Image> image, const std::string &machine,
             const std::string &params) {
  ASSERT_TRUE(bool(image)) << image.error().str();
  ran.image = std::move(*image);
  const Machine &m = machineNamed(machine);
  auto run = runProgram(ran.image, m, *m.findParameters(params));
  ASSERT_TRUE(bool(run)) << run.error().str();
  ran.run = std::move(*run);
}

/// Sum over the cores of float(x % 8 + i % 16).
float sumOf(uint32_t cores, uint32_t i) {
  float sum = 0;
  for (uint32_t x = 0; x < cores; ++x) {
    sum += float(x % 8 + i % 16);
  }
  return sum;
}

} // namespace

TEST(Calibration, LinesHold) {
  auto lines = runCalibration();
  ASSERT_TRUE(bool(lines)) << lines.error().str();
  unsigned judged = 0;
  for (const CalibrationLine &line : *lines) {
    fmt::print("| {:<60} | {:>9.6g} | {:>9.6g} | {:>+6.2f} % |\n", line.kernel,
               line.published, line.simulated, line.percent());
    EXPECT_TRUE(line.holds()) << line.kernel;
    judged += line.isReportOnly() ? 0 : 1;
  }
  EXPECT_EQ(judged, 22u);
}

TEST(Calibration, LinesAreJudged) {
  CalibrationLine line;
  line.published = 1000;
  line.simulated = 1030;
  EXPECT_TRUE(line.holds()); // a report only
  line.percentAllowed = 2;
  EXPECT_FALSE(line.holds());
  line.cyclesAllowed = 30;
  EXPECT_TRUE(line.holds());
  line.cyclesAllowed = 20;
  line.simulated = 985;
  EXPECT_TRUE(line.holds());
}

TEST(Programs, ReductionsAddUp) {
  // One to three levels, groups that do not divide the cores, a level of
  // single cores; sums in the root, or everywhere.
  const ReduceShape shapes[] = {
      {2, 1, {}, false},         {7, 5, {}, false},
      {13, 3, {4, 4}, false},    {27, 2, {3, 3, 3}, false},
      {30, 4, {1, 5, 6}, false}, {2, 1, {}, true},
      {3, 2, {}, true},          {13, 3, {4, 4}, true},
      {64, 9, {8, 8}, true}};
  for (const ReduceShape &shape : shapes) {
    Ran ran;
    execute(ran, buildReduce(machineNamed("wse3"), shape), "wse3", "measured");
    uint32_t root = rootOf(shape);
    EXPECT_EQ(root == 0, !shape.everywhere);
    for (uint32_t x = 0; x < shape.cores; ++x) {
      for (uint32_t i = 0; i < shape.words; ++i) {
        if (x == root || shape.everywhere) {
          EXPECT_EQ(ran.number({int32_t(x), 0}, "acc", i),
                    sumOf(shape.cores, i))
              << shape.cores << " cores, core " << x << ", word " << i;
        }
      }
    }
  }
}

TEST(Programs, ReductionsThatDoNotFit) {
  const Machine &m = machineNamed("wse3");
  // 3 x 3 cores of groups do not hold 10.
  EXPECT_FALSE(bool(buildReduce(m, {10, 1, {3, 3}, false})));
  EXPECT_FALSE(bool(buildReduce(m, {1, 1, {}, false})));
  EXPECT_FALSE(bool(buildReduce(m, {4, 65536, {}, false})));
  // Three levels with collectors in the middle: the root hears six sides, and
  // wse3 has six queues, one of which is for what passes by and one for the
  // sums.
  auto error = buildReduce(m, {64, 1, {4, 4, 4}, true});
  ASSERT_FALSE(bool(error));
  EXPECT_NE(error.error().str().find("too few input queues"),
            std::string::npos);
}

TEST(Programs, ChosenGroupsAreTheBestOfAll) {
  const Machine &m = machineNamed("wse2");
  const ParameterSet &costs = *m.findParameters("nominal");
  for (uint32_t words : {1u, 16u, 4096u}) {
    ReduceShape shape{64, words, {}, false};
    std::vector<uint32_t> chosen = chooseGroups(m, costs, shape, 1, 2);
    ASSERT_FALSE(chosen.empty());
    shape.groups = chosen;
    uint64_t best = predictReduce(m, costs, shape);
    for (uint32_t group = 1; group <= 64; ++group) {
      shape.groups = {group, (64 + group - 1) / group};
      EXPECT_LE(best, predictReduce(m, costs, shape)) << group;
    }
    EXPECT_EQ(chosen.size(), words == 4096 ? 1u : 2u);
  }
}

TEST(Programs, PredictionsAreClose) {
  const Machine &m = machineNamed("wse3");
  const ParameterSet &costs = *m.findParameters("measured");
  for (const ReduceShape &shape :
       {ReduceShape{64, 8, {}, false}, ReduceShape{100, 32, {10, 10}, false},
        ReduceShape{125, 16, {5, 5, 5}, false}}) {
    Ran ran;
    execute(ran, buildReduce(m, shape), "wse3", "measured");
    double predicted = double(predictReduce(m, costs, shape));
    EXPECT_NEAR(predicted / double(ran.run.cycles), 1, 0.1) << shape.cores;
  }
}

TEST(Programs, MulticastArrives) {
  Ran ran;
  execute(ran, buildMulticast(machineNamed("wse3"), {64, 16}), "wse3",
          "measured");
  for (int32_t x : {1, 63, 64}) {
    EXPECT_EQ(bitsOf(ran.number({x, 0}, "data", 15)), 16u);
  }
}

TEST(Programs, GemmLoopMultiplies) {
  Ran ran;
  execute(ran, buildGemmLoop(machineNamed("wse2"), {8, 8, 32}), "wse2",
          "nominal");
  for (uint32_t row : {0u, 3u, 7u}) {
    for (uint32_t column : {0u, 5u, 31u}) {
      float sum = 0;
      for (uint32_t k = 0; k < 8; ++k) {
        sum += float((row * 8 + k) % 7) * float((k * 32 + column) % 5);
      }
      EXPECT_EQ(ran.number({0, 0}, "c", row * 32 + column), sum);
    }
  }
}

TEST(Programs, WordTasksStoreEveryWord) {
  Ran ran;
  execute(ran, buildWordTask(machineNamed("wse3"), 5), "wse3", "measured");
  const ParameterSet &costs = *machineNamed("wse3").findParameters("measured");
  // Four more tasks: start, clock, store, branch, addition, store, end.
  uint64_t task = costs.taskStart + costs.readClock + 2 * costs.store +
                  costs.branch + costs.alu + 1;
  EXPECT_EQ(ran.run.cycles, 4 * task - costs.readClock);
}
