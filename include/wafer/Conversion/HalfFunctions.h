// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- HalfFunctions.h - Special functions in binary16 ----------*- C++ -*-===//
//
// Where a result goes into binary16 products, binary32 would be thrown away: it
// takes twice the steps. These functions are sequences of vector instructions
// on binary16 vectors, given as data, so that the lowering emits and the tests
// execute the same thing.
//
//   2^t: adding 1.5 * 2^13 in binary32 leaves t in the low half of the word,
//   with 10 bits behind the point: a binary16 number whose exponent is that of
//   2^t and whose fraction f is that of t (Schraudolph, Neural Computation
//   1999). 2^f / (1
//   + f) makes it exact, a polynomial of degree 2 in the bits of f.
//
// MLIR-free.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_CONVERSION_HALFFUNCTIONS_H
#define WAFER_CONVERSION_HALFFUNCTIONS_H

#include <cstdint>
#include <vector>

namespace wafer {

/// The vectors of a sequence; all have the same length.
enum class HalfSlot : uint8_t {
  None,
  X,      // input and result
  Factor, // second input of a product
  Z,
  T0,
  T1,
  T2,
  T3,
  Wide,     // the low halves of a binary32 vector; the vector itself where an
            // instruction has a binary32 result
  Constant, // `constant`, repeated
};
inline constexpr unsigned kHalfSlots = 9; // those in memory, and None

struct HalfStep {
  const char *mnemonic;
  HalfSlot dest, src0, src1;
  /// Bits of a binary16, or an integer for instructions on bits.
  bool hasScalar = false;
  uint16_t scalar = 0;
  /// Of the type that the instruction reads.
  uint32_t constant = 0;

  /// Whether the result is binary32, and with it the first source.
  bool isWide() const { return dest == HalfSlot::Wide; }
};

/// The exponent by which `halfPower` scales its result: 2^2, so that weights of
/// 2^-16 of the greatest one of their row are still normal, and a sum of 64 of
/// the greatest ones times values of up to 180 stays finite.
inline constexpr int kHalfPowerShift = 2;
/// What has to be added to t, and the least sum: it gives zero.
inline constexpr float kPowerFloor = 12288; // 1.5 * 2^13
inline constexpr int kPowerOrigin = int(kPowerFloor) + 15 + kHalfPowerShift;

/// X = 2^kHalfPowerShift 2^t for t <= 1/2, where Wide = max(kPowerFloor,
/// kPowerOrigin + t) in binary32: relative error at most 0.0048; below 2^-16 it
/// falls to zero, which it is from 2^-17 on, so that many far positions do not
/// add up.
std::vector<HalfStep> halfPower();

/// X = X / (1 + exp(-X)) * Factor. Without the factor the error is at most
/// 0.0018 max(1, |result|), and 0.003 |X| for small X, of which 0.0005 is the
/// rounding to binary16, for |X| < 2^15; beyond it is infinite or a NaN.
std::vector<HalfStep> halfSiluMul();

} // namespace wafer

#endif // WAFER_CONVERSION_HALFFUNCTIONS_H
