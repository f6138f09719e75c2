// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lines of one axis by dynamic programming, with those of the other axis
// given. Written for rows; for columns the axes change places.
//
//   placed(l, p)   rows 0 to l have homes, that of l is p
//   passing(l, p)  they have, and row p is skipped behind row l
//
// Each state is reached from row p - 1. What it costs: the defects that the
// program meets on row p, those on the links from row p - 1, and the estimated
// cycles of a skipped row; defects weigh more than any number of cycles. A
// dead tile is met by its row and by its column, so that skipping one of both
// is a gain, too.
//
//===----------------------------------------------------------------------===//
#include "LineSearch.h"

using namespace wafer;
using namespace wafer::remap;

namespace {

constexpr uint64_t kHit = uint64_t(1) << 40;
constexpr uint64_t kNever = uint64_t(1) << 62;

/// A program and a defect as one axis sees them.
class AxisView {
public:
  AxisView(const Footprint &program, bool rows)
      : program(program), rows(rows) {}

  int32_t lines() const { return rows ? program.height() : program.width(); }
  uint32_t cost(int32_t line) const {
    return rows ? program.rowCost(line) : program.columnCost(line);
  }
  bool isTight(int32_t line) const {
    return rows ? program.rowIsTight(line) : program.columnIsTight(line);
  }
  int32_t places() const { return rows ? program.width() : program.height(); }
  /// All lines at a place.
  Footprint::Line at(int32_t across) const {
    return rows ? program.column(across) : program.row(across);
  }
  /// Bits of words that go on along a line, and of those to the next line.
  uint8_t along() const { return rows ? Footprint::kEast : Footprint::kSouth; }
  uint8_t ahead() const { return rows ? Footprint::kSouth : Footprint::kEast; }

private:
  const Footprint &program;
  bool rows;
};

class AxisSearch {
public:
  AxisSearch(const Footprint &program, const std::vector<Defect> &defects,
             const Lines &start, bool rows)
      : view(program, rows), closed(rows ? start.closed : kNoLines),
        other(rows ? start.columns : start.rows),
        size(rows ? start.rows.size() : start.columns.size()),
        room(size - view.lines()) {
    size_t states = size_t(view.lines()) * size_t(room + 1);
    hitsOn.assign(states, 0);
    hitsPast.assign(states, 0);
    hitsAcross.assign(states, 0);
    for (const Defect &d : defects) {
      int32_t p = rows ? d.place.y : d.place.x;
      int32_t across = rows ? d.place.x : d.place.y;
      bool lives = !other.isSkipped(across);
      int32_t place = other.below(across);
      int32_t before = lives ? place : place - 1;
      bool isAlong =
          d.kind == (rows ? Defect::Kind::EastLink : Defect::Kind::SouthLink);
      if (d.kind == Defect::Kind::EdgeLink) {
        continue;
      }
      if (isAlong || (d.kind == Defect::Kind::Tile && !lives)) {
        count(hitsOn, p, before, view.along(), 1);
      } else if (!lives) {
        continue;
      } else if (d.kind == Defect::Kind::Core) {
        count(hitsOn, p, place, Footprint::kCore, 1);
      } else if (d.kind == Defect::Kind::Tile) {
        count(hitsOn, p, place, Footprint::kCore | Footprint::kRouter, 2);
        count(hitsPast, p, place, view.ahead(), 1);
      } else {
        count(hitsAcross, p, place, view.ahead(), 1);
      }
    }
  }

  /// The homes of all lines, and what they cost; kNever and no homes when
  /// there are none.
  uint64_t run(std::vector<int32_t> &homes) {
    int32_t n = view.lines();
    placed.assign(size_t(n) * size_t(room + 1), kNever);
    passing.assign(placed.size(), kNever);
    for (int32_t l = 0; l < n; ++l) {
      for (int32_t p = l; p <= l + room; ++p) {
        place(l, p);
        pass(l, p);
      }
    }
    int32_t best = n - 1;
    for (int32_t p = n - 1; p <= n - 1 + room; ++p) {
      if (at(placed, n - 1, p) < at(placed, n - 1, best)) {
        best = p;
      }
    }
    uint64_t total = at(placed, n - 1, best);
    homes.clear();
    if (total < kNever) {
      trace(best, homes);
    }
    return total;
  }

private:
  /// By line and home.
  template <typename T>
  T &at(std::vector<T> &table, int32_t l, int32_t p) const {
    return table[size_t(l) * size_t(room + 1) + size_t(p - l)];
  }
  /// Adds `weight` for each line that may be at home on row p and has one of
  /// the bits at a place.
  void count(std::vector<uint32_t> &hits, int32_t p, int32_t place,
             uint8_t bits, uint32_t weight) const {
    if (place < 0 || place >= view.places()) {
      return;
    }
    Footprint::Line lines = view.at(place);
    int32_t last = std::min(p, view.lines() - 1);
    for (int32_t l = std::max(0, p - room); l <= last; ++l) {
      at(hits, l, p) += (lines.at(l) & bits) ? weight : 0;
    }
  }
  bool exists(int32_t l, int32_t p) const {
    return l >= 0 && p >= l && p <= l + room;
  }

