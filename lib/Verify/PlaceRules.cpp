// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of each place when all declared streams of a color have been
// followed: receivers-have-queues, no-undeclared-source, queues-have-streams,
// routes-declared, single-input, and host-ports-served.
//
//===----------------------------------------------------------------------===//
#include "ColorGrid.h"

#include <algorithm>
#include <set>

using namespace wafer;
using namespace wafer::verifier;

static std::string portNames(uint8_t mask) {
  std::string names;
  for (unsigned p = 0; p < kNumPorts; ++p) {
    if ((mask >> p) & 1u) {
      names +=
          (names.empty() ? "" : " and ") + std::string(directionOf(Port(p)));
    }
  }
  return names;
}

/// The ports that any position of a route receives from.
static uint8_t receivesFrom(const RouteConfig *route) {
  uint8_t rx = 0;
  for (unsigned p = 0; route && p < route->numPositions; ++p) {
    rx |= route->positions[p].rx;
  }
  return rx;
}

static void checkQueues(RuleContext &context, const ColorGrid &grid,
                        size_t cell, uint8_t rx) {
  uint8_t flags = grid.flags[cell];
  if ((flags & kReached) && !(flags & kInputBound)) {
    context.violate(RuleId::ReceiversHaveQueues, [&] {
      return fmt::format("words of color {} reach the core {}, which has no "
                         "input queue for them",
                         grid.color, grid.placeName(cell));
    });
  }
  if ((flags & kInputBound) && !(flags & (kReached | kLineServed))) {
    context.violate(RuleId::QueuesHaveStreams, [&] {
      return fmt::format("the core {} has an input queue of color {}, but no "
                         "declared stream reaches it",
                         grid.placeName(cell), grid.color);
    });
  }
  // An output queue without a route is harmless: who sends is declared to, and
  // the rules on streams ask for its route.
  if ((rx & portBit(Port::Ramp)) && (flags & kOutputBound) &&
      !(flags & kDeclaredSource)) {
    context.violate(RuleId::NoUndeclaredSource, [&] {
      return fmt::format("the core {} can send color {} ({}), but no stream "
                         "is declared from it",
                         grid.placeName(cell), grid.color,
                         grid.ruleNameAt(cell));
    });
  }
}

static void checkRoute(RuleContext &context, const ColorGrid &grid, size_t cell,
                       const RouteConfig &route) {
  uint8_t unused = receivesFrom(&route) & uint8_t(~grid.arrived[cell]);
  if (unused) {
    context.violate(RuleId::RoutesDeclared, [&] {
      return fmt::format("{} takes color {} at {} from {}, where no declared "
                         "stream comes",
                         grid.ruleNameAt(cell), grid.color,
                         grid.placeName(cell), portNames(unused));
    });
  }
  uint8_t both = grid.arrived[cell] & route.positions[0].rx;
  if (route.numPositions == 1 && (both & (both - 1))) {
    context.violate(RuleId::SingleInput, [&] {
      return fmt::format("declared streams of color {} come to {} from {} "
                         "without a switch between them ({})",
                         grid.color, grid.placeName(cell), portNames(both),
                         grid.ruleNameAt(cell));
    });
  }
}

void wafer::verifier::checkPlaces(RuleContext &context, const ColorGrid &grid) {
  for (size_t cell = 0; cell < grid.cells(); ++cell) {
    const RouteConfig *route = grid.routeAt(cell);
    if (!route && !grid.flags[cell]) {
      continue;
    }
    checkQueues(context, grid, cell, receivesFrom(route));
    if (route) {
      checkRoute(context, grid, cell, *route);
    }
  }
}

//===----------------------------------------------------------------------===//
// Ports of the host
//===----------------------------------------------------------------------===//

/// Streams between the host and the router at the port.
static size_t countStreams(const Image &image, const HostPort &port,
                           Coord edge) {
  return size_t(
      std::count_if(image.streams.begin(), image.streams.end(),
                    [&](const Stream &s) { return usesPort(s, port, edge); }));
}

/// The image says twice which ports are joined: by number and by name.
void wafer::verifier::checkCrossings(RuleContext &context) {
  const std::vector<HostPort> &ports = context.image.hostPorts;
  std::set<std::string> names;
  for (const HostPort &port : ports) {
    if (port.input || !port.crosses()) {
      continue;
    }
    const HostPort &partner = ports[port.partner];
    if (partner.name != port.name) {
      context.violate(RuleId::CrossingsJoined, [&] {
        return fmt::format("crossing '{}' of wafer {} leads to '{}' of wafer "
                           "{}",
                           port.name, port.wafer, partner.name, partner.wafer);
      });
    }
    if (!names.insert(port.name).second) {
      context.violate(RuleId::CrossingsJoined, [&] {
        return fmt::format("two crossings are named '{}'", port.name);
      });
    }
  }
}

void wafer::verifier::checkHostPorts(RuleContext &context,
                                     const ColorGrid &grid) {
  for (const HostPort &port : context.image.hostPorts) {
    if (port.color != grid.color) {
      continue;
    }
    Coord edge = grid.placeOf(port);
    size_t streams = countStreams(context.image, port, edge);
    if (streams == 0 && port.input) {
      context.violate(RuleId::NoUndeclaredSource, [&] {
        return fmt::format("host port '{}' sends color {} at {},{}, but no "
                           "stream is declared from there",
                           port.name, port.color, edge.x, edge.y);
      });
    }
    if (streams != 1 && !(streams == 0 && port.input)) {
      context.violate(RuleId::HostPortsServed, [&] {
        return fmt::format("host port '{}' of color {} at {},{} has {} "
                           "declared streams instead of one",
                           port.name, port.color, edge.x, edge.y, streams);
      });
    }
  }
}
