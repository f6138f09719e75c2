// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastLanes.cpp - A cycle on several threads -------------------------===//
#include "FastLanes.h"

using namespace wafer;
using namespace wafer::fast;

/// Rows of a strip: so that every lane has several ones of a rectangle of some
/// hundred rows, and few rows lie at borders.
static constexpr uint32_t kStrip = 16;
static constexpr uint32_t kLeastStrip = 4;
/// Looks of a cycle that are worth telling the other lanes about.
static constexpr size_t kLeastShared = 128;

//===----------------------------------------------------------------------===//
// Strips
//===----------------------------------------------------------------------===//

/// The rectangle in which the regions lie.
static Rect usedPart(const Image &image) {
  Rect used;
  for (const Region &region : image.regions) {
    const Rect &r = region.rect;
    if (used.w == 0) {
      used = r;
      continue;
    }
    int32_t endX = std::max(used.endX(), r.endX());
    int32_t endY = std::max(used.endY(), r.endY());
    used.x = std::min(used.x, r.x);
    used.y = std::min(used.y, r.y);
    used.w = endX - used.x;
    used.h = endY - used.y;
  }
  return used;
}

unsigned Lanes::useful(const Image &image, unsigned wanted) {
  Rect used = usedPart(image);
  uint32_t strips = uint32_t(std::max(used.w, used.h)) / kLeastStrip;
  return std::max(1u, std::min({wanted, kMaxLanes, strips}));
}

void Lanes::classify(const Image &image, const Grid &grid, unsigned numLanes,
                     bool narrow, Planned &planned) {
  planned.numClasses = numLanes > 1 ? 2 * numLanes : 1;
  planned.classOf.clear();
  if (numLanes == 1) {
    return;
  }
  Rect used = usedPart(image);
  bool byRow = used.h >= used.w;
  uint32_t length = uint32_t(byRow ? grid.height : grid.width);
  uint32_t usedLength = uint32_t(byRow ? used.h : used.w);
  // At least two strips a lane, if they are high enough.
  uint32_t strip = std::max(
      kLeastStrip, std::min(narrow ? 0 : kStrip, usedLength / numLanes / 2));
  planned.classOf.resize(grid.numPlaces());
  for (uint32_t place = 0; place < grid.numPlaces(); ++place) {
    Coord at = grid.coordOf(place);
    uint32_t line = uint32_t(byRow ? at.y : at.x);
    // The border between strips i - 1 and i is number i.
    uint32_t border = (line + 1) / strip;
    bool first = line % strip == 0 && line > 0;
    bool last = line % strip == strip - 1 && line + 1 < length;
    unsigned lane = (first || last ? border : line / strip) % numLanes;
    planned.classOf[place] = uint8_t(2 * lane + unsigned(first || last));
  }
}

//===----------------------------------------------------------------------===//
// A cycle
//===----------------------------------------------------------------------===//

Cycle Lanes::next() const {
  Cycle best = kNever;
  for (const std::unique_ptr<Lane> &lane : lanes) {
    best = std::min(best, lane->context.schedule.next());
  }
  return best;
}

namespace {
/// Whoever is looked at was not for a while, and lies far away in memory. So
/// it is brought close in two steps while others are looked at.
template <typename First, typename Second, typename Look>
void lookAhead(const std::vector<uint32_t> &due, First first, Second second,
               Look look) {
  constexpr size_t kFar = 16, kNear = 8;
  for (size_t i = 0, lead = 0; i < due.size(); ++i) {
    for (; lead < due.size() + kNear && lead < i + kFar; ++lead) {
      if (lead < due.size()) {
        first(due[lead]);
      }
      if (lead >= kNear) {
        second(due[lead - kNear]);
      }
    }
    look(due[i]);
  }
}
} // namespace

void Lanes::lookAt(Lane &lane, unsigned classIndex, Cycle t) {
  // As many as stay in the caches nearby when they were taken.
  constexpr size_t kChunk = 256;
  constexpr size_t kFew = 24;
  Fabric &fabric = lane.fabric;
  Cores &cores = lane.cores;
  for (Actor actor : {Actor::Router, Actor::Core}) {
    for (const std::unique_ptr<Lane> &from : lanes) {
      Schedule &schedule = from->context.schedule;
      std::vector<uint32_t> &list = schedule.list(actor, classIndex);
      if (actor == Actor::Router) {
        // Where few are due, what the next looks need fits beside what these
        // do.
        lane.context.fetchesAhead = list.size() <= kFew;
      }
      for (size_t begin = 0; begin < list.size(); begin += kChunk) {
        lane.due.clear();
        schedule.take(actor, list, begin, std::min(begin + kChunk, list.size()),
                      lane.due);
        lane.looks += lane.due.size();
        if (actor == Actor::Router) {
          lookAhead(
              lane.due, [&](uint32_t i) { fabric.prefetchChannels(i); },
              [&](uint32_t i) { fabric.prefetchTargets(i); },
              [&](uint32_t i) { fabric.look(i, t); });
        } else {
          lookAhead(
              lane.due, [&](uint32_t i) { cores.prefetchState(i); },
              [&](uint32_t i) { cores.prefetchOperands(i); },
              [&](uint32_t i) { cores.look(i, t); });
        }
      }
      list.clear();
    }
  }
}

