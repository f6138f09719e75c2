// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Programs.h - Small programs with published timings ---------*- C++
//-*-===//
//
// Images of the kernels that machines are calibrated with (docs/calibration.md
// says which published figures they repeat). They are complete images: they
// carry their intent, pass the verifier and run on any engine. Each puts clock
// readings into SRAM; the model JSON says where they lie:
//
//   "timed": {"start": {"core": [x, y], "address": a}, "stop": {...}}
//
// The timed cycles are stop - start - the cost of the clock reading at the
// start; without "start" they count from cycle 0.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_PROGRAMS_H
#define WAFER_BENCH_PROGRAMS_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Sim/Engine.h"

#include <optional>

namespace wafer {

/// A sum of vectors of binary32 along a row of cores into the westernmost one.
/// Chains inside groups of `group` cores, then a chain over the groups'
/// westernmost cores; a single chain where one group holds all.
/// Word i of core x begins as float(x % 8 + i % 16).
struct ReduceShape {
  uint32_t cores = 2;
  uint32_t words = 1;
  uint32_t group = 0; // 0: all
};
Result<Image> buildReduce(const Machine &machine, const ReduceShape &shape);

/// The westernmost core sends `words` words to the `receivers` cores east of
/// it. Timed from the send to the last word in the last receiver. Word i is
/// i + 1.
struct MulticastShape {
  uint32_t receivers = 1;
  uint32_t words = 1;
};
Result<Image> buildMulticast(const Machine &machine,
                             const MulticastShape &shape);

/// C[length][columns] += A[length][depth] * B[depth][columns] in one core, all
/// row-major binary32: depth * columns strided multiply-adds of `length`
/// elements, each C[:, m] += A[:, k] * B[k, m]. Element i of A is
/// float(i % 7), of B float(i % 5), C begins as zero.
struct GemmLoopShape {
  uint32_t length = 1;
  uint32_t depth = 1;
  uint32_t columns = 1;
};
Result<Image> buildGemmLoop(const Machine &machine, const GemmLoopShape &shape);

/// The place of a buffer of a role, for those who look at results.
std::optional<uint32_t> bufferOffset(const Role &role, const std::string &name);

/// The timed cycles of an image that has run; nothing if it times nothing.
Result<std::optional<uint64_t>>
readTimedCycles(Engine &engine, const Image &image, const ParameterSet &costs);

} // namespace wafer

#endif // WAFER_BENCH_PROGRAMS_H
