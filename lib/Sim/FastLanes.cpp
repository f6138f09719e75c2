// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastLanes.cpp - A cycle on several threads -------------------------===//
#include "FastLanes.h"

using namespace wafer;
using namespace wafer::fast;

/// Cycles of a window.
static constexpr Cycle kWindow = 8;
/// Rows of a strip.
static constexpr uint32_t kLeastStrip = 4;
/// Cores from which on an image can have more places at work than a cache
/// holds.
static constexpr uint64_t kManyCores = 20000;
/// Looks of a cycle that are worth a window, or telling the other lanes.
static constexpr uint32_t kManyLooks = 1024;
static constexpr uint32_t kLeastShared = 256;
/// The state of those that are looked at in a cycle lies in the caches, from
/// the cycle before, unless they are so many.
static constexpr uint32_t kCrowd = 512;

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

unsigned Lanes::cut(const Image &image, const Grid &grid, unsigned wanted,
                    bool narrow, Planned &planned) {
  Rect used = usedPart(image);
  bool byRow = used.h >= used.w;
  // What lies behind those that are many enough is one more class.
  uint32_t length = std::min(uint32_t(byRow ? used.h : used.w), 4096u);
  unsigned count =
      std::max(1u, std::min({wanted, kMaxLanes, length / kLeastStrip}));
  bool isLarge = uint64_t(used.w) * uint64_t(used.h) >= kManyCores;
  always = narrow;
  planned.numClasses = 1;
  planned.classOf.clear();
  longest = 1;
  strips.assign(1, {0, 1});
  if (count == 1 && !isLarge && !narrow) {
    return count;
  }
  // All lines before the used ones are one class, and all behind them.
  planned.numClasses = length + 2;
  planned.classOf.resize(grid.numPlaces());
  int32_t before = (byRow ? used.y : used.x) - 1;
  for (uint32_t place = 0; place < grid.numPlaces(); ++place) {
    Coord at = grid.coordOf(place);
    int32_t line = std::max(0, (byRow ? at.y : at.x) - before);
    planned.classOf[place] = uint16_t(std::min(uint32_t(line), length + 1));
  }
  // A lane that is done with a strip takes the next one. So there are some more
  // than lanes, but windows as long as they should be come first.
  constexpr uint32_t kEnough = 2 * kWindow + 2;
  uint32_t strip = std::max(kLeastStrip, length / count / 2);
  if (strip > kEnough) {
    strip = std::max(kEnough, length / count / 8);
  }
  if (narrow) {
    strip = length >= 6 * count ? 6 : kLeastStrip;
  }
  longest = count == 1 ? kWindow : std::min<Cycle>(kWindow, (strip - 2) / 2);
  strips.clear();
  unsigned numStrips = count == 1 ? 1 : std::max(1u, length / strip);
  for (unsigned i = 0; i < numStrips; ++i) {
    strips.push_back({i ? 1 + i * strip : 0,
                      i + 1 < numStrips ? 1 + (i + 1) * strip : length + 2});
  }
  return count;
}

//===----------------------------------------------------------------------===//
// A window
//===----------------------------------------------------------------------===//

Cycle Lanes::next() const {
  Cycle best = kNever;
  for (const std::unique_ptr<Lane> &lane : lanes) {
    best = std::min(best, lane->context.schedule.next());
  }
  return best;
}

