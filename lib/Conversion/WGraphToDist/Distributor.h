// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Distributor.h - Rewriting a model as stages --------------*- C++ -*-===//
//
// The class behind distributeModel(): Distribute.cpp makes symbols and stages,
// DistributeBlock.cpp rewrites the operations inside them.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CONVERSION_WGRAPHTODIST_DISTRIBUTOR_H
#define WAFER_LIB_CONVERSION_WGRAPHTODIST_DISTRIBUTOR_H

#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/Dist/Dist.h"
#include "wafer/WGraph/WGraph.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringSet.h"

namespace wafer {

/// What a linear's result becomes.
enum class HeadUse { None, Query, Key, Value };

/// A norm whose factor is applied later.
struct DeferredNorm {
  mlir::Value input; // in the model
  double eps = 0;
};

class Distributor {
public:
  Distributor(wgraph::ModelOp model, const PartitionProblem &problem,
              const PartitionPlan &plan)
      : model(model), problem(problem), plan(plan), symbols(model),
        builder(model.getLoc(), model.getContext()) {
    builder.setInsertionPointAfter(model);
  }

  llvm::LogicalResult run();

private:
  // Types and symbols.
  dist::LayoutAttr layout(llvm::ArrayRef<llvm::StringRef> dims,
                          dist::Partial partial = dist::Partial::None,
                          llvm::StringRef group = {});
  mlir::RankedTensorType type(llvm::ArrayRef<int64_t> shape, mlir::Type element,
                              llvm::ArrayRef<llvm::StringRef> dims,
                              dist::Partial partial = dist::Partial::None,
                              llvm::StringRef group = {});
  void makeSlicing(llvm::StringRef name, dist::LineAxis axis,
                   const Slicing &slicing);
  void makeSlicings();
  mlir::FlatSymbolRefAttr makeWeight(llvm::StringRef name,
                                     mlir::RankedTensorType tensorType,
                                     llvm::StringRef weight,
                                     llvm::ArrayRef<int64_t> strides);
  /// A tensor with a source in the model; makes it once.
  mlir::FlatSymbolRefAttr makeTensor(dist::TensorKind kind,
                                     llvm::StringRef name,
                                     mlir::RankedTensorType tensorType,
                                     llvm::StringRef source,
                                     llvm::ArrayRef<int64_t> strides);
  llvm::FailureOr<wgraph::WeightOp> weightOf(mlir::Operation *op,
                                             mlir::FlatSymbolRefAttr symbol);
  mlir::RankedTensorType positionsType(mlir::Type element);

  // Stages.
  dist::StageOp makeStage(const StageRect &rect, dist::StageKind kind,
                          mlir::Type argument);
  void makeGate(const StageRect &rect, dist::StageKind kind);
  llvm::LogicalResult makeEmbed(wgraph::EntryOp entry);
  llvm::LogicalResult makeLayers(wgraph::BlockOp block);
  llvm::LogicalResult makeHead(wgraph::EntryOp entry);

  // Operations.
  llvm::LogicalResult convert(mlir::Operation &op);
  llvm::LogicalResult convertLinear(wgraph::LinearOp op);
  llvm::LogicalResult convertNorm(wgraph::RMSNormOp op);
  llvm::LogicalResult convertRope(wgraph::RopeOp op);
  llvm::LogicalResult convertAppend(wgraph::AppendOp op);
  llvm::LogicalResult convertAttention(wgraph::AttentionOp op);
  llvm::LogicalResult convertMul(wgraph::MulOp op);
  HeadUse classify(mlir::Value result);
  llvm::FailureOr<wgraph::RopePairing> pairingOf(mlir::Value result);
  mlir::Value castTo(mlir::Value value, mlir::Type element);

  wgraph::ModelOp model;
  const PartitionProblem &problem;
  const PartitionPlan &plan;
  mlir::SymbolTable symbols;
  mlir::ImplicitLocOpBuilder builder;
  /// Values of the model and what became of them.
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  llvm::DenseMap<mlir::Value, DeferredNorm> norms;
  /// Norms over head elements: distributed value -> sums of squares, eps.
  struct HeadNorm {
    mlir::Value sums;
    double eps = 0;
  };
  llvm::DenseMap<mlir::Value, HeadNorm> headNorms;
  /// The key of the current position, by the state that it was appended to.
  llvm::DenseMap<mlir::Attribute, mlir::Value> appendedKeys;
  llvm::StringSet<> made;
  mlir::Type stored; // element type of weights, activations and cache
};

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_WGRAPHTODIST_DISTRIBUTOR_H
