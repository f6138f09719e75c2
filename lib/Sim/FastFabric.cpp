// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastFabric.cpp - A router in a cycle -------------------------------===//
#include "FastFabric.h"

#include "FastCore.h"
#include "FastHost.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::fast;

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

/// kNone over the edge.
static uint32_t neighbourOf(const Grid &grid, uint32_t place, unsigned port) {
  uint32_t width = uint32_t(grid.width);
  switch (Port(port)) {
  case Port::West:
    return place % width ? place - 1 : kNone;
  case Port::East:
    return (place + 1) % width ? place + 1 : kNone;
  case Port::South:
    return place + width < grid.numPlaces() ? place + width : kNone;
  case Port::North:
    return place >= width ? place - width : kNone;
  case Port::Ramp:
    break;
  }
  return place;
}

static void loadChannel(Channel &c, const sim::ChannelPlan &plan,
                        const Image &image) {
  c.inputQueue = plan.inputQueue;
  c.outputQueue = plan.outputQueue;
  if (plan.config != kNoRoute) {
    c.config = &image.configs[plan.config];
    c.position = c.config->currentPosition;
    c.filterCount = c.config->filter.init;
  }
}

Status FabricState::load(const Image &image, const Machine &machine,
                         const Grid &grid) {
  dead = std::make_unique<const DeadParts>(image.map, machine);
  sim::FabricPlan plan;
  Status status = plan.load(image, grid, sim::bindingsOf(image, grid), *dead);
  if (!status) {
    return status;
  }
  uint32_t width = uint32_t(grid.width);
  stride = {uint32_t(-1), 1, width, uint32_t(0) - width, 0};
  routers.assign(plan.routers.size(), Router());
  channels.assign(plan.channels.size(), Channel());
  for (uint32_t place = 0; place < routers.size(); ++place) {
    Router &r = routers[place];
    r.firstChannel = plan.routers[place].firstChannel;
    r.channels.fill(kUnbound);
    uint32_t colors = plan.routers[place].colors;
    for (uint8_t i = 0; colors; colors &= colors - 1, ++i) {
      unsigned color = unsigned(__builtin_ctz(colors));
      r.channels[color] = i;
      Channel &c = channels[r.firstChannel + i];
      c.color = uint8_t(color);
      loadChannel(c, plan.channels[r.firstChannel + i], image);
      for (unsigned port = 0; port < unsigned(Port::Ramp); ++port) {
        uint32_t next = neighbourOf(grid, place, port);
        bool isDead =
            !dead->none() && dead->link(grid.coordOf(place), Port(port));
        if (next != kNone && !isDead) {
          c.neighbours[port] = plan.channelAt(next, color);
        }
      }
    }
  }
  extraCycles.clear();
  if (!image.map.bypassed.empty()) {
    extraCycles.resize(routers.size());
    for (uint32_t place = 0; place < routers.size(); ++place) {
      for (unsigned port = 0; port < 4; ++port) {
        extraCycles[place][port] =
            uint8_t(dead->extraCycles(grid.coordOf(place), Port(port)));
      }
    }
  }
  return status;
}

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

//===----------------------------------------------------------------------===//
// Which wavelet is due
//===----------------------------------------------------------------------===//

Fabric::Move Fabric::moveOf(const Channel &c, unsigned port) const {
  constexpr unsigned kRamp = portBit(Port::Ramp);
  Move move{port, c.config->positions[c.position].tx};
  if (!(move.to & kRamp)) {
    return move;
  }
  const Slot &head = context.fifos[c.fifos[port]].head();
  const Filter &filter = c.config->filter;
  bool delivered = true;
  if (head.control()) {
    delivered = !ControlWavelet::decode(head.payload()).commands[0].noce;
  } else if (filter.kind == FilterKind::Counter) {
    delivered = c.filterCount < filter.limit;
  } else if (filter.kind == FilterKind::Range) {
    uint32_t high = head.payload() >> 16;
    delivered = high >= filter.min && high <= filter.max;
  }
  if (!delivered) {
    move.to &= ~kRamp;
  }
  return move;
}

Fabric::Move Fabric::dueMove(const Channel &c, Cycle t, Cycle &later) const {
  if (!c.config) {
    return {}; // back-pressure
  }
  const SwitchPosition &position = c.config->positions[c.position];
  unsigned candidates = position.tx ? position.rx & c.occupied : 0u;
  for (; candidates; candidates &= candidates - 1) {
    unsigned port = unsigned(__builtin_ctz(candidates));
    Cycle usableFrom = context.fifos[c.fifos[port]].head().time();
    if (usableFrom <= t) {
      return moveOf(c, port);
    }
    later = std::min(later, usableFrom);
  }
  return {};
}

