// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceWatch.h - What an observer is told --------------*- C++ -*-===//
//
// Joins what a core did alike in cycles that follow each other and tells the
// observer when something else begins. It exists only where somebody observes.
//
// What a core did may be known beyond the present cycle (the second cycle of a
// step), and what it waits for is known only when it acts again; settle() tells
// all that lies before a cycle, and what comes later goes on from there.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_REFERENCEWATCH_H
#define WAFER_LIB_SIM_REFERENCEWATCH_H

#include "Plan.h"

#include "wafer/Sim/Observer.h"

namespace wafer::reference {

class Watch {
public:
  Watch(Observer &observer, const sim::Grid &grid)
      : observer(observer), grid(grid), open(grid.numPlaces()) {}

  /// What the core does up to `to`, from where it is known on. Fields of place
  /// and time are filled in here; nothing happens where that is known already.
  void add(uint32_t place, CoreSpan span, Cycle to) {
    CoreSpan &last = open[place];
    if (to <= last.to) {
      return;
    }
    span.core = grid.coordOf(place);
    span.from = last.to;
    span.to = to;
    if (last.from < last.to && last.isLike(span)) {
      last.to = to;
      return;
    }
    tell(last, last.to);
    last = span;
  }

  /// Tells what the core did before `now`.
  void settle(uint32_t place, Cycle now) {
    CoreSpan &last = open[place];
    tell(last, std::min(last.to, now));
    last.from = std::max(last.from, std::min(last.to, now));
  }

  void word(uint32_t place, Port port, unsigned color, bool control,
            Cycle cycle) {
    observer.onWord(
        {grid.coordOf(place), port, uint8_t(color), control, cycle});
  }
  void hostWord(unsigned port, const HostWord &word) {
    observer.onHostWord(port, word);
  }

private:
  void tell(CoreSpan span, Cycle to) {
    span.to = to;
    if (span.from < span.to) {
      observer.onSpan(span);
    }
  }

  Observer &observer;
  const sim::Grid &grid;
  std::vector<CoreSpan> open; // by place
};

} // namespace wafer::reference

#endif // WAFER_LIB_SIM_REFERENCEWATCH_H
