// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sequences of binary16 instructions; constants are minimax fits, the last bits
// chosen by trying all inputs.
#include "wafer/Conversion/HalfFunctions.h"

#include "wafer/Support/Half.h"

#include <cmath>
#include <cstring>

using namespace wafer;

namespace {
using Slot = HalfSlot;

constexpr double kLog2E = 1.4426950408889634;
constexpr uint16_t kOne = 0x3c00;
// 2^(m - 1) / m = (kBow m + kTilt) m + kHeight for m in [1, 2]: 0.0044 with all
// roundings to binary16, for any m.
constexpr uint16_t kBow = 0x3336, kTilt = 0xb95e, kHeight = 0x3dc4;
constexpr uint16_t kFraction = 0x03ff;
// 1 / (1 + e) on [0, 1]: a line and a Newton step y (c - (1 + e) y) whose c,
// above 2, balances its error: 0.002.
constexpr float kLineStart = 0.94189453f, kLineSlope = -0.47607422f;
constexpr uint16_t kNewton = 0x4001;
/// The least exponent of a normal number.
constexpr int kLeast = -14;

uint16_t half(double value) { return floatToHalf(float(value)); }

/// Where exp(factor z) is 2^(kLeast - shift).
uint16_t leastInput(double factor, int shift) {
  return half((kLeast - shift) / (factor * kLog2E));
}

/// result = the number whose logarithm to the base of 2 is in Wide; T0, T1 go.
void power(std::vector<HalfStep> &steps, Slot result) {
  // T1 = m
  steps.push_back({"and16", Slot::T1, Slot::Wide, Slot::None, true, kFraction});
  steps.push_back({"or16", Slot::T1, Slot::T1, Slot::None, true, kOne});
  steps.push_back(
      {"fmach", Slot::T0, Slot::Constant, Slot::T1, true, kBow, kTilt});
  steps.push_back({"fmulh", Slot::T0, Slot::T0, Slot::T1});
  steps.push_back({"faddh", Slot::T0, Slot::T0, Slot::None, true, kHeight});
  steps.push_back({"fmulh", result, Slot::Wide, Slot::T0});
}
} // namespace

std::vector<HalfStep> wafer::halfPower() {
  std::vector<HalfStep> steps;
  power(steps, Slot::X);
  return steps;
}

// With e = exp(-|x|) and w = e / (1 + e): x / (1 + exp(-x)) = max(x, 0) - |x|
// w, which needs no exponent above 0 and loses nothing where x is large.
std::vector<HalfStep> wafer::halfSiluMul() {
  constexpr int kShift = 8;
  double unit = std::ldexp(1.0, -kShift);
  std::vector<HalfStep> steps;
  // Z = -|x|
  steps.push_back({"or16", Slot::Z, Slot::X, Slot::None, true, 0x8000});
  steps.push_back(
      {"fmaxh", Slot::Z, Slot::Z, Slot::None, true, leastInput(1, kShift)});
  float origin = kPowerFloor + 15 + kShift;
  uint32_t bits;
  std::memcpy(&bits, &origin, sizeof(bits));
  steps.push_back({"fmachs", Slot::Wide, Slot::Constant, Slot::Z, true,
                   half(kLog2E), bits});
  power(steps, Slot::T2);
  steps.push_back(
      {"fmach", Slot::T0, Slot::Constant, Slot::T2, true, half(unit), kOne});
  steps.push_back({"fmach", Slot::T1, Slot::Constant, Slot::T2, true,
                   half(kLineSlope * unit), half(kLineStart)});
  steps.push_back({"fmulh", Slot::T0, Slot::T0, Slot::T1});
  steps.push_back({"fsubh", Slot::T0, Slot::None, Slot::T0, true, kNewton});
  steps.push_back({"fmulh", Slot::T1, Slot::T1, Slot::T0});
  steps.push_back({"fmulh", Slot::T1, Slot::T2, Slot::T1});
  steps.push_back({"fmulh", Slot::T1, Slot::T1, Slot::Z});
  steps.push_back({"fmaxh", Slot::X, Slot::X, Slot::None, true, 0});
  steps.push_back({"fmach", Slot::X, Slot::X, Slot::T1, true, half(unit)});
  steps.push_back({"fmulh", Slot::X, Slot::X, Slot::Factor});
  return steps;
}
