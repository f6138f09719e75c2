// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- GemvTile.h - The tile of a core in a product -------------*- C++ -*-===//
//
// Two ways to multiply a tile of binary16, and where its data lie for each.
// Reads of a step conflict where their banks agree modulo the machine's
// readConflictModulus. The addresses after which that repeats are a period
// here; what is read together lies half a period apart. More lanes than half a
// period holds conflict all the same.
//
//   Products  all products A[k][j] x[k] in one vector instruction, their sum
//             over k in a second one: descriptors walk x and the sums again and
//             again. Few starts, but every element is handled twice. Four
//             elements of A fill half a period, each x begins another one.
//   Columns   a multiply-add for each column of A: each element once, but a
//             start for each column. Columns begin half a period behind the
//             sums; two x are loaded at a time.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_BENCH_GEMVTILE_H
#define WAFER_LIB_BENCH_GEMVTILE_H

#include "ProgramText.h"
#include "wafer/Bench/Gemv.h"

namespace wafer::bench {

class GemvTile {
public:
  GemvTile(const Machine &machine, const GemvShape &shape, TileMethod method);

  /// Cycles of code(), from its first instruction to that of what follows.
  uint64_t cycles(const Machine &machine, const ParameterSet &costs) const;
  /// Bytes of SRAM but for the code, and those of code().
  uint32_t dataBytes() const { return end; }
  uint32_t codeBytes(const Machine &machine) const;

  /// Descriptors behind those of the all-reduce, buffers, and the code that
  /// leaves the sums of the tile in acc.
  std::string params() const;
  std::string buffers() const;
  std::string code() const;

  uint32_t clockAddress() const { return clock; }
  uint32_t inputAddress() const { return input; }
  uint32_t matrixAddress() const { return matrix; }
  uint32_t inputBytes() const;
  uint32_t matrixBytes() const;
  /// Offsets of x[k] and of A[k][j] in these.
  uint32_t inputOffset(uint32_t k) const;
  uint32_t matrixOffset(uint32_t k, uint32_t j) const;

private:
  bool isProducts() const { return method == TileMethod::Products; }
  /// Of the elements that half a period holds.
  uint32_t groups() const { return (rows * cols + half - 1) / half; }

  TileMethod method;
  uint32_t rows, cols;
  /// Bytes of a period, and elements of half of it.
  uint32_t period, half;
  /// Elements from one row of products, or column of A, to the next.
  uint32_t stride;
  uint32_t clock = 0, acc = 0, products = 0, input = 0, matrix = 0, end = 0;
};

} // namespace wafer::bench

#endif // WAFER_LIB_BENCH_GEMVTILE_H
