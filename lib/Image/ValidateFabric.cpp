// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ValidateParts.h"

#include "wafer/Image/Lookup.h"

#include <algorithm>
#include <tuple>

using namespace wafer;
using namespace wafer::imagefile;

static Status checkFilter(const Filter &f, const std::string &where) {
  bool clean = true;
  switch (f.kind) {
  case FilterKind::None:
    clean = f.init == 0 && f.limit == 0 && f.min == 0 && f.max == 0;
    break;
  case FilterKind::Counter:
    clean = f.min == 0;
    if (f.init > f.max) {
      return Diagnostic{"filter starts behind its last count", where,
                        fmt::format("0 to {}", f.max),
                        fmt::format("{}", f.init), ""};
    }
    break;
  case FilterKind::Range:
    clean = f.init == 0 && f.limit == 0;
    break;
  default:
    return Diagnostic{"unknown kind of filter", where, "", "", ""};
  }
  if (!clean) {
    return Diagnostic{"unused field of a filter is not zero", where, "", "",
                      ""};
  }
  return Status::success();
}

static Status checkConfig(const RouteConfig &c, const Machine &machine,
                          const std::string &where) {
  unsigned most = std::min<unsigned>(machine.maxSwitchPositions,
                                     unsigned(c.positions.size()));
  if (c.numPositions == 0 || c.numPositions > most) {
    return Diagnostic{"wrong number of switch positions", where,
                      fmt::format("1 to {}", most),
                      fmt::format("{}", c.numPositions), ""};
  }
  WAFER_CHECK(checkIndex(c.currentPosition, c.numPositions,
                         "current switch position", where));
  constexpr uint8_t kAllPorts = (1u << kNumPorts) - 1;
  for (unsigned p = 0; p < c.positions.size(); ++p) {
    const SwitchPosition &s = c.positions[p];
    if (p >= c.numPositions) {
      if (s.rx || s.tx) {
        return Diagnostic{"unused switch position is not zero", where, "", "",
                          ""};
      }
      continue;
    }
    // A position of a switch may be closed; a route that always is means
    // nothing.
    bool closed = s.rx == 0 || s.tx == 0;
    if ((closed && c.numPositions == 1) || s.rx > kAllPorts ||
        s.tx > kAllPorts) {
      return Diagnostic{fmt::format("switch position {} has no ports", p),
                        where, "ports to receive from and to send to",
                        fmt::format("rx {:#x}, tx {:#x}", s.rx, s.tx), ""};
    }
  }
  if (uint8_t(c.pop) > uint8_t(PopMode::OnAdvanceNop)) {
    return Diagnostic{"unknown pop mode", where, "", "", ""};
  }
  return checkFilter(c.filter, where);
}

static Status checkAxis(Axis axis, const std::string &where) {
  return checkIndex(uint8_t(axis), 2, "axis", where);
}

/// What is shifted with a line must stay on the rectangle: offsets
/// [begin, end) of lines `first` to `last`. Shifts grow with the line, so the
/// two outer lines decide.
static Status checkSkew(int32_t skew, int64_t first, int64_t last,
                        int64_t begin, int64_t end, int64_t side,
                        const std::string &where) {
  for (int64_t line : {first, last}) {
    int64_t shift = line * skew;
    if (begin + shift < 0 || end + shift > side) {
      return Diagnostic{
          fmt::format("line {} leaves the rectangle by its skew", line), where,
          fmt::format("offsets of 0 to {}", side - 1),
          fmt::format("{} to {}", begin + shift, end + shift - 1), ""};
    }
  }
  return Status::success();
}

