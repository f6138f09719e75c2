// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceRouter.cpp - A router in a cycle
//------------------------------//
//
// Section 3 of the specification: which wavelets move, control wavelets and
// filters.
//
//===----------------------------------------------------------------------===//
#include "ReferenceRouter.h"
#include "ReferenceHost.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::reference;

uint32_t Fabric::channelAt(uint32_t place, unsigned color) const {
  const Router &r = routers[place];
  if (!((r.colors >> color) & 1u)) {
    return kNone;
  }
  uint32_t below = r.colors & ((1u << color) - 1u);
  return r.firstChannel + uint32_t(__builtin_popcount(below));
}

unsigned Fabric::colorOf(uint32_t place, uint32_t id) const {
  const Router &r = routers[place];
  uint32_t colors = r.colors;
  for (uint32_t i = r.firstChannel; i < id; ++i) {
    colors &= colors - 1;
  }
  return unsigned(__builtin_ctz(colors));
}

unsigned Fabric::capacityOf(const Channel &c, unsigned index) const {
  const Machine &m = context.machine;
  // The ramp is an elastic pipeline: its stages hold wavelets too.
  if (index == kInputQueue) {
    return m.inputQueues.depths[c.inputQueue] + m.rampCycles;
  }
  if (index == kOutputQueue) {
    return m.outputQueues.depths[c.outputQueue] + m.rampCycles + 1;
  }
  return m.routerBufferDepth;
}

//===----------------------------------------------------------------------===//
// Which wavelet is due
//===----------------------------------------------------------------------===//

/// True if the filter lets the next data wavelet pass.
static bool passes(const Filter &filter, uint16_t count, uint32_t payload) {
  switch (filter.kind) {
  case FilterKind::None:
    return true;
  case FilterKind::Counter:
    return count < filter.limit;
  case FilterKind::Range:
    return (payload >> 16) >= filter.min && (payload >> 16) <= filter.max;
  }
  return true;
}

Fabric::Move Fabric::moveOf(const Channel &c, const RouteConfig &config,
                            unsigned port) const {
  const FifoSlot &head = context.fifos[c.fifos[port]].head();
  constexpr uint8_t ramp = portBit(Port::Ramp);
  Move move{port, config.positions[c.position].tx};
  bool delivered = head.control
                       ? !ControlWavelet::decode(head.payload).commands[0].noce
                       : passes(config.filter, c.filterCount, head.payload);
  if (!delivered) {
    move.to = uint8_t(move.to & ~ramp);
  }
  return move;
}

std::optional<Fabric::Move> Fabric::dueMove(const Channel &c, Cycle t,
                                            Cycle &later) {
  const RouteConfig *config = configOf(c);
  if (!config) {
    return std::nullopt; // no route: back-pressure
  }
  const SwitchPosition &position = config->positions[c.position];
  unsigned candidates = position.tx ? position.rx & c.occupied : 0u;
  for (unsigned port = 0; port < kNumPorts; ++port) {
    if (!((candidates >> port) & 1u)) {
      continue;
    }
    const FifoSlot &head = context.fifos[c.fifos[port]].head();
    if (head.usableFrom > t) {
      later = std::min(later, head.usableFrom);
      continue;
    }
    return moveOf(c, *config, port);
  }
  return std::nullopt;
}

bool Fabric::canMove(uint32_t place) {
  for (uint32_t pending = routers[place].pending; pending;
       pending &= pending - 1) {
    unsigned color = unsigned(__builtin_ctz(pending));
    const Channel &c = channels[channelAt(place, color)];
    const RouteConfig *config = configOf(c);
    if (!config || !config->positions[c.position].tx) {
      continue;
    }
    unsigned candidates = config->positions[c.position].rx & c.occupied;
    for (; candidates; candidates &= candidates - 1) {
      Move move = moveOf(c, *config, unsigned(__builtin_ctz(candidates)));
      bool roomNext = false;
      if (blockedPort(place, color, c, move, kNever, roomNext) == kNumPorts) {
        return true;
      }
    }
  }
  return false;
}

