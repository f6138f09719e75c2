// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sequences of binary16 instructions; constants are minimax fits, the last bits
// chosen by trying all inputs.
#include "wafer/Conversion/HalfFunctions.h"

using namespace wafer;

namespace {
using Slot = HalfSlot;

constexpr uint16_t kOne = 0x3c00;
// 2^(m - 1) / m = (kBow m + kTilt) m + kHeight for m in [1, 2]: 0.0044 with all
// roundings to binary16, for any m.
constexpr uint16_t kBow = 0x3336, kTilt = 0xb95e, kHeight = 0x3dc4;
constexpr uint16_t kFraction = 0x03ff;
// 1 / (1 + exp(u)) = (1 - u / 12)^8 (kConst + kFirst u + (kSecond + kThird u)
// u^2) for u in [0, 12], with u = -z: 0.0009 before rounding, there relative to
// min(u, 1).
constexpr uint16_t kUnit = 0x2d55, kLeastZ = 0xca00;
constexpr uint16_t kConst = 0x3801, kFirst = 0xad47, kSecond = 0xaaae,
                   kThird = 0x9f5c, kHalf = 0x3800;
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

// With u = |x|: x / (1 + exp(-x)) = max(x, 0) - u / (1 + exp(u)), where the
// second term is small and nothing is lost where x is large. A clamp takes a
// step an element, so max(x, 0) is half of x + u.
std::vector<HalfStep> wafer::halfSiluMul() {
  std::vector<HalfStep> steps;
  // Z = -u; T2 = z, the same within the range of the fit
  steps.push_back({"or16", Slot::Z, Slot::X, Slot::None, true, 0x8000});
  steps.push_back({"fmaxh", Slot::T2, Slot::Z, Slot::None, true, kLeastZ});
  // T0 = (1 + z / 12)^8
  steps.push_back(
      {"fmach", Slot::T0, Slot::Constant, Slot::T2, true, kUnit, kOne});
  for (int square = 0; square < 3; ++square) {
    steps.push_back({"fmulh", Slot::T0, Slot::T0, Slot::T0});
  }
  // T1 = the polynomial
  steps.push_back({"fmulh", Slot::T1, Slot::T2, Slot::T2});
  steps.push_back(
      {"fmach", Slot::T3, Slot::Constant, Slot::T2, true, kThird, kSecond});
  steps.push_back({"fmulh", Slot::T1, Slot::T1, Slot::T3});
  steps.push_back(
      {"fmach", Slot::T3, Slot::Constant, Slot::T2, true, kFirst, kConst});
  steps.push_back({"faddh", Slot::T1, Slot::T1, Slot::T3});
  // T1 = -u / (1 + exp(u)); X = x + u
  steps.push_back({"fmulh", Slot::T1, Slot::T1, Slot::T0});
  steps.push_back({"fmulh", Slot::T1, Slot::T1, Slot::T2});
  steps.push_back({"fsubh", Slot::X, Slot::X, Slot::Z});
  steps.push_back({"fmach", Slot::X, Slot::T1, Slot::X, true, kHalf});
  steps.push_back({"fmulh", Slot::X, Slot::X, Slot::Factor});
  return steps;
}
