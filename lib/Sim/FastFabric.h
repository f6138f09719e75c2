// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastFabric.h - Routers and links in flat arrays ----------*- C++ -*-===//
//
// Section 3 of the specification for the fast engine. A router is looked at in
// cycles in which a wavelet can move, or in which it learns when that will be.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTFABRIC_H
#define WAFER_LIB_SIM_FASTFABRIC_H

#include "FastContext.h"
#include "StateView.h"

namespace wafer::fast {

using sim::kDeadCore;
using sim::kInputQueue;
using sim::kNumFifos;
using sim::kOutputQueue;
using sim::kUnbound;

class Cores;
class Host;

inline constexpr uint8_t kNobody = 0xff;

/// A color in a router; one cache line. A router is told of a head, the first
/// wavelet of a port, when it is usable: until then it sleeps.
struct alignas(64) Channel {
  /// By number in the pool; 0 while no wavelet came (then it is empty).
  std::array<uint32_t, kNumFifos> fifos{};
  /// Channels of the color at the neighbours; kNone where there is none.
  std::array<uint32_t, 4> neighbours = {kNone, kNone, kNone, kNone};
  /// One wavelet that stands alone at its port lies here, so that nobody need
  /// touch the FIFO (which is empty).
  uint32_t alonePayload = 0;
  /// The cycle from which it is usable, modulo 2^32; of one that sleeps.
  uint32_t aloneFrom = 0;
  /// Index into FabricState::routes.
  uint32_t route = 0;
  uint16_t filterCount = 0;
  uint8_t position = 0;
  uint8_t alonePort = kNobody;
  /// Bit p: the head at port p is usable, in the next cycle at the latest.
  uint8_t due = 0;
  /// Bit p: the head at port p becomes usable later.
  uint8_t sleeping = 0;
  /// Of `due`, those that came in the cycle Router::freshAt, if the router says
  /// that there are any.
  uint8_t fresh = 0;
  /// Of the position: the ports that it receives from, and that it sends to.
  /// One that sends nowhere takes nothing.
  uint8_t receives = 0;
  uint8_t sends = 0;
  bool isFiltered = false;
  bool aloneControl = false;
  /// Input queue in the lower half, output queue in the upper one.
  uint8_t queues = 0xff;

  /// Bit p: there are wavelets at port p.
  unsigned occupied() const { return due | sleeping; }
  /// Bit p: there are wavelets in the FIFO of port p.
  unsigned stored() const {
    return occupied() & ~(alonePort < kNumPorts ? 1u << alonePort : 0u);
  }
  /// Of a core; kUnbound or kDeadCore where there is none.
  uint8_t inputQueue() const {
    unsigned queue = queues & 15u;
    return uint8_t(queue < 8 ? queue : queue | 0xf0u);
  }
  uint8_t outputQueue() const {
    unsigned queue = queues >> 4;
    return uint8_t(queue < 8 ? queue : queue | 0xf0u);
  }
  void setQueues(uint8_t input, uint8_t output) {
    queues = uint8_t((input & 15u) | unsigned(output) << 4);
  }
  void setPosition(const RouteConfig &config, unsigned to) {
    position = uint8_t(to);
    sends = config.positions[to].tx;
    receives = sends ? config.positions[to].rx : uint8_t(0);
  }
};
static_assert(sizeof(Channel) == 64, "one cache line");

/// A core that waits in a vector instruction for words, in a run without
/// values. What it does with a word follows from the cycle in which the router
/// hands it on. So the router notes it here, and nobody looks at the core until
/// something else happens: a word with a value, a control wavelet, no room for
/// what the instruction sends, the bound, or the last word.
struct Intake {
  /// No step before this cycle.
  Cycle next = 0;
  /// Words to come; 0 if there is no such instruction.
  uint32_t left = 0;
  /// Words that the core does not know of yet.
  uint32_t done = 0;
};

/// One cache line. Masks are of channels, counted from the first one; they lie
/// in the order of the colors.
struct alignas(64) Router {
  /// Planned for this cycle.
  Cycle at = kNever;
  /// Of its core.
  Intake intake;
  uint32_t firstChannel = 0;
  /// Bit c: color c has a channel.
  uint32_t colors = 0;
  /// Channels with heads that are due.
  uint32_t pending = 0;
  /// Channels with heads that sleep, and the first cycle, modulo 2^32, in which
  /// one is usable. The router is looked at then.
  uint32_t sleeping = 0;
  uint32_t sleepUntil = 0;
  /// Channels in which a port became due in cycle `freshAt` (modulo 2^32): it
  /// must not move in that cycle.
  uint32_t fresh = 0;
  uint32_t freshAt = 0;
  /// The channel with which the next look begins.
  uint8_t next = 0;
  /// The core takes words of this channel as its Intake says; kUnbound: of
  /// none.
  uint8_t taken = kUnbound;
  /// Every word of the intake is answered by one in this channel; kUnbound: by
  /// none.
  uint8_t answer = kUnbound;

