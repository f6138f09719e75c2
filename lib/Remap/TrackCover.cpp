// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   1. Chains of points: each point follows the nearest chain that can reach
//      it; where none can, pairs are exchanged along an augmenting path.
//   2. Successors are exchanged while that saves moves; chains that are still
//      free cut the dearest pairs.
//   3. A chain stays where it is and moves late. Where chains cross, they
//      exchange their rests: in every line the places are sorted.
//   4. Tracks that would share a place push each other aside, as far as their
//      own points allow.
//
//===----------------------------------------------------------------------===//
#include "TrackCover.h"

#include <algorithm>
#include <cstdlib>

using namespace wafer;
using namespace wafer::remap;

namespace {

constexpr int32_t kNobody = -1;

/// Steps 1 and 2.
class Chains {
public:
  explicit Chains(const TrackCoverProblem &problem)
      : problem(problem), n(int32_t(problem.points.size())),
        next(size_t(n), kNobody), previous(size_t(n), kNobody),
        seen(size_t(n), 0) {
    // Lines that let no track move take no time.
    clock.assign(size_t(problem.lines), 0);
    for (int32_t line = 1; line < problem.lines; ++line) {
      clock[size_t(line)] =
          clock[size_t(line - 1)] + problem.mayMove[size_t(line - 1)];
    }
  }

  /// False when a point cannot be in any chain; it is `blocked` then.
  bool build() {
    std::vector<int32_t> tails;
    for (int32_t i = 0; i < n; ++i) {
      bool isBelow =
          !problem.firstPlaces.empty() &&
          point(i).place < problem.firstPlaces[size_t(point(i).line)];
      if (isBelow) {
        blocked = i;
        return false;
      }
      size_t best = tails.size();
      for (size_t t = 0; t < tails.size(); ++t) {
        bool closer =
            best == tails.size() || way(tails[t], i) < way(tails[best], i);
        if (reaches(tails[t], i) && closer) {
          best = t;
        }
      }
      bool isFree = int32_t(tails.size()) < problem.mostTracks;
      if (best < tails.size()) {
        link(tails[best], i);
        tails[best] = i;
      } else if (isFree) {
        tails.push_back(i);
      } else if (!augment(i)) {
        blocked = i;
        return false;
      } else {
        tails.clear();
        for (int32_t j = 0; j <= i; ++j) {
          if (next[size_t(j)] == kNobody) {
            tails.push_back(j);
          }
        }
      }
    }
    chains = int32_t(tails.size());
    return true;
  }

  void improve() {
    constexpr int kMostRounds = 6;
    for (int round = 0; round < kMostRounds; ++round) {
      bool gained = false;
      for (int32_t i = 0; i < n; ++i) {
        for (int32_t j = i + 1; j < n; ++j) {
          gained |= exchange(i, j);
        }
      }
      if (!gained) {
        break;
      }
    }
    std::vector<int32_t> pairs;
    int32_t dear = problem.places / std::max(1, 2 * problem.mostTracks);
    for (int32_t i = 0; i < n; ++i) {
      if (next[size_t(i)] != kNobody && way(i, next[size_t(i)]) > dear) {
        pairs.push_back(i);
      }
    }
    std::stable_sort(pairs.begin(), pairs.end(), [&](int32_t a, int32_t b) {
      return way(a, next[size_t(a)]) > way(b, next[size_t(b)]);
    });
    for (int32_t i : pairs) {
      if (chains >= problem.mostTracks) {
        break;
      }
      previous[size_t(next[size_t(i)])] = kNobody;
      next[size_t(i)] = kNobody;
      ++chains;
    }
  }

  /// Step 3, without the sorting.
  std::vector<std::vector<int32_t>> places() const {
    std::vector<std::vector<int32_t>> all;
    for (int32_t i = 0; i < n; ++i) {
      if (previous[size_t(i)] != kNobody) {
        continue;
      }
      std::vector<int32_t> &at =
          all.emplace_back(size_t(problem.lines), point(i).place);
      for (int32_t from = i; from != kNobody; from = next[size_t(from)]) {
        int32_t to = next[size_t(from)];
        if (to == kNobody) {
          std::fill(at.begin() + point(from).line, at.end(), point(from).place);
          break;
        }
        int32_t place = point(to).place;
        for (int32_t line = point(to).line; line >= point(from).line; --line) {
          bool moves = line < point(to).line && place != point(from).place &&
                       problem.mayMove[size_t(line)];
          place += !moves ? 0 : place < point(from).place ? 1 : -1;
          at[size_t(line)] = place;
        }
      }
    }
    return all;
  }

  int32_t blocked = kNobody;

private:
  const TrackPoint &point(int32_t i) const { return problem.points[size_t(i)]; }
  int32_t way(int32_t from, int32_t to) const {
    return std::abs(point(from).place - point(to).place);
  }
  bool reaches(int32_t from, int32_t to) const {
    return point(from).line < point(to).line &&
           way(from, to) <=
               clock[size_t(point(to).line)] - clock[size_t(point(from).line)];
  }
  void link(int32_t from, int32_t to) {
    next[size_t(from)] = to;
    previous[size_t(to)] = from;
  }

