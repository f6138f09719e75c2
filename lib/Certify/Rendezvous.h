// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Rendezvous.h - Runs all cores without any room (internal) -*- C++
//-*-===//
//
// Executes a sequence of operations of every core as if no queue had room for a
// message: it moves when its source and all its sinks are at it, and where one
// of them sends on what it gets, word by word, when all behind it are too. What
// comes to its end in this way does so with any queues.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_RENDEZVOUS_H
#define WAFER_LIB_CERTIFY_RENDEZVOUS_H

#include "Channels.h"
#include "Skeleton.h"

#include <array>

namespace wafer::certifier {

/// Skeletons of all cores.
struct Cast {
  std::vector<Skeleton> skeletons;
  /// By cell: index of the skeleton, or kNobody.
  std::vector<uint32_t> skeletonOf;
};

class Rendezvous {
public:
  Rendezvous(const Channels &channels, const Cast &cast,
             const Vocabulary &vocabulary)
      : channels(channels), cast(cast), vocabulary(vocabulary) {}

  /// Runs `programs[s]` in the cores with skeleton s. False: `reason`.
  bool run(const std::vector<std::vector<Step>> &programs);

  std::string reason;
  uint64_t messages = 0;

private:
  struct Barrier {
    uint32_t expected = 0;
    uint32_t rounds = 0;
    std::vector<uint32_t> waiting;
  };
  const Step *stepOf(uint32_t cell) const;
  void arrive(uint32_t cell);
  void go(uint32_t cell);
  void complete(uint32_t channel);
  bool agree(uint32_t source, uint32_t sink);
  bool equalIn(uint32_t source, uint32_t sink, Value value);
  std::string describe(uint32_t cell) const;
  std::string wordsOf(const Step &step) const;
  Barrier &barrierOf(uint32_t cell, const Step &step);

  const Channels &channels;
  const Cast &cast;
  const Vocabulary &vocabulary;
  const std::vector<std::vector<Step>> *programs = nullptr;
  /// By skeleton and step: head of the innermost folded loop, or kNobody.
  std::vector<std::vector<uint32_t>> loops;
  std::vector<uint32_t> at;
  /// By channel: sinks that are not ready, and whether the source waits.
  std::vector<uint32_t> pending;
  std::vector<bool> sending;
  std::map<std::array<uint32_t, 3>, Barrier> barriers;
  /// By skeletons and symbol: whether values agree, given these parameters.
  std::map<std::array<uint32_t, 3>, std::pair<bool, std::set<uint32_t>>> known;
  std::vector<uint32_t> arrivals, goes, completes;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_RENDEZVOUS_H
