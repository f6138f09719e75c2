// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Program.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::certifier;

template <typename T>
static void makeUnique(std::vector<T> &list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

Template::Template(const Skeleton &skeleton,
                   const std::vector<uint32_t> &needed, Vocabulary &vocabulary)
    : prefix(skeleton.prefix), period(skeleton.period), vocabulary(vocabulary) {
  look(prefix, needed);
  look(period, needed);
  makeUnique(asked);
  makeUnique(live);
}

/// Asks for a value of parameters; of another one, for the conditions inside it
/// that depend on parameters alone.
void Template::ask(Value value) {
  const Symbols &symbols = vocabulary.symbols;
  if (!value.isKnown() && symbols.isOfParams(value)) {
    asked.push_back(value);
    return;
  }
  std::set<uint32_t> seen;
  std::vector<uint32_t> work = {value.symbol};
  while (!work.empty()) {
    uint32_t at = work.back();
    work.pop_back();
    if (at <= kData || isLeaf(symbols[at].kind) || !seen.insert(at).second) {
      continue;
    }
    if (symbols.isOfParams({at, 0})) {
      if (symbols[at].kind == SymbolKind::Condition) {
        asked.push_back({at, 0});
      }
      continue;
    }
    for (Value v : symbols[at].args) {
      work.push_back(v.symbol);
    }
  }
}

void Template::look(std::vector<Step> &steps,
                    const std::vector<uint32_t> &needed) {
  const Symbols &symbols = vocabulary.symbols;
  auto isNeeded = [&](uint32_t leaf) {
    return std::binary_search(needed.begin(), needed.end(), leaf);
  };
  for (Step &step : steps) {
    if (step.kind != Step::Kind::Move) {
      continue;
    }
    const Shape &shape = vocabulary.shapes[step.shape];
    ask(shape.words);
    for (auto &[condition, taken] : shape.guards) {
      ask(condition);
    }
    Contents sent, received;
    for (auto &[index, value] : vocabulary.contents[step.sent]) {
      bool keep = true;
      for (uint32_t leaf : symbols.leavesOf(value)) {
        keep &= symbols[leaf].kind != SymbolKind::Received || isNeeded(leaf);
      }
      if (keep && !needed.empty()) {
        sent.push_back({index, value});
        ask(value);
      }
    }
    for (auto &[index, value] : vocabulary.contents[step.received]) {
      if (isNeeded(value.symbol)) {
        received.push_back({index, value});
        live.push_back(value.symbol);
      }
    }
    step.sent = vocabulary.contents.idOf(sent);
    step.received = vocabulary.contents.idOf(received);
  }
}

std::vector<Op>
Template::specialise(const std::vector<Step> &steps,
                     const std::vector<uint32_t> &answers) const {
  std::map<uint32_t, Value> answered;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (asked[i].add == 0) {
      answered[asked[i].symbol] = known(answers[i]);
    }
  }
  auto valueOf = [&](Value v) {
    auto at = std::lower_bound(asked.begin(), asked.end(), v);
    return at != asked.end() && *at == v
               ? known(answers[size_t(at - asked.begin())])
               : vocabulary.symbols.substitute(v, answered);
  };
  std::map<uint32_t, uint32_t> contents;
  auto contentsOf = [&](uint32_t id) {
    auto [at, isNew] = contents.try_emplace(id, 0);
    if (isNew) {
      Contents special = vocabulary.contents[id];
      for (auto &[index, value] : special) {
        value = valueOf(value);
      }
      at->second = vocabulary.contents.idOf(special);
    }
    return at->second;
  };
  // What a shape comes to, each once.
  struct Special {
    bool happens = true;
    uint32_t shape = kNobody;
    uint32_t words = 0;
  };
  std::map<uint32_t, Special> shapes;
  auto specialOf = [&](uint32_t id) {
    auto [at, isNew] = shapes.try_emplace(id);
    Special &special = at->second;
    if (!isNew) {
      return special;
    }
    // A copy: shapes move when there is a new one.
    const Shape shape = vocabulary.shapes[id];
    Shape left;
    left.words = valueOf(shape.words);
    for (auto &[condition, taken] : shape.guards) {
      Value c = valueOf(condition);
      if (!c.isKnown()) {
        left.guards.push_back({c, taken});
      } else if ((c.add != 0) != taken) {
        special.happens = false;
      }
    }
    if (left.isFixed()) {
      special.words = left.words.add;
    } else {
      special.shape = vocabulary.shapes.idOf(left);
    }
    return special;
  };
  std::vector<Op> ops;
  std::vector<uint32_t> open = {kNobody};
  for (const Step &step : steps) {
    Op op;
    op.kind = step.kind;
    op.in = step.in;
    op.out = step.out;
    op.at = step.at;
    op.rounds = step.rounds;
    op.sent = contentsOf(step.sent);
    op.received = step.received;
    if (step.kind == Step::Kind::Move) {
      Special special = specialOf(step.shape);
      if (!special.happens) {
        continue;
      }
      op.shape = special.shape;
      op.words = special.words;
    } else if (step.kind == Step::Kind::LoopBegin) {
      open.push_back(step.at);
    } else {
      open.pop_back();
    }
    op.loop = open.back();
    ops.push_back(op);
  }
  return ops;
}
