// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs of the benchmarks on both engines at once.
//
#include "../Sim/PairEngine.h"

#include "wafer/Bench/Mesh.h"
#include "wafer/Bench/Programs.h"

using namespace wafer;

static void expectAgreement(Result<Image> image, const Machine &machine) {
  ASSERT_TRUE(bool(image)) << image.error().str();
  for (const ParameterSet &costs : machine.parameterSets) {
    auto engine = test::PairEngine::create(*image, machine, costs);
    ASSERT_TRUE(bool(engine)) << engine.error().str();
    // A stop in the middle, then to the end.
    EXPECT_EQ((*engine)->run({{}, 77}).kind, Outcome::Kind::CycleLimit);
    EXPECT_EQ((*engine)->run({}).kind, Outcome::Kind::Quiescent);
    for (int32_t x = 0; x < image->regions.front().rect.endX(); ++x) {
      std::vector<uint8_t> memory(machine.sramBytes);
      EXPECT_TRUE(
          bool((*engine)->peek({x, 0}, 0, memory.data(), machine.sramBytes)));
    }
  }
}

TEST(Engines, AgreeOnBenchmarks) {
  for (const char *name : {"wse2", "wse3"}) {
    Machine machine = *Machine::load(name);
    ReduceShape chain;
    chain.cores = 40;
    chain.words = 24;
    expectAgreement(buildReduce(machine, chain), machine);
    ReduceShape levels = chain;
    levels.groups = {8, 5};
    levels.everywhere = true;
    expectAgreement(buildReduce(machine, levels), machine);
    expectAgreement(buildMulticast(machine, {30, 50}), machine);
    expectAgreement(buildGemmLoop(machine, {14, 3, 5}), machine);
  }
}

/// The counters of a run on the fast engine, its end and the hops of its words.
static Counters countersOf(const Image &image, const Machine &machine,
                           const FastOptions &options, Cycle &end,
                           uint64_t &hops) {
  const ParameterSet &costs = machine.parameterSets.front();
  auto engine = Engine::createFast(image, machine, costs, options);
  EXPECT_TRUE(bool(engine));
  Outcome outcome = (*engine)->run({});
  EXPECT_EQ(outcome.kind, Outcome::Kind::Quiescent);
  end = outcome.cycle;
  hops = (*engine)->wordHops();
  return (*engine)->totalCounters();
}

// Nothing branches on a computed value in these programs, so that every cycle
// is the same whether values are computed or not, and on any number of threads.
TEST(Engines, TimingDoesNotNeedValues) {
  Machine machine = *Machine::load("wse3");
  ReduceShape levels;
  levels.cores = 40;
  levels.words = 24;
  levels.groups = {8, 5};
  levels.everywhere = true;
  std::vector<Result<Image>> images;
  images.push_back(buildReduce(machine, levels));
  images.push_back(buildMulticast(machine, {30, 50}));
  images.push_back(buildGemmLoop(machine, {14, 3, 5}));
  for (const Result<Image> &image : images) {
    ASSERT_TRUE(bool(image));
    Cycle end = 0, otherEnd = 0;
    uint64_t hops = 0, otherHops = 0;
    Counters all = countersOf(*image, machine, {}, end, hops);
    for (FastOptions options :
         {FastOptions{1, true, false}, FastOptions{2, false, true},
          FastOptions{3, true, true}}) {
      Counters other =
          countersOf(*image, machine, options, otherEnd, otherHops);
      EXPECT_EQ(all.cycles, other.cycles);
      EXPECT_EQ(end, otherEnd);
      EXPECT_EQ(hops, otherHops);
    }
  }
}

TEST(Engines, AgreeOnAMesh) {
  Machine machine = *Machine::load("wse3");
  const ParameterSet &costs = *machine.findParameters("optimistic");
  Machine square = meshMachine(machine, 24);
  // Light, and more than the last links of the lines carry.
  for (double load : {0.02, 0.18}) {
    MeshShape shape;
    shape.size = 24;
    shape.load = load;
    auto image = buildMesh(square, costs, shape);
    ASSERT_TRUE(bool(image)) << image.error().str();
    auto engine = test::PairEngine::create(*image, square, costs);
    ASSERT_TRUE(bool(engine)) << engine.error().str();
    EXPECT_EQ((*engine)->run({{}, 4000}).kind, Outcome::Kind::CycleLimit);
    // 23 x 23 senders and 4000 cycles; a word goes 12 hops in the mean.
    double expected = 23 * 23 * 4000 * load * 12;
    double hops = double((*engine)->wordHops());
    if (load < 0.1) {
      EXPECT_NEAR(hops / expected, 1, 0.1);
    } else {
      EXPECT_LT(hops, 0.9 * expected); // back-pressure
    }
  }
}

TEST(Engines, AMeshHasALeastAndAMostLoad) {
  Machine machine = *Machine::load("wse3");
  const ParameterSet &costs = *machine.findParameters("measured");
  MeshShape shape;
  for (double load : {0.0, 0.5}) {
    shape.load = load;
    auto image = buildMesh(meshMachine(machine, 64), costs, shape);
    ASSERT_FALSE(bool(image));
    EXPECT_EQ(image.error().what, "the program cannot send at this load");
  }
}
