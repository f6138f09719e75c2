// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WGraphOps.cpp - Symbols, blocks and operations ---------------------===//
//
// Verifiers check in the order of the constraint labels in WGraphOps.td.
// Constraints that need another symbol are in verifySymbolUses.
//
//===----------------------------------------------------------------------===//
#include "wafer/Support/AsmFormat.h"
#include "wafer/WGraph/WGraph.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/FunctionImplementation.h"

#include <cmath>

using namespace wafer;
using namespace wafer::wgraph;

/// Token ids take their number from the activations: parses and prints nothing.
static mlir::ParseResult parseIdsType(mlir::OpAsmParser &parser, Type tensor,
                                      Type &ids) {
  auto type = dyn_cast<RankedTensorType>(tensor);
  if (!type || type.getRank() == 0) {
    return parser.emitError(parser.getCurrentLocation(),
                            "expected a tensor with a token dimension");
  }
  ids = RankedTensorType::get({type.getDimSize(0)},
                              parser.getBuilder().getI32Type());
  return success();
}

static void printIdsType(mlir::OpAsmPrinter &, Operation *, Type, Type) {}

#define GET_OP_CLASSES
#include "wafer/WGraph/WGraphOps.cpp.inc"

static RankedTensorType rankedType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static int64_t tokensOf(Value value) { return rankedType(value).getDimSize(0); }

//===----------------------------------------------------------------------===//
// Looking up weights and states
//===----------------------------------------------------------------------===//

/// Checks that `name` is a weight whose tensor per layer has `shape`. Stacked
/// weights belong to blocks.
static LogicalResult checkWeight(Operation *op, SymbolTableCollection &tables,
                                 FlatSymbolRefAttr name,
                                 ArrayRef<int64_t> shape) {
  auto weight = tables.lookupNearestSymbolFrom<WeightOp>(op, name);
  if (!weight) {
    return op->emitOpError("expected ") << name << " to be a weight";
  }
  RankedTensorType type = weight.getLayerType();
  if (type.getShape() != shape) {
    InFlightDiagnostic error = op->emitOpError("expected weight ");
    error << name << " to have shape [";
    llvm::interleaveComma(shape, error);
    error << "] but got " << type;
    error.attachNote(weight.getLoc()) << "weight defined here";
    return error;
  }
  if (weight.getStacked() && !op->getParentOfType<BlockOp>()) {
    InFlightDiagnostic error = op->emitOpError("uses stacked weight ");
    error << name << " outside a block";
    error.attachNote(weight.getLoc()) << "weight defined here";
    return error;
  }
  return success();
}

/// Checks that `name` is a state with rows of `shape`.
static FailureOr<StateOp> checkState(Operation *op,
                                     SymbolTableCollection &tables,
                                     FlatSymbolRefAttr name) {
  auto state = tables.lookupNearestSymbolFrom<StateOp>(op, name);
  if (!state) {
    op->emitOpError("expected ") << name << " to be a state";
    return failure();
  }
  return state;
}

//===----------------------------------------------------------------------===//
// ModelOp, WeightOp, StateOp
//===----------------------------------------------------------------------===//

void ModelOp::build(OpBuilder &builder, mlir::OperationState &state,
                    StringRef name, ConfigAttr config, ArrayAttr files,
                    StringAttr source) {
  auto &properties = state.getOrAddProperties<Properties>();
  properties.sym_name = builder.getStringAttr(name);
  properties.config = config;
  properties.files = files;
  properties.source = source;
  state.addRegion()->emplaceBlock();
}

/// The first reference inside a recipe to a file that is not there.
static RefAttr findBadFile(RecipeAttr recipe, int64_t files) {
  RefAttr bad;
  recipe.walk([&](RefAttr ref) {
    if (llvm::any_of(ref.getFiles(), [&](int64_t f) { return f >= files; })) {
      bad = ref;
      return mlir::WalkResult::interrupt();
    }
    return mlir::WalkResult::advance();
  });
  return bad;
}

