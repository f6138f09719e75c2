// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Rendezvous.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

Rendezvous::Barrier &Rendezvous::barrierOf(uint32_t cell, const Op &op) {
  return barriers[{cores[cell].region, op.at,
                   uint32_t(op.kind == Step::Kind::LoopBegin)}];
}

bool Rendezvous::setUp() {
  cores.assign(channels.cells(), Core());
  sending.assign(channels.all.size(), false);
  pending.resize(channels.all.size());
  for (uint32_t c = 0; c < pending.size(); ++c) {
    pending[c] = channels.all[c].sinkCount();
    sending[c] = channels.all[c].source == kNobody;
  }
  for (uint32_t cell = 0; cell < channels.cells(); ++cell) {
    if (cast.programOf[cell] == kNobody) {
      continue;
    }
    arrivals.push_back(cell);
    const Program &program = cast.programs[cast.programOf[cell]];
    Core &core = cores[cell];
    core.next = program.ops.data();
    core.end = core.next + program.ops.size();
    core.skeleton = program.skeleton;
    core.region = channels.regionOf[cell];
    core.labels = uint32_t(labelsNow.size());
    labelsNow.resize(labelsNow.size() + cast.leaves[core.skeleton].size());
    std::vector<uint32_t> met;
    for (const Op &op : program.ops) {
      bool again = std::find(met.begin(), met.end(), op.at) != met.end();
      if (op.kind != Step::Kind::LoopBegin || again) {
        continue;
      }
      met.push_back(op.at);
      Barrier &b = barrierOf(cell, op);
      if (b.expected && b.rounds != op.rounds) {
        reason = fmt::format("cores of region {} run loop {} for {} and for {} "
                             "rounds",
                             core.region, op.at, b.rounds, op.rounds);
        return false;
      }
      b.rounds = op.rounds;
      ++b.expected;
      Op end = op;
      end.kind = Step::Kind::LoopEnd;
      ++barrierOf(cell, end).expected;
    }
  }
  return true;
}

bool Rendezvous::run() {
  if (!setUp()) {
    return false;
  }
  while (reason.empty()) {
    if (!moves.empty()) {
      uint32_t c = moves.back();
      moves.pop_back();
      move(c);
    } else if (!goes.empty()) {
      uint32_t cell = goes.back();
      goes.pop_back();
      go(cell);
    } else if (!arrivals.empty()) {
      uint32_t cell = arrivals.back();
      arrivals.pop_back();
      arrive(cell);
    } else {
      break;
    }
  }
  for (uint32_t cell = 0; cell < channels.cells() && reason.empty(); ++cell) {
    if (opOf(cell)) {
      explain(cell);
    }
  }
  return reason.empty();
}

/// A core has come to its next operation, or is at one of which words moved.
void Rendezvous::arrive(uint32_t cell) {
  const Op *op = opOf(cell);
  if (!op) {
    return;
  }
  if (op->kind != Step::Kind::Move) {
    Barrier &b = barrierOf(cell, *op);
    b.waiting.push_back(cell);
    if (b.waiting.size() == b.expected) {
      for (uint32_t other : b.waiting) {
        ++cores[other].next;
        arrivals.push_back(other);
      }
      b.waiting.clear();
    }
    return;
  }
  for (bool input : {true, false}) {
    int queue = input ? op->in : op->out;
    if (queue < 0) {
      continue;
    }
    uint32_t c = input ? channels.into(cell, unsigned(queue))
                       : channels.outOf(cell, unsigned(queue));
    if (c >= channels.all.size()) {
      reason = describe(cell) + ", where no stream ends";
      return;
    }
    if (!input) {
      sending[c] = true;
      if (pending[c] == 0) {
        goes.push_back(cell);
      }
    }
  }
  if (op->out < 0) {
    goes.push_back(cell);
  }
}

/// All who get what a core sends are ready for it.
void Rendezvous::go(uint32_t cell) {
  const Op &op = *opOf(cell);
  if (op.in < 0) {
    moves.push_back(channels.outOf(cell, unsigned(op.out)));
    return;
  }
  uint32_t c = channels.into(cell, unsigned(op.in));
  if (--pending[c] || !sending[c]) {
    return;
  }
  if (channels.all[c].source == kNobody) {
    moves.push_back(c);
  } else {
    goes.push_back(channels.all[c].source);
  }
}

