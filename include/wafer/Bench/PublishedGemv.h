// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PublishedGemv.h - Published matrix-vector products -------*- C++ -*-===//
#ifndef WAFER_BENCH_PUBLISHEDGEMV_H
#define WAFER_BENCH_PUBLISHEDGEMV_H

#include <array>
#include <cstdint>

namespace wafer {

/// A square matrix on a whole WSE-2.
struct PublishedGemv {
  uint32_t side;
  double cycles;
};

/// WaferLLM (He et al., OSDI 2025), table 6: 0.0012 and 0.00203 ms at 1.1 GHz.
inline constexpr std::array<PublishedGemv, 2> publishedGemv() {
  return {{{16384, 1320}, {32768, 2233}}};
}

} // namespace wafer

#endif // WAFER_BENCH_PUBLISHEDGEMV_H
