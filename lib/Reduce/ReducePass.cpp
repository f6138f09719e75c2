// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReducePass.cpp - Reduction to the smallest that is interesting -----===//
//
// Round by round over all operations, until a round changes nothing. An
// operation comes before those inside it, so that a whole function goes in one
// step; and in a block the last one comes first, so that a chain of values goes
// in one round. A round asks the script once an operation and pattern at most.
//
//===----------------------------------------------------------------------===//
#include "wafer/Reduce/Reduce.h"

#include "wafer/Support/LLVM.h"

#include "mlir/IR/DialectInterface.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Reducer/ReductionPatternInterface.h"
#include "mlir/Rewrite/FrozenRewritePatternSet.h"
#include "mlir/Rewrite/PatternApplicator.h"
#include "llvm/Support/FileSystem.h"

namespace wafer {
#define GEN_PASS_DEF_WAFERREDUCE
#include "wafer/Reduce/ReducePasses.h.inc"
} // namespace wafer

using namespace wafer;

namespace {

/// Knows whether one operation was erased.
struct Watch : public mlir::RewriterBase::Listener {
  void notifyOperationErased(Operation *op) override {
    isErased |= op == watched;
  }
  Operation *watched = nullptr;
  bool isErased = false;
};

class Reducer {
public:
  Reducer(MLIRContext *context, const mlir::FrozenRewritePatternSet &patterns)
      : applicator(patterns), rewriter(context) {
    rewriter.setListener(&watch);
    applicator.applyDefaultCostModel();
  }

  /// One round over what stands inside `op`; true if anything changed.
  bool reduceInside(Operation *op) {
    bool changed = false;
    for (mlir::Region &region : op->getRegions()) {
      for (mlir::Block &block : region) {
        for (Operation &inner :
             llvm::make_early_inc_range(llvm::reverse(block.getOperations()))) {
          changed |= reduce(&inner);
        }
      }
    }
    return changed;
  }

private:
  bool reduce(Operation *op) {
    bool changed = false;
    watch.watched = op;
    watch.isErased = false;
    while (succeeded(applicator.matchAndRewrite(op, rewriter))) {
      changed = true;
      if (watch.isErased) {
        return true;
      }
    }
    return reduceInside(op) || changed;
  }

  mlir::PatternApplicator applicator;
  Watch watch;
  mlir::PatternRewriter rewriter;
};

/// All dialects that have reduction patterns.
class ReductionPatterns : public mlir::DialectInterfaceCollection<
                              mlir::DialectReductionPatternInterface> {
public:
  using Base::Base;

  void add(mlir::RewritePatternSet &patterns, mlir::Tester &tester) const {
    for (const mlir::DialectReductionPatternInterface &dialect : *this) {
      dialect.populateReductionPatternsWithTester(patterns, tester);
    }
  }
};

struct WaferReduce : public wafer::impl::WaferReduceBase<WaferReduce> {
  using WaferReduceBase::WaferReduceBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!llvm::sys::fs::can_execute(test)) {
      module.emitError() << "the test '" << test << "' cannot be executed";
      return signalPassFailure();
    }
    mlir::Tester tester(test, testArgs);
    if (tester.isInteresting(module).first !=
        mlir::Tester::Interestingness::True) {
      module.emitError() << "the module is not interesting: expected '" << test
                         << "' to end with an exit status other than 0";
      return signalPassFailure();
    }
    mlir::RewritePatternSet patterns(&getContext());
    ReductionPatterns(&getContext()).add(patterns, tester);
    mlir::FrozenRewritePatternSet frozen(std::move(patterns));
    Reducer reducer(&getContext(), frozen);
    while (reducer.reduceInside(module)) {
    }
  }
};

} // namespace
