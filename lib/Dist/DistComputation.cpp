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

/// The slicing behind a symbol; an error at `op` where there is none.
static FailureOr<SlicingOp> lookUpSlicing(Operation *op,
                                          SymbolTableCollection &symbols,
                                          FlatSymbolRefAttr symbol) {
  auto slicing = symbols.lookupNearestSymbolFrom<SlicingOp>(op, symbol);
  if (!slicing) {
    op->emitOpError() << "expected a slicing but found no '"
                      << symbol.getValue() << "'";
    return failure();
  }
  return slicing;
}

/// The tensor behind a symbol; an error at `op` where there is none.
static FailureOr<TensorOp> lookUpTensor(Operation *op,
                                        SymbolTableCollection &symbols,
                                        FlatSymbolRefAttr symbol) {
  auto tensor = symbols.lookupNearestSymbolFrom<TensorOp>(op, symbol);
  if (!tensor) {
    op->emitOpError() << "expected a tensor but found no '" << symbol.getValue()
                      << "'";
    return failure();
  }
  return tensor;
}

/// What a value is partial over after a sum over lines of `axis`.
static Partial partialOver(LineAxis axis) {
  return axis == LineAxis::Rows ? Partial::Rows : Partial::Columns;
}

/// Whether `type` has a layout that is partial as said.
static bool isPartial(Type type, Partial partial) {
  LayoutAttr layout = getLayout(type);
  return layout && layout.getPartial() == partial;
}

/// Whether `part` has `count` dimensions of `whole` from `first` on: as many
/// elements, cut alike.
static bool matchesDims(Type part, Type whole, size_t first, size_t count) {
  auto partType = cast<RankedTensorType>(part);
  auto wholeType = cast<RankedTensorType>(whole);
  LayoutAttr partLayout = getLayout(part), wholeLayout = getLayout(whole);
  return partLayout && wholeLayout && size_t(partType.getRank()) == count &&
         size_t(wholeType.getRank()) >= first + count &&
         partType.getShape() == wholeType.getShape().slice(first, count) &&
         partLayout.getDims() == wholeLayout.getDims().slice(first, count);
}

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Sums and products
//===----------------------------------------------------------------------===//

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

