// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Convert.h"

#include "wafer/Support/Half.h"

using namespace wafer;

namespace {

/// Branch-free binary16 to binary32. The exponent and mantissa, moved to their
/// places in binary32, are 2^112 too small; the multiplication is exact, also
/// for subnormals. Exponent 31 becomes 255, a NaN quiet.
inline float widen(uint16_t half) {
  uint32_t magnitude = half & 0x7fffu;
  uint32_t bits = bitsOf(floatFromBits(magnitude << 13) * 0x1p112f);
  uint32_t special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
  uint32_t quiet = magnitude > 0x7c00u ? 0x400000u : 0u;
  return floatFromBits(bits | special | quiet | uint32_t(half & 0x8000u) << 16);
}

} // namespace

void wafer::convertHalves(const uint8_t *from, uint64_t count, float *to) {
  for (uint64_t i = 0; i < count; ++i) {
    uint16_t half;
    std::memcpy(&half, from + 2 * i, 2);
    to[i] = widen(half);
  }
}

void wafer::convertBfloats(const uint8_t *from, uint64_t count, float *to) {
  for (uint64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, from + 2 * i, 2);
    to[i] = floatFromBits(uint32_t(bits) << 16);
  }
}
