// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Machines with spare columns: the hardware leaves tiles out, its links reach
// one column up or down, and the program sees a full grid.
//
//===----------------------------------------------------------------------===//
#include "Program.h"

#include "wafer/Defects/Sample.h"
#include "wafer/Image/DeadParts.h"
#include "wafer/Remap/Remap.h"
#include "wafer/Sim/Engine.h"
#include "wafer/Verify/Verify.h"

#include <cstdlib>

using namespace wafer;
using namespace wafer::test;

namespace {

Machine spare8(unsigned spares) {
  Result<Machine> machine = Machine::fromJson(
      R"({"base": "test8", "name": "test8", "redundancy": {"kind": )"
      R"("row-shift", "spareColumns": )" +
          std::to_string(spares) + R"(, "bypassCycles": 1}})",
      "spare8");
  EXPECT_TRUE(bool(machine)) << machine.error().str();
  return *machine;
}

DefectMap on(const Machine &machine, const std::string &lists) {
  Result<DefectMap> map = DefectMap::fromJson(
      R"({"machine": "test8", )" + lists + "}", machine, "defects");
  EXPECT_TRUE(bool(map)) << map.error().str();
  return std::move(*map);
}

/// Links of the usable rectangle reach one column, and nothing that the
/// program uses is dead.
void expectSound(const Machine &machine, const LogicalMap &map,
                 int32_t height) {
  BypassTable table(map.bypassed, machine);
  DeadParts dead(map, machine);
  for (int32_t y = 0; y < height; ++y) {
    for (int32_t x = 0; x < machine.width(); ++x) {
      Coord tile = table.tileOf({x, y});
      EXPECT_EQ(table.placeOf(tile).value_or(Coord{-1, -1}), (Coord{x, y}));
      if (x < 5) {
        EXPECT_FALSE(dead.core({x, y})) << x << "," << y;
        EXPECT_FALSE(dead.router({x, y}));
      }
      if (x < 5 && y + 1 < height) {
        EXPECT_LE(std::abs(table.tileOf({x, y + 1}).x - tile.x), 1);
      }
    }
  }
}

TEST(Bypass, ShiftsARow) {
  Machine machine = spare8(2);
  BypassTable table({{1, 0}, {2, 0}, {3, 1}}, machine);
  EXPECT_EQ(table.tileOf({0, 0}), (Coord{0, 0}));
  EXPECT_EQ(table.tileOf({1, 0}), (Coord{3, 0}));
  EXPECT_EQ(table.tileOf({3, 1}), (Coord{4, 1}));
  EXPECT_EQ(table.jumpOf({0, 0}, Port::East), 2);
  EXPECT_EQ(table.jumpOf({1, 0}, Port::South), 2);
  EXPECT_FALSE(table.placeOf({2, 0}));
}

TEST(Bypass, HealthyTilesForTheReachOfLinks) {
  Image image = program();
  Machine machine = spare8(3);
  // Three dead neighbours in row 1: rows 0 and 2 shift by two there.
  DefectMap map = on(machine, R"("cores": [[2,1],[3,1],[4,1]])");
  Result<Remapped> result =
      remapProgram(Footprint(image, machine), machine, map);
  ASSERT_TRUE(bool(result)) << result.error().str();
  EXPECT_GE(result->cost.tilesBypassed, 3u + 2u + 2u);
  expectSound(machine, result->map, 3);
}

TEST(Bypass, RandomMaps) {
  Image image = program();
  Machine machine = spare8(4);
  image.machine = machine.toJson();
  Footprint footprint(image, machine);
  unsigned mapped = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SampleOptions options;
    options.kind = DefectKind(seed % 4);
    options.count = uint32_t(seed % 12);
    options.clustered = seed % 2;
    options.seed = seed;
    Result<DefectMap> map = sampleDefects(machine, options);
    ASSERT_TRUE(bool(map));
    RemapOptions hardware;
    hardware.useMesh = false;
    Result<Remapped> result = remapProgram(footprint, machine, *map, hardware);
    if (!result) {
      EXPECT_NE(result.error().str().find("more defects than spare tiles"),
                std::string::npos);
      continue;
    }
    ++mapped;
    expectSound(machine, result->map, 3);
    image.map = result->map;
    Status sound = validate(image, machine);
    ASSERT_TRUE(bool(sound)) << sound.error().str();
    EXPECT_TRUE(verify(image, machine).holds()) << map->toJson();
  }
  EXPECT_GT(mapped, 120u);
}

TEST(Bypass, TooFewSpares) {
  Image image = program();
  Machine machine = spare8(1);
  Footprint footprint(image, machine);
  DefectMap map = on(machine, R"("cores": [[2,1],[3,1]])");
  RemapOptions options;
  options.useMesh = false;
  Result<Remapped> result = remapProgram(footprint, machine, map, options);
  ASSERT_FALSE(bool(result));
  EXPECT_NE(
      result.error().str().find("row 1 has more defects than spare tiles"),
      std::string::npos)
      << result.error().str();
  // The compiler goes round them where the hardware cannot.
  result = remapProgram(footprint, machine, map);
  ASSERT_TRUE(bool(result));
  EXPECT_TRUE(result->map.bypassed.empty());
  // Neither can: both reasons.
  std::string wall = "\"tiles\": [";
  for (int y = 0; y < 8; ++y) {
    wall += (y ? ",[3," : "[3,") + std::to_string(y) + "],[5," +
            std::to_string(y) + "]";
  }
  result = remapProgram(footprint, machine, on(machine, wall + "]"));
  ASSERT_FALSE(bool(result));
  EXPECT_NE(
      result.error().str().find("row 0 has more defects than spare tiles"),
      std::string::npos)
      << result.error().str();
  EXPECT_NE(result.error().str().find("the program cannot go round dead tile"),
            std::string::npos);
}

// Longer links cost their cycles on both engines.
TEST(Bypass, LongerLinksTakeTime) {
  Image image = program();
  Machine machine = spare8(1);
  image.machine = machine.toJson();
  const ParameterSet &costs = machine.parameterSets.front();
  auto cyclesOf = [&](bool fast) {
    auto engine = fast ? Engine::createFast(image, machine, costs)
                       : Engine::createReference(image, machine, costs);
    EXPECT_TRUE(bool(engine)) << engine.error().str();
    (*engine)->push(0, {1, 2, 3, 4});
    Outcome outcome = (*engine)->run({});
    EXPECT_EQ(outcome.kind, Outcome::Kind::Quiescent) << outcome.detail;
    uint32_t last = 0;
    EXPECT_TRUE(bool((*engine)->peek({4, 2}, 108, &last, 4)));
    EXPECT_EQ(last, 4u);
    return outcome.cycle;
  };
  Cycle before = cyclesOf(false);
  image.map.bypassed = {{2, 0}};
  // One jump along the row, and one back in the column that ends last.
  EXPECT_EQ(cyclesOf(false), before + 2);
  EXPECT_EQ(cyclesOf(true), before + 2);
}

} // namespace
