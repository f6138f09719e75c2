// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastEngine.cpp - The clock of the fast engine ----------------------===//
#include "FastEngine.h"

#include "wafer/Image/Validate.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::fast;

/// No core goes further ahead than this, so that one that runs forever lets the
/// others act.
static constexpr Cycle kLongestBurst = 1u << 16;

/// The lanes of an engine; they refer to each other's parts.
static Lane &addLanes(Lanes &lanes, const FastOptions &options,
                      const Image &image, const Machine &machine,
                      const ParameterSet &costs, Planned &planned,
                      FifoPool &fifos, FabricState &fabric, Host &host,
                      CoreTables &tables) {
  Grid grid(machine);
  unsigned count =
      lanes.cut(image, grid, options.threads, options.shareAlways, planned);
  lanes.add(count, image, machine, costs, planned, fifos, fabric, host, tables);
  return lanes.first();
}

FastEngine::FastEngine(const Image &image, const Machine &machine,
                       const ParameterSet &costs, const FastOptions &options)
    : context(addLanes(lanes, options, image, machine, costs, planned, fifos,
                       fabricState, host, tables)
                  .context),
      fabric(lanes.first().fabric), cores(lanes.first().cores),
      host(context, fabric), timingOnly(options.timingOnly),
      skips(options.timingOnly && options.skipRepeats),
      repeats(lanes, fabricState, tables, planned, host) {}

Status FastEngine::load() {
  Status status = sim::checkLimits(context.machine, context.costs);
  // From here on every index and every place of the image is right.
  if (status) {
    status = validate(context.image, context.machine);
  }
  return status ? build() : status;
}