namespace {
/// In a crowd, whoever is looked at was not for a while, and lies far away in
/// memory. So it is brought close in two steps while others are looked at.
template <typename First, typename Second, typename Look>
void lookAtAll(const std::vector<uint32_t> &due, bool isCrowd, First first,
               Second second, Look look) {
  if (!isCrowd) {
    for (uint32_t id : due) {
      look(id);
    }
    return;
  }
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
  Schedule &asks = lane.context.schedule;
  Fabric &fabric = lane.fabric;
  Cores &cores = lane.cores;
  asks.setPresent(t);
  auto all = [&](Actor actor, auto look) {
    for (const std::unique_ptr<Lane> &from : lanes) {
      lane.due.clear();
      while (
          from->context.schedule.take(actor, classIndex, t, asks, lane.due)) {
        lane.looks += lane.due.size();
        look();
        lane.due.clear();
      }
    }
  };
  // The order is free: everybody sees the state at the start of t.
  all(Actor::Link, [&] {
    for (uint32_t id : lane.due) {
      host->look(lane.context, fabric, id, t);
    }
  });
  all(Actor::Router, [&] {
    lookAtAll(
        lane.due, isCrowd, [&](uint32_t i) { fabric.prefetchChannels(i); },
        [&](uint32_t i) { fabric.prefetchTargets(i); },
        [&](uint32_t i) { fabric.look(i, t); });
  });
  all(Actor::Core, [&] {
    lookAtAll(
        lane.due, isCrowd, [&](uint32_t i) { cores.prefetchState(i); },
        [&](uint32_t i) { cores.prefetchOperands(i); },
        [&](uint32_t i) { cores.look(i, t); });
  });
}

/// A strip goes through the window, but for the triangles at its borders.
void Lanes::lookAtStrip(Lane &lane, Strip strip, bool first, bool last) {
  const unsigned length = unsigned(end - begin);
  // Row k is looked at in cycle begin + dt in turn k + dt.
  for (unsigned turn = strip.first; turn < strip.end + length; ++turn) {
    for (unsigned dt = 0; dt < length && dt <= turn; ++dt) {
      unsigned row = turn - dt;
      unsigned low = strip.first + (first ? 0 : 1 + dt);
      unsigned high = strip.end - (last ? 0 : 1 + dt);
      bool isOver =
          lane.context.fault && begin + dt > lane.context.fault->cycle;
      if (row >= low && row < high && !isOver) {
        lookAt(lane, row, begin + dt);
      }
    }
  }
}

/// The triangles at the border before a strip.
void Lanes::lookAtBorder(Lane &lane, size_t index) {
  const unsigned border = strips[index].first;
  for (unsigned dt = 0; begin + dt < end; ++dt) {
    if (lane.context.fault && begin + dt > lane.context.fault->cycle) {
      return;
    }
    for (unsigned row = border - 1 - dt; row <= border + dt; ++row) {
      lookAt(lane, row, begin + dt);
    }
  }
}

void Lanes::execute(Cycle t, Host &itsHost) {
  Context &context = first().context;
  host = &itsHost;
  begin = t;
  auto beginWindow = [&](Cycle windowEnd) {
    end = windowEnd;
    uint32_t count = 0;
    for (const std::unique_ptr<Lane> &lane : lanes) {
      lane->context.schedule.begin(t, end);
      count += lane->context.schedule.count(t);
    }
    return count;
  };
  const uint32_t count = beginWindow(t + 1);
  if (always || count >= (lanes.size() > 1 ? kLeastShared : kManyLooks)) {
    beginWindow(std::min(t + longest, context.bound));
  }
  if (end > t + 1) {
    // If there is a fault, some were looked at behind it.
    context.aheadTo = std::max(context.aheadTo, end);
  }
  isCrowd = count >= kCrowd;
  if (lanes.size() > 1 && (always || count >= kLeastShared)) {
    share();
  } else if (end > t + 1) {
    lookAtStrip(first(), {0, strips.back().end}, true, true);
  } else {
    for (unsigned i = 0; i < strips.back().end; ++i) {
      lookAt(first(), i, t);
    }
  }
  for (const std::unique_ptr<Lane> &lane : lanes) {
    for (Cycle done = t; done < end; ++done) {
      lane->context.schedule.finish(done);
    }
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

/// Waits until a number that others count up is `target`; false if the lanes
/// stop. First for a moment, then the processor is left to others: a lane may
/// have milliseconds more to do, or none to run on.
bool Lanes::await(const std::atomic<uint64_t> &number, uint64_t target) {
  constexpr unsigned kTurnsAwake = 2000;
  for (unsigned turn = 0; turn < kTurnsAwake; ++turn) {
    if (number.load(std::memory_order_acquire) >= target) {
      return true;
    }
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  std::unique_lock<std::mutex> lock(sleeping);
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  wakeUp.wait(lock, [&] {
    return stopping || number.load(std::memory_order_seq_cst) >= target;
  });
  sleepers.fetch_sub(1, std::memory_order_seq_cst);
  return !stopping;
}

void Lanes::countUp(std::atomic<uint64_t> &number) {
  number.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst)) {
    std::lock_guard<std::mutex> guard(sleeping);
    wakeUp.notify_all();
  }
}

void Lanes::phases(unsigned lane) {
  uint64_t number = shared.load(std::memory_order_relaxed);
  auto takeAll = [&](std::atomic<size_t> &next, auto look) {
    for (size_t i = next++; i < strips.size(); i = next++) {
      look(i);
    }
  };
  takeAll(nextStrip, [&](size_t i) {
    lookAtStrip(*lanes[lane], strips[i], i == 0, i + 1 == strips.size());
  });
  countUp(arrived);
  await(arrived, (2 * number - 1) * lanes.size());
  takeAll(nextBorder, [&](size_t i) { lookAtBorder(*lanes[lane], i); });
  countUp(arrived);
  await(arrived, 2 * number * lanes.size());
}

void Lanes::share() {
  if (threads.empty()) {
    startThreads();
  }
  for (size_t i = 1; i < lanes.size(); ++i) {
    lanes[i]->context.bound = first().context.bound;
  }
  nextStrip = 0;
  nextBorder = 1;
  countUp(shared);
  phases(0);
  merge();
}

void Lanes::startThreads() {
  for (unsigned i = 1; i < lanes.size(); ++i) {
    threads.emplace_back([this, i] { work(i); });
  }
}

void Lanes::work(unsigned lane) {
  for (uint64_t number = 1; await(shared, number); ++number) {
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
