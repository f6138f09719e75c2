// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastKernels.h - Many elements at once --------------------*- C++ -*-===//
#ifndef WAFER_LIB_SIM_FASTKERNELS_H
#define WAFER_LIB_SIM_FASTKERNELS_H

#include "Arithmetic.h"

#include <cstdint>

namespace wafer::fast {

/// `rows` rows of `count` elements in order; steps, and those from the begin of
/// a row to that of the next one, in bytes. A source that is a scalar is a word
/// with steps of 0; one that the instruction does not have is never read.
struct Elements {
  uint8_t *dest = nullptr;
  const uint8_t *src0 = nullptr;
  const uint8_t *src1 = nullptr;
  int32_t destStep = 0;
  int32_t step0 = 0;
  int32_t step1 = 0;
  uint32_t count = 0;
  uint32_t scalar = 0;
  uint32_t rows = 1;
  int32_t destRow = 0;
  int32_t row0 = 0;
  int32_t row1 = 0;
};
using Kernel = void (*)(const Elements &e);
/// nullptr for a scalar instruction. With `timingOnly` also for one of floating
/// point, and the others write only what changes, so that pages that would stay
/// zero are not touched.
Kernel kernelOf(Opcode op, bool timingOnly);
/// One for the instructions that this processor has beyond those of its kind;
/// nullptr if there is none.
Kernel x86KernelOf(Opcode op);

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTKERNELS_H
