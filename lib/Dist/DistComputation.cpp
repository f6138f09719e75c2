// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DistComputation.cpp - Verifiers of what stages compute -------------===//
//
// Collectives and local computation. One function an operation; the comment
// before a check is the label of the constraint in the operation's description.
//
//===----------------------------------------------------------------------===//
#include "wafer/Dist/Dist.h"

using namespace mlir;
using namespace wafer::dist;

LogicalResult AllReduceOp::verify() {
  // all_reduce-c1
  if (getOperands().empty() || getNumOperands() != getNumResults()) {
    return emitOpError()
           << "expected as many results as operands and at least one but got "
           << getNumOperands() << " operands and " << getNumResults()
           << " results";
  }
  LayoutAttr first = getLayout(getOperand(0).getType());
  for (auto [operand, result] : llvm::zip(getOperands(), getResults())) {
    auto type = cast<RankedTensorType>(operand.getType());
    LayoutAttr layout = getLayout(type);
    // all_reduce-c2
    if (!layout || layout.getPartial() == Partial::None ||
        layout.getPartial() != first.getPartial() ||
        layout.getGroup() != first.getGroup()) {
      return emitOpError()
             << "expected operands that are partial over one axis but got "
             << type;
    }
    // all_reduce-c1
    if (result.getType() != withLayout(type, withoutPartial(layout))) {
      return emitOpError() << "expected the result type "
                           << withLayout(type, withoutPartial(layout))
                           << " but got " << result.getType();
    }
  }
  return success();
}

LogicalResult SumSquaresOp::verify() {
  // sum_squares-c1
  LayoutAttr in = getLayout(getInput().getType());
  LayoutAttr out = getLayout(getResult().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (!in || in.getDims().size() != 1 || !getSlicing(in, 0) ||
      in.getPartial() != Partial::None) {
    return emitOpError()
           << "expected an operand with one dimension that is cut";
  }
  if (!out || result.getRank() != 1 || result.getDimSize(0) != 1 ||
      (out.getPartial() != Partial::Rows &&
       out.getPartial() != Partial::Columns)) {
    return emitOpError()
           << "expected a partial tensor<1xf32> as result but got " << result;
  }
  return success();
}

LogicalResult CastOp::verify() {
  // cast-c1
  auto in = cast<RankedTensorType>(getInput().getType());
  auto out = cast<RankedTensorType>(getResult().getType());
  if (in.getShape() != out.getShape() ||
      in.getEncoding() != out.getEncoding()) {
    return emitOpError()
           << "expected types that differ in the element only but got " << in
           << " and " << out;
  }
  return success();
}

LogicalResult MatVecOp::verify() {
  // matvec-c1
  if (getWeights().empty() || getWeights().size() != getNumResults()) {
    return emitOpError() << "expected as many results as weights but got "
                         << getNumResults() << " and " << getWeights().size();
  }
  // matvec-c2
  LayoutAttr in = getLayout(getInput().getType());
  if (!in || in.getPartial() != Partial::None) {
    return emitOpError() << "expected an input that is not partial";
  }
  for (Type type : getResultTypes()) {
    LayoutAttr layout = getLayout(type);
    if (!layout || (layout.getPartial() != Partial::Rows &&
                    layout.getPartial() != Partial::Columns)) {
      return emitOpError() << "expected results that are partial over rows or "
                              "columns but got "
                           << type;
    }
  }
  return success();
}

LogicalResult RmsScaleOp::verify() {
  // rms_scale-c1
  if (int64_t(getCount()) <= 0) {
    return emitOpError() << "expected a positive count but got "
                         << int64_t(getCount());
  }
  for (Value value : getValues()) {
    LayoutAttr layout = getLayout(value.getType());
    if (!layout || layout.getPartial() != Partial::None) {
      return emitOpError() << "expected values that are not partial but got "
                           << value.getType();
    }
  }
  return success();
}

LogicalResult
RmsScaleOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                             ValueRange operands, DictionaryAttr attributes,
                             OpaqueProperties properties, RegionRange regions,
                             SmallVectorImpl<Type> &types) {
  RmsScaleOp::Adaptor adaptor(operands, attributes, properties, regions);
  llvm::append_range(types, adaptor.getValues().getTypes());
  return success();
}

LogicalResult RopeOp::verify() {
  // rope-c1
  for (Value value : getValues()) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() < 2 || type.getDimSize(type.getRank() - 1) != 2 ||
        type.getDimSize(type.getRank() - 2) !=
            int64_t(getFrequencies().size())) {
      return emitOpError() << "expected values [.., " << getFrequencies().size()
                           << ", 2] but got " << type;
    }
  }
  return success();
}

LogicalResult RopeOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                       ValueRange operands,
                                       DictionaryAttr attributes,
                                       OpaqueProperties properties,
                                       RegionRange regions,
                                       SmallVectorImpl<Type> &types) {
  RopeOp::Adaptor adaptor(operands, attributes, properties, regions);
  llvm::append_range(types, adaptor.getValues().getTypes());
  return success();
}
