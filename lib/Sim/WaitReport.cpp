// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WaitReport.cpp - Who waits for what --------------------------------===//
//
// First, when nothing can happen any more, the cause: a cycle of waits, as a
// numbered chain; where there is none, the things that wait for nothing and how
// many threads wait for each of them in the end.
//
// Then, for every thread that waits: where it stands, what it waits for, and
// the chain behind it (WaitGraph.h), which ends at something that waits for
// nothing, or where it meets itself.
//
// Then what is left over: wavelets in routers, words in queues, tasks that are
// active but blocked, words the host could not hand over.
//
//===----------------------------------------------------------------------===//
#include "WaitCause.h"
#include "WaitGraph.h"

#include <fmt/format.h>
#include <map>
#include <set>

using namespace wafer;
using namespace wafer::sim;

namespace {

constexpr unsigned kMaxChains = 8;
constexpr unsigned kMaxLeftovers = 16;
const char *const kPortNames[] = {"west", "east", "south", "north", "ramp"};

class Reporter {
public:
  Reporter(const StateView &state, bool isOver)
      : state(state), graph(state), isOver(isOver) {}

  std::string report() {
    if (isOver) {
      out += waitCause(state);
    }
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
  void threads(uint32_t place);
  void chain(const WaitNode &thread);
  void line(unsigned depth, const std::string &text) {
    out += std::string(2 * size_t(depth), ' ') + text + "\n";
  }
  std::string at(uint32_t place) const { return graph.at(place); }
  void routerLeftovers(uint32_t place);
  void coreLeftovers(uint32_t place);
  void hostLeftovers();
  void leftover(const std::string &text) {
    if (++leftovers <= kMaxLeftovers) {
      out += text + "\n";
    }
  }

  const StateView &state;
  WaitGraph graph;
  bool isOver;
  std::string out;
  unsigned chains = 0;
  unsigned leftovers = 0;
};

//===----------------------------------------------------------------------===//
// Chains
//===----------------------------------------------------------------------===//

void Reporter::threads(uint32_t place) {
  for (unsigned i = 0; i < state.numThreads(place); ++i) {
    if (graph.waits(place, i) && ++chains <= kMaxChains) {
      chain({WaitNode::Kind::Thread, place, i});
    }
  }
}

/// Walks from a thread to all that it waits for, the first one first.
void Reporter::chain(const WaitNode &thread) {
  struct Pending {
    WaitNode node;
    unsigned depth = 0;
  };
  std::set<uint64_t> visited;
  std::vector<Pending> pending = {{thread, 0}};
  while (!pending.empty()) {
    auto [node, depth] = pending.back();
    pending.pop_back();
    WaitGraph::Node n = graph.look(node, true);
    if (!n.title.empty()) {
      line(depth, n.title);
    }
    if (!visited.insert(node.key()).second) {
      line(depth + 1, "... which closes the cycle");
      continue;
    }
    depth += n.title.empty() ? 0 : 1;
    for (const std::string &text : n.lines) {
      line(depth, text);
    }
    for (size_t i = n.next.size(); i-- > 0;) {
      pending.push_back({n.next[i], depth});
    }
  }
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
  const Role &role = state.image.roles[region.role];
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
