// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Rng.h - Deterministic random numbers ---------------------*- C++ -*-===//
//
// The one source of randomness of the project: the same seed gives the same
// numbers on every platform and library. SplitMix64 (Steele, Lea, Flood,
// OOPSLA 2014): 64 bits of state, equidistributed, any seed is good.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_RNG_H
#define WAFER_SUPPORT_RNG_H

#include <cstdint>

namespace wafer {

class Rng {
public:
  explicit Rng(uint64_t seed) : state(seed) {}

  uint64_t next() {
    state += 0x9e3779b97f4a7c15ull;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound); bound must be positive. The bias of the multiply
  /// method is below bound / 2^64.
  uint64_t below(uint64_t bound) {
    return uint64_t((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  /// Uniform in [0, 1) with 53 random bits.
  double uniform() { return double(next() >> 11) * 0x1p-53; }

private:
  uint64_t state;
};

} // namespace wafer

#endif // WAFER_SUPPORT_RNG_H