LogicalResult SumSquaresOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // sum_squares-c1
  FailureOr<SlicingOp> slicing = lookUpSlicing(
      *this, symbols, getSlicing(getLayout(getInput().getType()), 0));
  if (failed(slicing)) {
    return failure();
  }
  Partial expected = partialOver(slicing->getAxis());
  if (!isPartial(getResult().getType(), expected)) {
    return emitOpError() << "expected a result that is partial over "
                         << stringifyPartial(expected) << " but got "
                         << getResult().getType();
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

LogicalResult MatVecOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // matvec-c1
  auto inputType = cast<RankedTensorType>(getInput().getType());
  size_t rank = inputType.getRank();
  for (auto [symbol, result] :
       llvm::zip(getWeights().getAsRange<FlatSymbolRefAttr>(), getResults())) {
    FailureOr<TensorOp> weight = lookUpTensor(*this, symbols, symbol);
    if (failed(weight)) {
      return failure();
    }
    auto type = cast<RankedTensorType>(weight->getType());
    size_t outputs = cast<RankedTensorType>(result.getType()).getRank();
    if (size_t(type.getRank()) != rank + outputs ||
        !matchesDims(inputType, type, 0, rank) ||
        !matchesDims(result.getType(), type, rank, outputs)) {
      return emitOpError() << "weight '" << symbol.getValue() << "' of type "
                           << type << " does not lead from " << inputType
                           << " to " << result.getType();
    }
  }
  // matvec-c2
  std::optional<LineAxis> axis;
  for (Attribute dim : getLayout(inputType).getDims()) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(dim);
    if (!symbol) {
      continue;
    }
    FailureOr<SlicingOp> slicing = lookUpSlicing(*this, symbols, symbol);
    if (failed(slicing)) {
      return failure();
    }
    if (axis && *axis != slicing->getAxis()) {
      return emitOpError() << "expected an input that is cut over one axis but "
                              "got "
                           << inputType;
    }
    axis = slicing->getAxis();
  }
  for (Type type : getResultTypes()) {
    if (!axis || !isPartial(type, partialOver(*axis))) {
      return emitOpError() << "expected a result that is partial over the axis "
                              "that the input is cut over but got "
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

LogicalResult HeadSumSquaresOp::verify() {
  // head_sum_squares-c1
  auto input = cast<RankedTensorType>(getInput().getType());
  Type result = getResult().getType();
  if (input.getRank() < 3 || input.getShape().back() != 2 ||
      !isPartial(result, Partial::Group) ||
      !matchesDims(result, input, 0, input.getRank() - 2)) {
    return emitOpError() << "expected sums over the last two dimensions of "
                         << input << " that are partial over a group but got "
                         << result;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

LogicalResult AppendOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // append-c1
  FailureOr<TensorOp> state = lookUpTensor(*this, symbols, getStateAttr());
  if (failed(state)) {
    return failure();
  }
  if (state->getKind() != TensorKind::State) {
    return emitOpError() << "expected a state but '" << getState()
                         << "' is a tensor of kind '"
                         << stringifyTensorKind(state->getKind()) << "'";
  }
  auto type = cast<RankedTensorType>(state->getType());
  LayoutAttr layout = getLayout(type);
  SmallVector<int64_t> shape;
  SmallVector<Attribute> dims;
  for (unsigned dim = 0; dim < type.getRank(); ++dim) {
    if (FlatSymbolRefAttr symbol = getSlicing(layout, dim)) {
      FailureOr<SlicingOp> slicing = lookUpSlicing(*this, symbols, symbol);
      if (failed(slicing)) {
        return failure();
      }
      if (slicing->getCyclic() && slicing->getAxis() == LineAxis::Rows) {
        continue;
      }
    }
    shape.push_back(type.getDimSize(dim));
    dims.push_back(layout.getDims()[dim]);
  }
  auto value = cast<RankedTensorType>(getValue().getType());
  LayoutAttr valueLayout = getLayout(value);
  if (int64_t(shape.size()) + 1 != type.getRank() ||
      value.getShape() != ArrayRef<int64_t>(shape) || !valueLayout ||
      valueLayout.getDims() != ArrayRef<Attribute>(dims)) {
    return emitOpError() << "state '" << getState() << "' of type " << type
                         << " does not hold a value of type " << value
                         << " for each position cut cyclically over rows";
  }
  return success();
}

LogicalResult ScoresOp::verify() {
  // scores-c1
  auto query = cast<RankedTensorType>(getQuery().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  LayoutAttr from = getLayout(query), to = getLayout(result);
  if (query.getRank() != 4 || query.getShape().back() != 2 || !from ||
      result.getRank() != 3 || !isPartial(result, Partial::Group) ||
      query.getShape().take_front(2) != result.getShape().take_front(2) ||
      from.getDims().take_front(2) != to.getDims().take_front(2)) {
    return emitOpError() << "expected scores [kv heads, queries, positions] of "
                         << query << " that are partial over a group but got "
                         << result;
  }
  return success();
}

LogicalResult MaxPositionsOp::verify() {
  // max_positions-c1
  auto scores = cast<RankedTensorType>(getScores().getType());
  Type result = getResult().getType();
  if (scores.getRank() < 2 || !isPartial(result, Partial::Rows) ||
      !matchesDims(result, scores, 0, scores.getRank() - 1)) {
    return emitOpError() << "expected maxima over the last dimension of "
                         << scores << " that are partial over rows but got "
                         << result;
  }
  return success();
}

LogicalResult SoftmaxWeightsOp::verify() {
  // softmax_weights-c1
  if (getWeights().getType() != getScores().getType()) {
    return emitOpError() << "expected weights of type " << getScores().getType()
                         << " but got " << getWeights().getType();
  }
  auto maximum = cast<RankedTensorType>(getMaximum().getType());
  LayoutAttr layout = getLayout(maximum);
  if (!layout || layout.getPartial() != Partial::None) {
    return emitOpError() << "expected a maximum that is not partial but got "
                         << maximum;
  }
  auto expected =
      withLayout(maximum, LayoutAttr::get(getContext(), layout.getDims(),
                                          Partial::Rows, FlatSymbolRefAttr()));
  if (getSum().getType() != expected) {
    return emitOpError() << "expected a sum of type " << expected << " but got "
                         << getSum().getType();
  }
  return success();
}

LogicalResult LocalSoftmaxOp::verify() {
  // local_softmax-c1
  auto scores = cast<RankedTensorType>(getScores().getType());
  Type sum = getSum().getType(), scale = getScale().getType();
  if (scores.getRank() < 2 || !isPartial(sum, Partial::Rows) ||
      !isPartial(scale, Partial::None) ||
      !matchesDims(sum, scores, 0, scores.getRank() - 1) ||
      !matchesDims(scale, scores, 0, scores.getRank() - 1)) {
    return emitOpError() << "expected scales and sums over the last dimension "
                            "of "
                         << scores << ", the sums partial over rows, but got "
                         << scale << " and " << sum;
  }
  return success();
}

LogicalResult KeepReferenceOp::verify() {
  // keep_reference-c1
  if (!isPartial(getSum().getType(), Partial::None)) {
    return emitOpError() << "expected a sum that is not partial but got "
                         << getSum().getType();
  }
  return success();
}

LogicalResult WeightedValuesOp::verify() {
  // weighted_values-c1
  if (!isPartial(getResult().getType(), Partial::Rows)) {
    return emitOpError() << "expected a result that is partial over rows but "
                            "got "
                         << getResult().getType();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

LogicalResult EmbedLookupOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // embed_lookup-c1
  FailureOr<TensorOp> table = lookUpTensor(*this, symbols, getTableAttr());
  if (failed(table)) {
    return failure();
  }
  constexpr LineAxis kAxes[] = {LineAxis::Columns, LineAxis::Rows};
  auto type = cast<RankedTensorType>(table->getType());
  bool fits = type.getRank() == 2;
  for (unsigned dim = 0; fits && dim < 2; ++dim) {
    FlatSymbolRefAttr symbol = getSlicing(getLayout(type), dim);
    if (!symbol) {
      fits = false;
      break;
    }
    FailureOr<SlicingOp> slicing = lookUpSlicing(*this, symbols, symbol);
    if (failed(slicing)) {
      return failure();
    }
    fits = slicing->getAxis() == kAxes[dim];
  }
  if (!fits) {
    return emitOpError() << "expected a table [tokens, elements] that is cut "
                            "over columns and rows but got "
                         << type;
  }
  return success();
}

LogicalResult ArgMaxOp::verify() {
  // argmax-c1
  LayoutAttr logits = getLayout(getLogits().getType());
  if (!logits || logits.getDims().size() != 1 || !getSlicing(logits, 0) ||
      logits.getPartial() != Partial::None) {
    return emitOpError() << "expected logits with one dimension that is cut "
                            "but got "
                         << getLogits().getType();
  }
  auto result = cast<RankedTensorType>(getResult().getType());
  if (result.getShape() != ArrayRef<int64_t>(1) ||
      !result.getElementType().isSignlessInteger(32)) {
    return emitOpError() << "expected a tensor<1xi32> as result but got "
                         << result;
  }
  return success();
}

LogicalResult ArgMaxOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // argmax-c1
  FailureOr<SlicingOp> slicing = lookUpSlicing(
      *this, symbols, getSlicing(getLayout(getLogits().getType()), 0));
  if (failed(slicing)) {
    return failure();
  }
  if (slicing->getAxis() != LineAxis::Columns) {
    return emitOpError() << "expected logits that are cut over columns but got "
                         << getLogits().getType();
  }
  return success();
}
