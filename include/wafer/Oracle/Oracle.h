// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Oracle.h - A model run on the host -----------------------*- C++ -*-===//
//
// Runs the wgraph form of a model on the host, step by step, through upstream
// dialects and LLVM's JIT. It shares nothing with the wafer's compiler behind
// wgraph, nor with the simulator, and so judges both. Arithmetic is in f32;
// weights have the element type of their recipes, states that of their rows.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ORACLE_ORACLE_H
#define WAFER_ORACLE_ORACLE_H

#include "wafer/Import/RecipeEvaluator.h"
#include "wafer/Support/LLVM.h"
#include "wafer/Support/Result.h"

#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <vector>

namespace mlir {
class ExecutionEngine;
class OpPassManager;
} // namespace mlir

namespace wafer {

/// Adds the interfaces that buildLinalgToLLVMPipeline needs.
void registerLinalgToLLVMInterfaces(mlir::DialectRegistry &registry);

/// Lowers what convert-wgraph-to-linalg gives to the LLVM dialect.
void buildLinalgToLLVMPipeline(mlir::OpPassManager &pm);

class Oracle {
public:
  /// Compiles the entry @step of the one wgraph.model in `module` (which stays
  /// as it is) and computes its weights. Messages of MLIR go to the context's
  /// diagnostics, before the error returned here.
  static Result<std::unique_ptr<Oracle>> create(mlir::ModuleOp module);
  ~Oracle();

  /// Tokens per pass.
  int64_t tokensPerPass() const { return tokens; }
  int64_t vocab() const { return vocabulary; }

  /// What a step leaves; valid until the next one.
  struct Step {
    /// The best next id after each token of the pass.
    llvm::ArrayRef<int32_t> next;
    /// [tokens, vocab], row-major.
    llvm::ArrayRef<float> logits;
  };

  /// Computes `ids` (as many as tokens per pass) at `position` of a slot. A
  /// position below the slot's length rewinds it. Fails on an id outside the
  /// vocabulary, a position after the slot's length or beyond the context, or
  /// a slot that is not there.
  Result<Step> step(llvm::ArrayRef<int32_t> ids, int64_t position,
                    int64_t slot = 0);

  /// Fills the first `positions` positions of a slot: `values` are those of the
  /// state `name`, [layers, positions, row...] row-major, rounded to the type
  /// of its rows. All states of a slot are to be filled alike before a step.
  /// Fails where there is no such state or the values do not fit it.
  Status setState(llvm::StringRef name, int64_t positions,
                  llvm::ArrayRef<float> values, int64_t slot = 0);

  /// Positions of a slot that are filled.
  int64_t length(int64_t slot = 0) const { return lengths[slot]; }

private:
  struct Buffer;
  Oracle();
  Status compile(mlir::ModuleOp module);
  Status allocate(wgraph::ModelOp model, const RecipeEvaluator &weights);
  Status checkStep(llvm::ArrayRef<int32_t> ids, int64_t position,
                   int64_t slot) const;

  std::unique_ptr<mlir::ExecutionEngine> engine;
  void (*function)(void **) = nullptr;
  /// ids, next ids, logits, then weights and states as the lowering orders
  /// them.
  std::vector<Buffer> buffers;
  std::vector<int64_t> lengths;
  struct State;
  std::vector<State> states;
  int64_t tokens = 0;
  int64_t vocabulary = 0;
  /// Rows of the embedding: ids below it may be fed.
  int64_t idLimit = 0;
  int64_t capacity = 0;
};

} // namespace wafer

#endif // WAFER_ORACLE_ORACLE_H
