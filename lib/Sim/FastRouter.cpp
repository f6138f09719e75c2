// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastRouter.cpp - A router in a cycle -------------------------------===//
#include "FastCore.h"
#include "FastHost.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::fast;

static constexpr unsigned kRampBit = portBit(Port::Ramp);

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
    return m.inputQueues.depths[c.inputQueue] + m.rampCycles;
  }
  if (index == kOutputQueue) {
    return m.outputQueues.depths[c.outputQueue] + m.rampCycles + 1;
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
  r.sleeping |= 1u << c.index;
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

void Fabric::store(Channel &c) {
  bool isDue = (c.due >> c.alonePort) & 1u;
  // When one that is due became usable, nobody will ask.
  Cycle usableFrom =
      isDue ? context.schedule.present() : headTime(c, c.alonePort);
  madeFifo(c, c.alonePort).push({c.alonePayload, c.aloneControl}, usableFrom);
  c.alonePort = kNobody;
}

void Fabric::enter(uint32_t place, Channel &c, unsigned index, Wavelet w,
                   Cycle usableFrom) {
  unsigned bit = 1u << index;
  if (c.occupied() & bit) {
    // It is seen when those before it have gone.
    if (c.alonePort == index) {
      store(c);
    }
    context.fifos[c.fifos[index]].push(w, usableFrom);
    return;
  }
  if (c.alonePort == kNobody && state.hasRoomForTwo) {
    c.alonePort = uint8_t(index);
    c.aloneControl = w.control;
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
    uint32_t channel = 1u << c.index;
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
  context.schedule.wake(Actor::Router, place, usableFrom);
}

inline Wavelet Fabric::pop(uint32_t place, Channel &c, unsigned port, Cycle t) {
  uint8_t others = uint8_t(c.due & ~(1u << port));
  Wavelet w;
  if (c.alonePort == port) {
    w = {c.alonePayload, c.aloneControl};
    c.alonePort = kNobody;
    c.due = others;
  } else {
    Fifo &source = context.fifos[c.fifos[port]];
    bool wasFull = source.full();
    w = source.pop(t);
    if (source.empty()) {
      c.due = others;
    } else if (source.head().time() > t + 1) {
      c.due = others;
      sleep(routers[place], c, port, source.head().time());
    }
    if (wasFull) {
      freed(place, port, t);
    }
  }
  if (!c.due) {
    routers[place].pending &= ~(1u << c.index);
  }
  return w;
}

//===----------------------------------------------------------------------===//
// Which wavelet moves
//===----------------------------------------------------------------------===//

/// Where the head at a port goes to.
inline unsigned Fabric::targets(const Channel &c, unsigned port) const {
  const RouteConfig &route = routeOf(c);
  unsigned to = route.positions[c.position].tx;
  if (!(to & kRampBit)) {
    return to;
  }
  const Filter &filter = route.filter;
  Wavelet w = head(c, port);
  bool delivered = true;
  if (w.control) {
    delivered = !ControlWavelet::decode(w.payload).commands[0].noce;
  } else if (filter.kind == FilterKind::Counter) {
    delivered = c.filterCount < filter.limit;
  } else if (filter.kind == FilterKind::Range) {
    uint32_t high = w.payload >> 16;
    delivered = high >= filter.min && high <= filter.max;
  }
  return delivered ? to : to & ~kRampBit;
}

/// The first target that has no room at t, or kNumPorts; `later` becomes the
/// cycle in which there will be some, if it is known and lies before it.
inline unsigned Fabric::blockedPort(const Channel &c, unsigned to, Cycle t,
                                    Cycle &later) const {
  for (; to; to &= to - 1) {
    unsigned port = unsigned(__builtin_ctz(to));
    Cycle room = 0;
    if (port == unsigned(Port::Ramp)) {
      room = c.inputQueue == kUnbound ? kNever : roomFrom(c, kInputQueue);
    } else if (c.neighbours[port] != kNone) { // the host takes everything
      room = roomFrom(channels[c.neighbours[port]],
                      unsigned(opposite(Port(port))));
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
  ports &= routeOf(c).positions[c.position].rx;
  Cycle later = kNever;
  return ports ? blockedPort(c, targets(c, unsigned(__builtin_ctz(ports))), t,
                             later)
               : kNumPorts;
}

bool Fabric::canMove(uint32_t place) const {
  const Router &r = routers[place];
  for (uint32_t rest = r.pending | r.sleeping; rest; rest &= rest - 1) {
    const Channel &c = channels[r.firstChannel + unsigned(__builtin_ctz(rest))];
    unsigned ports = routeOf(c).positions[c.position].rx & c.occupied();
    for (; ports; ports &= ports - 1) {
      unsigned to = targets(c, unsigned(__builtin_ctz(ports)));
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
  uint32_t below = (1u << r.next) - 1u;
  uint32_t first = r.pending & ~below;
  uint32_t second = r.pending & below;
  while (first | second) {
    uint32_t &half = first ? first : second;
    unsigned index = unsigned(__builtin_ctz(half));
    half &= half - 1;
    Channel &c = channels[r.firstChannel + index];
    unsigned ports = (fresh >> index) & 1u ? c.due & ~c.fresh : c.due;
    ports &= routeOf(c).positions[c.position].rx;
    if (!ports) {
      continue;
    }
    unsigned from = unsigned(__builtin_ctz(ports));
    unsigned to = targets(c, from);
    unsigned needs = to | (from == unsigned(Port::Ramp)) << kNumPorts;
    if (needs & used) {
      wake = t + 1;
      continue;
    }
    if (blockedPort(c, to, t, wake) != kNumPorts) {
      continue;
    }
    used |= needs;
    firstMoved = firstMoved == kNone ? index : firstMoved;
    perform(place, c, from, to, t);
    if (c.due & routeOf(c).positions[c.position].rx) {
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
    context.schedule.wake(Actor::Router, place, std::max(wake, t + 1));
  }
}

inline void Fabric::perform(uint32_t place, Channel &c, unsigned from,
                            unsigned to, Cycle t) {
  const RouteConfig &route = routeOf(c);
  unsigned position = c.position;
  Wavelet w = pop(place, c, from, t);
  if (w.control) {
    w.payload = command(place, c, w.payload, t);
  } else if (route.filter.kind == FilterKind::Counter &&
             (route.positions[position].tx & kRampBit)) {
    c.filterCount = c.filterCount == route.filter.max
                        ? uint16_t(0)
                        : uint16_t(c.filterCount + 1);
  }
  for (; to; to &= to - 1) {
    send(place, c, unsigned(__builtin_ctz(to)), w, t);
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

inline void Fabric::send(uint32_t place, Channel &c, unsigned port, Wavelet w,
                         Cycle t) {
  if (port == unsigned(Port::Ramp)) {
    if (routers[place].taken == c.index && take(place, c, w, t)) {
      return;
    }
    if (c.inputQueue == kDeadCore) {
      context.raise(t, Actor::Router, place,
                    sim::deadFault(*state.dead, context.grid.coordOf(place),
                                   Port::Ramp, c.color, t));
      return;
    }
    Cycle usableFrom = t + context.machine.rampCycles;
    Fifo &queue = madeFifo(c, kInputQueue);
    if (queue.empty()) { // a new head; who takes it sees those behind it
      context.schedule.wake(Actor::Core, place, usableFrom);
    }
    queue.push(w, usableFrom);
  } else if (c.neighbours[port] != kNone) {
    ++context.wordHops;
    Cycle usableFrom = t + context.machine.hopCycles;
    if (!state.extraCycles.empty()) {
      usableFrom += state.extraCycles[place][port];
    }
    enter(place + state.stride[port], channels[c.neighbours[port]],
          unsigned(opposite(Port(port))), w, usableFrom);
  } else {
    leaveGrid(place, c, port, w, t);
  }
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
  Cycle step = t + context.machine.rampCycles;
  bool can = in.left && !w.control && !w.payload && in.next <= step &&
             step < context.bound &&
             (!out || roomFrom(*out, kOutputQueue) <= step);
  if (!can) {
    cores->endIntake(place);
    return false;
  }
  if (out) {
    enter(place, *out, kOutputQueue, Wavelet(),
          step + 1 + context.machine.rampCycles);
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
                                 Port(port), c.color, t));
    return;
  }
  int exit = host.exitAt(place, Port(port), c.color);
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
                            t, c.color, kSides[port], from.x, from.y));
}
