// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A row is looked at only where something may change ("breaks"): the edges of
// rectangles, the ends of intervals along Y, and every row of a skewed piece.
#include "wafer/Route/RouterSet.h"

#include <algorithm>
#include <climits>

using namespace wafer;

//===----------------------------------------------------------------------===//
// Intervals
//===----------------------------------------------------------------------===//

Intervals wafer::normalize(Intervals intervals) {
  std::sort(
      intervals.begin(), intervals.end(),
      [](const Interval &a, const Interval &b) { return a.begin < b.begin; });
  Intervals result;
  for (const Interval &i : intervals) {
    if (i.empty()) {
      continue;
    }
    if (!result.empty() && i.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, i.end);
    } else {
      result.push_back(i);
    }
  }
  return result;
}

Intervals wafer::intersect(const Intervals &a, const Intervals &b) {
  Intervals result;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    Interval common{std::max(a[i].begin, b[j].begin),
                    std::min(a[i].end, b[j].end)};
    if (!common.empty()) {
      result.push_back(common);
    }
    a[i].end < b[j].end ? ++i : ++j;
  }
  return result;
}

Intervals wafer::clamp(const Intervals &intervals, int32_t begin, int32_t end) {
  return intersect(intervals, {{begin, end}});
}

int64_t wafer::total(const Intervals &intervals) {
  int64_t sum = 0;
  for (const Interval &i : intervals) {
    sum += i.size();
  }
  return sum;
}

bool wafer::contains(const Intervals &intervals, int32_t value) {
  auto it =
      std::upper_bound(intervals.begin(), intervals.end(), value,
                       [](int32_t v, const Interval &i) { return v < i.end; });
  return it != intervals.end() && it->begin <= value;
}

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

namespace {
bool pieceContains(const RouterPiece &p, Coord c) {
  if (!p.rect.contains(c)) {
    return false;
  }
  int32_t dx = c.x - p.rect.x, dy = c.y - p.rect.y;
  return p.axis == Axis::X ? contains(p.intervals, dx - dy * p.skew)
                           : contains(p.intervals, dy - dx * p.skew);
}

/// The piece's cut with the line of the grid at `at` that runs along `along`:
/// appends intervals in grid coordinates.
void appendCut(const RouterPiece &p, Axis along, int32_t at, Intervals &out) {
  bool alongX = along == Axis::X;
  int32_t origin = alongX ? p.rect.x : p.rect.y;
  int32_t length = alongX ? p.rect.w : p.rect.h;
  int32_t offset = at - (alongX ? p.rect.y : p.rect.x);
  if (offset < 0 || offset >= (alongX ? p.rect.h : p.rect.w)) {
    return;
  }
  if (p.axis == along) {
    int32_t shift = origin + offset * p.skew;
    for (const Interval &i : p.intervals) {
      out.push_back({i.begin + shift, i.end + shift});
    }
    return;
  }
  if (p.skew == 0) {
    if (contains(p.intervals, offset)) {
      out.push_back({origin, origin + length});
    }
    return;
  }
  for (int32_t j = 0; j < length; ++j) {
    if (contains(p.intervals, offset - j * p.skew)) {
      out.push_back({origin + j, origin + j + 1});
    }
  }
}

/// The exact bounds of a piece.
Rect boundsOf(const RouterPiece &p) {
  int32_t lines = p.axis == Axis::X ? p.rect.h : p.rect.w;
  int32_t slant = (lines - 1) * p.skew;
  int32_t begin = p.intervals.front().begin + std::min(slant, 0);
  int32_t end = p.intervals.back().end + std::max(slant, 0);
  return p.axis == Axis::X
             ? Rect{p.rect.x + begin, p.rect.y, end - begin, p.rect.h}
             : Rect{p.rect.x, p.rect.y + begin, p.rect.w, end - begin};
}
} // namespace

void RouterSet::add(RouterPiece piece) {
  piece.intervals = normalize(std::move(piece.intervals));
  if (piece.rect.empty() || piece.intervals.empty()) {
    return;
  }
  Rect b = boundsOf(piece);
  if (pieces.empty()) {
    box = b;
  } else {
    int32_t x = std::min(box.x, b.x), y = std::min(box.y, b.y);
    box = {x, y, std::max(box.endX(), b.endX()) - x,
           std::max(box.endY(), b.endY()) - y};
  }
  pieces.push_back(std::move(piece));
}

