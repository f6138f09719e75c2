// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Collectives/LineTree.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

using namespace wafer;

LineTree LineTree::chains(uint32_t west, uint32_t east) {
  LineTree tree;
  tree.root = west;
  tree.cores.resize(west + east + 1);
  for (uint32_t x = 0; x < tree.size(); ++x) {
    uint32_t parent = x < west ? x + 1 : x > west ? x - 1 : x;
    tree.cores[x].parent = parent;
    if (parent != x) {
      tree.cores[parent].children.push_back(x);
    }
  }
  return tree;
}

std::vector<uint32_t> LineTree::childrenOn(uint32_t core, bool west) const {
  std::vector<uint32_t> result;
  for (uint32_t child : cores[core].children) {
    if ((child < core) == west) {
      result.push_back(child);
    }
  }
  return result;
}

bool LineTree::isLastChild(uint32_t core) const {
  return core != root &&
         childrenOn(cores[core].parent, core < cores[core].parent).back() ==
             core;
}

/// The cores without the root, each after all that lie between it and the root.
static std::vector<uint32_t> outwards(const LineTree &tree) {
  std::vector<uint32_t> order;
  for (uint32_t x = tree.root + 1; x < tree.size(); ++x) {
    order.push_back(x);
  }
  for (uint32_t x = tree.root; x-- > 0;) {
    order.push_back(x);
  }
  return order;
}

uint32_t LineTree::depth() const {
  std::vector<uint32_t> depths(size(), 0);
  uint32_t most = 0;
  for (uint32_t x : outwards(*this)) {
    depths[x] = depths[cores[x].parent] + 1;
    most = std::max(most, depths[x]);
  }
  return most;
}

uint64_t LineTree::energy() const {
  uint64_t sum = 0;
  for (uint32_t x = 0; x < size(); ++x) {
    sum += x < cores[x].parent ? cores[x].parent - x : x - cores[x].parent;
  }
  return sum;
}

uint32_t LineTree::numColors() const {
  uint32_t most = 0;
  for (const Core &core : cores) {
    for (uint8_t color : {core.takes, core.takesEast}) {
      most = color == kNoColor ? most : std::max(most, color + 1u);
    }
  }
  return most;
}

uint32_t LineTree::numSwitched() const {
  uint32_t mask = 0, count = 0;
  for (uint32_t x = 0; x < size(); ++x) {
    if (x != root && !isLastChild(x)) {
      mask |= 1u << cores[x].sends;
    }
  }
  for (; mask; mask &= mask - 1) {
    ++count;
  }
  return count;
}

uint32_t LineTree::numInputs() const {
  bool both =
      cores[root].takes != kNoColor && cores[root].takesEast != kNoColor;
  return both ? 2 : 1;
}

bool LineTree::assignColors(uint32_t limit) {
  limit = std::min(limit, 32u);
  std::vector<uint32_t> banned(size(), 0);
  auto lowest = [&](uint32_t taken) {
    uint32_t color = 0;
    while (color < 32 && (taken >> color) & 1u) {
      ++color;
    }
    return color;
  };
  auto give = [&](uint32_t parent, bool west) {
    std::vector<uint32_t> children = childrenOn(parent, west);
    if (children.empty()) {
      return true;
    }
    Core &core = cores[parent];
    uint8_t other = parent == root && !west ? core.takes : core.sends;
    uint32_t taken = banned[parent] | (other == kNoColor ? 0u : 1u << other);
    uint32_t color = lowest(taken);
    if (color >= limit) {
      return false;
    }
    (parent == root && !west ? core.takesEast : core.takes) = uint8_t(color);
    for (uint32_t child : children) {
      cores[child].sends = uint8_t(color);
      banned[child] =
          banned[parent] | (child == children.back() ? 0u : 1u << color);
    }
    return true;
  };
  for (Core &core : cores) {
    core.takes = core.takesEast = core.sends = kNoColor;
  }
  bool fits = give(root, true) && give(root, false);
  for (uint32_t x : outwards(*this)) {
    fits = fits && give(x, x < root);
  }
  return fits;
}

//===----------------------------------------------------------------------===//
// verify
//===----------------------------------------------------------------------===//

static Diagnostic badTree(const char *what, uint32_t core) {
  return {what, fmt::format("core {} of a reduction tree", core), "", "", ""};
}

/// Walks away from the root along one side: the parent of a core must be its
/// neighbour or one of that core's ancestors.
static Status checkOrder(const LineTree &tree, bool west) {
  std::vector<uint32_t> ancestors = {tree.root};
  uint32_t count = west ? tree.root : tree.size() - 1 - tree.root;
  for (uint32_t i = 1; i <= count; ++i) {
    uint32_t x = west ? tree.root - i : tree.root + i;
    while (!ancestors.empty() && ancestors.back() != tree.cores[x].parent) {
      ancestors.pop_back();
    }
    if (ancestors.empty()) {
      return badTree("the tree is not in pre-order", x);
    }
    std::vector<uint32_t> siblings = tree.childrenOn(ancestors.back(), west);
    if (std::find(siblings.begin(), siblings.end(), x) == siblings.end()) {
      return badTree("a core is no child of its parent", x);
    }
    ancestors.push_back(x);
  }
  return Status::success();
}

