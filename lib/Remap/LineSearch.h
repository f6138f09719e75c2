// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LineSearch.h - Which lines to skip (internal) ------------*- C++ -*-===//
#ifndef WAFER_LIB_REMAP_LINESEARCH_H
#define WAFER_LIB_REMAP_LINESEARCH_H

#include "wafer/Remap/Remap.h"

#include <algorithm>

namespace wafer::remap {

/// A defect at a place of the usable rectangle.
struct Defect {
  /// EdgeLink: from the tile out of the rectangle, to the host.
  enum class Kind : uint8_t { Core, Tile, EastLink, SouthLink, EdgeLink };
  Kind kind = Kind::Core;
  Coord place;
};
/// The defects that can matter; a core with a dead bank counts as dead.
std::vector<Defect> usableDefects(const DefectMap &defects,
                                  const Machine &machine);
/// "dead core 3,4", in the coordinates of the defect map.
std::string describe(const Defect &defect, const Machine &machine);

/// The lines of one axis, some of them skipped.
class AxisLines {
public:
  explicit AxisLines(int32_t size = 0) : skipped(size_t(size), false) {
    number();
  }
  int32_t size() const { return int32_t(skipped.size()); }
  bool isSkipped(int32_t line) const { return skipped[size_t(line)]; }
  /// Logical lines below a physical one.
  int32_t below(int32_t line) const { return prefix[size_t(line)]; }
  int32_t kept() const { return prefix.back(); }
  void skip(int32_t begin, int32_t count) {
    std::fill_n(skipped.begin() + begin, count, true);
    number();
  }
  /// Skips all lines before the last one of `homes` (in order) but these.
  static AxisLines keeping(int32_t size, const std::vector<int32_t> &homes) {
    AxisLines lines(size);
    std::fill_n(lines.skipped.begin(), homes.back(), true);
    for (int32_t line : homes) {
      lines.skipped[size_t(line)] = false;
    }
    lines.number();
    return lines;
  }
  /// Runs of skipped lines before the home of logical line `last`.
  std::vector<LineRun> runsBefore(int32_t last) const;
  /// The home of a logical line, or the size of the axis.
  int32_t homeOf(int32_t logical) const;

private:
  void number() {
    prefix.assign(skipped.size() + 1, 0);
    for (size_t i = 0; i < skipped.size(); ++i) {
      prefix[i + 1] = prefix[i] + !skipped[i];
    }
  }
  std::vector<bool> skipped;
  std::vector<int32_t> prefix;
};

struct Hit {
  const Defect *defect = nullptr;
  Coord logical;
  bool byRow = false;
  bool byColumn = false;
};

/// The lines of both axes under which a program lies.
struct Lines {
  AxisLines rows;
  AxisLines columns;
  /// Physical rows from which no way led to a host channel: not for the first
  /// row of the program.
  std::vector<int32_t> closed = {};
};

/// Whether the program meets a defect under `lines`, and which lines help.
std::optional<Hit> hitOf(const Footprint &program, const Defect &defect,
                         const Lines &lines);

/// The best lines that the search came to from a start.
struct LineResult {
  Lines lines;
  /// Defects that the program still meets; a dead tile counts for its row and
  /// for its column.
  uint64_t hits = 0;
  uint64_t cycles = 0;

  bool isBetterThan(const LineResult &o) const {
    return hits != o.hits ? hits < o.hits : cycles < o.cycles;
  }
};

/// The best lines of one axis while those of the other one stay: a program of
/// n lines on N is laid out by dynamic programming over line and home, in
/// O(n (N - n + 1)) steps and looks at the defects there. `lines` becomes the
/// result.
LineResult layOutAxis(const Footprint &program,
                      const std::vector<Defect> &defects, const Lines &start,
                      bool rows);

/// Lays out both axes in turns until that gains nothing any more.
LineResult searchLines(const Footprint &program,
                       const std::vector<Defect> &defects, const Lines &start,
                       bool rowsFirst);

/// Defects that the program would meet at a place, without skipped lines.
size_t countHits(const Footprint &program, const std::vector<Defect> &defects,
                 Coord moved);

} // namespace wafer::remap

#endif // WAFER_LIB_REMAP_LINESEARCH_H
