// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Route/RoutingProblem.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

using namespace wafer;

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

unsigned RoutingLimits::numUsable() const {
  unsigned n = 0;
  for (unsigned c = 0; c < colors; ++c) {
    n += usable(c);
  }
  return n;
}

RoutingProblem RoutingProblem::forMachine(const Machine &machine) {
  RoutingProblem problem;
  problem.width = machine.width();
  problem.height = machine.height();
  problem.wafers = machine.wafers;
  problem.limits.colors = machine.colors;
  problem.limits.reserved = machine.reservedColors;
  problem.limits.switchable = machine.switchableColors;
  problem.limits.host = machine.host;
  return problem;
}

const std::string &RoutingProblem::name(unsigned id) const {
  return isFamily(id) ? family(id).name : stream(id).name;
}

std::optional<uint8_t> RoutingProblem::pinnedColor(unsigned id) const {
  return isFamily(id) ? family(id).color : stream(id).color;
}

bool RoutingProblem::needsSwitch(unsigned id) const {
  return isFamily(id) ? family(id).needsSwitch : stream(id).needsSwitch;
}

std::vector<Segment> wafer::expandSegments(const RoutedFamily &family) {
  std::vector<Segment> segments;
  for (const SegmentPattern &p : family.patterns) {
    for (int32_t i = 0; i < p.count; ++i) {
      int32_t shift = i * p.step;
      segments.push_back(
          {p.source + shift, p.sinkBegin + shift, p.sinkEnd + shift});
    }
  }
  std::sort(segments.begin(), segments.end(),
            [](const Segment &a, const Segment &b) {
              return std::min(a.source, a.sinkBegin) <
                     std::min(b.source, b.sinkBegin);
            });
  return segments;
}

//===----------------------------------------------------------------------===//
// Check
//===----------------------------------------------------------------------===//

namespace {
constexpr int32_t kMaxSide = RoutingProblem::kMaxSide;

std::string show(const Rect &r) {
  return fmt::format("rect({}, {}, {}, {})", r.x, r.y, r.w, r.h);
}

std::string show(const SegmentPattern &p) {
  std::string text =
      fmt::format("{} -> {}..{}", p.source, p.sinkBegin, p.sinkEnd);
  if (p.count != 1) {
    text += fmt::format(" step {} count {}", p.step, p.count);
  }
  return text;
}

class Checker {
public:
  explicit Checker(const RoutingProblem &problem) : problem(problem) {}

  Status run() {
    using Step = Status (Checker::*)();
    for (Step step : {&Checker::checkLimits, &Checker::checkNames,
                      &Checker::checkColors, &Checker::checkGroups}) {
      if (Status s = (this->*step)(); !s) {
        return s;
      }
    }
    for (unsigned id = 0; id < problem.size(); ++id) {
      culprit = id;
      Status s = problem.isFamily(id) ? checkFamily(problem.family(id))
                                      : checkStream(problem.stream(id));
      if (!s) {
        return s;
      }
    }
    return Status::success();
  }

  /// The stream at fault, where the error is about one.
  std::optional<unsigned> culprit;

private:
  Status checkLimits();
  Status checkNames();
  Status checkColors();
  Status checkGroups();
  Status checkRect(const std::string &where, const Rect &rect);
  Status checkFamily(const RoutedFamily &family);
  Status checkPattern(const RoutedFamily &family, const SegmentPattern &p);
  Status checkDisjoint(const RoutedFamily &family);
  Status checkStream(const RoutedStream &stream);
  Status checkReceivers(const RoutedStream &stream, const std::string &where);
  Status checkEdge(const std::string &where, const HostEdge &edge);

  const RoutingProblem &problem;
};
} // namespace

