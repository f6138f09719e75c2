// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the remapper returns passes `wsec verify`, which shares no code with
// it; what it refuses has no solution, by exhaustive search with the same
// judge.
//
//===----------------------------------------------------------------------===//
#include "Program.h"

#include "wafer/Defects/Sample.h"
#include "wafer/Remap/Remap.h"
#include "wafer/Verify/Verify.h"

#include <set>

using namespace wafer;
using namespace wafer::test;

namespace {

/// All ways to keep `kept` of `size` lines, as lists of skipped runs.
std::vector<std::vector<LineRun>> allSkips(int32_t size, int32_t kept) {
  std::vector<std::vector<LineRun>> all;
  for (uint32_t mask = 0; mask < (1u << size); ++mask) {
    if (__builtin_popcount(mask) != kept) {
      continue;
    }
    std::vector<LineRun> runs;
    int32_t last = 31 - __builtin_clz(mask);
    for (int32_t line = 0; line < last; ++line) {
      if ((mask >> line) & 1u) {
        continue;
      }
      if (!runs.empty() && runs.back().end() == line) {
        ++runs.back().count;
      } else {
        runs.push_back({line, 1});
      }
    }
    all.push_back(std::move(runs));
  }
  return all;
}

/// Whether a way leads from the west edge to the program's first core, round
/// the program's rectangle.
bool hasWay(const Image &image, const DefectMap &map) {
  PlaceMap places(image.map, test8());
  Coord first = *places.homeOf({0, 0});
  Coord last = *places.homeOf({4, 2});
  std::set<Coord> closed(map.tiles.begin(), map.tiles.end());
  for (int32_t y = first.y; y <= last.y; ++y) {
    for (int32_t x = first.x; x <= last.x; ++x) {
      closed.insert({x, y});
    }
  }
  std::vector<Coord> work = {first};
  std::set<Coord> seen;
  while (!work.empty()) {
    Coord c = work.back();
    work.pop_back();
    if (c.x == 0) {
      return true;
    }
    for (Port side : {Port::West, Port::East, Port::South, Port::North}) {
      Coord n = neighbour(c, side);
      DeadLink link = DeadLink{c, side}.normalised();
      bool isDead = std::find(map.links.begin(), map.links.end(), link) !=
                    map.links.end();
      bool starts = c == first;
      bool inside = n.x >= 0 && n.y >= 0 && n.x < 8 && n.y < 8;
      if (inside && !isDead && !closed.count(n) &&
          (!starts || side == Port::West) && seen.insert(n).second) {
        work.push_back(n);
      }
    }
  }
  return false;
}

/// Whether any choice of lines works. The rules on places are those of the
/// verifier; it sees the program without its host ports.
bool hasSolution(const DefectMap &map) {
  Image image = program();
  image.hostPorts.clear();
  image.streams.clear();
  image.rules.resize(2);
  Machine machine = test8();
  image.map.defects = map;
  for (const std::vector<LineRun> &rows : allSkips(8, 3)) {
    for (const std::vector<LineRun> &columns : allSkips(8, 5)) {
      image.map.skippedRows = rows;
      image.map.skippedColumns = columns;
      VerifyReport report = verify(image, machine);
      if (report.countOf("cores-alive") == 0 &&
          report.countOf("links-alive") == 0 && hasWay(image, map)) {
        return true;
      }
    }
  }
  return false;
}

TEST(Remap, PerfectWaferKeepsTheProgram) {
  Image image = program();
  Machine machine = test8();
  Result<Remapped> result = remapProgram(Footprint(image, machine), machine,
                                         defects(R"("tiles": [])"));
  ASSERT_TRUE(bool(result));
  EXPECT_TRUE(result->map.isIdentity());
  EXPECT_TRUE(result->cost.isNothing());
}

TEST(Remap, ResultsHoldAndRefusalsAreRight) {
  Image image = program();
  Machine machine = test8();
  Footprint footprint(image, machine);
  unsigned mapped = 0, skipped = 0, refused = 0;
  for (uint64_t seed = 1; seed <= 240; ++seed) {
    SampleOptions options;
    options.kind = DefectKind(seed % 4);
    options.count = uint32_t(1 + seed % 17);
    options.clustered = seed % 3 == 0;
    options.seed = seed;
    Result<DefectMap> map = sampleDefects(machine, options);
    ASSERT_TRUE(bool(map));
    Result<Remapped> result = remapProgram(footprint, machine, *map);
    if (!result) {
      // The judge is slow: not all refusals are checked.
      if (++refused <= 12) {
        EXPECT_FALSE(hasSolution(*map))
            << "seed " << seed << ": " << result.error().str();
      }
      continue;
    }
    ++mapped;
    skipped += result->cost.rowsSkipped + result->cost.columnsSkipped;
    EXPECT_FALSE(findConflict(footprint, machine, *map, result->map));
    image.map = result->map;
    Status sound = validate(image, machine);
    ASSERT_TRUE(bool(sound)) << sound.error().str();
    VerifyReport report = verify(image, machine);
    EXPECT_TRUE(report.holds())
        << "seed " << seed << ": " << toJson(report) << map->toJson();
  }
  // Both kinds of answers are tested.
  EXPECT_GT(mapped, 60u);
  EXPECT_GT(skipped, 30u);
  EXPECT_GT(refused, 3u);
}

TEST(Remap, RefusalNamesDefectStageAndResource) {
  Image image = program();
  Machine machine = test8();
  // Every second router: no five columns are free of them in three rows, no
  // three rows in five columns, and words cannot cross a dead one.
  std::string tiles;
  for (int y = 0; y < 8; y += 1) {
    for (int x = y % 2; x < 8; x += 2) {
      tiles += (tiles.empty() ? "[" : ",[") + std::to_string(x) + "," +
               std::to_string(y) + "]";
    }
  }
  Result<Remapped> result = remapProgram(Footprint(image, machine), machine,
                                         defects("\"tiles\": [" + tiles + "]"));
  ASSERT_FALSE(bool(result));
  std::string text = result.error().str();
  EXPECT_NE(text.find("the program cannot go round dead tile"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("stage '"), std::string::npos) << text;
  EXPECT_NE(text.find("a row or a column to skip"), std::string::npos) << text;
}

struct Adversary {
  const char *name;
  std::string lists;
  bool isMapped;
};

std::string cells(const char *list, int x, int y, int w, int h) {
  std::string text;
  for (int j = y; j < y + h; ++j) {
    for (int i = x; i < x + w; ++i) {
      text += (text.empty() ? "[" : ",[") + std::to_string(i) + "," +
              std::to_string(j) + "]";
    }
  }
  return "\"" + std::string(list) + "\": [" + text + "]";
}

TEST(Remap, AdversarialMaps) {
  std::string ring = cells("tiles", 1, 1, 6, 1);
  ring.pop_back();
  ring += "," + cells("", 1, 6, 6, 1).substr(5);
  ring.pop_back();
  ring += "," + cells("", 1, 2, 1, 4).substr(5);
  ring.pop_back();
  ring += "," + cells("", 6, 2, 1, 4).substr(5);
  const Adversary adversaries[] = {
      {"dead row of cores", cells("cores", 0, 1, 8, 1), true},
      {"dead column of cores", cells("cores", 2, 0, 1, 8), true},
      {"dead row of tiles under the program", cells("tiles", 0, 1, 8, 1), true},
      {"a dead row of tiles in the middle", cells("tiles", 0, 3, 8, 1), true},
      {"a dead column of tiles in the middle", cells("tiles", 3, 0, 1, 8),
       false},
      {"ring round an island", ring, false},
      {"dead edge core", cells("tiles", 0, 0, 1, 1), true},
      {"all edge cores but one", cells("tiles", 0, 0, 1, 7), true},
      {"all edge cores", cells("tiles", 0, 0, 1, 8), false},
      {"neighbours of the root", R"("tiles": [[1,0],[0,1]])", true},
      {"a dead die", cells("tiles", 0, 0, 3, 4), true},
      {"every second core of a row", R"("cores": [[0,1],[2,1],[4,1],[6,1]])",
       true}};
  Image image = program();
  Machine machine = test8();
  Footprint footprint(image, machine);
  for (const Adversary &a : adversaries) {
    DefectMap map = defects(a.lists);
    Result<Remapped> result = remapProgram(footprint, machine, map);
    EXPECT_EQ(bool(result), a.isMapped)
        << a.name << ": " << (result ? "mapped" : result.error().str());
    if (result) {
      image.map = result->map;
      ASSERT_TRUE(bool(validate(image, machine))) << a.name;
      EXPECT_TRUE(verify(image, machine).holds()) << a.name;
    }
  }
}

} // namespace
