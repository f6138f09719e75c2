// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Differential.h - Two engines, one behaviour --------------*- C++ -*-===//
#ifndef WAFER_TEST_UNIT_SIM_DIFFERENTIAL_H
#define WAFER_TEST_UNIT_SIM_DIFFERENTIAL_H

#include "RandomImages.h"

#include <functional>
#include <string>

namespace wafer::test {

using MakeEngine =
    std::function<Result<std::unique_ptr<Engine>>(const RandomCase &)>;

/// Runs a case on two engines side by side, round by round, and says where they
/// first differ: outcome, cycle, counters of every core, host words, wait
/// report, memory. Empty when they agree. `kinds`, if given, counts how the
/// rounds ended, by Outcome::Kind.
std::string firstDifference(const RandomCase &test, const MakeEngine &makeOne,
                            const MakeEngine &makeOther,
                            std::array<unsigned, 5> *kinds = nullptr);

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_DIFFERENTIAL_H