/// Finds what moves together with the words of a channel. False if two ends do
/// not mean the same.
bool Rendezvous::gather(uint32_t channel) {
  together = {channel};
  members.clear();
  if (channels.all[channel].source != kNobody) {
    members.push_back(channels.all[channel].source);
  }
  for (size_t i = 0; i < together.size(); ++i) {
    const Channel &c = channels.all[together[i]];
    uint32_t first =
        c.source != kNobody ? c.source : channels.sinks[c.sinkBegin];
    for (uint32_t s = c.sinkBegin; s < c.sinkEnd; ++s) {
      uint32_t sink = channels.sinks[s];
      members.push_back(sink);
      if (sink != first && !agree(first, sink)) {
        return false;
      }
      const Op &op = *opOf(sink);
      if (op.out >= 0) {
        together.push_back(channels.outOf(sink, unsigned(op.out)));
      }
    }
  }
  return true;
}

/// As many words as all who take part have left; those of an unknown number
/// move as one.
uint32_t Rendezvous::wordsToMove() {
  uint32_t words = ~0u;
  for (uint32_t cell : members) {
    const Op &op = *opOf(cell);
    words =
        std::min(words, op.shape == kNobody ? op.words - cores[cell].done : 1u);
  }
  return words;
}

void Rendezvous::move(uint32_t channel) {
  if (!gather(channel)) {
    return;
  }
  uint32_t words = wordsToMove();
  for (uint32_t c : together) {
    hand(c, words);
    pending[c] = channels.all[c].sinkCount();
    sending[c] = channels.all[c].source == kNobody;
  }
  for (uint32_t cell : members) {
    Core &core = cores[cell];
    core.done += words;
    if (core.next->shape != kNobody || core.done == core.next->words) {
      core.done = 0;
      ++core.next;
    }
    arrivals.push_back(cell);
  }
  ++messages;
}

/// Tells the sinks of a channel which words they get.
void Rendezvous::hand(uint32_t channel, uint32_t words) {
  const Channel &c = channels.all[channel];
  std::map<uint32_t, uint32_t> handed;
  for (uint32_t s = c.sinkBegin; s < c.sinkEnd; ++s) {
    uint32_t sink = channels.sinks[s];
    const Op &op = *opOf(sink);
    for (auto &[index, leaf] : vocabulary.contents[op.received]) {
      if (op.shape != kNobody) {
        // It may not have come at all.
        labelAt(sink, leaf.symbol) = Labels::kUnknown;
        continue;
      }
      uint32_t done = cores[sink].done;
      if (index < done || index - done >= words) {
        continue;
      }
      uint32_t nth = index - done;
      auto [label, isNew] = handed.try_emplace(nth, Labels::kUnknown);
      if (isNew && c.source != kNobody) {
        for (auto &[i, value] : vocabulary.contents[opOf(c.source)->sent]) {
          if (i == cores[c.source].done + nth) {
            label->second = labelOf(c.source, value);
          }
        }
      }
      if (label->second == Labels::kUnknown) {
        label->second = labels.fresh();
      }
      labelAt(sink, leaf.symbol) = label->second;
    }
  }
}

uint32_t &Rendezvous::labelAt(uint32_t cell, uint32_t leaf) {
  const std::vector<uint32_t> &leaves = cast.leaves[cores[cell].skeleton];
  auto at = std::lower_bound(leaves.begin(), leaves.end(), leaf);
  return labelsNow[cores[cell].labels + size_t(at - leaves.begin())];
}

uint32_t Rendezvous::labelOf(uint32_t cell, Value value) {
  if (value.isKnown()) {
    return labels.ofConstant(value.add);
  }
  if (value.isData()) {
    return Labels::kUnknown;
  }
  const Symbol &s = vocabulary.symbols[value.symbol];
  uint32_t label = Labels::kUnknown;
  if (s.kind == SymbolKind::Received) {
    label = labelAt(cell, value.symbol);
  } else if (s.kind == SymbolKind::Param) {
    label = labels.ofConstant(channels.paramAt(cell, s.args[1].add));
  } else if (s.kind != SymbolKind::Head) {
    // Cores of a role in which all leaves have equal values are asked once.
    leafValues.assign(1, value.symbol);
    for (uint32_t leaf : s.leaves) {
      const Symbol &l = vocabulary.symbols[leaf];
      leafValues.push_back(
          l.kind == SymbolKind::Param ? channels.paramAt(cell, l.args[1].add)
          : l.kind == SymbolKind::Received ? labelAt(cell, leaf)
                                           : Labels::kUnknown);
    }
    if (value.symbol >= lastAsked.size()) {
      lastAsked.resize(value.symbol + 1);
    }
    if (lastAsked[value.symbol].leaves != leafValues) {
      auto [at, isNew] = labelsOfSymbols.try_emplace(leafValues, 0);
      if (isNew) {
        at->second = labelOfSymbol(cell, value.symbol);
      }
      lastAsked[value.symbol] = {at->first, at->second};
    }
    label = lastAsked[value.symbol].label;
  }
  return value.add == 0 ? label : labels.ofSum(label, value.add);
}

