// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/LogicalMap.h"

#include "wafer/Support/Json.h"

#include <algorithm>

using namespace wafer;
using nlohmann::json;

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

LineTable::LineTable(int32_t size, const std::vector<LineRun> &skipped)
    : homes(size_t(size), 0) {
  for (const LineRun &run : skipped) {
    std::fill_n(homes.begin() + run.begin, run.count, -1);
  }
  for (int32_t line = 0; line < size; ++line) {
    if (homes[size_t(line)] >= 0) {
      homes[size_t(line)] = int32_t(lines.size());
      lines.push_back(line);
    }
  }
}

std::vector<int32_t> HoleTrack::places(int32_t count) const {
  std::vector<int32_t> at(size_t(count), points.empty() ? 0 : points[0].home);
  for (size_t i = 0; i < points.size(); ++i) {
    const Point &p = points[i];
    int32_t end = i + 1 < points.size() ? points[i + 1].line : count;
    for (int32_t line = p.line; line < std::min(end, count); ++line) {
      int32_t home = p.home;
      if (i + 1 < points.size()) {
        int32_t way = points[i + 1].home - home;
        int32_t moved = std::max(0, std::abs(way) - (end - line));
        home += way < 0 ? -moved : moved;
      }
      at[size_t(line)] = home;
    }
  }
  return at;
}

HoleTrack HoleTrack::through(const std::vector<int32_t> &places) {
  HoleTrack track;
  track.points.push_back({0, places.front()});
  for (size_t i = 1; i < places.size(); ++i) {
    int32_t step = places[i] - places[i - 1];
    int32_t next = i + 1 < places.size() ? places[i + 1] - places[i] : 0;
    if (step != 0 && next != step) {
      track.points.push_back({int32_t(i), places[i]});
    }
  }
  return track;
}

/// All but the lines of `skipped` and the holes.
static LineTable tableOf(int32_t size, std::vector<LineRun> skipped,
                         const std::vector<int32_t> &holes) {
  for (int32_t hole : holes) {
    if (hole >= 0 && hole < size) {
      skipped.push_back({hole, 1});
    }
  }
  return LineTable(size, skipped);
}

PlaceMap::PlaceMap(const LogicalMap &map, const Machine &machine)
    : trackAxis(map.tracks.empty() ? Axis::Y : map.trackAxis) {
  bool down = trackAxis == Axis::Y;
  const auto &skippedAlong = down ? map.skippedRows : map.skippedColumns;
  const auto &skippedAcross = down ? map.skippedColumns : map.skippedRows;
  int32_t sizeAlong = down ? machine.height() : machine.width();
  int32_t sizeAcross = down ? machine.width() : machine.height();
  alongTable = LineTable(sizeAlong, skippedAlong);
  if (map.tracks.empty()) {
    bands.emplace_back(sizeAcross, skippedAcross);
    firstLines.push_back(0);
    return;
  }
  std::vector<std::vector<int32_t>> places;
  for (const HoleTrack &track : map.tracks) {
    places.push_back(track.places(alongTable.count()));
  }
  std::vector<int32_t> holes(places.size()), before;
  for (int32_t line = 0; line < alongTable.count(); ++line) {
    for (size_t t = 0; t < places.size(); ++t) {
      holes[t] = places[t][size_t(line)];
    }
    if (line == 0 || holes != before) {
      bands.push_back(tableOf(sizeAcross, skippedAcross, holes));
      firstLines.push_back(line);
      before = holes;
    }
  }
}

size_t PlaceMap::bandOf(int32_t line) const {
  auto after = std::upper_bound(firstLines.begin(), firstLines.end(), line);
  return after == firstLines.begin() ? 0
                                     : size_t(after - firstLines.begin()) - 1;
}

std::optional<Coord> PlaceMap::homeOf(Coord logical) const {
  bool down = trackAxis == Axis::Y;
  int32_t line = down ? logical.y : logical.x;
  int32_t along = alongTable.physical(line);
  int32_t across = bands[bandOf(line)].physical(down ? logical.x : logical.y);
  if (along < 0 || across < 0) {
    return std::nullopt;
  }
  return down ? Coord{across, along} : Coord{along, across};
}

