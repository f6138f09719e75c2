// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastKernelsX86.cpp - Floating point, up to eight elements at once --===//
//
// The kernels of floating point with the processor's own conversions of
// binary16, which give the same bits as Half.h. Sums and products are those of
// ElementOf.h in binary32, one by one; nothing is fused.
//
//===----------------------------------------------------------------------===//
#include "FastKernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cstring>
#include <immintrin.h>

using namespace wafer;
using namespace wafer::fast;

#define WAFER_KERNEL [[gnu::target("avx2,f16c")]]
#define WAFER_KERNEL_PART                                                      \
  [[gnu::target("avx2,f16c"), gnu::always_inline]] static inline

namespace {

/// The first n (8, 4 or 1) lanes; what the others hold does not matter.
template <ElementType type, unsigned n>
WAFER_KERNEL_PART __m256 loadLanes(const uint8_t *p) {
  if constexpr (type == ElementType::F16) {
    if constexpr (n == 8) {
      return _mm256_cvtph_ps(
          _mm_loadu_si128(reinterpret_cast<const __m128i *>(p)));
    } else if constexpr (n == 4) {
      return _mm256_castps128_ps256(
          _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(p))));
    } else {
      uint16_t bits;
      std::memcpy(&bits, p, sizeof(bits));
      return _mm256_castps128_ps256(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
    }
  } else if constexpr (type == ElementType::F32) {
    if constexpr (n == 8) {
      return _mm256_loadu_ps(reinterpret_cast<const float *>(p));
    } else if constexpr (n == 4) {
      return _mm256_castps128_ps256(
          _mm_loadu_ps(reinterpret_cast<const float *>(p)));
    } else {
      float value;
      std::memcpy(&value, p, sizeof(value));
      return _mm256_castps128_ps256(_mm_set_ss(value));
    }
  } else {
    return _mm256_setzero_ps();
  }
}

template <ElementType type, unsigned n>
WAFER_KERNEL_PART void storeLanes(uint8_t *p, __m256 v) {
  if constexpr (type == ElementType::F16) {
    __m128i halfs = _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT);
    if constexpr (n == 8) {
      _mm_storeu_si128(reinterpret_cast<__m128i *>(p), halfs);
    } else if constexpr (n == 4) {
      _mm_storel_epi64(reinterpret_cast<__m128i *>(p), halfs);
    } else {
      uint16_t bits = uint16_t(_mm_cvtsi128_si32(halfs));
      std::memcpy(p, &bits, sizeof(bits));
    }
  } else {
    if constexpr (n == 8) {
      _mm256_storeu_ps(reinterpret_cast<float *>(p), v);
    } else if constexpr (n == 4) {
      _mm_storeu_ps(reinterpret_cast<float *>(p), _mm256_castps256_ps128(v));
    } else {
      float value = _mm_cvtss_f32(_mm256_castps256_ps128(v));
      std::memcpy(p, &value, sizeof(value));
    }
  }
}

