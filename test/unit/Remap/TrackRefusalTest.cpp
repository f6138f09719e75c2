// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Refusals against all maps with hole tracks along rows or columns. The judge
// knows how words of the program of Program.h run and nothing of the search.
//
//===----------------------------------------------------------------------===//
#include "Program.h"

#include "wafer/Defects/Sample.h"
#include "wafer/Remap/Remap.h"
#include "wafer/Verify/Verify.h"

#include <algorithm>
#include <cstdlib>
#include <set>

using namespace wafer;
using namespace wafer::test;

namespace {

constexpr int32_t kSize = 8;

/// What is dead, on the grid or with rows and columns exchanged.
class Wafer {
public:
  Wafer(const DefectMap &map, bool turned) : turned(turned) {
    for (Coord c : map.tiles) {
      routers.insert(c);
      cores.insert(c);
    }
    cores.insert(map.cores.begin(), map.cores.end());
    for (const DeadBank &b : map.banks) {
      cores.insert(b.core);
    }
    for (const DeadLink &l : map.links) {
      links.insert(l.normalised());
    }
  }
  Coord at(int32_t line, int32_t place) const {
    return turned ? Coord{line, place} : Coord{place, line};
  }
  bool lives(int32_t line, int32_t place) const {
    return !cores.count(at(line, place));
  }
  /// Words run straight from one place to another one.
  bool passes(Coord from, Coord to) const {
    while (!routers.count(from)) {
      if (from == to) {
        return true;
      }
      Port side = to.x > from.x   ? Port::East
                  : to.x < from.x ? Port::West
                  : to.y > from.y ? Port::South
                                  : Port::North;
      if (links.count(DeadLink{from, side}.normalised())) {
        return false;
      }
      from = neighbour(from, side);
    }
    return false;
  }
  /// Words of the host come to the core there from the west, round a box.
  bool hasWay(Coord core, const Rect &box) const {
    std::vector<Coord> work = {core};
    std::set<Coord> seen = {core};
    while (!work.empty()) {
      Coord c = work.back();
      work.pop_back();
      if (c.x == 0 && !routers.count(c)) {
        return true;
      }
      for (Port side : {Port::West, Port::East, Port::South, Port::North}) {
        Coord n = neighbour(c, side);
        bool inside = n.x >= 0 && n.y >= 0 && n.x < kSize && n.y < kSize;
        if (inside && (c != core || side == Port::West) && !box.contains(n) &&
            passes(c, n) && seen.insert(n).second) {
          work.push_back(n);
        }
      }
    }
    return false;
  }

private:
  bool turned;
  std::set<Coord> cores, routers;
  std::set<DeadLink> links;
};

using Places = std::vector<int32_t>;

std::vector<Places> choices(int32_t kept) {
  std::vector<Places> all;
  for (uint32_t mask = 0; mask < (1u << kSize); ++mask) {
    Places places;
    for (int32_t i = 0; i < kSize; ++i) {
      if ((mask >> i) & 1u) {
        places.push_back(i);
      }
    }
    if (int32_t(places.size()) == kept) {
      all.push_back(places);
    }
  }
  return all;
}

/// No hole is more than one place from that of the line before.
bool follows(const Places &before, const Places &now) {
  Places holes[2];
  for (int32_t i = 0; i < kSize; ++i) {
    for (int k = 0; k < 2; ++k) {
      const Places &live = k ? now : before;
      if (std::find(live.begin(), live.end(), i) == live.end()) {
        holes[k].push_back(i);
      }
    }
  }
  for (size_t i = 0; i < holes[0].size(); ++i) {
    if (std::abs(holes[0][i] - holes[1][i]) > 1) {
      return false;
    }
  }
  return true;
}

class Judge {
public:
  Judge(const DefectMap &map, bool turned)
      : wafer(map, turned), turned(turned), lines(turned ? 5 : 3),
        all(choices(turned ? 3 : 5)) {}

