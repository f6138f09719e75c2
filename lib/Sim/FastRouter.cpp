// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastRouter.cpp - A router in a cycle -------------------------------===//
#include "FastCore.h"
#include "FastHost.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::fast;

static constexpr unsigned kRampBit = portBit(Port::Ramp);

static_assert(opposite(Port::West) == Port::East &&
                  opposite(Port::South) == Port::North &&
                  (unsigned(Port::West) ^ 1u) == unsigned(Port::East) &&
                  (unsigned(Port::South) ^ 1u) == unsigned(Port::North),
              "opposite ports differ in their lowest bit");
/// Of a port to a neighbour.
static unsigned oppositeOf(unsigned port) { return port ^ 1u; }

/// A cycle of which the lower half is known, and that is near another one.
static Cycle fullCycle(uint32_t low, Cycle near) {
  return near + Cycle(int64_t(int32_t(low - uint32_t(near))));
}

//===----------------------------------------------------------------------===//
// What stands at a port
//===----------------------------------------------------------------------===//

unsigned Fabric::capacityOf(const Channel &c, unsigned index) const {
  const Machine &m = context.machine;
  if (index == kInputQueue) {
    return m.inputQueues.depths[c.inputQueue()] + m.rampCycles;
  }
  if (index == kOutputQueue) {
    return m.outputQueues.depths[c.outputQueue()] + m.rampCycles + 1;
  }
  return m.routerBufferDepth;
}

unsigned Fabric::size(const Channel &c, unsigned index) const {
  if (c.alonePort == index) {
    return 1;
  }
  return c.fifos[index] ? context.fifos[c.fifos[index]].size() : 0;
}

inline void Fabric::sleep(Router &r, Channel &c, unsigned port, Cycle until) {
  bool isSooner = int32_t(uint32_t(until) - r.sleepUntil) < 0;
  if (!r.sleeping || isSooner) {
    r.sleepUntil = uint32_t(until);
  }
  r.sleeping |= 1u << indexOf(r, c);
  c.sleeping = uint8_t(c.sleeping | (1u << port));
}

/// Of a head that sleeps.
inline Cycle Fabric::headTime(const Channel &c, unsigned port) const {
  return c.alonePort == port
             ? fullCycle(c.aloneFrom, context.schedule.present())
             : context.fifos[c.fifos[port]].head().time();
}

/// Heads that are usable at t become due.
void Fabric::wakeSleepers(Router &r, Cycle t) {
  uint32_t sleeping = r.sleeping;
  r.sleeping = 0;
  for (; sleeping; sleeping &= sleeping - 1) {
    unsigned index = unsigned(__builtin_ctz(sleeping));
    Channel &c = channels[r.firstChannel + index];
    unsigned ports = c.sleeping;
    c.sleeping = 0;
    for (; ports; ports &= ports - 1) {
      unsigned port = unsigned(__builtin_ctz(ports));
      Cycle usableFrom = headTime(c, port);
      if (usableFrom > t) {
        sleep(r, c, port, usableFrom);
        continue;
      }
      c.due = uint8_t(c.due | (1u << port));
      r.pending |= 1u << index;
    }
  }
}

/// It is seen when those before it have gone.
void Fabric::putBehind(Channel &c, unsigned index, Wavelet w,
                       Cycle usableFrom) {
  if (c.alonePort == index) {
    bool isDue = (c.due >> index) & 1u;
    // When one that is due became usable, nobody will ask.
    Cycle from = isDue ? context.schedule.present() : headTime(c, index);
    madeFifo(c, index).push({c.alonePayload, c.aloneControl}, from);
    c.alonePort = kNobody;
  }
  context.fifos[c.fifos[index]].push(w, usableFrom);
}