  unsigned indexOf(unsigned color) const {
    return unsigned(__builtin_popcount(colors & ((1u << color) - 1u)));
  }
};
static_assert(sizeof(Router) == 64, "one cache line");

/// The place behind a port; kNone over the edge.
uint32_t neighbourOf(const Grid &grid, uint32_t place, unsigned port);

/// The state of all routers.
struct FabricState {
  LargeVector<Router> routers;
  LargeVector<Channel> channels;
  /// Of the image; the first one is that of a channel without a route.
  std::vector<RouteConfig> routes;
  /// Places from one to its neighbour, by port.
  std::array<uint32_t, kNumPorts> stride{};
  /// A port has room for a wavelet if at most one stands there.
  bool hasRoomForTwo = false;
  /// Channels know no neighbour behind a dead link, so that what goes there
  /// leaves the usual way and is looked at (Fabric::leaveGrid).
  std::unique_ptr<const DeadParts> dead;
  /// Cycles beyond a hop by place and port; empty where no link is longer.
  std::vector<std::array<uint8_t, 4>> extraCycles;

  Status load(const Image &image, const Machine &machine, const Grid &grid);
};

/// A lane's hands on it.
class Fabric {
public:
  Fabric(Context &context, FabricState &state, Host &host)
      : context(context), state(state), host(host) {}
  /// To be called when the state was loaded.
  void attach(Cores &itsCores) {
    routers = state.routers.data();
    channels = state.channels.data();
    routes = state.routes.data();
    extraCycles =
        state.extraCycles.empty() ? nullptr : state.extraCycles.data();
    hasRoomForTwo = state.hasRoomForTwo;
    hopCycles = context.machine.hopCycles;
    rampCycles = context.machine.rampCycles;
    cores = &itsCores;
  }

  /// One router in one cycle.
  void look(uint32_t place, Cycle t);
  /// Whether a wavelet of the router can move, now or later, if nobody else
  /// does anything.
  bool canMove(uint32_t place) const;

  uint32_t channelAt(uint32_t place, unsigned color) const {
    const Router &r = routers[place];
    bool has = (r.colors >> color) & 1u;
    return has ? r.firstChannel + r.indexOf(color) : kNone;
  }
  const Router &router(uint32_t place) const { return routers[place]; }
  unsigned colorOf(uint32_t place, const Channel &c) const {
    uint32_t colors = routers[place].colors;
    for (unsigned i = indexOf(routers[place], c); i; --i) {
      colors &= colors - 1;
    }
    return unsigned(__builtin_ctz(colors));
  }
  Channel &channel(uint32_t id) { return channels[id]; }
  const Channel &channel(uint32_t id) const { return channels[id]; }
  Intake &intake(uint32_t place) { return routers[place].intake; }
  void endIntake(uint32_t place) {
    routers[place].intake.left = 0;
    routers[place].taken = kUnbound;
  }
  /// Its words come over channel `in`, and are answered in `out` unless that is
  /// nullptr.
  void beginIntake(uint32_t place, Channel &in, const Channel *out) {
    Router &r = routers[place];
    r.taken = uint8_t(indexOf(r, in));
    r.answer = out ? uint8_t(indexOf(r, *out)) : kUnbound;
  }

  /// The input queue of a channel; nullptr while it is not made.
  Fifo *inputFifo(const Channel &c) const {
    uint32_t id = c.fifos[kInputQueue];
    return id ? &context.fifos[id] : nullptr;
  }
  /// Wavelets at a port or, with kInputQueue, in the core's input queue.
  unsigned size(const Channel &c, unsigned index) const;
  /// Of one of them.
  Wavelet head(const Channel &c, unsigned index) const {
    if (c.alonePort == index) {
      return {c.alonePayload, c.aloneControl};
    }
    return context.fifos[c.fifos[index]].head().wavelet();
  }
  /// The cycle from which there is room for one more; kNever while it depends
  /// on somebody who takes one out first.
  Cycle roomFrom(const Channel &c, unsigned index) const {
    if (index != kInputQueue && hasRoomForTwo &&
        !((c.stored() >> index) & 1u)) {
      return 0;
    }
    return c.fifos[index] ? context.fifos[c.fifos[index]].roomFrom() : 0;
  }

