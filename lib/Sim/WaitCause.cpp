// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WaitCause.cpp - Why nothing can happen any more --------------------===//
//
// A depth-first walk of the wait-for graph from every thread that waits, then
// from every wavelet that is stuck. A node met again while it is still on the
// path closes a cycle, and the walk ends. Otherwise the graph has no cycle; a
// second walk along the first edge of every node counts the threads behind each
// end.
//
//===----------------------------------------------------------------------===//
#include "WaitCause.h"
#include "WaitGraph.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

using namespace wafer;
using namespace wafer::sim;
using Kind = WaitNode::Kind;

namespace {

constexpr unsigned kMaxLinks = 16;
constexpr unsigned kMaxEnds = 4;

class Cause {
public:
  explicit Cause(const StateView &state) : state(state), graph(state) {}
  std::string text();

private:
  bool findCycle(const WaitNode &root);
  std::string cycleText();
  std::string stretchText(const std::vector<WaitNode> &nodes) const;
  /// The end of the chain that a node begins.
  WaitNode endOf(WaitNode node);
  std::string endsText();
  static bool isCore(const WaitNode &n) {
    return n.kind == Kind::Thread || n.kind == Kind::Idle;
  }
  /// Title and lines of a node as one sentence.
  std::string sentence(const WaitNode &node) const;