uint32_t Rendezvous::labelOfSymbol(uint32_t cell, uint32_t symbol) {
  const Symbol &s = vocabulary.symbols[symbol];
  if (s.kind == SymbolKind::Select) {
    // Only the way that is taken need be known.
    auto taken = labels.constantOf(labelOf(cell, s.args[0]));
    if (taken) {
      return labelOf(cell, s.args[*taken ? 2 : 1]);
    }
  }
  std::vector<uint32_t> operands;
  for (Value v : s.args) {
    operands.push_back(labelOf(cell, v));
  }
  return labels.ofSymbol(s.kind, s.code, std::move(operands));
}

//===----------------------------------------------------------------------===//
// Do both ends mean the same words?
//===----------------------------------------------------------------------===//

bool Rendezvous::agree(uint32_t a, uint32_t b) {
  const Op &x = *opOf(a), &y = *opOf(b);
  bool sameRegion = cores[a].region == cores[b].region;
  if (x.loop != y.loop || (x.loop != kNobody && !sameRegion)) {
    reason = fmt::format("{}, inside a loop; {}, in another one", describe(a),
                         describe(b));
    return false;
  }
  if (x.shape == kNobody && y.shape == kNobody) {
    return true;
  }
  bool equal = x.shape != kNobody && y.shape != kNobody;
  if (equal) {
    const Shape &sx = vocabulary.shapes[x.shape];
    const Shape &sy = vocabulary.shapes[y.shape];
    equal = sx.guards.size() == sy.guards.size() &&
            isEqual(a, sx.words, b, sy.words);
    for (size_t g = 0; g < sx.guards.size() && equal; ++g) {
      equal = sx.guards[g].second == sy.guards[g].second &&
              isEqual(a, sx.guards[g].first, b, sy.guards[g].first);
    }
  }
  if (!equal) {
    reason = fmt::format("{}; {}: that both mean as many words is not shown",
                         describe(a), describe(b));
  }
  return equal;
}

/// Whether two cores have equal values.
bool Rendezvous::isEqual(uint32_t a, Value ofA, uint32_t b, Value ofB) {
  for (uint32_t leaf : vocabulary.symbols.leavesOf(ofA)) {
    if (vocabulary.symbols[leaf].kind == SymbolKind::Head) {
      return ofA == ofB && &channels.roleOf(a) == &channels.roleOf(b) &&
             isEqualByHeads(a, b, ofA);
    }
  }
  uint32_t label = labelOf(a, ofA);
  return label != Labels::kUnknown && label == labelOf(b, ofB);
}

/// Whether a value of what changes from period to period is the same in two
/// cores of a role: all that it is made of is.
bool Rendezvous::isEqualByHeads(uint32_t a, uint32_t b, Value value) {
  uint32_t inA = cores[a].skeleton, inB = cores[b].skeleton;
  auto [entry, isNew] = questions.try_emplace({inA, inB, value.symbol});
  Question &q = entry->second;
  if (isNew) {
    const Symbols &all = vocabulary.symbols;
    std::set<uint32_t> seen;
    std::vector<uint32_t> work = {value.symbol};
    while (!work.empty()) {
      uint32_t from = work.back();
      work.pop_back();
      for (uint32_t leaf : all[from].leaves) {
        if (!seen.insert(leaf).second) {
          continue;
        }
        if (all[leaf].kind == SymbolKind::Param) {
          q.params.push_back(all[leaf].args[1].add);
          continue;
        }
        if (all[leaf].kind == SymbolKind::Received) {
          q.received.push_back(leaf);
          continue;
        }
        auto &headsA = cast.skeletons[inA].heads;
        auto &headsB = cast.skeletons[inB].heads;
        auto x = headsA.find(leaf), y = headsB.find(leaf);
        if (x == headsA.end() || y == headsB.end() || x->second != y->second ||
            x->second.first.isData() || x->second.second.isData()) {
          q.open = false;
          continue;
        }
        work.push_back(x->second.first.symbol);
        work.push_back(x->second.second.symbol);
      }
    }
  }
  if (!q.open) {
    return false;
  }
  for (uint32_t p : q.params) {
    if (channels.paramAt(a, p) != channels.paramAt(b, p)) {
      return false;
    }
  }
  for (uint32_t leaf : q.received) {
    uint32_t label = labelAt(a, leaf);
    if (label == Labels::kUnknown || label != labelAt(b, leaf)) {
      return false;
    }
  }
  return true;
}
