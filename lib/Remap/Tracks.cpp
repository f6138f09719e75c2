// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Remap/Tracks.h"

#include <algorithm>
#include <cstdlib>
#include <set>

using namespace wafer;

DroppedLines wafer::dropLines(int32_t width, int32_t height,
                              const std::vector<Coord> &dead) {
  std::set<int32_t> rows, columns;
  for (Coord c : dead) {
    rows.insert(c.y);
    columns.insert(c.x);
  }
  int64_t keptRows = height - int64_t(rows.size());
  int64_t keptColumns = width - int64_t(columns.size());
  return keptRows * width >= keptColumns * height
             ? DroppedLines{int32_t(keptRows), width}
             : DroppedLines{height, int32_t(keptColumns)};
}

//===----------------------------------------------------------------------===//
// Greedy column rerouting
//===----------------------------------------------------------------------===//

ColumnRoutes wafer::rerouteColumns(int32_t width, int32_t height,
                                   const std::vector<Coord> &dead) {
  // A core that a column took, or from which no way leads down, is done with:
  // each is looked at once.
  std::vector<bool> done(size_t(width) * size_t(height), false);
  auto at = [&](int32_t x, int32_t y) {
    return size_t(y) * size_t(width) + size_t(x);
  };
  for (Coord c : dead) {
    done[at(c.x, c.y)] = true;
  }
  ColumnRoutes routes;
  std::vector<int32_t> way;
  for (int32_t start = 0; start < width; ++start) {
    if (done[at(start, 0)]) {
      continue;
    }
    done[at(start, 0)] = true;
    way.assign(1, start);
    while (!way.empty() && int32_t(way.size()) < height) {
      int32_t y = int32_t(way.size());
      int32_t x = way.back() - 1;
      while (x <= way.back() + 1 && (x < 0 || x >= width || done[at(x, y)])) {
        ++x;
      }
      if (x > way.back() + 1) {
        way.pop_back(); // a dead end
        continue;
      }
      done[at(x, y)] = true;
      way.push_back(x);
    }
    if (!way.empty()) {
      routes.push_back(way);
    }
  }
  return routes;
}

uint64_t wafer::countLongLinks(const ColumnRoutes &routes) {
  uint64_t count = 0;
  for (const std::vector<int32_t> &column : routes) {
    for (size_t y = 1; y < column.size(); ++y) {
      count += column[y] != column[y - 1];
    }
  }
  return count;
}

//===----------------------------------------------------------------------===//
// Hole tracks
//===----------------------------------------------------------------------===//

namespace {

constexpr int64_t kFar = int64_t(1) << 60;

/// Matches dead cores with the next one of their track: pairs of least total
/// cost, by shortest augmenting paths with potentials (Edmonds and Karp 1972).
/// Left nodes are dead cores that look for a successor, right ones those that
/// look for a predecessor.
class TrackMatching {
public:
  explicit TrackMatching(const std::vector<Coord> &dead)
      : dead(dead), n(dead.size()), next(n, kNobody), previous(n, kNobody),
        left(n, 0), right(n, 0) {}

  /// Adds one pair; false when there is none any more.
  bool augment() {
    std::vector<int64_t> toLeft(n, kFar), toRight(n, kFar);
    std::vector<size_t> before(n, kNobody);
    std::vector<bool> doneLeft(n, false), doneRight(n, false);
    for (size_t i = 0; i < n; ++i) {
      if (next[i] == kNobody) {
        toLeft[i] = -left[i];
      }
    }
    for (;;) {
      size_t i = nearest(toLeft, doneLeft), j = nearest(toRight, doneRight);
      if (i == kNobody && j == kNobody) {
        break;
      }
      bool isLeft = j == kNobody || (i != kNobody && toLeft[i] <= toRight[j]);
      if (!isLeft) {
        doneRight[j] = true;
        if (previous[j] != kNobody) { // back over the pair, at no reduced cost
          toLeft[previous[j]] = std::min(toLeft[previous[j]], toRight[j]);
        }
        continue;
      }
      doneLeft[i] = true;
      for (size_t to = 0; to < n; ++to) {
        int64_t c = cost(i, to);
        if (c == kFar || doneRight[to] || next[i] == to) {
          continue;
        }
        int64_t length = toLeft[i] + c + left[i] - right[to];
        if (length < toRight[to]) {
          toRight[to] = length;
          before[to] = i;
        }
      }
    }
    size_t end = kNobody;
    int64_t shortest = kFar;
    for (size_t j = 0; j < n; ++j) {
      int64_t length = previous[j] == kNobody && toRight[j] < kFar
                           ? toRight[j] + right[j] - sink
                           : kFar;
      if (length < shortest) {
        shortest = length;
        end = j;
      }
    }
    if (end == kNobody) {
      return false;
    }
    for (size_t i = 0; i < n; ++i) {
      left[i] += std::min(toLeft[i], shortest);
      right[i] += std::min(toRight[i], shortest);
    }
    sink += shortest;
    while (end != kNobody) {
      size_t from = before[end];
      size_t taken = next[from];
      next[from] = end;
      previous[end] = from;
      end = taken;
    }
    return true;
  }
  static constexpr size_t kNobody = ~size_t(0);

private:
  int64_t cost(size_t from, size_t to) const {
    return dead[from].y < dead[to].y ? std::abs(dead[from].x - dead[to].x)
                                     : kFar;
  }
  static size_t nearest(const std::vector<int64_t> &distance,
                        const std::vector<bool> &done) {
    size_t best = kNobody;
    for (size_t i = 0; i < distance.size(); ++i) {
      bool closer = best == kNobody || distance[i] < distance[best];
      if (!done[i] && distance[i] < kFar && closer) {
        best = i;
      }
    }
    return best;
  }

