// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Arithmetic.cpp - What one element of an instruction gives
//--------------//
#include "Arithmetic.h"

#include <algorithm>
#include <cmath>

using namespace wafer;
using namespace wafer::sim;

static float f32(uint32_t bits) { return floatFromBits(bits); }
static float f16(uint32_t bits) { return halfToFloatInline(uint16_t(bits)); }
static uint32_t toBits(float v) { return bitsOf(v); }
static uint32_t toHalf(float v) { return floatToHalf(v); }

/// The larger one; NaN if either is; +0 is larger than -0.
static float maximum(float x, float y) {
  if (std::isnan(x) || std::isnan(y)) {
    return f32(0x7fc00000u);
  }
  if (x == y) {
    return std::signbit(x) ? y : x;
  }
  return x > y ? x : y;
}
static float minimum(float x, float y) {
  return std::isnan(x) || std::isnan(y) ? maximum(x, y) : -maximum(-x, -y);
}

/// Rounds to nearest even and saturates; NaN gives 0.
static int32_t toInt(float v) {
  if (std::isnan(v)) {
    return 0;
  }
  float rounded = std::nearbyintf(v);
  if (rounded >= 0x1p31f) {
    return INT32_MAX;
  }
  return rounded <= -0x1p31f ? INT32_MIN : int32_t(rounded);
}

ElementFn wafer::sim::elementFunction(Opcode op) {
  using U = uint32_t;
  switch (op) {
  case Opcode::Mov16:
  case Opcode::Mov32:
    return [](U a, U, U) -> U { return a; };
  case Opcode::Add16:
    return [](U a, U b, U) -> U { return (a + b) & 0xffffu; };
  case Opcode::Sub16:
    return [](U a, U b, U) -> U { return (a - b) & 0xffffu; };
  case Opcode::And16:
    return [](U a, U b, U) -> U { return a & b; };
  case Opcode::Or16:
    return [](U a, U b, U) -> U { return a | b; };
  case Opcode::Xor16:
    return [](U a, U b, U) -> U { return a ^ b; };
  case Opcode::Sll16:
    return [](U a, U, U s) -> U { return (a << (s & 15u)) & 0xffffu; };
  case Opcode::Slr16:
    return [](U a, U, U s) -> U { return a >> (s & 15u); };
  case Opcode::Sar16:
    return [](U a, U, U s) -> U {
      return uint16_t(int16_t(uint16_t(a)) >> (s & 15u));
    };
  case Opcode::FAddH:
    return [](U a, U b, U) -> U { return toHalf(f16(a) + f16(b)); };
  case Opcode::FSubH:
    return [](U a, U b, U) -> U { return toHalf(f16(a) - f16(b)); };
  case Opcode::FMulH:
    return [](U a, U b, U) -> U { return toHalf(f16(a) * f16(b)); };
  case Opcode::FMaxH:
    return [](U a, U b, U) -> U { return toHalf(maximum(f16(a), f16(b))); };
  case Opcode::FNegH:
    return [](U a, U, U) -> U { return a ^ 0x8000u; };
  case Opcode::FAbsH:
    return [](U a, U, U) -> U { return a & 0x7fffu; };
  case Opcode::FMacH:
    return [](U a, U b, U s) -> U { return toHalf(f16(a) + f16(b) * f16(s)); };
  case Opcode::FAddS:
    return [](U a, U b, U) -> U { return toBits(f32(a) + f32(b)); };
  case Opcode::FSubS:
    return [](U a, U b, U) -> U { return toBits(f32(a) - f32(b)); };
  case Opcode::FMulS:
    return [](U a, U b, U) -> U { return toBits(f32(a) * f32(b)); };
  case Opcode::FMaxS:
    return [](U a, U b, U) -> U { return toBits(maximum(f32(a), f32(b))); };
  case Opcode::FNegS:
    return [](U a, U, U) -> U { return a ^ 0x80000000u; };
  case Opcode::FAbsS:
    return [](U a, U, U) -> U { return a & 0x7fffffffu; };
  case Opcode::FMacS:
    return [](U a, U b, U s) -> U {
      float product = f32(b) * f32(s);
      return toBits(f32(a) + product);
    };
  case Opcode::FMacHS:
    // The product of two f16 is exact in binary32.
    return [](U a, U b, U s) -> U { return toBits(f32(a) + f16(b) * f16(s)); };
  case Opcode::FAddHS:
    return [](U a, U b, U) -> U { return toBits(f32(a) + f16(b)); };
  case Opcode::FHToS:
    return [](U a, U, U) -> U { return toBits(f16(a)); };
  case Opcode::FSToH:
    return [](U a, U, U) -> U { return toHalf(f32(a)); };
  default:
    return nullptr;
  }
}

static uint32_t floatResult(Opcode op, uint32_t x, uint32_t y) {
  switch (op) {
  case Opcode::FAdd:
    return toBits(f32(x) + f32(y));
  case Opcode::FSub:
    return toBits(f32(x) - f32(y));
  case Opcode::FMul:
    return toBits(f32(x) * f32(y));
  case Opcode::FDiv:
    return toBits(f32(x) / f32(y));
  case Opcode::FMax:
    return toBits(maximum(f32(x), f32(y)));
  case Opcode::FMin:
    return toBits(minimum(f32(x), f32(y)));
  case Opcode::FToH:
    return toHalf(f32(x));
  case Opcode::HToF:
    return toBits(f16(x));
  case Opcode::FToI:
    return uint32_t(toInt(f32(x)));
  case Opcode::IToF:
    return toBits(float(int32_t(x)));
  default:
    return 0;
  }
}

uint32_t wafer::sim::scalarResult(Opcode op, uint32_t x, uint32_t y) {
  switch (op) {
  case Opcode::LoadImm:
    return y;
  case Opcode::Add:
  case Opcode::AddImm:
    return x + y;
  case Opcode::Sub:
    return x - y;
  case Opcode::Mul:
    return x * y;
  case Opcode::And:
  case Opcode::AndImm:
    return x & y;
  case Opcode::Or:
    return x | y;
  case Opcode::Xor:
    return x ^ y;
  case Opcode::Shl:
  case Opcode::ShlImm:
    return x << (y & 31u);
  case Opcode::Shr:
  case Opcode::ShrImm:
    return x >> (y & 31u);
  case Opcode::Sar:
  case Opcode::SarImm:
    return uint32_t(int32_t(x) >> (y & 31u));
  case Opcode::Min:
    return uint32_t(std::min(int32_t(x), int32_t(y)));
  case Opcode::Max:
    return uint32_t(std::max(int32_t(x), int32_t(y)));
  default:
    return floatResult(op, x, y);
  }
}

bool wafer::sim::branchTaken(Opcode op, uint32_t x, uint32_t y) {
  switch (op) {
  case Opcode::BranchEq:
    return x == y;
  case Opcode::BranchNe:
    return x != y;
  case Opcode::BranchLt:
    return int32_t(x) < int32_t(y);
  case Opcode::BranchGe:
    return int32_t(x) >= int32_t(y);
  case Opcode::BranchFlt:
    return f32(x) < f32(y);
  case Opcode::BranchFge:
    return f32(x) >= f32(y);
  default:
    return false;
  }
}