Status Checker::checkLimits() {
  const RoutingLimits &limits = problem.limits;
  if (problem.width < 1 || problem.height < 1 || problem.width > kMaxSide ||
      problem.height > kMaxSide) {
    return Diagnostic{"the grid has no usable size", "routing problem",
                      fmt::format("sides from 1 to {}", kMaxSide),
                      fmt::format("{} x {}", problem.width, problem.height),
                      ""};
  }
  if (problem.wafers < 1 || problem.width % problem.wafers != 0) {
    return Diagnostic{
        "wafers do not share the columns of the grid evenly", "routing problem",
        "", fmt::format("{} wafers, {} columns", problem.wafers, problem.width),
        ""};
  }
  if (limits.colors < 1 || limits.colors > 32) {
    return Diagnostic{"the number of colors is out of range", "routing problem",
                      "1 to 32", std::to_string(limits.colors), ""};
  }
  if (limits.numUsable() == 0) {
    return Diagnostic{"the machine keeps every color for the system",
                      "routing problem", "", "", ""};
  }
  return Status::success();
}

Status Checker::checkNames() {
  std::unordered_map<std::string, unsigned> seen;
  for (unsigned id = 0; id < problem.size(); ++id) {
    const std::string &name = problem.name(id);
    culprit = id;
    if (name.empty()) {
      return Diagnostic{fmt::format("stream number {} has no name", id),
                        "routing problem", "", "", ""};
    }
    if (!seen.emplace(name, id).second) {
      return Diagnostic{fmt::format("two streams are named '{}'", name),
                        "routing problem", "", "", ""};
    }
  }
  culprit.reset();
  return Status::success();
}

Status Checker::checkColors() {
  for (unsigned id = 0; id < problem.size(); ++id) {
    std::optional<uint8_t> color = problem.pinnedColor(id);
    if (!color) {
      continue;
    }
    culprit = id;
    std::string where = fmt::format("stream '{}'", problem.name(id));
    if (*color >= problem.limits.colors) {
      return Diagnostic{fmt::format("color {} is out of range", *color), where,
                        fmt::format("0 to {}", problem.limits.colors - 1), "",
                        ""};
    }
    if (!problem.limits.usable(*color)) {
      return Diagnostic{fmt::format("color {} belongs to the system", *color),
                        where, "", "", ""};
    }
    if (problem.needsSwitch(id) &&
        !((problem.limits.switchable >> *color) & 1u)) {
      return Diagnostic{
          fmt::format("color {} cannot have switch positions", *color), where,
          "", "", ""};
    }
  }
  culprit.reset();
  return Status::success();
}

Status Checker::checkGroups() {
  for (const std::vector<unsigned> &group : problem.exclusiveGroups) {
    for (unsigned id : group) {
      if (id >= problem.size()) {
        return Diagnostic{"an exclusive group names a stream that is not there",
                          "routing problem",
                          fmt::format("an id below {}", problem.size()),
                          std::to_string(id), ""};
      }
    }
  }
  return Status::success();
}

Status Checker::checkRect(const std::string &where, const Rect &rect) {
  bool inside = !rect.empty() && rect.x >= 0 && rect.y >= 0 &&
                int64_t(rect.x) + rect.w <= problem.width &&
                int64_t(rect.y) + rect.h <= problem.height;
  if (inside && problem.onOneWafer(rect)) {
    return Status::success();
  }
  if (inside) {
    return Diagnostic{"a rectangle lies on two wafers", where,
                      fmt::format("no border of a wafer, which has {} columns",
                                  problem.waferWidth()),
                      show(rect), ""};
  }
  return Diagnostic{
      "a rectangle is empty or leaves the grid", where,
      fmt::format("cores of the {} x {} grid", problem.width, problem.height),
      show(rect), ""};
}

Status Checker::checkFamily(const RoutedFamily &family) {
  std::string where = fmt::format("family '{}'", family.name);
  if (Status s = checkRect(where, family.rect); !s) {
    return s;
  }
  if (family.patterns.empty()) {
    return Diagnostic{"a family needs a segment", where, "", "", ""};
  }
  for (const SegmentPattern &pattern : family.patterns) {
    if (Status s = checkPattern(family, pattern); !s) {
      return s;
    }
  }
  return checkDisjoint(family);
}

