// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Differential.h - Engines of one behaviour ----------------*- C++ -*-===//
#ifndef WAFER_TEST_UNIT_SIM_DIFFERENTIAL_H
#define WAFER_TEST_UNIT_SIM_DIFFERENTIAL_H

#include "RandomImages.h"

#include <functional>
#include <optional>
#include <string>

namespace wafer::test {

using MakeEngine =
    std::function<Result<std::unique_ptr<Engine>>(const RandomCase &)>;

/// An engine and its options, under a name for messages.
struct EngineSetup {
  std::string name;
  MakeEngine make;
  /// Whether memory and payloads are compared, or the timing alone.
  bool values = true;
};

/// How often the rounds of cases ended so, by Outcome::Kind.
using OutcomeCounts = std::array<uint64_t, 5>;

/// How a set-up differs from the first one.
struct Difference {
  /// What differs, in a word or two that stay the same while a case is made
  /// smaller: "outcome deadlock/quiescent", "memory"... Empty: nothing does.
  std::string kind;
  /// Where, and both values.
  std::string text;
  /// Index of the set-up.
  unsigned setup = 0;

  explicit operator bool() const { return !kind.empty(); }
};

/// Runs a case on all set-ups side by side, round by round, and says where one
/// of them first differs from the first: outcome, cycle, counters of every
/// core, host words, wait report, memory. `counts`, if given, grows.
Difference firstDifference(const RandomCase &test,
                           const std::vector<EngineSetup> &setups,
                           OutcomeCounts *counts = nullptr);

/// The same in a process of its own: a crash is a difference of the kind
/// "crash: ...", a run of more than `seconds` one of the kind "crash: does not
/// end". Whose it is is not said.
Difference firstDifferenceApart(const RandomCase &test,
                                const std::vector<EngineSetup> &setups,
                                unsigned seconds);

struct FailedSeed {
  uint64_t seed = 0;
  Difference difference;
};

/// The first of `count` random cases, from that of the seed `first` on, for
/// which set-ups differ. Done apart.
std::optional<FailedSeed> firstFailure(uint64_t first, uint64_t count,
                                       const std::vector<EngineSetup> &setups,
                                       OutcomeCounts *counts = nullptr);

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_DIFFERENTIAL_H
