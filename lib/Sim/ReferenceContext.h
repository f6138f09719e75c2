// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceContext.h - What all parts of the engine share --*- C++ -*-===//
#ifndef WAFER_LIB_SIM_REFERENCECONTEXT_H
#define WAFER_LIB_SIM_REFERENCECONTEXT_H

#include "Plan.h"
#include "ReferenceFifo.h"
#include "ReferenceSchedule.h"
#include "ReferenceWatch.h"

#include <optional>
#include <tuple>

namespace wafer::reference {

using sim::Grid;

/// A fault as the part that met it knows it.
struct Fault {
  uint32_t place = 0;
  Actor actor = Actor::Core;
  std::string text;
};

struct Context {
  const Image &image;
  const Machine &machine;
  const ParameterSet &costs;
  EngineOptions options;
  Grid grid;
  DeadParts dead;
  Schedule schedule;
  FifoPool fifos;
  /// The first fault of this cycle: by place (row-major), a router before its
  /// core.
  std::optional<Fault> fault;
  /// The first cycle after everything that happened so far.
  Cycle quietFrom = 0;
  /// Wavelets that went over a link between routers.
  uint64_t wordHops = 0;
  /// Where somebody observes.
  std::unique_ptr<Watch> watch = nullptr;

  uint32_t numPlaces() const { return grid.numPlaces(); }
  bool hasLink(Coord from, Port side) const { return grid.hasLink(from, side); }
  uint32_t placeOf(Coord c) const { return grid.placeOf(c); }
  Coord coordOf(uint32_t place) const { return grid.coordOf(place); }
  void raise(Actor actor, uint32_t place, std::string text) {
    if (!fault ||
        std::tie(place, actor) < std::tie(fault->place, fault->actor)) {
      fault = Fault{place, actor, std::move(text)};
    }
  }
  void happened(Cycle until) {
    if (until > quietFrom) {
      quietFrom = until;
    }
  }
};

} // namespace wafer::reference

#endif // WAFER_LIB_SIM_REFERENCECONTEXT_H
