// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Programs.h - Small programs with published timings -------*- C++ -*-===//
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

/// A sum of vectors of binary32 over a row of cores, in levels of chains: level
/// 0 cuts the row into groups of groups[0] cores, each of which adds up along a
/// chain into its collector; level 1 does the same with the collectors, and so
/// on until one collector is left, the root. Word i of core x begins as float(x
/// % 8 + i % 16); the sums end in the root's buffer "acc", with `everywhere` in
/// that of all cores.
struct ReduceShape {
  uint32_t cores = 2;
  uint32_t words = 1;
  /// Their product must reach `cores`; empty: one chain.
  std::vector<uint32_t> groups;
  /// All-reduce: collectors lie in the middle of their groups, and the root
  /// sends the sums to all. Otherwise collectors are the westernmost of their
  /// groups.
  bool everywhere = false;

  std::vector<uint32_t> levels() const;
};
Result<Image> buildReduce(const Machine &machine, const ReduceShape &shape);

/// Which core ends as the root.
uint32_t rootOf(const ReduceShape &shape);
/// Cycles from the start of the cores to the last sum in the root, without
/// running anything.
uint64_t predictReduce(const Machine &machine, const ParameterSet &costs,
                       const ReduceShape &shape);
/// The groups with the lowest prediction among those whose program fits the
/// queues and colors of the machine, with at most `maxLevels` levels and at
/// least `minLevels`. Exhaustive for two levels, equal groups beyond. Empty
/// when none fits.
std::vector<uint32_t> chooseGroups(const Machine &machine,
                                   const ParameterSet &costs,
                                   const ReduceShape &shape, unsigned minLevels,
                                   unsigned maxLevels);

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
  /// That many cores do the same, each with its own copy.
  uint32_t gridWidth = 1, gridHeight = 1;
};
Result<Image> buildGemmLoop(const Machine &machine, const GemmLoopShape &shape);

/// acc[i] += 2 x[i] over binary32 vectors in one core, one instruction between
/// two readings of the clock. `sameBank`: both vectors begin in banks that
/// conflict when they are read in one step.
struct VectorOpShape {
  uint32_t length = 1;
  bool sameBank = false;
};
Result<Image> buildVectorOp(const Machine &machine, const VectorOpShape &shape);

/// A core sends `words` words to its neighbour, where a data task stores each.
/// Timed from the first to the last of these tasks.
Result<Image> buildWordTask(const Machine &machine, uint32_t words);

/// The place of a buffer of a role, for those who look at results.
std::optional<uint32_t> bufferOffset(const Role &role, const std::string &name);

/// The timed cycles of an image that has run; nothing if it times nothing.
Result<std::optional<uint64_t>>
readTimedCycles(Engine &engine, const Image &image, const ParameterSet &costs);

} // namespace wafer

#endif // WAFER_BENCH_PROGRAMS_H
