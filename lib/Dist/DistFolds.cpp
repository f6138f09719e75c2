// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DistFolds.cpp - Folds of the wafer dialect -------------------------===//
//
// A collective changes the type of its operands, so none folds away; what can
// be left out is what nobody reads and what would travel twice. All of these
// operations are free of side effects.
//
//===----------------------------------------------------------------------===//
#include "wafer/Dist/Dist.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace wafer::dist;

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

static Type elementType(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

/// Whether every value of `from` is one of `to`.
static bool isExact(Type from, Type to) {
  return (from.isF16() || from.isBF16()) && to.isF32();
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getResult().getType()) {
    return getInput();
  }
  auto inner = getInput().getDefiningOp<CastOp>();
  if (inner && inner.getInput().getType() == getResult().getType() &&
      isExact(elementType(inner.getInput()), elementType(inner.getResult()))) {
    return inner.getInput();
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Operations whose result i belongs to operand or attribute i
//===----------------------------------------------------------------------===//

/// The numbers of the results that somebody reads.
static SmallVector<unsigned> usedResults(Operation *op) {
  SmallVector<unsigned> used;
  for (OpResult result : op->getResults()) {
    if (!result.use_empty()) {
      used.push_back(result.getResultNumber());
    }
  }
  return used;
}

/// The entries of `range` with these numbers.
template <typename Range>
static auto pick(Range &&range, ArrayRef<unsigned> numbers) {
  SmallVector<std::decay_t<decltype(range[0])>> picked;
  for (unsigned number : numbers) {
    picked.push_back(range[number]);
  }
  return picked;
}

/// Hands the uses of the kept results to those of `smaller`, in order.
static void replaceKept(PatternRewriter &rewriter, Operation *op,
                        ArrayRef<unsigned> kept, Operation *smaller) {
  for (auto [number, result] : llvm::zip(kept, smaller->getResults())) {
    rewriter.replaceAllUsesWith(op->getResult(number), result);
  }
  rewriter.eraseOp(op);
}

namespace {

/// Takes out results that nobody reads. Where nobody reads any the operation is
/// dead as a whole, which is not the business of a pattern.
template <typename Op>
struct DropUnusedResults : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    SmallVector<unsigned> used = usedResults(op);
    if (used.empty() || used.size() == op->getNumResults()) {
      return rewriter.notifyMatchFailure(op, "all results are of one kind");
    }
    replaceKept(rewriter, op, used, rebuild(op, used, rewriter));
    return success();
  }

  static Operation *rebuild(AllReduceOp op, ArrayRef<unsigned> used,
                            PatternRewriter &rewriter) {
    return AllReduceOp::create(
        rewriter, op.getLoc(), pick(op->getResultTypes(), used),
        op.getCombine(), op.getAlgorithm(), pick(op.getOperands_(), used));
  }
  static Operation *rebuild(MatVecOp op, ArrayRef<unsigned> used,
                            PatternRewriter &rewriter) {
    return MatVecOp::create(
        rewriter, op.getLoc(), pick(op->getResultTypes(), used), op.getInput(),
        rewriter.getArrayAttr(pick(op.getWeights().getValue(), used)));
  }
  static Operation *rebuild(RmsScaleOp op, ArrayRef<unsigned> used,
                            PatternRewriter &rewriter) {
    return RmsScaleOp::create(rewriter, op.getLoc(), pick(op.getValues(), used),
                              op.getSum(), op.getCountAttr(), op.getEpsAttr());
  }
  static Operation *rebuild(RopeOp op, ArrayRef<unsigned> used,
                            PatternRewriter &rewriter) {
    return RopeOp::create(rewriter, op.getLoc(), pick(op.getValues(), used),
                          op.getFrequenciesAttr());
  }
};

/// Sends an operand that is in a message twice only once.
struct DropRepeatedOperands : OpRewritePattern<AllReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AllReduceOp op,
                                PatternRewriter &rewriter) const override {
    llvm::SmallDenseMap<Value, unsigned> first;
    SmallVector<unsigned> kept;
    for (auto [number, operand] : llvm::enumerate(op.getOperands())) {
      auto [it, isNew] = first.try_emplace(operand, number);
      if (isNew) {
        kept.push_back(number);
      } else {
        rewriter.replaceAllUsesWith(op.getResult(number),
                                    op.getResult(it->second));
      }
    }
    if (kept.size() == op.getNumOperands()) {
      return rewriter.notifyMatchFailure(op, "no operand is there twice");
    }
    replaceKept(rewriter, op, kept,
                DropUnusedResults<AllReduceOp>::rebuild(op, kept, rewriter));
    return success();
  }
};

} // namespace

void AllReduceOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropUnusedResults<AllReduceOp>, DropRepeatedOperands>(context);
}

void MatVecOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<DropUnusedResults<MatVecOp>>(context);
}

void RmsScaleOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<DropUnusedResults<RmsScaleOp>>(context);
}

void RopeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<DropUnusedResults<RopeOp>>(context);
}
