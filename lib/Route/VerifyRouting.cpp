// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Phases: (1) the form of rules and configurations; then for each color (2) the
// cuts, places where rows or columns may begin to differ, and the table of one
// cell for each pair of kinds; (3) painting the rules, which finds routers with
// two routes; (4) tracing the streams, which marks cells with their owner; (5)
// cells that nobody marked.
//
// A cell holds routers with equal routes, and no cell holds routers of two
// lines that differ in any rule or stream, so marks on cells are exact.
#include "wafer/Route/VerifyRouting.h"

#include <fmt/format.h>

#include <algorithm>

using namespace wafer;

namespace {

/// The kinds of rows, or of columns.
class Kinds {
public:
  void cut(int64_t at) { cuts.push_back(int32_t(at)); }
  void cutAll(int32_t begin, int32_t end) {
    for (int32_t at = begin; at <= end; ++at) {
      cut(at);
    }
  }
  /// Numbers the kinds of 0 .. side-1 once all cuts are known.
  void close(int32_t side) {
    std::vector<bool> isCut(size_t(side), false);
    for (int32_t at : cuts) {
      if (at >= 0 && at < side) {
        isCut[size_t(at)] = true;
      }
    }
    for (int32_t at = 0; at < side; ++at) {
      if (at == 0 || isCut[size_t(at)]) {
        firsts.push_back(at);
      }
      kindOf.push_back(uint32_t(firsts.size() - 1));
    }
  }
  uint32_t kind(int32_t at) const { return kindOf[size_t(at)]; }
  size_t size() const { return firsts.size(); }
  /// The first row or column of each kind, ascending.
  const std::vector<int32_t> &representatives() const { return firsts; }

private:
  std::vector<int32_t> cuts;
  std::vector<uint32_t> kindOf;
  std::vector<int32_t> firsts;
};

const char *nameOf(Port port) {
  switch (port) {
  case Port::West:
    return "west";
  case Port::East:
    return "east";
  case Port::South:
    return "south";
  case Port::North:
    return "north";
  case Port::Ramp:
    return "the ramp";
  }
  return "?";
}

std::string at(Coord c) { return fmt::format("({}, {})", c.x, c.y); }

class Verifier {
public:
  Verifier(const RoutingProblem &problem, const std::vector<uint8_t> &colors,
           const std::vector<Rule> &rules,
           const std::vector<RouteConfig> &configs, unsigned maxErrors)
      : problem(problem), colors(colors), rules(rules), configs(configs),
        maxErrors(maxErrors) {}

  std::vector<Diagnostic> run();

private:
  void report(std::string what, std::string where, std::string expected = "",
              std::string found = "") {
    if (errors.size() < maxErrors) {
      errors.push_back({std::move(what), std::move(where), std::move(expected),
                        std::move(found), ""});
    }
  }
  bool full() const { return errors.size() >= maxErrors; }

  void checkConfigs();
  void checkRule(const Rule &rule);
  void checkRuns(const Rule &rule, const std::vector<Run> &runs);

  const RoutingProblem &problem;
  const std::vector<uint8_t> &colors;
  const std::vector<Rule> &rules;
  const std::vector<RouteConfig> &configs;
  unsigned maxErrors;
  std::vector<Diagnostic> errors;

  friend class ColorVerifier;
};

/// Phases 2 to 5 for one color.
class ColorVerifier {
public:
  ColorVerifier(Verifier &parent, uint8_t color);
  void run();

private:
  struct Cell {
    const RouteConfig *config = nullptr;
    const Rule *rule = nullptr;
    /// Id of the stream that passed here, plus one.
    unsigned owner = 0;
  };
  struct Arrivals {
    std::vector<Coord> cores;
    std::vector<std::pair<Coord, Port>> exits;
  };

  Cell &cell(Coord c) {
    return cells[rows.kind(c.y) * columns.size() + columns.kind(c.x)];
  }
  void cutRule(const Rule &rule);
  void cutStream(unsigned id);
  void paint(const Rule &rule);
  void traceFamily(unsigned id);
  void traceStream(unsigned id);
  /// False after an error.
  bool trace(unsigned id, Coord start, Port from, Arrivals &arrivals);
  std::string whereOf(unsigned id, Coord start) const;
  bool step(unsigned id, Coord place, Port in, Coord start);
  void compare(unsigned id, Coord start, Arrivals &arrivals,
               std::vector<Coord> expected);
  void compareExits(unsigned id, const Arrivals &arrivals);
  void checkUnused();