Status Checker::checkPattern(const RoutedFamily &family,
                             const SegmentPattern &p) {
  std::string where = fmt::format("family '{}'", family.name);
  if (p.count < 1 || (p.count > 1 && p.step < 1) || p.step < 0) {
    return Diagnostic{"a segment pattern needs a positive count and step",
                      where, "", show(p), ""};
  }
  bool onlySource =
      p.sinkBegin == p.source && int64_t(p.sinkEnd) == int64_t(p.source) + 1;
  if (p.sinkBegin >= p.sinkEnd || onlySource) {
    return Diagnostic{"a segment has no receiver", where,
                      "a core other than the source", show(p), ""};
  }
  // The extreme lines and the extreme segments bound all others.
  int64_t low = std::min(p.source, p.sinkBegin);
  int64_t high = std::max(p.source, p.sinkEnd - 1);
  high += int64_t(p.count - 1) * p.step;
  int64_t slant = int64_t(family.lines() - 1) * family.skew;
  low += std::min<int64_t>(slant, 0);
  high += std::max<int64_t>(slant, 0);
  if (low < 0 || high >= family.side()) {
    return Diagnostic{
        "a segment leaves the family's rectangle", where,
        fmt::format("offsets from 0 to {}", family.side() - 1),
        fmt::format("{}{}, which reaches from {} to {}", show(p),
                    family.skew ? fmt::format(" with skew {}", family.skew)
                                : std::string(),
                    low, high),
        ""};
  }
  return Status::success();
}

/// Two segments of one line that share a router would need two routes of one
/// color there.
Status Checker::checkDisjoint(const RoutedFamily &family) {
  std::string where = fmt::format("family '{}'", family.name);
  int64_t total = 0;
  for (const SegmentPattern &pattern : family.patterns) {
    total += pattern.count;
  }
  if (total > family.side()) {
    return Diagnostic{"a line has more segments than cores", where,
                      fmt::format("at most {}", family.side()),
                      std::to_string(total), ""};
  }
  std::vector<Segment> segments = expandSegments(family);
  for (size_t i = 1; i < segments.size(); ++i) {
    const Segment &a = segments[i - 1], &b = segments[i];
    if (std::max(a.source, a.sinkEnd - 1) >= std::min(b.source, b.sinkBegin)) {
      return Diagnostic{
          fmt::format("two segments of one line share the router at offset {}",
                      std::min(b.source, b.sinkBegin)),
          where, "segments with no router in common",
          fmt::format("{} -> {}..{} and {} -> {}..{}", a.source, a.sinkBegin,
                      a.sinkEnd, b.source, b.sinkBegin, b.sinkEnd),
          "put neighbouring links into two families"};
    }
  }
  return Status::success();
}

Status Checker::checkEdge(const std::string &where, const HostEdge &edge) {
  const char *side = edge.west ? "west" : "east";
  if (!problem.anyBorders && (edge.wafer < 0 || edge.wafer >= problem.wafers)) {
    return Diagnostic{"there is no such wafer", where,
                      fmt::format("0 to {}", problem.wafers - 1),
                      std::to_string(edge.wafer), ""};
  }
  if (edge.row < 0 || edge.row >= problem.height) {
    return Diagnostic{"a host port leaves the grid", where,
                      fmt::format("a row from 0 to {}", problem.height - 1),
                      fmt::format("{} row {}", side, edge.row), ""};
  }
  if (!problem.limits.host) {
    return Status::success();
  }
  const Machine::HostChannels &host = *problem.limits.host;
  if (!(edge.west ? host.west : host.east)) {
    return Diagnostic{
        fmt::format("the machine has no host channels on the {} edge", side),
        where, "", "", ""};
  }
  if (!host.isChannelRow(edge.row)) {
    return Diagnostic{"there is no host channel in this row", where,
                      fmt::format("row {} + k * {} with k below {}",
                                  host.firstRow, host.rowStep, host.count),
                      fmt::format("row {}", edge.row), ""};
  }
  return Status::success();
}

