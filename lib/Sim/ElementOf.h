// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ElementOf.h - The arithmetic of one element, inline ------*- C++ -*-===//
//
// What elementFunction() of Arithmetic.h gives, for loops over many elements:
// with a constant opcode nothing of the switch is left.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_ELEMENTOF_H
#define WAFER_LIB_SIM_ELEMENTOF_H

#include "Arithmetic.h"

#include <algorithm>
#include <cmath>

namespace wafer::sim {

inline float f32(uint32_t bits) { return floatFromBits(bits); }
inline float f16(uint32_t bits) { return halfToFloatInline(uint16_t(bits)); }
/// Results of arithmetic: which NaN a processor gives depends on the order of
/// the operands, so there is one only.
inline uint32_t toBits(float v) {
  return std::isnan(v) ? 0x7fc00000u : bitsOf(v);
}
inline uint32_t toHalf(float v) {
  return std::isnan(v) ? 0x7e00u : floatToHalf(v);
}

/// The larger one; NaN if either is; +0 is larger than -0.
inline float maximum(float x, float y) {
  if (std::isnan(x) || std::isnan(y)) {
    return f32(0x7fc00000u);
  }
  if (x == y) {
    return std::signbit(x) ? y : x;
  }
  return x > y ? x : y;
}
inline float minimum(float x, float y) {
  return std::isnan(x) || std::isnan(y) ? maximum(x, y) : -maximum(-x, -y);
}

/// Rounds to nearest even and saturates; NaN gives 0.
inline int32_t toInt(float v) {
  if (std::isnan(v)) {
    return 0;
  }
  float rounded = std::nearbyintf(v);
  if (rounded >= 0x1p31f) {
    return INT32_MAX;
  }
  return rounded <= -0x1p31f ? INT32_MIN : int32_t(rounded);
}

/// The element of dest, see ElementFn.
template <Opcode op>
inline uint32_t elementOf(uint32_t a, uint32_t b, uint32_t s) {
  (void)b;
  (void)s;
  switch (op) {
  case Opcode::Mov16:
  case Opcode::Mov32:
    return a;
  case Opcode::Add16:
    return (a + b) & 0xffffu;
  case Opcode::Sub16:
    return (a - b) & 0xffffu;
  case Opcode::And16:
    return a & b;
  case Opcode::Or16:
    return a | b;
  case Opcode::Xor16:
    return a ^ b;
  case Opcode::Sll16:
    return (a << (s & 15u)) & 0xffffu;
  case Opcode::Slr16:
    return a >> (s & 15u);
  case Opcode::Sar16:
    return uint16_t(int16_t(uint16_t(a)) >> (s & 15u));
  case Opcode::FAddH:
    return toHalf(f16(a) + f16(b));
  case Opcode::FSubH:
    return toHalf(f16(a) - f16(b));
  case Opcode::FMulH:
    return toHalf(f16(a) * f16(b));
  case Opcode::FMaxH:
    return toHalf(maximum(f16(a), f16(b)));
  case Opcode::FNegH:
    return a ^ 0x8000u;
  case Opcode::FAbsH:
    return a & 0x7fffu;
  case Opcode::FMacH:
    return toHalf(f16(a) + f16(b) * f16(s));
  case Opcode::FAddS:
    return toBits(f32(a) + f32(b));
  case Opcode::FSubS:
    return toBits(f32(a) - f32(b));
  case Opcode::FMulS:
    return toBits(f32(a) * f32(b));
  case Opcode::FMaxS:
    return toBits(maximum(f32(a), f32(b)));
  case Opcode::FNegS:
    return a ^ 0x80000000u;
  case Opcode::FAbsS:
    return a & 0x7fffffffu;
  case Opcode::FMacS: {
    const float product = f32(b) * f32(s);
    return toBits(f32(a) + product);
  }
  case Opcode::FMacHS:
    // The product of two f16 is exact in binary32.
    return toBits(f32(a) + f16(b) * f16(s));
  case Opcode::FAddHS:
    return toBits(f32(a) + f16(b));
  case Opcode::FHToS:
    return bitsOf(f16(a));
  case Opcode::FSToH:
    return floatToHalf(f32(a));
  default:
    return 0;
  }
}

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_ELEMENTOF_H
