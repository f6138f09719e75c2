// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastContext.h - What all parts of a lane share ----------*- C++ -*-===//
//
// A lane is a thread of the engine. All lanes work on the same routers and
// cores, but never in a cycle on the same place (FastLanes.h); what they plan,
// count and allocate is their own.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTCONTEXT_H
#define WAFER_LIB_SIM_FASTCONTEXT_H

#include "FastFifo.h"
#include "FastSchedule.h"

#include <optional>
#include <tuple>
#include <vector>

namespace wafer::fast {

using sim::Grid;

/// A fault as the part that met it knows it.
struct Fault {
  Cycle cycle = 0;
  uint32_t place = 0;
  Actor actor = Actor::Core;
  std::string text;
};

class Recorder;

/// A core whose code is watched went back in a loop.
struct LoopPass {
  uint32_t place = 0;
  uint32_t pc = 0;
  Cycle cycle = 0;
  /// Turns that are left, where the instruction counts them.
  uint32_t left = ~0u;
};

struct Context {
  const Image &image;
  const Machine &machine;
  const ParameterSet &costs;
  Grid grid;
  Schedule schedule;
  FifoMaker fifos;
  /// The first fault: by cycle, then by place, a router before its core.
  std::optional<Fault> fault;
  /// The first cycle after everything that happened so far.
  Cycle quietFrom = 0;
  /// Wavelets that went over a link between routers.
  uint64_t wordHops = 0;
  /// Nobody may act in this cycle or later: somebody outside may look at the
  /// state, or change it, from here on.
  Cycle bound = 0;
  /// The first cycle after everything that cores did ahead of the clock.
  Cycle aheadTo = 0;
  /// While a period is recorded (FastRepeat.h).
  Recorder *recorder = nullptr;
  std::vector<LoopPass> passes;

  void raise(Cycle cycle, Actor actor, uint32_t place, std::string text) {
    if (!fault || std::tie(cycle, place, actor) <
                      std::tie(fault->cycle, fault->place, fault->actor)) {
      fault = Fault{cycle, place, actor, std::move(text)};
      bound = std::min(bound, cycle + 1);
    }
  }
  /// As before cycle 0.
  void clear() {
    schedule.clear();
    fifos.clear();
    fault.reset();
    quietFrom = bound = aheadTo = 0;
    wordHops = 0;
    recorder = nullptr;
    passes.clear();
  }
  void happened(Cycle until) { quietFrom = std::max(quietFrom, until); }
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTCONTEXT_H
