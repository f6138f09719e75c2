// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RandomFabric.h"
#include "Builder.h"

using namespace wafer;
using namespace wafer::test;

bool RandomFabric::isFree(Coord c, unsigned color) const {
  return c.x >= 0 && c.y >= 0 && c.x < out.machine.width() &&
         c.y < out.machine.height() && !taken.count({placeOf(c), color});
}

Filter RandomFabric::makeFilter() {
  Filter f;
  f.kind = chance(60) ? FilterKind::Counter : FilterKind::Range;
  f.max = uint16_t(1 + below(4));
  if (f.kind == FilterKind::Counter) {
    f.limit = uint16_t(below(5));
    f.init = uint16_t(below(f.max + 1u));
  } else {
    f.max = uint16_t(0x8000 + below(0x8000));
  }
  return f;
}

RouteConfig RandomFabric::makeConfig(const Hop &hop) {
  RouteConfig config;
  config.positions[0] = {hop.rx, hop.tx};
  if (chance(15)) {
    config.numPositions = uint8_t(2 + below(3));
    for (unsigned i = 1; i < config.numPositions; ++i) {
      uint8_t rx = chance(60) ? hop.rx : uint8_t(below(32));
      uint8_t tx = chance(60) ? hop.tx : uint8_t(below(32) & hop.tx);
      config.positions[i] = {rx, chance(20) ? kR : tx};
    }
    config.currentPosition =
        uint8_t(chance(70) ? 0 : below(config.numPositions));
    config.ring = chance(50);
    config.pop = PopMode(below(4));
  }
  if (chance(2)) {
    config.positions[0] = {uint8_t(1 + below(31)), uint8_t(1 + below(31))};
  }
  if (((hop.tx & kR) && chance(15)) || chance(2)) {
    config.filter = makeFilter();
  }
  return config;
}

void RandomFabric::addRoute(const Hop &hop) {
  Rule rule;
  rule.color = uint8_t(hop.color);
  rule.rect = {hop.at.x, hop.at.y, 1, 1};
  rule.classes = {{{1, uint32_t(out.image.configs.size())}}};
  out.image.configs.push_back(makeConfig(hop));
  out.image.rules.push_back(rule);
  taken[{placeOf(hop.at), hop.color}] = true;
}

bool RandomFabric::addPort(bool input, Coord at, bool west, unsigned color,
                           unsigned words) {
  HostPort port;
  port.name =
      (input ? "in" : "out") + std::to_string(out.image.hostPorts.size());
  port.input = input;
  port.west = west;
  port.row = at.y;
  port.color = uint8_t(color);
  port.wafer = uint32_t(out.machine.waferOf(at.x));
  for (const HostPort &p : out.image.hostPorts) {
    if (p.input == input && p.west == west && p.row == at.y &&
        p.color == color && p.wafer == port.wafer) {
      return false;
    }
  }
  unsigned index = unsigned(out.image.hostPorts.size());
  out.image.hostPorts.push_back(port);
  while (input && words) {
    unsigned n = 1 + below(words);
    words -= n;
    RandomPush push{below(3), index, chance(5), {}};
    for (unsigned i = 0; i < n; ++i) {
      push.words.push_back(uint32_t(rng.next()));
    }
    out.pushes.push_back(push);
  }
  return true;
}

std::optional<RandomFabric::Hop> RandomFabric::cross(Coord at, Port side,
                                                     unsigned color) {
  const Machine &m = out.machine;
  int32_t wafer = int32_t(below(unsigned(m.wafers)));
  bool west = chance(50);
  Hop hop{{m.edgeColumn(wafer, west), int32_t(below(unsigned(m.height())))},
          west ? kW : kE,
          0,
          below(m.colors)};
  if (wafer == m.waferOf(at.x) || !isFree(hop.at, hop.color)) {
    return std::nullopt;
  }
  auto index = unsigned(out.image.hostPorts.size());
  if (!addPort(false, at, side == Port::West, color, 0)) {
    return std::nullopt;
  }
  if (!addPort(true, hop.at, west, hop.color, 0)) {
    out.image.hostPorts.pop_back();
    return std::nullopt;
  }
  out.image.hostPorts[index].partner = index + 1;
  out.image.hostPorts[index + 1].partner = index;
  return hop;
}

void RandomFabric::makeStream(unsigned color) {
  Coord at{int32_t(below(unsigned(out.machine.width()))),
           int32_t(below(unsigned(out.machine.height())))};
  bool fromHost = chance(20);
  bool west = chance(50);
  if (fromHost) {
    at.x = out.machine.edgeColumn(out.machine.waferOf(at.x), west);
  }
  if (!isFree(at, color)) {
    return;
  }
  unsigned words = 1 + below(chance(30) ? 60 : 12);
  if (fromHost) {
    addPort(true, at, west, color, words);
  }
  bool control = chance(15);
  auto addEnd = [&](Coord c, bool input) {
    ends[placeOf(c)].push_back({color, input, words, control});
  };
  std::vector<Hop> hops;
  hops.push_back({at, fromHost ? (west ? kW : kE) : kR, 0, color});
  if (!fromHost) {
    addEnd(at, false);
  }
  taken[{placeOf(at), color}] = true;
  for (unsigned length = below(7); length; --length) {
    Port port = Port(below(4));
    Coord next = neighbour(at, port);
    bool outside = !out.machine.hasLink(at, port);
    if (outside || !isFree(next, color)) {
      bool isEdge = outside && (port == Port::West || port == Port::East);
      std::optional<Hop> entry;
      if (isEdge && out.machine.wafers > 1 && chance(70)) {
        entry = cross(at, port, color);
      }
      if (entry) {
        hops.back().tx |= portBit(port);
        hops.push_back(*entry);
        at = entry->at;
        color = entry->color;
        taken[{placeOf(at), color}] = true;
        continue;
      }
      // The stream may leave to the host here.
      if (isEdge && chance(50)) {
        hops.back().tx |= portBit(port);
        addPort(false, at, port == Port::West, color, 0);
        break;
      }
      continue;
    }
    hops.back().tx |= portBit(port);
    if (chance(25)) { // multicast
      hops.back().tx |= kR;
      addEnd(at, true);
    }
    at = next;
    taken[{placeOf(at), color}] = true;
    hops.push_back({at, portBit(opposite(port)), 0, color});
    if (chance(10)) { // a join
      hops.back().rx |= kR;
      addEnd(at, false);
    }
  }
  if (!hops.back().tx) {
    hops.back().tx = kR;
    addEnd(at, true);
  }
  for (const Hop &hop : hops) {
    addRoute(hop);
  }
}

void RandomFabric::make() {
  unsigned places = unsigned(out.machine.width() * out.machine.height());
  ends.resize(places);
  unsigned colors = 1 + below(out.machine.colors);
  for (unsigned color = 0; color < colors; ++color) {
    for (unsigned tries = 1 + below(1 + places / 3); tries; --tries) {
      makeStream(color);
    }
  }
}
