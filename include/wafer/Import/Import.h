// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Import.h - From a model's files to wgraph ----------------*- C++ -*-===//
//
// Builds the wgraph form of a transformer. The module refers to the weights
// where they lie and holds none of them; its size does not depend on the
// number of layers, apart from one integer per layer and weight where offsets
// or seeds are irregular.
//
// Symbols: weights @embed, @head (where it is not tied), @final_norm,
// @attn_norm, @q, @k, @v, @o, @q_norm, @k_norm, @ffn_norm, @gate, @up, @down;
// states @keys, @values; block @layer; entry @step.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMPORT_IMPORT_H
#define WAFER_IMPORT_IMPORT_H

#include "wafer/Model/Model.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace wafer {

struct ImportOptions {
  /// m: tokens computed per pass.
  uint32_t tokensPerPass = 1;
  /// Requests in flight, each with its own part of the KV cache.
  uint32_t slots = 1;
  /// Positions of the KV cache; 0: the largest context of the model.
  uint32_t context = 0;
};

/// Returns a verified module with one wgraph.model; null after a diagnostic in
/// `context` when the model or the options do not fit.
mlir::OwningOpRef<mlir::ModuleOp>
importModel(const Model &model, mlir::MLIRContext *context,
            const ImportOptions &options = {});

} // namespace wafer

#endif // WAFER_IMPORT_IMPORT_H
