// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/Validate.h"
#include "ValidateParts.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_set>

using namespace wafer;
using namespace wafer::imagefile;

bool wafer::isUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    uint8_t lead = uint8_t(text[i]);
    unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 ||
        more >= text.size() - i) {
      return false;
    }
    uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
    for (unsigned k = 1; k <= more; ++k) {
      uint8_t next = uint8_t(text[i + k]);
      if ((next & 0xc0u) != 0x80u) {
        return false;
      }
      code = (code << 6) | (next & 0x3fu);
    }
    static constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (code < kLeast[more] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

Status wafer::imagefile::checkName(const std::string &name,
                                   const std::string &where, bool mayBeEmpty) {
  if (name.empty() && !mayBeEmpty) {
    return Diagnostic{"name is empty", where, "", "", ""};
  }
  if (name.size() > kMaxNameBytes) {
    return Diagnostic{"name is too long", where,
                      fmt::format("at most {} bytes", kMaxNameBytes),
                      fmt::format("{} bytes", name.size()), ""};
  }
  bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return uint8_t(c) < 0x20 || uint8_t(c) == 0x7f;
  });
  if (control || !isUtf8(name)) {
    return Diagnostic{"name is not printable UTF-8", where, "", "", ""};
  }
  return Status::success();
}

Status wafer::imagefile::checkRect(const Rect &r, const Machine &machine,
                                   const std::string &where) {
  bool inside = r.x >= 0 && r.y >= 0 && r.w > 0 && r.h > 0 &&
                int64_t(r.x) + r.w <= machine.width() &&
                int64_t(r.y) + r.h <= machine.height();
  if (!inside) {
    return Diagnostic{
        "rectangle does not lie on the grid", where,
        fmt::format("a part of 0 0 {} {}", machine.width(), machine.height()),
        describe(r), ""};
  }
  if (!machine.onOneWafer(r)) {
    return Diagnostic{"rectangle lies on two wafers", where,
                      fmt::format("no border of a wafer, which has {} columns",
                                  machine.usable.w),
                      describe(r), ""};
  }
  return Status::success();
}

Status wafer::imagefile::checkIndex(uint64_t value, uint64_t limit,
                                    const char *noun,
                                    const std::string &where) {
  if (value < limit) {
    return Status::success();
  }
  std::string expected = limit == 0
                             ? fmt::format("none, as there is no {}", noun)
                             : fmt::format("0 to {}", limit - 1);
  return Diagnostic{fmt::format("{} is out of range", noun), where, expected,
                    fmt::format("{}", value), ""};
}

static Status checkJson(const std::string &text, const char *where) {
  if (text.empty()) {
    return Status::success();
  }
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || text[first] != '{' || !isUtf8(text) ||
      !nlohmann::json::accept(text)) {
    return Diagnostic{"section is not a JSON object", where, "", "", ""};
  }
  return Status::success();
}