Status LineTree::verify() const {
  uint64_t children = 0;
  for (const Core &core : cores) {
    children += core.children.size();
  }
  if (root >= size() || cores[root].parent != root || children + 1 != size()) {
    return badTree("the tree does not hold each core once", root);
  }
  for (bool west : {true, false}) {
    if (Status order = checkOrder(*this, west); !order) {
      return order;
    }
  }
  // By color: the routers from a core to its farthest child on a side. They
  // must be apart.
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> ranges;
  for (uint32_t x = 0; x < size(); ++x) {
    for (bool west : {true, false}) {
      std::vector<uint32_t> side = childrenOn(x, west);
      uint8_t color = x == root && !west ? cores[x].takesEast : cores[x].takes;
      if (side.empty()) {
        continue;
      }
      for (size_t i = 0; i < side.size(); ++i) {
        bool nearer =
            i == 0 || (west ? side[i] < side[i - 1] : side[i] > side[i - 1]);
        if (!nearer || cores[side[i]].sends != color || color == kNoColor) {
          return badTree("a child sends out of order or on another color",
                         side[i]);
        }
      }
      uint32_t low = std::min(x, side.back()), high = std::max(x, side.back());
      auto [it, isNew] = ranges.insert({{color, low}, high});
      if (!isNew) {
        return badTree("two streams of a color meet", low);
      }
    }
  }
  for (auto it = ranges.begin(); it != ranges.end(); ++it) {
    auto next = std::next(it);
    if (next != ranges.end() && next->first.first == it->first.first &&
        next->first.second <= it->second) {
      return badTree("two streams of a color meet", next->first.second);
    }
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// predictTree
//===----------------------------------------------------------------------===//

namespace {

/// Follows the words of a tree from its leaves to the root.
class TreeClock {
public:
  TreeClock(const LineTree &tree, uint32_t words, const LineCosts &costs)
      : tree(tree), words(words), costs(costs), sent(tree.size()) {}

  void send(uint32_t x) {
    std::vector<uint32_t> children = tree.childrenOn(x, x < tree.root);
    if (children.empty()) {
      uint64_t start = costs.leafEntry + costs.vectorStart;
      sent[x] = {start, start + costs.span(words)};
      return;
    }
    Side side(*this, x);
    uint64_t ready = costs.passEntry + costs.vectorStart;
    if (children.size() > 1) {
      uint64_t start = costs.takeEntry + costs.vectorStart;
      for (size_t i = 0; i + 1 < children.size(); ++i) {
        start = side.handle(children[i], start).last + 1;
      }
      ready = start + costs.vectorStart;
    }
    sent[x] = side.handle(children.back(), ready);
  }

  /// From `start` on, the root adds what its children on a side send; returns
  /// the last step.
  uint64_t collect(const std::vector<uint32_t> &children,
                   uint64_t start) const {
    Side side(*this, tree.root);
    for (uint32_t child : children) {
      start = side.handle(child, start).last + 1;
    }
    return start - 1;
  }

private:
  /// What comes to a core on one color: one child's words after the other's,
  /// with a control wavelet in between.
  class Side {
  public:
    Side(const TreeClock &clock, uint32_t core) : clock(clock), core(core) {}

    LineTimes handle(uint32_t child, uint64_t start) {
      uint64_t latency =
          clock.costs.latency(core < child ? child - core : core - child);
      uint64_t more = clock.words - 1;
      const LineTimes &sent = clock.sent[child];
      LineTimes here;
      here.first = std::max(sent.first + latency, free);
      here.last = std::max(here.first + more, sent.last + latency);
      uint64_t first = std::max(start, here.first);
      LineTimes done = {first, std::max(first + more, here.last)};
      // Words can be ahead of the core by what its queue holds.
      uint64_t held = std::min<uint64_t>(clock.costs.queueWords, done.last);
      free = std::max(here.last, done.last - held) + 2;
      return done;
    }

  private:
    const TreeClock &clock;
    uint32_t core;
    /// From when on words of the next child can arrive.
    uint64_t free = 0;
  };

  const LineTree &tree;
  uint32_t words;
  const LineCosts &costs;
  std::vector<LineTimes> sent;
};

} // namespace

uint64_t wafer::predictTree(const LineTree &tree, uint32_t words,
                            const LineCosts &costs, bool shares) {
  TreeClock clock(tree, words, costs);
  std::vector<uint32_t> order = outwards(tree);
  // Each side from its end to the root.
  std::reverse(order.begin(), order.end());
  for (uint32_t x : order) {
    clock.send(x);
  }
  std::vector<uint32_t> west = tree.childrenOn(tree.root, true),
                        east = tree.childrenOn(tree.root, false);
  bool both = !west.empty() && !east.empty();
  uint64_t entry = costs.rootEntry + costs.vectorStart +
                   (both ? 3 : 0) * costs.dsrLoad +
                   (shares ? 1 : 0) * costs.dsrLoad;
  uint64_t taken = entry;
  if (!west.empty()) {
    taken = clock.collect(west, taken);
    taken = both ? taken + 1 + costs.vectorStart : taken;
  }
  return east.empty() ? taken : clock.collect(east, taken);
}
