// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For numbers of tracks from few to many: the lines that words would have to
// cross and cannot are skipped, a window of lines with few of them is taken for
// the program, and tracks are laid through its dead cores (TrackCover.h). Where
// tracks cannot follow, the line with the point in the way is skipped as well.
//
// A dead router or link does nothing to a track if its line is skipped, but
// the words that cross the skipped line must not meet it: they cross in the
// column that they have in the next line, so a track has to be there.
//
// What a map costs: each hole is a hop for what passes it across, in the
// slowest line; each move of a track is one for the words that turn, in the
// slowest place of each stage.
//
//===----------------------------------------------------------------------===//
#include "TrackSearch.h"

#include "TrackCover.h"

#include <algorithm>
#include <cstdlib>

using namespace wafer;
using namespace wafer::remap;

namespace {

/// A program along one axis.
class AlongView {
public:
  AlongView(const Footprint &program, Axis axis)
      : program(program), down(axis == Axis::Y) {}
  int32_t lines() const { return down ? program.height() : program.width(); }
  int32_t places() const { return down ? program.width() : program.height(); }
  bool hasCore(int32_t line, int32_t place) const {
    return down ? program.hasCore(place, line) : program.hasCore(line, place);
  }
  bool isUsed(int32_t line, int32_t place) const {
    return down
               ? program.hasCore(place, line) || program.hasRouter(place, line)
               : program.hasCore(line, place) || program.hasRouter(line, place);
  }
  /// Words go along the line to the next place.
  bool crossesAcross(int32_t line, int32_t place) const {
    return down ? program.crossesEast(place, line)
                : program.crossesSouth(line, place);
  }
  /// Words go from the line to the next one.
  bool crossesAhead(int32_t line, int32_t place) const {
    return down ? program.crossesSouth(place, line)
                : program.crossesEast(line, place);
  }
  bool isTight(int32_t line) const {
    return down ? program.rowIsTight(line) : program.columnIsTight(line);
  }
  uint32_t lineCost(int32_t line) const {
    return down ? program.rowCost(line) : program.columnCost(line);
  }
  uint32_t placeCost(int32_t place) const {
    return down ? program.columnCost(place) : program.rowCost(place);
  }
  /// Words of all places from one on can turn behind the line.
  bool mayMove(int32_t line, int32_t first) const {
    Axis axis = down ? Axis::Y : Axis::X;
    for (int32_t place = first; place < places(); ++place) {
      if (!program.mayTurn(axis, down ? place : line, down ? line : place)) {
        return false;
      }
    }
    return true;
  }

private:
  const Footprint &program;
  bool down;
};

class TrackSearch {
public:
  TrackSearch(const Footprint &program, const Machine &machine,
              const DefectMap &map, const std::vector<Defect> &defects,
              PortWays &ways, Axis axis, uint64_t limit)
      : program(program), machine(machine), map(map), defects(defects),
        ways(ways), down(axis == Axis::Y), view(program, axis), limit(limit),
        sizeAlong(down ? machine.height() : machine.width()),
        sizeAcross(down ? machine.width() : machine.height()) {
    keepPlaces();
  }

  std::optional<Remapped> run() {
    int32_t room = sizeAcross - view.places();
    constexpr unsigned kPatience = 2;
    unsigned worse = 0;
    for (int32_t tracks = 1; room >= 1 && worse < kPatience;) {
      uint64_t before = limit;
      // From the near edge first; other places where the program is small, or
      // where nothing was found there.
      int32_t free = room - tracks;
      int32_t most = view.lines() * view.places() <= kSmall ? 8 : 2;
      int32_t step = std::max(1, (free + most - 1) / most);
      for (int32_t i = 0; i * step < free + step; ++i) {
        bool isEnough = best && i >= (most == 2 ? 1 : 3);
        if (!isEnough) {
          offset = std::min(free, i * step);
          attempt(tracks, -1);
          tryAllStarts(tracks);
        }
      }
      worse = limit < before ? 0 : worse + (best ? 1 : 0);
      if (tracks == room) {
        break;
      }
      tracks = std::min(room, tracks + std::max(1, tracks / 2));
    }
    return std::move(best);
  }

private:
  static constexpr int32_t kSmall = 4096;

  /// Lines of the program and where they are.
  struct Window {
    std::vector<int32_t> homes;
    uint64_t cost = 0;
  };

