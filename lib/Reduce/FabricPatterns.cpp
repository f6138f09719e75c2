// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Patterns.h"

#include "wafer/WFabric/WFabric.h"

using namespace wafer;
using namespace wafer::wfabric;
using mlir::PatternRewriter;
using mlir::RewriterBase;

namespace {

/// A family without one of its patterns, with a pattern that stands for one
/// segment, or on one line.
struct ShrinkFamily : public ReductionPattern<FamilyOp> {
  using ReductionPattern::ReductionPattern;

  LogicalResult matchAndRewrite(FamilyOp op,
                                PatternRewriter &rewriter) const override {
    auto isKept = [&](ArrayRef<SegmentPattern> segments, Rect rect) {
      auto change = [&](RewriterBase &rewriter, Operation *family) {
        auto op = cast<FamilyOp>(family);
        MLIRContext *context = op.getContext();
        rewriter.modifyOpInPlace(op, [&] {
          op.setSegmentsAttr(SegmentsAttr::get(context, segments));
          op.setRectAttr(RectAttr::get(context, rect));
        });
      };
      return succeeded(tryChange(rewriter, op, change));
    };
    ArrayRef<SegmentPattern> segments = op.getSegments().getPatterns();
    Rect rect = op.getRect().getValue();
    for (size_t i = 0; i < segments.size(); ++i) {
      SmallVector<SegmentPattern> fewer(segments);
      if (segments.size() > 1) {
        fewer.erase(fewer.begin() + i);
        if (isKept(fewer, rect)) {
          return success();
        }
      }
      if (segments[i].count > 1) {
        fewer.assign(segments.begin(), segments.end());
        fewer[i].count = 1;
        fewer[i].step = 0;
        if (isKept(fewer, rect)) {
          return success();
        }
      }
    }
    int32_t &lines = op.getAxis() == LineAxis::X ? rect.h : rect.w;
    if (lines == 1) {
      return failure();
    }
    lines = 1;
    return mlir::success(isKept(segments, rect));
  }
};

} // namespace

void wafer::addFabricPatterns(mlir::RewritePatternSet &patterns,
                              const mlir::Tester &tester) {
  patterns.add<ShrinkFamily>(patterns.getContext(), tester);
}
