// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Narrow.h"

#include "wafer/Dist/Dist.h"

using namespace wafer;

namespace {

/// A reduction of several values in one message.
struct NarrowAllReduce {
  static dist::AllReduceOp make(mlir::RewriterBase &rewriter,
                                dist::AllReduceOp op, unsigned place) {
    SmallVector<Value> operands(op->getOperands());
    operands.erase(operands.begin() + place);
    return dist::AllReduceOp::create(rewriter, op.getLoc(),
                                     typesWithout(op, place), op.getCombine(),
                                     op.getAlgorithm(), operands);
  }
};

} // namespace

void wafer::addDistPatterns(mlir::RewritePatternSet &patterns,
                            const mlir::Tester &tester) {
  patterns.add<DropResult<dist::MatVecOp, NarrowProduct<dist::MatVecOp>>,
               DropResult<dist::AllReduceOp, NarrowAllReduce>>(
      patterns.getContext(), tester);
}