  /// A dead router, or a dead link along its line, and the places of the
  /// program that may come to be there.
  struct Wall {
    int32_t first, last;
    bool isTile;
  };
  /// What is known of physical lines.
  struct LineState {
    std::vector<bool> skipped;
    /// Dead cores.
    std::vector<int32_t> cores;
    std::vector<std::vector<Wall>> walls;
  };

  /// Streams that turn into their lines do so in the first place of some lines:
  /// there, tracks keep off it.
  void keepPlaces() {
    constexpr int32_t kMostKept = 2;
    firstPlaces.assign(size_t(view.lines()), 0);
    for (int32_t line = 0; line < view.lines(); ++line) {
      int32_t first = 0;
      while (first < kMostKept && !view.mayMove(line, first)) {
        ++first;
      }
      movable.push_back(view.mayMove(line, first));
      // A place must not move on either side of the line.
      firstPlaces[size_t(line)] = std::max(firstPlaces[size_t(line)], first);
      if (line + 1 < view.lines()) {
        firstPlaces[size_t(line) + 1] = first;
      }
    }
    for (size_t i = 1; i < firstPlaces.size(); ++i) {
      int32_t step = movable[i - 1] ? 1 : 0;
      firstPlaces[i] = std::max(firstPlaces[i], firstPlaces[i - 1] - step);
    }
    for (size_t i = firstPlaces.size() - 1; i > 0; --i) {
      int32_t step = movable[i - 1] ? 1 : 0;
      firstPlaces[i - 1] = std::max(firstPlaces[i - 1], firstPlaces[i] - step);
    }
  }

  int32_t lineOf(Coord c) const { return down ? c.y : c.x; }
  /// Counted from the first place that the program may use.
  int32_t placeOf(Coord c) const { return (down ? c.x : c.y) - offset; }
  bool isAcrossLink(const Defect &d) const {
    return d.kind == (down ? Defect::Kind::EastLink : Defect::Kind::SouthLink);
  }
  bool isAheadLink(const Defect &d) const {
    return d.kind == (down ? Defect::Kind::SouthLink : Defect::Kind::EastLink);
  }

  /// On small grids, where nothing else helps, every first line.
  void tryAllStarts(int32_t tracks) {
    constexpr int32_t kSmallGrid = 1024;
    if (sizeAlong * sizeAcross > kSmallGrid) {
      return;
    }
    for (int32_t start = 0; start + view.lines() <= sizeAlong && !best;
         ++start) {
      attempt(tracks, start);
    }
  }

  /// A program with at most so many tracks through it, from a line on (-1: from
  /// the best one).
  void attempt(int32_t tracks, int32_t onlyStart) {
    int32_t width = view.places() + tracks;
    LineState state;
    state.skipped.assign(size_t(sizeAlong), false);
    state.cores.assign(size_t(sizeAlong), 0);
    state.walls.assign(size_t(sizeAlong), {});
    for (const Defect &d : defects) {
      size_t line = size_t(lineOf(d.place));
      int32_t place = placeOf(d.place);
      bool isBeside = place < 0 || place >= width;
      if (isBeside || d.kind == Defect::Kind::EdgeLink) {
        continue;
      }
      if (d.kind == Defect::Kind::Core) {
        if (++state.cores[line] > tracks) {
          state.skipped[line] = true;
        }
      } else if (d.kind == Defect::Kind::Tile ||
                 (isAcrossLink(d) && place + 1 < width)) {
        state.walls[line].push_back({std::max(0, place - tracks),
                                     std::min(place, view.places() - 1),
                                     d.kind == Defect::Kind::Tile});
      }
    }
    // Each try skips a line more.
    constexpr unsigned kMostTries = 24;
    unsigned far = 0;
    for (unsigned i = 0; i < kMostTries; ++i) {
      std::optional<Window> window = bestWindow(state, onlyStart);
      if (!window || window->cost >= limit) {
        return;
      }
      TrackCover cover = coverWithTracks(problemOf(*window, tracks));
      if (cover.blockedLine >= 0) {
        state.skipped[size_t(window->homes[size_t(cover.blockedLine)])] = true;
        continue;
      }
      if (accept(*window, cover) || ++far > kMostPlaces) {
        return;
      }
      // No way for the host, or words that cannot turn: another row.
      state.skipped[size_t(window->homes.front())] = true;
    }
  }
  static constexpr unsigned kMostPlaces = 4;

