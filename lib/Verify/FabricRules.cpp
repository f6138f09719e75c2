// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules on routes. Phases, for each color in use:
//   1. paint the routes (one-rule-per-color) and the bound queues;
//   2. each router: what it sends on is taken (stays-on-grid), and nothing
//      goes to what is dead (links-alive, cores-alive);
//   3. each family and stream: follow it from its source and compare the cores
//      it reaches with its sinks (streams-delivered, sources-have-queues),
//      noting the ports through which it came;
//   4. each router again, from what phase 3 noted (PlaceRules.cpp).
// After all colors: filter-limits. Before them: cores-alive.
//
// All of this happens on the wafer: tables are read through the map of the
// image, and what families and streams say of the program is looked up at the
// homes of its cores. Places in messages are physical.
//
// A router with switch positions is followed through every position that takes
// the port the words come from, so what a stream reaches is an upper bound
// over the order in which switches move.
//
//===----------------------------------------------------------------------===//
#include "ColorGrid.h"

#include "wafer/Image/PhysicalImage.h"

#include <algorithm>
#include <set>
#include <string_view>

using namespace wafer;
using namespace wafer::verifier;

namespace {

/// A stream, or a segment of a family on one line.
struct Sender {
  std::string_view name; // of its family: made once, not for every segment
  Coord source;
  Port entry = Port::Ramp;
  bool toHost = false;
};

class FabricCheck {
public:
  FabricCheck(RuleContext &context, const Image &physical)
      : context(context), image(context.image), physical(physical),
        grid(context.image, physical, context.machine), visited(grid.cells()),
        expected(grid.cells()), filters(grid.cells()) {}

  void run() {
    for (unsigned color : usedColors()) {
      grid.paint(color, [&](size_t cell, uint32_t first, uint32_t second) {
        overlap(cell, first, second);
      });
      checkRouters();
      for (size_t i = 0; i < image.families.size(); ++i) {
        if (image.families[i].color == color) {
          family(i);
        }
      }
      for (size_t i = 0; i < image.streams.size(); ++i) {
        if (image.streams[i].color == color) {
          stream(i);
        }
      }
      checkHostPorts(context, grid);
      grid.markServedLines();
      checkPlaces(context, grid);
    }
    checkFilters();
  }

private:
  std::set<unsigned> usedColors() const;
  void overlap(size_t cell, uint32_t first, uint32_t second);
  void checkRouters();
  void checkAlive(size_t cell, uint8_t tx);
  void checkHop(size_t cell, Port port);
  void family(size_t index);
  void segment(const StreamFamily &f, std::string_view name, int32_t line,
               const Segment &s);
  void stream(size_t index);
  bool hostEntry(Sender &sender, size_t index);
  /// Follows a sender; false after a problem was reported.
  bool follow(const Sender &sender);
  bool step(const Sender &sender, size_t cell, Port in);
  void compare(const Sender &sender, uint64_t sinks,
               const std::function<size_t()> &firstMissing);
  void checkSource(const Sender &sender);
  void checkFilters();
  bool spend(uint64_t steps);
  template <typename Text>
  bool undelivered(const Sender &sender, Text text) {
    context.violate(RuleId::StreamsDelivered, [&] {
      return fmt::format("{} from {} on color {}: {}", sender.name,
                         place(grid.cellOf(sender.source)), grid.color, text());
    });
    return false;
  }
  std::string place(size_t cell) const { return grid.placeName(cell); }

  RuleContext &context;
  /// Its streams and families speak of the program, the tables of `physical`
  /// of the wafer.
  const Image &image;
  const Image &physical;
  ColorGrid grid;
  /// By cell: the last sender that came by, and the last that should reach it.
  std::vector<uint32_t> visited;
  std::vector<uint32_t> expected;
  std::vector<uint8_t> filters;
  uint32_t epoch = 0;
  /// Of the sender that is followed: cores reached, edge routers left through.
  std::vector<size_t> reached;
  std::vector<size_t> exits;
  std::vector<std::pair<size_t, Port>> work;
  /// A hostile image can declare the same long route any number of times.
  uint64_t budget = uint64_t(1) << 32;
};

} // namespace

std::set<unsigned> FabricCheck::usedColors() const {
  std::set<unsigned> colors;
  for (const Rule &r : image.rules) {
    colors.insert(r.color);
  }
  for (const StreamFamily &f : image.families) {
    colors.insert(f.color);
  }
  for (const Stream &s : image.streams) {
    colors.insert(s.color);
  }
  for (const HostPort &h : image.hostPorts) {
    colors.insert(h.color);
  }
  for (const Region &region : image.regions) {
    for (const QueueBinding &q : image.roles[region.role].queues) {
      forEachValue(q.color, region, [&](uint16_t color) {
        if (color != kUnboundColor) {
          colors.insert(color);
        }
      });
    }
  }
  return colors;
}

