// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WaitReport.cpp - Who waits for what
//-------------------------------//
//
// For every thread that waits: where it stands, what it waits for, and the
// chain behind it. A thread that waits for words leads upstream along the route
// of the color to the core that should send; a thread or a wavelet that waits
// for room leads downstream to the router or core that does not take it. The
// chain ends at something that waits for nothing, or where it meets itself.
//
// Then what is left over: wavelets in routers, words in queues, tasks that are
// active but blocked, words the host could not hand over.
//
//===----------------------------------------------------------------------===//
#include "StateView.h"

#include <fmt/format.h>
#include <map>
#include <set>

using namespace wafer;
using namespace wafer::sim;
using Waits = ThreadView::Waits;

namespace {

constexpr unsigned kMaxChains = 8;
constexpr unsigned kMaxLeftovers = 16;
const char *const kPortNames[] = {"west", "east", "south", "north", "ramp"};

class Reporter {
public:
  Reporter(const StateView &state, bool isOver)
      : state(state), isOver(isOver) {}

  std::string report() {
    for (uint32_t place = 0; place < state.grid.numPlaces(); ++place) {
      threads(place);
    }
    if (chains > kMaxChains) {
      out +=
          fmt::format("and {} more threads that wait\n", chains - kMaxChains);
    }
    if (isOver) {
      for (uint32_t place = 0; place < state.grid.numPlaces(); ++place) {
        routerLeftovers(place);
        coreLeftovers(place);
      }
      hostLeftovers();
      if (leftovers > kMaxLeftovers) {
        out += fmt::format("and {} more of that kind\n",
                           leftovers - kMaxLeftovers);
      }
    }
    return out;
  }

private:
  std::string at(uint32_t place) const {
    Coord c = state.grid.coordOf(place);
    return fmt::format("({}, {})", c.x, c.y);
  }
  /// One line of the chain.
  void line(const std::string &text) {
    out += std::string(2 * depth, ' ') + text + "\n";
  }
  /// False (and says so) when the chain has been here before.
  bool enter(char kind, uint32_t place, unsigned detail) {
    ++depth;
    if (visited.insert({kind, place, detail}).second) {
      return true;
    }
    line("... which closes the cycle");
    --depth;
    return false;
  }

  void threads(uint32_t place);
  void thread(uint32_t place, unsigned index);
  void upstream(uint32_t place, unsigned color, bool first, unsigned hops);
  void fromPort(uint32_t place, unsigned color, unsigned port, unsigned hops);
  void sender(uint32_t place, unsigned color, unsigned hops);
  void downstream(uint32_t place, unsigned color, unsigned port);
  void consumer(uint32_t place, unsigned color);
  void occupant(uint32_t place);
  void idle(uint32_t place);
  bool waits(uint32_t place, unsigned index) const {
    return state.thread(place, index).waits != Waits::No;
  }
  std::string describe(uint32_t place, uint32_t pc, int32_t task) const {
    return describeCore(state.image, state.plan, state.grid, place, pc, task);
  }
  const Role &roleAt(uint32_t place) const {
    return state.image
        .roles[state.image.regions[state.plan.regionOf[place]].role];
  }
  void routerLeftovers(uint32_t place);
  void coreLeftovers(uint32_t place);
  void hostLeftovers();
  void leftover(const std::string &text) {
    if (++leftovers <= kMaxLeftovers) {
      out += text + "\n";
    }
  }

