// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Half.h - 16-bit floating point formats -------------------*- C++ -*-===//
//
// Conversions between IEEE binary32 and the two 16-bit formats of weights,
// activations and the fabric: binary16 (f16) and bfloat16 (bf16). All round to
// nearest, ties to even; NaN stays NaN (quiet), overflow goes to infinity,
// subnormals are kept.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_HALF_H
#define WAFER_SUPPORT_HALF_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wafer {

inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline float floatFromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

float halfToFloat(uint16_t bits);
uint16_t floatToHalf(float value);
/// The same for `count` values; with the processor's own conversion where it
/// has one, which gives the same bits.
void floatsToHalfs(const float *values, uint16_t *bits, size_t count);
void halfsToFloats(const uint16_t *bits, float *values, size_t count);
/// values[i] = halfToFloat(floatToHalf(values[i]))
void roundToHalfs(float *values, size_t count);
float bfloatToFloat(uint16_t bits);
uint16_t floatToBfloat(float value);

} // namespace wafer

#endif // WAFER_SUPPORT_HALF_H
