// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Program.h - What cores of a kind do in a period (internal) *- C++
//-*-===//
//
// A skeleton in which the parameters that guards and lengths are made of have
// values, for the cores that have them.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_PROGRAM_H
#define WAFER_LIB_CERTIFY_PROGRAM_H

#include "Channels.h"
#include "Skeleton.h"

namespace wafer::certifier {

/// A step of a core.
struct Op {
  Step::Kind kind = Step::Kind::Move;
  int8_t in = -1;
  int8_t out = -1;
  /// Words that are left of guards and unknown lengths; kNobody if there are
  /// none: `words` says all.
  uint32_t shape = kNobody;
  uint32_t words = 0;
  uint32_t at = 0;
  uint32_t rounds = 0;
  uint32_t sent = 0;
  uint32_t received = 0;
  /// Head of the innermost loop that is written once, or kNobody.
  uint32_t loop = kNobody;
};

struct Program {
  uint32_t skeleton = 0;
  std::vector<Op> ops;
};

/// A skeleton with guards and lengths that depend on parameters. Of received
/// words, only those of `needed` leaves are followed.
class Template {
public:
  Template(const Skeleton &skeleton, const std::vector<uint32_t> &needed,
           Vocabulary &vocabulary);

  /// Values of parameters alone that decide something or are lengths,
  /// ascending.
  const std::vector<Value> &questions() const { return asked; }
  /// Leaves that stand for received words.
  const std::vector<uint32_t> &leaves() const { return live; }
  /// `steps` for a core in which the questions have these answers.
  std::vector<Op> specialise(const std::vector<Step> &steps,
                             const std::vector<uint32_t> &answers) const;

  std::vector<Step> prefix, period;

private:
  void look(std::vector<Step> &steps, const std::vector<uint32_t> &needed);
  void ask(Value value);

  Vocabulary &vocabulary;
  std::vector<Value> asked;
  std::vector<uint32_t> live;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_PROGRAM_H