  const StateView &state;
  bool isOver;
  std::string out;
  unsigned depth = 0;
  unsigned chains = 0;
  unsigned leftovers = 0;
  std::set<std::tuple<char, uint32_t, unsigned>> visited;
};

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

void Reporter::threads(uint32_t place) {
  for (unsigned i = 0; i < state.numThreads(place); ++i) {
    if (waits(place, i) && ++chains <= kMaxChains) {
      visited.clear();
      depth = 0;
      thread(place, i);
    }
  }
}

void Reporter::thread(uint32_t place, unsigned index) {
  ThreadView t = state.thread(place, index);
  std::string who = describe(place, t.pc, t.issuedBy);
  if (index) {
    who += fmt::format(", microthread {}", index - 1);
  }
  line(who);
  if (!enter('t', place, index)) {
    return;
  }
  if (t.done < t.length) {
    line(fmt::format("has done {} of {} elements", t.done, t.length));
  }
  if (t.waits == Waits::Words) {
    line(fmt::format("waits for words in input queue {} (color {})", t.in.queue,
                     t.in.color));
    upstream(place, t.in.color, true, 0);
  } else if (t.waits == Waits::Room) {
    line(fmt::format("waits for room in output queue {} (color {})",
                     t.out.queue, t.out.color));
    downstream(place, t.out.color, kOutputQueue);
  }
  --depth;
}

/// What the core as a whole waits for, when none of its threads is the one
/// that was asked for.
void Reporter::occupant(uint32_t place) {
  for (unsigned i = 0; i < state.numThreads(place); ++i) {
    if (waits(place, i)) {
      thread(place, i);
      return;
    }
  }
  idle(place);
}

void Reporter::idle(uint32_t place) {
  CoreView core = state.core(place);
  if (core.task >= 0) {
    line(describe(place, core.pc, core.task) + " goes on");
    return;
  }
  std::string text = fmt::format("core {} has no task to run", at(place));
  const Role &role = roleAt(place);
  for (size_t i = 0; i < role.tasks.size(); ++i) {
    if ((core.active >> i) & (core.blocked >> i) & 1u) {
      text +=
          fmt::format("; task '{}' is active but blocked", role.tasks[i].name);
    }
  }
  line(text);
}

//===----------------------------------------------------------------------===//
// Upstream: who should send
//===----------------------------------------------------------------------===//

void Reporter::upstream(uint32_t place, unsigned color, bool first,
                        unsigned hops) {
  ChannelView c = state.channel(place, color);
  const RouteConfig *config = c.config;
  if (!config) {
    line(fmt::format("color {} has no route at core {}", color, at(place)));
    return;
  }
  if (!enter('u', place, color)) {
    return;
  }
  --depth;
  const SwitchPosition &position = config->positions[c.position];
  if (first && !(position.tx & portBit(Port::Ramp))) {
    line(fmt::format("the switch of color {} at core {} stands in position {}, "
                     "which does not lead to the core",
                     color, at(place), c.position));
  }
  for (unsigned port = 0; port < kNumPorts; ++port) {
    if ((c.occupied >> port) & 1u) {
      downstream(place, color, port);
      return;
    }
  }
  for (unsigned port = 0; port < kNumPorts; ++port) {
    if ((position.rx >> port) & 1u) {
      fromPort(place, color, port, hops);
    }
  }
}

void Reporter::fromPort(uint32_t place, unsigned color, unsigned port,
                        unsigned hops) {
  if (port == unsigned(Port::Ramp)) {
    sender(place, color, hops);
    return;
  }
  Coord from = neighbour(state.grid.coordOf(place), Port(port));
  if (!state.grid.contains(from)) {
    line(fmt::format("the host should send color {} over the {} edge at core "
                     "{}, and has no words left",
                     color, kPortNames[port], at(place)));
    return;
  }
  uint32_t next = state.grid.placeOf(from);
  ChannelView c = state.channel(next, color);
  const RouteConfig *config = c.config;
  uint8_t bit = portBit(opposite(Port(port)));
  if (!config) {
    line(fmt::format("core {}, {} hops upstream, has no route for color {}",
                     at(next), hops + 1, color));
  } else if (!(config->positions[c.position].tx & bit)) {
    line(fmt::format("the switch of color {} at core {} stands in position {}, "
                     "which does not send {}",
                     color, at(next), c.position,
                     kPortNames[unsigned(opposite(Port(port)))]));
  } else {
    upstream(next, color, false, hops + 1);
  }
}

void Reporter::sender(uint32_t place, unsigned color, unsigned hops) {
  line(fmt::format("color {} comes from core {}, {} hops away:", color,
                   at(place), hops));
  ++depth;
  ChannelView c = state.channel(place, color);
  if (!state.plan.isInRegion(place)) {
    line(fmt::format("core {} has no program", at(place)));
  } else if (c.outputQueue == kUnbound) {
    line(fmt::format("core {} has no output queue for color {}", at(place),
                     color));
  } else {
    unsigned index = 0;
    while (index < state.numThreads(place) &&
           !(waits(place, index) &&
             state.thread(place, index).out.color == color)) {
      ++index;
    }
    if (index < state.numThreads(place)) {
      thread(place, index);
    } else {
      occupant(place);
    }
  }
  --depth;
}

//===----------------------------------------------------------------------===//
// Downstream: who does not take
//===----------------------------------------------------------------------===//

void Reporter::downstream(uint32_t place, unsigned color, unsigned port) {
  ChannelView c = state.channel(place, color);
  const RouteConfig *config = c.config;
  std::string who = fmt::format("a wavelet of color {} at the {} port of "
                                "router {}",
                                color, kPortNames[port], at(place));
  if (!enter('d', place, color * kNumPorts + port)) {
    return;
  }
  --depth;
  if (!config) {
    line(who + " has no route");
    return;
  }
  const SwitchPosition &position = config->positions[c.position];
  if (!((position.rx >> port) & 1u) || !position.tx) {
    line(fmt::format("{} waits: position {} of the switch does not take it",
                     who, c.position));
    return;
  }
  unsigned blocked = state.blockedPort(place, color);
  if (blocked == kNumPorts) {
    line(who + " moves on");
    return;
  }
  if (blocked == unsigned(Port::Ramp)) {
    line(who + " waits for room in the core's input queue");
    consumer(place, color);
    return;
  }
  Coord to = neighbour(state.grid.coordOf(place), Port(blocked));
  line(fmt::format("{} waits for room {} of it", who, kPortNames[blocked]));
  downstream(state.grid.placeOf(to), color, unsigned(opposite(Port(blocked))));
}

void Reporter::consumer(uint32_t place, unsigned color) {
  ChannelView c = state.channel(place, color);
  if (c.inputQueue == kUnbound) {
    line(fmt::format("core {} has no input queue for color {}", at(place),
                     color));
    return;
  }
  for (unsigned i = 0; i < state.numThreads(place); ++i) {
    if (waits(place, i) && state.thread(place, i).in.color == color) {
      thread(place, i);
      return;
    }
  }
  line(fmt::format("nobody reads input queue {} of core {}:", c.inputQueue,
                   at(place)));
  occupant(place);
}

//===----------------------------------------------------------------------===//
// Leftovers
//===----------------------------------------------------------------------===//

void Reporter::routerLeftovers(uint32_t place) {
  uint32_t pending = state.pendingColors(place);
  for (; pending; pending &= pending - 1) {
    unsigned color = unsigned(__builtin_ctz(pending));
    unsigned occupied = state.channel(place, color).occupied;
    for (; occupied; occupied &= occupied - 1) {
      unsigned port = unsigned(__builtin_ctz(occupied));
      leftover(fmt::format("router {}: {} wavelets of color {} are stuck at "
                           "the {} port",
                           at(place), state.fifo(place, color, port).size,
                           color, kPortNames[port]));
    }
  }
}

void Reporter::coreLeftovers(uint32_t place) {
  if (!state.plan.isInRegion(place)) {
    return;
  }
  const Region &region = state.image.regions[state.plan.regionOf[place]];
  const Role &role = roleAt(place);
  std::map<unsigned, unsigned> colorOfQueue;
  for (const QueueBinding &b : role.queues) {
    uint16_t color = Image::paramAt(region, b.color, state.grid.coordOf(place));
    if (b.input && color != kUnboundColor) {
      colorOfQueue[b.queue] = color;
    }
  }
  for (auto [queue, color] : colorOfQueue) {
    FifoView fifo = state.fifo(place, color, kInputQueue);
    if (fifo.size) {
      leftover(fmt::format("core {}: {} {} in input queue {} (color {}) are "
                           "not read",
                           at(place), fifo.size,
                           fifo.headIsControl ? "control wavelets" : "words",
                           queue, color));
    }
  }
  CoreView core = state.core(place);
  uint64_t stuck =
      core.active & core.blocked & state.plan.roles[region.role].localTasks;
  for (; stuck; stuck &= stuck - 1) {
    const Task &task = role.tasks[unsigned(__builtin_ctzll(stuck))];
    leftover(fmt::format("core {}: task '{}' is active but blocked", at(place),
                         task.name));
  }
}

void Reporter::hostLeftovers() {
  for (unsigned i = 0; i < state.image.hostPorts.size(); ++i) {
    if (size_t words = state.waitingAtHost(i)) {
      leftover(fmt::format("host port '{}': {} words are not taken by the "
                           "wafer",
                           state.image.hostPorts[i].name, words));
    }
  }
}

} // namespace

std::string wafer::sim::waitReport(const StateView &state, bool isOver) {
  return Reporter(state, isOver).report();
}
