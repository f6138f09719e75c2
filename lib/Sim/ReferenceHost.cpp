// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceHost.cpp - The host's ends of the edge links
//------------------//
#include "ReferenceHost.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::reference;

uint32_t Host::linkAt(uint32_t place, Port side) const {
  for (size_t i = 0; i < links.size(); ++i) {
    if (links[i].place == place && links[i].side == side) {
      return uint32_t(i);
    }
  }
  return kNone;
}

Status Host::load() {
  const Image &image = context.image;
  ports.resize(image.hostPorts.size());
  for (unsigned i = 0; i < ports.size(); ++i) {
    const HostPort &p = image.hostPorts[i];
    std::string where = fmt::format("host port '{}'", p.name);
    uint32_t place = context.placeOf(context.grid.edgeCore(p));
    Port side = p.west ? Port::West : Port::East;
    uint32_t link = linkAt(place, side);
    if (link == kNone) {
      link = uint32_t(links.size());
      links.push_back({place, side, {}, 0});
    }
    for (unsigned other : links[link].ports) {
      const HostPort &o = image.hostPorts[other];
      if (o.color == p.color && o.input == p.input) {
        return Diagnostic{"two host ports have the same place, direction and "
                          "color",
                          where, "", fmt::format("also '{}'", o.name), ""};
      }
    }
    links[link].ports.push_back(i);
    ports[i].link = link;
  }
  outBy.assign(size_t(context.machine.wafers), 0);
  context.schedule.resize(Actor::Link, links.size());
  return Status::success();
}

void Host::push(unsigned port, const uint32_t *words, size_t count,
                bool control, Cycle now) {
  const Machine &m = context.machine;
  // Put in in cycle c, a wavelet is usable at c + hop.
  Cycle latency = std::max(m.host.latencyCycles, m.hopCycles);
  Cycle from = now + latency - m.hopCycles;
  for (size_t i = 0; i < count; ++i) {
    ports[port].waiting.push_back({from, {words[i], control}});
  }
  if (count) {
    context.schedule.wake(Actor::Link, ports[port].link, from);
  }
}

void Host::look(uint32_t id, Cycle t) {
  Link &link = links[id];
  Cycle wake = kNever;
  for (size_t i = 0; i < link.ports.size(); ++i) {
    unsigned index = unsigned((link.next + i) % link.ports.size());
    PortState &port = ports[link.ports[index]];
    if (port.waiting.empty()) {
      continue;
    }
    if (port.waiting.front().from > t) {
      wake = std::min(wake, port.waiting.front().from);
      continue;
    }
    unsigned color = context.image.hostPorts[link.ports[index]].color;
    Channel &c = fabric.channel(fabric.channelAt(link.place, color));
    const Fifo *fifo = fabric.fifo(c, unsigned(link.side));
    if (fifo && !fifo->hasRoom(t)) {
      // A wavelet taken out later wakes the link; one that was taken out in
      // this very cycle does not do so again.
      wake = fifo->full() ? wake : t + 1;
      continue;
    }
    Wavelet word = port.waiting.front().wavelet;
    if (context.watch) {
      context.watch->hostWord(link.ports[index],
                              {word.payload, word.control, t});
    }
    fabric.enter(link.place, color, unsigned(link.side), word,
                 t + context.machine.hopCycles);
    port.waiting.pop_front();
    link.next = unsigned((index + 1) % link.ports.size());
    context.happened(t + 1);
    wake = t + 1; // one a cycle; the others are looked at again
    break;
  }
  if (wake != kNever) {
    context.schedule.wake(Actor::Link, id, wake);
  }
}

bool Host::canFeed() const {
  for (size_t i = 0; i < ports.size(); ++i) {
    const PortState &port = ports[i];
    if (port.waiting.empty()) {
      continue;
    }
    const Link &link = links[port.link];
    unsigned color = context.image.hostPorts[i].color;
    const Channel &c = fabric.channel(fabric.channelAt(link.place, color));
    const Fifo *fifo = fabric.fifo(c, unsigned(link.side));
    if (!fifo || !fifo->full()) {
      return true;
    }
  }
  return false;
}

void Host::freed(uint32_t place, Port port, Cycle t) {
  uint32_t link = linkAt(place, port);
  if (link != kNone) {
    context.schedule.wake(Actor::Link, link, t + 1);
  }
}

int Host::exitAt(uint32_t place, Port port, unsigned color) const {
  uint32_t link = linkAt(place, port);
  if (link == kNone) {
    return -1;
  }
  for (unsigned index : links[link].ports) {
    const HostPort &p = context.image.hostPorts[index];
    if (!p.input && p.color == color) {
      return int(index);
    }
  }
  return -1;
}

void Host::leave(int port, Wavelet w, Cycle t) {
  const Machine &m = context.machine;
  if (context.image.hostPorts[size_t(port)].crosses()) {
    leaving.push_back({unsigned(port), w});
    if (context.watch) {
      context.watch->hostWord(unsigned(port),
                              {w.payload, w.control, t + m.hopCycles});
    }
    return;
  }
  Cycle arrival = t + m.hopCycles + m.host.latencyCycles;
  ports[size_t(port)].received.push_back({w.payload, w.control, arrival});
  if (context.watch) {
    context.watch->hostWord(unsigned(port),
                            ports[size_t(port)].received.back());
  }
  context.happened(arrival);
}

void Host::cross(Cycle t) {
  const Machine &m = context.machine;
  std::sort(leaving.begin(), leaving.end(),
            [](const Leaving &a, const Leaving &b) { return a.port < b.port; });
  for (const Leaving &word : leaving) {
    const HostPort &from = context.image.hostPorts[word.port];
    uint64_t &out = outBy[from.wafer];
    out = std::max(out, (t + m.hopCycles) << Machine::kWordTimeBits) +
          m.crossingWordTime();
    constexpr uint64_t kRest = (1u << Machine::kWordTimeBits) - 1u;
    Cycle arrival =
        ((out + kRest) >> Machine::kWordTimeBits) + m.crossingCycles();
    PortState &to = ports[from.partner];
    to.waiting.push_back({arrival, word.wavelet});
    context.schedule.wake(Actor::Link, to.link, arrival);
  }
  leaving.clear();
}

Cycle Host::arrivalOf(unsigned port, uint64_t words) const {
  const std::vector<HostWord> &received = ports[port].received;
  if (words == 0) {
    return 0;
  }
  return received.size() < words ? kNever : received[size_t(words - 1)].cycle;
}
