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

/// One cache line.
struct alignas(64) Channel {
  /// nullptr: no route.
  const RouteConfig *config = nullptr;
  /// By number in the pool; 0 while no wavelet came (then it is empty).
  std::array<uint32_t, kNumFifos> fifos{};
  /// Channels of the color at the neighbours; kNone where there is none.
  std::array<uint32_t, 4> neighbours = {kNone, kNone, kNone, kNone};
  uint16_t filterCount = 0;
  uint8_t position = 0;
  /// Bit p: there are wavelets at port p.
  uint8_t occupied = 0;
  uint8_t color = 0;
  uint8_t inputQueue = kUnbound;
  uint8_t outputQueue = kUnbound;
  /// The core takes words of the color as its Intake says.
  bool taken = false;
};

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

/// One cache line.
struct alignas(64) Router {
  /// Of its core.
  Intake intake;
  uint32_t firstChannel = 0;
  /// Bit c: some FIFO of color c is not empty (input queues do not count).
  uint32_t pending = 0;
  /// The color with which the next look begins.
  uint8_t next = 0;
  /// Every word of the intake is answered by one in this channel, counted from
  /// the first one; kUnbound: by none.
  uint8_t answer = kUnbound;
  /// By color: its channel, counted from the first one; kUnbound: none.
  std::array<uint8_t, 32> channels;
};

