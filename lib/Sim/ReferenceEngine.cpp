// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceEngine.cpp - The clock and the end of a run
//-------------------//
#include "ReferenceEngine.h"

#include "wafer/Image/Validate.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::reference;

ReferenceEngine::ReferenceEngine(const Image &image, const Machine &machine,
                                 const ParameterSet &costs,
                                 const EngineOptions &options)
    : context{image,
              machine,
              costs,
              options,
              Grid(machine),
              DeadParts(image.map, machine),
              {},
              {},
              {},
              0,
              0},
      fabric(context), host(context, fabric), cores(context, fabric) {
  fabric.attach(host);
  if (options.observer) {
    context.watch = std::make_unique<Watch>(*options.observer, context.grid);
  }
}

Status ReferenceEngine::load() {
  Status status = sim::checkLimits(context.machine, context.costs);
  // From here on every index and every place of the image is right.
  if (status) {
    status = validate(context.image, context.machine);
  }
  if (status) {
    cores.load();
    status = host.load();
  }
  if (status) {
    status = fabric.load();
  }
  if (status) {
    cores.start();
  }
  return status;
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

void ReferenceEngine::lookAt(Actor actor, Cycle t) {
  context.schedule.take(actor, due);
  if (context.options.reverseOrder) {
    std::reverse(due.begin(), due.end());
  }
  looks += due.size();
  for (uint32_t id : due) {
    switch (actor) {
    case Actor::Link:
      host.look(id, t);
      break;
    case Actor::Router:
      fabric.look(id, t);
      break;
    case Actor::Core:
      cores.look(id, t);
      break;
    }
  }
}

void ReferenceEngine::execute(Cycle t) {
  context.schedule.advance(t);
  // The order is free: everybody looks at the state at the start of t.
  std::array<Actor, kNumActors> order = {Actor::Link, Actor::Router,
                                         Actor::Core};
  if (context.options.reverseOrder) {
    std::reverse(order.begin(), order.end());
  }
  for (Actor actor : order) {
    lookAt(actor, t);
  }
  host.cross(t);
}

//===----------------------------------------------------------------------===//
// The end of a run
//===----------------------------------------------------------------------===//

Cycle ReferenceEngine::satisfiedAt(const std::vector<HostGoal> &goals) const {
  Cycle last = 0;
  for (const HostGoal &goal : goals) {
    Cycle arrival = host.arrivalOf(goal.port, goal.words);
    if (goal.atEdge && goal.words && arrival != kNever) {
      arrival -= context.machine.host.latencyCycles;
    }
    last = std::max(last, arrival);
  }
  return last;
}

Outcome ReferenceEngine::stop(Outcome::Kind kind, Cycle at,
                              std::string detail) {
  now = std::max(now, at);
  cores.settle(now);
  return {kind, at, std::move(detail)};
}

/// Nothing can happen any more.
Outcome ReferenceEngine::stopQuiet(const RunLimits &limits) {
  Outcome outcome = stop(Outcome::Kind::Deadlock, context.quietFrom);
  outcome.detail = waitReport();
  if (outcome.detail.empty() && limits.goals.empty()) {
    outcome.kind = Outcome::Kind::Quiescent;
  }
  return outcome;
}

bool ReferenceEngine::canGoOn() {
  if (host.canFeed()) {
    return true;
  }
  for (uint32_t place = 0; place < context.numPlaces(); ++place) {
    if (fabric.canMove(place) || cores.canAct(place)) {
      return true;
    }
  }
  return false;
}

Outcome ReferenceEngine::run(const RunLimits &limits) {
  const Cycle began = now;
  while (true) {
    Cycle next = context.schedule.next();
    if (!limits.goals.empty()) {
      Cycle reached = satisfiedAt(limits.goals);
      if (reached <= next && reached != kNever && reached <= limits.maxCycles) {
        return stop(Outcome::Kind::HostSatisfied, reached);
      }
    }
    if (next >= limits.maxCycles) {
      // Somebody may be planned to be looked at for nothing.
      bool quiet = context.quietFrom <= limits.maxCycles && !canGoOn();
      now = began;
      if (quiet) {
        return stopQuiet(limits);
      }
      Outcome outcome = stop(Outcome::Kind::CycleLimit, limits.maxCycles);
      outcome.detail = limits.explainLimit ? waitReport() : "";
      return outcome;
    }
    execute(next);
    now = next + 1;
    if (context.fault) {
      return stop(Outcome::Kind::Fault, now, context.fault->text);
    }
  }
}

//===----------------------------------------------------------------------===//
// Host side and memory
//===----------------------------------------------------------------------===//

void ReferenceEngine::push(unsigned port, const uint32_t *words, size_t count,
                           bool control) {
  assert(port < context.image.hostPorts.size() &&
         context.image.hostPorts[port].input && "not an input port");
  host.push(port, words, count, control, now);
}

std::vector<HostWord> ReferenceEngine::received(unsigned port) const {
  std::vector<HostWord> words = host.received(port);
  while (!words.empty() && words.back().cycle > now) {
    words.pop_back(); // has left the wafer, but is still on its way
  }
  return words;
}

Result<uint8_t *> ReferenceEngine::locate(Coord core, uint32_t address,
                                          uint32_t count) {
  std::string where = fmt::format("core ({}, {})", core.x, core.y);
  if (!context.grid.contains(core) ||
      !cores.isInRegion(context.placeOf(core))) {
    return Diagnostic{"the core is in no region", where, "", "", ""};
  }
  if (uint64_t(address) + count > context.machine.sramBytes) {
    return Diagnostic{
        "the range leaves SRAM", where,
        fmt::format("an end at or below byte {}", context.machine.sramBytes),
        fmt::format("{} bytes at {}", count, address), ""};
  }
  CoreState &state = cores.state(context.placeOf(core));
  cores.catchUp(state, now);
  if (!state.sram) {
    return Diagnostic{"out of memory for the SRAM of the cores", where, "", "",
                      ""};
  }
  return state.sram + address;
}

Status ReferenceEngine::peek(Coord core, uint32_t address, void *bytes,
                             uint32_t count) {
  Result<uint8_t *> at = locate(core, address, count);
  if (!at) {
    return at.takeError();
  }
  std::memcpy(bytes, *at, count);
  return Status::success();
}

Status ReferenceEngine::poke(Coord core, uint32_t address, const void *bytes,
                             uint32_t count) {
  Result<uint8_t *> at = locate(core, address, count);
  if (!at) {
    return at.takeError();
  }
  std::memcpy(*at, bytes, count);
  return Status::success();
}

void ReferenceEngine::settleObserver() {
  if (context.watch) {
    cores.settleWatch(now);
  }
}

Counters ReferenceEngine::counters(Coord core) const {
  return cores.counters(context.placeOf(core), now);
}

Counters ReferenceEngine::totalCounters() const {
  Counters total;
  for (uint32_t place = 0; place < context.numPlaces(); ++place) {
    if (!cores.isInRegion(place)) {
      continue;
    }
    Counters one = cores.counters(place, now);
    for (unsigned i = 0; i < kNumActivities; ++i) {
      total.cycles[i] += one.cycles[i];
    }
  }
  return total;
}