[[gnu::always_inline]] inline void Fabric::put(uint32_t place, Channel &c,
                                               unsigned index, Wavelet w,
                                               Cycle usableFrom) {
  unsigned bit = 1u << index;
  if (c.occupied() & bit) {
    putBehind(c, index, w, usableFrom);
    return;
  }
  if (c.alonePort == kNobody && hasRoomForTwo) {
    c.alonePort = uint8_t(index);
    c.aloneControl = w.control != 0;
    c.alonePayload = w.payload;
    c.aloneFrom = uint32_t(usableFrom);
  } else {
    madeFifo(c, index).push(w, usableFrom);
  }
  Router &r = routers[place];
  Cycle now = context.schedule.present();
  if (usableFrom > now + 1) {
    sleep(r, c, index, usableFrom);
  } else {
    uint32_t channel = 1u << indexOf(r, c);
    // In a window, the neighbour on the other side may have been here a cycle
    // ahead of this one: then the router has done the present cycle already,
    // and what comes now is usable in its next one.
    bool isBehind = r.fresh && r.freshAt == uint32_t(now + 1);
    if (!isBehind) {
      if (r.freshAt != uint32_t(now)) {
        r.freshAt = uint32_t(now);
        r.fresh = 0;
      }
      c.fresh = uint8_t(r.fresh & channel ? c.fresh | bit : bit);
      r.fresh |= channel;
    }
    r.pending |= channel;
    c.due = uint8_t(c.due | bit);
  }
  context.schedule.wake(Actor::Router, place, usableFrom, r.at);
}

void Fabric::enter(uint32_t place, Channel &c, unsigned index, Wavelet w,
                   Cycle usableFrom) {
  put(place, c, index, w, usableFrom);
}

[[gnu::always_inline]] inline void
Fabric::pop(uint32_t place, Router &r, Channel &c, const Move &move, Cycle t) {
  uint8_t others = uint8_t(c.due & ~(1u << move.from));
  if (!move.source) {
    c.alonePort = kNobody;
    c.due = others;
  } else {
    Fifo &source = *move.source;
    bool wasFull = source.full();
    source.pop(t);
    if (source.empty()) {
      c.due = others;
    } else if (source.head().time() > t + 1) {
      c.due = others;
      sleep(r, c, move.from, source.head().time());
    }
    if (wasFull) {
      freed(place, move.from, t);
    }
  }
  if (!c.due) {
    r.pending &= ~(1u << indexOf(r, c));
  }
}

//===----------------------------------------------------------------------===//
// Which wavelet moves
//===----------------------------------------------------------------------===//

/// Where a wavelet goes to if the position sends it to the core, too, but the
/// core need not get it.
unsigned Fabric::delivered(const Channel &c, Wavelet w) const {
  const Filter &filter = routeOf(c).filter;
  bool isFor = true;
  if (w.control) {
    isFor = !ControlWavelet::decode(w.payload).commands[0].noce;
  } else if (filter.kind == FilterKind::Counter) {
    isFor = c.filterCount < filter.limit;
  } else if (filter.kind == FilterKind::Range) {
    uint32_t high = w.payload >> 16;
    isFor = high >= filter.min && high <= filter.max;
  }
  return isFor ? c.sends : c.sends & ~kRampBit;
}

/// The head at a port.
[[gnu::always_inline]] inline Fabric::Move
Fabric::moveFrom(const Channel &c, unsigned port) const {
  Move move;
  move.from = port;
  move.to = c.sends;
  if (c.alonePort == port) {
    move.wavelet = {c.alonePayload, c.aloneControl};
  } else {
    move.source = &context.fifos[c.fifos[port]];
    move.wavelet = move.source->head().wavelet();
  }
  if ((c.sends & kRampBit) && (c.isFiltered || move.wavelet.control)) {
    move.to = delivered(c, move.wavelet);
  }
  return move;
}

/// The first target that has no room at t, or kNumPorts; `later` becomes the
/// cycle in which there will be some, if it is known and lies before it.
[[gnu::always_inline]] inline unsigned Fabric::blockedPort(const Channel &c,
                                                           unsigned to, Cycle t,
                                                           Cycle &later) const {
  for (; to; to &= to - 1) {
    unsigned port = unsigned(__builtin_ctz(to));
    Cycle room = 0;
    if (port == unsigned(Port::Ramp)) {
      uint32_t queue = c.fifos[kInputQueue];
      if (queue) {
        room = context.fifos[queue].roomFrom();
      } else if (c.inputQueue() == kUnbound) {
        room = kNever;
      }
    } else if (c.neighbours[port] != kNone) { // the host takes everything
      room = roomFrom(channels[c.neighbours[port]], oppositeOf(port));
    }
    if (room > t) {
      later = std::min(later, room);
      return port;
    }
  }
  return kNumPorts;
}

