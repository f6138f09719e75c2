// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LineProgram.h - A collective on a row as a program -------*- C++ -*-===//
//
// An image that carries out a CollectivePlan on a row of cores, with vectors of
// binary32: word i of core x begins as float(x % 8 + i % 16). The results end
// in buffer "acc" of the root, or of all cores. Timed from the start of all
// cores to the clock reading of the root, or of the core that is farthest from
// it, behind its last word.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_LINEPROGRAM_H
#define WAFER_BENCH_LINEPROGRAM_H

#include "wafer/Collectives/CollectiveProblem.h"
#include "wafer/Image/Image.h"
#include "wafer/Sim/Engine.h"

namespace wafer {

/// What becomes of two words.
enum class CollectiveOp : uint8_t { Sum, Max };

struct LineProgram {
  CollectiveProblem problem;
  CollectivePlan plan;
  CollectiveOp op = CollectiveOp::Sum;
  /// So many times in a row; what was computed goes into the next one.
  uint32_t repeats = 1;
};

/// `program.plan` has been verified for the problem and the machine.
Result<Image> buildLineProgram(const Machine &machine,
                               const LineProgram &program);

/// Word i of all cores that should have it, against what the host computes
/// for one repeat.
Status checkLineProgram(const LineProgram &program, const Image &image,
                        Engine &engine);

} // namespace wafer

#endif // WAFER_BENCH_LINEPROGRAM_H