LogicalResult ModelOp::verifyRegions() {
  for (Operation &op : *getBody().begin()) {
    // model-c1
    if (!isa<WeightOp, StateOp, BlockOp, EntryOp>(op)) {
      return op.emitError("expected a weight, a state, a block or an entry in "
                          "a model but got '")
             << op.getName() << "'";
    }
    // model-c2
    if (auto weight = dyn_cast<WeightOp>(op)) {
      if (RefAttr ref = findBadFile(weight.getRecipe(), getFiles().size())) {
        return weight.emitOpError("refers to a file that the model does not "
                                  "have: the model has ")
               << getFiles().size() << " and the recipe contains " << ref;
      }
    }
  }
  return success();
}

/// The type that goes with a recipe.
static RankedTensorType weightType(RecipeAttr recipe) {
  RankedTensorType layer = recipe.getResultType();
  int64_t layers = recipe.getLayers();
  if (layers == 0) {
    return layer;
  }
  SmallVector<int64_t> shape{layers};
  llvm::append_range(shape, layer.getShape());
  return RankedTensorType::get(shape, layer.getElementType());
}

void WeightOp::build(OpBuilder &builder, mlir::OperationState &state,
                     StringRef name, RecipeAttr recipe) {
  build(builder, state, builder.getStringAttr(name),
        builder.getStringAttr("private"),
        recipe.getLayers() ? builder.getUnitAttr() : nullptr,
        mlir::TypeAttr::get(weightType(recipe)), recipe);
}

void WeightOp::updateRecipe(RecipeAttr recipe) {
  setRecipeAttr(recipe);
  setTypeAttr(mlir::TypeAttr::get(weightType(recipe)));
  setStacked(recipe.getLayers() != 0);
}

LogicalResult WeightOp::verify() {
  // weight-c1
  RankedTensorType expected = weightType(getRecipe());
  if (getType() != expected) {
    return emitOpError("expected type ")
           << expected << " from the recipe but got " << getType();
  }
  // weight-c2
  if (getStacked() != (getRecipe().getLayers() != 0)) {
    return emitOpError() << (getStacked() ? "is stacked but its recipe has no "
                                            "layers"
                                          : "has a recipe with layers but is "
                                            "not stacked");
  }
  return success();
}

LogicalResult WeightOp::canonicalize(WeightOp op,
                                     mlir::PatternRewriter &rewriter) {
  RecipeAttr simple = op.getRecipe().simplify();
  if (simple == op.getRecipe()) {
    return failure();
  }
  rewriter.modifyOpInPlace(op, [&] { op.setRecipeAttr(simple); });
  return success();
}

LogicalResult StateOp::verify() {
  // state-c1
  if (int64_t(getSlots()) <= 0 || int64_t(getLayers()) <= 0 ||
      int64_t(getCapacity()) <= 0) {
    return emitOpError("expected positive slots, layers and capacity but got ")
           << int64_t(getSlots()) << ", " << int64_t(getLayers()) << " and "
           << int64_t(getCapacity());
  }
  return success();
}

//===----------------------------------------------------------------------===//
// BlockOp, EntryOp, YieldOp
//===----------------------------------------------------------------------===//

/// Builds a function with a body of one empty block.
template <typename OpTy>
static void buildFunction(OpBuilder &builder, mlir::OperationState &state,
                          StringRef name, mlir::FunctionType type) {
  auto &properties = state.getOrAddProperties<typename OpTy::Properties>();
  properties.sym_name = builder.getStringAttr(name);
  properties.function_type = mlir::TypeAttr::get(type);
  Block &block = state.addRegion()->emplaceBlock();
  for (Type input : type.getInputs()) {
    block.addArgument(input, state.location);
  }
}