void Lanes::lookAtLinks(Cycle t, Host &host) {
  Lane &lane = first();
  lane.due.clear();
  for (const std::unique_ptr<Lane> &from : lanes) {
    Schedule &schedule = from->context.schedule;
    std::vector<uint32_t> &list = schedule.list(Actor::Link, 0);
    schedule.take(Actor::Link, list, 0, list.size(), lane.due);
    list.clear();
  }
  lane.looks += lane.due.size();
  for (uint32_t id : lane.due) {
    host.look(id, t);
  }
}

bool Lanes::isWorthSharing() {
  if (lanes.size() == 1) {
    return false;
  }
  if (shareAlways) {
    return true;
  }
  // Half of the work must be another lane's.
  size_t sizes[kMaxLanes] = {};
  size_t sum = 0;
  size_t most = 0;
  for (unsigned i = 0; i < lanes.size(); ++i) {
    for (unsigned phase = 0; phase < 2; ++phase) {
      for (const std::unique_ptr<Lane> &from : lanes) {
        Schedule &s = from->context.schedule;
        sizes[i] += s.list(Actor::Router, 2 * i + phase).size() +
                    s.list(Actor::Core, 2 * i + phase).size();
      }
    }
    sum += sizes[i];
    most = std::max(most, sizes[i]);
  }
  return sum - most >= kLeastShared;
}

void Lanes::execute(Cycle t, Host &host) {
  for (const std::unique_ptr<Lane> &lane : lanes) {
    lane->context.schedule.advance(t);
  }
  // The order is free: everybody sees the state at the start of t.
  lookAtLinks(t, host);
  if (isWorthSharing()) {
    share(t);
  } else {
    unsigned numClasses = lanes.size() > 1 ? 2 * unsigned(lanes.size()) : 1;
    for (unsigned i = 0; i < numClasses; ++i) {
      lookAt(first(), i, t);
    }
  }
  for (const std::unique_ptr<Lane> &lane : lanes) {
    lane->context.schedule.finish();
  }
}

void Lanes::merge() {
  Context &to = first().context;
  for (size_t i = 1; i < lanes.size(); ++i) {
    Context &from = lanes[i]->context;
    to.happened(from.quietFrom);
    to.aheadTo = std::max(to.aheadTo, from.aheadTo);
    to.wordHops += from.wordHops;
    from.wordHops = 0;
    if (from.fault) {
      to.raise(from.fault->cycle, from.fault->actor, from.fault->place,
               from.fault->text);
      from.fault.reset();
    }
  }
}

uint64_t Lanes::looks() const {
  uint64_t sum = 0;
  for (const std::unique_ptr<Lane> &lane : lanes) {
    sum += lane->looks;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

/// Waits a moment; longer, the more often it was asked.
static void pause(unsigned &turns) {
  if (++turns < 2000) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  } else {
    std::this_thread::yield();
  }
}

void Lanes::meet(uint64_t target) {
  arrived.fetch_add(1, std::memory_order_acq_rel);
  unsigned turns = 0;
  while (arrived.load(std::memory_order_acquire) < target) {
    pause(turns);
  }
}

void Lanes::phases(unsigned lane) {
  uint64_t number = shared.load(std::memory_order_relaxed);
  lookAt(*lanes[lane], 2 * lane, cycle);
  meet((2 * number - 1) * lanes.size());
  lookAt(*lanes[lane], 2 * lane + 1, cycle);
  meet(2 * number * lanes.size());
}

void Lanes::share(Cycle t) {
  if (threads.empty()) {
    startThreads();
  }
  cycle = t;
  for (size_t i = 1; i < lanes.size(); ++i) {
    lanes[i]->context.bound = first().context.bound;
  }
  shared.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst)) {
    std::lock_guard<std::mutex> guard(sleeping);
    wakeUp.notify_all();
  }
  phases(0);
  merge();
}

void Lanes::startThreads() {
  for (unsigned i = 1; i < lanes.size(); ++i) {
    threads.emplace_back([this, i] { work(i); });
  }
}

void Lanes::work(unsigned lane) {
  constexpr unsigned kTurnsAwake = 20000;
  for (uint64_t number = 1;; ++number) {
    unsigned turns = 0;
    while (shared.load(std::memory_order_acquire) < number) {
      if (turns < kTurnsAwake) {
        pause(turns);
        continue;
      }
      std::unique_lock<std::mutex> lock(sleeping);
      sleepers.fetch_add(1, std::memory_order_seq_cst);
      wakeUp.wait(lock, [&] {
        return stopping || shared.load(std::memory_order_seq_cst) >= number;
      });
      sleepers.fetch_sub(1, std::memory_order_seq_cst);
      if (stopping) {
        return;
      }
    }
    phases(lane);
  }
}

Lanes::~Lanes() {
  {
    std::lock_guard<std::mutex> guard(sleeping);
    stopping = true;
  }
  wakeUp.notify_all();
  for (std::thread &thread : threads) {
    thread.join();
  }
}