static Status validateTexts(const Image &image, const Machine &machine) {
  WAFER_CHECK(checkJson(image.machine, "machine"));
  WAFER_CHECK(checkJson(image.model, "model"));
  WAFER_CHECK(checkJson(image.report, "report"));
  if (!image.parameterSet.empty() &&
      !machine.findParameters(image.parameterSet)) {
    WAFER_CHECK(checkName(image.parameterSet, "parameter set"));
    return Diagnostic{"machine has no such parameter set", "parameter set",
                      "a set of '" + machine.name + "'",
                      "'" + image.parameterSet + "'", ""};
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

static Status checkTables(const std::vector<std::vector<uint16_t>> &tables,
                          size_t side, const char *kind,
                          const std::string &where) {
  for (size_t t = 0; t < tables.size(); ++t) {
    if (tables[t].size() != side) {
      return Diagnostic{
          fmt::format("{} table {} has the wrong length", kind, t), where,
          fmt::format("{}", side), fmt::format("{}", tables[t].size()), ""};
    }
  }
  return Status::success();
}

namespace {
/// How many tables the sources of a role ask for. Found once a role, so that
/// many regions of a role with many parameters stay cheap.
struct TablesNeeded {
  uint32_t rows = 0;
  uint32_t columns = 0;

  explicit TablesNeeded(const Role &role) {
    for (ParamSource source : role.params) {
      add(source);
    }
    for (const QueueBinding &binding : role.queues) {
      add(binding.color);
    }
  }

private:
  void add(ParamSource source) {
    uint32_t count = source.value + 1u;
    if (source.kind == ParamSource::Kind::Row) {
      rows = std::max(rows, count);
    } else if (source.kind == ParamSource::Kind::Column) {
      columns = std::max(columns, count);
    }
  }
};
} // namespace

static Status checkEnough(const std::vector<std::vector<uint16_t>> &tables,
                          uint32_t needed, const char *kind,
                          const std::string &where) {
  if (needed <= tables.size()) {
    return Status::success();
  }
  return Diagnostic{fmt::format("role asks for more {} tables", kind), where,
                    fmt::format("{} tables", needed),
                    fmt::format("{}", tables.size()), ""};
}

static Status checkColors(const QueueBinding &binding, const Region &region,
                          const Machine &machine, const std::string &where) {
  auto check = [&](uint16_t color) -> Status {
    return color == kUnboundColor
               ? Status::success()
               : checkIndex(color, machine.colors, "color of a queue", where);
  };
  if (binding.color.kind == ParamSource::Kind::Constant) {
    return check(binding.color.value);
  }
  const auto &tables = binding.color.kind == ParamSource::Kind::Row
                           ? region.rowTables
                           : region.columnTables;
  for (uint16_t color : tables[binding.color.value]) {
    WAFER_CHECK(check(color));
  }
  return Status::success();
}

static Status validateRegion(const Region &region, const Image &image,
                             const Machine &machine,
                             const std::vector<TablesNeeded> &needed,
                             const std::string &where) {
  WAFER_CHECK(checkName(region.name, where));
  WAFER_CHECK(checkIndex(region.role, image.roles.size(), "role", where));
  WAFER_CHECK(checkRect(region.rect, machine, where));
  WAFER_CHECK(
      checkTables(region.rowTables, size_t(region.rect.h), "row", where));
  WAFER_CHECK(
      checkTables(region.columnTables, size_t(region.rect.w), "column", where));
  const TablesNeeded &tables = needed[region.role];
  WAFER_CHECK(checkEnough(region.rowTables, tables.rows, "row", where));
  WAFER_CHECK(
      checkEnough(region.columnTables, tables.columns, "column", where));
  for (const QueueBinding &binding : image.roles[region.role].queues) {
    WAFER_CHECK(checkColors(binding, region, machine, where));
  }
  return Status::success();
}

/// Sweeps a vertical line over the rectangles: those it meets are disjoint
/// intervals, so a new one can only meet its two neighbours.
static Status checkDisjoint(const std::vector<Region> &regions) {
  struct Event {
    int32_t x;
    bool begins;
    size_t region;
  };
  std::vector<Event> events;
  for (size_t i = 0; i < regions.size(); ++i) {
    events.push_back({regions[i].rect.x, true, i});
    events.push_back({regions[i].rect.endX(), false, i});
  }
  std::sort(events.begin(), events.end(), [](const Event &a, const Event &b) {
    // Ends come first: a rectangle ends before the column endX().
    return std::tie(a.x, a.begins, a.region) <
           std::tie(b.x, b.begins, b.region);
  });
  std::map<int32_t, size_t> active; // first row -> region
  for (const Event &e : events) {
    const Rect &r = regions[e.region].rect;
    if (!e.begins) {
      active.erase(r.y);
      continue;
    }
    auto next = active.lower_bound(r.y);
    size_t other = regions.size();
    if (next != active.end() && next->first < r.endY()) {
      other = next->second;
    } else if (next != active.begin() &&
               regions[std::prev(next)->second].rect.endY() > r.y) {
      other = std::prev(next)->second;
    }
    if (other != regions.size()) {
      return Diagnostic{"regions overlap",
                        placeOf("region", e.region, regions[e.region].name), "",
                        fmt::format("{} and '{}' at {}", describe(r),
                                    regions[other].name,
                                    describe(regions[other].rect)),
                        ""};
    }
    active.emplace(r.y, e.region);
  }
  return Status::success();
}

Status wafer::imagefile::validateRegions(const Image &image,
                                         const Machine &machine) {
  std::vector<TablesNeeded> needed(image.roles.begin(), image.roles.end());
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i < image.regions.size(); ++i) {
    const Region &region = image.regions[i];
    WAFER_CHECK(validateRegion(region, image, machine, needed,
                               placeOf("region", i, region.name)));
    if (!names.insert(region.name).second) {
      return Diagnostic{"two regions have the same name",
                        placeOf("region", i, region.name), "", "", ""};
    }
  }
  WAFER_CHECK(checkDisjoint(image.regions));
  for (size_t i = 0; i < image.stages.size(); ++i) {
    const StageInfo &stage = image.stages[i];
    std::string where = placeOf("stage", i, stage.name);
    WAFER_CHECK(checkName(stage.name, where));
    WAFER_CHECK(
        checkIndex(stage.region, image.regions.size(), "region", where));
    WAFER_CHECK(checkRect(stage.rect, machine, where));
    if (stage.wafer != uint32_t(machine.waferOf(stage.rect.x))) {
      return Diagnostic{"stage lies on another wafer than it says", where,
                        fmt::format("wafer {}", machine.waferOf(stage.rect.x)),
                        fmt::format("{}", stage.wafer), ""};
    }
    if (stage.firstLayer < 0 || stage.numLayers < 0 ||
        int64_t(stage.firstLayer) + stage.numLayers > INT32_MAX) {
      return Diagnostic{
          "range of layers is not valid", where, "",
          fmt::format("{} layers from {}", stage.numLayers, stage.firstLayer),
          ""};
    }
  }
  return Status::success();
}

Status wafer::validate(const Image &image, const Machine &machine) {
  WAFER_CHECK(validateTexts(image, machine));
  WAFER_CHECK(validateRoles(image, machine));
  WAFER_CHECK(validateRegions(image, machine));
  WAFER_CHECK(validateFabric(image, machine));
  WAFER_CHECK(validateData(image, machine));
  return validateMap(image, machine);
}