  /// Brings what look(place) will read closer, in two steps. The router itself
  /// came when it was taken out of the schedule.
  void prefetch(uint32_t place) const {
    __builtin_prefetch(&routers[place], 1);
  }
  void prefetchChannels(uint32_t place) const;
  void prefetchTargets(uint32_t place) const;

  /// Puts a wavelet into the buffer of a router's port or, with kOutputQueue,
  /// into the core's output queue of the color. Needs room.
  void enter(uint32_t place, Channel &c, unsigned index, Wavelet w,
             Cycle usableFrom);
  /// Takes the head of an input queue of a core in cycle t.
  Wavelet takeInput(uint32_t place, Fifo &queue, Cycle t) {
    if (queue.full()) {
      context.schedule.wake(Actor::Router, place, t + 1);
    }
    return queue.pop(t);
  }

  /// Appends what the channel holds, with times counted from `now`, at which
  /// nobody has acted yet.
  void describe(uint32_t id, Cycle now, std::vector<uint32_t> &words) const;
  /// What is usable behind `now` only becomes so `by` cycles later.
  void delay(uint32_t id, Cycle now, Cycle by);

  /// The first port that has no room in cycle t for the wavelet of the channel
  /// that is due then; kNumPorts if there is none.
  unsigned blockedPort(const Channel &c, Cycle t) const;

private:
  /// A wavelet that would move, and where it stands.
  struct Move {
    Wavelet wavelet;
    Fifo *source = nullptr; // nullptr: alone at its port
    unsigned from = 0;
    unsigned to = 0; // ports
  };

  const RouteConfig &routeOf(const Channel &c) const { return routes[c.route]; }
  unsigned indexOf(const Router &r, const Channel &c) const {
    return unsigned(&c - &channels[r.firstChannel]);
  }
  Move moveFrom(const Channel &c, unsigned port) const;
  unsigned delivered(const Channel &c, Wavelet w) const;
  unsigned blockedPort(const Channel &c, unsigned targets, Cycle t,
                       Cycle &later) const;
  Cycle headTime(const Channel &c, unsigned port) const;
  void wakeSleepers(Router &r, Cycle t);
  void sleep(Router &r, Channel &c, unsigned port, Cycle until);
  void perform(uint32_t place, Router &r, Channel &c, Move &move, Cycle t);
  void pop(uint32_t place, Router &r, Channel &c, const Move &move, Cycle t);
  void put(uint32_t place, Channel &c, unsigned index, Wavelet w,
           Cycle usableFrom);
  void putBehind(Channel &c, unsigned index, Wavelet w, Cycle usableFrom);
  void deliver(uint32_t place, Router &r, Channel &c, Wavelet w, Cycle t);
  bool take(uint32_t place, Channel &c, Wavelet w, Cycle t);
  void freed(uint32_t place, unsigned port, Cycle t);
  uint32_t command(uint32_t place, Channel &c, uint32_t payload, Cycle t);
  unsigned capacityOf(const Channel &c, unsigned index) const;
  Fifo &madeFifo(Channel &c, unsigned index) {
    if (!c.fifos[index]) {
      c.fifos[index] = context.fifos.create(capacityOf(c, index));
    }
    return context.fifos[c.fifos[index]];
  }
  /// What lies alone at a port goes to the FIFO.
  void store(Channel &c);
  void leaveGrid(uint32_t place, Channel &c, unsigned port, Wavelet w, Cycle t);

  Context &context;
  FabricState &state;
  Host &host;
  Router *routers = nullptr;
  Channel *channels = nullptr;
  const RouteConfig *routes = nullptr;
  /// FabricState::extraCycles; nullptr if it is empty.
  const std::array<uint8_t, 4> *extraCycles = nullptr;
  bool hasRoomForTwo = false;
  uint32_t hopCycles = 1;
  uint32_t rampCycles = 1;
  Cores *cores = nullptr;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTFABRIC_H
