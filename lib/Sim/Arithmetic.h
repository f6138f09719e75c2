// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Arithmetic.h - What one element of an instruction gives --*- C++ -*-===//
//
// The arithmetic of the specification, without time: functions from bits to
// bits, shared by the engines. 16-bit values lie in the low half.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_ARITHMETIC_H
#define WAFER_LIB_SIM_ARITHMETIC_H

#include "wafer/Image/IntegerArithmetic.h"
#include "wafer/Support/Half.h"

namespace wafer::sim {

/// The element of dest from those of src0 and src1 and the scalar register. A
/// source that the instruction does not have is ignored.
using ElementFn = uint32_t (*)(uint32_t src0, uint32_t src1, uint32_t scalar);
/// The function of a vector instruction; nullptr for a scalar one.
ElementFn elementFunction(Opcode op);

/// Those of integers are in IntegerArithmetic.h; these are for the others, and
/// 0 for opcodes that are neither.
uint32_t floatResult(Opcode op, uint32_t x, uint32_t y);
bool floatBranch(Opcode op, uint32_t x, uint32_t y);

/// Result of a scalar instruction that computes a register from two values
/// (for the forms with an immediate, `y` is it); 0 for other opcodes.
inline uint32_t scalarResult(Opcode op, uint32_t x, uint32_t y) {
  std::optional<uint32_t> result = integerResult(op, x, y);
  return result ? *result : floatResult(op, x, y);
}
/// Whether a conditional branch is taken.
inline bool branchTaken(Opcode op, uint32_t x, uint32_t y) {
  std::optional<bool> taken = integerBranch(op, x, y);
  return taken ? *taken : floatBranch(op, x, y);
}

/// halfToFloat of Half.h without a call; equal bit for bit.
inline float halfToFloatInline(uint16_t bits) {
  uint32_t magnitude = uint32_t(bits & 0x7fffu) << 13;
  uint32_t sign = uint32_t(bits & 0x8000u) << 16;
  if ((bits & 0x7c00u) == 0x7c00u) {
    uint32_t quiet = (bits & 0x3ffu) ? 0x400000u : 0u;
    return floatFromBits(sign | 0x7f800000u | quiet | magnitude);
  }
  // As a binary32 with the same exponent field the value is 2^-112 of what it
  // should be; the product is exact, subnormals included.
  return floatFromBits(sign | bitsOf(floatFromBits(magnitude) * 0x1p112f));
}

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_ARITHMETIC_H