bool FabricCheck::spend(uint64_t steps) {
  bool enough = budget > steps;
  if (!enough && budget > 0) {
    context.violate(RuleId::StreamsDelivered, [] {
      return std::string("the declared streams are too many to follow (2^32 "
                         "routers in all)");
    });
  }
  budget = enough ? budget - steps : 0;
  return enough;
}

//===----------------------------------------------------------------------===//
// Routers by themselves
//===----------------------------------------------------------------------===//

void FabricCheck::overlap(size_t cell, uint32_t first, uint32_t second) {
  context.violate(RuleId::OneRulePerColor, [&] {
    return fmt::format("{} and {} both give {} a route for color {}",
                       nameOf("rule", first, physical.rules[first].name),
                       nameOf("rule", second, physical.rules[second].name),
                       place(cell), grid.color);
  });
}

void FabricCheck::checkRouters() {
  for (size_t cell = 0; cell < grid.cells(); ++cell) {
    const RouteConfig *route = grid.routeAt(cell);
    if (!route) {
      continue;
    }
    filters[cell] =
        uint8_t(filters[cell] + (route->filter.kind != FilterKind::None));
    uint8_t tx = 0;
    for (unsigned p = 0; p < route->numPositions; ++p) {
      tx |= route->positions[p].tx;
    }
    checkAlive(cell, tx);
    for (Port port : {Port::West, Port::East, Port::South, Port::North}) {
      if (tx & portBit(port)) {
        checkHop(cell, port);
      }
    }
  }
}

void FabricCheck::checkAlive(size_t cell, uint8_t tx) {
  if (context.dead.none()) {
    return;
  }
  Coord at = grid.coordOf(cell);
  if (context.dead.router(at)) {
    context.violate(RuleId::LinksAlive, [&] {
      return fmt::format("{} gives the dead router {} a route for color {}",
                         grid.ruleNameAt(cell), place(cell), grid.color);
    });
    return;
  }
  for (Port port : {Port::West, Port::East, Port::South, Port::North}) {
    if ((tx & portBit(port)) && context.dead.link(at, port)) {
      context.violate(RuleId::LinksAlive, [&] {
        return fmt::format("{} sends color {} at {} to the {}, over a dead "
                           "link",
                           grid.ruleNameAt(cell), grid.color, place(cell),
                           directionOf(port));
      });
    }
  }
  if ((tx & portBit(Port::Ramp)) && context.dead.core(at)) {
    context.violate(RuleId::CoresAlive, [&] {
      return fmt::format("{} sends color {} to the dead core {}",
                         grid.ruleNameAt(cell), grid.color, place(cell));
    });
  }
}

void FabricCheck::checkHop(size_t cell, Port port) {
  Coord next = neighbour(grid.coordOf(cell), port);
  auto violate = [&](const std::string &problem) {
    context.violate(RuleId::StaysOnGrid, [&] {
      return fmt::format("{} sends color {} at {} to the {}, {}",
                         grid.ruleNameAt(cell), grid.color, place(cell),
                         directionOf(port), problem);
    });
  };
  if (!context.machine.hasLink(grid.coordOf(cell), port)) {
    if (!grid.hasHostPort(grid.coordOf(cell), port, false)) {
      violate("over the edge, where no host port takes it");
    }
    return;
  }
  const RouteConfig *route = grid.routeAt(grid.cellOf(next));
  if (!route) {
    violate("where the router has no route for it");
    return;
  }
  uint8_t rx = 0;
  for (unsigned p = 0; p < route->numPositions; ++p) {
    rx |= route->positions[p].rx;
  }
  if (!(rx & portBit(opposite(port)))) {
    violate("where the router does not take it from there");
  }
}

//===----------------------------------------------------------------------===//
// Following streams
//===----------------------------------------------------------------------===//

