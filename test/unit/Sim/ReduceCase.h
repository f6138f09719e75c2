// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReduceCase.h - The small case behind a large one ---------*- C++ -*-===//
//
// Delta debugging of images: parts are taken out in ever smaller ranges and
// numbers lowered, and a step is kept when the case still passes validate() and
// still shows what is looked for. What can go: rounds, goals and stop cycles;
// words of the host; regions, rules, streams, tensors; rows and columns of
// rectangles and of the grid; tasks, queues, instructions, parameters
// (descriptors with their lengths, strides and flags); switch positions,
// filters and ports of routes; initial data; costs, latencies and depths that
// are not the usual ones. The passes are repeated until none of them helps, so
// that the result is minimal: no single step can be taken any more.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_SIM_REDUCECASE_H
#define WAFER_TEST_UNIT_SIM_REDUCECASE_H

#include "RandomImages.h"

#include <functional>

namespace wafer::test {

/// Whether a case shows what is looked for. Called with valid images only.
using CaseTest = std::function<bool(const RandomCase &)>;

struct ReducedCase {
  RandomCase test;
  /// Cases that were tried, and steps that were kept.
  uint64_t tried = 0;
  uint64_t kept = 0;
  /// False when the time ended before the steps did.
  bool minimal = false;
};

/// Reduces a case for which `shows` holds, for at most about `seconds`.
ReducedCase reduceCase(const RandomCase &test, const CaseTest &shows,
                       double seconds);

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_REDUCECASE_H