unsigned Fabric::blockedPort(const Channel &c, Cycle t) const {
  unsigned ports = c.due;
  for (unsigned port = 0; port < kNumPorts; ++port) {
    if (((c.sleeping >> port) & 1u) && headTime(c, port) <= t) {
      ports |= 1u << port;
    }
  }
  ports &= c.receives;
  if (!ports) {
    return kNumPorts;
  }
  Cycle later = kNever;
  unsigned to = moveFrom(c, unsigned(__builtin_ctz(ports))).to;
  return blockedPort(c, to, t, later);
}

bool Fabric::canMove(uint32_t place) const {
  const Router &r = routers[place];
  for (uint32_t rest = r.pending | r.sleeping; rest; rest &= rest - 1) {
    const Channel &c = channels[r.firstChannel + unsigned(__builtin_ctz(rest))];
    unsigned ports = c.receives & c.occupied();
    for (; ports; ports &= ports - 1) {
      unsigned to = moveFrom(c, unsigned(__builtin_ctz(ports))).to;
      Cycle later = kNever;
      if (blockedPort(c, to, kNever - 1, later) == kNumPorts) {
        return true;
      }
    }
  }
  return false;
}

//===----------------------------------------------------------------------===//
// A cycle
//===----------------------------------------------------------------------===//

void Fabric::look(uint32_t place, Cycle t) {
  Router &r = routers[place];
  if (r.sleeping && int32_t(uint32_t(t) - r.sleepUntil) >= 0) {
    wakeSleepers(r, t);
  }
  if (r.freshAt != uint32_t(t)) {
    r.fresh = 0;
  }
  const uint32_t fresh = r.fresh;
  // Ports that an earlier channel sends through; bit kNumPorts: the core's side
  // of the ramp gave a wavelet.
  unsigned used = 0;
  unsigned firstMoved = kNone;
  Cycle wake = fresh ? t + 1 : kNever;
  // Channels from `next` upward, then those below it.
  const unsigned begin = r.next;
  uint32_t rest = r.pending >> begin | r.pending << (-begin & 31u);
  for (; rest; rest &= rest - 1) {
    unsigned index = (unsigned(__builtin_ctz(rest)) + begin) & 31u;
    Channel &c = channels[r.firstChannel + index];
    unsigned ports = c.due & c.receives;
    if ((fresh >> index) & 1u) {
      ports &= ~unsigned(c.fresh);
    }
    if (!ports) {
      continue;
    }
    Move move = moveFrom(c, unsigned(__builtin_ctz(ports)));
    unsigned needs = move.to | (move.from == unsigned(Port::Ramp)) << kNumPorts;
    if (needs & used) {
      wake = t + 1;
      continue;
    }
    if (blockedPort(c, move.to, t, wake) != kNumPorts) {
      continue;
    }
    used |= needs;
    firstMoved = firstMoved == kNone ? index : firstMoved;
    perform(place, r, c, move, t);
    if (c.due & c.receives) {
      wake = t + 1;
    }
  }
  if (firstMoved != kNone) {
    r.next = uint8_t((firstMoved + 1u) & 31u); // behind the last one: the first
    context.happened(t + 1);
  }
  if (r.sleeping) {
    wake = std::min(wake, fullCycle(r.sleepUntil, t));
  }
  if (wake != kNever) {
    context.schedule.wake(Actor::Router, place, std::max(wake, t + 1), r.at);
  }
}