Status FastEngine::build() {
  fifos.clear();
  now = 0;
  Status status =
      fabricState.load(context.image, context.machine, context.grid);
  if (!status) {
    return status;
  }
  tables.load(context.image, context.machine, context.costs, timingOnly);
  lanes.forEach([](Lane &lane) {
    lane.context.clear();
    lane.fabric.attach(lane.cores);
    lane.cores.attach();
  });
  host.load();
  lanes.limitWindow(host.crossingCycles());
  links.assign(host.numLinks(), LinkTime());
  planned.linkClassOf.assign(host.numLinks(), 0);
  for (size_t i = 0; i < host.numLinks() && planned.numClasses > 1; ++i) {
    planned.linkClassOf[i] = planned.classOf[host.placeOf(i)];
  }
  planned.at = {PlannedTimes(links, &LinkTime::at),
                PlannedTimes(fabricState.routers, &Router::at),
                PlannedTimes(tables.places, &CorePlace::at)};
  if (skips) {
    repeats.load();
  }
  cores.start();
  return status;
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

void FastEngine::executeTo(Cycle end) {
  for (Cycle next = lanes.next(); next < end; next = lanes.next()) {
    context.bound = end;
    lanes.execute(next, host);
    host.cross();
  }
  repeats.cancel();
}

void FastEngine::replayToFault() {
  Cycle end = context.fault->cycle + 1;
  Status status = build();
  assert(status && "was built before");
  for (const Deed &deed : deeds) {
    executeTo(deed.at);
    now = deed.at;
    perform(deed);
  }
  executeTo(end);
  assert(context.fault && context.fault->cycle + 1 == end);
}

//===----------------------------------------------------------------------===//
// The end of a run
//===----------------------------------------------------------------------===//

Cycle FastEngine::satisfiedAt(const std::vector<HostGoal> &goals) const {
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

Outcome FastEngine::stop(Outcome::Kind kind, Cycle at, std::string detail) {
  now = std::max(now, at);
  cores.settle();
  return {kind, at, std::move(detail)};
}

Outcome FastEngine::stopQuiet(const RunLimits &limits) {
  Outcome outcome = stop(Outcome::Kind::Deadlock, context.quietFrom);
  outcome.detail = waitReport();
  if (outcome.detail.empty() && limits.goals.empty()) {
    outcome.kind = Outcome::Kind::Quiescent;
  }
  return outcome;
}

bool FastEngine::canGoOn() {
  if (host.canFeed()) {
    return true;
  }
  for (uint32_t place = 0; place < context.grid.numPlaces(); ++place) {
    if (fabric.canMove(place) || cores.canAct(place)) {
      return true;
    }
  }
  return false;
}

Outcome FastEngine::run(const RunLimits &limits) {
  const Machine &m = context.machine;
  while (true) {
    Cycle next = lanes.next();
    if (context.fault && next > context.fault->cycle) {
      if (context.aheadTo > context.fault->cycle + 1) {
        Cycle began = now;
        replayToFault();
        now = began;
      }
      return stop(Outcome::Kind::Fault, context.fault->cycle + 1,
                  context.fault->text);
    }
    Cycle reached = limits.goals.empty() ? kNever : satisfiedAt(limits.goals);
    if (reached != kNever && reached <= next && reached <= limits.maxCycles) {
      return stop(Outcome::Kind::HostSatisfied, reached);
    }
    // A slice does not keep a run from going beyond it.
    Cycle limit = limits.isSlice ? limits.sliceOf : limits.maxCycles;
    if (repeats.skip(next, limits.maxCycles, std::min(limit, reached))) {
      now = std::max(now, repeats.present());
      continue;
    }
    if (next >= limits.maxCycles) {
      // Somebody may be planned to be looked at for nothing.
      bool quiet = context.quietFrom <= limits.maxCycles && !canGoOn();
      if (quiet) {
        return stopQuiet(limits);
      }
      Outcome outcome =
          stop(Outcome::Kind::CycleLimit, std::max(now, limits.maxCycles));
      outcome.detail = limits.explainLimit ? waitReport() : "";
      return outcome;
    }
    // A word that has not left the wafer yet arrives no earlier than this.
    Cycle earliest = next + m.hopCycles;
    if (std::none_of(limits.goals.begin(), limits.goals.end(),
                     [](const HostGoal &goal) { return goal.atEdge; })) {
      earliest += m.host.latencyCycles;
    }
    Cycle end = limits.goals.empty() ? kNever : std::min(reached, earliest);
    context.bound = std::min({limits.maxCycles, end, next + kLongestBurst});
    context.bound = std::min(context.bound, repeats.bound(next));
    if (context.fault) {
      context.bound = std::min(context.bound, context.fault->cycle + 1);
    }
    lanes.execute(next, host);
    host.cross();
    repeats.notePasses();
  }
}

//===----------------------------------------------------------------------===//
// Host side and memory
//===----------------------------------------------------------------------===//

void FastEngine::perform(const Deed &deed) {
  repeats.cancel();
  if (deed.isPush) {
    host.push(deed.port, deed.words.data(), deed.words.size(), deed.control,
              deed.at);
  } else {
    uint8_t *sram = cores.state(context.grid.placeOf(deed.core)).sram;
    std::memcpy(sram + deed.address, deed.bytes.data(), deed.bytes.size());
  }
}

void FastEngine::push(unsigned port, const uint32_t *words, size_t count,
                      bool control) {
  assert(port < context.image.hostPorts.size() &&
         context.image.hostPorts[port].input && "not an input port");
  Deed deed;
  deed.at = now;
  deed.isPush = true;
  deed.port = port;
  deed.control = control;
  deed.words.assign(words, words + count);
  perform(deed);
  deeds.push_back(std::move(deed));
}

std::vector<HostWord> FastEngine::received(unsigned port) const {
  std::vector<HostWord> words = host.received(port);
  while (!words.empty() && words.back().cycle > now) {
    words.pop_back(); // has left the wafer, but is still on its way
  }
  return words;
}

Result<uint8_t *> FastEngine::locate(Coord core, uint32_t address,
                                     uint32_t count) {
  std::string where = fmt::format("core ({}, {})", core.x, core.y);
  if (!context.grid.contains(core) ||
      !cores.programs().isInRegion(context.grid.placeOf(core))) {
    return Diagnostic{"the core is in no region", where, "", "", ""};
  }
  if (uint64_t(address) + count > context.machine.sramBytes) {
    return Diagnostic{
        "the range leaves SRAM", where,
        fmt::format("an end at or below byte {}", context.machine.sramBytes),
        fmt::format("{} bytes at {}", count, address), ""};
  }
  CoreState &state = cores.state(context.grid.placeOf(core));
  if (!state.sram) {
    return Diagnostic{"out of memory for the SRAM of the cores", where, "", "",
                      ""};
  }
  return state.sram + address;
}

Status FastEngine::peek(Coord core, uint32_t address, void *bytes,
                        uint32_t count) {
  Result<uint8_t *> at = locate(core, address, count);
  if (!at) {
    return at.takeError();
  }
  std::memcpy(bytes, *at, count);
  return Status::success();
}

Status FastEngine::poke(Coord core, uint32_t address, const void *bytes,
                        uint32_t count) {
  Result<uint8_t *> at = locate(core, address, count);
  if (!at) {
    return at.takeError();
  }
  Deed deed;
  deed.at = now;
  deed.core = core;
  deed.address = address;
  auto *first = static_cast<const uint8_t *>(bytes);
  deed.bytes.assign(first, first + count);
  perform(deed);
  deeds.push_back(std::move(deed));
  return Status::success();
}

Counters FastEngine::counters(Coord core) const {
  return cores.counters(context.grid.placeOf(core), now);
}

Counters FastEngine::totalCounters() const {
  Counters total;
  for (uint32_t place = 0; place < context.grid.numPlaces(); ++place) {
    if (!cores.programs().isInRegion(place)) {
      continue;
    }
    Counters one = cores.counters(place, now);
    for (unsigned i = 0; i < kNumActivities; ++i) {
      total.cycles[i] += one.cycles[i];
    }
  }
  return total;
}
