// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WaferLlm.h - A rival's decode layer ------------------------*- C++
//-*-===//
//
// WaferLLM (He et al., OSDI 2025) publishes decode rates of four models on
// three grids of a WSE-2, and the code of the layer that is timed. Its schedule
// as a program of the abstract machine calibrates the regime in which decode
// lives, short vectors and many collectives, and gives a rival that runs under
// the same costs as our own programs. docs/calibration.md says what is known of
// its set-up and what is not.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_WAFERLLM_H
#define WAFER_BENCH_WAFERLLM_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

namespace wafer {

/// One layer on side x side cores. Extents are padded to multiples of the side;
/// there is one head, and keys and values are as wide as the model.
struct WaferLlmShape {
  uint32_t side = 420;
  /// Groups of a line in its all-reduces (two levels).
  uint32_t groups = 20;
  uint32_t dim = 4096;
  uint32_t ffn = 14336;
  uint32_t context = 4096;

  /// Elements of a core.
  uint32_t dimSlice() const;
  uint32_t ffnSlice() const;
  uint32_t contextSlice() const;
};

/// Timed from cycle 0 to the end of the layer in the last core. Buffers (f16):
/// "x" the input and output slice of a row, "gain1", "gain2", "cos", "sin",
/// "wqkv" [dim][3 dim], "keys" [dim][context], "values" [context][dim], "wo",
/// "wug" [dim][gate, up], "wd", all of them slices. Fails where the machine is
/// too small.
Result<Image> buildWaferLlm(const Machine &machine, const WaferLlmShape &shape);

/// A published figure.
struct WaferLlmCell {
  const char *model;
  uint32_t layers, dim, ffn;
  uint32_t side, groups;
  double tokensPerSecond;

  double cyclesPerLayer() const;
};
const std::vector<WaferLlmCell> &waferLlmCells();

/// The clock that the paper gives for its machine.
inline constexpr double kWaferLlmClockHz = 1.1e9;

} // namespace wafer

#endif // WAFER_BENCH_WAFERLLM_H
