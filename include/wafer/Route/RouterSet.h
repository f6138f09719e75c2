// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RouterSet.h - Sets of routers in closed form -------------*- C++ -*-===//
//
// The routers that a stream occupies, or its sources or sinks, as a few
// *pieces*: intervals that repeat on every line of a rectangle, shifted by a
// skew from line to line. All operations cost O(intervals) or O(lines), never
// O(routers).
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ROUTE_ROUTERSET_H
#define WAFER_ROUTE_ROUTERSET_H

#include "wafer/Route/RoutingProblem.h"

#include <optional>
#include <vector>

namespace wafer {

/// The integers begin .. end-1.
struct Interval {
  int32_t begin = 0;
  int32_t end = 0;

  bool empty() const { return begin >= end; }
  int32_t size() const { return empty() ? 0 : end - begin; }
  friend bool operator==(const Interval &a, const Interval &b) {
    return a.begin == b.begin && a.end == b.end;
  }
};

/// Sorted, disjoint, not touching.
using Intervals = std::vector<Interval>;

/// Sorts and joins intervals that overlap or touch; drops empty ones.
Intervals normalize(Intervals intervals);
Intervals intersect(const Intervals &a, const Intervals &b);
Intervals clamp(const Intervals &intervals, int32_t begin, int32_t end);
int64_t total(const Intervals &intervals);
bool contains(const Intervals &intervals, int32_t value);

/// The same intervals on every line of a rectangle along `axis`, relative to
/// its first core; those of line j are shifted by j * skew and stay inside.
struct RouterPiece {
  Rect rect;
  Axis axis = Axis::X;
  int32_t skew = 0;
  Intervals intervals;
};

class RouterSet {
public:
  void add(RouterPiece piece);
  void add(const Rect &rect);

  bool empty() const { return pieces.empty(); }
  const std::vector<RouterPiece> &getPieces() const { return pieces; }
  /// The smallest rectangle around the set; empty for an empty set.
  Rect bounds() const { return box; }
  bool contains(Coord c) const;
  /// The columns of the set in row y, and its rows in column x.
  Intervals columnsIn(int32_t y) const;
  Intervals rowsIn(int32_t x) const;
  /// Appends rows at which `columnsIn` may change, not sorted: between two
  /// neighbouring ones all rows are alike.
  void appendRowBreaks(std::vector<int32_t> &rows) const;
  /// The first router in row-major order that both sets hold.
  friend std::optional<Coord> firstCommon(const RouterSet &a,
                                          const RouterSet &b);

private:
  std::vector<RouterPiece> pieces;
  Rect box;
};

std::optional<Coord> firstCommon(const RouterSet &a, const RouterSet &b);

/// Every router with a route for the stream.
RouterSet routersOf(const RoutingProblem &problem, unsigned id);
/// The cores that send it (none when it comes from the host).
RouterSet sourcesOf(const RoutingProblem &problem, unsigned id);
/// The cores that receive it (none when it goes to the host).
RouterSet sinksOf(const RoutingProblem &problem, unsigned id);

/// The columns [begin, end) of a stream's sinks that hold the same rows.
struct SinkColumns {
  Interval columns;
  Intervals rows;
};
/// The sinks of a stream by column, west to east, without its source; for a
/// stream to the host the row of the port in the edge column.
std::vector<SinkColumns> sinkColumns(const RoutingProblem &problem,
                                     const RoutedStream &stream);

/// The router in the most sets (the first in row-major order) and those sets.
struct BusiestRouter {
  Coord router;
  std::vector<unsigned> sets;
};
BusiestRouter busiestRouter(const std::vector<RouterSet> &sets);

} // namespace wafer

#endif // WAFER_ROUTE_ROUTERSET_H
