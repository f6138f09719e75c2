// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Needs.h"

#include <tuple>

using namespace wafer;
using namespace wafer::certifier;

namespace {

/// A queue of a role.
using End = std::pair<uint32_t, unsigned>;

class Needs {
public:
  Needs(const Channels &channels, const std::vector<Skeleton> &skeletons,
        const std::vector<uint32_t> &roles, const Vocabulary &vocabulary)
      : channels(channels), vocabulary(vocabulary) {
    for (size_t s = 0; s < skeletons.size(); ++s) {
      addSteps(roles[s], skeletons[s].prefix);
      addSteps(roles[s], skeletons[s].period);
    }
  }
  std::vector<uint32_t> find();

private:
  /// An operation at a queue: words (kNobody: not known) and contents.
  using Exchange = std::pair<uint32_t, uint32_t>;

  void addSteps(uint32_t role, const std::vector<Step> &steps);
  void connect();
  void need(Value value);
  void needOrigins(uint32_t leaf);

  const Channels &channels;
  const Vocabulary &vocabulary;
  std::map<End, std::set<Exchange>> sent, received;
  /// By input queue: the output queues that streams lead from.
  std::map<End, std::set<End>> origins;
  std::set<uint32_t> needed;
  std::vector<uint32_t> work;
};

} // namespace

void Needs::addSteps(uint32_t role, const std::vector<Step> &steps) {
  for (const Step &step : steps) {
    if (step.kind != Step::Kind::Move) {
      continue;
    }
    const Shape &shape = vocabulary.shapes[step.shape];
    need(shape.words);
    for (auto &[condition, taken] : shape.guards) {
      need(condition);
    }
    uint32_t words = shape.words.isKnown() ? shape.words.add : kNobody;
    if (step.out >= 0) {
      sent[{role, unsigned(step.out)}].insert({words, step.sent});
    }
    if (step.in >= 0) {
      received[{role, unsigned(step.in)}].insert({words, step.received});
    }
  }
}

void Needs::need(Value value) {
  for (uint32_t leaf : vocabulary.symbols.leavesOf(value)) {
    if (vocabulary.symbols[leaf].kind == SymbolKind::Received &&
        needed.insert(leaf).second) {
      work.push_back(leaf);
    }
  }
}

void Needs::connect() {
  auto roleOf = [&](uint32_t cell) {
    return channels.image.regions[channels.regionOf[cell]].role;
  };
  for (uint32_t c = 0; c < channels.all.size(); ++c) {
    const Channel &channel = channels.all[c];
    if (channel.source == kNobody ||
        channels.regionOf[channel.source] == kNobody) {
      continue;
    }
    for (unsigned out = 0; out < kQueues; ++out) {
      if (channels.outOf(channel.source, out) != c) {
        continue;
      }
      End source{roleOf(channel.source), out}, last{kNobody, 0};
      for (uint32_t s = channel.sinkBegin; s < channel.sinkEnd; ++s) {
        uint32_t sink = channels.sinks[s];
        if (last.first != kNobody && channels.into(sink, last.second) == c &&
            roleOf(sink) == last.first) {
          continue;
        }
        for (unsigned in = 0; in < kQueues; ++in) {
          if (channels.into(sink, in) == c) {
            last = {roleOf(sink), in};
            origins[last].insert(source);
          }
        }
      }
    }
  }
}

/// Needs what may be sent to the word of a leaf: the word at the same place of
/// messages of that length, anything in others.
void Needs::needOrigins(uint32_t leaf) {
  uint32_t role = vocabulary.symbols[leaf].args[0].add;
  for (auto &[end, exchanges] : received) {
    for (auto [words, contents] : exchanges) {
      for (auto &[index, value] : vocabulary.contents[contents]) {
        if (end.first != role || value.symbol != leaf) {
          continue;
        }
        for (const End &source : origins[end]) {
          for (auto [itsWords, itsContents] : sent[source]) {
            bool same = words != kNobody && itsWords == words;
            for (auto &[i, what] : vocabulary.contents[itsContents]) {
              if (!same || i == index) {
                need(what);
              }
            }
          }
        }
      }
    }
  }
}

std::vector<uint32_t> Needs::find() {
  if (!work.empty()) {
    connect();
  }
  while (!work.empty()) {
    uint32_t leaf = work.back();
    work.pop_back();
    needOrigins(leaf);
  }
  return {needed.begin(), needed.end()};
}

std::vector<uint32_t> wafer::certifier::findNeededWords(
    const Channels &channels, const std::vector<Skeleton> &skeletons,
    const std::vector<uint32_t> &roles, const Vocabulary &vocabulary) {
  return Needs(channels, skeletons, roles, vocabulary).find();
}