void RouterSet::add(const Rect &rect) {
  add(RouterPiece{rect, Axis::X, 0, {{0, rect.w}}});
}

bool RouterSet::contains(Coord c) const {
  return std::any_of(pieces.begin(), pieces.end(),
                     [&](const RouterPiece &p) { return pieceContains(p, c); });
}

Intervals RouterSet::columnsIn(int32_t y) const {
  Intervals result;
  for (const RouterPiece &p : pieces) {
    appendCut(p, Axis::X, y, result);
  }
  return normalize(std::move(result));
}

Intervals RouterSet::rowsIn(int32_t x) const {
  Intervals result;
  for (const RouterPiece &p : pieces) {
    appendCut(p, Axis::Y, x, result);
  }
  return normalize(std::move(result));
}

void RouterSet::appendRowBreaks(std::vector<int32_t> &rows) const {
  for (const RouterPiece &p : pieces) {
    if (p.skew != 0) {
      for (int32_t y = p.rect.y; y <= p.rect.endY(); ++y) {
        rows.push_back(y);
      }
      continue;
    }
    rows.push_back(p.rect.y);
    rows.push_back(p.rect.endY());
    if (p.axis == Axis::Y) {
      for (const Interval &i : p.intervals) {
        rows.push_back(p.rect.y + i.begin);
        rows.push_back(p.rect.y + i.end);
      }
    }
  }
}

