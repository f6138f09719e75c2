// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Rendezvous.h - Runs all cores without any room (internal) *- C++ -*-===//
//
// Executes a sequence of operations of every core as if no queue had room:
// words move when their source and all sinks of it are at an instruction that
// sends or takes them, and where a sink passes words on, all behind it are too.
// What comes to its end in this way does so with any queues.
//
// Where lengths are constants, an instruction may meet several others, one
// after the other; where they are not, both ends have to mean the same words.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_RENDEZVOUS_H
#define WAFER_LIB_CERTIFY_RENDEZVOUS_H

#include "Channels.h"
#include "Labels.h"
#include "Program.h"

#include <array>

namespace wafer::certifier {

/// Who runs what.
struct Cast {
  std::vector<Skeleton> skeletons;
  /// By skeleton: the leaves that stand for received words.
  std::vector<std::vector<uint32_t>> leaves;
  std::vector<Program> programs;
  /// By cell: index of the program, or kNobody.
  std::vector<uint32_t> programOf;
};

class Rendezvous {
public:
  Rendezvous(const Channels &channels, const Cast &cast,
             const Vocabulary &vocabulary)
      : channels(channels), cast(cast), vocabulary(vocabulary) {}

  /// Runs all programs to their ends. False: `reason`.
  bool run();

  std::string reason;
  /// Those that are stuck wait for each other; else words are left over, or not
  /// shown to be as many at both ends.
  bool isCycle = false;
  /// Meetings of instructions.
  uint64_t messages = 0;

private:
  struct Barrier {
    uint32_t expected = 0;
    uint32_t rounds = 0;
    std::vector<uint32_t> waiting;
  };
  /// Where a core is; in one place, because each meeting looks up hundreds.
  struct Core {
    const Op *next = nullptr, *end = nullptr;
    /// Words of the operation that have moved.
    uint32_t done = 0;
    /// kNobody: it runs nothing.
    uint32_t skeleton = kNobody;
    uint32_t region = kNobody;
    /// Where its labels of received words begin.
    uint32_t labels = 0;
  };
  const Op *opOf(uint32_t cell) const {
    const Core &core = cores[cell];
    return core.next != core.end ? core.next : nullptr;
  }
  bool runs(uint32_t cell) const { return cores[cell].skeleton != kNobody; }
  bool setUp();
  Barrier &barrierOf(uint32_t cell, const Op &op);
  void arrive(uint32_t cell);
  void go(uint32_t cell);
  void move(uint32_t channel);
  bool gather(uint32_t channel);
  uint32_t wordsToMove();
  void hand(uint32_t channel, uint32_t words);
  uint32_t labelOf(uint32_t cell, Value value);
  uint32_t labelOfSymbol(uint32_t cell, uint32_t symbol);
  uint32_t &labelAt(uint32_t cell, uint32_t leaf);
  bool agree(uint32_t a, uint32_t b);
  bool isEqual(uint32_t a, Value ofA, uint32_t b, Value ofB);
  bool isEqualByHeads(uint32_t a, uint32_t b, Value value);
  std::string describe(uint32_t cell) const;
  std::string wordsOf(uint32_t cell, const Op &op) const;
  uint32_t waitsFor(uint32_t cell) const;
  uint32_t sinkBehind(uint32_t channel) const;
  void explain(uint32_t cell);

  const Channels &channels;
  const Cast &cast;
  const Vocabulary &vocabulary;
  std::vector<Core> cores; // by cell
  /// By channel: sinks that are not ready, and whether the source waits.
  std::vector<uint32_t> pending;
  std::vector<bool> sending;
  std::map<std::array<uint32_t, 3>, Barrier> barriers;
  std::vector<uint32_t> labelsNow;
  Labels labels;
  /// By symbol, and labels or values of its leaves: its label. Most cores ask
  /// what the one before them asked.
  struct Asked {
    std::vector<uint32_t> leaves;
    uint32_t label = Labels::kUnknown;
  };
  std::map<std::vector<uint32_t>, uint32_t> labelsOfSymbols;
  std::vector<Asked> lastAsked; // by symbol
  std::vector<uint32_t> leafValues;
  /// What the equality of a value in cores of two skeletons comes to.
  struct Question {
    bool open = true;
    std::vector<uint32_t> params, received;
  };
  std::map<std::array<uint32_t, 3>, Question> questions;
  std::vector<uint32_t> arrivals, goes, moves;
  /// What moves together: channels, and cores at both ends of them.
  std::vector<uint32_t> together, members;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_RENDEZVOUS_H
