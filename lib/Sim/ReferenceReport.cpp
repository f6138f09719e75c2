// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceReport.cpp - Who waits for what
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
#include "ReferenceEngine.h"

#include <fmt/format.h>
#include <set>

using namespace wafer;
using namespace wafer::reference;

namespace {

constexpr unsigned kMaxChains = 8;
constexpr unsigned kMaxLeftovers = 16;
const char *const kPortNames[] = {"west", "east", "south", "north", "ramp"};

class Reporter {
public:
  Reporter(const Context &context, Fabric &fabric, const Host &host,
           const Cores &cores, Cycle now, bool isOver)
      : context(context), fabric(fabric), host(host), cores(cores), now(now),
        isOver(isOver) {}

  std::string report() {
    for (uint32_t place = 0; place < context.numPlaces(); ++place) {
      threads(place);
    }
    if (chains > kMaxChains) {
      out +=
          fmt::format("and {} more threads that wait\n", chains - kMaxChains);
    }
    if (isOver) {
      for (uint32_t place = 0; place < context.numPlaces(); ++place) {
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
    Coord c = context.coordOf(place);
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

  bool waits(const CoreState &core, unsigned thread) const;
  void threads(uint32_t place);
  void thread(const CoreState &core, unsigned index);
  void waitForWords(const CoreState &core, const VectorOp &op);
  void upstream(uint32_t place, unsigned color, bool first, unsigned hops);
  void fromPort(uint32_t place, unsigned color, unsigned port, unsigned hops);
  void sender(uint32_t place, unsigned color, unsigned hops);
  void downstream(uint32_t place, unsigned color, unsigned port);
  void consumer(uint32_t place, unsigned color);
  void occupant(const CoreState &core);
  void idle(const CoreState &core);
  void routerLeftovers(uint32_t place);
  void coreLeftovers(uint32_t place);
  void hostLeftovers();
  void leftover(const std::string &text) {
    if (++leftovers <= kMaxLeftovers) {
      out += text + "\n";
    }
  }

  const Context &context;
  Fabric &fabric;
  const Host &host;
  const Cores &cores;
  Cycle now;
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

bool Reporter::waits(const CoreState &core, unsigned thread) const {
  const VectorOp &op = core.threads[thread];
  if (op.state != VectorOp::State::Running || op.sleepsUntil != kNever) {
    return false;
  }
  Wait wait = cores.waitOf(core, op, now);
  return wait == Wait::Words || wait == Wait::Room;
}

void Reporter::threads(uint32_t place) {
  const CoreState *core = cores.find(place);
  for (unsigned i = 0; core && i < core->threads.size(); ++i) {
    if (waits(*core, i) && ++chains <= kMaxChains) {
      visited.clear();
      depth = 0;
      thread(*core, i);
    }
  }
}

void Reporter::thread(const CoreState &core, unsigned index) {
  const VectorOp &op = core.threads[index];
  std::string who = cores.describe(core, op.pc, op.issuedBy);
  if (index) {
    who += fmt::format(", microthread {}", index - 1);
  }
  line(who);
  if (!enter('t', core.place, index)) {
    return;
  }
  if (op.done < op.length) {
    line(fmt::format("has done {} of {} elements", op.done, op.length));
  }
  Wait wait = cores.waitOf(core, op, now);
  if (wait == Wait::Words) {
    waitForWords(core, op);
  } else if (wait == Wait::Room) {
    unsigned color = fabric.colorOf(core.place, op.dest.channel);
    line(fmt::format("waits for room in output queue {} (color {})",
                     op.dest.queue, color));
    downstream(core.place, color, kOutputQueue);
  }
  --depth;
}

void Reporter::waitForWords(const CoreState &core, const VectorOp &op) {
  for (const Operand *in : {&op.src0, &op.src1}) {
    if (in->source == Operand::Source::Fabric) {
      unsigned color = fabric.colorOf(core.place, in->channel);
      line(fmt::format("waits for words in input queue {} (color {})",
                       in->queue, color));
      upstream(core.place, color, true, 0);
    }
  }
}

/// What the core as a whole waits for, when none of its threads is the one
/// that was asked for.
void Reporter::occupant(const CoreState &core) {
  for (unsigned i = 0; i < core.threads.size(); ++i) {
    if (waits(core, i)) {
      thread(core, i);
      return;
    }
  }
  idle(core);
}

void Reporter::idle(const CoreState &core) {
  if (core.task >= 0) {
    line(cores.describe(core, core.pc, core.task) + " goes on");
    return;
  }
  std::string text = fmt::format("core {} has no task to run", at(core.place));
  const Role &role = *core.plan->role;
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
  const Channel &c = fabric.channel(fabric.channelAt(place, color));
  const RouteConfig *config = fabric.configOf(c);
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
  Coord from = neighbour(context.coordOf(place), Port(port));
  if (!context.contains(from)) {
    line(fmt::format("the host should send color {} over the {} edge at core "
                     "{}, and has no words left",
                     color, kPortNames[port], at(place)));
    return;
  }
  uint32_t next = context.placeOf(from);
  uint32_t id = fabric.channelAt(next, color);
  const RouteConfig *config =
      id == kNone ? nullptr : fabric.configOf(fabric.channel(id));
  uint8_t bit = portBit(opposite(Port(port)));
  if (!config) {
    line(fmt::format("core {}, {} hops upstream, has no route for color {}",
                     at(next), hops + 1, color));
  } else if (!(config->positions[fabric.channel(id).position].tx & bit)) {
    line(fmt::format("the switch of color {} at core {} stands in position {}, "
                     "which does not send {}",
                     color, at(next), fabric.channel(id).position,
                     kPortNames[unsigned(opposite(Port(port)))]));
  } else {
    upstream(next, color, false, hops + 1);
  }
}

void Reporter::sender(uint32_t place, unsigned color, unsigned hops) {
  line(fmt::format("color {} comes from core {}, {} hops away:", color,
                   at(place), hops));
  ++depth;
  const CoreState *core = cores.find(place);
  const Channel &c = fabric.channel(fabric.channelAt(place, color));
  if (!core) {
    line(cores.isInRegion(place)
             ? fmt::format("core {} has no task to run", at(place))
             : fmt::format("core {} has no program", at(place)));
  } else if (c.outputQueue == kUnbound) {
    line(fmt::format("core {} has no output queue for color {}", at(place),
                     color));
  } else {
    unsigned index = 0;
    while (index < core->threads.size() &&
           !(waits(*core, index) && core->threads[index].dest.channel ==
                                        core->outputs[c.outputQueue])) {
      ++index;
    }
    if (index < core->threads.size()) {
      thread(*core, index);
    } else {
      occupant(*core);
    }
  }
  --depth;
}

//===----------------------------------------------------------------------===//
// Downstream: who does not take
//===----------------------------------------------------------------------===//

void Reporter::downstream(uint32_t place, unsigned color, unsigned port) {
  const Channel &c = fabric.channel(fabric.channelAt(place, color));
  const RouteConfig *config = fabric.configOf(c);
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
  Cycle later = kNever;
  bool roomNext = false;
  std::optional<Fabric::Move> move = fabric.dueMove(c, now, later);
  unsigned blocked =
      move ? fabric.blockedPort(place, color, c, *move, now, roomNext)
           : kNumPorts;
  if (!move || blocked == kNumPorts) {
    line(who + " moves on");
    return;
  }
  if (blocked == unsigned(Port::Ramp)) {
    line(who + " waits for room in the core's input queue");
    consumer(place, color);
    return;
  }
  Coord to = neighbour(context.coordOf(place), Port(blocked));
  line(fmt::format("{} waits for room {} of it", who, kPortNames[blocked]));
  downstream(context.placeOf(to), color, unsigned(opposite(Port(blocked))));
}

void Reporter::consumer(uint32_t place, unsigned color) {
  const Channel &c = fabric.channel(fabric.channelAt(place, color));
  const CoreState *core = cores.find(place);
  if (c.inputQueue == kUnbound || !core) {
    line(fmt::format("core {} has no input queue for color {}", at(place),
                     color));
    return;
  }
  for (unsigned i = 0; i < core->threads.size(); ++i) {
    const VectorOp &op = core->threads[i];
    uint32_t channel = core->inputs[c.inputQueue];
    if (waits(*core, i) &&
        (op.src0.channel == channel || op.src1.channel == channel)) {
      thread(*core, i);
      return;
    }
  }
  line(fmt::format("nobody reads input queue {} of core {}:", c.inputQueue,
                   at(place)));
  occupant(*core);
}

//===----------------------------------------------------------------------===//
// Leftovers
//===----------------------------------------------------------------------===//

void Reporter::routerLeftovers(uint32_t place) {
  uint32_t pending = fabric.router(place).pending;
  for (; pending; pending &= pending - 1) {
    unsigned color = unsigned(__builtin_ctz(pending));
    const Channel &c = fabric.channel(fabric.channelAt(place, color));
    for (unsigned port = 0; port < kNumPorts; ++port) {
      if ((c.occupied >> port) & 1u) {
        leftover(fmt::format("router {}: {} wavelets of color {} are stuck at "
                             "the {} port",
                             at(place), fabric.fifo(c, port)->size(), color,
                             kPortNames[port]));
      }
    }
  }
}

void Reporter::coreLeftovers(uint32_t place) {
  if (!cores.isInRegion(place)) {
    return;
  }
  const CoreState *core = cores.find(place);
  for (unsigned q = 0; core && q < core->inputs.size(); ++q) {
    const Fifo *fifo = cores.inputFifo(*core, q);
    if (fifo && !fifo->empty()) {
      leftover(fmt::format("core {}: {} {} in input queue {} (color {}) are "
                           "not read",
                           at(place), fifo->size(),
                           fifo->head().control ? "control wavelets" : "words",
                           q, fabric.colorOf(place, core->inputs[q])));
    }
  }
  // A core that nobody looked at yet is as its role says.
  const RolePlan &plan = cores.roleAt(place);
  uint64_t active = core ? core->active : plan.active;
  uint64_t stuck =
      active & (core ? core->blocked : plan.blocked) & plan.localTasks;
  for (; stuck; stuck &= stuck - 1) {
    const Task &task = plan.role->tasks[unsigned(__builtin_ctzll(stuck))];
    leftover(fmt::format("core {}: task '{}' is active but blocked", at(place),
                         task.name));
  }
}

void Reporter::hostLeftovers() {
  for (unsigned i = 0; i < context.image.hostPorts.size(); ++i) {
    if (size_t words = host.waiting(i)) {
      leftover(fmt::format("host port '{}': {} words are not taken by the "
                           "wafer",
                           context.image.hostPorts[i].name, words));
    }
  }
}

} // namespace

std::string wafer::reference::waitReport(const Context &context, Fabric &fabric,
                                         const Host &host, const Cores &cores,
                                         Cycle now, bool isOver) {
  return Reporter(context, fabric, host, cores, now, isOver).report();
}
