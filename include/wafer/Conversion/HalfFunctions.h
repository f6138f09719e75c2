// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- HalfFunctions.h - Special functions in binary16 ----------*- C++ -*-===//
//
// Where a result goes into binary16 products, binary32 would be thrown away: it
// takes twice the steps. These functions are sequences of vector instructions
// on binary16 vectors, given as data, so that the lowering emits and the tests
// execute the same thing.
//
//   exp(c z), z <= 0: k = magic + c z rounds c z to an integer n, in the low
//   bits of k; r = c z - n is in [-1/2, 1/2]; 2^r is a polynomial of degree 2,
//   and n, shifted up, is added to its exponent. z is clamped, so that the
//   result is a normal number.
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
  Constant, // `constant`, repeated
};
inline constexpr unsigned kHalfSlots = 7; // those in memory, and None

struct HalfStep {
  const char *mnemonic;
  HalfSlot dest, src0, src1;
  /// Bits of a binary16, or an integer for instructions on bits.
  bool hasScalar = false;
  uint16_t scalar = 0;
  uint16_t constant = 0;
};

/// The exponent by which `halfExp` scales its result: 2^2, so that weights of
/// 2^-16 of the greatest one of their row are still normal, and a sum of 64 of
/// the greatest ones times values of up to 180 stays finite.
inline constexpr int kHalfExpShift = 2;

/// X = 2^kHalfExpShift exp(factor X) for factor X <= 1/2 and a positive factor:
/// relative error at most 0.004, and 2^-12 |factor X| for the rounding of the
/// factor. From exp, 2^-16 is taken off, so that where it is below 2^-17 the
/// result is zero (2^-21 at most) and many far positions do not add up.
std::vector<HalfStep> halfExp(double factor);

/// X = X / (1 + exp(-X)) * Factor. Without the factor the error is at most
/// 0.0012 max(1, |result|), of which 0.0005 is the rounding to binary16, for
/// all finite X.
std::vector<HalfStep> halfSiluMul();

} // namespace wafer

#endif // WAFER_CONVERSION_HALFFUNCTIONS_H