static void sortUnique(std::vector<int32_t> &values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::optional<Coord> wafer::firstCommon(const RouterSet &a,
                                        const RouterSet &b) {
  if (!a.box.intersects(b.box)) {
    return std::nullopt;
  }
  int32_t begin = std::max(a.box.y, b.box.y);
  int32_t end = std::min(a.box.endY(), b.box.endY());
  std::vector<int32_t> rows{begin};
  a.appendRowBreaks(rows);
  b.appendRowBreaks(rows);
  sortUnique(rows);
  for (int32_t y : rows) {
    if (y < begin || y >= end) {
      continue;
    }
    Intervals common = intersect(a.columnsIn(y), b.columnsIn(y));
    if (!common.empty()) {
      return Coord{common.front().begin, y};
    }
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The routers of a stream
//===----------------------------------------------------------------------===//

std::vector<SinkColumns> wafer::sinkColumns(const RoutingProblem &problem,
                                            const RoutedStream &stream) {
  if (stream.toHost) {
    Coord edge = problem.edgeRouter(*stream.toHost);
    return {{{edge.x, edge.x + 1}, {{edge.y, edge.y + 1}}}};
  }
  std::vector<int32_t> cuts;
  for (const Rect &rect : stream.sinks) {
    cuts.push_back(rect.x);
    cuts.push_back(rect.endX());
  }
  if (!stream.fromHost) {
    cuts.push_back(stream.source.x);
    cuts.push_back(stream.source.x + 1);
  }
  sortUnique(cuts);
  std::vector<SinkColumns> result;
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    Intervals rows;
    for (const Rect &rect : stream.sinks) {
      if (rect.x <= cuts[i] && cuts[i] < rect.endX()) {
        rows.push_back({rect.y, rect.endY()});
      }
    }
    rows = normalize(std::move(rows));
    if (!stream.fromHost && cuts[i] == stream.source.x) {
      rows = intersect(
          rows, {{INT_MIN, stream.source.y}, {stream.source.y + 1, INT_MAX}});
    }
    if (rows.empty()) {
      continue;
    }
    if (!result.empty() && result.back().columns.end == cuts[i] &&
        result.back().rows == rows) {
      result.back().columns.end = cuts[i + 1];
    } else {
      result.push_back({{cuts[i], cuts[i + 1]}, std::move(rows)});
    }
  }
  return result;
}

static RouterSet routersOfStream(const RoutingProblem &problem,
                                 const RoutedStream &stream) {
  RouterSet set;
  Coord entry = problem.entry(stream);
  std::vector<SinkColumns> groups = sinkColumns(problem, stream);
  int32_t west = std::min(entry.x, groups.front().columns.begin);
  int32_t east = std::max(entry.x + 1, groups.back().columns.end);
  set.add(Rect{west, entry.y, east - west, 1});
  for (const SinkColumns &group : groups) {
    int32_t top = std::min(entry.y, group.rows.front().begin);
    int32_t bottom = std::max(entry.y + 1, group.rows.back().end);
    if (bottom - top > 1) {
      set.add(
          Rect{group.columns.begin, top, group.columns.size(), bottom - top});
    }
  }
  return set;
}

RouterSet wafer::routersOf(const RoutingProblem &problem, unsigned id) {
  if (!problem.isFamily(id)) {
    return routersOfStream(problem, problem.stream(id));
  }
  const RoutedFamily &family = problem.family(id);
  RouterPiece piece{family.rect, family.axis, family.skew, {}};
  for (const Segment &s : expandSegments(family)) {
    piece.intervals.push_back(
        {std::min(s.source, s.sinkBegin), std::max(s.source + 1, s.sinkEnd)});
  }
  RouterSet set;
  set.add(std::move(piece));
  return set;
}

RouterSet wafer::sourcesOf(const RoutingProblem &problem, unsigned id) {
  RouterSet set;
  if (!problem.isFamily(id)) {
    const RoutedStream &stream = problem.stream(id);
    if (!stream.fromHost) {
      set.add(Rect{stream.source.x, stream.source.y, 1, 1});
    }
    return set;
  }
  const RoutedFamily &family = problem.family(id);
  RouterPiece piece{family.rect, family.axis, family.skew, {}};
  for (const Segment &s : expandSegments(family)) {
    piece.intervals.push_back({s.source, s.source + 1});
  }
  set.add(std::move(piece));
  return set;
}

RouterSet wafer::sinksOf(const RoutingProblem &problem, unsigned id) {
  RouterSet set;
  if (!problem.isFamily(id)) {
    const RoutedStream &stream = problem.stream(id);
    if (stream.toHost) {
      return set;
    }
    for (const SinkColumns &group : sinkColumns(problem, stream)) {
      for (const Interval &rows : group.rows) {
        set.add(Rect{group.columns.begin, rows.begin, group.columns.size(),
                     rows.size()});
      }
    }
    return set;
  }
  const RoutedFamily &family = problem.family(id);
  RouterPiece piece{family.rect, family.axis, family.skew, {}};
  for (const Segment &s : expandSegments(family)) {
    // One of the two is empty unless the source lies inside its sinks.
    piece.intervals.push_back({s.sinkBegin, std::min(s.sinkEnd, s.source)});
    piece.intervals.push_back({std::max(s.sinkBegin, s.source + 1), s.sinkEnd});
  }
  set.add(std::move(piece));
  return set;
}

//===----------------------------------------------------------------------===//
// The busiest router
//===----------------------------------------------------------------------===//

BusiestRouter wafer::busiestRouter(const std::vector<RouterSet> &sets) {
  std::vector<int32_t> rows;
  for (const RouterSet &set : sets) {
    set.appendRowBreaks(rows);
  }
  sortUnique(rows);
  BusiestRouter best;
  int bestDepth = 0;
  for (int32_t y : rows) {
    // The depth along the row changes by +1 and -1 at the ends of intervals.
    std::vector<std::pair<int32_t, int>> steps;
    for (const RouterSet &set : sets) {
      Rect box = set.bounds();
      if (y < box.y || y >= box.endY()) {
        continue;
      }
      for (const Interval &i : set.columnsIn(y)) {
        steps.push_back({i.begin, 1});
        steps.push_back({i.end, -1});
      }
    }
    std::sort(steps.begin(), steps.end());
    int depth = 0;
    for (auto [x, change] : steps) {
      depth += change;
      if (depth > bestDepth) {
        bestDepth = depth;
        best.router = {x, y};
      }
    }
  }
  for (unsigned i = 0; i < sets.size(); ++i) {
    if (bestDepth > 0 && sets[i].contains(best.router)) {
      best.sets.push_back(i);
    }
  }
  return best;
}
