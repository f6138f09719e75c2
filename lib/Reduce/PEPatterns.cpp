// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Patterns.h"

#include "wafer/WPE/WPE.h"

using namespace wafer;
using namespace wafer::wpe;
using mlir::PatternRewriter;
using mlir::RewriterBase;

/// Puts what stands in the region in the place of `op`, whose bodies have no
/// terminators.
static void replaceByBody(RewriterBase &rewriter, Operation *op,
                          mlir::Region &region, mlir::ValueRange arguments) {
  rewriter.inlineBlockBefore(&region.front(), op, arguments);
  rewriter.eraseOp(op);
}

namespace {

/// One trip instead of many, or of a number that the core computes.
struct UnwrapLoop : public ReductionPattern<LoopOp> {
  using ReductionPattern::ReductionPattern;

  LogicalResult matchAndRewrite(LoopOp op,
                                PatternRewriter &rewriter) const override {
    auto change = [](RewriterBase &rewriter, Operation *loop) {
      mlir::Region &body = loop->getRegion(0);
      SmallVector<Value> arguments(body.getNumArguments(), loop->getOperand(0));
      replaceByBody(rewriter, loop, body, arguments);
    };
    return tryChange(rewriter, op, change);
  }
};

struct UnwrapForever : public ReductionPattern<ForeverOp> {
  using ReductionPattern::ReductionPattern;

  LogicalResult matchAndRewrite(ForeverOp op,
                                PatternRewriter &rewriter) const override {
    auto change = [](RewriterBase &rewriter, Operation *loop) {
      replaceByBody(rewriter, loop, loop->getRegion(0), {});
    };
    return tryChange(rewriter, op, change);
  }
};

/// One of the two bodies instead of a condition.
struct ChooseBody : public ReductionPattern<IfOp> {
  using ReductionPattern::ReductionPattern;

  LogicalResult matchAndRewrite(IfOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned i = 0; i < op->getNumRegions(); ++i) {
      if (op->getRegion(i).empty()) {
        continue;
      }
      auto change = [&](RewriterBase &rewriter, Operation *condition) {
        replaceByBody(rewriter, condition, condition->getRegion(i), {});
      };
      if (succeeded(tryChange(rewriter, op, change))) {
        return success();
      }
    }
    return failure();
  }
};

/// The first row or the first column of a region.
struct ShrinkRegion : public ReductionPattern<RegionOp> {
  using ReductionPattern::ReductionPattern;

  /// Each table with its first value only.
  static mlir::DictionaryAttr firstOf(mlir::DictionaryAttr tables) {
    SmallVector<mlir::NamedAttribute> first;
    for (mlir::NamedAttribute table : tables) {
      ArrayRef<uint16_t> values = cast<TableAttr>(table.getValue()).getValues();
      first.emplace_back(table.getName(), TableAttr::get(tables.getContext(),
                                                         values.take_front(1)));
    }
    return mlir::DictionaryAttr::get(tables.getContext(), first);
  }

  LogicalResult matchAndRewrite(RegionOp op,
                                PatternRewriter &rewriter) const override {
    auto oneRow = [](RewriterBase &rewriter, Operation *region) {
      auto op = cast<RegionOp>(region);
      rewriter.modifyOpInPlace(op, [&] {
        op.setHeight(1);
        op.setRowsAttr(firstOf(op.getRows()));
      });
    };
    auto oneColumn = [](RewriterBase &rewriter, Operation *region) {
      auto op = cast<RegionOp>(region);
      rewriter.modifyOpInPlace(op, [&] {
        op.setWidth(1);
        op.setColumnsAttr(firstOf(op.getColumns()));
      });
    };
    if (op.getHeight() > 1 && succeeded(tryChange(rewriter, op, oneRow))) {
      return success();
    }
    if (op.getWidth() > 1 && succeeded(tryChange(rewriter, op, oneColumn))) {
      return success();
    }
    return failure();
  }
};

} // namespace

void wafer::addPEPatterns(mlir::RewritePatternSet &patterns,
                          const mlir::Tester &tester) {
  patterns.add<UnwrapLoop, UnwrapForever, ChooseBody, ShrinkRegion>(
      patterns.getContext(), tester);
}