/// One class of a rule: lines c, c + n, ... below `lines`.
static Status checkClass(const Rule &rule, size_t c, const Image &image,
                         const std::string &where) {
  uint64_t sum = 0;
  uint64_t firstRoute = UINT64_MAX;
  uint64_t endRoute = 0;
  for (const Run &run : rule.classes[c]) {
    if (run.count == 0) {
      return Diagnostic{fmt::format("class {} has an empty run", c), where, "",
                        "", ""};
    }
    if (run.config != kNoRoute) {
      WAFER_CHECK(
          checkIndex(run.config, image.configs.size(), "config", where));
      firstRoute = std::min(firstRoute, sum);
      endRoute = sum + run.count;
    }
    sum += run.count;
  }
  uint64_t side = uint64_t(sideAlong(rule.rect, rule.axis));
  if (sum != side) {
    return Diagnostic{fmt::format("runs of class {} do not fill the side", c),
                      where, fmt::format("{} routers", side),
                      fmt::format("{}", sum), ""};
  }
  if (endRoute == 0) {
    return Status::success();
  }
  uint64_t lines = uint64_t(sideAcross(rule.rect, rule.axis));
  uint64_t n = rule.classes.size();
  uint64_t last = c + (lines - 1 - c) / n * n;
  return checkSkew(rule.skew, int64_t(c), int64_t(last), int64_t(firstRoute),
                   int64_t(endRoute), int64_t(side), where);
}

static Status checkRule(const Rule &rule, const Image &image,
                        const Machine &machine, const std::string &where) {
  WAFER_CHECK(checkName(rule.name, where, /*mayBeEmpty=*/true));
  WAFER_CHECK(checkIndex(rule.color, machine.colors, "color", where));
  WAFER_CHECK(checkRect(rule.rect, machine, where));
  WAFER_CHECK(checkAxis(rule.axis, where));
  uint64_t lines = uint64_t(sideAcross(rule.rect, rule.axis));
  if (rule.classes.empty() || rule.classes.size() > lines) {
    return Diagnostic{"wrong number of classes", where,
                      fmt::format("1 to {}", lines),
                      fmt::format("{}", rule.classes.size()), ""};
  }
  for (size_t c = 0; c < rule.classes.size(); ++c) {
    WAFER_CHECK(checkClass(rule, c, image, where));
  }
  return Status::success();
}

static Status checkFamily(const StreamFamily &family, const Machine &machine,
                          const std::string &where) {
  WAFER_CHECK(checkName(family.name, where, /*mayBeEmpty=*/true));
  WAFER_CHECK(checkIndex(family.color, machine.colors, "color", where));
  WAFER_CHECK(checkRect(family.rect, machine, where));
  WAFER_CHECK(checkAxis(family.axis, where));
  int32_t side = sideAlong(family.rect, family.axis);
  for (const Segment &s : family.segments) {
    // A family speaks of its own line: all ends lie on it.
    bool onLine = s.source >= 0 && s.source < side && s.sinkBegin >= 0 &&
                  s.sinkBegin < s.sinkEnd && s.sinkEnd <= side;
    if (!onLine) {
      return Diagnostic{
          "segment does not lie on its line", where,
          fmt::format("offsets of 0 to {}", side - 1),
          fmt::format("{} -> {}..{}", s.source, s.sinkBegin, s.sinkEnd), ""};
    }
    if (s.sinkBegin == s.source && s.sinkEnd == s.source + 1) {
      return Diagnostic{
          "segment has no sink", where, "",
          fmt::format("{} -> {}..{}", s.source, s.sinkBegin, s.sinkEnd), ""};
    }
    WAFER_CHECK(checkSkew(family.skew, 0,
                          sideAcross(family.rect, family.axis) - 1,
                          std::min(s.source, s.sinkBegin),
                          std::max(s.source + 1, s.sinkEnd), side, where));
  }
  return Status::success();
}

static Status checkStream(const Stream &stream, const Machine &machine,
                          const std::string &where) {
  WAFER_CHECK(checkName(stream.name, where, /*mayBeEmpty=*/true));
  WAFER_CHECK(checkIndex(stream.color, machine.colors, "color", where));
  WAFER_CHECK(checkRect(Rect{stream.source.x, stream.source.y, 1, 1}, machine,
                        where + ": source"));
  if (stream.sinks.empty()) {
    return Diagnostic{"stream has no sink", where, "", "", ""};
  }
  for (const Rect &r : stream.sinks) {
    WAFER_CHECK(checkRect(r, machine, where + ": sink"));
  }
  return Status::success();
}

