// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "WaitGraph.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::sim;
using Kind = WaitNode::Kind;
using Waits = ThreadView::Waits;

namespace {
const char *const kPortNames[] = {"west", "east", "south", "north", "ramp"};

WaitNode threadNode(uint32_t place, unsigned index) {
  return {Kind::Thread, place, index};
}
WaitNode waveletNode(uint32_t place, unsigned color, unsigned port) {
  return {Kind::Wavelet, place, color * kNumPorts + port};
}
} // namespace

std::string WaitGraph::at(uint32_t place) const {
  Coord c = state.grid.coordOf(place);
  return fmt::format("({}, {})", c.x, c.y);
}

const Role &WaitGraph::roleAt(uint32_t place) const {
  return state.image
      .roles[state.image.regions[state.plan.regionOf[place]].role];
}

uint32_t WaitGraph::colorOfInput(uint32_t place, unsigned queue) const {
  const Region &region = state.image.regions[state.plan.regionOf[place]];
  for (const QueueBinding &b : roleAt(place).queues) {
    uint16_t color = Image::paramAt(region, b.color, state.grid.coordOf(place));
    if (b.input && b.queue == queue && color != kUnboundColor) {
      return color;
    }
  }
  return kNone;
}

WaitGraph::Node WaitGraph::look(const WaitNode &node, bool text) const {
  Node out;
  switch (node.kind) {
  case Kind::Thread:
    thread(node, out, text);
    break;
  case Kind::Need:
    need(node, out, text);
    break;
  case Kind::Sender:
    sender(node, out, text);
    break;
  case Kind::Wavelet:
    wavelet(node, out, text);
    break;
  case Kind::Consumer:
    consumer(node, out, text);
    break;
  case Kind::Idle:
    idle(node, out, text);
    break;
  }
  return out;
}

//===----------------------------------------------------------------------===//
// Cores
//===----------------------------------------------------------------------===//

void WaitGraph::thread(const WaitNode &node, Node &out, bool text) const {
  ThreadView t = state.thread(node.place, node.detail);
  bool words = t.waits == Waits::Words;
  if (words) {
    out.next = {{Kind::Need, node.place, t.in.color, 0, true}};
  } else if (t.waits == Waits::Room) {
    out.next = {waveletNode(node.place, t.out.color, kOutputQueue)};
  }
  if (!text) {
    return;
  }
  out.title = describeCore(state.image, state.plan, state.grid, node.place,
                           t.pc, t.issuedBy);
  if (node.detail) {
    out.title += fmt::format(", microthread {}", node.detail - 1);
  }
  if (t.done < t.length) {
    out.lines.push_back(
        fmt::format("has done {} of {} elements", t.done, t.length));
  }
  if (t.waits != Waits::No) {
    const ThreadView::Queue &queue = words ? t.in : t.out;
    out.lines.push_back(fmt::format("waits for {} queue {} (color {})",
                                    words ? "words in input" : "room in output",
                                    queue.queue, queue.color));
  }
}

WaitNode WaitGraph::occupant(uint32_t place) const {
  for (unsigned i = 0; i < state.numThreads(place); ++i) {
    if (waits(place, i)) {
      return threadNode(place, i);
    }
  }
  return {Kind::Idle, place};
}

/// Why a task that the core has does not run; empty where there is no more to
/// say than that it is not active.
std::string WaitGraph::whyIdle(uint32_t place, const Task &task,
                               unsigned index) const {
  CoreView core = state.core(place);
  bool blocked = (core.blocked >> index) & 1u;
  if (task.kind == TaskKind::Local) {
    return (core.active >> index) & 1u && blocked
               ? fmt::format("task '{}' is active but blocked", task.name)
               : "";
  }
  if (blocked) {
    return fmt::format("task '{}' is blocked", task.name);
  }
  if (task.kind == TaskKind::Control) {
    return fmt::format("task '{}' starts with a control wavelet of entry {}",
                       task.name, task.binding);
  }
  uint32_t color = colorOfInput(place, task.binding);
  std::string queue = fmt::format("input queue {}", task.binding);
  if (color == kNone) {
    return fmt::format("task '{}' has no color in its {}", task.name, queue);
  }
  return state.fifo(place, color, kInputQueue).size
             ? fmt::format("task '{}' does not start with what stands at the "
                           "head of {} (color {})",
                           task.name, queue, color)
             : fmt::format("task '{}' waits for words in {} (color {})",
                           task.name, queue, color);
}