  Verifier &parent;
  const RoutingProblem &problem;
  uint8_t color;
  std::vector<const Rule *> rules;
  std::vector<unsigned> ids;
  Kinds rows, columns;
  std::vector<Cell> cells;
};
} // namespace

//===----------------------------------------------------------------------===//
// Form
//===----------------------------------------------------------------------===//

void Verifier::checkConfigs() {
  for (size_t i = 0; i < configs.size(); ++i) {
    const RouteConfig &c = configs[i];
    std::string where = fmt::format("route configuration {}", i);
    if (c.numPositions < 1 || c.numPositions > c.positions.size() ||
        c.currentPosition >= c.numPositions) {
      report("the switch positions are out of range", where);
      continue;
    }
    const SwitchPosition &now = c.positions[c.currentPosition];
    bool oneInput = now.rx != 0 && (now.rx & (now.rx - 1)) == 0;
    if (!oneInput || now.rx >= (1u << kNumPorts)) {
      report("a route needs exactly one input port", where, "",
             fmt::format("rx {:#x}", now.rx));
    }
    if (now.tx == 0 || now.tx >= (1u << kNumPorts)) {
      report("a route needs an output port", where, "",
             fmt::format("tx {:#x}", now.tx));
    }
  }
}

void Verifier::checkRuns(const Rule &rule, const std::vector<Run> &runs) {
  std::string where = fmt::format("rule '{}'", rule.name);
  bool alongX = rule.axis == Axis::X;
  int64_t side = alongX ? rule.rect.w : rule.rect.h;
  int64_t lines = alongX ? rule.rect.h : rule.rect.w;
  int64_t sum = 0, first = side, last = -1;
  for (const Run &run : runs) {
    if (run.config != kNoRoute) {
      if (run.config >= configs.size()) {
        return report("a run names a configuration that is not there", where,
                      fmt::format("below {}", configs.size()),
                      std::to_string(run.config));
      }
      first = std::min(first, sum);
      last = std::max(last, sum + run.count - 1);
    }
    sum += run.count;
  }
  if (sum != side) {
    return report("the runs do not cover the line", where,
                  fmt::format("{} routers", side), std::to_string(sum));
  }
  int64_t slant = (lines - 1) * rule.skew;
  if (last >= first && (first + std::min<int64_t>(slant, 0) < 0 ||
                        last + std::max<int64_t>(slant, 0) >= side)) {
    report("the skew shifts a route out of the rectangle", where);
  }
}

void Verifier::checkRule(const Rule &rule) {
  std::string where = fmt::format("rule '{}'", rule.name);
  const Rect &r = rule.rect;
  if (r.empty() || r.x < 0 || r.y < 0 || int64_t(r.x) + r.w > problem.width ||
      int64_t(r.y) + r.h > problem.height) {
    return report("the rectangle is empty or leaves the grid", where);
  }
  if (!problem.limits.usable(rule.color)) {
    return report(fmt::format("color {} is not usable", rule.color), where);
  }
  int32_t lines = rule.axis == Axis::X ? r.h : r.w;
  if (rule.classes.empty() || rule.classes.size() > size_t(lines)) {
    return report("a rule needs a list of runs, and no more than lines", where,
                  fmt::format("1 to {}", lines),
                  std::to_string(rule.classes.size()));
  }
  for (const std::vector<Run> &runs : rule.classes) {
    checkRuns(rule, runs);
  }
}

std::vector<Diagnostic> Verifier::run() {
  if (colors.size() != problem.size()) {
    report("not every stream has a color", "routes",
           std::to_string(problem.size()), std::to_string(colors.size()));
    return std::move(errors);
  }
  checkConfigs();
  for (const Rule &rule : rules) {
    checkRule(rule);
  }
  if (!errors.empty()) {
    return std::move(errors);
  }
  for (unsigned color = 0; color < 32 && !full(); ++color) {
    ColorVerifier(*this, uint8_t(color)).run();
  }
  return std::move(errors);
}

