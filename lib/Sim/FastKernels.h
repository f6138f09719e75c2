// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastKernels.h - Many elements at once --------------------*- C++ -*-===//
#ifndef WAFER_LIB_SIM_FASTKERNELS_H
#define WAFER_LIB_SIM_FASTKERNELS_H

#include "Arithmetic.h"

#include <cstdint>

namespace wafer::fast {

/// `count` elements in order; steps in bytes. A source that is a scalar is a
/// word with step 0; one that the instruction does not have is never read.
struct Elements {
  uint8_t *dest = nullptr;
  const uint8_t *src0 = nullptr;
  const uint8_t *src1 = nullptr;
  int32_t destStep = 0;
  int32_t step0 = 0;
  int32_t step1 = 0;
  uint32_t count = 0;
  uint32_t scalar = 0;
};
using Kernel = void (*)(const Elements &e);
/// nullptr for a scalar instruction. With `timingOnly` also for one of floating
/// point, and the others write only what changes, so that pages that would stay
/// zero are not touched.
Kernel kernelOf(Opcode op, bool timingOnly);

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTKERNELS_H
