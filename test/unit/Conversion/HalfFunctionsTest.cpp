// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Executes the sequences, with the arithmetic of the engines, for all inputs.
#include "wafer/Conversion/HalfFunctions.h"

#include "Sim/Arithmetic.h"

#include <array>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace wafer;

namespace {

uint16_t execute(const std::vector<HalfStep> &steps, uint16_t x,
                 uint16_t factor, uint16_t wide = 0) {
  std::array<uint16_t, kHalfSlots + 1> slots = {};
  slots[unsigned(HalfSlot::Wide)] = wide;
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
    if (!(std::abs(x) < 32768)) {
      continue;
    }
    double y = halfToFloat(execute(silu, uint16_t(bits), kOne));
    double exact = x / (1 + std::exp(-x));
    ASSERT_TRUE(std::isfinite(y)) << x;
    worst = std::max(worst, std::abs(y - exact) / std::max(1.0, exact));
    // Below, a step of the least numbers counts.
    if (std::abs(x) > 0x1p-10 && std::abs(x) < 1) {
      ASSERT_NEAR(y, exact, 0.0030 * std::abs(x)) << x;
    }
  }
  EXPECT_LT(worst, 0.0018);
}

TEST(HalfFunctions, SiluAtTheEnds) {
  std::vector<HalfStep> silu = halfSiluMul();
  auto at = [&](uint16_t x) { return halfToFloat(execute(silu, x, kOne)); };
  EXPECT_EQ(at(0x77ff), 32752.0f);
  EXPECT_NEAR(at(0xf7ff), 0.0f, 1e-5);
  EXPECT_EQ(at(0x7bff), std::numeric_limits<float>::infinity());
  EXPECT_EQ(at(0), 0.0f);
  EXPECT_EQ(at(kInfinity), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(at(0xfc00)));
  EXPECT_TRUE(std::isnan(at(0x7e00)));
  // silu(1) = 0.7311, times 2.
  EXPECT_NEAR(halfToFloat(execute(silu, kOne, 0x4000)), 1.4621f, 0.003f);
}

/// 2^t as the lowering makes it: the sum and its clamp in binary32, then the
/// sequence on its low half.
double power(const std::vector<HalfStep> &steps, double t) {
  float sum = std::max(kPowerFloor, float(kPowerOrigin + t));
  uint32_t bits;
  std::memcpy(&bits, &sum, sizeof(bits));
  return std::ldexp(halfToFloat(execute(steps, 0, 0, uint16_t(bits))),
                    -kHalfPowerShift);
}

TEST(HalfFunctions, PowerOfAllInputs) {
  std::vector<HalfStep> steps = halfPower();
  // A row's reference is at most half a power of two below its top. All numbers
  // with 10 bits behind the point, which the sum rounds to, and others.
  for (int i = -40 * 1024 * 4; i <= 512 * 4; ++i) {
    double t = i / 4096.0, exact = std::exp2(t), y = power(steps, t);
    if (t >= -16) {
      // 2^-11 for the rounding of t.
      ASSERT_NEAR(y, exact, (0.0045 + 0x1p-11 * std::log(2)) * exact) << t;
    } else if (t >= -17) {
      ASSERT_LE(y, exact * 1.01) << t;
    } else {
      ASSERT_EQ(y, 0) << t;
    }
  }
}

TEST(HalfFunctions, PowerAtTheEnds) {
  std::vector<HalfStep> steps = halfPower();
  EXPECT_NEAR(power(steps, 0), 1, 0.0045);
  EXPECT_EQ(power(steps, -3e38), 0);
  EXPECT_EQ(power(steps, -std::numeric_limits<double>::infinity()), 0);
}

} // namespace
