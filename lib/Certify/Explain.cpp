// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run without room says when nobody can go on.
//
//===----------------------------------------------------------------------===//
#include "Rendezvous.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

std::string Rendezvous::wordsOf(uint32_t cell, const Op &op) const {
  if (op.shape == kNobody) {
    return fmt::format("{} word{}", op.words - cores[cell].done,
                       op.words - cores[cell].done == 1 ? "" : "s");
  }
  const Shape &shape = vocabulary.shapes[op.shape];
  std::string text = shape.words.isKnown()
                         ? fmt::format("{} words", shape.words.add)
                         : "words in a number that changes";
  return shape.guards.empty() ? text : text + " under a condition";
}

std::string Rendezvous::describe(uint32_t cell) const {
  Coord c = channels.coordOf(cell);
  std::string text = fmt::format("core {},{} ({}) ", c.x, c.y,
                                 !runs(cell) ? "which runs nothing"
                                             : channels.roleOf(cell).name);
  const Op *op = opOf(cell);
  if (!op) {
    return text + "is at its end";
  }
  text += fmt::format("instruction {} ", op->at);
  if (op->kind != Step::Kind::Move) {
    return text + "comes to a loop";
  }
  std::string words = wordsOf(cell, *op);
  if (op->in < 0) {
    return text + fmt::format("sends {} on queue {}", words, op->out);
  }
  text += fmt::format("takes {} from queue {}", words, op->in);
  return op->out < 0
             ? text
             : text + fmt::format(" and passes them on over queue {}", op->out);
}

/// Whom a core waits for, or kNobody: a sink that is not ready for what it
/// sends, or who should send.
uint32_t Rendezvous::waitsFor(uint32_t cell) const {
  const Op *op = opOf(cell);
  if (!op) {
    return kNobody;
  }
  if (op->kind != Step::Kind::Move) {
    for (uint32_t other = 0; other < channels.cells(); ++other) {
      const Op *its = channels.regionOf[other] != channels.regionOf[cell]
                          ? nullptr
                          : opOf(other);
      if (its && its->kind == Step::Kind::Move) {
        return other;
      }
    }
    return kNobody;
  }
  uint32_t sink = op->out < 0
                      ? kNobody
                      : sinkBehind(channels.outOf(cell, unsigned(op->out)));
  if (sink != kNobody || op->in < 0) {
    return sink;
  }
  uint32_t into = channels.into(cell, unsigned(op->in));
  uint32_t source = channels.all[into].source;
  return source == kNobody ? sinkBehind(into) : source;
}

/// A sink that is not ready for the words of a channel.
uint32_t Rendezvous::sinkBehind(uint32_t channel) const {
  const Channel &c = channels.all[channel];
  for (uint32_t s = c.sinkBegin; s < c.sinkEnd; ++s) {
    uint32_t sink = channels.sinks[s];
    const Op *op = opOf(sink);
    bool takes = op && op->kind == Step::Kind::Move && op->in >= 0 &&
                 channels.into(sink, unsigned(op->in)) == channel;
    bool passes = takes && op->out >= 0 &&
                  pending[channels.outOf(sink, unsigned(op->out))];
    if (!takes || passes) {
      return sink;
    }
  }
  return kNobody;
}

/// Names a cycle of cores that wait for each other, or whoever is behind all.
void Rendezvous::explain(uint32_t cell) {
  std::vector<uint32_t> chain;
  std::map<uint32_t, size_t> places;
  uint32_t next = cell;
  while (next != kNobody && places.try_emplace(next, chain.size()).second) {
    chain.push_back(next);
    next = runs(next) ? waitsFor(next) : kNobody;
  }
  isCycle = next != kNobody;
  size_t begin = isCycle ? places[next] : chain.size() - 1;
  if (!isCycle && begin) {
    --begin;
  }
  constexpr size_t kShown = 4;
  std::string text;
  for (size_t i = begin; i < chain.size(); ++i) {
    if (i - begin == kShown) {
      text += fmt::format("; {} more", chain.size() - i);
      break;
    }
    text += (i == begin ? "" : "; ") + describe(chain[i]);
  }
  reason = fmt::format("{}: {}",
                       isCycle ? "without room in queues these wait for each "
                                 "other"
                               : "without room in queues nobody can go on",
                       text);
}
