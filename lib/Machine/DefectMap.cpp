// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Machine/DefectMap.h"

#include "wafer/Support/File.h"
#include "wafer/Support/Json.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using nlohmann::json;

/// A million entries of some 20 bytes.
static constexpr uint64_t kMaxFileBytes = uint64_t(64) << 20;

int32_t wafer::defectColumns(const Machine &machine) {
  return machine.physicalWidth + int32_t(machine.spareColumns);
}

char wafer::letterOf(Port side) {
  static constexpr char kLetters[] = {'W', 'E', 'S', 'N', 'R'};
  return kLetters[unsigned(side)];
}

DeadLink DeadLink::normalised() const {
  bool isFar = side == Port::West || side == Port::North;
  return isFar ? DeadLink{neighbour(core, side), opposite(side)} : *this;
}

void DefectMap::normalise() {
  for (DeadLink &link : links) {
    link = link.normalised();
  }
  std::sort(tiles.begin(), tiles.end());
  std::sort(cores.begin(), cores.end());
  std::sort(links.begin(), links.end());
  std::sort(banks.begin(), banks.end());
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

namespace {
/// The checks of one list.
class ListCheck {
public:
  ListCheck(const char *list, const Machine &machine, const std::string &where)
      : list(list), where(where), width(defectColumns(machine)),
        height(machine.physicalHeight) {}

  Status isOnMachine(Coord c) const {
    if (c.x >= 0 && c.y >= 0 && c.x < width && c.y < height) {
      return Status::success();
    }
    return Diagnostic{
        fmt::format("'{}' names a place outside the machine", list), where,
        fmt::format("0,0 to {},{}", width - 1, height - 1),
        fmt::format("{},{}", c.x, c.y), ""};
  }
  Status isLink(const DeadLink &link) const {
    if (Status s = isOnMachine(link.core); !s) {
      return s;
    }
    Coord far = neighbour(link.core, link.side);
    bool isNormal = link.side == Port::East || link.side == Port::South;
    if (isNormal && isOnMachine(far)) {
      return Status::success();
    }
    return Diagnostic{
        fmt::format("'{}' names a link that does not exist", list), where,
        "a link between two tiles",
        fmt::format("{},{} {}", link.core.x, link.core.y, letterOf(link.side)),
        ""};
  }
  /// Sorted without duplicates; `coordOf` gives the place of an entry.
  template <typename T, typename CoordOf>
  Status isSet(const std::vector<T> &entries, CoordOf coordOf) const {
    for (size_t i = 1; i < entries.size(); ++i) {
      if (!(entries[i - 1] < entries[i])) {
        Coord c = coordOf(entries[i]);
        return Diagnostic{entries[i - 1] == entries[i]
                              ? fmt::format("'{}' has an entry twice", list)
                              : fmt::format("'{}' is not in order", list),
                          where, "", fmt::format("{},{}", c.x, c.y), ""};
      }
    }
    return Status::success();
  }

private:
  const char *list;
  const std::string &where;
  int32_t width;
  int32_t height;
};
} // namespace

static Status checkPlaces(const char *list, const std::vector<Coord> &places,
                          const Machine &machine, const std::string &where) {
  ListCheck check(list, machine, where);
  for (Coord c : places) {
    if (Status s = check.isOnMachine(c); !s) {
      return s;
    }
  }
  return check.isSet(places, [](Coord c) { return c; });
}

static Status checkLinks(const std::vector<DeadLink> &links,
                         const Machine &machine, const std::string &where) {
  ListCheck check("links", machine, where);
  for (const DeadLink &link : links) {
    if (Status s = check.isLink(link); !s) {
      return s;
    }
  }
  return check.isSet(links, [](const DeadLink &l) { return l.core; });
}

static Status checkBanks(const std::vector<DeadBank> &banks,
                         const Machine &machine, const std::string &where) {
  ListCheck check("banks", machine, where);
  for (const DeadBank &b : banks) {
    if (Status s = check.isOnMachine(b.core); !s) {
      return s;
    }
    if (b.bank >= machine.sramBanks) {
      return Diagnostic{"'banks' names a bank that the core does not have",
                        where, fmt::format("0 to {}", machine.sramBanks - 1),
                        fmt::format("{} at {},{}", b.bank, b.core.x, b.core.y),
                        ""};
    }
  }
  return check.isSet(banks, [](const DeadBank &b) { return b.core; });
}

Status DefectMap::check(const Machine &target, const std::string &where) const {
  if (machine != target.name) {
    return Diagnostic{"the defect map is of another machine", where,
                      fmt::format("machine '{}'", target.name),
                      fmt::format("'{}'", machine), ""};
  }
  if (target.wafers > 1) {
    return Diagnostic{"a defect map is of one wafer", where, "1 wafer",
                      fmt::format("{} wafers", target.wafers),
                      "programs on several wafers need wafers without defects"};
  }
  if (Status s = checkPlaces("tiles", tiles, target, where); !s) {
    return s;
  }
  if (Status s = checkPlaces("cores", cores, target, where); !s) {
    return s;
  }
  if (Status s = checkLinks(links, target, where); !s) {
    return s;
  }
  return checkBanks(banks, target, where);
}

//===----------------------------------------------------------------------===//
// The file form
//===----------------------------------------------------------------------===//

namespace {
class MapReader {
public:
  explicit MapReader(const std::string &where) : where(where) {}

  Status read(const json &root, DefectMap &map) {
    if (!root.is_object()) {
      return wrong("", "an object", root);
    }
    for (const auto &item : root.items()) {
      if (Status s = readField(item.key(), item.value(), map); !s) {
        return s;
      }
    }
    if (map.machine.empty()) {
      return Diagnostic{"the defect map does not name its machine", where,
                        "\"machine\": NAME", "", ""};
    }
    return Status::success();
  }

private:
  Diagnostic wrong(const std::string &pointer, const std::string &expected,
                   const json &found) const {
    return {"bad value in the defect map",
            pointer.empty() ? where : where + ": " + pointer, expected,
            describeJson(found), ""};
  }

  Status readField(const std::string &key, const json &value, DefectMap &map) {
    std::string pointer = "/" + jsonPointerToken(key);
    if (key == "machine") {
      if (!value.is_string() || value.get_ref<const std::string &>().empty()) {
        return wrong(pointer, "the name of a machine", value);
      }
      map.machine = value.get<std::string>();
      return Status::success();
    }
    if (key == "tiles" || key == "cores") {
      auto &places = key == "tiles" ? map.tiles : map.cores;
      return readList(value, pointer, 2, "[x, y]",
                      [&](Coord c, const json &, const std::string &) {
                        places.push_back(c);
                        return Status::success();
                      });
    }
    if (key == "links") {
      return readList(value, pointer, 3, "[x, y, \"W\"|\"E\"|\"S\"|\"N\"]",
                      [&](Coord c, const json &last, const std::string &at) {
                        return readLink(c, last, at, map);
                      });
    }
    if (key == "banks") {
      return readList(value, pointer, 3, "[x, y, bank]",
                      [&](Coord c, const json &last, const std::string &at) {
                        return readBank(c, last, at, map);
                      });
    }
    return Diagnostic{"unknown key in the defect map", where + ": " + pointer,
                      "machine, tiles, cores, links or banks", "", ""};
  }

  template <typename Add>
  Status readList(const json &value, const std::string &pointer, size_t parts,
                  const char *form, Add add) {
    if (!value.is_array()) {
      return wrong(pointer, fmt::format("an array of {}", form), value);
    }
    for (size_t i = 0; i < value.size(); ++i) {
      const json &entry = value[i];
      std::string at = fmt::format("{}/{}", pointer, i);
      bool fits = entry.is_array() && entry.size() == parts &&
                  isCoordinate(entry[0]) && isCoordinate(entry[1]);
      if (!fits) {
        return wrong(at, form, entry);
      }
      Coord c{entry[0].get<int32_t>(), entry[1].get<int32_t>()};
      if (Status s = add(c, entry[parts - 1], at); !s) {
        return s;
      }
    }
    return Status::success();
  }

  static bool isCoordinate(const json &value) {
    return value.is_number_unsigned() && value.get<uint64_t>() <= 0xffff;
  }

  Status readLink(Coord c, const json &side, const std::string &at,
                  DefectMap &map) {
    if (side.is_string()) {
      const std::string &text = side.get_ref<const std::string &>();
      for (Port p : {Port::West, Port::East, Port::South, Port::North}) {
        if (text.size() == 1 && text[0] == letterOf(p)) {
          map.links.push_back({c, p});
          return Status::success();
        }
      }
    }
    return wrong(at + "/2", "\"W\", \"E\", \"S\" or \"N\"", side);
  }

  Status readBank(Coord c, const json &bank, const std::string &at,
                  DefectMap &map) {
    if (!isCoordinate(bank)) {
      return wrong(at + "/2", "the number of a bank", bank);
    }
    map.banks.push_back({c, bank.get<uint32_t>()});
    return Status::success();
  }

  const std::string &where;
};
} // namespace

Result<DefectMap> DefectMap::parse(std::string_view text,
                                   const std::string &where) {
  Result<json> root = parseJson(text, where);
  if (!root) {
    return root.takeError();
  }
  DefectMap map;
  if (Status s = MapReader(where).read(*root, map); !s) {
    return s.takeError();
  }
  map.normalise();
  return map;
}

Result<DefectMap> DefectMap::fromJson(std::string_view text,
                                      const Machine &target,
                                      const std::string &where) {
  Result<DefectMap> map = parse(text, where);
  if (!map) {
    return map;
  }
  if (Status s = map->check(target, where); !s) {
    return s.takeError();
  }
  return map;
}

Result<DefectMap> DefectMap::load(const std::string &path,
                                  const Machine &target) {
  Result<std::string> text = readFile(path, kMaxFileBytes);
  if (!text) {
    return text.takeError();
  }
  return fromJson(*text, target, path);
}

std::string DefectMap::toJson() const {
  auto list = [](const char *key, const auto &entries, auto entryText) {
    std::string text = fmt::format(",\n \"{}\": [", key);
    for (size_t i = 0; i < entries.size(); ++i) {
      text += (i ? "," : "") + entryText(entries[i]);
    }
    return text + "]";
  };
  auto place = [](Coord c) { return fmt::format("[{},{}]", c.x, c.y); };
  return fmt::format("{{\"machine\": {}", json(machine).dump()) +
         list("tiles", tiles, place) + list("cores", cores, place) +
         list("links", links,
              [](const DeadLink &l) {
                return fmt::format("[{},{},\"{}\"]", l.core.x, l.core.y,
                                   letterOf(l.side));
              }) +
         list("banks", banks,
              [](const DeadBank &b) {
                return fmt::format("[{},{},{}]", b.core.x, b.core.y, b.bank);
              }) +
         "}\n";
}
