// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceSchedule.h - Who is looked at in which cycle ----*- C++ -*-===//
//
// A core, router or host link is looked at only in cycles for which it was
// woken. After a look it must derive from its own state when it has to be
// looked at next; others wake it when they change something it can see. To
// look once too often changes nothing, to look too late would.
//
// Invariant: for every thing at most one wake time counts, the earliest.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_REFERENCESCHEDULE_H
#define WAFER_LIB_SIM_REFERENCESCHEDULE_H

#include "wafer/Sim/Engine.h"

#include <algorithm>
#include <queue>

namespace wafer::reference {

enum class Actor : uint8_t { Link = 0, Router = 1, Core = 2 };
inline constexpr unsigned kNumActors = 3;

class Schedule {
public:
  void resize(Actor actor, size_t count) {
    wakeAt[unsigned(actor)].assign(count, kNever);
  }

  /// Look at it in cycle `at`, or earlier if that is already planned.
  void wake(Actor actor, uint32_t id, Cycle at) {
    Cycle &planned = wakeAt[unsigned(actor)][id];
    if (at >= planned) {
      return;
    }
    planned = at;
    if (at - now < kRing) {
      ring[at % kRing][unsigned(actor)].push_back(id);
      ++inRing;
    } else {
      far.push({at, actor, id});
    }
  }

  /// The next cycle at or after the present one with somebody to look at.
  Cycle next() const {
    Cycle best = far.empty() ? kNever : far.top().at;
    if (!inRing) {
      return best;
    }
    for (Cycle t = now; t < now + kRing && t < best; ++t) {
      const auto &bucket = ring[t % kRing];
      if (!bucket[0].empty() || !bucket[1].empty() || !bucket[2].empty()) {
        return t;
      }
    }
    return best;
  }

  /// Makes t the present cycle; t must not be later than next().
  void advance(Cycle t) {
    now = t;
    while (!far.empty() && far.top().at == t) {
      ring[t % kRing][unsigned(far.top().actor)].push_back(far.top().id);
      ++inRing;
      far.pop();
    }
  }

  /// Takes those planned for the present cycle, without repetition.
  void take(Actor actor, std::vector<uint32_t> &out) {
    out.clear();
    out.swap(ring[now % kRing][unsigned(actor)]);
    inRing -= out.size();
    std::vector<Cycle> &planned = wakeAt[unsigned(actor)];
    auto isStale = [&](uint32_t id) {
      if (planned[id] != now) {
        return true;
      }
      planned[id] = kNever;
      return false;
    };
    out.erase(std::remove_if(out.begin(), out.end(), isStale), out.end());
  }

private:
  struct Far {
    Cycle at;
    Actor actor;
    uint32_t id;
    bool operator<(const Far &other) const { return at > other.at; }
  };
  static constexpr Cycle kRing = 256;
  Cycle now = 0;
  uint64_t inRing = 0;
  std::array<std::array<std::vector<uint32_t>, kNumActors>, kRing> ring;
  std::priority_queue<Far> far;
  std::array<std::vector<Cycle>, kNumActors> wakeAt;
};

} // namespace wafer::reference

#endif // WAFER_LIB_SIM_REFERENCESCHEDULE_H
