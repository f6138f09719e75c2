// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Phases: (1) the conflict graph, by a sweep over the columns that compares
// only streams whose bounding rectangles meet; (2) ranks, a total order of the
// streams that does not depend on their ids; (3) greedy list coloring; (4) a
// bounded search for fewer colors. From (2) on everything works on ranks.
#include "wafer/Route/Coloring.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

using namespace wafer;

//===----------------------------------------------------------------------===//
// Conflicts
//===----------------------------------------------------------------------===//

bool ConflictGraph::hasConflict(unsigned a, unsigned b) const {
  return std::binary_search(conflicts[a].begin(), conflicts[a].end(), b);
}

static std::vector<RouterSet> allRouters(const RoutingProblem &problem) {
  std::vector<RouterSet> sets;
  for (unsigned id = 0; id < problem.size(); ++id) {
    sets.push_back(routersOf(problem, id));
  }
  return sets;
}

ConflictGraph wafer::buildConflictGraph(const RoutingProblem &problem) {
  std::vector<RouterSet> sets = allRouters(problem);
  ConflictGraph graph;
  graph.conflicts.resize(problem.size());
  auto connect = [&](unsigned a, unsigned b) {
    graph.conflicts[a].push_back(b);
    graph.conflicts[b].push_back(a);
  };
  std::vector<unsigned> byColumn(problem.size());
  std::iota(byColumn.begin(), byColumn.end(), 0);
  std::sort(byColumn.begin(), byColumn.end(), [&](unsigned a, unsigned b) {
    return sets[a].bounds().x < sets[b].bounds().x;
  });
  std::vector<unsigned> open;
  for (unsigned id : byColumn) {
    int32_t x = sets[id].bounds().x;
    open.erase(std::remove_if(
                   open.begin(), open.end(),
                   [&](unsigned o) { return sets[o].bounds().endX() <= x; }),
               open.end());
    for (unsigned other : open) {
      if (firstCommon(sets[id], sets[other])) {
        connect(id, other);
      }
    }
    open.push_back(id);
  }
  for (const std::vector<unsigned> &group : problem.exclusiveGroups) {
    for (unsigned a : group) {
      for (unsigned b : group) {
        if (a < b) {
          connect(a, b);
        }
      }
    }
  }
  for (std::vector<unsigned> &list : graph.conflicts) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  graph.busiest = busiestRouter(sets);
  return graph;
}

//===----------------------------------------------------------------------===//
// Ranks
//===----------------------------------------------------------------------===//

/// Ids in an order that does not depend on the ids: by place, then name.
static std::vector<unsigned> canonicalOrder(const RoutingProblem &problem) {
  using Key =
      std::tuple<int32_t, int32_t, int32_t, int32_t, bool, const std::string &>;
  std::vector<Rect> boxes;
  for (unsigned id = 0; id < problem.size(); ++id) {
    boxes.push_back(routersOf(problem, id).bounds());
  }
  auto key = [&](unsigned id) {
    const Rect &box = boxes[id];
    return Key(box.y, box.x, box.h, box.w, problem.isFamily(id),
               problem.name(id));
  };
  std::vector<unsigned> order(problem.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](unsigned a, unsigned b) { return key(a) < key(b); });
  return order;
}

//===----------------------------------------------------------------------===//
// The colorer
//===----------------------------------------------------------------------===//

namespace {
constexpr uint8_t kNone = 0xff;

/// List coloring of the conflict graph by ranks.
class Colorer {
public:
  Colorer(const RoutingProblem &problem, const ConflictGraph &graph);

  /// Sets the given colors; an error where two of them clash.
  Status pin();
  /// True when every stream got a color.
  bool greedy();
  /// Looks for a coloring with at most `limit` colors; spends `steps`.
  bool search(unsigned limit, unsigned &steps);

  unsigned numColors() const;
  std::vector<uint8_t> colorsById() const;
  /// The stream that ran out of colors, by id.
  unsigned stuckId() const { return order[stuck]; }

private:
  using Colors = std::vector<uint8_t>;

  uint32_t freeOf(unsigned v) const;
  void assign(unsigned v, uint8_t color);
  void unassign(unsigned v);
  /// The uncolored stream with the fewest free colors.
  unsigned choose() const;
  bool extend(unsigned uncolored, unsigned limit, unsigned &steps);

  const RoutingProblem &problem;
  std::vector<unsigned> order;               // rank -> id
  std::vector<std::vector<unsigned>> others; // by rank
  std::vector<uint32_t> domain;              // by rank
  /// blocked[v * 32 + c]: colored neighbours of v that have color c.
  std::vector<uint32_t> blocked;
  Colors colors;     // by rank, kNone when open
  Colors pinned;     // by rank
  Colors preference; // all usable colors, best first
  std::vector<uint32_t> uses;
  unsigned stuck = 0;
};
} // namespace

