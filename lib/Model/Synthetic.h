// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Synthetic.h - Weights made from a seed -------------------*- C++ -*-===//
//
// Weights for a configuration without weight files. Element i of a tensor is a
// pure function of the tensor's seed and i: any range can be read on its own,
// from any thread, with the same result on every platform.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MODEL_SYNTHETIC_H
#define WAFER_LIB_MODEL_SYNTHETIC_H

#include "wafer/Model/Model.h"

namespace wafer {

/// The seed of the tensor called `name` in a model seeded with `modelSeed`.
uint64_t tensorSeed(uint64_t modelSeed, const std::string &name);

/// Adds every tensor that the configuration asks for to `model`: matrices with
/// standard deviation 1 / sqrt(inputs), so that activations keep their size;
/// norm weights are one.
void addSyntheticTensors(Model &model, uint64_t seed);

/// Elements [first, first + count) of a synthetic tensor.
void readSynthetic(const TensorRef &tensor, uint64_t first, uint64_t count,
                   float *out);

} // namespace wafer

#endif // WAFER_LIB_MODEL_SYNTHETIC_H