bool FabricCheck::step(const Sender &sender, size_t cell, Port in) {
  if (visited[cell] == epoch) {
    return undelivered(sender, [&] {
      return fmt::format("the route comes to {} twice", place(cell));
    });
  }
  visited[cell] = epoch;
  const RouteConfig *route = grid.routeAt(cell);
  uint8_t tx = 0;
  for (unsigned p = 0; route && p < route->numPositions; ++p) {
    if (route->positions[p].rx & portBit(in)) {
      tx |= route->positions[p].tx;
    }
  }
  if (tx == 0) {
    return undelivered(sender, [&] {
      return fmt::format("the router at {} {} from {}", place(cell),
                         route ? "does not take it" : "has no route for it",
                         directionOf(in));
    });
  }
  grid.arrived[cell] |= portBit(in);
  if (tx & portBit(Port::Ramp)) {
    reached.push_back(cell);
  }
  for (Port out : {Port::West, Port::East, Port::South, Port::North}) {
    if (!(tx & portBit(out))) {
      continue;
    }
    Coord next = neighbour(grid.coordOf(cell), out);
    if (context.machine.hasLink(grid.coordOf(cell), out)) {
      work.push_back({grid.cellOf(next), opposite(out)});
    } else if (grid.hasHostPort(grid.coordOf(cell), out, false)) {
      exits.push_back(cell);
    } else {
      return undelivered(sender, [&] {
        return fmt::format("the route leaves the grid at {}", place(cell));
      });
    }
  }
  return true;
}

bool FabricCheck::follow(const Sender &sender) {
  reached.clear();
  exits.clear();
  work.assign(1, {grid.cellOf(sender.source), sender.entry});
  while (!work.empty()) {
    auto [cell, in] = work.back();
    work.pop_back();
    if (!spend(1) || !step(sender, cell, in)) {
      return false;
    }
  }
  return true;
}

/// The cores (or edge routers) reached against the `sinks` cells that carry
/// the epoch in `expected`.
void FabricCheck::compare(const Sender &sender, uint64_t sinks,
                          const std::function<size_t()> &firstMissing) {
  const std::vector<size_t> &got = sender.toHost ? exits : reached;
  const std::vector<size_t> &wrong = sender.toHost ? reached : exits;
  if (!wrong.empty()) {
    undelivered(sender, [&] {
      return fmt::format(sender.toHost ? "it reaches the core {} on the way"
                                       : "it leaves to the host at {}",
                         place(wrong.front()));
    });
  }
  uint64_t right = 0;
  for (size_t cell : got) {
    if (expected[cell] == epoch) {
      // Taken off, so that what keeps the mark was missed.
      expected[cell] = 0;
      ++right;
      continue;
    }
    undelivered(sender, [&] {
      return fmt::format("it reaches {}, which is no sink", place(cell));
    });
  }
  if (right < sinks) {
    undelivered(sender, [&] {
      return fmt::format("it does not reach {} of {} sinks, the first at {}",
                         sinks - right, sinks, place(firstMissing()));
    });
  }
  for (size_t cell : reached) {
    grid.flags[cell] |= kReached;
  }
}

void FabricCheck::checkSource(const Sender &sender) {
  size_t cell = grid.cellOf(sender.source);
  grid.flags[cell] |= kDeclaredSource;
  if (!(grid.flags[cell] & kOutputBound)) {
    context.violate(RuleId::SourcesHaveQueues, [&] {
      return fmt::format("{}: the source {} has no output queue of color {}",
                         sender.name, place(cell), grid.color);
    });
  }
}

void FabricCheck::segment(const StreamFamily &f, std::string_view name,
                          int32_t line, const Segment &s) {
  int32_t shift = line * f.skew;
  Sender sender;
  sender.name = name;
  auto cellAt = [&](int32_t offset) {
    return grid.cellOf(
        grid.homeOf(placeOn(f.rect, f.axis, line, offset + shift)));
  };
  sender.source = grid.coordOf(cellAt(s.source));
  checkSource(sender);
  if (++epoch == 0 || !spend(uint64_t(s.sinkEnd - s.sinkBegin))) {
    return;
  }
  uint64_t sinks = 0;
  for (int32_t i = s.sinkBegin; i < s.sinkEnd; ++i) {
    if (i != s.source) {
      expected[cellAt(i)] = epoch;
      ++sinks;
    }
  }
  if (!follow(sender)) {
    return;
  }
  compare(sender, sinks, [&] {
    for (int32_t i = s.sinkBegin; i < s.sinkEnd; ++i) {
      size_t cell = cellAt(i);
      if (expected[cell] == epoch) {
        return cell;
      }
    }
    return grid.cellOf(sender.source);
  });
}

void FabricCheck::family(size_t index) {
  const StreamFamily &f = image.families[index];
  int32_t lines = f.axis == Axis::X ? f.rect.h : f.rect.w;
  const std::string name = nameOf("family", index, f.name);
  for (int32_t line = 0; line < lines; ++line) {
    for (const Segment &s : f.segments) {
      segment(f, name, line, s);
    }
  }
}

