// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceRouter.h - The routers and links of the grid ----*- C++ -*-===//
//
// Section 3 of the specification. A channel is the state of one color in one
// router; it exists where the color can ever carry a wavelet: where a rule
// gives a route, where a neighbour or a host port sends to, and where a queue
// is bound. The FIFOs of a channel are made when they are first used.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_REFERENCEROUTER_H
#define WAFER_LIB_SIM_REFERENCEROUTER_H

#include "ReferenceContext.h"
#include "StateView.h"

namespace wafer::reference {

class Host;

using sim::kInputQueue;
using sim::kOutputQueue;
using sim::kUnbound;

struct Channel {
  uint32_t config = kNoRoute;
  uint16_t filterCount = 0;
  uint8_t position = 0;
  /// Bit p: there are wavelets at port p.
  uint8_t occupied = 0;
  uint8_t inputQueue = kUnbound;
  uint8_t outputQueue = kUnbound;
  std::array<uint32_t, 6> fifos = {kNone, kNone, kNone, kNone, kNone, kNone};
};

struct Router {
  /// Bit c: color c has a channel here; they lie in the order of the colors.
  uint32_t colors = 0;
  /// Bit c: some FIFO of color c is not empty (input queues do not count).
  uint32_t pending = 0;
  uint32_t firstChannel = 0;
  /// The color with which the next look begins.
  uint8_t next = 0;
};

class Fabric {
public:
  explicit Fabric(Context &context) : context(context) {}
  void attach(Host &h) { host = &h; }

  Status load();

  /// One router in one cycle.
  void look(uint32_t place, Cycle t);

  /// The channel of a color at a place, or kNone.
  uint32_t channelAt(uint32_t place, unsigned color) const;
  /// The color of channel `id` at its place.
  unsigned colorOf(uint32_t place, uint32_t id) const;
  Channel &channel(uint32_t id) { return channels[id]; }
  const Channel &channel(uint32_t id) const { return channels[id]; }
  const Router &router(uint32_t place) const { return routers[place]; }
  const RouteConfig *configOf(const Channel &c) const {
    return c.config == kNoRoute ? nullptr : &context.image.configs[c.config];
  }

  /// A FIFO of a channel; nullptr while it is not made yet (then it is empty).
  Fifo *fifo(const Channel &c, unsigned index) {
    return c.fifos[index] == kNone ? nullptr : &context.fifos[c.fifos[index]];
  }
  bool hasRoom(const Channel &c, unsigned index, Cycle t) {
    Fifo *f = fifo(c, index);
    return !f || f->hasRoom(t);
  }

  /// Puts a wavelet into the buffer of a router's port, or, with kOutputQueue,
  /// into the core's output queue of the color. Needs room.
  void enter(uint32_t place, unsigned color, unsigned index, Wavelet w,
             Cycle usableFrom);
  /// Takes the head of the input queue of a core.
  Wavelet takeInput(uint32_t place, Channel &c, Cycle t);

  /// A wavelet a router would send on: where it comes from and goes to.
  struct Move {
    unsigned from = 0;
    uint8_t to = 0;
  };
  /// The move of a color that is due at t if its ports are free and have room.
  /// Without one: `later` becomes the earliest cycle at which a head becomes
  /// usable, if that lies before it.
  std::optional<Move> dueMove(const Channel &c, Cycle t, Cycle &later);
  /// The first port of the move that has no room, or kNumPorts. `roomNext`
  /// becomes true if the room is there in the next cycle.
  unsigned blockedPort(uint32_t place, unsigned color, const Channel &c,
                       const Move &move, Cycle t, bool &roomNext);
  /// Whether a wavelet of the router can move, now or later, if nobody else
  /// does anything.
  bool canMove(uint32_t place);

private:
  /// Where the head of a port's FIFO goes when it is its turn.
  Move moveOf(const Channel &c, const RouteConfig &config, unsigned port) const;
  bool portHasRoom(uint32_t place, unsigned color, const Channel &c, Port port,
                   Cycle t, bool &roomNext);
  void perform(uint32_t place, unsigned color, Channel &c, const Move &move,
               Cycle t);
  void send(uint32_t place, unsigned color, Channel &c, Port port, Wavelet w,
            Cycle t);
  uint32_t command(uint32_t place, unsigned color, Channel &c,
                   const RouteConfig &config, uint32_t payload);
  void freed(uint32_t place, unsigned port, Cycle t);
  unsigned capacityOf(const Channel &c, unsigned index) const;

  Context &context;
  Host *host = nullptr;
  std::vector<Router> routers;
  std::vector<Channel> channels;
};

} // namespace wafer::reference

#endif // WAFER_LIB_SIM_REFERENCEROUTER_H