unsigned Fabric::blockedPort(const Channel &c, Move move, Cycle t,
                             Cycle &later) const {
  for (unsigned to = move.to; to; to &= to - 1) {
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

bool Fabric::canMove(uint32_t place) const {
  for (uint32_t pending = routers[place].pending; pending;
       pending &= pending - 1) {
    const Channel &c =
        channels[channelAt(place, unsigned(__builtin_ctz(pending)))];
    if (!c.config || !c.config->positions[c.position].tx) {
      continue;
    }
    unsigned candidates = c.config->positions[c.position].rx & c.occupied;
    for (; candidates; candidates &= candidates - 1) {
      Move move = moveOf(c, unsigned(__builtin_ctz(candidates)));
      Cycle later = kNever;
      if (blockedPort(c, move, kNever - 1, later) == kNumPorts) {
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
  unsigned usedPorts = 0; // ports that an earlier color sends through
  bool rampUsed = false;  // the core's side of the ramp gave a wavelet
  unsigned firstMoved = kNone;
  Cycle wake = kNever;
  // Colors from `next` upward, then those below it.
  uint32_t below = (1u << r.next) - 1u;
  for (uint32_t half : {r.pending & ~below, r.pending & below}) {
    for (; half; half &= half - 1) {
      unsigned color = unsigned(__builtin_ctz(half));
      Channel &c = channels[r.firstChannel + r.channels[color]];
      Move move = dueMove(c, t, wake);
      if (move.from == kNumPorts) {
        continue;
      }
      bool fromRamp = move.from == unsigned(Port::Ramp);
      if ((move.to & usedPorts) || (fromRamp && rampUsed)) {
        wake = t + 1;
        continue;
      }
      if (blockedPort(c, move, t, wake) != kNumPorts) {
        continue;
      }
      usedPorts |= move.to;
      rampUsed |= fromRamp;
      firstMoved = firstMoved == kNone ? color : firstMoved;
      perform(place, c, move, t);
      // What stands at the heads now is looked at in the next cycle, or when
      // it becomes usable.
      Cycle later = kNever;
      if (c.occupied && dueMove(c, t, later).from != kNumPorts) {
        later = t + 1;
      }
      wake = std::min(wake, later);
    }
  }
  if (firstMoved != kNone) {
    r.next = uint8_t((firstMoved + 1u) % context.machine.colors);
    context.happened(t + 1);
  }
  if (wake != kNever) {
    context.schedule.wake(Actor::Router, place, std::max(wake, t + 1));
  }
}

void Fabric::perform(uint32_t place, Channel &c, Move move, Cycle t) {
  Fifo &source = context.fifos[c.fifos[move.from]];
  bool wasFull = source.full();
  Wavelet w = source.pop(t);
  if (source.empty()) {
    c.occupied = uint8_t(c.occupied & ~(1u << move.from));
    if (!c.occupied) {
      routers[place].pending &= ~(1u << c.color);
    }
  }
  if (wasFull) {
    freed(place, move.from, t);
  }
  const Filter &filter = c.config->filter;
  if (w.control) {
    w.payload = command(place, c, w.payload, t);
  } else if (filter.kind == FilterKind::Counter &&
             (c.config->positions[c.position].tx & portBit(Port::Ramp))) {
    c.filterCount =
        c.filterCount == filter.max ? uint16_t(0) : uint16_t(c.filterCount + 1);
  }
  for (unsigned to = move.to; to; to &= to - 1) {
    send(place, c, unsigned(__builtin_ctz(to)), w, t);
  }
}

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

void Fabric::send(uint32_t place, Channel &c, unsigned port, Wavelet w,
                  Cycle t) {
  if (port == unsigned(Port::Ramp)) {
    if (c.taken && take(place, c, w, t)) {
      return;
    }
    if (c.inputQueue == kDeadCore) {
      context.raise(t, Actor::Router, place,
                    sim::deadFault(*state.dead, context.grid.coordOf(place),
                                   Port::Ramp, c.color, t));
      return;
    }
    Cycle usableFrom = t + context.machine.rampCycles;
    if (!c.fifos[kInputQueue]) {
      c.fifos[kInputQueue] = context.fifos.create(capacityOf(c, kInputQueue));
    }
    Fifo &queue = context.fifos[c.fifos[kInputQueue]];
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
  bool can = !w.control && !w.payload && in.next <= step &&
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
  if (--in.left == 0) {
    cores->endIntake(place);
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

uint32_t Fabric::command(uint32_t place, Channel &c, uint32_t payload,
                         Cycle t) {
  const RouteConfig &config = *c.config;
  SwitchCommand op = ControlWavelet::decode(payload).commands[0].op;
  bool shifts = config.pop == PopMode::Always;
  switch (op) {
  case SwitchCommand::Advance:
    if (c.position + 1u < config.numPositions) {
      ++c.position;
    } else if (config.ring) {
      c.position = 0;
    }
    shifts = config.pop != PopMode::Never;
    break;
  case SwitchCommand::Reset:
    c.position = 0;
    break;
  case SwitchCommand::Nop:
    shifts |= config.pop == PopMode::OnAdvanceNop;
    break;
  case SwitchCommand::Teardown: {
    Coord at = context.grid.coordOf(place);
    context.raise(t, Actor::Router, place,
                  fmt::format("a control wavelet of color {} with the command "
                              "teardown, which is not modelled, passes the "
                              "router of core ({}, {})",
                              c.color, at.x, at.y));
    break;
  }
  }
  return shifts ? withoutFirstCommand(payload) : payload;
}
