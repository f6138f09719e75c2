// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RecipeEvaluator.h - Numbers from recipes -----------------*- C++ -*-===//
//
// Computes the elements of a weight from its recipe, when they are needed:
// opens the files of a wgraph.model, checks every reference in it against
// them, and from then on cannot fail. A part of a weight costs time and memory
// in proportion to that part (a reshape rounds it up to whole rows of its
// operand), so that writers can go through weights larger than memory.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMPORT_RECIPEEVALUATOR_H
#define WAFER_IMPORT_RECIPEEVALUATOR_H

#include "wafer/Model/Model.h"
#include "wafer/WGraph/WGraph.h"

namespace wafer {

/// Immutable after `open` and safe to use from several threads.
class RecipeEvaluator {
public:
  /// Fails when a file cannot be read, has another size than the model says,
  /// or is too short for a reference.
  static Result<RecipeEvaluator> open(wgraph::ModelOp model);

  /// Writes the whole tensor of one layer, row-major, as floats: each has
  /// exactly the value of the recipe's element type. `layer` is 0 for recipes
  /// without layers.
  void evaluate(wgraph::RecipeAttr recipe, int64_t layer, float *out) const;

  /// Writes the box [offsets, offsets + sizes) of the tensor of one layer.
  void evaluate(wgraph::RecipeAttr recipe, int64_t layer,
                ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                float *out) const;

private:
  RecipeEvaluator() = default;
  std::vector<std::shared_ptr<MappedFile>> files;
};

} // namespace wafer

#endif // WAFER_IMPORT_RECIPEEVALUATOR_H