  /// Whether a line of the program cannot be at home on a physical one.
  bool isBlocked(const LineState &state, int32_t at, int32_t line) const {
    if (state.skipped[size_t(at)]) {
      return true;
    }
    for (const Wall &wall : state.walls[size_t(at)]) {
      for (int32_t place = wall.first; place <= wall.last; ++place) {
        if (wall.isTile ? view.isUsed(line, place)
                        : view.crossesAcross(line, place)) {
          return true;
        }
      }
    }
    return false;
  }

  /// The lines from one on that are not blocked, where they cost least.
  std::optional<Window> bestWindow(const LineState &state,
                                   int32_t onlyStart) const {
    std::optional<Window> found;
    // A dead core asks for some moves; only to choose among places.
    constexpr uint64_t kCoreCost = 4;
    for (int32_t start = 0; start + view.lines() <= sizeAlong; ++start) {
      bool isOther = onlyStart >= 0 && start != onlyStart;
      if (isOther || isBlocked(state, start, 0)) {
        continue;
      }
      Window window;
      uint64_t weight = 0;
      for (int32_t at = start;
           at < sizeAlong && int32_t(window.homes.size()) < view.lines();
           ++at) {
        int32_t line = int32_t(window.homes.size()) - 1;
        bool blocked = isBlocked(state, at, line + 1);
        if (blocked && view.isTight(line)) {
          break;
        }
        if (blocked) {
          window.cost += view.lineCost(line);
          continue;
        }
        window.homes.push_back(at);
        weight += kCoreCost * uint64_t(state.cores[size_t(at)]);
      }
      bool fits = int32_t(window.homes.size()) == view.lines();
      if (fits && (!found || window.cost + weight < weightOfFound)) {
        weightOfFound = window.cost + weight;
        found = std::move(window);
      }
    }
    return found;
  }
  mutable uint64_t weightOfFound = 0;

  TrackCoverProblem problemOf(const Window &window, int32_t tracks) const {
    TrackCoverProblem problem;
    problem.lines = view.lines();
    problem.places = view.places() + tracks;
    problem.mostTracks = tracks;
    problem.mayMove = movable;
    problem.firstPlaces = firstPlaces;
    // By physical line: the first kept line from there on, if one is before.
    std::vector<int32_t> nextLine(size_t(sizeAlong) + 1, -1);
    int32_t line = view.lines() - 1;
    for (int32_t at = window.homes.back(); at > window.homes.front(); --at) {
      line -= line > 0 && window.homes[size_t(line - 1)] >= at;
      nextLine[size_t(at)] = line;
    }
    nextLine[size_t(window.homes.front())] = 0;
    std::vector<TrackPoint> points;
    for (const Defect &d : defects) {
      int32_t at = lineOf(d.place), place = placeOf(d.place);
      if (place < 0 || place >= problem.places) {
        continue;
      }
      bool crossing = d.kind == Defect::Kind::Tile || isAheadLink(d);
      int32_t target = crossing && isAheadLink(d) ? at + 1 : at;
      int32_t kept = nextLine[size_t(target)];
      bool isHome = kept >= 0 && window.homes[size_t(kept)] == at;
      // Some place of the program may come to be there.
      int32_t lowest = std::max(0, place - tracks);
      int32_t highest = std::min(place, view.places() - 1);
      for (int32_t logical = lowest; logical <= highest; ++logical) {
        bool isMet = crossing && kept > 0
                         ? view.crossesAhead(kept - 1, logical)
                         : d.kind == Defect::Kind::Core && isHome &&
                               view.hasCore(kept, logical);
        if (isMet) {
          points.push_back({kept, place});
          break;
        }
      }
    }
    auto before = [](const TrackPoint &a, const TrackPoint &b) {
      return a.line != b.line ? a.line < b.line : a.place < b.place;
    };
    auto same = [](const TrackPoint &a, const TrackPoint &b) {
      return a.line == b.line && a.place == b.place;
    };
    std::sort(points.begin(), points.end(), before);
    points.erase(std::unique(points.begin(), points.end(), same), points.end());
    problem.points = std::move(points);
    return problem;
  }

