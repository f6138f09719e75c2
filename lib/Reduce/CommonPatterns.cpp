// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Patterns.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/Sequence.h"

using namespace wafer;
using mlir::PatternRewriter;
using mlir::RewriterBase;

LogicalResult wafer::changeIfInteresting(PatternRewriter &rewriter,
                                         Operation *op,
                                         const mlir::Tester &tester,
                                         Change change) {
  auto module = op->getParentOfType<ModuleOp>();
  if (!module) {
    return failure();
  }
  while (auto outer = module->getParentOfType<ModuleOp>()) {
    module = outer;
  }
  mlir::IRMapping mapping;
  mlir::OwningOpRef<ModuleOp> copy = cast<ModuleOp>(module->clone(mapping));
  mlir::IRRewriter copyRewriter(op->getContext());
  change(copyRewriter, mapping.lookup(op));
  // What does not verify cannot be read by the script, nor be the result.
  mlir::ScopedDiagnosticHandler quiet(
      op->getContext(), [](mlir::Diagnostic &) { return success(); });
  if (failed(mlir::verify(*copy))) {
    return failure();
  }
  if (tester.isInteresting(*copy).first !=
      mlir::Tester::Interestingness::True) {
    return failure();
  }
  change(rewriter, op);
  return success();
}

namespace {

struct EraseUnused : public mlir::RewritePattern {
  EraseUnused(MLIRContext *context, const mlir::Tester &tester,
              StringRef dialect)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/3, context),
        tester(tester), dialect(dialect) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->use_empty() || op->hasTrait<mlir::OpTrait::IsTerminator>() ||
        op->getName().getDialectNamespace() != dialect) {
      return failure();
    }
    auto change = [](RewriterBase &rewriter, Operation *op) {
      rewriter.eraseOp(op);
    };
    return changeIfInteresting(rewriter, op, tester, change);
  }

  const mlir::Tester &tester;
  StringRef dialect;
};

struct ForwardOperands : public mlir::RewritePattern {
  ForwardOperands(MLIRContext *context, const mlir::Tester &tester,
                  StringRef dialect)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/2, context),
        tester(tester), dialect(dialect) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->use_empty() || op->getName().getDialectNamespace() != dialect) {
      return failure();
    }
    SmallVector<unsigned> places;
    for (mlir::OpResult result : op->getResults()) {
      auto fits = [&](unsigned place) {
        return op->getOperand(place).getType() == result.getType();
      };
      unsigned place = result.getResultNumber();
      if (place >= op->getNumOperands() || !fits(place)) {
        auto all = llvm::seq(op->getNumOperands());
        auto first = llvm::find_if(all, fits);
        if (first == all.end()) {
          return failure();
        }
        place = *first;
      }
      places.push_back(place);
    }
    auto change = [&](RewriterBase &rewriter, Operation *op) {
      SmallVector<Value> values;
      for (unsigned place : places) {
        values.push_back(op->getOperand(place));
      }
      rewriter.replaceOp(op, values);
    };
    return changeIfInteresting(rewriter, op, tester, change);
  }

  const mlir::Tester &tester;
  StringRef dialect;
};

} // namespace

void wafer::addCommonPatterns(mlir::RewritePatternSet &patterns,
                              const mlir::Tester &tester, StringRef dialect) {
  patterns.add<EraseUnused, ForwardOperands>(patterns.getContext(), tester,
                                             dialect);
}
