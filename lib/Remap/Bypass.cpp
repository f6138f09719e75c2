// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Let b_0 < b_1 < ... be the tiles that a row leaves out. Column X of the row
// is shifted by at least k + 1 from X = b_k - k on; call that J_k. Columns of
// neighbouring rows are at most one apart exactly if J_k of each row is at most
// J_(k+1) of the other one. So a row with m bypassed tiles asks its neighbours
// for m - 1, not later than its own; a row that lacks one leaves out a healthy
// tile, as late as it may. Bounds only grow, so rows are revisited until none
// changes.
//
// To bypass the dead tiles alone makes every column jump in and out of every
// row that has one. So hole tracks (Tracks.h) are tried as well: for each
// number of spares the tiles that a row leaves out follow those of the row
// above, and the cheapest choice is taken.
//
//===----------------------------------------------------------------------===//
#include "Bypass.h"

#include "wafer/Remap/Tracks.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

using namespace wafer;
using namespace wafer::remap;

namespace {

class BypassSearch {
public:
  BypassSearch(const Footprint &program, const Machine &machine,
               const DefectMap &defects)
      : program(program), machine(machine), defects(defects),
        top(machine.usable.y), bottom(machine.usable.y + program.height()),
        right(machine.usable.x + program.width() +
              int32_t(machine.spareColumns)),
        dead(size_t(machine.physicalHeight)),
        rows(size_t(machine.physicalHeight)) {}

  Result<Remapped> run() {
    collect();
    Result<Remapped> best = settle();
    std::vector<Coord> tiles;
    for (int32_t y = top; y < bottom; ++y) {
      for (int32_t x : dead[size_t(y)]) {
        tiles.push_back({x, y - top});
      }
    }
    if (tiles.empty() || tiles.size() > kMostOnTracks) {
      return best;
    }
    // With many tiles a matching takes long, and few spares do not suffice.
    bool many = tiles.size() > kFewOnTracks;
    const std::vector<std::set<int32_t>> own = dead;
    for (int32_t spares = many ? int32_t(machine.spareColumns) : 1;
         spares <= int32_t(machine.spareColumns); ++spares) {
      std::optional<HoleTracks> tracks =
          findHoleTracks(right, bottom - top, tiles, spares);
      if (!tracks) {
        continue;
      }
      for (const std::vector<int32_t> &track : tracks->tracks) {
        for (int32_t y = top; y < bottom; ++y) {
          dead[size_t(y)].insert(track[size_t(y - top)]);
        }
      }
      Result<Remapped> found = settle();
      if (found &&
          (!best || found->cost.cyclesAdded < best->cost.cyclesAdded)) {
        best = std::move(found);
      }
      dead = own;
    }
    return best;
  }

private:
  /// A matching of more takes longer than it is worth.
  static constexpr size_t kFewOnTracks = 400;
  static constexpr size_t kMostOnTracks = 1500;

  /// The tiles of `dead`, and what the reach of links asks for beyond them.
  Result<Remapped> settle() {
    rows.assign(rows.size(), {});
    std::set<int32_t> work;
    for (int32_t y = top; y < bottom; ++y) {
      work.insert(y);
    }
    while (!work.empty()) {
      int32_t y = *work.begin();
      work.erase(work.begin());
      std::vector<int32_t> chosen = choose(y);
      if (chosen.size() > machine.spareColumns) {
        return tooMany(y, chosen.size());
      }
      if (chosen == rows[size_t(y)]) {
        continue;
      }
      rows[size_t(y)] = std::move(chosen);
      for (int32_t near : {y - 1, y + 1}) {
        if (near >= top && near < bottom) {
          work.insert(near);
        }
      }
    }
    return finish();
  }

  void collect() {
    auto add = [&](Coord c) {
      if (c.y >= top && c.y < bottom && c.x < right) {
        dead[size_t(c.y)].insert(c.x);
      }
    };
    for (Coord c : defects.tiles) {
      add(c);
    }
    for (Coord c : defects.cores) {
      add(c);
    }
    for (const DeadBank &b : defects.banks) {
      add(b.core);
    }
    // A dead link is not used when a tile at one of its ends is left out.
    for (const DeadLink &l : defects.links) {
      Coord far = neighbour(l.core, l.side);
      bool isOut = isDead(l.core) || isDead(far);
      if (!isOut) {
        add(far.y >= bottom ? l.core : far);
      }
    }
  }
  bool isDead(Coord c) const {
    return c.y < int32_t(dead.size()) && dead[size_t(c.y)].count(c.x);
  }