/// A crossing joins ports of two wafers, one out and one in.
static Status checkPartner(const Image &image, size_t index,
                           const std::string &where) {
  const HostPort &port = image.hostPorts[index];
  if (!port.crosses()) {
    return Status::success();
  }
  WAFER_CHECK(
      checkIndex(port.partner, image.hostPorts.size(), "partner", where));
  const HostPort &partner = image.hostPorts[port.partner];
  std::string found = placeOf("host port", port.partner, partner.name);
  if (partner.partner != index) {
    return Diagnostic{"partner of a crossing has another partner", where, "",
                      found, ""};
  }
  if (partner.input == port.input || partner.wafer == port.wafer) {
    return Diagnostic{"ports are no ends of a crossing", where,
                      "an output of one wafer and an input of another", found,
                      ""};
  }
  return Status::success();
}

static Status checkHostPort(const HostPort &port, const Machine &machine,
                            const std::string &where) {
  WAFER_CHECK(checkName(port.name, where));
  WAFER_CHECK(checkIndex(port.color, machine.colors, "color", where));
  WAFER_CHECK(checkIndex(port.wafer, uint64_t(machine.wafers), "wafer", where));
  bool side = port.west ? machine.host.west : machine.host.east;
  if (!side || port.row < 0 || port.row >= machine.height() ||
      machine.host.rowStep <= 0 || !machine.host.isChannelRow(port.row)) {
    return Diagnostic{"machine has no host channel there", where, "",
                      fmt::format("row {} of the {} edge", port.row,
                                  port.west ? "west" : "east"),
                      ""};
  }
  return Status::success();
}

static Status checkHostPorts(const Image &image, const Machine &machine) {
  using Key = std::tuple<uint32_t, bool, bool, int32_t, uint8_t>;
  std::vector<std::pair<Key, size_t>> keys;
  for (size_t i = 0; i < image.hostPorts.size(); ++i) {
    const HostPort &p = image.hostPorts[i];
    std::string where = placeOf("host port", i, p.name);
    WAFER_CHECK(checkHostPort(p, machine, where));
    WAFER_CHECK(checkPartner(image, i, where));
    keys.push_back({{p.wafer, p.input, p.west, p.row, p.color}, i});
  }
  std::sort(keys.begin(), keys.end());
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].first == keys[i - 1].first) {
      const HostPort &p = image.hostPorts[keys[i].second];
      return Diagnostic{"two host ports are the same",
                        placeOf("host port", keys[i].second, p.name), "", "",
                        ""};
    }
  }
  return Status::success();
}

/// A paced stream has cores at both ends, be it over a crossing.
static Status checkPaced(const Image &image, const Machine &machine) {
  for (size_t i = 0; i < image.streams.size(); ++i) {
    const Stream &s = image.streams[i];
    if (!s.paced || (!s.fromHost && !s.toHost)) {
      continue;
    }
    uint32_t port = portOf(image, machine, s);
    if (port == HostPort::kHost || !image.hostPorts[port].crosses()) {
      return Diagnostic{"paced stream has an end at the host",
                        placeOf("stream", i, s.name), "cores at both ends", "",
                        ""};
    }
  }
  return Status::success();
}

Status wafer::imagefile::validateFabric(const Image &image,
                                        const Machine &machine) {
  for (size_t i = 0; i < image.configs.size(); ++i) {
    WAFER_CHECK(
        checkConfig(image.configs[i], machine, placeOf("config", i, "")));
  }
  for (size_t i = 0; i < image.rules.size(); ++i) {
    const Rule &r = image.rules[i];
    WAFER_CHECK(checkRule(r, image, machine, placeOf("rule", i, r.name)));
  }
  for (size_t i = 0; i < image.families.size(); ++i) {
    const StreamFamily &f = image.families[i];
    WAFER_CHECK(checkFamily(f, machine, placeOf("family", i, f.name)));
  }
  for (size_t i = 0; i < image.streams.size(); ++i) {
    const Stream &s = image.streams[i];
    WAFER_CHECK(checkStream(s, machine, placeOf("stream", i, s.name)));
  }
  WAFER_CHECK(checkHostPorts(image, machine));
  return checkPaced(image, machine);
}
