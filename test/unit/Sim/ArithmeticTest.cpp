// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Arithmetic.h"

#include "wafer/Support/Rng.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace wafer;
using namespace wafer::sim;

namespace {
uint32_t bits(float v) { return bitsOf(v); }
uint32_t half(float v) { return floatToHalf(v); }
uint32_t vec(Opcode op, uint32_t a, uint32_t b = 0, uint32_t s = 0) {
  return elementFunction(op)(a, b, s);
}
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
} // namespace

TEST(ArithmeticTest, HalfConversionEqualsTheHeader) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    ASSERT_EQ(bits(halfToFloatInline(uint16_t(h))),
              bits(halfToFloat(uint16_t(h))))
        << h;
  }
}

TEST(ArithmeticTest, EveryVectorOpcodeHasAFunction) {
  for (unsigned code = 0; code < 256; ++code) {
    const OpcodeInfo *info = lookupOpcode(uint8_t(code));
    if (info) {
      EXPECT_EQ(info->isVector, elementFunction(Opcode(code)) != nullptr)
          << info->mnemonic;
    }
  }
}

TEST(ArithmeticTest, Integers16) {
  EXPECT_EQ(vec(Opcode::Mov16, 0xabcd), 0xabcdu);
  EXPECT_EQ(vec(Opcode::Mov32, 0xabcd1234), 0xabcd1234u);
  EXPECT_EQ(vec(Opcode::Add16, 0xffff, 2), 1u);
  EXPECT_EQ(vec(Opcode::Sub16, 1, 2), 0xffffu);
  EXPECT_EQ(vec(Opcode::And16, 0xf0f0, 0xff00), 0xf000u);
  EXPECT_EQ(vec(Opcode::Or16, 0xf0f0, 0xff00), 0xfff0u);
  EXPECT_EQ(vec(Opcode::Xor16, 0xf0f0, 0xff00), 0x0ff0u);
  EXPECT_EQ(vec(Opcode::Sll16, 0x8001, 0, 1), 2u);
  EXPECT_EQ(vec(Opcode::Slr16, 0x8001, 0, 1), 0x4000u);
  EXPECT_EQ(vec(Opcode::Sar16, 0x8001, 0, 1), 0xc000u);
  EXPECT_EQ(vec(Opcode::Sll16, 1, 0, 17), 2u); // distance modulo 16
}

TEST(ArithmeticTest, Binary16RoundsOnceFromBinary32) {
  EXPECT_EQ(vec(Opcode::FAddH, half(1), half(2)), half(3));
  EXPECT_EQ(vec(Opcode::FSubH, half(1), half(2)), half(-1));
  EXPECT_EQ(vec(Opcode::FMulH, half(3), half(0.5f)), half(1.5f));
  // 2048 + 1 lies half way between 2048 and 2050: to even.
  EXPECT_EQ(vec(Opcode::FAddH, half(2048), half(1)), half(2048));
  EXPECT_EQ(vec(Opcode::FAddH, half(2050), half(1)), half(2052));
  EXPECT_EQ(vec(Opcode::FMulH, half(60000), half(2)), half(kInf));
  EXPECT_EQ(vec(Opcode::FNegH, half(2)), half(-2));
  EXPECT_EQ(vec(Opcode::FAbsH, half(-2)), half(2));
  EXPECT_EQ(vec(Opcode::FMaxH, half(-2), half(1)), half(1));
  EXPECT_EQ(vec(Opcode::FMaxH, half(kNaN), half(1)), 0x7e00u);
  // src0 + src1 * scalar: the product is not rounded to binary16 first.
  // 1 + 2^-11 * 1.0009765625: above half an ulp of 1, so it rounds up; the
  // product alone, rounded, would be a tie and round down.
  EXPECT_EQ(vec(Opcode::FMacH, half(1), half(0x1p-11f), half(1.0009765625f)),
            half(1.0009765625f));
  EXPECT_EQ(vec(Opcode::FMacH, half(1), half(2), 0xdead0000u | half(3)),
            half(7)); // only the low half of the register counts
}

TEST(ArithmeticTest, Binary32) {
  EXPECT_EQ(vec(Opcode::FAddS, bits(1), bits(2)), bits(3));
  EXPECT_EQ(vec(Opcode::FSubS, bits(1), bits(2)), bits(-1));
  EXPECT_EQ(vec(Opcode::FMulS, bits(3), bits(2)), bits(6));
  EXPECT_EQ(vec(Opcode::FMaxS, bits(3), bits(kNaN)), bits(kNaN));
  EXPECT_EQ(vec(Opcode::FMaxS, bits(-0.0f), bits(0.0f)), bits(0.0f));
  EXPECT_EQ(vec(Opcode::FNegS, bits(3)), bits(-3));
  EXPECT_EQ(vec(Opcode::FAbsS, bits(-3)), bits(3));
  // fmacs rounds twice: (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, and the last term
  // is a tie that goes to even; so the sum with -(1 + 2^-11) is 0.
  float x = 1 + 0x1p-12f;
  EXPECT_EQ(vec(Opcode::FMacS, bits(-(1 + 0x1p-11f)), bits(x), bits(x)),
            bits(0));
  EXPECT_EQ(std::fma(x, x, -(1 + 0x1p-11f)), 0x1p-24f); // fused would not
}