  /// Hops over holes, in the slowest line.
  uint64_t costOfHoles(const TrackCover &cover) const {
    uint64_t most = 0;
    for (size_t line = 0; line < size_t(view.lines()); ++line) {
      uint64_t sum = 0;
      for (size_t t = 0; t < cover.tracks.size(); ++t) {
        int32_t before = cover.tracks[t][line] - int32_t(t) - 1;
        if (before >= 0 && before + 1 < view.places()) {
          sum += view.placeCost(before);
        }
      }
      most = std::max(most, sum);
    }
    return most;
  }

  /// Hops of turning words, in the slowest place of each stage.
  uint64_t costOfMoves(const TrackCover &cover) const {
    uint64_t sum = 0;
    for (const Footprint::Part &part : program.parts()) {
      const Rect &r = part.rect;
      int32_t begin = down ? r.y : r.x, end = down ? r.endY() : r.endX();
      int32_t from = down ? r.x : r.y, to = down ? r.endX() : r.endY();
      const std::vector<uint32_t> &costs =
          down ? part.rowCosts : part.columnCosts;
      std::vector<uint64_t> slow(size_t(to - from), 0);
      for (int32_t line = begin; line + 1 < end; ++line) {
        for (size_t t = 0; t < cover.tracks.size(); ++t) {
          int32_t here = cover.tracks[t][size_t(line)];
          int32_t there = cover.tracks[t][size_t(line) + 1];
          // The place that changes sides lies between both.
          int32_t place = std::min(here, there) - int32_t(t);
          if (here != there && place >= from && place < to) {
            slow[size_t(place - from)] += costs[size_t(line - begin)];
          }
        }
      }
      if (!slow.empty()) {
        sum += *std::max_element(slow.begin(), slow.end());
      }
    }
    return sum;
  }

  /// Keeps the map if it is the best one. False when the program has no way to
  /// its host or meets a defect after all.
  bool accept(const Window &window, const TrackCover &cover) {
    uint64_t cycles = window.cost + costOfHoles(cover) + costOfMoves(cover);
    if (cycles >= limit) {
      return true;
    }
    Remapped found;
    found.map.defects = map;
    AxisLines lines = AxisLines::keeping(sizeAlong, window.homes);
    (down ? found.map.skippedRows : found.map.skippedColumns) =
        lines.runsBefore(view.lines() - 1);
    if (offset > 0) {
      (down ? found.map.skippedColumns : found.map.skippedRows) = {{0, offset}};
    }
    found.map.trackAxis = down ? Axis::Y : Axis::X;
    uint64_t moves = 0;
    for (std::vector<int32_t> track : cover.tracks) {
      for (int32_t &place : track) {
        place += offset;
      }
      found.map.tracks.push_back(HoleTrack::through(track));
      for (size_t i = 1; i < track.size(); ++i) {
        moves += track[i] != track[i - 1];
      }
    }
    if (found.map.tracks.empty()) {
      found.map.trackAxis = Axis::Y;
    }
    PlaceMap places(found.map, machine);
    for (const Defect &d : defects) {
      if (hitUnderTracks(program, d, places)) {
        return false;
      }
    }
    if (!ways.route(program, places, found.map.ports)) {
      return false;
    }
    RemapCost &cost = found.cost;
    int32_t first = window.homes.front();
    uint32_t between = uint32_t(window.homes.back() - first + 1 - view.lines());
    (down ? cost.movedY : cost.movedX) = first;
    (down ? cost.movedX : cost.movedY) = offset;
    (down ? cost.rowsSkipped : cost.columnsSkipped) = between;
    cost.holeTracks = uint32_t(cover.tracks.size());
    cost.longLinks = moves;
    cost.cyclesAdded = cycles;
    limit = cycles;
    best = std::move(found);
    return true;
  }

  const Footprint &program;
  const Machine &machine;
  const DefectMap &map;
  const std::vector<Defect> &defects;
  PortWays &ways;
  bool down;
  AlongView view;
  uint64_t limit;
  int32_t sizeAlong, sizeAcross;
  /// Where the program begins across the tracks.
  int32_t offset = 0;
  /// Lines behind which tracks may move, and the places that they keep off.
  std::vector<bool> movable;
  std::vector<int32_t> firstPlaces;
  std::optional<Remapped> best;
};

} // namespace

std::optional<Remapped>
wafer::remap::searchTracks(const Footprint &program, const Machine &machine,
                           const DefectMap &map,
                           const std::vector<Defect> &defects, PortWays &ways,
                           Axis axis, uint64_t limit) {
  return TrackSearch(program, machine, map, defects, ways, axis, limit).run();
}
