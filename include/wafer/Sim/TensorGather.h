// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TensorGather.h - Tensors out of the cores ----------------*- C++ -*-===//
//
// Collects the elements of a placed tensor from the SRAM of an engine's cores.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SIM_TENSORGATHER_H
#define WAFER_SIM_TENSORGATHER_H

#include "wafer/Sim/Engine.h"

namespace wafer {

/// The elements of a tensor, row-major, in its own data type. An element that
/// lies in several cores is taken from the last one in row-major order. Fails
/// when an element lies in no core.
Result<std::vector<uint8_t>> gatherTensor(Engine &engine, const Image &image,
                                          const TensorPlacement &tensor);

/// The bytes of a NumPy file (version 1.0, C order). NumPy has no bf16: such
/// elements are widened to f32.
std::string toNpy(DataType type, const std::vector<uint32_t> &shape,
                  const std::vector<uint8_t> &elements);

} // namespace wafer

#endif // WAFER_SIM_TENSORGATHER_H
