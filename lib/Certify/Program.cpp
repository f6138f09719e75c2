// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Program.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::certifier;

static void makeUnique(std::vector<uint32_t> &list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

Template::Template(const Skeleton &skeleton, Vocabulary &vocabulary)
    : prefix(skeleton.prefix), period(skeleton.period), vocabulary(vocabulary) {
  findUsed(prefix);
  findUsed(period);
  makeUnique(symbols);
  makeUnique(live);
  for (uint32_t s : symbols) {
    used.push_back(vocabulary.symbols[s].args[1].add);
  }
  dropDead(prefix);
  dropDead(period);
}

void Template::findUsed(const std::vector<Step> &steps) {
  const Symbols &all = vocabulary.symbols;
  auto look = [&](Value v, bool decides) {
    bool pure = all.isOfParams(v);
    for (uint32_t leaf : all.leavesOf(v)) {
      if (all[leaf].kind == SymbolKind::Received) {
        live.push_back(leaf);
      } else if (pure && decides) {
        symbols.push_back(leaf);
      }
    }
  };
  for (const Step &step : steps) {
    if (step.kind != Step::Kind::Move) {
      continue;
    }
    const Shape &shape = vocabulary.shapes[step.shape];
    look(shape.words, true);
    for (auto &[condition, taken] : shape.guards) {
      look(condition, true);
    }
    for (auto &[index, value] : vocabulary.contents[step.sent]) {
      look(value, false);
    }
  }
}

void Template::dropDead(std::vector<Step> &steps) const {
  for (Step &step : steps) {
    Contents kept;
    for (auto &[index, value] : vocabulary.contents[step.received]) {
      if (std::binary_search(live.begin(), live.end(), value.symbol)) {
        kept.push_back({index, value});
      }
    }
    step.received = vocabulary.contents.idOf(kept);
  }
}

std::vector<Op>
Template::specialise(const std::vector<Step> &steps,
                     const std::vector<uint16_t> &values) const {
  std::map<uint32_t, Value> known;
  for (size_t i = 0; i < symbols.size(); ++i) {
    known[symbols[i]] = certifier::known(values[i]);
  }
  Symbols &all = vocabulary.symbols;
  auto valueOf = [&](Value v) {
    return all.isOfParams(v) ? all.substitute(v, known) : v;
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
    op.sent = step.sent;
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