bool Fabric::portHasRoom(uint32_t place, unsigned color, const Channel &c,
                         Port port, Cycle t, bool &roomNext) {
  const Channel *target = &c;
  unsigned index = kInputQueue;
  if (port == Port::Ramp) {
    if (c.inputQueue == kUnbound) {
      return false;
    }
  } else {
    Coord from = context.coordOf(place), to = neighbour(from, port);
    if (!context.hasLink(from, port) || context.dead.link(from, port)) {
      return true; // a port takes everything; the edge and the dead fault
    }
    target = &channels[channelAt(context.placeOf(to), color)];
    index = unsigned(opposite(port));
  }
  const Fifo *f = fifo(*target, index);
  if (!f || f->hasRoom(t)) {
    return true;
  }
  // Somebody took a wavelet out in this very cycle: nobody will tell again.
  roomNext |= !f->full();
  return false;
}

unsigned Fabric::blockedPort(uint32_t place, unsigned color, const Channel &c,
                             const Move &move, Cycle t, bool &roomNext) {
  for (unsigned p = 0; p < kNumPorts; ++p) {
    if (((move.to >> p) & 1u) &&
        !portHasRoom(place, color, c, Port(p), t, roomNext)) {
      return p;
    }
  }
  return kNumPorts;
}

//===----------------------------------------------------------------------===//
// A cycle
//===----------------------------------------------------------------------===//

void Fabric::look(uint32_t place, Cycle t) {
  Router &r = routers[place];
  unsigned usedPorts = 0; // ports that an earlier color sends through
  bool rampUsed = false;  // the core's side of the ramp gave a wavelet
  bool moved = false;
  Cycle wake = kNever;
  uint8_t firstMoved = 0;
  // Colors from `next` upward, then those below it.
  uint32_t below = (1u << r.next) - 1u;
  for (uint32_t half : {r.pending & ~below, r.pending & below}) {
    for (; half; half &= half - 1) {
      unsigned color = unsigned(__builtin_ctz(half));
      Channel &c = channels[channelAt(place, color)];
      std::optional<Move> move = dueMove(c, t, wake);
      if (!move) {
        continue;
      }
      bool fromRamp = move->from == unsigned(Port::Ramp);
      if ((move->to & usedPorts) || (fromRamp && rampUsed)) {
        continue; // something moved, so the router is looked at again
      }
      bool roomNext = false;
      if (blockedPort(place, color, c, *move, t, roomNext) != kNumPorts) {
        wake = roomNext ? t + 1 : wake;
        continue;
      }
      usedPorts |= move->to;
      rampUsed |= fromRamp;
      firstMoved = moved ? firstMoved : uint8_t(color);
      moved = true;
      perform(place, color, c, *move, t);
    }
  }
  if (moved) {
    r.next = uint8_t((firstMoved + 1u) % context.machine.colors);
    context.happened(t + 1);
    wake = t + 1;
  }
  if (r.pending && wake != kNever) {
    context.schedule.wake(Actor::Router, place, wake);
  }
}

void Fabric::perform(uint32_t place, unsigned color, Channel &c,
                     const Move &move, Cycle t) {
  Fifo &source = context.fifos[c.fifos[move.from]];
  bool wasFull = source.full();
  Wavelet w = source.pop(t);
  if (source.empty()) {
    c.occupied = uint8_t(c.occupied & ~(1u << move.from));
    if (!c.occupied) {
      routers[place].pending &= ~(1u << color);
    }
  }
  if (wasFull) {
    freed(place, move.from, t);
  }
  const RouteConfig &config = *configOf(c);
  if (w.control) {
    w.payload = command(place, color, c, config, w.payload);
  } else if (config.filter.kind == FilterKind::Counter &&
             (config.positions[c.position].tx & portBit(Port::Ramp))) {
    c.filterCount = c.filterCount == config.filter.max
                        ? uint16_t(0)
                        : uint16_t(c.filterCount + 1);
  }
  for (unsigned p = 0; p < kNumPorts; ++p) {
    if ((move.to >> p) & 1u) {
      send(place, color, c, Port(p), w, t);
    }
  }
}

void Fabric::freed(uint32_t place, unsigned port, Cycle t) {
  if (port == unsigned(Port::Ramp)) {
    context.schedule.wake(Actor::Core, place, t + 1);
    return;
  }
  Coord here = context.coordOf(place), upstream = neighbour(here, Port(port));
  if (context.hasLink(here, Port(port))) {
    context.schedule.wake(Actor::Router, context.placeOf(upstream), t + 1);
  } else {
    host->freed(place, Port(port), t);
  }
}