/// The outer port through which the host's words enter at the source.
bool FabricCheck::hostEntry(Sender &sender, size_t index) {
  for (Port p : {Port::West, Port::East}) {
    if (grid.hasHostPort(sender.source, p, true)) {
      sender.entry = p;
      return true;
    }
  }
  return undelivered(
      sender, [] { return std::string("no host port brings words in there"); });
}

void FabricCheck::stream(size_t index) {
  const Stream &s = image.streams[index];
  const std::string name = nameOf("stream", index, s.name);
  Sender sender;
  sender.name = name;
  sender.source =
      s.fromHost ? grid.edgeOf(s.source, true) : grid.homeOf(s.source);
  sender.toHost = s.toHost;
  if (s.fromHost) {
    if (!hostEntry(sender, index)) {
      return;
    }
  } else {
    checkSource(sender);
  }
  ++epoch;
  uint64_t sinks = 0;
  size_t source = grid.cellOf(sender.source);
  auto forEachSink = [&](auto body) {
    for (const Rect &r : s.sinks) {
      for (int32_t y = r.y; y < r.endY(); ++y) {
        for (int32_t x = r.x; x < r.endX(); ++x) {
          body(grid.cellOf(s.toHost ? grid.edgeOf({x, y}, false)
                                    : grid.homeOf({x, y})));
        }
      }
    }
  };
  for (const Rect &r : s.sinks) {
    if (!spend(uint64_t(r.area()))) {
      return;
    }
  }
  bool sourceMayReceive = s.fromHost || s.toHost;
  forEachSink([&](size_t cell) {
    if (expected[cell] != epoch && (sourceMayReceive || cell != source)) {
      expected[cell] = epoch;
      ++sinks;
    }
  });
  if (!follow(sender)) {
    return;
  }
  compare(sender, sinks, [&] {
    size_t missing = grid.cells();
    forEachSink([&](size_t cell) {
      if (expected[cell] == epoch && missing == grid.cells()) {
        missing = cell;
      }
    });
    return missing == grid.cells() ? source : missing;
  });
}

void FabricCheck::checkFilters() {
  for (size_t cell = 0; cell < grid.cells(); ++cell) {
    if (filters[cell] > context.machine.filtersPerCore) {
      context.violate(RuleId::FilterLimits, [&] {
        return fmt::format("the core {} needs {} filters but the machine has "
                           "{} a core",
                           place(cell), filters[cell],
                           context.machine.filtersPerCore);
      });
    }
  }
}

/// cores-alive for programs, links-alive for host ports.
static void checkCores(RuleContext &context) {
  const Image &image = context.image;
  if (context.dead.none()) {
    return;
  }
  PlaceMap places(image.map, context.machine);
  for (const Region &region : image.regions) {
    const Rect &r = region.rect;
    for (int32_t y = r.y; y < r.endY(); ++y) {
      for (int32_t x = r.x; x < r.endX(); ++x) {
        Coord home = places.homeOf({x, y}).value_or(Coord{x, y});
        if (context.dead.core(home)) {
          context.violate(RuleId::CoresAlive, [&] {
            return fmt::format("core {},{} of region '{}' lives at {},{}, "
                               "which is dead",
                               x, y, region.name, home.x, home.y);
          });
        }
      }
    }
  }
  for (size_t i = 0; i < image.hostPorts.size(); ++i) {
    Coord edge = edgeCore(image.hostPorts[i], context.machine);
    for (const PortRoute &route : image.map.ports) {
      edge.y = route.port == i ? route.row : edge.y;
    }
    if (context.dead.router(edge)) {
      context.violate(RuleId::LinksAlive, [&] {
        return fmt::format("host port '{}' is at the dead router {},{}",
                           image.hostPorts[i].name, edge.x, edge.y);
      });
    }
  }
}

void wafer::verifier::checkFabric(RuleContext &context) {
  // A machine file may name any grid; the largest wafers have a million cores.
  constexpr int64_t kMostCores = int64_t(1) << 26;
  const Machine &m = context.machine;
  if (int64_t(m.width()) * m.height() > kMostCores) {
    context.violate(RuleId::StreamsDelivered, [&] {
      return fmt::format("routes of {} x {} cores are too many to check (at "
                         "most {})",
                         m.width(), m.height(), kMostCores);
    });
    return;
  }
  checkCrossings(context);
  checkCores(context);
  if (context.image.map.isIdentity()) {
    FabricCheck(context, context.image).run();
    return;
  }
  Result<Image> physical = physicalImage(context.image, m);
  if (!physical) {
    context.violate(RuleId::StreamsDelivered,
                    [&] { return physical.error().str(); });
    return;
  }
  FabricCheck(context, *physical).run();
}
