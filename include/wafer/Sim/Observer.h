// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Observer.h - Being told what happens in a run ------------*- C++ -*-===//
//
// An observer hears what every core did with every cycle, and in which
// instruction, and every word that goes over a link or crosses the edge. The
// reference engine tells it (EngineOptions::observer); without one nothing is
// kept for it.
//
// What the observer can rely on:
//   - The spans of a core come in the order of time, without a gap and without
//     an overlap, from cycle 0 on. After Engine::settleObserver() they reach to
//     the present cycle, and by activity they sum to Engine::counters().
//   - Spans of different cores come in any order: a core is heard of when it
//     does something else, which may be long after.
//   - Words come in the order of their cycles.
//   - Two spans that follow each other differ in something. A span may be cut
//     where a run stopped, and then the two halves do not.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SIM_OBSERVER_H
#define WAFER_SIM_OBSERVER_H

#include "wafer/Sim/Engine.h"

#include <tuple>

namespace wafer {

/// Cycles that a core spent alike.
struct CoreSpan {
  static constexpr uint32_t kNoPc = 0xffffffff;
  static constexpr uint8_t kNoQueue = 0xff;

  Coord core;
  Cycle from = 0;
  Cycle to = 0; // the first cycle behind it
  Activity what = Activity::Idle;
  /// Whose instruction it is: 0 the main thread, i + 1 microthread i.
  uint8_t thread = 0;
  /// WaitWords, BackPressure: the queue that is waited for, and its color.
  uint8_t queue = kNoQueue;
  uint8_t color = 0;
  /// The instruction that is executed or waited in; kNoPc when idle. The start
  /// of a task counts to its first instruction.
  uint32_t pc = kNoPc;
  /// The task that issued the instruction; -1 when idle.
  int32_t task = -1;
  /// The task of the main thread, -1 when it has none, and how many tasks the
  /// core had started by then: two runs of one task differ in it.
  int32_t mainTask = -1;
  uint32_t started = 0;

  Cycle cycles() const { return to - from; }
  /// Equal but for the time.
  bool isLike(const CoreSpan &o) const {
    auto key = [](const CoreSpan &s) {
      return std::tie(s.what, s.thread, s.queue, s.color, s.pc, s.task,
                      s.mainTask, s.started);
    };
    return core == o.core && key(*this) == key(o);
  }
};

/// A word that a router sends out of one of its ports: over a link to its
/// neighbour (or the host), or over the ramp to its core.
struct LinkWord {
  Coord from;
  Port port = Port::West;
  uint8_t color = 0;
  bool control = false;
  Cycle cycle = 0;
};

class Observer {
public:
  virtual ~Observer();
  virtual void onSpan(const CoreSpan &) {}
  virtual void onWord(const LinkWord &) {}
  /// A word of the host enters the wafer at an input port (an index into
  /// Image::hostPorts), or arrives at the host from an output port. The latter
  /// is told when it leaves the wafer; `word.cycle` is its arrival.
  virtual void onHostWord(unsigned port, const HostWord &word) {
    (void)port;
    (void)word;
  }
};

/// Passes everything on to several.
class ObserverList final : public Observer {
public:
  void add(Observer &observer) { observers.push_back(&observer); }
  bool empty() const { return observers.empty(); }
  void onSpan(const CoreSpan &span) override {
    for (Observer *o : observers) {
      o->onSpan(span);
    }
  }
  void onWord(const LinkWord &word) override {
    for (Observer *o : observers) {
      o->onWord(word);
    }
  }
  void onHostWord(unsigned port, const HostWord &word) override {
    for (Observer *o : observers) {
      o->onHostWord(port, word);
    }
  }

private:
  std::vector<Observer *> observers;
};

} // namespace wafer

#endif // WAFER_SIM_OBSERVER_H
