// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constant arithmetic and the simplification of control flow.
//
// Folds of f32 compute in the host's binary32 (no contraction, round to nearest
// even), as the machine does. A NaN result is not folded: its bits are not
// specified.
#include "wafer/WPE/WPE.h"

#include "wafer/Support/Half.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static std::optional<int32_t> intOf(Attribute attr) {
  if (auto number = dyn_cast_or_null<IntegerAttr>(attr)) {
    return int32_t(number.getValue().getSExtValue());
  }
  return std::nullopt;
}

static Attribute intAttr(Operation *op, uint32_t bits) {
  return IntegerAttr::get(IntegerType::get(op->getContext(), 32),
                          int64_t(int32_t(bits)));
}

/// Both operands constant, or the right one equal to `neutral`.
template <typename Fn>
static OpFoldResult foldInt(Operation *op, ArrayRef<Attribute> operands,
                            std::optional<int32_t> neutral, Fn compute) {
  std::optional<int32_t> lhs = intOf(operands[0]);
  std::optional<int32_t> rhs = intOf(operands[1]);
  if (lhs && rhs) {
    return intAttr(op, compute(uint32_t(*lhs), uint32_t(*rhs)));
  }
  if (rhs && neutral && *rhs == *neutral) {
    return op->getOperand(0);
  }
  return {};
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), 0,
                 [](uint32_t a, uint32_t b) { return a + b; });
}
OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), 0,
                 [](uint32_t a, uint32_t b) { return a - b; });
}
OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), 1,
                 [](uint32_t a, uint32_t b) { return a * b; });
}
OpFoldResult AndOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), -1,
                 [](uint32_t a, uint32_t b) { return a & b; });
}
OpFoldResult OrOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), 0,
                 [](uint32_t a, uint32_t b) { return a | b; });
}
OpFoldResult XorOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), 0,
                 [](uint32_t a, uint32_t b) { return a ^ b; });
}
OpFoldResult ShlOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), 0,
                 [](uint32_t a, uint32_t b) { return a << (b & 31); });
}
OpFoldResult ShrOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), 0,
                 [](uint32_t a, uint32_t b) { return a >> (b & 31); });
}
OpFoldResult SarOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(), 0, [](uint32_t a, uint32_t b) {
    return uint32_t(int32_t(a) >> (b & 31));
  });
}
OpFoldResult MinOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(),
                 std::numeric_limits<int32_t>::max(),
                 [](uint32_t a, uint32_t b) {
                   return uint32_t(std::min(int32_t(a), int32_t(b)));
                 });
}
OpFoldResult MaxOp::fold(FoldAdaptor adaptor) {
  return foldInt(*this, adaptor.getOperands(),
                 std::numeric_limits<int32_t>::min(),
                 [](uint32_t a, uint32_t b) {
                   return uint32_t(std::max(int32_t(a), int32_t(b)));
                 });
}

//===----------------------------------------------------------------------===//
// Floating point
//===----------------------------------------------------------------------===//

static std::optional<float> floatOf(Attribute attr) {
  if (auto number = dyn_cast_or_null<FloatAttr>(attr)) {
    return number.getValue().convertToFloat();
  }
  return std::nullopt;
}

static OpFoldResult floatAttr(Operation *op, float value) {
  if (std::isnan(value)) {
    return {};
  }
  return FloatAttr::get(Float32Type::get(op->getContext()), value);
}

template <typename Fn>
static OpFoldResult foldFloat(Operation *op, ArrayRef<Attribute> operands,
                              Fn compute) {
  std::optional<float> lhs = floatOf(operands[0]);
  std::optional<float> rhs = floatOf(operands[1]);
  if (!lhs || !rhs || std::isnan(*lhs) || std::isnan(*rhs)) {
    return {};
  }
  return floatAttr(op, compute(*lhs, *rhs));
}

OpFoldResult FAddOp::fold(FoldAdaptor adaptor) {
  return foldFloat(*this, adaptor.getOperands(),
                   [](float a, float b) { return a + b; });
}
OpFoldResult FSubOp::fold(FoldAdaptor adaptor) {
  return foldFloat(*this, adaptor.getOperands(),
                   [](float a, float b) { return a - b; });
}
OpFoldResult FMulOp::fold(FoldAdaptor adaptor) {
  return foldFloat(*this, adaptor.getOperands(),
                   [](float a, float b) { return a * b; });
}
OpFoldResult FDivOp::fold(FoldAdaptor adaptor) {
  return foldFloat(*this, adaptor.getOperands(),
                   [](float a, float b) { return a / b; });
}
// The sign of a zero result of max and min is not specified: leave those.
OpFoldResult FMaxOp::fold(FoldAdaptor adaptor) {
  return foldFloat(*this, adaptor.getOperands(), [](float a, float b) {
    return a == b && bitsOf(a) != bitsOf(b) ? std::nanf("") : (a < b ? b : a);
  });
}
OpFoldResult FMinOp::fold(FoldAdaptor adaptor) {
  return foldFloat(*this, adaptor.getOperands(), [](float a, float b) {
    return a == b && bitsOf(a) != bitsOf(b) ? std::nanf("") : (b < a ? b : a);
  });
}

