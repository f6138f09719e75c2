// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FunctionLowering.h - One block or entry to linalg --------*- C++ -*-===//
//
// Lowers the operations of one block or entry, in order. Values are tensors;
// weights and states are memref arguments, read through restrict tensors and
// written in place.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CONVERSION_FUNCTIONLOWERING_H
#define WAFER_LIB_CONVERSION_FUNCTIONLOWERING_H

#include "wafer/WGraph/WGraph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace wafer {

/// The weights and states of a model, in the order in which they are arguments.
using ModelSymbols = SmallVector<Operation *>;

class FunctionLowering {
public:
  /// `symbolArguments` are the memrefs for `symbols`; `layer` is null in an
  /// entry.
  FunctionLowering(mlir::ImplicitLocOpBuilder &builder,
                   const ModelSymbols &symbols, ValueRange symbolArguments,
                   Value layer);

  mlir::IRMapping &values() { return mapping; }

  /// Lowers all operations but the terminator.
  void lowerBody(Block &body);

private:
  using Iterators = ArrayRef<mlir::utils::IteratorType>;
  using Body = function_ref<Value(OpBuilder &, ValueRange)>;

  void lower(wgraph::EmbeddingOp op);
  void lower(wgraph::RMSNormOp op);
  void lower(wgraph::LinearOp op);
  void lower(wgraph::ReshapeOp op);
  void lower(wgraph::RopeOp op);
  void lower(wgraph::AppendOp op);
  void lower(wgraph::AttentionOp op);
  void lower(wgraph::ActivationOp op);
  void lower(wgraph::ArgmaxOp op);
  void lower(wgraph::RepeatOp op);
  template <typename FloatOp>
  void lowerBinary(Operation *op);

  // Pieces of operations.
  Value constant(int64_t index);
  Value constantFloat(double value);
  Value empty(ArrayRef<int64_t> shape, Type element, ValueRange dynamic = {});
  Value filled(ArrayRef<int64_t> shape, double value, ValueRange dynamic = {});
  /// A linalg.generic with one result. Floating point inputs reach the body as
  /// f32; its result is rounded to the element type of `init`.
  Value generic(ValueRange inputs, Value init, ArrayRef<mlir::AffineMap> maps,
                Iterators iterators, Body body);
  /// The same over the full index space of `init`, without reductions.
  Value elementwise(ValueRange inputs, Value init, Body body);
  /// A map of `dims` dimensions to some of them.
  mlir::AffineMap select(unsigned dims, ArrayRef<unsigned> results);
  /// position + (index `dim` of the loop around), as an index.
  Value tokenPosition(OpBuilder &b, Value position, unsigned dim);

  /// A weight as a tensor; stacked ones at the current layer.
  Value weight(FlatSymbolRefAttr name);
  /// Rows [first, first + count) of a slot of a state, as a memref.
  Value stateRows(FlatSymbolRefAttr name, Value slot, mlir::OpFoldResult first,
                  mlir::OpFoldResult count);
  Value toTensor(Value memref);
  std::pair<Value, Value> ropeTables(wgraph::RopeOp op);
  Value attentionWeights(wgraph::AttentionOp op, Value scores, Value positions);

  mlir::ImplicitLocOpBuilder &b;
  mlir::IRMapping mapping;
  llvm::StringMap<std::pair<Operation *, Value>> symbols;
  SmallVector<Value> symbolArguments;
  Value layer;
};

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_FUNCTIONLOWERING_H
