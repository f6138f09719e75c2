// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A mapped program runs on both engines as the map says: the words arrive,
// lines that are skipped cost hops, and what enters something dead is a fault.
//
//===----------------------------------------------------------------------===//
#include "Program.h"

#include "wafer/Image/ImageFile.h"
#include "wafer/Image/PhysicalImage.h"
#include "wafer/Remap/Remap.h"
#include "wafer/Sim/Engine.h"
#include "wafer/Verify/Verify.h"

using namespace wafer;
using namespace wafer::test;

namespace {

struct Ending {
  Outcome outcome;
  Cycle back = 0;
  uint64_t hops = 0;
  std::vector<std::vector<uint32_t>> data;
};

Ending runOn(bool fast, const Image &image) {
  Machine machine = test8();
  const ParameterSet &costs = machine.parameterSets.front();
  auto engine = fast ? Engine::createFast(image, machine, costs)
                     : Engine::createReference(image, machine, costs);
  Ending run;
  if (!engine) {
    run.outcome.kind = Outcome::Kind::Fault;
    run.outcome.detail = engine.error().str();
    return run;
  }
  (*engine)->push(0, {11, 22, 33, 44});
  run.outcome = (*engine)->run({});
  std::vector<HostWord> words = (*engine)->received(1);
  run.back = words.empty() ? 0 : words.back().cycle;
  run.hops = (*engine)->wordHops();
  for (int32_t y = 0; y < 3; ++y) {
    for (int32_t x = 0; x < 5; ++x) {
      std::vector<uint32_t> data(4);
      Status read = (*engine)->peek({x, y}, 96, data.data(), 16);
      EXPECT_TRUE(bool(read)) << read.error().str();
      run.data.push_back(data);
    }
  }
  return run;
}

void expectAllHaveTheWords(const Ending &run) {
  EXPECT_EQ(run.outcome.kind, Outcome::Kind::Quiescent) << run.outcome.detail;
  for (const std::vector<uint32_t> &data : run.data) {
    EXPECT_EQ(data, (std::vector<uint32_t>{11, 22, 33, 44}));
  }
}

/// The run on both engines, which must agree.
Ending runBoth(const Image &image) {
  Ending reference = runOn(false, image);
  Ending fast = runOn(true, image);
  EXPECT_EQ(reference.outcome.kind, fast.outcome.kind);
  EXPECT_EQ(reference.outcome.cycle, fast.outcome.cycle);
  EXPECT_EQ(reference.outcome.detail, fast.outcome.detail);
  EXPECT_EQ(reference.back, fast.back);
  EXPECT_EQ(reference.hops, fast.hops);
  EXPECT_EQ(reference.data, fast.data);
  return reference;
}

TEST(MappedRun, SkippedLinesCostAHopEach) {
  Image image = program();
  Ending whole = runBoth(image);
  // Two columns inside the row, one row inside the columns.
  image.map.skippedColumns = {{1, 1}, {3, 1}};
  image.map.skippedRows = {{2, 1}};
  ASSERT_TRUE(bool(validate(image, test8())));
  EXPECT_TRUE(verify(image, test8()).holds());
  Ending run = runBoth(image);
  expectAllHaveTheWords(run);
  EXPECT_EQ(run.outcome.cycle, whole.outcome.cycle + 3);
  // Four words along one row and down five columns.
  EXPECT_EQ(run.hops, whole.hops + 4 * 2 + 4 * 5);
}

TEST(MappedRun, MovedProgramReachesItsHost) {
  Image image = program();
  Ending whole = runBoth(image);
  image.map.skippedColumns = {{0, 2}};
  image.map.skippedRows = {{0, 3}};
  // In at row 5, along column 1 to row 3; out straight along row 3.
  image.map.ports = {{0, 5, {{0, 5}, {1, 5}, {1, 3}}},
                     {1, 3, {{0, 3}, {1, 3}}}};
  ASSERT_TRUE(bool(validate(image, test8())));
  EXPECT_TRUE(verify(image, test8()).holds());
  Ending run = runBoth(image);
  expectAllHaveTheWords(run);
  // The words come in while the core still starts.
  EXPECT_EQ(run.back, whole.back + 2);
  EXPECT_EQ(run.hops, whole.hops + 4 * (4 + 2));
}

// A hole in each row, which moves to the west under row 0 and to the east under
// row 1: columns 1 and 2 change sides, and their words take a hop more.
TEST(MappedRun, HoleTracksGoRoundSingleCores) {
  Image image = program();
  Ending whole = runBoth(image);
  image.map.tracks = {{{{0, 2}, {1, 1}, {2, 2}}}};
  image.map.defects = defects(R"("cores": [[2, 0], [1, 1], [2, 2]])");
  ASSERT_TRUE(bool(validate(image, test8())));
  EXPECT_TRUE(verify(image, test8()).holds());
  Ending run = runBoth(image);
  expectAllHaveTheWords(run);
  // The longest way: along row 0, over the hole, and down column 4.
  EXPECT_EQ(run.outcome.cycle, whole.outcome.cycle + 1);
  // The row is one longer; column 1 moves twice.
  EXPECT_EQ(run.hops, whole.hops + 4 * (1 + 2));
}

// The same from column to column. Rows below row 0 have no words along them.
TEST(MappedRun, HoleTracksAlongRows) {
  Image image = program();
  Ending whole = runBoth(image);
  image.map.trackAxis = Axis::X;
  image.map.tracks = {{{{0, 1}, {3, 1}, {4, 2}}}, {{{0, 3}, {2, 3}, {3, 4}}}};
  image.map.skippedColumns = {{2, 1}};
  ASSERT_TRUE(bool(validate(image, test8())));
  EXPECT_TRUE(verify(image, test8()).holds());
  Ending run = runBoth(image);
  expectAllHaveTheWords(run);
  // A skipped column in row 0, and the holes above row 2: two in columns 0 to
  // 2, one in columns 3 and 4.
  EXPECT_EQ(run.outcome.cycle, whole.outcome.cycle + 2);
  EXPECT_EQ(run.hops, whole.hops + 4 * (1 + 8));
}

TEST(MappedRun, DeadThingsAreFaults) {
  auto faultOf = [](const std::string &lists) {
    Image image = program();
    image.map.defects = defects(lists);
    EXPECT_TRUE(bool(validate(image, test8())));
    EXPECT_FALSE(verify(image, test8()).holds()) << lists;
    Ending run = runBoth(image);
    EXPECT_EQ(run.outcome.kind, Outcome::Kind::Fault) << lists;
    return run.outcome.detail;
  };
  EXPECT_NE(faultOf(R"("links": [[2, 0, "E"]])")
                .find("takes the dead link to at (3, 0)"),
            std::string::npos);
  EXPECT_NE(faultOf(R"("tiles": [[4, 2]])")
                .find("a program lies on a dead "
                      "core"),
            std::string::npos);
  EXPECT_NE(faultOf(R"("banks": [[4, 2, 1]])")
                .find("a program lies on a dead "
                      "core"),
            std::string::npos);
  EXPECT_NE(faultOf(R"("tiles": [[0, 0]])").find("dead"), std::string::npos);
}

// The router of a skipped column is dead: the words run into it.
TEST(MappedRun, DeadRouterOnASkippedLine) {
  Image image = program();
  image.map.skippedColumns = {{1, 1}};
  image.map.defects = defects(R"("tiles": [[1, 0]])");
  VerifyReport report = verify(image, test8());
  EXPECT_GT(report.countOf("links-alive"), 0u);
  EXPECT_EQ(report.countOf("cores-alive"), 0u);
  Ending run = runBoth(image);
  EXPECT_EQ(run.outcome.kind, Outcome::Kind::Fault);
  EXPECT_NE(run.outcome.detail.find("enters the dead router at (1, 0)"),
            std::string::npos)
      << run.outcome.detail;
  // A dead core there is none of the program's business.
  image.map.defects = defects(R"("cores": [[1, 0], [1, 2]])");
  EXPECT_TRUE(verify(image, test8()).holds());
  expectAllHaveTheWords(runBoth(image));
}

TEST(MappedRun, VerifyForAnotherWafer) {
  Image image = program();
  VerifyOptions options;
  options.defects = defects(R"("cores": [[7, 7]])");
  EXPECT_TRUE(verify(image, test8(), options).holds());
  options.defects = defects(R"("cores": [[3, 1]])");
  VerifyReport report = verify(image, test8(), options);
  EXPECT_EQ(report.countOf("cores-alive"),
            2u); // it lives there, words go there
}

// Words of one color cannot pass a router both ways.
TEST(MappedRun, RoutesThatMeetAreFound) {
  Image image = program();
  image.configs.push_back({});
  RouteConfig &west = image.configs.back();
  west.positions[0] = {portBit(Port::Ramp), portBit(Port::West)};
  west.numPositions = 1;
  Rule rule = image.rules[0];
  rule.name = "back";
  rule.rect = {1, 1, 1, 1};
  rule.color = 2;
  rule.classes = {{{1, uint32_t(image.configs.size() - 1)}}};
  Footprint tight(image, test8());
  EXPECT_FALSE(tight.columnIsTight(0));
  image.rules.back().color = 3;
  rule.color = 1;
  rule.rect = {1, 0, 1, 1};
  image.rules[0].classes = {{{1, image.rules[0].classes[0][0].config},
                             {1, rule.classes[0][0].config},
                             {3, kNoRoute}}};
  EXPECT_TRUE(Footprint(image, test8()).columnIsTight(0));
}

TEST(MappedRun, MapsSurviveTheFileAndTheText) {
  Image image = program();
  image.map.skippedColumns = {{0, 2}, {4, 1}};
  image.map.skippedRows = {{0, 3}};
  image.map.ports = {{0, 3, {{0, 3}, {1, 3}}}, {1, 3, {{0, 3}, {1, 3}}}};
  image.map.defects = defects(R"("cores": [[4, 4]], "links": [[5,5,"S"]])");
  ASSERT_TRUE(bool(validate(image, test8())));
  Result<std::string> bytes = encodeImage(image);
  ASSERT_TRUE(bool(bytes));
  Result<Image> again = decodeImage(
      reinterpret_cast<const uint8_t *>(bytes->data()), bytes->size(), "bytes");
  ASSERT_TRUE(bool(again)) << again.error().str();
  EXPECT_EQ(again->map.toJson(), image.map.toJson());
  EXPECT_EQ(*encodeImage(*again), *bytes);
  Result<Image> parsed = parseImage(printImage(image), "text");
  ASSERT_TRUE(bool(parsed)) << parsed.error().str();
  EXPECT_EQ(parsed->map.toJson(), image.map.toJson());
}

TEST(MappedRun, InvalidMapsAreRefused) {
  auto errorOf = [](LogicalMap map) {
    Image image = program();
    image.map = std::move(map);
    Status status = validate(image, test8());
    return status ? "none" : status.error().str();
  };
  LogicalMap map;
  map.skippedRows = {{1, 6}};
  EXPECT_NE(errorOf(map).find("the map leaves no place for a part of the "
                              "program"),
            std::string::npos);
  map.skippedRows = {{1, 1}, {2, 1}};
  EXPECT_NE(errorOf(map).find("skipped lines are not in order"),
            std::string::npos);
  map = {};
  map = {};
  map.skippedColumns = {{0, 1}}; // the host's words end at 0,0
  EXPECT_NE(errorOf(map).find("the way does not lead from the channel"),
            std::string::npos);
  map = {};
  map.bypassed = {{1, 1}};
  EXPECT_NE(errorOf(map).find("the machine cannot bypass tiles"),
            std::string::npos);
  // Three places in two rows, and two holes at one place.
  map = {};
  map.tracks = {{{{0, 2}, {2, 5}}}};
  EXPECT_NE(errorOf(map).find("the points of a hole track are not in order"),
            std::string::npos);
  map.tracks = {{{{0, 2}, {2, 3}}}, {{{0, 4}, {1, 3}}}};
  EXPECT_NE(errorOf(map).find("two holes are at one place"), std::string::npos);
}

} // namespace