void WaitGraph::idle(const WaitNode &node, Node &out, bool text) const {
  uint32_t place = node.place;
  CoreView core = state.core(place);
  if (core.task >= 0) {
    if (text) {
      out.lines = {describeCore(state.image, state.plan, state.grid, place,
                                core.pc, core.task) +
                   " goes on"};
    }
    return;
  }
  constexpr unsigned kMaxTasks = 4;
  std::string line = fmt::format("core {} has no task to run", at(place));
  unsigned said = 0;
  const Role &role = roleAt(place);
  for (unsigned i = 0; i < role.tasks.size(); ++i) {
    const Task &task = role.tasks[i];
    if (task.kind == TaskKind::Data && !((core.blocked >> i) & 1u)) {
      uint32_t color = colorOfInput(place, task.binding);
      if (color != kNone && !state.fifo(place, color, kInputQueue).size) {
        out.next.push_back({Kind::Need, place, color, 0, true});
      }
    }
    std::string why = text ? whyIdle(place, task, i) : "";
    if (!why.empty() && said++ < kMaxTasks) {
      line += "; " + why;
    }
  }
  if (said > kMaxTasks) {
    line += fmt::format("; and {} more tasks", said - kMaxTasks);
  } else if (!said) {
    line += "; none is active";
  }
  if (text) {
    out.lines = {line};
  }
}

//===----------------------------------------------------------------------===//
// Upstream: who should send
//===----------------------------------------------------------------------===//

void WaitGraph::need(const WaitNode &node, Node &out, bool text) const {
  ChannelView c = state.channel(node.place, node.detail);
  if (!c.config) {
    if (text) {
      out.lines.push_back(fmt::format("color {} has no route at core {}",
                                      node.detail, at(node.place)));
    }
    return;
  }
  const SwitchPosition &position = c.config->positions[c.position];
  if (text && node.first && !(position.tx & portBit(Port::Ramp))) {
    out.lines.push_back(
        fmt::format("the switch of color {} at core {} stands in position {}, "
                    "which does not lead to the core",
                    node.detail, at(node.place), c.position));
  }
  for (unsigned port = 0; port < kNumPorts; ++port) {
    if ((c.occupied >> port) & 1u) {
      out.next = {waveletNode(node.place, node.detail, port)};
      return;
    }
  }
  if (text && !position.rx) {
    out.lines.push_back(
        fmt::format("the switch of color {} at core {} stands in position {}, "
                    "which receives from nowhere",
                    node.detail, at(node.place), c.position));
  }
  for (unsigned port = 0; port < kNumPorts; ++port) {
    if ((position.rx >> port) & 1u) {
      fromPort(node, port, out, text);
    }
  }
}

void WaitGraph::fromPort(const WaitNode &node, unsigned port, Node &out,
                         bool text) const {
  unsigned color = node.detail;
  if (port == unsigned(Port::Ramp)) {
    out.next.push_back({Kind::Sender, node.place, color, node.hops});
    return;
  }
  Coord from = neighbour(state.grid.coordOf(node.place), Port(port));
  std::string line;
  if (!state.grid.hasLink(state.grid.coordOf(node.place), Port(port))) {
    line = overTheEdge(node, Port(port), out);
  } else {
    uint32_t next = state.grid.placeOf(from);
    ChannelView c = state.channel(next, color);
    unsigned towards = unsigned(opposite(Port(port)));
    if (!c.config) {
      line = fmt::format("core {}, {} hops upstream, has no route for color {}",
                         at(next), node.hops + 1, color);
    } else if (!((c.config->positions[c.position].tx >> towards) & 1u)) {
      line = fmt::format("the switch of color {} at core {} stands in position "
                         "{}, which does not send {}",
                         color, at(next), c.position, kPortNames[towards]);
    } else {
      out.next.push_back({Kind::Need, next, color, node.hops + 1});
    }
  }
  if (text && !line.empty()) {
    out.lines.push_back(line);
  }
}

