// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastSchedule.h - Who is looked at next -------------------*- C++ -*-===//
//
// Every lane of the engine plans looks in a schedule of its own; whoever is
// planned twice is looked at once, in the earlier cycle. The places are cut
// into classes (FastLanes.h); in a cycle the lane that looks at a class takes
// it out of the schedules of all lanes.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTSCHEDULE_H
#define WAFER_LIB_SIM_FASTSCHEDULE_H

#include "FastPages.h"

#include "wafer/Sim/Engine.h"

#include <algorithm>
#include <queue>

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
  std::vector<uint8_t> classOf;
  unsigned numClasses = 1;
};

class Schedule {
public:
  explicit Schedule(Planned &planned) : planned(planned) { clear(); }

  void clear() {
    now = 0;
    far = {};
    lists.assign(size_t(kRing) * kNumActors * planned.numClasses, {});
    isUsed.fill(0);
  }

  /// The present cycle.
  Cycle present() const { return now; }

  /// Look at it in cycle `at`, or earlier if that is already planned.
  void wake(Actor actor, uint32_t id, Cycle at) {
    Cycle &known = planned.at[unsigned(actor)][id];
    if (at >= known) {
      return;
    }
    known = at;
    if (at - now < kRing) {
      put(actor, id, at);
    } else {
      far.push({at, actor, id});
    }
  }

  /// The next cycle at or after the present one with somebody to look at.
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

  /// Makes t the present cycle; t must not be later than next().
  void advance(Cycle t) {
    now = t;
    while (!far.empty() && far.top().at == t) {
      put(far.top().actor, far.top().id, t);
      far.pop();
    }
  }

  /// Those planned for the present cycle, some of them more than once.
  std::vector<uint32_t> &list(Actor actor, unsigned classIndex) {
    return listAt(now, actor, classIndex);
  }
  /// Appends those of numbers [begin, end) in the list that are still to be
  /// looked at, once each.
  void take(Actor actor, const std::vector<uint32_t> &list, size_t begin,
            size_t end, std::vector<uint32_t> &out) {
    const PlannedTimes &known = planned.at[unsigned(actor)];
    constexpr size_t kAhead = 24;
    for (size_t i = begin; i < end; ++i) {
      if (i + kAhead < list.size()) {
        __builtin_prefetch(&known[list[i + kAhead]], 1);
      }
      if (known[list[i]] == now) {
        known[list[i]] = kNever;
        out.push_back(list[i]);
      }
    }
  }
  /// To be called when everybody was looked at in the present cycle.
  void finish() {
    for (unsigned i = 0; i < kNumActors * planned.numClasses; ++i) {
      if (!lists[now % kRing * kNumActors * planned.numClasses + i].empty()) {
        return; // planned for the present cycle in the meantime
      }
    }
    isUsed[now % kRing / 64] &= ~(uint64_t(1) << (now % 64));
  }

private:
  struct Far {
    Cycle at;
    Actor actor;
    uint32_t id;
    bool operator<(const Far &other) const { return at > other.at; }
  };
  static constexpr Cycle kRing = 256;

  std::vector<uint32_t> &listAt(Cycle t, Actor actor, unsigned classIndex) {
    return lists[(t % kRing * kNumActors + unsigned(actor)) *
                     planned.numClasses +
                 classIndex];
  }
  void put(Actor actor, uint32_t id, Cycle at) {
    bool oneClass = planned.numClasses == 1 || actor == Actor::Link;
    listAt(at, actor, oneClass ? 0 : planned.classOf[id]).push_back(id);
    isUsed[at % kRing / 64] |= uint64_t(1) << (at % 64);
  }

  Planned &planned;
  Cycle now = 0;
  /// Bit t: somebody is planned for a cycle equal to t modulo the ring.
  std::array<uint64_t, kRing / 64> isUsed;
  std::vector<std::vector<uint32_t>> lists;
  std::priority_queue<Far> far;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTSCHEDULE_H