  const StateView &state;
  WaitGraph graph;
  std::vector<WaitNode> roots;
  /// Whether a node is on the path or done.
  enum class Mark : uint8_t { OnPath, Done };
  std::unordered_map<uint64_t, Mark> marks;
  std::vector<WaitNode> cycle;
  std::unordered_map<uint64_t, WaitNode> ends;
};

//===----------------------------------------------------------------------===//
// Walks
//===----------------------------------------------------------------------===//

bool Cause::findCycle(const WaitNode &root) {
  struct Frame {
    WaitNode node;
    std::vector<WaitNode> next;
    size_t taken = 0;
  };
  if (!marks.emplace(root.key(), Mark::OnPath).second) {
    return false;
  }
  std::vector<Frame> path = {{root, graph.look(root, false).next}};
  while (!path.empty()) {
    Frame &top = path.back();
    if (top.taken == top.next.size()) {
      marks[top.node.key()] = Mark::Done;
      path.pop_back();
      continue;
    }
    WaitNode next = top.next[top.taken++];
    auto [at, isNew] = marks.emplace(next.key(), Mark::OnPath);
    if (isNew) {
      path.push_back({next, graph.look(next, false).next});
    } else if (at->second == Mark::OnPath) {
      auto isNext = [&](const Frame &f) { return f.node.key() == next.key(); };
      auto begin = std::find_if(path.begin(), path.end(), isNext);
      for (; begin != path.end(); ++begin) {
        cycle.push_back(begin->node);
      }
      return true;
    }
  }
  return false;
}

WaitNode Cause::endOf(WaitNode node) {
  std::vector<uint64_t> passed;
  auto known = ends.end();
  for (;;) {
    known = ends.find(node.key());
    std::vector<WaitNode> next;
    if (known == ends.end()) {
      next = graph.look(node, false).next;
    }
    passed.push_back(node.key());
    if (next.empty()) {
      break;
    }
    node = next.front();
  }
  WaitNode end = known == ends.end() ? node : known->second;
  for (uint64_t key : passed) {
    ends.emplace(key, end);
  }
  return end;
}

//===----------------------------------------------------------------------===//
// Texts
//===----------------------------------------------------------------------===//

std::string Cause::sentence(const WaitNode &node) const {
  WaitGraph::Node n = graph.look(node, true);
  bool namesSender = node.kind == Kind::Sender && !n.lines.empty();
  std::string text = namesSender ? "" : n.title;
  for (const std::string &line : n.lines) {
    text += (text.empty() ? "" : "; ") + line;
  }
  return text;
}

/// What lies between two cores of the cycle: routers and queues.
std::string Cause::stretchText(const std::vector<WaitNode> &nodes) const {
  std::string text;
  auto add = [&](const std::string &more) {
    text += (text.empty() ? "" : "; ") + more;
  };
  for (size_t i = 0; i < nodes.size(); ++i) {
    const WaitNode &n = nodes[i];
    if (n.kind == Kind::Sender) {
      add(fmt::format("color {} comes from core {}, {} hops away", n.color(),
                      graph.at(n.place), n.hops));
    } else if (n.kind == Kind::Consumer) {
      add(fmt::format("input queue {} of core {} is full",
                      state.channel(n.place, n.color()).inputQueue,
                      graph.at(n.place)));
    } else if (n.kind == Kind::Wavelet) {
      size_t last = i;
      while (last + 1 < nodes.size() && nodes[last + 1].kind == Kind::Wavelet) {
        ++last;
      }
      add(last == i ? fmt::format("wavelets of color {} are stuck in router {}",
                                  n.color(), graph.at(n.place))
                    : fmt::format("wavelets of color {} are stuck in the "
                                  "routers from {} to {}",
                                  n.color(), graph.at(n.place),
                                  graph.at(nodes[last].place)));
      i = last;
    }
  }
  return text;
}

std::string Cause::cycleText() {
  // Begin at the first core, or at the first router where there is none.
  auto key = [](const WaitNode &n) {
    return std::make_pair(!isCore(n), n.key());
  };
  std::rotate(cycle.begin(),
              std::min_element(cycle.begin(), cycle.end(),
                               [&](const WaitNode &a, const WaitNode &b) {
                                 return key(a) < key(b);
                               }),
              cycle.end());
  bool hasCores = isCore(cycle.front());
  std::string links;
  unsigned count = 0;
  for (size_t i = 0; i < cycle.size();) {
    std::vector<WaitNode> between;
    size_t next = i + 1;
    while (hasCores && next < cycle.size() && !isCore(cycle[next])) {
      between.push_back(cycle[next++]);
    }
    if (++count <= kMaxLinks) {
      links += fmt::format("  {}. {}\n", count, sentence(cycle[i]));
      std::string stretch = stretchText(between);
      links += stretch.empty() ? "" : "     " + stretch + "\n";
    }
    i = next;
  }
  if (count > kMaxLinks) {
    links += fmt::format("  and {} more\n", count - kMaxLinks);
  }
  std::string text = fmt::format("a cycle of {} waits, each for the next and "
                                 "the last for the first:\n{}",
                                 count, links);
  if (state.image.certified) {
    text = "internal error: the image is certified to have no deadlock, or the "
           "host does not do what 'wsec verify' says is assumed of it\n" +
           text;
  }
  return text;
}

std::string Cause::endsText() {
  struct End {
    WaitNode node;
    unsigned threads = 0;
  };
  std::vector<End> found;
  std::unordered_map<uint64_t, size_t> indexOf;
  for (const WaitNode &root : roots) {
    WaitNode end = endOf(root);
    auto [at, isNew] = indexOf.emplace(end.key(), found.size());
    if (isNew) {
      found.push_back({end, 0});
    }
    ++found[at->second].threads;
  }
  std::stable_sort(found.begin(), found.end(), [](const End &a, const End &b) {
    return a.threads > b.threads;
  });
  std::string text = "no cycle of waits; what is waited for in the end:\n";
  for (size_t i = 0; i < found.size() && i < kMaxEnds; ++i) {
    text +=
        fmt::format("  by {} thread{}: {}\n", found[i].threads,
                    found[i].threads == 1 ? "" : "s", sentence(found[i].node));
  }
  if (found.size() > kMaxEnds) {
    text += fmt::format("  and {} more\n", found.size() - kMaxEnds);
  }
  return text;
}

std::string Cause::text() {
  for (uint32_t place = 0; place < state.grid.numPlaces(); ++place) {
    for (unsigned i = 0; i < state.numThreads(place); ++i) {
      if (graph.waits(place, i)) {
        roots.push_back({Kind::Thread, place, i});
      }
    }
  }
  for (const WaitNode &root : roots) {
    if (findCycle(root)) {
      return cycleText();
    }
  }
  // Wavelets alone can close a ring that no thread waits for.
  for (uint32_t place = 0; place < state.grid.numPlaces(); ++place) {
    uint32_t pending = state.pendingColors(place);
    for (; pending; pending &= pending - 1) {
      unsigned color = unsigned(__builtin_ctz(pending));
      unsigned occupied = state.channel(place, color).occupied;
      for (; occupied; occupied &= occupied - 1) {
        unsigned port = unsigned(__builtin_ctz(occupied));
        if (findCycle({Kind::Wavelet, place, color * kNumPorts + port})) {
          return cycleText();
        }
      }
    }
  }
  return roots.empty() ? "" : endsText();
}

} // namespace

std::string wafer::sim::waitCause(const StateView &state) {
  return Cause(state).text();
}