  bool finds() {
    for (int32_t first = 0; first + lines <= kSize; ++first) {
      for (const Places &places : all) {
        low = places.front();
        high = places.back();
        failed.clear();
        if (fits(0, first, places) && extend(0, first, first, places)) {
          return true;
        }
      }
    }
    return false;
  }

private:
  /// A line of the program under these places.
  bool fits(int32_t line, int32_t at, const Places &places) const {
    for (int32_t place : places) {
      if (!wafer.lives(at, place)) {
        return false;
      }
    }
    // Row 0 and all columns have words along them.
    return (!turned && line > 0) || wafer.passes(wafer.at(at, places.front()),
                                                 wafer.at(at, places.back()));
  }
  bool crosses(int32_t from, const Places &before, int32_t to,
               const Places &now) const {
    // All columns; of the rows only the first one.
    for (size_t i = 0; i < (turned ? 1 : before.size()); ++i) {
      Coord start = wafer.at(from, before[i]), turn = wafer.at(from, now[i]);
      if (!wafer.passes(start, turn) ||
          !wafer.passes(turn, wafer.at(to, now[i]))) {
        return false;
      }
    }
    return true;
  }
  bool extend(int32_t line, int32_t at, int32_t first, const Places &places) {
    if (line + 1 == lines) {
      Coord begin = wafer.at(first, low), end = wafer.at(at, high);
      Rect box{begin.x, begin.y, end.x - begin.x + 1, end.y - begin.y + 1};
      return wafer.hasWay(begin, box);
    }
    for (int32_t next = at + 1; next < kSize; ++next) {
      for (size_t i = 0; i < all.size(); ++i) {
        const Places &now = all[i];
        // The box of the host's way is that of the first line; others only
        // where they stay in it.
        bool tried = failed.count({line, next, i});
        if (tried || now.front() < low || now.back() > high ||
            !follows(places, now) || !fits(line + 1, next, now) ||
            !crosses(at, places, next, now)) {
          continue;
        }
        if (extend(line + 1, next, first, now)) {
          return true;
        }
        failed.insert({line, next, i});
      }
    }
    return false;
  }

  Wafer wafer;
  bool turned;
  int32_t lines;
  std::vector<Places> all;
  int32_t low = 0, high = 0;
  std::set<std::tuple<int32_t, int32_t, size_t>> failed;
};

TEST(TrackRefusals, HaveNoOtherMap) {
  Image image = program();
  Machine machine = test8();
  Footprint footprint(image, machine);
  unsigned mapped = 0, tracked = 0, refused = 0, missed = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SampleOptions options;
    options.kind = DefectKind(seed % 4);
    options.count = uint32_t(6 + seed % 19);
    options.clustered = seed % 3 == 0;
    options.seed = 1000 + seed;
    Result<DefectMap> map = sampleDefects(machine, options);
    ASSERT_TRUE(bool(map));
    Result<Remapped> result = remapProgram(footprint, machine, *map);
    if (result) {
      ++mapped;
      tracked += result->cost.holeTracks > 0;
      EXPECT_FALSE(findConflict(footprint, machine, *map, result->map));
      image.map = result->map;
      EXPECT_TRUE(bool(validate(image, machine)));
      VerifyReport report = verify(image, machine);
      EXPECT_TRUE(report.holds())
          << "seed " << seed << ": " << toJson(report) << image.map.toJson();
      continue;
    }
    ++refused;
    if (Judge(*map, false).finds() || Judge(*map, true).finds()) {
      ++missed;
    }
  }
  std::printf("%u mapped, %u with tracks; %u refused, %u of them with a map\n",
              mapped, tracked, refused, missed);
  EXPECT_GT(tracked, 20u);
  EXPECT_GT(refused, 20u);
  // The search is a heuristic; a third of the cores are dead here.
  EXPECT_LE(missed * 6, refused);
}

/// Rows 1 and 2 of the program have no words along them: dead links there cost
/// nothing, wherever they lie, unless words turn over them.
TEST(TrackRefusals, LinksWithoutWordsCostNothing) {
  Image image = program();
  Machine machine = test8();
  Footprint footprint(image, machine);
  unsigned tracked = 0, dearer = 0, links = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SampleOptions options;
    options.kind = DefectKind::Core;
    options.count = uint32_t(10 + seed % 12);
    options.seed = seed;
    Result<DefectMap> map = sampleDefects(machine, options);
    ASSERT_TRUE(bool(map));
    Result<Remapped> before = remapProgram(footprint, machine, *map);
    if (!before || before->map.tracks.empty() ||
        before->map.trackAxis != Axis::Y) {
      continue;
    }
    ++tracked;
    PlaceMap places(before->map, machine);
    for (int32_t line : {1, 2}) {
      int32_t y = places.along().physical(line);
      for (int32_t x = 0; x + 1 < kSize; ++x) {
        map->links.push_back({{x, y}, Port::East});
        if (findConflict(footprint, machine, *map, before->map)) {
          map->links.pop_back();
        } else {
          ++links;
        }
      }
    }
    map->normalise();
    Result<Remapped> after = remapProgram(footprint, machine, *map);
    dearer += !after || after->cost.cyclesAdded > before->cost.cyclesAdded;
    if (after) {
      image.map = after->map;
      EXPECT_TRUE(verify(image, machine).holds()) << "seed " << seed;
    }
  }
  std::printf("%u maps with tracks, %u dead links more, %u cost more\n",
              tracked, links, dearer);
  EXPECT_GT(tracked, 20u);
  EXPECT_GT(links, 5 * tracked);
  EXPECT_EQ(dearer, 0u);
}

} // namespace
