// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace wafer;

namespace {

// Values that binary16 holds go there and back; NaN stays NaN.
TEST(Half, EveryHalfSurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = halfToFloat(uint16_t(bits));
    uint16_t back = floatToHalf(value);
    if (std::isnan(value)) {
      EXPECT_EQ(back & 0x7c00u, 0x7c00u);
      EXPECT_NE(back & 0x03ffu, 0u);
    } else {
      EXPECT_EQ(back, bits);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(floatToHalf(1.0f + 0x1p-11f), 0x3c00);            // tie, even below
  EXPECT_EQ(floatToHalf(1.0f + 0x1p-10f + 0x1p-11f), 0x3c02); // tie, even above
  EXPECT_EQ(floatToHalf(65519.0f), 0x7bff);
  EXPECT_EQ(floatToHalf(65520.0f), 0x7c00); // overflow to infinity
  EXPECT_EQ(floatToHalf(0x1p-25f), 0x0000); // tie with the smallest subnormal
  EXPECT_EQ(floatToHalf(0x1.8p-25f), 0x0001);
  EXPECT_EQ(floatToHalf(-0.0f), 0x8000);
}

TEST(Half, BfloatIsTheUpperHalfRounded) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = bfloatToFloat(uint16_t(bits));
    if (!std::isnan(value)) {
      EXPECT_EQ(floatToBfloat(value), bits);
    }
  }
  EXPECT_EQ(floatToBfloat(floatFromBits(0x3f808000)), 0x3f80); // tie
  EXPECT_EQ(floatToBfloat(floatFromBits(0x3f818000)), 0x3f82); // tie
  EXPECT_EQ(floatToBfloat(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_TRUE(
      std::isnan(bfloatToFloat(floatToBfloat(floatFromBits(0x7f800001)))));
}

TEST(Half, ManyAtOnceAreTheSame) {
  // All halves, and floats of all exponents with their neighbours; 3 more than
  // a multiple of eight.
  std::vector<uint16_t> halfs;
  for (uint32_t bits = 0; bits < 0x10003; ++bits) {
    halfs.push_back(uint16_t(bits));
  }
  std::vector<float> wide(halfs.size());
  halfsToFloats(halfs.data(), wide.data(), halfs.size());
  for (size_t i = 0; i < halfs.size(); ++i) {
    ASSERT_EQ(bitsOf(wide[i]), bitsOf(halfToFloat(halfs[i]))) << i;
  }
  std::vector<float> floats;
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 0x1000) {
    for (uint32_t step : {0u, 1u, 0xfffu}) {
      floats.push_back(floatFromBits(uint32_t(bits) + step));
    }
  }
  floats.resize(floats.size() - 1);
  std::vector<uint16_t> narrow(floats.size());
  floatsToHalfs(floats.data(), narrow.data(), floats.size());
  std::vector<float> rounded = floats;
  roundToHalfs(rounded.data(), rounded.size());
  for (size_t i = 0; i < floats.size(); ++i) {
    ASSERT_EQ(narrow[i], floatToHalf(floats[i])) << bitsOf(floats[i]);
    ASSERT_EQ(bitsOf(rounded[i]), bitsOf(halfToFloat(narrow[i])));
  }
}

} // namespace