TEST(ArithmeticTest, Mixed) {
  EXPECT_EQ(vec(Opcode::FMacHS, bits(1), half(2), half(3)), bits(7));
  EXPECT_EQ(vec(Opcode::FAddHS, bits(1), half(2)), bits(3));
  EXPECT_EQ(vec(Opcode::FHToS, half(1.5f)), bits(1.5f));
  EXPECT_EQ(vec(Opcode::FSToH, bits(1.5f)), half(1.5f));
}

TEST(ArithmeticTest, ScalarIntegers) {
  EXPECT_EQ(scalarResult(Opcode::LoadImm, 1, 42), 42u);
  EXPECT_EQ(scalarResult(Opcode::Add, 1, ~0u), 0u);
  EXPECT_EQ(scalarResult(Opcode::AddImm, 1, 4), 5u);
  EXPECT_EQ(scalarResult(Opcode::Sub, 1, 2), ~0u);
  EXPECT_EQ(scalarResult(Opcode::Mul, 0x10001, 0x10001), 0x20001u);
  EXPECT_EQ(scalarResult(Opcode::And, 12, 10), 8u);
  EXPECT_EQ(scalarResult(Opcode::Or, 12, 10), 14u);
  EXPECT_EQ(scalarResult(Opcode::Xor, 12, 10), 6u);
  EXPECT_EQ(scalarResult(Opcode::Shl, 1, 33), 2u);
  EXPECT_EQ(scalarResult(Opcode::Shr, 0x80000000u, 31), 1u);
  EXPECT_EQ(scalarResult(Opcode::Sar, 0x80000000u, 31), ~0u);
  EXPECT_EQ(scalarResult(Opcode::Min, ~0u, 1), ~0u);
  EXPECT_EQ(scalarResult(Opcode::Max, ~0u, 1), 1u);
}

TEST(ArithmeticTest, ScalarFloats) {
  EXPECT_EQ(scalarResult(Opcode::FAdd, bits(1), bits(2)), bits(3));
  EXPECT_EQ(scalarResult(Opcode::FSub, bits(1), bits(2)), bits(-1));
  EXPECT_EQ(scalarResult(Opcode::FMul, bits(3), bits(2)), bits(6));
  EXPECT_EQ(scalarResult(Opcode::FDiv, bits(3), bits(2)), bits(1.5f));
  EXPECT_EQ(scalarResult(Opcode::FMax, bits(3), bits(2)), bits(3));
  EXPECT_EQ(scalarResult(Opcode::FMin, bits(3), bits(2)), bits(2));
  EXPECT_EQ(scalarResult(Opcode::FMin, bits(3), bits(kNaN)), bits(kNaN));
  EXPECT_EQ(scalarResult(Opcode::FMin, bits(0.0f), bits(-0.0f)), bits(-0.0f));
  EXPECT_EQ(scalarResult(Opcode::FToH, bits(1.5f), 0), half(1.5f));
  EXPECT_EQ(scalarResult(Opcode::HToF, half(1.5f), 0), bits(1.5f));
  EXPECT_EQ(scalarResult(Opcode::FToI, bits(2.5f), 0), 2u); // to even
  EXPECT_EQ(scalarResult(Opcode::FToI, bits(-3.5f), 0), uint32_t(-4));
  EXPECT_EQ(scalarResult(Opcode::FToI, bits(3e9f), 0), 0x7fffffffu);
  EXPECT_EQ(scalarResult(Opcode::FToI, bits(-3e9f), 0), 0x80000000u);
  EXPECT_EQ(scalarResult(Opcode::FToI, bits(kNaN), 0), 0u);
  EXPECT_EQ(scalarResult(Opcode::IToF, uint32_t(-3), 0), bits(-3));
}

TEST(ArithmeticTest, Branches) {
  EXPECT_TRUE(branchTaken(Opcode::BranchEq, 1, 1));
  EXPECT_TRUE(branchTaken(Opcode::BranchNe, 1, 2));
  EXPECT_TRUE(branchTaken(Opcode::BranchLt, ~0u, 0)); // signed
  EXPECT_TRUE(branchTaken(Opcode::BranchGe, 0, ~0u));
  EXPECT_TRUE(branchTaken(Opcode::BranchFlt, bits(-1), bits(0.5f)));
  EXPECT_TRUE(branchTaken(Opcode::BranchFge, bits(1), bits(1)));
  EXPECT_FALSE(branchTaken(Opcode::BranchFge, bits(kNaN), bits(1)));
  EXPECT_FALSE(branchTaken(Opcode::BranchFlt, bits(kNaN), bits(1)));
}
