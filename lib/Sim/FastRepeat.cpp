// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastRepeat.cpp - Periods that repeat are skipped -------------------===//
#include "FastRepeat.h"

using namespace wafer;
using namespace wafer::fast;

/// No core goes further ahead of the clock while a loop is watched, so that an
/// attempt can begin, and end, so long after a pass.
static constexpr Cycle kLead = 512;
/// A turn that takes longer is not waited for.
static constexpr Cycle kLongest = Cycle(1) << 22;
/// Attempts in a row that come to nothing before a loop is given up.
static constexpr unsigned kMostFailures = 3;
/// Periods that are skipped at a time.
static constexpr uint64_t kMostPeriods = 4096;
static constexpr size_t kMostWatched = 64;
/// Places whose state is noted and compared in the time of a cycle or so.
static constexpr Cycle kPlacesInCycle = 256;

Repeats::Repeats(Lanes &lanes, FabricState &fabricState, CoreTables &tables,
                 Planned &planned, Host &host)
    : lanes(lanes), fabricState(fabricState), tables(tables), planned(planned),
      host(host), context(lanes.first().context) {}

Repeats::~Repeats() = default;

void Repeats::load() {
  cancel();
  skippedCycles = skippedPeriods = skippedTo = 0;
  tables.watched.clear();
  codes.clear();
  anchors.clear();
  shortest = tables.places.size() / kPlacesInCycle;
  std::vector<const Region *> regions;
  for (const Region &region : context.image.regions) {
    regions.push_back(&region);
  }
  // Fit to a wafer with defects, an image has many small regions.
  std::stable_sort(
      regions.begin(), regions.end(), [](const Region *a, const Region *b) {
        return int64_t(a->rect.w) * a->rect.h > int64_t(b->rect.w) * b->rect.h;
      });
  for (size_t i = 0; i < std::min(regions.size(), kMostWatched); ++i) {
    watch(*regions[i]);
  }
  isOn = !tables.watched.empty();
}

/// A core in the middle of a region.
void Repeats::watch(const Region &region) {
  const std::vector<Code> &code = tables.codes[region.role];
  uint32_t place = context.grid.placeOf(
      {region.rect.x + region.rect.w / 2, region.rect.y + region.rect.h / 2});
  auto own = std::make_unique<std::vector<Code>>(code);
  for (uint32_t pc : outermostLoops(code)) {
    (*own)[pc].op = kWatched;
    anchors[{place, pc}] = Anchor();
    tables.watched[place] = own->data();
  }
  codes.push_back(std::move(own));
}

void Repeats::setRecorder(Recorder *to) {
  lanes.forEach([&](Lane &lane) { lane.context.recorder = to; });
}

void Repeats::cancel() {
  setRecorder(nullptr);
  recorder.reset();
  before = Picture();
  phase = Phase::Idle;
  to = kNever;
  lanes.forEach([](Lane &lane) { lane.context.passes.clear(); });
}

//===----------------------------------------------------------------------===//
// Attempts
//===----------------------------------------------------------------------===//

Cycle Repeats::bound(Cycle next) const {
  if (!isOn) {
    return kNever;
  }
  Cycle due = phase == Phase::Armed ? from : to;
  return std::min(next + kLead, phase == Phase::Idle ? kNever : due);
}

void Repeats::notePasses() {
  if (!isOn) {
    return;
  }
  lanes.forEach([&](Lane &lane) {
    for (const LoopPass &p : lane.context.passes) {
      pass(p);
    }
    lane.context.passes.clear();
  });
}

void Repeats::arm(const LoopPass &p, Cycle at) {
  first = p;
  second = LoopPass();
  second.cycle = kNever;
  from = at;
  to = kNever;
  phase = Phase::Armed;
}

void Repeats::pass(const LoopPass &p) {
  Anchor &anchor = anchors[{p.place, p.pc}];
  anchor.isSteady = p.cycle - anchor.pass == anchor.period;
  anchor.period = p.cycle - anchor.pass;
  anchor.pass = p.cycle;
  if (phase == Phase::Idle) {
    // This turn, the one that is recorded, one more.
    constexpr uint32_t kLeastLeft = 3;
    // Where turns differ, a record of one is for nothing.
    bool isHopeful = !anchor.failures || anchor.isSteady;
    if (!anchor.isUseless && isHopeful && p.left >= kLeastLeft) {
      // Nobody is beyond that, as all looks were bound by their cycle + kLead.
      arm(p, p.cycle + kLead);
    }
    return;
  }
  bool isSame = p.place == first.place && p.pc == first.pc;
  if (isSame && second.cycle == kNever) {
    second = p;
    to = p.cycle + kLead;
  }
}

void Repeats::begin() {
  lanes.first().cores.settle();
  if (!draw(before, from)) {
    cancel();
    return;
  }
  hopsBefore = context.wordHops;
  recorder =
      std::make_unique<Recorder>(tables, context.machine.sramBytes, from);
  setRecorder(recorder.get());
  phase = Phase::Recording;
}

Cycle Repeats::end(Cycle limit) {
  lanes.first().cores.settle();
  setRecorder(nullptr);
  Anchor &anchor = anchors[{first.place, first.pc}];
  const Cycle period = to - from;
  uint64_t n = 0;
  cameBack = false;
  if (period < shortest) {
    anchor.isUseless = true;
  } else if (limit > to) {
    n = repetitions(
        std::min<uint64_t>((limit - 1 - to) / period, kMostPeriods));
  }
  if (n) {
    anchor.failures = 0;
    advance(n);
    skippedPeriods += n;
    skippedCycles += n * period;
    skippedTo = to + n * period;
    cancel();
    return n * period;
  }
  anchor.isUseless |= ++anchor.failures >= kMostFailures;
  LoopPass again = second;
  Cycle now = to;
  bool goesOn = !anchor.isUseless && cameBack && again.left >= 3;
  cancel();
  if (goesOn) {
    // The turn that ended may have been the first one that repeats.
    arm(again, now);
    begin();
  }
  return 0;
}

Cycle Repeats::skip(Cycle next, Cycle pause, Cycle limit) {
  if (phase == Phase::Armed && next >= from && from <= pause) {
    begin();
  }
  if (phase == Phase::Recording) {
    if (context.fault || recorder->failure() ||
        (to == kNever && next > from + kLongest)) {
      Anchor &anchor = anchors[{first.place, first.pc}];
      anchor.isUseless |= ++anchor.failures >= kMostFailures;
      cancel();
    } else if (next >= to && to <= pause) {
      return end(limit);
    }
  }
  return 0;
}