  /// A predecessor for `to`; whoever loses its successor finds another one for
  /// it first. Breadth first, from `to` back.
  bool augment(int32_t to) {
    ++round;
    std::vector<int32_t> cameFrom(size_t(n), kNobody), work = { to };
    for (size_t w = 0; w < work.size(); ++w) {
      for (int32_t from = 0; from < n; ++from) {
        if (seen[size_t(from)] == round || !reaches(from, work[w])) {
          continue;
        }
        seen[size_t(from)] = round;
        cameFrom[size_t(from)] = work[w];
        if (next[size_t(from)] != kNobody) {
          work.push_back(next[size_t(from)]);
          continue;
        }
        for (int32_t at = from;;) {
          int32_t successor = cameFrom[size_t(at)];
          int32_t loser = previous[size_t(successor)];
          link(at, successor);
          if (successor == to) {
            return true;
          }
          at = loser;
        }
      }
    }
    return false;
  }

  /// Exchanges the successors of two points if that saves moves.
  bool exchange(int32_t i, int32_t j) {
    int32_t a = next[size_t(i)], b = next[size_t(j)];
    auto wayTo = [&](int32_t from, int32_t to) {
      return to == kNobody ? 0 : way(from, to);
    };
    auto fits = [&](int32_t from, int32_t to) {
      return to == kNobody || reaches(from, to);
    };
    if (wayTo(i, b) + wayTo(j, a) >= wayTo(i, a) + wayTo(j, b) || !fits(i, b) ||
        !fits(j, a)) {
      return false;
    }
    next[size_t(i)] = next[size_t(j)] = kNobody;
    if (b != kNobody) {
      link(i, b);
    }
    if (a != kNobody) {
      link(j, a);
    }
    return true;
  }

  const TrackCoverProblem &problem;
  int32_t n;
  int32_t chains = 0;
  std::vector<int32_t> next, previous;
  std::vector<int32_t> seen;
  int32_t round = 0;
  std::vector<int32_t> clock;
};

/// Step 4. `tracks` are sorted in each line; -1, or a line in which a track
/// cannot be where its points ask for it.
class Separation {
public:
  Separation(const TrackCoverProblem &problem,
             std::vector<std::vector<int32_t>> &tracks)
      : problem(problem), tracks(tracks), ownPoints(tracks.size()) {}

  int32_t run() {
    for (const TrackPoint &p : problem.points) {
      size_t t = 0;
      while (tracks[t][size_t(p.line)] != p.place) {
        ++t;
      }
      ownPoints[t].push_back(p);
    }
    size_t lines = size_t(problem.lines);
    std::vector<std::vector<int32_t>> most(tracks.size());
    std::vector<int32_t> beside(lines, problem.places);
    for (size_t t = tracks.size(); t-- > 0;) {
      most[t] = beside;
      for (int32_t &place : most[t]) {
        --place;
      }
      for (const TrackPoint &p : ownPoints[t]) {
        int32_t &place = most[t][size_t(p.line)];
        if (place < p.place) {
          return p.line;
        }
        place = p.place;
      }
      smooth(most[t]);
      beside = most[t];
    }
    std::vector<int32_t> left(lines, 0);
    left = problem.firstPlaces.empty() ? left : problem.firstPlaces;
    for (int32_t &place : left) {
      --place;
    }
    for (size_t t = 0; t < tracks.size(); ++t) {
      for (size_t line = 0; line < lines; ++line) {
        int32_t &place = tracks[t][line];
        place = std::min(most[t][line], std::max(place, left[line] + 1));
        if (place <= left[line]) {
          return int32_t(line);
        }
        left[line] = place;
      }
      for (const TrackPoint &p : ownPoints[t]) {
        if (left[size_t(p.line)] != p.place) {
          return p.line;
        }
      }
    }
    return -1;
  }

private:
  /// Bounds by what a track can reach from one line to the next.
  void smooth(std::vector<int32_t> &bound) const {
    for (size_t line = 1; line < bound.size(); ++line) {
      int32_t step = problem.mayMove[line - 1] ? 1 : 0;
      bound[line] = std::min(bound[line], bound[line - 1] + step);
    }
    for (size_t line = bound.size() - 1; line > 0; --line) {
      int32_t step = problem.mayMove[line - 1] ? 1 : 0;
      bound[line - 1] = std::min(bound[line - 1], bound[line] + step);
    }
  }

  const TrackCoverProblem &problem;
  std::vector<std::vector<int32_t>> &tracks;
  std::vector<std::vector<TrackPoint>> ownPoints;
};

} // namespace

TrackCover wafer::remap::coverWithTracks(const TrackCoverProblem &problem) {
  TrackCover cover;
  Chains chains(problem);
  if (!chains.build()) {
    cover.blockedLine = problem.points[size_t(chains.blocked)].line;
    return cover;
  }
  chains.improve();
  cover.tracks = chains.places();
  std::vector<int32_t> line(cover.tracks.size());
  for (size_t l = 0; l < size_t(problem.lines); ++l) {
    for (size_t t = 0; t < line.size(); ++t) {
      line[t] = cover.tracks[t][l];
    }
    std::sort(line.begin(), line.end());
    for (size_t t = 0; t < line.size(); ++t) {
      cover.tracks[t][l] = line[t];
    }
  }
  cover.blockedLine = Separation(problem, cover.tracks).run();
  if (cover.blockedLine >= 0) {
    cover.tracks.clear();
  }
  return cover;
}
