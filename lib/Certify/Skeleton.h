// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Skeleton.h - What a core receives and sends (internal) ---*- C++ -*-===//
//
// The fabric operations of a role's code, for cores with given values of the
// parameters that decide about them: those before the first period, and those
// of a period that repeats for ever (none if the program ends).
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

/// How many words a message has, and when there is one at all.
struct Shape {
  Value words;
  std::vector<std::pair<Value, bool>> guards;

  bool isFixed() const { return words.isKnown() && guards.empty(); }
  friend bool operator<(const Shape &a, const Shape &b) {
    return a.words != b.words ? a.words < b.words : a.guards < b.guards;
  }
};

/// What all skeletons of an image share.
struct Vocabulary {
  Symbols symbols;
  std::vector<Shape> shapes;
  std::map<Shape, uint32_t> shapeIds;

  uint32_t idOf(const Shape &shape) {
    auto [at, isNew] = shapeIds.emplace(shape, uint32_t(shapes.size()));
    if (isNew) {
      shapes.push_back(shape);
    }
    return at->second;
  }
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

  friend bool operator==(const Step &a, const Step &b) {
    return a.kind == b.kind && a.in == b.in && a.out == b.out &&
           a.shape == b.shape && a.at == b.at && a.rounds == b.rounds;
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

/// A kind of core of a role.
struct CoreKind {
  /// By halfword of the parameter block.
  std::map<uint32_t, uint16_t> params;
  /// Queues that the host serves: always ready, and no core waits for them.
  uint32_t hostInputs = 0;
  uint32_t hostOutputs = 0;
};

Skeleton findSkeleton(const Role &role, uint32_t roleIndex,
                      const CodeShape &shape, const CoreKind &kind,
                      const Machine &machine, Vocabulary &vocabulary);

/// Writes equal rounds of a loop once; drops all marks.
std::vector<Step> foldLoops(const std::vector<Step> &steps);
/// The moves alone.
std::vector<Step> movesOf(const std::vector<Step> &steps);

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_SKELETON_H
