// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Rendezvous.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

const Step *Rendezvous::stepOf(uint32_t cell) const {
  const std::vector<Step> &program = (*programs)[cast.skeletonOf[cell]];
  return at[cell] < program.size() ? &program[at[cell]] : nullptr;
}

Rendezvous::Barrier &Rendezvous::barrierOf(uint32_t cell, const Step &step) {
  return barriers[{channels.regionOf[cell], step.at,
                   uint32_t(step.kind == Step::Kind::LoopBegin)}];
}

bool Rendezvous::run(const std::vector<std::vector<Step>> &what) {
  programs = &what;
  barriers.clear();
  messages = 0;
  at.assign(channels.cells(), 0);
  sending.assign(channels.all.size(), false);
  pending.resize(channels.all.size());
  for (size_t c = 0; c < pending.size(); ++c) {
    pending[c] = channels.all[c].sinkEnd - channels.all[c].sinkBegin;
  }
  loops.assign(what.size(), {});
  for (size_t s = 0; s < what.size(); ++s) {
    std::vector<uint32_t> open = {kNobody};
    for (const Step &step : what[s]) {
      if (step.kind == Step::Kind::LoopBegin) {
        open.push_back(step.at);
      } else if (step.kind == Step::Kind::LoopEnd) {
        open.pop_back();
      }
      loops[s].push_back(open.back());
    }
  }
  for (uint32_t cell = 0; cell < channels.cells(); ++cell) {
    if (cast.skeletonOf[cell] == kNobody) {
      continue;
    }
    std::set<uint32_t> met;
    for (const Step &step : what[cast.skeletonOf[cell]]) {
      if (step.kind != Step::Kind::LoopBegin || !met.insert(step.at).second) {
        continue;
      }
      Step end = step;
      end.kind = Step::Kind::LoopEnd;
      Barrier &b = barrierOf(cell, step);
      if (b.expected && b.rounds != step.rounds) {
        reason = fmt::format("cores of region {} run loop {} for {} and for {} "
                             "rounds",
                             channels.regionOf[cell], step.at, b.rounds,
                             step.rounds);
        return false;
      }
      b.rounds = step.rounds;
      ++b.expected;
      ++barrierOf(cell, end).expected;
    }
  }
  for (uint32_t cell = 0; cell < channels.cells(); ++cell) {
    if (cast.skeletonOf[cell] != kNobody) {
      arrivals.push_back(cell);
    }
  }
  while (reason.empty()) {
    if (!completes.empty()) {
      uint32_t c = completes.back();
      completes.pop_back();
      complete(c);
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
  arrivals.clear();
  goes.clear();
  completes.clear();
  for (uint32_t cell = 0; cell < channels.cells() && reason.empty(); ++cell) {
    if (cast.skeletonOf[cell] != kNobody && stepOf(cell)) {
      reason = "without room in queues nobody can go on: " + describe(cell);
    }
  }
  return reason.empty();
}

/// A core has come to its next step.
void Rendezvous::arrive(uint32_t cell) {
  const Step *step = stepOf(cell);
  if (!step) {
    return;
  }
  if (step->kind != Step::Kind::Move) {
    Barrier &b = barrierOf(cell, *step);
    b.waiting.push_back(cell);
    if (b.waiting.size() == b.expected) {
      for (uint32_t other : b.waiting) {
        ++at[other];
        arrivals.push_back(other);
      }
      b.waiting.clear();
    }
    return;
  }
  for (bool input : {true, false}) {
    int queue = input ? step->in : step->out;
    uint32_t c = queue < 0 ? kHost
                 : input   ? channels.into(cell, unsigned(queue))
                           : channels.outOf(cell, unsigned(queue));
    if (queue >= 0 && c >= channels.all.size()) {
      reason = describe(cell) + ", a queue that no stream belongs to";
      return;
    }
    if (!input && queue >= 0) {
      sending[c] = true;
      if (pending[c] == 0) {
        goes.push_back(cell);
      }
    }
  }
  if (step->out < 0) {
    goes.push_back(cell);
  }
}

/// All who get what a core sends in this step are ready for it.
void Rendezvous::go(uint32_t cell) {
  const Step &step = *stepOf(cell);
  if (step.in < 0) {
    completes.push_back(channels.outOf(cell, unsigned(step.out)));
    return;
  }
  uint32_t c = channels.into(cell, unsigned(step.in));
  if (--pending[c] == 0 && sending[c]) {
    goes.push_back(channels.all[c].source);
  }
}

/// A message has been handed over; its source is done.
void Rendezvous::complete(uint32_t channel) {
  const Channel &c = channels.all[channel];
  ++messages;
  for (uint32_t s = c.sinkBegin; s < c.sinkEnd; ++s) {
    if (!agree(c.source, channels.sinks[s])) {
      return;
    }
  }
  pending[channel] = c.sinkEnd - c.sinkBegin;
  sending[channel] = false;
  ++at[c.source];
  arrivals.push_back(c.source);
  for (uint32_t s = c.sinkBegin; s < c.sinkEnd; ++s) {
    uint32_t sink = channels.sinks[s];
    const Step &step = *stepOf(sink);
    if (step.out >= 0) {
      completes.push_back(channels.outOf(sink, unsigned(step.out)));
    } else {
      ++at[sink];
      arrivals.push_back(sink);
    }
  }
}

//===----------------------------------------------------------------------===//
// Do both ends mean the same message?
//===----------------------------------------------------------------------===//

bool Rendezvous::agree(uint32_t source, uint32_t sink) {
  const Step &a = *stepOf(source), &b = *stepOf(sink);
  uint32_t loopA = loops[cast.skeletonOf[source]][at[source]];
  uint32_t loopB = loops[cast.skeletonOf[sink]][at[sink]];
  bool sameRegion = channels.regionOf[source] == channels.regionOf[sink];
  if (loopA != loopB || (loopA != kNobody && !sameRegion)) {
    reason = describe(source) + " inside a loop; " + describe(sink) +
             " in another one";
    return false;
  }
  const Shape &shape = vocabulary.shapes[a.shape];
  if (a.shape != b.shape) {
    reason = describe(source) + "; " + describe(sink);
    return false;
  }
  if (shape.isFixed()) {
    return true;
  }
  bool equal = sameRegion && equalIn(source, sink, shape.words);
  for (size_t g = 0; g < shape.guards.size() && equal; ++g) {
    equal = equalIn(source, sink, shape.guards[g].first);
  }
  if (!equal) {
    reason = "that the words are as many is not shown: " + describe(source) +
             "; " + describe(sink);
  }
  return equal;
}

/// Whether a value is the same in two cores of a region.
bool Rendezvous::equalIn(uint32_t source, uint32_t sink, Value value) {
  uint32_t a = cast.skeletonOf[source], b = cast.skeletonOf[sink];
  auto [entry, isNew] = known.try_emplace({a, b, value.symbol});
  if (isNew) {
    entry->second.first = true;
    std::set<uint32_t> seen;
    std::vector<uint32_t> work = {value.symbol};
    while (!work.empty()) {
      uint32_t s = work.back();
      work.pop_back();
      vocabulary.symbols.forEachLeaf({s, 0}, [&](uint32_t leaf,
                                                 const Symbol &symbol) {
        if (symbol.kind == SymbolKind::Param) {
          entry->second.second.insert(symbol.args[1].add);
          return;
        }
        if (!seen.insert(leaf).second) {
          return;
        }
        auto &headsA = cast.skeletons[a].heads;
        auto &headsB = cast.skeletons[b].heads;
        auto x = headsA.find(leaf), y = headsB.find(leaf);
        if (x == headsA.end() || y == headsB.end() || x->second != y->second ||
            x->second.first.isData() || x->second.second.isData()) {
          entry->second.first = false;
          return;
        }
        work.push_back(x->second.first.symbol);
        work.push_back(x->second.second.symbol);
      });
    }
  }
  if (!entry->second.first) {
    return false;
  }
  const Region &region = channels.image.regions[channels.regionOf[source]];
  const Role &role = channels.image.roles[region.role];
  for (uint32_t p : entry->second.second) {
    if (Image::paramAt(region, role.params[p], channels.coordOf(source)) !=
        Image::paramAt(region, role.params[p], channels.coordOf(sink))) {
      return false;
    }
  }
  return true;
}

std::string Rendezvous::wordsOf(const Step &step) const {
  const Shape &shape = vocabulary.shapes[step.shape];
  std::string text = shape.words.isKnown()
                         ? fmt::format("{} words", shape.words.add)
                         : fmt::format("words in a number (#{}) that changes",
                                       shape.words.symbol);
  return shape.guards.empty() ? text : text + " under a condition";
}

std::string Rendezvous::describe(uint32_t cell) const {
  const Step &step = *stepOf(cell);
  Coord c = channels.coordOf(cell);
  const Region &region = channels.image.regions[channels.regionOf[cell]];
  std::string text =
      fmt::format("core {},{} (role '{}') at instruction {} ", c.x, c.y,
                  channels.image.roles[region.role].name, step.at);
  if (step.kind != Step::Kind::Move) {
    return text + "comes to a loop";
  }
  std::string words = wordsOf(step);
  if (step.in >= 0) {
    text += fmt::format("waits for {} on queue {}", words, step.in);
  }
  if (step.out >= 0) {
    text += fmt::format("{}{} {} on queue {}", step.in >= 0 ? " and " : "",
                        step.in >= 0 ? "passes them on," : "sends", words,
                        step.out);
  }
  return text;
}