std::string WaitGraph::overTheEdge(const WaitNode &node, Port side,
                                   Node &out) const {
  const std::vector<HostPort> &ports = state.image.hostPorts;
  unsigned color = node.detail;
  for (const HostPort &port : ports) {
    if (!port.input || !port.crosses() || port.color != color ||
        port.west != (side == Port::West) ||
        state.grid.placeOf(state.grid.edgeCore(port)) != node.place) {
      continue;
    }
    const HostPort &partner = ports[port.partner];
    uint32_t from = state.grid.placeOf(state.grid.edgeCore(partner));
    if (!state.channel(from, partner.color).config) {
      return fmt::format("core {}, on the other side of the crossing '{}', has "
                         "no route for color {}",
                         at(from), port.name, partner.color);
    }
    out.next.push_back({Kind::Need, from, partner.color, node.hops + 1});
    return "";
  }
  return fmt::format("the host should send color {} over the {} edge at core "
                     "{}, and has no words left",
                     color, kPortNames[unsigned(side)], at(node.place));
}

void WaitGraph::sender(const WaitNode &node, Node &out, bool text) const {
  uint32_t place = node.place;
  if (text) {
    out.title =
        fmt::format("color {} comes from core {}, {} hops away:", node.detail,
                    at(place), node.hops);
  }
  std::string line;
  if (!state.plan.isInRegion(place)) {
    line = fmt::format("core {} has no program", at(place));
  } else if (state.channel(place, node.detail).outputQueue == kUnbound) {
    line = fmt::format("core {} has no output queue for color {}", at(place),
                       node.detail);
  } else {
    unsigned index = 0;
    while (index < state.numThreads(place) &&
           !(waits(place, index) &&
             state.thread(place, index).out.color == node.detail)) {
      ++index;
    }
    out.next = {index < state.numThreads(place) ? threadNode(place, index)
                                                : occupant(place)};
  }
  if (text && !line.empty()) {
    out.lines.push_back(line);
  }
}

//===----------------------------------------------------------------------===//
// Downstream: who does not take
//===----------------------------------------------------------------------===//

void WaitGraph::wavelet(const WaitNode &node, Node &out, bool text) const {
  uint32_t place = node.place;
  unsigned color = node.color();
  ChannelView c = state.channel(place, color);
  std::string what;
  if (!c.config) {
    what = "has no route";
  } else if (const SwitchPosition &p = c.config->positions[c.position];
             !((p.rx >> node.port()) & 1u) || !p.tx) {
    what = fmt::format("waits: position {} of the switch does not take it",
                       c.position);
  } else {
    unsigned blocked = state.blockedPort(place, color);
    if (blocked == kNumPorts) {
      what = "moves on";
    } else if (blocked == unsigned(Port::Ramp)) {
      what = "waits for room in the core's input queue";
      out.next = {{Kind::Consumer, place, color}};
    } else {
      what = fmt::format("waits for room {} of it", kPortNames[blocked]);
      Coord to = neighbour(state.grid.coordOf(place), Port(blocked));
      out.next = {waveletNode(state.grid.placeOf(to), color,
                              unsigned(opposite(Port(blocked))))};
    }
  }
  if (text) {
    out.lines.push_back(
        fmt::format("a wavelet of color {} at the {} port of router {} {}",
                    color, kPortNames[node.port()], at(place), what));
  }
}

void WaitGraph::consumer(const WaitNode &node, Node &out, bool text) const {
  uint32_t place = node.place;
  ChannelView c = state.channel(place, node.detail);
  if (c.inputQueue == kUnbound) {
    if (text) {
      out.lines.push_back(fmt::format("core {} has no input queue for color {}",
                                      at(place), node.detail));
    }
    return;
  }
  for (unsigned i = 0; i < state.numThreads(place); ++i) {
    if (waits(place, i) && state.thread(place, i).in.color == node.detail) {
      out.next = {threadNode(place, i)};
      return;
    }
  }
  out.next = {occupant(place)};
  if (text) {
    out.lines.push_back(fmt::format(
        "nobody reads input queue {} of core {}:", c.inputQueue, at(place)));
  }
}
