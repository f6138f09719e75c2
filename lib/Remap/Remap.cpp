// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places of the program are ranked by the defects that they meet; from the best
// ones the search for lines starts (AxisSearch.cpp), and tracks are laid
// (TrackSearch.cpp). When nothing works, the search for lines starts from other
// places, and then from random choices of lines.
//
//===----------------------------------------------------------------------===//
#include "wafer/Remap/Remap.h"

#include "Bypass.h"
#include "TrackSearch.h"
#include "wafer/Support/Rng.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::remap;

namespace {

struct Place {
  Coord moved;
  size_t hits = 0;
};

class MeshRemap {
public:
  MeshRemap(const Footprint &program, const Machine &machine,
            const DefectMap &defects, const RemapOptions &options)
      : program(program), machine(machine), map(defects), options(options),
        defects(usableDefects(defects, machine)), ways(machine, this->defects) {
  }

  Result<Remapped> run() {
    if (program.width() > machine.width() ||
        program.height() > machine.height()) {
      return Diagnostic{"the program does not fit the machine", "", "", "", ""};
    }
    uint64_t work = workOfSearch();
    size_t most = size_t(std::clamp<uint64_t>(kMostWork / work, 6, 256));
    std::vector<Place> places = rank();
    size_t first = std::min<size_t>(most, options.candidates);
    tryPlaces(places, 0, first);
    layTracks();
    // Where neither helps: all that there is time for.
    tryPlaces(places, first, most);
    Rng rng(1);
    uint64_t starts = std::clamp<uint64_t>(4 * kMostWork / work, 4, 1000);
    for (uint64_t i = 0; i < starts && !best && !isWalledOff(); ++i) {
      attempt({randomLines(rng, machine.height(), program.height()),
               randomLines(rng, machine.width(), program.width())},
              i % 2 == 0);
    }
    if (!best) {
      return refusal();
    }
    return std::move(*best);
  }

private:
  /// States of the search over all places that are tried.
  static constexpr uint64_t kMostWork = 8'000'000;
  static constexpr uint64_t kMostLooks = 20'000'000;
  static constexpr size_t kMostPorts = 500;
  static constexpr uint64_t kNoLimit = ~uint64_t(0);

  /// Searches for lines from some of the places; from the later ones only until
  /// there is a map.
  void tryPlaces(const std::vector<Place> &places, size_t begin, size_t end) {
    for (size_t i = begin; i < std::min(end, places.size()); ++i) {
      if (isDone() || isWalledOff() || (best && i >= options.candidates)) {
        return;
      }
      attempt(linesAt(places[i].moved), i % 2 != 0);
    }
  }

  void layTracks() {
    for (Axis axis : {Axis::Y, Axis::X}) {
      uint64_t limit = best ? best->cost.cyclesAdded : kNoLimit;
      if (limit == 0 || !options.useTracks) {
        return;
      }
      if (std::optional<Remapped> found =
              searchTracks(program, machine, map, defects, ways, axis, limit)) {
        best = std::move(found);
      }
    }
  }

  /// States of one search, defects included.
  uint64_t workOfSearch() const {
    auto statesOf = [&](int32_t size, int32_t lines) {
      uint64_t perLine = 1 + defects.size() / uint64_t(size);
      return uint64_t(lines) * uint64_t(size - lines + 1) * perLine;
    };
    return statesOf(machine.height(), program.height()) +
           statesOf(machine.width(), program.width());
  }

  /// All places, or a grid of them where they are too many; those that meet few
  /// defects first, then those near the corner.
  std::vector<Place> rank() const {
    int32_t roomX = machine.width() - program.width();
    int32_t roomY = machine.height() - program.height();
    uint64_t looks =
        (uint64_t(roomX) + 1) * (uint64_t(roomY) + 1) * (defects.size() + 1);
    int32_t step = 1;
    while (looks / (uint64_t(step) * uint64_t(step)) > kMostLooks) {
      ++step;
    }
    std::vector<Place> places;
    for (int32_t y = 0; y <= roomY; y += step) {
      for (int32_t x = 0; x <= roomX; x += step) {
        places.push_back({{x, y}, countHits(program, defects, {x, y})});
      }
    }
    std::stable_sort(places.begin(), places.end(),
                     [](const Place &a, const Place &b) {
                       int32_t farA = a.moved.x + a.moved.y;
                       int32_t farB = b.moved.x + b.moved.y;
                       return a.hits != b.hits ? a.hits < b.hits : farA < farB;
                     });
    return places;
  }

  /// The host seems to be out of reach wherever the program is.
  bool isWalledOff() const { return !best && portsBlocked >= kMostPorts; }
  bool isDone() const { return best && best->cost.cyclesAdded == 0; }

  Lines linesAt(Coord moved) const {
    Lines lines{AxisLines(machine.height()), AxisLines(machine.width())};
    lines.rows.skip(0, moved.y);
    lines.columns.skip(0, moved.x);
    return lines;
  }
  static AxisLines randomLines(Rng &rng, int32_t size, int32_t kept) {
    std::vector<int32_t> homes;
    for (int32_t line = 0; line < size; ++line) {
      uint64_t left = uint64_t(size - line);
      if (rng.below(left) < uint64_t(kept) - homes.size()) {
        homes.push_back(line);
      }
    }
    return AxisLines::keeping(size, homes);
  }

  /// Searches from a start; where no way leads to the program, again without
  /// the row where it began.
  void attempt(Lines start, bool rowsFirst) {
    constexpr unsigned kMostRows = 8;
    for (unsigned i = 0; i < kMostRows && !search(start, rowsFirst); ++i) {
    }
  }