WAFER_KERNEL_PART __m256 oneNaN(__m256 v) {
  const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
  return _mm256_blendv_ps(v, nan, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
}

/// Of equal ones it is the one without a sign, if there is one.
WAFER_KERNEL_PART __m256 maximum(__m256 a, __m256 b) {
  __m256 larger = _mm256_blendv_ps(b, a, _mm256_cmp_ps(a, b, _CMP_GT_OQ));
  __m256 equal = _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
  __m256 result = _mm256_blendv_ps(larger, _mm256_and_ps(a, b), equal);
  // A sum with a NaN is one.
  __m256 unordered = _mm256_cmp_ps(a, b, _CMP_UNORD_Q);
  return _mm256_blendv_ps(result, _mm256_add_ps(a, b), unordered);
}

template <Opcode op>
WAFER_KERNEL_PART __m256 compute(__m256 a, __m256 b, __m256 s) {
  switch (op) {
  case Opcode::FAddH:
  case Opcode::FAddS:
  case Opcode::FAddHS:
    return oneNaN(_mm256_add_ps(a, b));
  case Opcode::FSubH:
  case Opcode::FSubS:
    return oneNaN(_mm256_sub_ps(a, b));
  case Opcode::FMulH:
  case Opcode::FMulS:
    return oneNaN(_mm256_mul_ps(a, b));
  case Opcode::FMaxH:
  case Opcode::FMaxS:
    return oneNaN(maximum(a, b));
  case Opcode::FMacH:
  case Opcode::FMacS:
  case Opcode::FMacHS:
    return oneNaN(_mm256_add_ps(a, _mm256_mul_ps(b, s)));
  default: // conversions
    return a;
  }
}

constexpr bool isComputed(Opcode op) {
  switch (op) {
  case Opcode::FAddH:
  case Opcode::FSubH:
  case Opcode::FMulH:
  case Opcode::FMaxH:
  case Opcode::FMacH:
  case Opcode::FAddS:
  case Opcode::FSubS:
  case Opcode::FMulS:
  case Opcode::FMaxS:
  case Opcode::FMacS:
  case Opcode::FMacHS:
  case Opcode::FAddHS:
  case Opcode::FHToS:
  case Opcode::FSToH:
    return true;
  default:
    return false;
  }
}

/// Whether many elements of dest, which lie side by side, may be written when
/// as many of a source were read: each element is only read before it is
/// written.
template <ElementType dest, ElementType src>
bool mayReadAhead(const uint8_t *d, const uint8_t *p, int32_t step,
                  uint32_t count) {
  constexpr unsigned kSize = sizeOf(src);
  if (kSize == 0) {
    return true; // no such source
  }
  if (step != 0 && step != int32_t(kSize)) {
    return false;
  }
  size_t bytes = step ? size_t(count) * kSize : kSize;
  return (d == p && step == int32_t(sizeOf(dest))) || p + bytes <= d ||
         d + size_t(count) * sizeOf(dest) <= p;
}

template <Opcode op, ElementType dest, ElementType src0, ElementType src1>
WAFER_KERNEL void runLanes(const Elements &e) {
  constexpr unsigned kDest = sizeOf(dest), k1 = sizeOf(src1);
  constexpr bool isHalf = op == Opcode::FMacH || op == Opcode::FMacHS;
  uint8_t scalar[4];
  std::memcpy(scalar, &e.scalar, sizeof(scalar));
  const __m256 s = _mm256_broadcastss_ps(_mm256_castps256_ps128(
      loadLanes<isHalf ? ElementType::F16 : ElementType::F32, 1>(scalar)));
  for (uint32_t row = 0; row < e.rows; ++row) {
    uint8_t *d = e.dest + int64_t(row) * e.destRow;
    const uint8_t *a = e.src0 + int64_t(row) * e.row0;
    const uint8_t *b = e.src1 + int64_t(row) * e.row1;
    uint32_t left = e.count;
    if (left >= 4 && e.destStep == int32_t(kDest) &&
        mayReadAhead<dest, src0>(d, a, e.step0, left) &&
        mayReadAhead<dest, src1>(d, b, e.step1, left)) {
      const __m256 a1 =
          _mm256_broadcastss_ps(_mm256_castps256_ps128(loadLanes<src0, 1>(a)));
      __m256 b1 = a1;
      if constexpr (k1 != 0) {
        b1 = _mm256_broadcastss_ps(
            _mm256_castps256_ps128(loadLanes<src1, 1>(b)));
      }
      for (; left >= 8; left -= 8) {
        __m256 x = e.step0 ? loadLanes<src0, 8>(a) : a1;
        __m256 y = k1 && e.step1 ? loadLanes<src1, 8>(b) : b1;
        storeLanes<dest, 8>(d, compute<op>(x, y, s));
        d += 8 * kDest;
        a += 8 * e.step0;
        b += 8 * e.step1;
      }
      if (left >= 4) {
        __m256 x = e.step0 ? loadLanes<src0, 4>(a) : a1;
        __m256 y = k1 && e.step1 ? loadLanes<src1, 4>(b) : b1;
        storeLanes<dest, 4>(d, compute<op>(x, y, s));
        d += 4 * kDest;
        a += 4 * e.step0;
        b += 4 * e.step1;
        left -= 4;
      }
    }
    for (; left; --left) {
      storeLanes<dest, 1>(
          d, compute<op>(loadLanes<src0, 1>(a), loadLanes<src1, 1>(b), s));
      d += e.destStep;
      a += e.step0;
      b += e.step1;
    }
  }
}

template <Opcode op, ElementType dest, ElementType src0, ElementType src1>
constexpr Kernel kernelFor() {
  if constexpr (isComputed(op)) {
    return runLanes<op, dest, src0, src1>;
  } else {
    return nullptr;
  }
}

} // namespace

Kernel wafer::fast::x86KernelOf(Opcode op) {
  static const bool has =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
  if (!has) {
    return nullptr;
  }
  switch (op) {
#define VECTOR(Name, Mnemonic, Code, Sources, Dest, Src0, Src1, Scalar)        \
  case Opcode::Name:                                                           \
    return kernelFor<Opcode::Name, ElementType::Dest, ElementType::Src0,       \
                     ElementType::Src1>();
#include "wafer/Image/Opcodes.def"
  default:
    return nullptr;
  }
}

#else

wafer::fast::Kernel wafer::fast::x86KernelOf(wafer::Opcode) { return nullptr; }

#endif