[[gnu::always_inline]] inline void
Fabric::perform(uint32_t place, Router &r, Channel &c, Move &move, Cycle t) {
  pop(place, r, c, move, t);
  if (move.wavelet.control) {
    move.wavelet.payload = command(place, c, move.wavelet.payload, t);
  } else if (c.isFiltered && (c.sends & kRampBit)) {
    const Filter &filter = routeOf(c).filter;
    if (filter.kind == FilterKind::Counter) {
      c.filterCount = c.filterCount == filter.max ? uint16_t(0)
                                                  : uint16_t(c.filterCount + 1);
    }
  }
  for (unsigned to = move.to; to; to &= to - 1) {
    unsigned port = unsigned(__builtin_ctz(to));
    if (port == unsigned(Port::Ramp)) {
      deliver(place, r, c, move.wavelet, t);
    } else if (c.neighbours[port] != kNone) {
      ++context.wordHops;
      Cycle usableFrom = t + hopCycles;
      if (extraCycles) {
        usableFrom += extraCycles[place][port];
      }
      put(place + state.stride[port], channels[c.neighbours[port]],
          oppositeOf(port), move.wavelet, usableFrom);
    } else {
      leaveGrid(place, c, port, move.wavelet, t);
    }
  }
}

/// A full FIFO has room for one again.
void Fabric::freed(uint32_t place, unsigned port, Cycle t) {
  if (port == unsigned(Port::Ramp)) {
    context.schedule.wake(Actor::Core, place, t + 1);
    return;
  }
  uint32_t upstream = neighbourOf(context.grid, place, port);
  if (upstream != kNone) {
    context.schedule.wake(Actor::Router, upstream, t + 1);
  } else {
    host.freed(context, place, Port(port), t);
  }
}

/// To the core.
[[gnu::always_inline]] inline void
Fabric::deliver(uint32_t place, Router &r, Channel &c, Wavelet w, Cycle t) {
  if (r.taken != kUnbound && r.taken == indexOf(r, c) && take(place, c, w, t)) {
    return;
  }
  if (!c.fifos[kInputQueue] && c.inputQueue() == kDeadCore) {
    context.raise(t, Actor::Router, place,
                  sim::deadFault(*state.dead, context.grid.coordOf(place),
                                 Port::Ramp, colorOf(place, c), t));
    return;
  }
  Cycle usableFrom = t + rampCycles;
  Fifo &queue = madeFifo(c, kInputQueue);
  if (queue.empty()) { // a new head; who takes it sees those behind it
    context.schedule.wake(Actor::Core, place, usableFrom);
  }
  queue.push(w, usableFrom);
}

/// Lets the core take a wavelet that is handed on at t; false if it has to be
/// looked at, and finds the wavelet in its queue. In the queue there would be
/// room: it is empty but for those that the core takes, each as soon as it is
/// usable.
bool Fabric::take(uint32_t place, Channel &c, Wavelet w, Cycle t) {
  const Router &r = routers[place];
  Intake &in = routers[place].intake;
  Channel *out =
      r.answer == kUnbound ? nullptr : &channels[r.firstChannel + r.answer];
  Cycle step = t + rampCycles;
  bool can = in.left && !w.control && !w.payload && in.next <= step &&
             step < context.bound &&
             (!out || roomFrom(*out, kOutputQueue) <= step);
  if (!can) {
    cores->endIntake(place);
    return false;
  }
  if (out) {
    enter(place, *out, kOutputQueue, Wavelet(), step + 1 + rampCycles);
  }
  in.next = step + 1;
  ++in.done;
  context.happened(step + 1);
  context.aheadTo = std::max(context.aheadTo, step + 1);
  if (--in.left == 0) { // the core learns of it when it is looked at
    context.schedule.wake(Actor::Core, place, step + 1);
  }
  return true;
}

void Fabric::leaveGrid(uint32_t place, Channel &c, unsigned port, Wavelet w,
                       Cycle t) {
  if (state.dead->link(context.grid.coordOf(place), Port(port))) {
    context.raise(t, Actor::Router, place,
                  sim::deadFault(*state.dead, context.grid.coordOf(place),
                                 Port(port), colorOf(place, c), t));
    return;
  }
  int exit = host.exitAt(place, Port(port), colorOf(place, c));
  if (exit >= 0) {
    host.leave(context, exit, w, t);
    return;
  }
  static constexpr const char *kSides[] = {"west", "east", "south", "north"};
  Coord from = context.grid.coordOf(place);
  context.raise(t, Actor::Router, place,
                fmt::format("cycle {}: a wavelet of color {} leaves the "
                            "grid over the {} edge at core ({}, {}), "
                            "where the host has no port",
                            t, colorOf(place, c), kSides[port], from.x,
                            from.y));
}
