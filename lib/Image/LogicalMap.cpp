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

PlaceMap::PlaceMap(const LogicalMap &map, const Machine &machine)
    : rowTable(machine.height(), map.skippedRows) {
  for (const ColumnBand &band : map.bands) {
    columnTables.emplace_back(machine.width(), band.skipped);
    firstRows.push_back(band.firstRow);
  }
  if (columnTables.empty()) {
    columnTables.emplace_back(machine.width(), std::vector<LineRun>());
    firstRows.push_back(0);
  }
}

size_t PlaceMap::bandOf(int32_t logicalRow) const {
  auto after = std::upper_bound(firstRows.begin(), firstRows.end(), logicalRow);
  return after == firstRows.begin() ? 0 : size_t(after - firstRows.begin()) - 1;
}

std::optional<Coord> PlaceMap::homeOf(Coord logical) const {
  int32_t y = rowTable.physical(logical.y);
  int32_t x = columnTables[bandOf(logical.y)].physical(logical.x);
  if (x < 0 || y < 0) {
    return std::nullopt;
  }
  return Coord{x, y};
}

std::optional<Coord> PlaceMap::logicalAt(Coord physical) const {
  int32_t y = rowTable.logical(physical.y);
  if (y < 0) {
    return std::nullopt;
  }
  int32_t x = columnTables[bandOf(y)].logical(physical.x);
  if (x < 0) {
    return std::nullopt;
  }
  return Coord{x, y};
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
  root["bands"] = json::array();
  for (const ColumnBand &band : bands) {
    root["bands"].push_back(
        {{"from", band.firstRow}, {"columns", ::toJson(band.skipped)}});
  }
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
    bool fits = runs(member(root, "rows"), map.skippedRows) &&
                tiles(member(root, "bypassed"), map.bypassed) &&
                member(root, "bands").is_array() &&
                member(root, "ports").is_array();
    if (!fits) {
      return false;
    }
    for (const json &band : root["bands"]) {
      map.bands.emplace_back();
      if (!number(member(band, "from"), map.bands.back().firstRow) ||
          !runs(member(band, "columns"), map.bands.back().skipped)) {
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
