// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Walker.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

namespace {

/// A place that paths come to without a decision: the start, the begin of a
/// period, a successor of a branch on data.
struct Node {
  CoreState in;
  /// What came in first, and from where; ~0 before anything did.
  CoreState first;
  uint32_t firstFrom = ~0u;
  bool manyWays = false;
  std::map<uint32_t, std::pair<Value, Value>> heads;
  std::vector<Step> steps;
  std::vector<uint32_t> next;
  bool ends = false;
};

class SkeletonFinder {
public:
  SkeletonFinder(const Role &role, uint32_t roleIndex, const CodeShape &shape,
                 const CoreKind &kind, Vocabulary &vocabulary)
      : role(role), roleIndex(roleIndex), kind(kind), vocabulary(vocabulary),
        symbols(vocabulary.symbols),
        walker(role, roleIndex, shape, kind, vocabulary),
        words(findTrackedWords(role)) {}

  Skeleton run();

private:
  void arrive(uint32_t pc, uint32_t from, CoreState state);
  bool isReceived(Value value) const;
  bool execute(uint32_t pc);
  std::set<std::pair<uint32_t, size_t>>
  closure(std::set<std::pair<uint32_t, size_t>> from, bool &ends) const;
  bool findWord(uint32_t start, Skeleton &result);
  void refuseUnaligned(Skeleton &result, const Vocabulary &vocabulary) const;

  const Role &role;
  const uint32_t roleIndex;
  const CoreKind &kind;
  Vocabulary &vocabulary;
  Symbols &symbols;
  Walker walker;
  const TrackedWords words;
  std::map<uint32_t, Node> nodes;
  std::set<uint32_t> work;
};

} // namespace

/// Joins what comes to a node. Values that differ between the way in and the
/// only way back are those of a head; all others that differ are data.
void SkeletonFinder::arrive(uint32_t pc, uint32_t from, CoreState state) {
  // What was received is known in the walk in which it was.
  for (Value &v : state.places) {
    v = isReceived(v) ? data() : v;
  }
  for (Register &d : state.dsrs) {
    d.base = isReceived(d.base) ? data() : d.base;
    d.extent0 = isReceived(d.extent0) ? data() : d.extent0;
  }
  Node &node = nodes[pc];
  if (node.firstFrom == ~0u) {
    node.firstFrom = from;
    node.first = node.in = state;
    work.insert(pc);
    return;
  }
  if (from == node.firstFrom) {
    // The way in may say less than before; what it said is in `in` as well.
    node.first = state;
  }
  bool back = from == pc && node.firstFrom != pc;
  bool changed = false;
  if (!back && from != node.firstFrom && !node.manyWays) {
    node.manyWays = changed = true;
    node.heads.clear();
  }
  for (size_t i = 0; i < state.places.size(); ++i) {
    Value &v = node.in.places[i];
    Value s = state.places[i];
    if (v.isData()) {
      continue;
    }
    bool isHead = !v.isKnown() && symbols[v.symbol].kind == SymbolKind::Head &&
                  symbols[v.symbol].args[1] == known(pc);
    if (v == s && !(isHead && node.manyWays)) {
      if (isHead && back) {
        node.heads[v.symbol].second = s;
      }
      continue;
    }
    Value joined = data();
    if (!s.isData() && !node.manyWays && (back || isHead)) {
      joined = symbols.make(SymbolKind::Head, 0,
                            {known(roleIndex), known(pc), known(uint32_t(i))});
    }
    if (joined != v) {
      v = joined;
      changed = true;
    }
    if (joined.isData()) {
      continue;
    }
    auto &[init, next] = node.heads[joined.symbol];
    init = node.first.places[i];
    if (back) {
      next = s;
    }
    if (init.isData()) {
      v = data();
      changed = true;
    }
  }
  for (unsigned d = 0; d < kNumDsrs; ++d) {
    if (!(node.in.dsrs[d] == state.dsrs[d]) && node.in.dsrs[d].isKnown) {
      node.in.dsrs[d] = Register();
      changed = true;
    }
  }
  if (changed) {
    work.insert(pc);
  }
}