void Fabric::send(uint32_t place, unsigned color, Channel &c, Port port,
                  Wavelet w, Cycle t) {
  const Machine &m = context.machine;
  if (context.watch) {
    context.watch->word(place, port, color, w.control, t);
  }
  Coord from = context.coordOf(place);
  if (port == Port::Ramp ? c.inputQueue == sim::kDeadCore
                         : context.dead.link(from, port)) {
    context.raise(Actor::Router, place,
                  sim::deadFault(context.dead, from, port, color, t));
    return;
  }
  if (port == Port::Ramp) {
    if (c.fifos[kInputQueue] == kNone) {
      c.fifos[kInputQueue] = context.fifos.create(capacityOf(c, kInputQueue));
    }
    context.fifos[c.fifos[kInputQueue]].push(w, t + m.rampCycles);
    context.schedule.wake(Actor::Core, place, t + m.rampCycles);
    return;
  }
  Coord to = neighbour(from, port);
  if (context.hasLink(from, port)) {
    ++context.wordHops;
    enter(context.placeOf(to), color, unsigned(opposite(port)), w,
          t + m.hopCycles + context.dead.extraCycles(from, port));
    return;
  }
  int exit = host->exitAt(place, port, color);
  if (exit >= 0) {
    host->leave(exit, w, t);
    return;
  }
  static constexpr const char *kSides[] = {"west", "east", "south", "north"};
  context.raise(Actor::Router, place,
                fmt::format("cycle {}: a wavelet of color {} leaves the "
                            "grid over the {} edge at core ({}, {}), "
                            "where the host has no port",
                            t, color, kSides[unsigned(port)], from.x, from.y));
}

void Fabric::enter(uint32_t place, unsigned color, unsigned index, Wavelet w,
                   Cycle usableFrom) {
  Channel &c = channels[channelAt(place, color)];
  if (c.fifos[index] == kNone) {
    c.fifos[index] = context.fifos.create(capacityOf(c, index));
  }
  context.fifos[c.fifos[index]].push(w, usableFrom);
  c.occupied = uint8_t(c.occupied | (1u << index));
  routers[place].pending |= 1u << color;
  context.schedule.wake(Actor::Router, place, usableFrom);
}

Wavelet Fabric::takeInput(uint32_t place, Channel &c, Cycle t) {
  Fifo &queue = context.fifos[c.fifos[kInputQueue]];
  if (queue.full()) {
    context.schedule.wake(Actor::Router, place, t + 1);
  }
  return queue.pop(t);
}

//===----------------------------------------------------------------------===//
// Control wavelets
//===----------------------------------------------------------------------===//

/// The payload after command 0 is taken off its list.
static uint32_t withoutFirstCommand(uint32_t payload) {
  ControlWavelet w = ControlWavelet::decode(payload);
  for (unsigned i = 0; i + 1 < kMaxSwitchCommands; ++i) {
    w.commands[i] = w.commands[i + 1];
  }
  w.commands[kMaxSwitchCommands - 1] = {};
  return w.encode();
}

uint32_t Fabric::command(uint32_t place, unsigned color, Channel &c,
                         const RouteConfig &config, uint32_t payload) {
  SwitchCommand op = ControlWavelet::decode(payload).commands[0].op;
  if (op == SwitchCommand::Advance) {
    if (c.position + 1u < config.numPositions) {
      ++c.position;
    } else if (config.ring) {
      c.position = 0;
    }
  } else if (op == SwitchCommand::Reset) {
    c.position = 0;
  } else if (op == SwitchCommand::Teardown) {
    Coord at = context.coordOf(place);
    context.raise(Actor::Router, place,
                  fmt::format("a control wavelet of color {} with the "
                              "command teardown, which is not modelled, "
                              "passes the router of core ({}, {})",
                              color, at.x, at.y));
  }
  bool shifts = false;
  switch (config.pop) {
  case PopMode::Never:
    break;
  case PopMode::Always:
    shifts = true;
    break;
  case PopMode::OnAdvance:
    shifts = op == SwitchCommand::Advance;
    break;
  case PopMode::OnAdvanceNop:
    shifts = op == SwitchCommand::Advance || op == SwitchCommand::Nop;
    break;
  }
  return shifts ? withoutFirstCommand(payload) : payload;
}