Colorer::Colorer(const RoutingProblem &problem, const ConflictGraph &graph)
    : problem(problem), order(canonicalOrder(problem)), uses(32) {
  unsigned n = problem.size();
  std::vector<unsigned> rank(n);
  for (unsigned r = 0; r < n; ++r) {
    rank[order[r]] = r;
  }
  const RoutingLimits &limits = problem.limits;
  uint32_t usable = 0;
  for (bool switchable : {false, true}) {
    for (unsigned c = 0; c < limits.colors; ++c) {
      if (limits.usable(c) &&
          bool((limits.switchable >> c) & 1u) == switchable) {
        preference.push_back(uint8_t(c));
        usable |= 1u << c;
      }
    }
  }
  others.resize(n);
  domain.resize(n);
  for (unsigned r = 0; r < n; ++r) {
    for (unsigned id : graph.conflicts[order[r]]) {
      others[r].push_back(rank[id]);
    }
    domain[r] =
        problem.needsSwitch(order[r]) ? usable & limits.switchable : usable;
  }
  blocked.resize(size_t(n) * 32);
  colors.assign(n, kNone);
  pinned.assign(n, kNone);
}

uint32_t Colorer::freeOf(unsigned v) const {
  uint32_t result = domain[v];
  for (unsigned c = 0; c < 32; ++c) {
    if (blocked[size_t(v) * 32 + c]) {
      result &= ~(1u << c);
    }
  }
  return result;
}

void Colorer::assign(unsigned v, uint8_t color) {
  colors[v] = color;
  ++uses[color];
  for (unsigned o : others[v]) {
    ++blocked[size_t(o) * 32 + color];
  }
}

void Colorer::unassign(unsigned v) {
  uint8_t color = colors[v];
  colors[v] = kNone;
  --uses[color];
  for (unsigned o : others[v]) {
    --blocked[size_t(o) * 32 + color];
  }
}

Status Colorer::pin() {
  for (unsigned v = 0; v < order.size(); ++v) {
    std::optional<uint8_t> color = problem.pinnedColor(order[v]);
    if (!color) {
      continue;
    }
    for (unsigned o : others[v]) {
      if (pinned[o] == *color) {
        const std::string &a = problem.name(order[o]);
        const std::string &b = problem.name(order[v]);
        return Diagnostic{
            fmt::format("streams '{}' and '{}' are given the same color {}",
                        std::min(a, b), std::max(a, b), *color),
            "coloring", "different colors where routers or groups are shared",
            "", ""};
      }
    }
    pinned[v] = *color;
    assign(v, *color);
  }
  return Status::success();
}

unsigned Colorer::numColors() const {
  return unsigned(std::count_if(uses.begin(), uses.end(),
                                [](uint32_t n) { return n > 0; }));
}

static unsigned popcount(uint32_t bits) {
  return unsigned(__builtin_popcount(bits));
}

bool Colorer::greedy() {
  // Fewest free colors first, then most conflicts, then rank.
  using Key = std::tuple<unsigned, size_t, unsigned>;
  auto key = [&](unsigned v) {
    return Key(popcount(freeOf(v)), SIZE_MAX - others[v].size(), v);
  };
  std::set<Key> queue;
  std::vector<Key> keys(order.size());
  for (unsigned v = 0; v < order.size(); ++v) {
    if (colors[v] == kNone) {
      queue.insert(keys[v] = key(v));
    }
  }
  while (!queue.empty()) {
    unsigned v = std::get<2>(*queue.begin());
    queue.erase(queue.begin());
    uint32_t free = freeOf(v);
    auto it = std::find_if(preference.begin(), preference.end(),
                           [&](uint8_t c) { return (free >> c) & 1u; });
    if (it == preference.end()) {
      stuck = v;
      return false;
    }
    assign(v, *it);
    for (unsigned o : others[v]) {
      if (colors[o] == kNone) {
        queue.erase(keys[o]);
        queue.insert(keys[o] = key(o));
      }
    }
  }
  return true;
}

unsigned Colorer::choose() const {
  unsigned best = 0, bestFree = 64;
  for (unsigned v = 0; v < order.size(); ++v) {
    if (colors[v] != kNone) {
      continue;
    }
    unsigned free = popcount(freeOf(v));
    if (free < bestFree ||
        (free == bestFree && others[v].size() > others[best].size())) {
      best = v;
      bestFree = free;
    }
  }
  return best;
}

/// Recursion depth is the number of streams, which `search` bounds.
bool Colorer::extend(unsigned uncolored, unsigned limit, unsigned &steps) {
  if (uncolored == 0) {
    return true;
  }
  if (steps == 0) {
    return false;
  }
  --steps;
  unsigned v = choose();
  uint32_t free = freeOf(v);
  bool triedFresh[2] = {false, false};
  for (uint8_t c : preference) {
    if (!((free >> c) & 1u)) {
      continue;
    }
    if (uses[c] == 0) {
      // Unused colors of one class are interchangeable.
      bool &tried = triedFresh[(problem.limits.switchable >> c) & 1u];
      if (tried || numColors() >= limit) {
        continue;
      }
      tried = true;
    }
    assign(v, c);
    if (extend(uncolored - 1, limit, steps)) {
      return true;
    }
    unassign(v);
  }
  return false;
}