namespace {
/// A rule with its runs written out, router by router.
class ExpandedRule {
public:
  explicit ExpandedRule(const Rule &rule) : rule(rule) {
    for (const std::vector<Run> &runs : rule.classes) {
      std::vector<uint32_t> &line = lines.emplace_back();
      for (const Run &run : runs) {
        line.insert(line.end(), run.count, run.config);
      }
    }
  }
  /// The configuration at a router of the rectangle, or kNoRoute.
  uint32_t at(Coord c) const {
    bool alongX = rule.axis == Axis::X;
    int32_t line = alongX ? c.y - rule.rect.y : c.x - rule.rect.x;
    int64_t offset = alongX ? c.x - rule.rect.x : c.y - rule.rect.y;
    offset -= int64_t(line) * rule.skew;
    const std::vector<uint32_t> &configs = lines[size_t(line) % lines.size()];
    bool inside = offset >= 0 && offset < int64_t(configs.size());
    return inside ? configs[size_t(offset)] : kNoRoute;
  }

private:
  const Rule &rule;
  std::vector<std::vector<uint32_t>> lines;
};
} // namespace

//===----------------------------------------------------------------------===//
// Cuts and painting
//===----------------------------------------------------------------------===//

ColorVerifier::ColorVerifier(Verifier &parent, uint8_t color)
    : parent(parent), problem(parent.problem), color(color) {
  for (const Rule &rule : parent.rules) {
    if (rule.color == color) {
      rules.push_back(&rule);
    }
  }
  for (unsigned id = 0; id < problem.size(); ++id) {
    if (parent.colors[id] == color) {
      ids.push_back(id);
    }
  }
}

void ColorVerifier::cutRule(const Rule &rule) {
  bool alongX = rule.axis == Axis::X;
  const Rect &r = rule.rect;
  for (int64_t x : {r.x, r.endX()}) {
    columns.cut(x);
  }
  for (int64_t y : {r.y, r.endY()}) {
    rows.cut(y);
  }
  Kinds &along = alongX ? columns : rows;
  Kinds &across = alongX ? rows : columns;
  int32_t begin = alongX ? r.x : r.y, end = alongX ? r.endX() : r.endY();
  int32_t low = alongX ? r.y : r.x, high = alongX ? r.endY() : r.endX();
  if (rule.skew != 0) {
    along.cutAll(begin, end);
  }
  if (rule.skew != 0 || rule.classes.size() > 1) {
    across.cutAll(low, high);
  }
  for (const std::vector<Run> &runs : rule.classes) {
    int64_t position = begin;
    for (const Run &run : runs) {
      along.cut(position);
      position += run.count;
    }
  }
}

void ColorVerifier::cutStream(unsigned id) {
  auto cutRect = [&](const Rect &r) {
    columns.cut(r.x);
    columns.cut(r.endX());
    rows.cut(r.y);
    rows.cut(r.endY());
  };
  if (!problem.isFamily(id)) {
    const RoutedStream &stream = problem.stream(id);
    Coord entry = problem.entry(stream);
    cutRect({entry.x, entry.y, 1, 1});
    for (const Rect &sinks : stream.sinks) {
      cutRect(sinks);
    }
    return;
  }
  const RoutedFamily &family = problem.family(id);
  const Rect &r = family.rect;
  cutRect(r);
  if (family.skew != 0) {
    rows.cutAll(r.y, r.endY());
    columns.cutAll(r.x, r.endX());
    return;
  }
  for (const SegmentPattern &p : family.patterns) {
    for (int32_t i = 0; i < p.count; ++i) {
      int32_t source = p.source + i * p.step;
      if (family.axis == Axis::X) {
        cutRect({r.x + source, r.y, 1, r.h});
      } else {
        cutRect({r.x, r.y + source, r.w, 1});
      }
    }
  }
}