  /// Leaving row p - 1 with line l last placed: the cheaper of both states.
  uint64_t leave(int32_t l, int32_t p) {
    if (!exists(l, p - 1)) {
      return kNever;
    }
    uint64_t before = std::min(at(placed, l, p - 1), at(passing, l, p - 1));
    return std::min(kNever, before + kHit * at(hitsAcross, l, p - 1));
  }
  void place(int32_t l, int32_t p) {
    bool isClosed =
        l == 0 && std::find(closed.begin(), closed.end(), p) != closed.end();
    uint64_t before = isClosed ? kNever : l == 0 ? 0 : leave(l - 1, p);
    at(placed, l, p) = std::min(kNever, before + kHit * at(hitsOn, l, p));
  }
  /// Row p lies between the homes of lines l and l + 1.
  void pass(int32_t l, int32_t p) {
    if (l + 1 == view.lines() || view.isTight(l)) {
      return;
    }
    at(passing, l, p) = std::min(kNever, leave(l, p) + view.cost(l) +
                                             kHit * at(hitsPast, l, p));
  }

  void trace(int32_t p, std::vector<int32_t> &homes) {
    int32_t l = view.lines() - 1;
    homes.assign(size_t(l + 1), 0);
    for (;;) {
      homes[size_t(l)] = p;
      if (l-- == 0) {
        return;
      }
      // Back over the rows that were skipped behind line l.
      --p;
      while (!(at(placed, l, p) <= at(passing, l, p))) {
        --p;
      }
    }
  }

  static inline const std::vector<int32_t> kNoLines;
  AxisView view;
  const std::vector<int32_t> &closed;
  const AxisLines &other;
  int32_t size;
  /// Rows that the program leaves over.
  int32_t room;
  std::vector<uint64_t> placed, passing;
  /// What the program meets on row p with line l at home there, with row p
  /// skipped behind line l, and on the links behind row p.
  std::vector<uint32_t> hitsOn, hitsPast, hitsAcross;
};

/// Cycles of the skipped lines of an axis.
uint64_t cyclesOf(const Footprint &program, const AxisLines &lines, bool rows) {
  AxisView view(program, rows);
  uint64_t sum = 0;
  for (int32_t line = lines.homeOf(0); line < lines.homeOf(view.lines() - 1);
       ++line) {
    if (lines.isSkipped(line)) {
      sum += view.cost(lines.below(line) - 1);
    }
  }
  return sum;
}

} // namespace

LineResult wafer::remap::layOutAxis(const Footprint &program,
                                    const std::vector<Defect> &defects,
                                    const Lines &start, bool rows) {
  LineResult result;
  result.lines = start;
  std::vector<int32_t> homes;
  uint64_t total = AxisSearch(program, defects, start, rows).run(homes);
  AxisLines &axis = rows ? result.lines.rows : result.lines.columns;
  if (!homes.empty()) {
    axis = AxisLines::keeping(axis.size(), homes);
  }
  result.hits = total / kHit;
  result.cycles = cyclesOf(program, result.lines.rows, true) +
                  cyclesOf(program, result.lines.columns, false);
  return result;
}

LineResult wafer::remap::searchLines(const Footprint &program,
                                     const std::vector<Defect> &defects,
                                     const Lines &start, bool rowsFirst) {
  LineResult best = layOutAxis(program, defects, start, rowsFirst);
  bool rows = !rowsFirst;
  for (unsigned still = 0; still < 2; rows = !rows) {
    LineResult next = layOutAxis(program, defects, best.lines, rows);
    bool gains = next.isBetterThan(best);
    still = gains ? 0 : still + 1;
    if (gains) {
      best = std::move(next);
    }
  }
  return best;
}