std::optional<Coord> PlaceMap::logicalAt(Coord physical) const {
  bool down = trackAxis == Axis::Y;
  int32_t line = alongTable.logical(down ? physical.y : physical.x);
  if (line < 0) {
    return std::nullopt;
  }
  const LineTable &table = bands[bandOf(line)];
  int32_t across = table.logical(down ? physical.x : physical.y);
  if (across < 0) {
    return std::nullopt;
  }
  return down ? Coord{across, line} : Coord{line, across};
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static json toJson(const std::vector<LineRun> &runs) {
  json list = json::array();
  for (const LineRun &run : runs) {
    list.push_back({run.begin, run.count});
  }
  return list;
}

static json toJson(const std::vector<Coord> &places) {
  json list = json::array();
  for (Coord c : places) {
    list.push_back({c.x, c.y});
  }
  return list;
}

/// [x, y, n]: n tiles of a column from y on. Tracks run down, so the list
/// grows with their bends.
static json bypassRuns(std::vector<Coord> places) {
  std::sort(places.begin(), places.end(), [](Coord a, Coord b) {
    return a.x != b.x ? a.x < b.x : a.y < b.y;
  });
  json list = json::array();
  for (size_t i = 0; i < places.size();) {
    size_t end = i + 1;
    while (end < places.size() && places[end].x == places[i].x &&
           places[end].y == places[i].y + int32_t(end - i)) {
      ++end;
    }
    list.push_back({places[i].x, places[i].y, end - i});
    i = end;
  }
  return list;
}

std::string LogicalMap::toJson() const {
  json root = json::object();
  if (!defects.machine.empty()) {
    root["defects"] = json::parse(defects.toJson());
  }
  root["rows"] = ::toJson(skippedRows);
  root["columns"] = ::toJson(skippedColumns);
  json lists = json::array();
  for (const HoleTrack &track : tracks) {
    json points = json::array();
    for (const HoleTrack::Point &p : track.points) {
      points.push_back({p.line, p.home});
    }
    lists.push_back(std::move(points));
  }
  root["tracks"] = {{"axis", trackAxis == Axis::Y ? "y" : "x"},
                    {"points", std::move(lists)}};
  root["ports"] = json::array();
  for (const PortRoute &route : ports) {
    root["ports"].push_back({{"port", route.port},
                             {"row", route.row},
                             {"way", ::toJson(route.corners)}});
  }
  root["bypassed"] = bypassRuns(bypassed);
  return root.dump();
}

namespace {
/// Reads what toJson() writes; the first thing that is missing or of another
/// kind makes it fail, and the caller compares the result with the text.
class MapReader {
public:
  bool read(const json &root, LogicalMap &map) {
    if (!root.is_object()) {
      return false;
    }
    auto places = [&](const json &list, std::vector<Coord> &to) {
      return pairs(list, [&](int32_t x, int32_t y) { to.push_back({x, y}); });
    };
    auto runs = [&](const json &list, std::vector<LineRun> &to) {
      return pairs(list, [&](int32_t b, int32_t n) { to.push_back({b, n}); });
    };
    const json &tracks = member(root, "tracks");
    bool fits = runs(member(root, "rows"), map.skippedRows) &&
                runs(member(root, "columns"), map.skippedColumns) &&
                tiles(member(root, "bypassed"), map.bypassed) &&
                member(tracks, "points").is_array() &&
                member(tracks, "axis").is_string() &&
                member(root, "ports").is_array();
    if (!fits) {
      return false;
    }
    map.trackAxis = tracks["axis"] == "y" ? Axis::Y : Axis::X;
    for (const json &list : tracks["points"]) {
      std::vector<HoleTrack::Point> &points = map.tracks.emplace_back().points;
      if (!pairs(list, [&](int32_t line, int32_t home) {
            points.push_back({line, home});
          })) {
        return false;
      }
    }
    for (const json &route : root["ports"]) {
      PortRoute &to = map.ports.emplace_back();
      int32_t port = 0;
      if (!number(member(route, "port"), port) ||
          !number(member(route, "row"), to.row) ||
          !places(member(route, "way"), to.corners)) {
        return false;
      }
      to.port = uint32_t(port);
    }
    return true;
  }

private:
  static const json &member(const json &object, const char *key) {
    static const json kNothing;
    if (!object.is_object()) {
      return kNothing;
    }
    auto at = object.find(key);
    return at == object.end() ? kNothing : *at;
  }
  /// Runs of tiles; no machine has more than fit.
  static bool tiles(const json &list, std::vector<Coord> &to) {
    constexpr size_t kMostTiles = size_t(1) << 22;
    if (!list.is_array()) {
      return false;
    }
    for (const json &run : list) {
      int32_t x = 0, y = 0, count = 0;
      if (!run.is_array() || run.size() != 3 || !number(run[0], x) ||
          !number(run[1], y) || !number(run[2], count) ||
          to.size() + size_t(count) > kMostTiles) {
        return false;
      }
      for (int32_t i = 0; i < count; ++i) {
        to.push_back({x, y + i});
      }
    }
    std::sort(to.begin(), to.end());
    return true;
  }
  static bool number(const json &value, int32_t &to) {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > 0xffff) {
      return false;
    }
    to = value.get<int32_t>();
    return true;
  }
  template <typename Add>
  static bool pairs(const json &list, Add add) {
    if (!list.is_array()) {
      return false;
    }
    for (const json &item : list) {
      int32_t a = 0, b = 0;
      if (!item.is_array() || item.size() != 2 || !number(item[0], a) ||
          !number(item[1], b)) {
        return false;
      }
      add(a, b);
    }
    return true;
  }
};
} // namespace

Result<LogicalMap> LogicalMap::fromJson(std::string_view text,
                                        const std::string &where) {
  Result<json> root = parseJson(text, where);
  if (!root) {
    return root.takeError();
  }
  LogicalMap map;
  if (root->is_object() && root->contains("defects")) {
    Result<DefectMap> defects =
        DefectMap::parse((*root)["defects"].dump(), where + ": defects");
    if (!defects) {
      return defects.takeError();
    }
    map.defects = std::move(*defects);
  }
  if (!MapReader().read(*root, map) || map.toJson() != text) {
    return Diagnostic{"the map is not in its canonical form", where, "", "",
                      ""};
  }
  return map;
}