bool SkeletonFinder::isReceived(Value value) const {
  for (uint32_t leaf : symbols.leavesOf(value)) {
    if (symbols[leaf].kind == SymbolKind::Received) {
      return true;
    }
  }
  return false;
}

bool SkeletonFinder::execute(uint32_t pc) {
  Node &node = nodes[pc];
  node.steps.clear();
  node.next.clear();
  node.ends = false;
  CoreState state = node.in;
  Walker::Way way = walker.walk(state, pc, node.steps);
  switch (way.ending) {
  case Walker::Ending::Forever:
    node.next = {way.target};
    arrive(way.target, pc, state);
    return true;
  case Walker::Ending::Fork: {
    uint32_t other = role.code[way.target].imm;
    node.next = {way.target + 1, other};
    // Steps of both; `nodes` may move, but map nodes do not.
    arrive(way.target + 1, pc, state);
    arrive(other, pc, state);
    return true;
  }
  case Walker::Ending::Ended:
    node.ends = true;
    return true;
  default:
    return false;
  }
}

/// The shortest prefix and period of the same endless sequence.
static void shorten(Skeleton &s) {
  auto equal = [](const Step &a, const Step &b) {
    return a.in == b.in && a.out == b.out && a.shape == b.shape;
  };
  size_t n = s.period.size();
  for (size_t length = 1; length < n; ++length) {
    bool repeats = n % length == 0;
    for (size_t i = length; i < n && repeats; ++i) {
      repeats = equal(s.period[i], s.period[i - length]);
    }
    if (repeats) {
      s.period.resize(length);
      break;
    }
  }
  while (!s.prefix.empty() && !s.period.empty() &&
         equal(s.prefix.back(), s.period.back())) {
    s.period.insert(s.period.begin(), s.period.back());
    s.period.pop_back();
    s.prefix.pop_back();
  }
}

using Positions = std::set<std::pair<uint32_t, size_t>>;

/// The positions in front of the next operation, over ends of nodes.
Positions SkeletonFinder::closure(Positions from, bool &ends) const {
  Positions result, seen;
  std::vector<std::pair<uint32_t, size_t>> stack(from.begin(), from.end());
  while (!stack.empty()) {
    auto at = stack.back();
    stack.pop_back();
    if (!seen.insert(at).second) {
      continue;
    }
    const Node &node = nodes.at(at.first);
    size_t i = at.second;
    while (i < node.steps.size() && node.steps[i].kind != Step::Kind::Move) {
      ++i;
    }
    if (i < node.steps.size()) {
      result.insert({at.first, i});
      continue;
    }
    ends |= node.ends;
    for (uint32_t n : node.next) {
      stack.push_back({n, 0});
    }
  }
  return result;
}

