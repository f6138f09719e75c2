// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Executes the sequences, with the arithmetic of the engines, for all inputs.
#include "wafer/Conversion/HalfFunctions.h"

#include "Sim/Arithmetic.h"

#include <array>
#include <cmath>
#include <gtest/gtest.h>

using namespace wafer;

namespace {

uint16_t execute(const std::vector<HalfStep> &steps, uint16_t x,
                 uint16_t factor) {
  std::array<uint16_t, 8> slots = {};
  slots[unsigned(HalfSlot::X)] = x;
  slots[unsigned(HalfSlot::Factor)] = factor;
  for (const HalfStep &step : steps) {
    auto read = [&](HalfSlot slot) -> uint32_t {
      return slot == HalfSlot::Constant ? step.constant
             : slot == HalfSlot::None   ? step.scalar
                                        : slots[unsigned(slot)];
    };
    sim::ElementFn element =
        sim::elementFunction(*parseMnemonic(step.mnemonic));
    slots[unsigned(step.dest)] =
        uint16_t(element(read(step.src0), read(step.src1), step.scalar));
  }
  return slots[unsigned(HalfSlot::X)];
}

constexpr uint16_t kOne = 0x3c00, kInfinity = 0x7c00;

TEST(HalfFunctions, SiluOfAllInputs) {
  std::vector<HalfStep> silu = halfSiluMul();
  double worst = 0;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    double x = halfToFloat(uint16_t(bits));
    if (!std::isfinite(x)) {
      continue;
    }
    double y = halfToFloat(execute(silu, uint16_t(bits), kOne));
    double exact = x / (1 + std::exp(-x));
    ASSERT_TRUE(std::isfinite(y)) << x;
    worst = std::max(worst, std::abs(y - exact) / std::max(1.0, exact));
  }
  EXPECT_LT(worst, 0.0012);
}

TEST(HalfFunctions, SiluAtTheEnds) {
  std::vector<HalfStep> silu = halfSiluMul();
  auto at = [&](uint16_t x) { return halfToFloat(execute(silu, x, kOne)); };
  EXPECT_EQ(at(0x7bff), 65504.0f);
  EXPECT_NEAR(at(0xfbff), 0.0f, 1e-5);
  EXPECT_EQ(at(0), 0.0f);
  EXPECT_EQ(at(kInfinity), std::numeric_limits<float>::infinity());
  EXPECT_NEAR(at(0xfc00), 0.0f, 1e-5);
  EXPECT_TRUE(std::isnan(at(0x7e00)));
  // silu(1) = 0.7311, times 2.
  EXPECT_NEAR(halfToFloat(execute(silu, kOne, 0x4000)), 1.4621f, 0.002f);
}

TEST(HalfFunctions, ExpOfAllInputs) {
  for (double factor : {1.0, 0.0883883, 0.125, 0.353553, 2.5}) {
    std::vector<HalfStep> exp = halfExp(factor);
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
      double x = halfToFloat(uint16_t(bits));
      // A row's reference is at most half a power of two below its top.
      if (!std::isfinite(x) || factor * x > 0.5 * std::log(2)) {
        continue;
      }
      double exact = std::exp(factor * x);
      double y = std::ldexp(halfToFloat(execute(exp, uint16_t(bits), 0)),
                            -kHalfExpShift);
      // The factor is rounded, and the value of the clamp, 2^-16, taken off;
      // what is left of small ones is off by up to 2^-21.
      double relative = 0.004 + 0x1p-12 * std::abs(factor * x);
      ASSERT_NEAR(y, exact, relative * exact + 0x1p-16 + 0x1p-21)
          << factor << " * " << x;
      if (exact < 0x1p-17) {
        ASSERT_NEAR(y, 0, 0x1p-21) << factor << " * " << x;
      }
    }
  }
}

TEST(HalfFunctions, ExpAtTheEnds) {
  std::vector<HalfStep> exp = halfExp(0.125);
  EXPECT_NEAR(halfToFloat(execute(exp, 0, 0)), 4.0f, 0.01f);
  EXPECT_NEAR(halfToFloat(execute(exp, 0xfc00, 0)), 0.0f, 2e-6f);
  EXPECT_TRUE(std::isnan(halfToFloat(execute(exp, 0x7e00, 0)))) << "no NaN";
}

} // namespace