static mlir::ParseResult parseFunction(mlir::OpAsmParser &parser,
                                       mlir::OperationState &state,
                                       StringAttr type, StringAttr args,
                                       StringAttr results) {
  auto build = [](mlir::Builder &builder, ArrayRef<Type> inputs,
                  ArrayRef<Type> outputs,
                  mlir::function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, outputs);
  };
  return mlir::function_interface_impl::parseFunctionOp(
      parser, state, /*allowVariadic=*/false, type, build, args, results);
}

void BlockOp::build(OpBuilder &builder, mlir::OperationState &state,
                    StringRef name, mlir::FunctionType type) {
  buildFunction<BlockOp>(builder, state, name, type);
}

mlir::ParseResult BlockOp::parse(mlir::OpAsmParser &parser,
                                 mlir::OperationState &result) {
  return parseFunction(parser, result, getFunctionTypeAttrName(result.name),
                       getArgAttrsAttrName(result.name),
                       getResAttrsAttrName(result.name));
}

void BlockOp::print(mlir::OpAsmPrinter &p) {
  mlir::function_interface_impl::printFunctionOp(
      p, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult BlockOp::verify() {
  // block-c1
  ArrayRef<Type> inputs = getArgumentTypes();
  ArrayRef<Type> outputs = getResultTypes();
  if (outputs.empty() || outputs.size() > inputs.size() ||
      inputs.take_front(outputs.size()) != outputs) {
    return emitOpError("expected the first arguments to have the result types "
                       "(carried values), but the type is ")
           << getFunctionType();
  }
  return success();
}

void EntryOp::build(OpBuilder &builder, mlir::OperationState &state,
                    StringRef name, mlir::FunctionType type) {
  buildFunction<EntryOp>(builder, state, name, type);
}

mlir::ParseResult EntryOp::parse(mlir::OpAsmParser &parser,
                                 mlir::OperationState &result) {
  return parseFunction(parser, result, getFunctionTypeAttrName(result.name),
                       getArgAttrsAttrName(result.name),
                       getResAttrsAttrName(result.name));
}

void EntryOp::print(mlir::OpAsmPrinter &p) {
  mlir::function_interface_impl::printFunctionOp(
      p, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult EntryOp::verify() {
  // entry-c1
  auto isIds = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() == 1 && tensor.hasStaticShape() &&
           tensor.getElementType().isInteger(32);
  };
  ArrayRef<Type> inputs = getArgumentTypes();
  ArrayRef<Type> outputs = getResultTypes();
  if (inputs.size() != 3 || !isIds(inputs[0]) || !inputs[1].isIndex() ||
      !inputs[2].isIndex()) {
    return emitOpError(
               "expected arguments (tensor<mxi32>, index, index): token "
               "ids, position and slot, but got ")
           << getFunctionType();
  }
  auto logits = outputs.size() == 2 ? dyn_cast<RankedTensorType>(outputs[1])
                                    : RankedTensorType();
  if (!logits || outputs[0] != inputs[0] || logits.getRank() != 2 ||
      !logits.getElementType().isF32() ||
      logits.getDimSize(0) != cast<RankedTensorType>(inputs[0]).getDimSize(0)) {
    return emitOpError("expected results (tensor<mxi32>, tensor<mxvocabxf32>): "
                       "next ids and logits, but got ")
           << getFunctionType();
  }
  return success();
}

LogicalResult YieldOp::verify() {
  // yield-c1
  auto function = cast<mlir::FunctionOpInterface>((*this)->getParentOp());
  ArrayRef<Type> expected = function.getResultTypes();
  if (!llvm::equal(getOperandTypes(), expected)) {
    InFlightDiagnostic error = emitOpError("expected operands of types (");
    llvm::interleaveComma(expected, error);
    error << ") but got (";
    llvm::interleaveComma(getOperandTypes(), error);
    return error << ")";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// RepeatOp
//===----------------------------------------------------------------------===//

LogicalResult RepeatOp::verify() {
  // repeat-c1
  if (getBlocks().empty() || getCarried().empty()) {
    return emitOpError("expected a block and a carried value");
  }
  if (int64_t(getTimes()) < 0) {
    return emitOpError("expected 'times' not to be negative but got ")
           << int64_t(getTimes());
  }
  return success();
}

/// repeat-c3: what a block uses has as many layers as it is repeated.
static LogicalResult checkLayers(RepeatOp repeat, BlockOp block,
                                 SymbolTableCollection &tables) {
  auto fail = [&](Operation *symbol, StringRef kind, int64_t layers) {
    InFlightDiagnostic error = repeat.emitOpError("repeats block @")
                               << block.getName() << ' '
                               << int64_t(repeat.getTimes())
                               << " times, but the block uses " << kind << " @"
                               << SymbolTable::getSymbolName(symbol).getValue()
                               << " with " << layers << " layers";
    error.attachNote(symbol->getLoc()) << kind << " defined here";
    return mlir::WalkResult::interrupt();
  };
  int64_t times = repeat.getTimes();
  auto check = [&](FlatSymbolRefAttr name) {
    Operation *symbol = tables.lookupNearestSymbolFrom(block, name);
    if (auto weight = dyn_cast_or_null<WeightOp>(symbol)) {
      int64_t layers = weight.getRecipe().getLayers();
      if (weight.getStacked() && layers != times) {
        return fail(symbol, "weight", layers);
      }
    } else if (auto state = dyn_cast_or_null<StateOp>(symbol)) {
      if (int64_t(state.getLayers()) != times) {
        return fail(symbol, "state", state.getLayers());
      }
    }
    return mlir::WalkResult::advance();
  };
  for (Operation &op : block.getBody().front()) {
    // A nested repeat checks its own blocks.
    mlir::WalkResult result = isa<RepeatOp>(op)
                                  ? mlir::WalkResult::advance()
                                  : op.getAttrDictionary().walk(check);
    if (result.wasInterrupted()) {
      return failure();
    }
  }
  return success();
}

LogicalResult RepeatOp::verifySymbolUses(SymbolTableCollection &tables) {
  // repeat-c2
  SmallVector<Type> inputs(getCarried().getTypes());
  llvm::append_range(inputs, getInvariant().getTypes());
  SmallVector<Type> outputs(getCarried().getTypes());
  auto expected = mlir::FunctionType::get(getContext(), inputs, outputs);
  for (auto name : getBlocks().getAsRange<FlatSymbolRefAttr>()) {
    auto block = tables.lookupNearestSymbolFrom<BlockOp>(*this, name);
    if (!block) {
      return emitOpError("expected ") << name << " to be a block";
    }
    if (block->isAncestor(*this)) {
      return emitOpError("repeats the block ") << name << " around it";
    }
    if (block.getFunctionType() != expected) {
      InFlightDiagnostic error = emitOpError("expected block ");
      error << name << " of type " << expected << " but got "
            << block.getFunctionType();
      error.attachNote(block.getLoc()) << "block defined here";
      return error;
    }
  }
  // repeat-c3
  if (getTimes() == 0) {
    return success();
  }
  for (auto name : getBlocks().getAsRange<FlatSymbolRefAttr>()) {
    auto block = tables.lookupNearestSymbolFrom<BlockOp>(*this, name);
    if (failed(checkLayers(*this, block, tables))) {
      return failure();
    }
  }
  return success();
}

LogicalResult RepeatOp::canonicalize(RepeatOp op,
                                     mlir::PatternRewriter &rewriter) {
  if (op.getTimes() != 0) {
    return failure();
  }
  rewriter.replaceOp(op, op.getCarried());
  return success();
}

//===----------------------------------------------------------------------===//
// Operations with weights
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  // embedding-c1
  RankedTensorType type = rankedType(getResult());
  if (type.getRank() != 2 || type.getDimSize(0) != tokensOf(getIds())) {
    return emitOpError("expected a result of shape [")
           << tokensOf(getIds()) << ", d] but got " << type;
  }
  return success();
}

LogicalResult EmbeddingOp::verifySymbolUses(SymbolTableCollection &tables) {
  // embedding-c2
  auto table = tables.lookupNearestSymbolFrom<WeightOp>(*this, getTableAttr());
  if (!table) {
    return emitOpError("expected ") << getTableAttr() << " to be a weight";
  }
  int64_t rows = table.getLayerType().getDimSize(0);
  return checkWeight(*this, tables, getTableAttr(),
                     {rows, rankedType(getResult()).getDimSize(1)});
}

LogicalResult RMSNormOp::verify() {
  // rms_norm-c1
  double eps = getEps().convertToDouble();
  if (!std::isfinite(eps) || eps < 0) {
    return emitOpError("expected 'eps' to be finite and not negative");
  }
  if (rankedType(getInput()).getRank() < 2) {
    return emitOpError("expected a token dimension and another one but got ")
           << getInput().getType();
  }
  return success();
}

LogicalResult RMSNormOp::verifySymbolUses(SymbolTableCollection &tables) {
  // rms_norm-c2
  if (!getGainAttr()) {
    return success();
  }
  return checkWeight(*this, tables, getGainAttr(),
                     {rankedType(getInput()).getShape().back()});
}

LogicalResult LinearOp::verify() {
  // linear-c1
  if (getWeights().empty() || getWeights().size() != getNumResults()) {
    return emitOpError("expected one result per weight but got ")
           << getNumResults() << " for " << getWeights().size() << " weights";
  }
  // linear-c2
  RankedTensorType input = rankedType(getInput());
  if (input.getRank() != 2) {
    return emitOpError("expected an input of shape [tokens, inputs] but got ")
           << input;
  }
  for (Value result : getResults()) {
    RankedTensorType type = rankedType(result);
    if (type.getRank() != 2 || type.getDimSize(0) != input.getDimSize(0) ||
        type.getElementType() != input.getElementType()) {
      return emitOpError("expected results of shape [")
             << input.getDimSize(0) << ", outputs] of "
             << input.getElementType() << " but got " << type;
    }
  }
  return success();
}

LogicalResult LinearOp::verifySymbolUses(SymbolTableCollection &tables) {
  // linear-c3
  int64_t inputs = rankedType(getInput()).getDimSize(1);
  for (auto [name, result] :
       llvm::zip(getWeights().getAsRange<FlatSymbolRefAttr>(), getResults())) {
    if (failed(checkWeight(*this, tables, name,
                           {rankedType(result).getDimSize(1), inputs}))) {
      return failure();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

LogicalResult RopeOp::verify() {
  // rope-c1
  if (rankedType(getInput()).getDimSize(2) % 2 != 0) {
    return emitOpError("expected heads of even size but got ")
           << getInput().getType();
  }
  // rope-c2
  double theta = getTheta().convertToDouble();
  if (!std::isfinite(theta) || theta <= 0) {
    return emitOpError("expected 'theta' to be finite and positive");
  }
  return success();
}

/// The factor by which a scaling changes a frequency.
static double stretch(RopeScalingAttr scaling, double frequency) {
  double slow = 1 / scaling.getFactor().convertToDouble();
  if (scaling.getKind() == RopeScalingKind::Linear) {
    return slow;
  }
  // Turns that the pair makes within the original context: few turns are
  // slowed down, many are kept, with a linear blend in between.
  double low = scaling.getLowFreq().convertToDouble();
  double high = scaling.getHighFreq().convertToDouble();
  double turns =
      scaling.getOriginalContext().convertToDouble() * frequency / (2 * M_PI);
  double keep = std::clamp((turns - low) / (high - low), 0.0, 1.0);
  return keep + (1 - keep) * slow;
}

SmallVector<double> RopeOp::getFrequencies() {
  int64_t size = rankedType(getInput()).getDimSize(2);
  double theta = getTheta().convertToDouble();
  RopeScalingAttr scaling = getScalingAttr();
  SmallVector<double> frequencies;
  for (int64_t i = 0; i < size / 2; ++i) {
    double frequency = std::pow(theta, -2.0 * double(i) / double(size));
    if (scaling) {
      frequency *= stretch(scaling, frequency);
    }
    frequencies.push_back(frequency);
  }
  return frequencies;
}

LogicalResult AppendOp::verifySymbolUses(SymbolTableCollection &tables) {
  FailureOr<StateOp> state = checkState(*this, tables, getStateAttr());
  if (failed(state)) {
    return failure();
  }
  // append-c1
  RankedTensorType input = rankedType(getInput());
  if (input.getShape().drop_front() != state->getRow().getShape()) {
    InFlightDiagnostic error = emitOpError("expected rows of shape ");
    error << state->getRow() << " but got " << input;
    error.attachNote(state->getLoc()) << "state defined here";
    return error;
  }
  // append-c2
  if (input.getDimSize(0) > int64_t(state->getCapacity())) {
    return emitOpError("appends ")
           << input.getDimSize(0) << " tokens to a state of "
           << state->getCapacity() << " positions";
  }
  return success();
}

LogicalResult AttentionOp::verify() {
  // attention-c1
  if (!getScale().isFinite()) {
    return emitOpError("expected 'scale' to be finite");
  }
  return success();
}

LogicalResult AttentionOp::verifySymbolUses(SymbolTableCollection &tables) {
  FailureOr<StateOp> keys = checkState(*this, tables, getKeysAttr());
  FailureOr<StateOp> values = checkState(*this, tables, getValuesAttr());
  if (failed(keys) || failed(values)) {
    return failure();
  }
  // attention-c2
  if (keys->getRowType() != values->getRowType() ||
      keys->getSlots() != values->getSlots() ||
      keys->getLayers() != values->getLayers() ||
      keys->getCapacity() != values->getCapacity()) {
    InFlightDiagnostic error =
        emitOpError("expected keys and values of equal shape");
    error.attachNote(keys->getLoc()) << "keys defined here";
    error.attachNote(values->getLoc()) << "values defined here";
    return error;
  }
  RankedTensorType query = rankedType(getQuery());
  RankedTensorType row = keys->getRow();
  if (row.getRank() != 2 || row.getDimSize(1) != query.getDimSize(2) ||
      query.getDimSize(1) % row.getDimSize(0) != 0) {
    InFlightDiagnostic error = emitOpError("expected rows [kvHeads, ");
    error << query.getDimSize(2) << "] with kvHeads dividing "
          << query.getDimSize(1) << " but got " << row;
    error.attachNote(keys->getLoc()) << "keys defined here";
    return error;
  }
  return success();
}

LogicalResult ReshapeOp::verify() {
  // reshape-c1
  RankedTensorType from = rankedType(getInput()), to = rankedType(getResult());
  if (to.getRank() == 0 || from.getRank() == 0 ||
      from.getElementType() != to.getElementType() ||
      from.getDimSize(0) != to.getDimSize(0) ||
      from.getNumElements() != to.getNumElements()) {
    return emitOpError("expected a result with the same elements per token as ")
           << from << " but got " << to;
  }
  return success();
}

mlir::OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType()) {
    return getInput();
  }
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    if (inner.getInput().getType() == getType()) {
      return inner.getInput();
    }
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

LogicalResult ArgmaxOp::verify() {
  // argmax-c1
  RankedTensorType input = rankedType(getInput());
  if (input.getRank() != 2 || input.getDimSize(1) == 0 ||
      tokensOf(getResult()) != input.getDimSize(0)) {
    return emitOpError("expected an input of shape [")
           << tokensOf(getResult()) << ", n] but got " << input;
  }
  return success();
}