  /// The tiles that row y leaves out, given its neighbours.
  std::vector<int32_t> choose(int32_t y) const {
    std::vector<int32_t> latest; // bounds on J_k
    for (int32_t near : {y - 1, y + 1}) {
      if (near < top || near >= bottom) {
        continue;
      }
      const std::vector<int32_t> &other = rows[size_t(near)];
      for (size_t k = 0; k + 1 < other.size(); ++k) {
        int32_t bound = other[k + 1] - int32_t(k + 1);
        if (k < latest.size()) {
          latest[k] = std::min(latest[k], bound);
        } else {
          latest.push_back(bound);
        }
      }
    }
    std::vector<int32_t> chosen;
    auto next = dead[size_t(y)].begin();
    auto end = dead[size_t(y)].end();
    while (next != end || chosen.size() < latest.size()) {
      size_t k = chosen.size();
      bool bounded = k < latest.size();
      int32_t column = bounded ? latest[k] + int32_t(k) : 0;
      if (next != end && (!bounded || *next <= column)) {
        column = *next;
        ++next;
      }
      chosen.push_back(column);
    }
    return chosen;
  }

  Diagnostic tooMany(int32_t y, size_t needed) const {
    size_t own = dead[size_t(y)].size();
    std::string why =
        needed > own ? fmt::format(", {} of them for the reach of links to the "
                                   "rows beside it",
                                   needed - own)
                     : "";
    return {fmt::format("row {} has more defects than spare tiles", y),
            fmt::format("machine '{}'", machine.name),
            fmt::format("at most {} bypassed tiles", machine.spareColumns),
            fmt::format("{}{}", needed, why), ""};
  }

  Result<Remapped> finish() {
    Remapped result;
    result.map.defects = defects;
    for (int32_t y = top; y < bottom; ++y) {
      for (int32_t x : rows[size_t(y)]) {
        result.map.bypassed.push_back({x, y});
      }
    }
    result.cost.tilesBypassed = uint32_t(result.map.bypassed.size());
    result.cost.cyclesAdded = estimate();
    return result;
  }

  /// The slowest row and the slowest column decide. J_k as above: a row jumps
  /// there, and between two rows the columns between their J_k do.
  uint64_t estimate() const {
    auto firstShifted = [&](int32_t y, size_t k) {
      const std::vector<int32_t> &row = rows[size_t(y + top)];
      int32_t column = k < row.size() ? row[k] - int32_t(k) - machine.usable.x
                                      : program.width();
      return std::clamp(column, 0, program.width());
    };
    uint64_t slowestRow = 0;
    std::vector<int64_t> steps(size_t(program.width()) + 1);
    for (int32_t y = 0; y < program.height(); ++y) {
      size_t count = rows[size_t(y + top)].size();
      uint64_t sum = 0;
      for (size_t k = 0; k < count; ++k) {
        int32_t x = firstShifted(y, k);
        sum += x > 0 && x < program.width() ? program.columnCost(x - 1) : 0;
      }
      slowestRow = std::max(slowestRow, sum);
      if (y + 1 == program.height()) {
        break;
      }
      count = std::max(count, rows[size_t(y + top + 1)].size());
      for (size_t k = 0; k < count; ++k) {
        int32_t here = firstShifted(y, k), below = firstShifted(y + 1, k);
        steps[size_t(std::min(here, below))] += program.rowCost(y);
        steps[size_t(std::max(here, below))] -= program.rowCost(y);
      }
    }
    int64_t column = 0, slowestColumn = 0;
    for (int64_t step : steps) {
      column += step;
      slowestColumn = std::max(slowestColumn, column);
    }
    return (slowestRow + uint64_t(slowestColumn)) * machine.bypassCycles;
  }

  const Footprint &program;
  const Machine &machine;
  const DefectMap &defects;
  /// Rows of the program, and the columns that can matter to it; physical.
  int32_t top, bottom, right;
  std::vector<std::set<int32_t>> dead;
  std::vector<std::vector<int32_t>> rows;
};

} // namespace

Result<Remapped> wafer::remap::bypassDefects(const Footprint &program,
                                             const Machine &machine,
                                             const DefectMap &defects) {
  return BypassSearch(program, machine, defects).run();
}