/// Round to nearest even, saturated; NaN gives 0.
static int32_t roundToInt(float value) {
  if (std::isnan(value)) {
    return 0;
  }
  double rounded = std::nearbyint(double(value));
  rounded = std::min(std::max(rounded, -2147483648.0), 2147483647.0);
  return int32_t(rounded);
}

OpFoldResult CastOp::fold(FoldAdaptor adaptor) {
  Type to = getResult().getType();
  if (std::optional<int32_t> number = intOf(adaptor.getInput())) {
    return floatAttr(*this, float(*number));
  }
  std::optional<float> value = floatOf(adaptor.getInput());
  if (!value) {
    return {};
  }
  if (to.isInteger(32)) {
    return intAttr(*this, uint32_t(roundToInt(*value)));
  }
  if (std::isnan(*value)) {
    return {};
  }
  if (to.isF32()) {
    return floatAttr(*this, *value);
  }
  return FloatAttr::get(to, double(halfToFloat(floatToHalf(*value))));
}

OpFoldResult BitcastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getResult().getType()) {
    return getInput();
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

static std::optional<int32_t> constantOf(Value value) {
  if (!value) {
    return std::nullopt;
  }
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? intOf(constant.getValue()) : std::nullopt;
}

/// Erases a loop that runs no times; marks one that surely runs.
static LogicalResult simplifyLoop(LoopOp op, PatternRewriter &rewriter) {
  std::optional<int32_t> count = constantOf(op.getCount());
  if (!count || (*count > 0 && op.getNonzero())) {
    return failure();
  }
  if (*count <= 0) {
    rewriter.eraseOp(op);
  } else {
    rewriter.modifyOpInPlace(op, [&] { op.setNonzero(true); });
  }
  return success();
}

void LoopOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                         MLIRContext *) {
  results.add(simplifyLoop);
}

static bool holds(Predicate predicate, int32_t lhs, int32_t rhs) {
  switch (predicate) {
  case Predicate::Eq:
    return lhs == rhs;
  case Predicate::Ne:
    return lhs != rhs;
  case Predicate::Lt:
    return lhs < rhs;
  default:
    return lhs >= rhs;
  }
}

/// Replaces a branch on constants by the block that runs.
static LogicalResult simplifyIf(IfOp op, PatternRewriter &rewriter) {
  std::optional<int32_t> lhs = constantOf(op.getLhs());
  std::optional<int32_t> rhs = constantOf(op.getRhs());
  if (!lhs || !rhs) {
    return failure();
  }
  Region &taken = holds(op.getPredicate(), *lhs, *rhs) ? op.getThenRegion()
                                                       : op.getElseRegion();
  if (!taken.empty()) {
    Block &block = taken.front();
    // What follows an endless loop would have to go as well.
    if (!block.empty() && isa<ForeverOp>(block.back()) && op->getNextNode()) {
      return failure();
    }
    rewriter.inlineBlockBefore(&block, op);
  }
  rewriter.eraseOp(op);
  return success();
}

void IfOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                       MLIRContext *) {
  results.add(simplifyIf);
}

/// A constant dynamic offset joins the fixed one.
static LogicalResult foldOffset(MemOp op, PatternRewriter &rewriter) {
  std::optional<int32_t> offset = constantOf(op.getOffset());
  if (!offset || *offset % int32_t(elementBytes(op.getElement())) != 0) {
    return failure();
  }
  rewriter.modifyOpInPlace(op, [&] {
    op.setStaticOffset(op.getStaticOffset() + uint64_t(int64_t(*offset)));
    op.getOffsetMutable().clear();
  });
  return success();
}

/// A constant dynamic extent becomes a fixed one.
static LogicalResult foldExtent(MemOp op, PatternRewriter &rewriter) {
  std::optional<int32_t> extent = constantOf(op.getDynamicExtent());
  if (!extent || *extent < 1 || *extent > 65535) {
    return failure();
  }
  rewriter.modifyOpInPlace(op, [&] {
    op.setExtentAttr(rewriter.getI64IntegerAttr(*extent));
    op.getDynamicExtentMutable().clear();
  });
  return success();
}

void MemOp::getCanonicalizationPatterns(RewritePatternSet &results,
                                        MLIRContext *) {
  results.add(foldOffset);
  results.add(foldExtent);
}
