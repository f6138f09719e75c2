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

Template::Template(const Skeleton &skeleton, Vocabulary &vocabulary)
    : prefix(skeleton.prefix), period(skeleton.period), vocabulary(vocabulary) {
  look(prefix);
  look(period);
  makeUnique(asked);
  makeUnique(live);
  dropDead(prefix);
  dropDead(period);
}

void Template::look(const std::vector<Step> &steps) {
  const Symbols &symbols = vocabulary.symbols;
  auto receivedIn = [&](Value v) {
    size_t before = live.size();
    for (uint32_t leaf : symbols.leavesOf(v)) {
      if (symbols[leaf].kind == SymbolKind::Received) {
        live.push_back(leaf);
      }
    }
    return live.size() > before;
  };
  auto decides = [&](Value v) {
    needsWords |= receivedIn(v);
    if (!v.isKnown() && symbols.isOfParams(v)) {
      asked.push_back(v);
    }
  };
  for (const Step &step : steps) {
    if (step.kind != Step::Kind::Move) {
      continue;
    }
    const Shape &shape = vocabulary.shapes[step.shape];
    decides(shape.words);
    for (auto &[condition, taken] : shape.guards) {
      decides(condition);
    }
    for (auto &[index, value] : vocabulary.contents[step.sent]) {
      receivedIn(value);
    }
  }
}

void Template::dropWords() {
  live.clear();
  for (std::vector<Step> *steps : {&prefix, &period}) {
    for (Step &step : *steps) {
      step.sent = step.received = 0;
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
                     const std::vector<uint32_t> &answers) const {
  auto valueOf = [&](Value v) {
    auto at = std::lower_bound(asked.begin(), asked.end(), v);
    return at != asked.end() && *at == v
               ? known(answers[size_t(at - asked.begin())])
               : v;
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