void ColorVerifier::paint(const Rule &rule) {
  auto inside = [](const std::vector<int32_t> &all, int32_t begin,
                   int32_t end) {
    return std::make_pair(std::lower_bound(all.begin(), all.end(), begin),
                          std::lower_bound(all.begin(), all.end(), end));
  };
  ExpandedRule expanded(rule);
  const Rect &r = rule.rect;
  auto [y, yEnd] = inside(rows.representatives(), r.y, r.endY());
  auto [xBegin, xEnd] = inside(columns.representatives(), r.x, r.endX());
  for (; y != yEnd; ++y) {
    for (auto x = xBegin; x != xEnd; ++x) {
      Coord place{*x, *y};
      uint32_t config = expanded.at(place);
      if (config == kNoRoute) {
        continue;
      }
      Cell &c = cell(place);
      if (c.config) {
        parent.report(fmt::format("rules '{}' and '{}' give a router two "
                                  "routes of color {}",
                                  c.rule->name, rule.name, color),
                      "router " + at(place));
        return;
      }
      c.config = &parent.configs[config];
      c.rule = &rule;
    }
  }
}

//===----------------------------------------------------------------------===//
// Tracing
//===----------------------------------------------------------------------===//

// A text for each hop would take a third of the time of all of `route`.
std::string ColorVerifier::whereOf(unsigned id, Coord start) const {
  return fmt::format("stream '{}' from {}", problem.name(id), at(start));
}

bool ColorVerifier::step(unsigned id, Coord place, Port in, Coord start) {
  Cell &c = cell(place);
  if (!c.config) {
    parent.report(fmt::format("words stop at router {}, which has no route of "
                              "color {}",
                              at(place), color),
                  whereOf(id, start));
    return false;
  }
  const SwitchPosition &now = c.config->positions[c.config->currentPosition];
  if (!(now.rx & portBit(in))) {
    parent.report(fmt::format("words stop at router {}, which does not take "
                              "color {} from {}",
                              at(place), color, nameOf(in)),
                  whereOf(id, start));
    return false;
  }
  if (c.owner != 0 && c.owner != id + 1) {
    parent.report(
        fmt::format("streams '{}' and '{}' of color {} share a router",
                    problem.name(c.owner - 1), problem.name(id), color),
        "router " + at(place));
    return false;
  }
  c.owner = id + 1;
  return true;
}

bool ColorVerifier::trace(unsigned id, Coord start, Port from,
                          Arrivals &arrivals) {
  std::vector<std::pair<Coord, Port>> worklist{{start, from}};
  std::vector<Coord> seen;
  while (!worklist.empty()) {
    auto [place, in] = worklist.back();
    worklist.pop_back();
    // A place that was seen has its mark, and few others have it already.
    if (cell(place).owner == id + 1 &&
        std::find(seen.begin(), seen.end(), place) != seen.end()) {
      parent.report(fmt::format("words come to router {} twice", at(place)),
                    whereOf(id, start));
      return false;
    }
    seen.push_back(place);
    if (!step(id, place, in, start)) {
      return false;
    }
    const RouteConfig &config = *cell(place).config;
    uint8_t tx = config.positions[config.currentPosition].tx;
    for (unsigned p = 0; p < kNumPorts; ++p) {
      Port out = Port(p);
      Coord next = neighbour(place, out);
      if (!(tx & portBit(out))) {
        continue;
      }
      if (out == Port::Ramp) {
        arrivals.cores.push_back(place);
      } else if (!problem.grid().contains(next) ||
                 next.x / problem.waferWidth() !=
                     place.x / problem.waferWidth()) {
        arrivals.exits.push_back({place, out});
      } else {
        worklist.push_back({next, opposite(out)});
      }
    }
  }
  return true;
}

void ColorVerifier::compare(unsigned id, Coord start, Arrivals &arrivals,
                            std::vector<Coord> expected) {
  auto sortUnique = [](std::vector<Coord> &places) {
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
  };
  sortUnique(arrivals.cores);
  sortUnique(expected);
  auto reportDifference = [&](const std::vector<Coord> &a,
                              const std::vector<Coord> &b, const char *what) {
    std::vector<Coord> difference;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(),
                        std::back_inserter(difference));
    if (!difference.empty()) {
      std::string more;
      if (difference.size() > 1) {
        more = fmt::format(" and {} more", difference.size() - 1);
      }
      parent.report(
          fmt::format("core {}{} {}", at(difference.front()), more, what),
          whereOf(id, start));
    }
  };
  reportDifference(expected, arrivals.cores, "does not get the words");
  reportDifference(arrivals.cores, expected, "gets words it should not get");
}