/// The state of all routers.
struct FabricState {
  LargeVector<Router> routers;
  LargeVector<Channel> channels;
  /// Places from one to its neighbour, by port.
  std::array<uint32_t, kNumPorts> stride{};
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
    cores = &itsCores;
  }

  /// One router in one cycle.
  void look(uint32_t place, Cycle t);
  /// Whether a wavelet of the router can move, now or later, if nobody else
  /// does anything.
  bool canMove(uint32_t place) const;

  uint32_t channelAt(uint32_t place, unsigned color) const {
    const Router &r = routers[place];
    uint8_t index = r.channels[color];
    return index == kUnbound ? kNone : r.firstChannel + index;
  }
  const Router &router(uint32_t place) const { return routers[place]; }
  Channel &channel(uint32_t id) { return channels[id]; }
  const Channel &channel(uint32_t id) const { return channels[id]; }
  Intake &intake(uint32_t place) { return routers[place].intake; }
  /// Its words come over channel `in`, and are answered in `out` unless that is
  /// nullptr.
  void beginIntake(uint32_t place, Channel &in, const Channel *out) {
    Router &r = routers[place];
    in.taken = true;
    r.answer = out ? r.channels[out->color] : kUnbound;
  }

  /// A FIFO of a channel; nullptr while it is not made.
  Fifo *fifo(const Channel &c, unsigned index) const {
    return c.fifos[index] ? &context.fifos[c.fifos[index]] : nullptr;
  }
  Cycle roomFrom(const Channel &c, unsigned index) const {
    return c.fifos[index] ? context.fifos[c.fifos[index]].roomFrom() : 0;
  }
  /// Brings what look(place) will read closer.
  void prefetch(uint32_t place) const { __builtin_prefetch(&routers[place]); }
  /// The same for its channels, once the router itself is close.
  void prefetchChannels(uint32_t place) const {
    const Router &r = routers[place];
    for (uint32_t pending = r.pending; pending; pending &= pending - 1) {
      unsigned color = unsigned(__builtin_ctz(pending));
      __builtin_prefetch(&channels[r.firstChannel + r.channels[color]]);
    }
  }
  /// The same for what lies behind its channels: FIFOs, and where they lead.
  void prefetchFifos(uint32_t place) const {
    const Router &r = routers[place];
    for (uint32_t pending = r.pending; pending; pending &= pending - 1) {
      unsigned color = unsigned(__builtin_ctz(pending));
      const Channel &c = channels[r.firstChannel + r.channels[color]];
      for (unsigned ports = c.occupied; ports; ports &= ports - 1) {
        __builtin_prefetch(
            &context.fifos[c.fifos[unsigned(__builtin_ctz(ports))]]);
      }
      unsigned tx = c.config ? c.config->positions[c.position].tx & 15u : 0;
      for (; tx; tx &= tx - 1) {
        uint32_t next = c.neighbours[unsigned(__builtin_ctz(tx))];
        if (next != kNone) {
          __builtin_prefetch(&channels[next]);
        }
      }
      if (c.fifos[kInputQueue]) {
        __builtin_prefetch(&context.fifos[c.fifos[kInputQueue]]);
      }
    }
  }

  /// The same for where wavelets go to.
  void prefetchTargets(uint32_t place) const {
    const Router &r = routers[place];
    for (uint32_t pending = r.pending; pending; pending &= pending - 1) {
      unsigned color = unsigned(__builtin_ctz(pending));
      const Channel &c = channels[r.firstChannel + r.channels[color]];
      unsigned tx = c.config ? c.config->positions[c.position].tx & 15u : 0;
      for (; tx; tx &= tx - 1) {
        unsigned port = unsigned(__builtin_ctz(tx));
        if (c.neighbours[port] == kNone) {
          continue;
        }
        const Channel &next = channels[c.neighbours[port]];
        uint32_t target = place + state.stride[port];
        __builtin_prefetch(
            &context.fifos[next.fifos[unsigned(opposite(Port(port)))]], 1);
        __builtin_prefetch(&routers[target], 1);
        context.schedule.prefetch(Actor::Router, target);
      }
    }
  }

  /// Puts a wavelet into the buffer of a router's port or, with kOutputQueue,
  /// into the core's output queue of the color. Needs room.
  void enter(uint32_t place, Channel &c, unsigned index, Wavelet w,
             Cycle usableFrom) {
    if (!c.fifos[index]) {
      c.fifos[index] = context.fifos.create(capacityOf(c, index));
    }
    if (!((c.occupied >> index) & 1u)) {
      // A new head; when it moves, those behind it are seen.
      c.occupied = uint8_t(c.occupied | (1u << index));
      routers[place].pending |= 1u << c.color;
      context.schedule.wake(Actor::Router, place, usableFrom);
    }
    context.fifos[c.fifos[index]].push(w, usableFrom);
  }
  /// Takes the head of the input queue of a core in cycle t.
  Wavelet takeInput(uint32_t place, Channel &c, Cycle t) {
    Fifo &queue = context.fifos[c.fifos[kInputQueue]];
    if (queue.full()) {
      context.schedule.wake(Actor::Router, place, t + 1);
    }
    return queue.pop(t);
  }

  /// The port of the wavelet of a color that is due at t, and where it goes;
  /// `from` is kNumPorts without one, and `later` becomes the cycle of the
  /// first head that becomes usable, if that lies before it.
  struct Move {
    unsigned from = kNumPorts;
    unsigned to = 0;
  };
  Move dueMove(const Channel &c, Cycle t, Cycle &later) const;
  /// The first port of the move that has no room at t, or kNumPorts; `later`
  /// as above for room.
  unsigned blockedPort(const Channel &c, Move move, Cycle t,
                       Cycle &later) const;

private:
  Move moveOf(const Channel &c, unsigned port) const;
  void perform(uint32_t place, Channel &c, Move move, Cycle t);
  void send(uint32_t place, Channel &c, unsigned port, Wavelet w, Cycle t);
  bool take(uint32_t place, Channel &c, Wavelet w, Cycle t);
  void freed(uint32_t place, unsigned port, Cycle t);
  uint32_t command(uint32_t place, Channel &c, uint32_t payload, Cycle t);
  unsigned capacityOf(const Channel &c, unsigned index) const;
  void leaveGrid(uint32_t place, Channel &c, unsigned port, Wavelet w, Cycle t);

  Context &context;
  FabricState &state;
  Host &host;
  Router *routers = nullptr;
  Channel *channels = nullptr;
  Cores *cores = nullptr;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTFABRIC_H