bool Colorer::search(unsigned limit, unsigned &steps) {
  // A step looks at all streams once; beyond this size it does not pay.
  constexpr unsigned kMaxStreams = 1000;
  if (order.size() > kMaxStreams) {
    return false;
  }
  Colors before = colors;
  unsigned uncolored = 0;
  for (unsigned v = 0; v < order.size(); ++v) {
    if (pinned[v] == kNone) {
      ++uncolored;
      if (colors[v] != kNone) {
        unassign(v);
      }
    }
  }
  if (numColors() <= limit && extend(uncolored, limit, steps)) {
    return true;
  }
  for (unsigned v = 0; v < order.size(); ++v) {
    if (pinned[v] == kNone && before[v] != kNone) {
      assign(v, before[v]);
    }
  }
  return false;
}

std::vector<uint8_t> Colorer::colorsById() const {
  std::vector<uint8_t> result(order.size());
  for (unsigned r = 0; r < order.size(); ++r) {
    result[order[r]] = colors[r];
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

static std::string namesOf(const RoutingProblem &problem,
                           const std::vector<unsigned> &ids) {
  constexpr size_t kMaxNames = 12;
  std::vector<std::string> names;
  for (unsigned id : ids) {
    names.push_back("'" + problem.name(id) + "'");
  }
  std::sort(names.begin(), names.end());
  size_t shown = std::min(names.size(), kMaxNames);
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    text += (i ? ", " : "") + names[i];
  }
  if (shown < names.size()) {
    text += fmt::format(" and {} more", names.size() - shown);
  }
  return text;
}

static Diagnostic noColors(const RoutingProblem &problem,
                           const ConflictGraph &graph, unsigned stuckId) {
  const BusiestRouter &busiest = graph.busiest;
  unsigned supply = problem.limits.numUsable();
  std::string where =
      fmt::format("router ({}, {})", busiest.router.x, busiest.router.y);
  std::string found = fmt::format("{} streams: {}", busiest.sets.size(),
                                  namesOf(problem, busiest.sets));
  std::string expected = fmt::format("at most {} streams", supply);
  if (busiest.sets.size() > supply) {
    return {"more streams cross a router than there are colors", where,
            expected, found, "move a stage or drop a collective that crosses"};
  }
  return {fmt::format("no color is left for stream '{}', which shares routers "
                      "or groups with {}",
                      problem.name(stuckId),
                      namesOf(problem, graph.conflicts[stuckId])),
          "coloring", fmt::format("a coloring with {} colors", supply),
          fmt::format("{} over the busiest {}", found, where),
          "give streams colors that far ends can share, or move a stage"};
}

Result<Coloring> wafer::colorStreams(const RoutingProblem &problem,
                                     const ColoringOptions &options) {
  Coloring result;
  result.graph = buildConflictGraph(problem);
  size_t bound = result.graph.busiest.sets.size();
  for (std::vector<unsigned> group : problem.exclusiveGroups) {
    std::sort(group.begin(), group.end());
    group.erase(std::unique(group.begin(), group.end()), group.end());
    bound = std::max(bound, group.size());
  }
  result.lowerBound = unsigned(bound);

  Colorer colorer(problem, result.graph);
  if (Status s = colorer.pin(); !s) {
    return s.takeError();
  }
  unsigned steps = options.searchSteps;
  if (!colorer.greedy()) {
    unsigned supply = problem.limits.numUsable();
    if (bound > supply || !colorer.search(supply, steps)) {
      return noColors(problem, result.graph, colorer.stuckId());
    }
  }
  while (colorer.numColors() > bound && steps > 0 &&
         colorer.search(colorer.numColors() - 1, steps)) {
  }
  result.numColors = colorer.numColors();
  result.colors = colorer.colorsById();
  return result;
}

Status wafer::verifyColoring(const RoutingProblem &problem,
                             const std::vector<uint8_t> &colors) {
  if (colors.size() != problem.size()) {
    return Diagnostic{"not every stream has a color", "coloring",
                      std::to_string(problem.size()),
                      std::to_string(colors.size()), ""};
  }
  for (unsigned id = 0; id < problem.size(); ++id) {
    std::optional<uint8_t> given = problem.pinnedColor(id);
    bool switchable = (problem.limits.switchable >> (colors[id] & 31u)) & 1u;
    if (!problem.limits.usable(colors[id]) || (given && *given != colors[id]) ||
        (problem.needsSwitch(id) && !switchable)) {
      return Diagnostic{fmt::format("stream '{}' cannot have color {}",
                                    problem.name(id), colors[id]),
                        "coloring", "", "", ""};
    }
  }
  ConflictGraph graph = buildConflictGraph(problem);
  for (unsigned a = 0; a < problem.size(); ++a) {
    for (unsigned b : graph.conflicts[a]) {
      if (a < b && colors[a] == colors[b]) {
        return Diagnostic{fmt::format("streams '{}' and '{}' share a router or "
                                      "a group and have the same color {}",
                                      problem.name(a), problem.name(b),
                                      colors[a]),
                          "coloring", "", "", ""};
      }
    }
  }
  return Status::success();
}
