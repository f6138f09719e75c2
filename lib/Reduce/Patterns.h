// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Patterns.h - Patterns of the reducer, by dialect -----------*- C++
//-*-===//
#ifndef WAFER_LIB_REDUCE_PATTERNS_H
#define WAFER_LIB_REDUCE_PATTERNS_H

#include "wafer/Support/LLVM.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Reducer/Tester.h"

namespace wafer {

/// A change of an operation and, if need be, of what stands beside it. It is
/// called with copies, too, so it finds everything from the operation.
using Change =
    llvm::function_ref<void(mlir::RewriterBase &, mlir::Operation *)>;

/// Makes the change if the module is interesting with it; tried on a copy.
/// Every pattern asks before it changes anything.
mlir::LogicalResult changeIfInteresting(mlir::PatternRewriter &rewriter,
                                        mlir::Operation *op,
                                        const mlir::Tester &tester,
                                        Change change);

/// A pattern on one kind of operation that has the script at hand.
template <typename OpTy>
struct ReductionPattern : public mlir::OpRewritePattern<OpTy> {
  ReductionPattern(mlir::MLIRContext *context, const mlir::Tester &tester)
      : mlir::OpRewritePattern<OpTy>(context), tester(tester) {}

  mlir::LogicalResult tryChange(mlir::PatternRewriter &rewriter, OpTy op,
                                Change change) const {
    return changeIfInteresting(rewriter, op, tester, change);
  }

  const mlir::Tester &tester;
};

/// For every dialect: erases operations whose results nobody uses (symbols and
/// stores, too: the script sees what is still needed), and replaces others by
/// their operands, where each result has an operand of its type (the one at its
/// place, else the first).
void addCommonPatterns(mlir::RewritePatternSet &patterns,
                       const mlir::Tester &tester, llvm::StringRef dialect);

/// wgraph: linears without unused results, fewer repetitions with fewer layers
/// of weights and states, shorter periods.
void addGraphPatterns(mlir::RewritePatternSet &patterns,
                      const mlir::Tester &tester);

/// wafer: products and reductions without unused results.
void addDistPatterns(mlir::RewritePatternSet &patterns,
                     const mlir::Tester &tester);

/// wfabric: fewer segments and fewer lines of a family.
void addFabricPatterns(mlir::RewritePatternSet &patterns,
                       const mlir::Tester &tester);

/// wpe: bodies instead of loops and conditions, regions of one row or column.
void addPEPatterns(mlir::RewritePatternSet &patterns,
                   const mlir::Tester &tester);

} // namespace wafer

#endif // WAFER_LIB_REDUCE_PATTERNS_H