/// The only sequence of operations, if there is but one.
bool SkeletonFinder::findWord(uint32_t start, Skeleton &result) {
  bool forks = false;
  for (auto &[pc, node] : nodes) {
    forks |= node.next.size() > 1;
  }
  if (!forks) {
    // One way: nodes follow each other, and the marks of loops stay.
    std::map<uint32_t, size_t> begins;
    uint32_t at = start;
    while (true) {
      auto [seen, isNew] = begins.emplace(at, result.prefix.size());
      const Node &node = nodes.at(at);
      if (!isNew) {
        result.period.assign(result.prefix.begin() + long(seen->second),
                             result.prefix.end());
        result.prefix.resize(seen->second);
        return true;
      }
      result.prefix.insert(result.prefix.end(), node.steps.begin(),
                           node.steps.end());
      if (node.ends) {
        return true;
      }
      at = node.next[0];
    }
  }
  std::map<Positions, size_t> begins;
  bool ends = false;
  Positions now = closure({{start, 0}}, ends);
  while (!now.empty()) {
    auto [seen, isNew] = begins.emplace(now, result.prefix.size());
    if (!isNew) {
      result.period.assign(result.prefix.begin() + long(seen->second),
                           result.prefix.end());
      result.prefix.resize(seen->second);
      shorten(result);
      return true;
    }
    const Step &step = nodes.at(now.begin()->first).steps[now.begin()->second];
    Positions after;
    for (auto [pc, i] : now) {
      const Step &other = nodes.at(pc).steps[i];
      if (ends || other.in != step.in || other.out != step.out ||
          other.shape != step.shape) {
        result.refusal = fmt::format(
            "role '{}': data decide what the core does next: instruction {} or "
            "{}",
            role.name, step.at,
            ends ? std::string("its end") : std::to_string(other.at));
        return false;
      }
      after.insert({pc, i + 1});
    }
    result.prefix.push_back(step);
    result.prefix.back().sent = result.prefix.back().received = 0;
    now = closure(after, ends);
  }
  return true;
}

/// Where data decide how often a loop runs, the periods of two cores do not
/// begin together, and what changes in them says nothing about the other core.
void SkeletonFinder::refuseUnaligned(Skeleton &result,
                                     const Vocabulary &vocabulary) const {
  bool forks = false;
  for (auto &[pc, node] : nodes) {
    forks |= node.next.size() > 1;
  }
  for (const std::vector<Step> *part : {&result.prefix, &result.period}) {
    for (const Step &s : *part) {
      if (forks && s.kind == Step::Kind::Move &&
          !vocabulary.shapes[s.shape].isFixed()) {
        result.refusal =
            fmt::format("role '{}': instruction {}: data decide when the words "
                        "change in number",
                        role.name, s.at);
      }
    }
  }
}

Skeleton SkeletonFinder::run() {
  Skeleton result;
  uint32_t start = ~0u;
  for (const Task &t : role.tasks) {
    bool plain = t.kind == TaskKind::Local && !t.initiallyBlocked;
    if (!plain || start != ~0u) {
      result.refusal = fmt::format("role '{}' has several tasks, or one that "
                                   "waits for something",
                                   role.name);
      return result;
    }
    if (t.initiallyActive) {
      start = t.entry;
    }
  }
  if (start == ~0u || role.code.empty()) {
    return result; // never starts
  }
  CoreState state(words);
  for (const Buffer &b : role.buffers) {
    if (b.kind == BufferKind::Weights) {
      state.forget(b.offset, b.offset + b.bytes);
    }
  }
  for (auto [begin, end] : kind.loaded) {
    state.forget(begin, end);
  }
  // The entry is no node of a loop: it comes in from nowhere.
  nodes[start].in = nodes[start].first = state;
  nodes[start].firstFrom = ~1u;
  work.insert(start);
  unsigned rounds = 0;
  while (!work.empty()) {
    uint32_t pc = *work.begin();
    work.erase(work.begin());
    if (!execute(pc) || ++rounds > 1000) {
      result.refusal = walker.refusal;
      result.demanded = walker.demanded;
      if (result.refusal.empty() && result.demanded.empty()) {
        result.refusal =
            fmt::format("role '{}': no end of its values is found", role.name);
      }
      return result;
    }
  }
  for (auto &[pc, node] : nodes) {
    result.heads.insert(node.heads.begin(), node.heads.end());
  }
  if (findWord(start, result)) {
    refuseUnaligned(result, vocabulary);
  }
  return result;
}

Skeleton wafer::certifier::findSkeleton(const Role &role, uint32_t roleIndex,
                                        const CodeShape &shape,
                                        const CoreKind &kind,
                                        Vocabulary &vocabulary) {
  return SkeletonFinder(role, roleIndex, shape, kind, vocabulary).run();
}