Status Checker::checkStream(const RoutedStream &stream) {
  std::string where = fmt::format("stream '{}'", stream.name);
  if (stream.fromHost && stream.toHost) {
    return Diagnostic{"a stream goes from the host to the host", where, "", "",
                      ""};
  }
  if (stream.fromHost) {
    if (Status s = checkEdge(where, *stream.fromHost); !s) {
      return s;
    }
  } else if (!problem.grid().contains(stream.source)) {
    return Diagnostic{"the source is not on the grid", where,
                      fmt::format("a core of the {} x {} grid", problem.width,
                                  problem.height),
                      fmt::format("({}, {})", stream.source.x, stream.source.y),
                      ""};
  }
  int32_t own = problem.entry(stream).x / problem.waferWidth();
  auto isOn = [&](int32_t wafer) {
    return problem.anyBorders || wafer == own
               ? Status::success()
               : Status(Diagnostic{"a stream goes from one wafer to another",
                                   where, fmt::format("ends on wafer {}", own),
                                   fmt::format("an end on wafer {}", wafer),
                                   "words cross by a port of either wafer"});
  };
  if (stream.toHost) {
    if (Status s = isOn(stream.toHost->wafer); !s) {
      return s;
    }
    if (!stream.sinks.empty()) {
      return Diagnostic{"a stream to the host cannot have sinks as well", where,
                        "", "", "use a second stream for the cores"};
    }
    return checkEdge(where, *stream.toHost);
  }
  for (const Rect &rect : stream.sinks) {
    Status inside = checkRect(where, rect);
    if (Status s = inside ? isOn(rect.x / problem.waferWidth()) : inside; !s) {
      return s;
    }
  }
  return checkReceivers(stream, where);
}

Status Checker::checkReceivers(const RoutedStream &stream,
                               const std::string &where) {
  bool reaches = false;
  for (const Rect &rect : stream.sinks) {
    Rect self{stream.source.x, stream.source.y, 1, 1};
    reaches |= stream.fromHost.has_value() || rect != self;
  }
  if (!reaches) {
    return Diagnostic{"a stream has no receiver", where,
                      "a core other than the source", "", ""};
  }
  return Status::success();
}

Status RoutingProblem::check(std::optional<unsigned> *culprit) const {
  Checker checker(*this);
  Status status = checker.run();
  if (culprit) {
    *culprit = status ? std::nullopt : checker.culprit;
  }
  return status;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

namespace {
void appendColor(std::string &out, std::optional<uint8_t> color,
                 bool needsSwitch) {
  if (color) {
    out += fmt::format(" color {}", *color);
  }
  if (needsSwitch) {
    out += " switch";
  }
  out += '\n';
}

std::string show(const HostEdge &edge) {
  std::string wafer =
      edge.wafer ? fmt::format(", wafer {}", edge.wafer) : std::string();
  return fmt::format("host({}, {}{})", edge.west ? "west" : "east", edge.row,
                     wafer);
}
} // namespace

std::string RoutingProblem::str() const {
  std::string out = fmt::format(
      "grid {} x {}, {} colors, reserved {:#x}, switchable {:#x}\n", width,
      height, limits.colors, limits.reserved, limits.switchable);
  for (const RoutedFamily &f : families) {
    out += fmt::format("family {} {} axis {}", f.name, show(f.rect),
                       f.axis == Axis::X ? 'x' : 'y');
    if (f.skew) {
      out += fmt::format(" skew {}", f.skew);
    }
    for (size_t i = 0; i < f.patterns.size(); ++i) {
      out += (i ? ", " : ": ") + show(f.patterns[i]);
    }
    appendColor(out, f.color, f.needsSwitch);
  }
  for (const RoutedStream &s : streams) {
    out += fmt::format("stream {} from {} to", s.name,
                       s.fromHost
                           ? show(*s.fromHost)
                           : fmt::format("({}, {})", s.source.x, s.source.y));
    for (const Rect &rect : s.sinks) {
      out += ' ' + show(rect);
    }
    if (s.toHost) {
      out += ' ' + show(*s.toHost);
    }
    appendColor(out, s.color, s.needsSwitch);
  }
  for (const std::vector<unsigned> &group : exclusiveGroups) {
    out += "exclusive";
    for (unsigned id : group) {
      out += ' ' + name(id);
    }
    out += '\n';
  }
  return out;
}
