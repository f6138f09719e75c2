// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Skeleton.h - What a core receives and sends (internal) ---*- C++ -*-===//
//
// The fabric operations of a role's code, for cores with given values of the
// parameters that decide about its loops: those before the first period, and
// those of a period that repeats for ever (none if the program ends).
//
// Code is executed with values that may be symbols. Where a branch is not
// decided and its paths meet, both are executed; operations on one of them are
// guarded by the condition. At a loop without end the values that change become
// symbols. Branches on data may lead to different places as long as the next
// operation is the same whichever way is taken.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_SKELETON_H
#define WAFER_LIB_CERTIFY_SKELETON_H

#include "CodeShape.h"
#include "CoreState.h"
#include "wafer/Machine/Machine.h"

#include <map>
#include <set>
#include <string>

namespace wafer::certifier {

/// How many words an operation moves, and when there is one at all.
struct Shape {
  Value words;
  std::vector<std::pair<Value, bool>> guards;

  bool isFixed() const { return words.isKnown() && guards.empty(); }
  friend bool operator<(const Shape &a, const Shape &b) {
    return a.words != b.words ? a.words < b.words : a.guards < b.guards;
  }
};

/// Words of a message and what is known of them, ascending.
using Contents = std::vector<std::pair<uint32_t, Value>>;

/// Things by number, equal things by the same one.
template <typename T>
class Interned {
public:
  uint32_t idOf(const T &what) {
    auto [at, isNew] = ids.emplace(what, uint32_t(all.size()));
    if (isNew) {
      all.push_back(what);
    }
    return at->second;
  }
  const T &operator[](uint32_t id) const { return all[id]; }

private:
  std::vector<T> all;
  std::map<T, uint32_t> ids;
};

/// What all skeletons of an image share. Contents 0 say nothing.
struct Vocabulary {
  Symbols symbols;
  Interned<Shape> shapes;
  Interned<Contents> contents;

  Vocabulary() { contents.idOf({}); }
};

struct Step {
  enum class Kind : uint8_t {
    Move,      // receive on `in`, send on `out`, or both word by word
    LoopBegin, // equal rounds of loop `at` follow, written once
    LoopEnd,
    Enter, // marks of a walk: into a loop, back to its head, out of it
    Back,
    Exit
  };
  Kind kind = Kind::Move;
  int8_t in = -1;
  int8_t out = -1;
  uint32_t shape = 0;
  /// Instruction, or head of a loop.
  uint32_t at = 0;
  /// Rounds.
  uint32_t rounds = 0;
  /// Contents: what is sent, and the symbols of what is received.
  uint32_t sent = 0;
  uint32_t received = 0;

  friend bool operator==(const Step &a, const Step &b) {
    return a.kind == b.kind && a.in == b.in && a.out == b.out &&
           a.shape == b.shape && a.at == b.at && a.rounds == b.rounds &&
           a.sent == b.sent && a.received == b.received;
  }
};

struct Skeleton {
  std::vector<Step> prefix;
  std::vector<Step> period;
  /// By symbol of a Head: its value in the first period, and in the next one.
  std::map<uint32_t, std::pair<Value, Value>> heads;
  /// Why there is none; empty if there is.
  std::string refusal;
  /// Parameters whose values must be known to find it.
  std::set<uint32_t> demanded;
};

/// What is known of the cores that a skeleton is for.
struct CoreKind {
  /// By halfword of the parameter block.
  std::map<uint32_t, uint16_t> params;
  /// Queues whose other end is never in the way: no core waits for them.
  uint32_t freeInputs = 0;
  uint32_t freeOutputs = 0;
  /// Bytes [first, second) of SRAM that the loader fills.
  std::vector<std::pair<uint32_t, uint32_t>> loaded;
};

Skeleton findSkeleton(const Role &role, uint32_t roleIndex,
                      const CodeShape &shape, const CoreKind &kind,
                      Vocabulary &vocabulary);

/// Writes equal rounds of a loop once, but for the loops with these heads;
/// drops all marks.
std::vector<Step> foldLoops(const std::vector<Step> &steps,
                            const std::set<uint32_t> &except);
/// The moves alone.
std::vector<Step> movesOf(const std::vector<Step> &steps);

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_SKELETON_H
