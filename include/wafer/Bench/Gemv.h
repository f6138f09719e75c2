// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Gemv.h - A matrix-vector product over a rectangle --------*- C++ -*-===//
//
// y = A x with binary16 throughout. Lines of the rectangle run along one axis;
// each has a slice of the rows of A, and each core of a line a slice of the
// columns. Before: core p of every line holds slice p of x. After: every core
// of line q holds slice q of y, which is how the next product wants it if its
// lines run along the other axis. (The layout of MeshGEMV; He et al., WaferLLM,
// OSDI 2025.)
//
// How a core multiplies its tile: lib/Bench/GemvTile.h. The sums of a line
// are an all-reduce (CollectiveProblem), two elements a word.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_GEMV_H
#define WAFER_BENCH_GEMV_H

#include "wafer/Collectives/CollectiveProblem.h"
#include "wafer/Image/Image.h"
#include "wafer/Sim/Engine.h"

namespace wafer {

struct GemvShape {
  uint32_t rows = 0, cols = 0;
  /// The axis along which sums are formed.
  Axis axis = Axis::Y;
  /// Cores of a line, and how many lines.
  uint32_t length = 0, lines = 0;

  /// Elements of a core: of y (even, as two travel in a word), and of x.
  uint32_t tileRows() const { return ((rows + lines - 1) / lines + 1) / 2 * 2; }
  uint32_t tileCols() const { return (cols + length - 1) / length; }
  uint32_t words() const { return tileRows() / 2; }
  uint32_t width() const { return axis == Axis::X ? length : lines; }
  uint32_t height() const { return axis == Axis::X ? lines : length; }
};

enum class TileMethod : uint8_t { Products, Columns };
/// "products", "columns".
const char *nameOf(TileMethod method);

struct GemvPlan {
  GemvShape shape;
  /// The one with fewer cycles.
  TileMethod method = TileMethod::Products;
  CollectivePlan sums;
  uint64_t predicted = 0;
};

/// The all-reduce and the prediction for a shape. Fails where the tile does not
/// fit a core or the machine.
Result<GemvPlan> planGemv(const Machine &machine, const ParameterSet &costs,
                          const GemvShape &shape);
/// The rectangle and axis with the lowest prediction.
Result<GemvPlan> searchGemv(const Machine &machine, const ParameterSet &costs,
                            uint32_t rows, uint32_t cols);

/// `withData`: with a matrix and a vector (see gemvElement), else for timing.
Result<Image> buildGemv(const Machine &machine, const GemvPlan &plan,
                        bool withData);

/// Elements of A and x: multiples of 1/8 and 1/4, so small that sums in
/// binary16 are exact in any order.
double gemvElement(uint32_t row, uint32_t col);
double gemvInput(uint32_t col);
/// All cores hold their slice of y.
Status checkGemv(const GemvPlan &plan, const Image &image, Engine &engine);

/// Cycles that no program on this rectangle undercuts: multiplications at full
/// lanes, then the bound of the all-reduce.
double boundGemv(const Machine &machine, const GemvShape &shape);

} // namespace wafer

#endif // WAFER_BENCH_GEMV_H
