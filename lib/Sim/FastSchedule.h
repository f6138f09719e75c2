// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastSchedule.h - Who is looked at next -------------------*- C++ -*-===//
//
// Every lane of the engine plans looks in a schedule of its own; whoever is
// planned twice is looked at once, in the earlier cycle. The places are cut
// into classes (FastLanes.h); the lane that looks at a class in a cycle takes
// it out of the schedules of all lanes.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTSCHEDULE_H
#define WAFER_LIB_SIM_FASTSCHEDULE_H

#include "wafer/Sim/Engine.h"

#include <algorithm>
#include <array>
#include <memory>
#include <queue>
#include <vector>

namespace wafer::fast {

enum class Actor : uint8_t { Link = 0, Router = 1, Core = 2 };
inline constexpr unsigned kNumActors = 3;

/// The times of actors of a kind, which lie in their states: whoever is planned
/// is usually changed too.
class PlannedTimes {
public:
  PlannedTimes() = default;
  /// Of the states in `list`.
  template <typename List, typename State>
  PlannedTimes(List &list, Cycle State::*time)
      : first(list.empty() ? nullptr
                           : reinterpret_cast<char *>(&(list[0].*time))),
        stride(sizeof(State)) {}
  Cycle &operator[](uint32_t id) const {
    return *reinterpret_cast<Cycle *>(first + size_t(id) * stride);
  }

private:
  char *first = nullptr;
  size_t stride = 0;
};

/// What all lanes know.
struct Planned {
  /// The cycle in which somebody is looked at next; kNever: not planned.
  std::array<PlannedTimes, kNumActors> at;
  /// By place; empty if there is one class.
  std::vector<uint16_t> classOf;
  /// By link: the class of its place.
  std::vector<uint16_t> linkClassOf;
  unsigned numClasses = 1;
};

/// A piece of a list of those planned for a cycle. The list is known by its
/// last piece, whose next one is the first.
struct Piece {
  static constexpr unsigned kIds = 29;
  Piece *next = nullptr;
  uint32_t used = 0;
  std::array<uint32_t, kIds> ids;
};

/// A lane's free pieces.
class PiecePool {
public:
  Piece *get() {
    if (!free) {
      blocks.emplace_back(new Piece[kBlock]);
      for (unsigned i = 0; i < kBlock; ++i) {
        put(&blocks.back()[i]);
      }
    }
    Piece *piece = free;
    free = piece->next;
    piece->used = 0;
    return piece;
  }
  void put(Piece *piece) {
    piece->next = free;
    free = piece;
  }
  void clear() {
    free = nullptr;
    blocks.clear();
  }

private:
  static constexpr unsigned kBlock = 256;
  Piece *free = nullptr;
  std::vector<std::unique_ptr<Piece[]>> blocks;
};

class Schedule {
public:
  /// Nobody is planned in it further ahead than this; a window is shorter.
  static constexpr Cycle kRing = 256;

  explicit Schedule(Planned &planned) : planned(planned) { clear(); }

  void clear() {
    now = at = 0;
    far = {};
    pool.clear();
    lists.assign(size_t(kRing) * kNumActors * planned.numClasses, nullptr);
    counts.fill(0);
    isUsed.fill(0);
  }

  /// The cycle in which the lane is.
  Cycle present() const { return at; }
  void setPresent(Cycle t) { at = t; }

  /// Look at it in cycle `t`, or earlier if that is already planned.
  void wake(Actor actor, uint32_t id, Cycle t) {
    wake(actor, id, t, planned.at[unsigned(actor)][id]);
  }
  /// `known` is the cycle for which it is planned.
  void wake(Actor actor, uint32_t id, Cycle t, Cycle &known) {
    if (t >= known) {
      return;
    }
    known = t;
    if (t - now < kRing) {
      put(actor, id, t);
    } else {
      far.push({t, actor, id});
    }
  }

  /// The next cycle, from the begin of the window on, with somebody to look at.
  Cycle next() const {
    Cycle best = far.empty() ? kNever : far.top().at;
    for (Cycle t = now; t < now + kRing && t < best;) {
      uint64_t bits = isUsed[t % kRing / 64] >> (t % 64);
      if (bits) {
        return std::min(best, t + Cycle(__builtin_ctzll(bits)));
      }
      t = (t / 64 + 1) * 64;
    }
    return best;
  }
  /// How many are planned for a cycle, some of them more than once.
  uint32_t count(Cycle t) const { return counts[t % kRing]; }

  /// Begins the window [t, end); t must not be later than next().
  void begin(Cycle t, Cycle end) {
    now = at = t;
    while (!far.empty() && far.top().at < end) {
      put(far.top().actor, far.top().id, far.top().at);
      far.pop();
    }
  }
  /// To be called when everybody was looked at in cycle t.
  void finish(Cycle t) {
    counts[t % kRing] = 0;
    isUsed[t % kRing / 64] &= ~(uint64_t(1) << (t % 64));
  }

  /// Takes some of those that are planned for cycle t, and appends those that
  /// are still to be looked at, once each; false if there is nobody. Pieces go
  /// to the pool of the lane that asks.
  bool take(Actor actor, unsigned classIndex, Cycle t, Schedule &asks,
            std::vector<uint32_t> &out) {
    constexpr size_t kMost = 256;
    Piece *&list = listAt(t, actor, classIndex);
    if (!list) {
      return false;
    }
    const PlannedTimes &known = planned.at[unsigned(actor)];
    while (list && out.size() < kMost) {
      Piece *piece = list->next;
      for (unsigned i = 0; i < piece->used; ++i) {
        __builtin_prefetch(&known[piece->ids[i]], 1);
      }
      for (unsigned i = 0; i < piece->used; ++i) {
        uint32_t id = piece->ids[i];
        if (known[id] == t) {
          known[id] = kNever;
          out.push_back(id);
        }
      }
      if (piece == list) {
        list = nullptr;
      } else {
        list->next = piece->next;
      }
      asks.pool.put(piece);
    }
    return true;
  }

private:
  struct Far {
    Cycle at;
    Actor actor;
    uint32_t id;
    bool operator<(const Far &other) const { return at > other.at; }
  };

  Piece *&listAt(Cycle t, Actor actor, unsigned classIndex) {
    return lists[(t % kRing * kNumActors + unsigned(actor)) *
                     planned.numClasses +
                 classIndex];
  }
  void put(Actor actor, uint32_t id, Cycle t) {
    unsigned classIndex = 0;
    if (planned.numClasses > 1) {
      classIndex =
          actor == Actor::Link ? planned.linkClassOf[id] : planned.classOf[id];
    }
    Piece *&list = listAt(t, actor, classIndex);
    if (!list || list->used == Piece::kIds) {
      Piece *last = pool.get();
      last->next = list ? list->next : last;
      if (list) {
        list->next = last;
      }
      list = last;
    }
    list->ids[list->used++] = id;
    ++counts[t % kRing];
    isUsed[t % kRing / 64] |= uint64_t(1) << (t % 64);
  }

  Planned &planned;
  Cycle now = 0; // begin of the window
  Cycle at = 0;
  std::array<uint32_t, kRing> counts;
  /// Bit t: somebody is planned for a cycle equal to t modulo the ring.
  std::array<uint64_t, kRing / 64> isUsed;
  PiecePool pool;
  std::vector<Piece *> lists;
  std::priority_queue<Far> far;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTSCHEDULE_H