  const std::vector<Coord> &dead;
  size_t n;

public:
  std::vector<size_t> next;
  std::vector<size_t> previous;

private:
  std::vector<int64_t> left, right;
  int64_t sink = 0;
};

/// Two tracks that lie in one place change their rests there; that costs no
/// more (triangle inequality), so it stays a best cover.
void separate(std::vector<std::vector<size_t>> &paths,
              const std::vector<Coord> &dead, int32_t height) {
  auto columnAt = [&](const std::vector<size_t> &path, int32_t y) {
    int32_t x = dead[path.front()].x;
    for (size_t i : path) {
      x = dead[i].y <= y ? dead[i].x : x;
    }
    return x;
  };
  auto splitAt = [&](const std::vector<size_t> &path, int32_t y) {
    return size_t(std::find_if(path.begin(), path.end(),
                               [&](size_t i) { return dead[i].y > y; }) -
                  path.begin());
  };
  // The one that rests there goes on where the other came from.
  auto exchange = [&](size_t a, size_t b, int32_t y) {
    size_t splitA = splitAt(paths[a], y - 1), splitB = splitAt(paths[b], y - 1);
    std::vector<size_t> endA(paths[a].begin() + int64_t(splitA),
                             paths[a].end());
    std::vector<size_t> endB(paths[b].begin() + int64_t(splitB),
                             paths[b].end());
    paths[a].resize(splitA);
    paths[b].resize(splitB);
    paths[a].insert(paths[a].end(), endB.begin(), endB.end());
    paths[b].insert(paths[b].end(), endA.begin(), endA.end());
  };
  for (int32_t y = 0; y < height; ++y) {
    for (size_t a = 0; a < paths.size(); ++a) {
      for (size_t b = a + 1; b < paths.size(); ++b) {
        if (columnAt(paths[a], y) != columnAt(paths[b], y)) {
          continue;
        }
        exchange(a, b, y);
        // One track may take over all of the other; that is a spare more.
        size_t left = paths.size();
        paths.erase(std::remove_if(paths.begin(), paths.end(),
                                   [](auto &path) { return path.empty(); }),
                    paths.end());
        if (paths.size() < left) {
          return separate(paths, dead, height);
        }
      }
    }
  }
}

} // namespace

std::optional<HoleTracks> wafer::findHoleTracks(int32_t width, int32_t height,
                                                const std::vector<Coord> &dead,
                                                int32_t spares) {
  std::vector<Coord> sorted = dead;
  std::sort(sorted.begin(), sorted.end());
  TrackMatching matching(sorted);
  size_t pairs =
      sorted.size() > size_t(spares) ? sorted.size() - size_t(spares) : 0;
  for (size_t i = 0; i < pairs; ++i) {
    if (!matching.augment()) {
      return std::nullopt;
    }
  }
  constexpr size_t kNobody = TrackMatching::kNobody;
  HoleTracks result;
  std::vector<std::vector<size_t>> paths;
  std::vector<bool> taken(size_t(width), false);
  for (size_t i = 0; i < sorted.size(); ++i) {
    taken[size_t(sorted[i].x)] = true;
    if (matching.previous[i] != kNobody) {
      result.longLinks +=
          uint64_t(std::abs(sorted[i].x - sorted[matching.previous[i]].x));
      continue;
    }
    std::vector<size_t> &path = paths.emplace_back();
    for (size_t at = i; at != kNobody; at = matching.next[at]) {
      path.push_back(at);
    }
  }
  separate(paths, sorted, height);
  for (const std::vector<size_t> &path : paths) {
    std::vector<int32_t> &track = result.tracks.emplace_back();
    size_t next = 0;
    int32_t x = sorted[path.front()].x;
    for (int32_t y = 0; y < height; ++y) {
      for (; next < path.size() && sorted[path[next]].y <= y; ++next) {
        x = sorted[path[next]].x;
      }
      track.push_back(x);
    }
  }
  // Tracks without a dead core run straight down a column of their own.
  for (int32_t x = width - 1; x >= 0 && result.tracks.size() < size_t(spares);
       --x) {
    if (!taken[size_t(x)]) {
      result.tracks.emplace_back(size_t(height), x);
    }
  }
  return result;
}

ColumnRoutes wafer::columnsOf(const HoleTracks &tracks, int32_t width,
                              int32_t height) {
  ColumnRoutes routes(size_t(width) - tracks.tracks.size());
  for (int32_t y = 0; y < height; ++y) {
    std::vector<bool> hole(size_t(width), false);
    for (const std::vector<int32_t> &track : tracks.tracks) {
      hole[size_t(track[size_t(y)])] = true;
    }
    size_t column = 0;
    for (int32_t x = 0; x < width && column < routes.size(); ++x) {
      if (!hole[size_t(x)]) {
        routes[column++].push_back(x);
      }
    }
  }
  return routes;
}