  /// False when no way leads to what was found; `start` then excludes its row.
  bool search(Lines &start, bool rowsFirst) {
    LineResult found = searchLines(program, defects, start, rowsFirst);
    if (found.hits > 0) {
      if (!blocked || found.hits < blocked->hits) {
        blocked = std::move(found);
      }
      return true;
    }
    if (best && best->cost.cyclesAdded <= found.cycles) {
      return true;
    }
    const Lines &lines = found.lines;
    Remapped candidate;
    candidate.map.defects = map;
    candidate.map.skippedRows = lines.rows.runsBefore(program.height() - 1);
    candidate.map.skippedColumns =
        lines.columns.runsBefore(program.width() - 1);
    if (!ways.route(program, PlaceMap(candidate.map, machine),
                    candidate.map.ports)) {
      ++portsBlocked;
      start.closed.push_back(lines.rows.homeOf(0));
      return false;
    }
    RemapCost &cost = candidate.cost;
    cost.movedX = lines.columns.homeOf(0);
    cost.movedY = lines.rows.homeOf(0);
    cost.columnsSkipped = uint32_t(lines.columns.homeOf(program.width() - 1) -
                                   (program.width() - 1) - cost.movedX);
    cost.rowsSkipped = uint32_t(lines.rows.homeOf(program.height() - 1) -
                                (program.height() - 1) - cost.movedY);
    cost.cyclesAdded = found.cycles;
    best = std::move(candidate);
    return true;
  }

  Diagnostic refusal() const {
    if (portsBlocked > 0) {
      return {"no way leads from a host channel to the program",
              fmt::format("machine '{}'", machine.name), "",
              fmt::format("{} places of the program that meet no defect",
                          portsBlocked),
              "a row or column free beside the program would help: compile for "
              "a smaller region"};
    }
    const Lines &lines = blocked->lines;
    Hit hit;
    for (const Defect &defect : defects) {
      if (std::optional<Hit> met = hitOf(program, defect, lines)) {
        hit = *met;
        break;
      }
    }
    std::string stage =
        program.stageAt(std::max(hit.logical.x, 0), std::max(hit.logical.y, 0));
    std::string needed = hit.byRow && hit.byColumn ? "a row or a column"
                         : hit.byRow               ? "a row"
                                                   : "a column";
    return {fmt::format("the program cannot go round {}",
                        describe(*hit.defect, machine)),
            stage.empty() ? fmt::format("machine '{}'", machine.name)
                          : fmt::format("stage '{}'", stage),
            fmt::format("{} to skip", needed),
            fmt::format("{} defects left in the way, with {} spare rows and {} "
                        "spare columns",
                        blocked->hits, machine.height() - program.height(),
                        machine.width() - program.width()),
            "a smaller region for the stage leaves more lines to skip"};
  }

  const Footprint &program;
  const Machine &machine;
  const DefectMap &map;
  const RemapOptions &options;
  std::vector<Defect> defects;
  PortWays ways;
  std::optional<Remapped> best;
  /// The most promising place that failed.
  std::optional<LineResult> blocked;
  size_t portsBlocked = 0;
};

} // namespace

Result<Remapped> wafer::remapProgram(const Footprint &program,
                                     const Machine &machine,
                                     const DefectMap &defects,
                                     const RemapOptions &options) {
  bool hasBypass = options.useBypass && machine.redundancy == "row-shift";
  if (!hasBypass) {
    return MeshRemap(program, machine, defects, options).run();
  }
  Result<Remapped> bypass = bypassDefects(program, machine, defects);
  // Jumps over tiles cost less than hops of whole lines, unless they are many.
  constexpr uint64_t kCheap = 1000;
  if (!options.useMesh || (bypass && bypass->cost.cyclesAdded <= kCheap)) {
    return bypass;
  }
  Result<Remapped> mesh = MeshRemap(program, machine, defects, options).run();
  if (!bypass && !mesh) {
    Diagnostic both = bypass.takeError();
    both.hint = "without the hardware's bypass: " + mesh.error().str();
    return both;
  }
  bool isBetter =
      mesh && (!bypass || mesh->cost.cyclesAdded < bypass->cost.cyclesAdded);
  return isBetter ? std::move(mesh) : std::move(bypass);
}

std::optional<Conflict> wafer::findConflict(const Footprint &program,
                                            const Machine &machine,
                                            const DefectMap &defects,
                                            const LogicalMap &map) {
  if (!map.tracks.empty()) {
    PlaceMap places(map, machine);
    for (const Defect &defect : usableDefects(defects, machine)) {
      if (std::optional<Hit> hit = hitUnderTracks(program, defect, places)) {
        return Conflict{describe(defect, machine), defect.place, hit->logical,
                        hit->byRow, hit->byColumn};
      }
    }
    return std::nullopt;
  }
  Lines lines{AxisLines(machine.height()), AxisLines(machine.width())};
  for (const LineRun &run : map.skippedRows) {
    lines.rows.skip(run.begin, run.count);
  }
  for (const LineRun &run : map.skippedColumns) {
    lines.columns.skip(run.begin, run.count);
  }
  for (const Defect &defect : usableDefects(defects, machine)) {
    if (std::optional<Hit> hit = hitOf(program, defect, lines)) {
      return Conflict{describe(defect, machine), defect.place, hit->logical,
                      hit->byRow, hit->byColumn};
    }
  }
  return std::nullopt;
}
