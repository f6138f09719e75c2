// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Published timings against real programs on the reference engine; prints the
// table of docs/calibration.md. One parameter set for each machine.
//
#include "../Sim/PairEngine.h"

#include "wafer/Bench/Programs.h"
#include "wafer/Support/Half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fmt/format.h>

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
  std::unique_ptr<Engine> engine;
  uint64_t cycles = 0;

  float number(Coord core, const std::string &buffer, uint32_t index) {
    uint32_t role = 0;
    for (const Region &region : image.regions) {
      role = region.rect.contains(core) ? region.role : role;
    }
    uint32_t bits = 0;
    uint32_t at = *bufferOffset(image.roles[role], buffer) + 4 * index;
    EXPECT_TRUE(bool(engine->peek(core, at, &bits, 4)));
    return floatFromBits(bits);
  }
};

void execute(Ran &ran, Result<Image> image, const std::string &machine,
             const std::string &params) {
  ASSERT_TRUE(bool(image)) << image.error().str();
  ran.image = std::move(*image);
  const Machine &m = machineNamed(machine);
  const ParameterSet &costs = *m.findParameters(params);
  auto engine = test::PairEngine::create(ran.image, m, costs);
  ASSERT_TRUE(bool(engine)) << engine.error().str();
  ran.engine = std::move(*engine);
  Outcome outcome = ran.engine->run({});
  ASSERT_EQ(outcome.kind, Outcome::Kind::Quiescent) << outcome.detail;
  auto timed = readTimedCycles(*ran.engine, ran.image, costs);
  ASSERT_TRUE(bool(timed)) << timed.error().str();
  ran.cycles = timed->value();
}

/// One line of the table.
double line(const std::string &what, double published, double simulated) {
  double error = 100.0 * (simulated - published) / published;
  fmt::print("| {:<38} | {:>9.6g} | {:>9.6g} | {:>+6.2f} % |\n", what,
             published, simulated, error);
  return error;
}

/// Within 2 % or 20 cycles.
void expectClose(const std::string &what, double published, double simulated) {
  double error = line(what, published, simulated);
  EXPECT_TRUE(std::abs(error) <= 2.0 || std::abs(simulated - published) <= 20)
      << what;
}

} // namespace

TEST(Calibration, ReduceOnWse2) {
  struct Row {
    uint32_t group;
    double published;
  };
  constexpr uint32_t kCores = 512, kWords = 4096;
  for (Row row : {Row{0, 7218}, Row{2, 10055}, Row{4, 9421}, Row{8, 9117},
                  Row{16, 8989}, Row{32, 8973}}) {
    Ran ran;
    execute(ran, buildReduce(machineNamed("wse2"), {kCores, kWords, row.group}),
            "wse2", "nominal");
    expectClose(row.group
                    ? fmt::format("two-phase reduce, groups of {}", row.group)
                    : "chain reduce",
                row.published, double(ran.cycles));
    // 64 times 0 + 1 + ... + 7, and 512 times i mod 16.
    for (uint32_t i : {0u, 1u, 15u, 16u, 4095u}) {
      EXPECT_EQ(ran.number({0, 0}, "acc", i), 64 * 28 + 512 * float(i % 16));
    }
  }
}

TEST(Calibration, MulticastOnWse3) {
  struct Row {
    uint32_t words, receivers;
    double published;
  };
  for (Row row : {Row{16, 1, 39}, Row{16, 16, 53}, Row{16, 64, 101},
                  Row{16, 256, 293}, Row{16, 512, 549}, Row{64, 1, 93},
                  Row{64, 64, 155}, Row{256, 1, 309}, Row{256, 16, 323},
                  Row{256, 64, 371}, Row{256, 256, 563}, Row{256, 512, 819}}) {
    Ran ran;
    execute(ran,
            buildMulticast(machineNamed("wse3"), {row.receivers, row.words}),
            "wse3", "measured");
    expectClose(fmt::format("multicast of {} words to {} cores", row.words,
                            row.receivers),
                row.published, double(ran.cycles));
    uint32_t last =
        bitsOf(ran.number({int32_t(row.receivers), 0}, "data", row.words - 1));
    EXPECT_EQ(last, row.words);
  }
}

TEST(Calibration, GemmLoopOnWse2) {
  Ran small, large;
  execute(small, buildGemmLoop(machineNamed("wse2"), {8, 8, 32}), "wse2",
          "nominal");
  execute(large, buildGemmLoop(machineNamed("wse2"), {32, 32, 32}), "wse2",
          "nominal");
  line("256 fmacs of length 8", 9756, double(small.cycles));
  line("1,024 fmacs of length 32", 88795, double(large.cycles));
  // Cycles of one fmacs are intercept + slope * length.
  auto slope = [](double s, double l) {
    return (l / 1024 - s / 256) / (32 - 8);
  };
  double published = slope(9756, 88795);
  double simulated = slope(double(small.cycles), double(large.cycles));
  EXPECT_LE(std::abs(line("cycles an element", published, simulated)), 3.0);
  EXPECT_LE(
      std::abs(line("cycles a fmacs besides", 9756 / 256.0 - 8 * published,
                    double(small.cycles) / 256 - 8 * simulated)),
      3.0);
  // C = A B.
  for (uint32_t row : {0u, 3u, 7u}) {
    for (uint32_t column : {0u, 5u, 31u}) {
      float sum = 0;
      for (uint32_t k = 0; k < 8; ++k) {
        sum += float((row * 8 + k) % 7) * float((k * 32 + column) % 5);
      }
      EXPECT_EQ(small.number({0, 0}, "c", row * 32 + column), sum);
    }
  }
}
