// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Narrow.h - Operations without an unused result -------------*- C++
//-*-===//
#ifndef WAFER_LIB_REDUCE_NARROW_H
#define WAFER_LIB_REDUCE_NARROW_H

#include "Patterns.h"

namespace wafer {

/// The types of all results but one.
inline llvm::SmallVector<mlir::Type> typesWithout(mlir::Operation *op,
                                                  unsigned place) {
  llvm::SmallVector<mlir::Type> types(op->getResultTypes());
  types.erase(types.begin() + place);
  return types;
}

/// Replaces `op` by `narrow`, which has all its results but one unused one.
inline void replaceWithout(mlir::RewriterBase &rewriter, mlir::Operation *op,
                           mlir::Operation *narrow, unsigned place) {
  for (mlir::OpResult result : narrow->getResults()) {
    unsigned i = result.getResultNumber();
    rewriter.replaceAllUsesWith(op->getResult(i < place ? i : i + 1), result);
  }
  rewriter.eraseOp(op);
}

/// An operation with several results loses one that nobody uses. `Narrow::make`
/// builds it without the result at a place.
template <typename OpTy, typename Narrow>
struct DropResult : public ReductionPattern<OpTy> {
  using ReductionPattern<OpTy>::ReductionPattern;

  mlir::LogicalResult
  matchAndRewrite(OpTy op, mlir::PatternRewriter &rewriter) const override {
    for (unsigned place = 0, n = op->getNumResults(); n > 1 && place < n;
         ++place) {
      auto change = [&](mlir::RewriterBase &rewriter, mlir::Operation *wide) {
        rewriter.setInsertionPoint(wide);
        OpTy narrow = Narrow::make(rewriter, llvm::cast<OpTy>(wide), place);
        replaceWithout(rewriter, wide, narrow, place);
      };
      if (op->getResult(place).use_empty() &&
          succeeded(this->tryChange(rewriter, op, change))) {
        return mlir::success();
      }
    }
    return mlir::failure();
  }
};

/// A product that has one weight a result.
template <typename OpTy>
struct NarrowProduct {
  static OpTy make(mlir::RewriterBase &rewriter, OpTy op, unsigned place) {
    llvm::SmallVector<mlir::Attribute> weights(op.getWeights().getValue());
    weights.erase(weights.begin() + place);
    return OpTy::create(rewriter, op.getLoc(), typesWithout(op, place),
                        op.getInput(), rewriter.getArrayAttr(weights));
  }
};

} // namespace wafer

#endif // WAFER_LIB_REDUCE_NARROW_H