void ColorVerifier::compareExits(unsigned id, const Arrivals &arrivals) {
  auto where = [&] { return fmt::format("stream '{}'", problem.name(id)); };
  const HostEdge *host = nullptr;
  if (!problem.isFamily(id) && problem.stream(id).toHost) {
    host = &*problem.stream(id).toHost;
  }
  bool reached = false;
  for (auto [place, port] : arrivals.exits) {
    if (host && place == problem.edgeRouter(*host) && port == host->port()) {
      reached = true;
    } else {
      parent.report(fmt::format("words leave the grid at router {} to the {}",
                                at(place), nameOf(port)),
                    where());
    }
  }
  if (host && !reached) {
    parent.report("words do not reach the host", where());
  }
}

void ColorVerifier::traceFamily(unsigned id) {
  size_t before = parent.errors.size();
  const RoutedFamily &family = problem.family(id);
  bool alongX = family.axis == Axis::X;
  const Kinds &across = alongX ? rows : columns;
  int32_t begin = alongX ? family.rect.y : family.rect.x;
  const std::vector<int32_t> &lines = across.representatives();
  for (auto it = std::lower_bound(lines.begin(), lines.end(), begin);
       it != lines.end() && *it < begin + family.lines(); ++it) {
    int32_t line = *it;
    int32_t shift = (line - begin) * family.skew;
    auto place = [&](int32_t offset) {
      return alongX ? Coord{family.rect.x + offset + shift, line}
                    : Coord{line, family.rect.y + offset + shift};
    };
    for (const SegmentPattern &p : family.patterns) {
      for (int32_t i = 0; i < p.count; ++i) {
        // One bad segment speaks for all of the family.
        if (parent.errors.size() > before) {
          return;
        }
        int32_t moved = i * p.step;
        std::vector<Coord> expected;
        for (int32_t s = p.sinkBegin; s < p.sinkEnd; ++s) {
          if (s != p.source) {
            expected.push_back(place(s + moved));
          }
        }
        Coord start = place(p.source + moved);
        Arrivals arrivals;
        if (trace(id, start, Port::Ramp, arrivals)) {
          compare(id, start, arrivals, std::move(expected));
          compareExits(id, arrivals);
        }
      }
    }
  }
}

void ColorVerifier::traceStream(unsigned id) {
  const RoutedStream &stream = problem.stream(id);
  Coord start = problem.entry(stream);
  Arrivals arrivals;
  Port from = stream.fromHost ? stream.fromHost->port() : Port::Ramp;
  if (!trace(id, start, from, arrivals)) {
    return;
  }
  std::vector<Coord> expected;
  for (const Rect &r : stream.sinks) {
    for (int32_t y = r.y; y < r.endY(); ++y) {
      for (int32_t x = r.x; x < r.endX(); ++x) {
        if (stream.fromHost || Coord{x, y} != stream.source) {
          expected.push_back({x, y});
        }
      }
    }
  }
  compare(id, start, arrivals, std::move(expected));
  compareExits(id, arrivals);
}

void ColorVerifier::checkUnused() {
  for (int32_t y : rows.representatives()) {
    for (int32_t x : columns.representatives()) {
      Cell &c = cell({x, y});
      if (c.config && c.owner == 0) {
        parent.report(fmt::format("rule '{}' gives a router a route of color "
                                  "{} that no stream uses",
                                  c.rule->name, color),
                      "router " + at({x, y}));
        return;
      }
    }
  }
}

void ColorVerifier::run() {
  if (rules.empty() && ids.empty()) {
    return;
  }
  for (const Rule *rule : rules) {
    cutRule(*rule);
  }
  for (unsigned id : ids) {
    cutStream(id);
  }
  rows.close(problem.height);
  columns.close(problem.width);
  cells.resize(rows.size() * columns.size());
  for (const Rule *rule : rules) {
    paint(*rule);
  }
  size_t before = parent.errors.size();
  for (unsigned id : ids) {
    problem.isFamily(id) ? traceFamily(id) : traceStream(id);
  }
  // After a trace that failed, unused routes are its consequence.
  if (parent.errors.size() == before) {
    checkUnused();
  }
}

std::vector<Diagnostic> wafer::verifyRouting(
    const RoutingProblem &problem, const std::vector<uint8_t> &colors,
    const std::vector<Rule> &rules, const std::vector<RouteConfig> &configs,
    unsigned maxErrors) {
  return Verifier(problem, colors, rules, configs, maxErrors).run();
}
