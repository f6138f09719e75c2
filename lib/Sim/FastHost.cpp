// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastHost.cpp - The host's ends of the edge links -------------------===//
#include "FastHost.h"

#include <algorithm>
#include <tuple>

using namespace wafer;
using namespace wafer::fast;

void Host::load() {
  const Image &image = context.image;
  ports.assign(image.hostPorts.size(), PortState());
  links.clear();
  linkAt.clear();
  exits.clear();
  outBy.assign(size_t(context.machine.wafers), 0);
  someLeft = false;
  for (unsigned i = 0; i < ports.size(); ++i) {
    const HostPort &p = image.hostPorts[i];
    uint32_t place = context.grid.placeOf(context.grid.edgeCore(p));
    Port side = p.west ? Port::West : Port::East;
    auto [at, isNew] = linkAt.insert({{place, side}, uint32_t(links.size())});
    if (isNew) {
      links.push_back({place, side, {}, 0});
    }
    links[at->second].ports.push_back(i);
    ports[i].link = at->second;
    ports[i].channel = fabric.channelAt(place, p.color);
    if (p.crosses() && !p.input) {
      exits.push_back(i);
    }
  }
}

void Host::push(unsigned port, const uint32_t *words, size_t count,
                bool control, Cycle now) {
  const Machine &m = context.machine;
  // Put in in cycle c, a wavelet is usable at c + hop.
  Cycle from = now + std::max(m.host.latencyCycles, m.hopCycles) - m.hopCycles;
  for (size_t i = 0; i < count; ++i) {
    ports[port].waiting.push_back({from, {words[i], control}});
  }
  if (count) {
    context.schedule.wake(Actor::Link, ports[port].link, from);
  }
}

void Host::look(Context &lane, Fabric &itsFabric, uint32_t id, Cycle t) {
  Link &link = links[id];
  Cycle wake = kNever;
  for (size_t i = 0; i < link.ports.size(); ++i) {
    unsigned turn = unsigned((link.next + i) % link.ports.size());
    PortState &port = ports[link.ports[turn]];
    if (port.waiting.empty()) {
      continue;
    }
    Channel &c = itsFabric.channel(port.channel);
    Cycle from = std::max(port.waiting.front().from,
                          itsFabric.roomFrom(c, unsigned(link.side)));
    if (from > t) {
      wake = std::min(wake, from); // kNever: freed() tells
      continue;
    }
    itsFabric.enter(link.place, c, unsigned(link.side),
                    port.waiting.front().wavelet,
                    t + context.machine.hopCycles);
    port.waiting.pop_front();
    link.next = unsigned((turn + 1) % link.ports.size());
    lane.happened(t + 1);
    wake = t + 1; // one a cycle; the others are looked at again
    break;
  }
  if (wake != kNever) {
    lane.schedule.wake(Actor::Link, id, wake);
  }
}

bool Host::canFeed() const {
  for (const PortState &port : ports) {
    if (!port.waiting.empty() &&
        fabric.roomFrom(fabric.channel(port.channel),
                        unsigned(links[port.link].side)) != kNever) {
      return true;
    }
  }
  return false;
}

void Host::freed(Context &lane, uint32_t place, Port side, Cycle t) {
  auto link = linkAt.find({place, side});
  if (link != linkAt.end()) {
    lane.schedule.wake(Actor::Link, link->second, t + 1);
  }
}

int Host::exitAt(uint32_t place, Port side, unsigned color) const {
  auto link = linkAt.find({place, side});
  if (link == linkAt.end()) {
    return -1;
  }
  for (unsigned index : links[link->second].ports) {
    const HostPort &p = context.image.hostPorts[index];
    if (!p.input && p.color == color) {
      return int(index);
    }
  }
  return -1;
}

void Host::leave(Context &lane, int port, Wavelet w, Cycle t) {
  if (context.image.hostPorts[size_t(port)].crosses()) {
    ports[size_t(port)].left.push_back({t, w});
    someLeft.store(true, std::memory_order_relaxed);
    return;
  }
  const Machine &m = context.machine;
  Cycle arrival = t + m.hopCycles + m.host.latencyCycles;
  ports[size_t(port)].received.push_back({w.payload, w.control != 0, arrival});
  lane.happened(arrival);
}

Cycle Host::crossingCycles() const {
  const Machine &m = context.machine;
  return exits.empty() ? kNever : m.hopCycles + m.crossingCycles();
}

void Host::crossAll() {
  const Machine &m = context.machine;
  const uint64_t wordTime = m.crossingWordTime();
  const Cycle latency = m.crossingCycles();
  struct Word {
    Cycle left = 0;
    unsigned port = 0;
    Wavelet wavelet;
  };
  // A wafer's words go in the order of their cycles and ports.
  std::vector<Word> words;
  for (unsigned port : exits) {
    for (const Waiting &word : ports[port].left) {
      words.push_back({word.from, port, word.wavelet});
    }
    ports[port].left.clear();
  }
  std::sort(words.begin(), words.end(), [](const Word &a, const Word &b) {
    return std::tie(a.left, a.port) < std::tie(b.left, b.port);
  });
  for (const Word &word : words) {
    const HostPort &exit = context.image.hostPorts[word.port];
    uint64_t &out = outBy[exit.wafer];
    uint64_t ready = (word.left + m.hopCycles) << Machine::kWordTimeBits;
    out = std::max(out, ready) + wordTime;
    uint64_t whole = out >> Machine::kWordTimeBits;
    bool isPart = (whole << Machine::kWordTimeBits) != out;
    Cycle arrival = whole + (isPart ? 1 : 0) + latency;
    PortState &to = ports[exit.partner];
    to.waiting.push_back({arrival, word.wavelet});
    context.schedule.wake(Actor::Link, to.link, arrival);
  }
}

Cycle Host::arrivalOf(unsigned port, uint64_t words) const {
  const std::vector<HostWord> &received = ports[port].received;
  if (words == 0) {
    return 0;
  }
  return received.size() < words ? kNever : received[size_t(words - 1)].cycle;
}
