// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Half.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define WAFER_HAS_F16C 1
#include <immintrin.h>
#endif

using namespace wafer;

float wafer::halfToFloat(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000u) << 16;
  uint32_t exponent = (bits >> 10) & 0x1fu;
  uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0x1f) {
    // Infinity, or NaN made quiet.
    uint32_t quiet = mantissa ? 0x400000u : 0u;
    return floatFromBits(sign | 0x7f800000u | quiet | (mantissa << 13));
  }
  if (exponent != 0) {
    return floatFromBits(sign | ((exponent + 112) << 23) | (mantissa << 13));
  }
  // Zero and subnormals: mantissa * 2^-24 is exact in binary32.
  float magnitude = float(mantissa) * 0x1p-24f;
  return floatFromBits(sign | bitsOf(magnitude));
}

uint16_t wafer::floatToHalf(float value) {
  uint32_t bits = bitsOf(value);
  uint16_t sign = uint16_t((bits >> 16) & 0x8000u);
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return uint16_t(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
  }
  // 65520 is the least value that rounds to infinity.
  if (magnitude >= 0x477ff000u) {
    return uint16_t(sign | 0x7c00u);
  }
  if (magnitude >= 0x38800000u) {
    // Normal: re-bias, then round away the 13 low bits, ties to even.
    uint32_t rebiased = magnitude - (112u << 23);
    uint32_t odd = (rebiased >> 13) & 1u;
    return uint16_t(sign | ((rebiased + 0xfffu + odd) >> 13));
  }
  if (magnitude < 0x33000000u) {
    return sign; // below half of the least subnormal
  }
  // Subnormal: the value in units of 2^-24, rounded to nearest even.
  uint32_t exponent = magnitude >> 23;
  uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  uint32_t shift = 126u - exponent;
  uint32_t result = mantissa >> shift;
  uint32_t rest = mantissa & ((1u << shift) - 1u);
  uint32_t half = 1u << (shift - 1u);
  if (rest > half || (rest == half && (result & 1u))) {
    ++result;
  }
  return uint16_t(sign | result);
}

//===----------------------------------------------------------------------===//
// Many at once
//===----------------------------------------------------------------------===//

#ifdef WAFER_HAS_F16C
static bool hasF16c() {
  static const bool has =
      __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c");
  return has;
}

// Each returns how many it did: the multiple of eight below `count`.
__attribute__((target("avx,f16c"))) static size_t
toHalfsByEights(const float *values, uint16_t *bits, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m128i halfs =
        _mm256_cvtps_ph(_mm256_loadu_ps(values + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(bits + i), halfs);
  }
  return i;
}

__attribute__((target("avx,f16c"))) static size_t
toFloatsByEights(const uint16_t *bits, float *values, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m128i halfs =
        _mm_loadu_si128(reinterpret_cast<const __m128i *>(bits + i));
    _mm256_storeu_ps(values + i, _mm256_cvtph_ps(halfs));
  }
  return i;
}
#endif

void wafer::floatsToHalfs(const float *values, uint16_t *bits, size_t count) {
  size_t i = 0;
#ifdef WAFER_HAS_F16C
  i = hasF16c() ? toHalfsByEights(values, bits, count) : 0;
#endif
  for (; i < count; ++i) {
    bits[i] = floatToHalf(values[i]);
  }
}

void wafer::halfsToFloats(const uint16_t *bits, float *values, size_t count) {
  size_t i = 0;
#ifdef WAFER_HAS_F16C
  i = hasF16c() ? toFloatsByEights(bits, values, count) : 0;
#endif
  for (; i < count; ++i) {
    values[i] = halfToFloat(bits[i]);
  }
}

void wafer::roundToHalfs(float *values, size_t count) {
  constexpr size_t kBlock = 256;
  uint16_t bits[kBlock];
  for (size_t i = 0; i < count; i += kBlock) {
    size_t n = count - i < kBlock ? count - i : kBlock;
    floatsToHalfs(values + i, bits, n);
    halfsToFloats(bits, values + i, n);
  }
}

float wafer::bfloatToFloat(uint16_t bits) {
  return floatFromBits(uint32_t(bits) << 16);
}

uint16_t wafer::floatToBfloat(float value) {
  uint32_t bits = bitsOf(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return uint16_t((bits >> 16) | 0x40u);
  }
  uint32_t odd = (bits >> 16) & 1u;
  return uint16_t((bits + 0x7fffu + odd) >> 16);
}
