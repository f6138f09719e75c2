// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Distribute.cpp - Rewrite a model as stages -------------------------===//
//
// Phases:
//   1. slicings: one symbol for each dimension that is cut
//   2. the loop and embed stages
//   3. the layer body, once a stage, by walking the block's operations in order
//   4. the head stage, then the transfers
//
// Values of the model map to distributed values. Two kinds of operation are not
// rewritten where they stand: a norm in front of a linear (its statistics ride
// in the linear's reduction) and a norm over the elements of a head (its factor
// is applied to the scores); both are kept in a table until their user comes.
//
// Invariant after each operation: a distributed value is not partial, is cut
// over rows if it is a hidden state and over columns if it is anything inside a
// block.
//
//===----------------------------------------------------------------------===//
#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/Dist/Dist.h"
#include "wafer/WGraph/WGraph.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

namespace {

/// What a linear's result becomes.
enum class HeadUse { None, Query, Key, Value };

/// A norm whose factor is applied later.
struct DeferredNorm {
  mlir::Value input; // in the model
  double eps = 0;
};

class Distributor {
public:
  Distributor(wgraph::ModelOp model, const PartitionProblem &problem,
              const PartitionPlan &plan)
      : model(model), problem(problem), plan(plan), symbols(model),
        builder(model.getLoc(), model.getContext()) {
    builder.setInsertionPointAfter(model);
  }

  LogicalResult run();

private:
  // Types and symbols.
  LayoutAttr layout(ArrayRef<StringRef> dims, Partial partial = Partial::None,
                    StringRef group = {});
  RankedTensorType type(ArrayRef<int64_t> shape, Type element,
                        ArrayRef<StringRef> dims,
                        Partial partial = Partial::None, StringRef group = {});
  void makeSlicing(StringRef name, LineAxis axis, const Slicing &slicing);
  void makeSlicings();
  FlatSymbolRefAttr makeWeight(StringRef name, RankedTensorType tensorType,
                               StringRef weight, ArrayRef<int64_t> strides);
  FlatSymbolRefAttr makeState(StringRef name, RankedTensorType tensorType);
  FailureOr<wgraph::WeightOp> weightOf(Operation *op, FlatSymbolRefAttr symbol);
  RankedTensorType positionsType(Type element);

  // Stages.
  StageOp makeStage(const StageRect &rect, StageKind kind, Type argument);
  LogicalResult makeEmbed(wgraph::EntryOp entry);
  LogicalResult makeLayers(wgraph::BlockOp block);
  LogicalResult makeHead(wgraph::EntryOp entry);

  // Operations.
  LogicalResult convert(Operation &op);
  LogicalResult convertLinear(wgraph::LinearOp op);
  LogicalResult convertNorm(wgraph::RMSNormOp op);
  LogicalResult convertRope(wgraph::RopeOp op);
  LogicalResult convertAppend(wgraph::AppendOp op);
  LogicalResult convertAttention(wgraph::AttentionOp op);
  LogicalResult convertMul(wgraph::MulOp op);
  HeadUse classify(mlir::Value result);
  FailureOr<wgraph::RopePairing> pairingOf(mlir::Value result);
  mlir::Value castTo(mlir::Value value, Type element);

  wgraph::ModelOp model;
  const PartitionProblem &problem;
  const PartitionPlan &plan;
  SymbolTable symbols;
  ImplicitLocOpBuilder builder;
  /// Values of the model and what became of them.
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  llvm::DenseMap<mlir::Value, DeferredNorm> norms;
  /// Norms over head elements: distributed value -> sums of squares, eps.
  struct HeadNorm {
    mlir::Value sums;
    double eps = 0;
  };
  llvm::DenseMap<mlir::Value, HeadNorm> headNorms;
  /// The key of the current position, by the state that it was appended to.
  llvm::DenseMap<Attribute, mlir::Value> appendedKeys;
  llvm::StringSet<> made;
  Type stored; // element type of weights, activations and cache
};

} // namespace

//===----------------------------------------------------------------------===//
// Types and symbols
//===----------------------------------------------------------------------===//

LayoutAttr Distributor::layout(ArrayRef<StringRef> dims, Partial partial,
                               StringRef group) {
  SmallVector<Attribute> attributes;
  for (StringRef dim : dims) {
    if (dim == "*") {
      attributes.push_back(builder.getUnitAttr());
    } else {
      attributes.push_back(FlatSymbolRefAttr::get(builder.getContext(), dim));
    }
  }
  FlatSymbolRefAttr symbol;
  if (!group.empty()) {
    symbol = FlatSymbolRefAttr::get(builder.getContext(), group);
  }
  return LayoutAttr::get(builder.getContext(), attributes, partial, symbol);
}

RankedTensorType Distributor::type(ArrayRef<int64_t> shape, Type element,
                                   ArrayRef<StringRef> dims, Partial partial,
                                   StringRef group) {
  return RankedTensorType::get(shape, element, layout(dims, partial, group));
}

void Distributor::makeSlicing(StringRef name, LineAxis axis,
                              const Slicing &slicing) {
  SmallVector<int64_t> runs;
  for (const SliceRun &run : slicing.runs) {
    runs.append({run.count, run.begin, run.end, run.step});
  }
  SlicingOp::create(builder, name, axis, slicing.size, slicing.lines(), runs,
                    /*cyclic=*/false);
}

void Distributor::makeSlicings() {
  int64_t width = plan.chosen.width, height = plan.chosen.height;
  HeadSlicing heads = sliceHeads(problem.kvHeads, problem.headDim / 2, width);
  makeSlicing("d", LineAxis::Rows, sliceEvenly(problem.dim, height));
  makeSlicing("kv", LineAxis::Columns, heads.heads);
  makeSlicing("pairs", LineAxis::Columns, heads.pairs);
  makeSlicing("f", LineAxis::Columns, sliceEvenly(problem.ffn, width));
  makeSlicing("vocab_in", LineAxis::Columns,
              sliceEvenly(problem.vocab, plan.embed.rect.w));
  makeSlicing("vocab_out", LineAxis::Columns,
              sliceEvenly(problem.vocab, plan.head.rect.w));
  SlicingOp::create(builder, "positions", LineAxis::Rows, problem.context,
                    height, ArrayRef<int64_t>(), /*cyclic=*/true);
}

FlatSymbolRefAttr Distributor::makeWeight(StringRef name,
                                          RankedTensorType tensorType,
                                          StringRef weight,
                                          ArrayRef<int64_t> strides) {
  if (made.insert(name).second) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfter(model);
    auto source = SymbolRefAttr::get(
        builder.getContext(), model.getSymName(),
        {FlatSymbolRefAttr::get(builder.getContext(), weight)});
    TensorOp::create(builder, name, dist::TensorKind::Weight, tensorType,
                     source, strides, 0, DenseF64ArrayAttr());
  }
  return FlatSymbolRefAttr::get(builder.getContext(), name);
}

FlatSymbolRefAttr Distributor::makeState(StringRef name,
                                         RankedTensorType tensorType) {
  if (made.insert(name).second) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfter(model);
    TensorOp::create(builder, name, dist::TensorKind::State, tensorType,
                     SymbolRefAttr(), ArrayRef<int64_t>(), 0,
                     DenseF64ArrayAttr());
  }
  return FlatSymbolRefAttr::get(builder.getContext(), name);
}

FailureOr<wgraph::WeightOp> Distributor::weightOf(Operation *op,
                                                  FlatSymbolRefAttr symbol) {
  auto weight = symbols.lookup<wgraph::WeightOp>(symbol.getAttr());
  if (!weight) {
    op->emitError() << "no weight '" << symbol.getValue() << "' in the model";
    return failure();
  }
  Type element = weight.getLayerType().getElementType();
  if (!element.isF16() && !element.isF32()) {
    op->emitError() << "weight '" << symbol.getValue() << "' has element type "
                    << element
                    << ", which the cores cannot multiply; expected f16 or f32";
    return failure();
  }
  return weight;
}

RankedTensorType Distributor::positionsType(Type element) {
  return type(
      {problem.kvHeads, problem.heads / problem.kvHeads, problem.context},
      element, {"kv", "*", "positions"});
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

StageOp Distributor::makeStage(const StageRect &rect, StageKind kind,
                               Type argument) {
  auto stage = StageOp::create(
      builder, rect.name, kind,
      ArrayRef<int64_t>{rect.rect.x, rect.rect.y, rect.rect.w, rect.rect.h},
      /*wafer=*/0, rect.firstLayer, rect.numLayers);
  Block &block = stage.getBody().emplaceBlock();
  if (argument) {
    block.addArgument(argument, builder.getLoc());
  }
  return stage;
}

LogicalResult Distributor::makeEmbed(wgraph::EntryOp entry) {
  auto embeddings = entry.getBody().getOps<wgraph::EmbeddingOp>();
  if (!llvm::hasSingleElement(embeddings)) {
    return entry.emitError() << "expected exactly one embedding in the entry";
  }
  wgraph::EmbeddingOp embedding = *embeddings.begin();
  FailureOr<wgraph::WeightOp> table =
      weightOf(embedding, embedding.getTableAttr());
  if (failed(table)) {
    return failure();
  }
  stored = table->getLayerType().getElementType();
  Type token = type({1}, builder.getI32Type(), {"*"});
  StageOp stage = makeStage(plan.embed, StageKind::Embed, token);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&stage.getBody().front());
  FlatSymbolRefAttr tensor =
      makeWeight("embed_table",
                 type({problem.vocab, problem.dim}, stored, {"vocab_in", "d"}),
                 embedding.getTable(), {problem.dim, 1});
  mlir::Value x = EmbedLookupOp::create(
      builder, type({problem.dim}, builder.getF32Type(), {"d"}),
      stage.getBody().getArgument(0), tensor);
  YieldOp::create(builder, x);
  return success();
}

LogicalResult Distributor::makeLayers(wgraph::BlockOp block) {
  for (const StageRect &rect : plan.layers) {
    StageOp stage = makeStage(rect, StageKind::Layers,
                              type({problem.dim}, builder.getF32Type(), {"d"}));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&stage.getBody().front());
    values.clear();
    norms.clear();
    headNorms.clear();
    appendedKeys.clear();
    values[block.getBody().getArgument(0)] = stage.getBody().getArgument(0);
    for (Operation &op : block.getBody().front()) {
      if (failed(convert(op))) {
        return failure();
      }
    }
  }
  return success();
}

LogicalResult Distributor::makeHead(wgraph::EntryOp entry) {
  auto repeat = *entry.getBody().getOps<wgraph::RepeatOp>().begin();
  StageOp stage = makeStage(plan.head, StageKind::Head,
                            type({problem.dim}, builder.getF32Type(), {"d"}));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&stage.getBody().front());
  values.clear();
  norms.clear();
  values[repeat.getResult(0)] = stage.getBody().getArgument(0);
  for (Operation &op : llvm::make_range(std::next(repeat->getIterator()),
                                        entry.getBody().front().end())) {
    if (auto linear = dyn_cast<wgraph::LinearOp>(op)) {
      if (failed(convertLinear(linear))) {
        return failure();
      }
    } else if (auto norm = dyn_cast<wgraph::RMSNormOp>(op)) {
      if (failed(convertNorm(norm))) {
        return failure();
      }
    } else if (auto argmax = dyn_cast<wgraph::ArgmaxOp>(op)) {
      mlir::Value token =
          ArgMaxOp::create(builder, type({1}, builder.getI32Type(), {"*"}),
                           values.lookup(argmax.getInput()));
      YieldOp::create(builder, token);
    } else if (!isa<wgraph::YieldOp>(op)) {
      return op.emitError()
             << "'" << op.getName() << "' cannot be distributed in the head";
    }
  }
  if (stage.getBody().front().empty() ||
      !isa<YieldOp>(stage.getBody().front().back())) {
    return entry.emitError() << "expected an argmax in the entry";
  }
  return success();
}

LogicalResult Distributor::run() {
  auto entries = model.getBody().getOps<wgraph::EntryOp>();
  if (!llvm::hasSingleElement(entries)) {
    return model.emitError() << "expected exactly one entry in the model";
  }
  wgraph::EntryOp entry = *entries.begin();
  auto repeats = entry.getBody().getOps<wgraph::RepeatOp>();
  if (!llvm::hasSingleElement(repeats) ||
      (*repeats.begin()).getBlocks().size() != 1) {
    return entry.emitError()
           << "expected exactly one repeat of one block in the entry";
  }
  wgraph::RepeatOp repeat = *repeats.begin();
  if (repeat.getTimes() != uint64_t(problem.layers) ||
      repeat.getCarried().size() != 1) {
    return repeat.emitError() << "expected a repeat of " << problem.layers
                              << " layers with one carried value";
  }
  auto carried = cast<RankedTensorType>(repeat.getCarried()[0].getType());
  if (carried.getRank() != 2 || carried.getDimSize(0) != 1) {
    return repeat.emitError()
           << "one token a pass can be distributed but got " << carried;
  }
  auto block = symbols.lookup<wgraph::BlockOp>(
      cast<FlatSymbolRefAttr>(repeat.getBlocks()[0]).getAttr());
  makeSlicings();
  makeStage(plan.loop, StageKind::Loop, Type());
  {
    // The loop's body is empty but for its terminator.
    OpBuilder::InsertionGuard guard(builder);
    auto loop = cast<StageOp>(*std::prev(builder.getInsertionPoint()));
    builder.setInsertionPointToEnd(&loop.getBody().front());
    YieldOp::create(builder, ValueRange());
  }
  if (failed(makeEmbed(entry)) || failed(makeLayers(block)) ||
      failed(makeHead(entry))) {
    return failure();
  }
  int64_t words = (problem.dim + plan.chosen.height - 1) / plan.chosen.height;
  std::string previous = plan.embed.name;
  for (const StageRect &rect : plan.layers) {
    TransferOp::create(builder, previous, rect.name, words);
    previous = rect.name;
  }
  TransferOp::create(builder, previous, plan.head.name, words);
  // Steps are gone into the stages; the model keeps its weights.
  entry.erase();
  block.erase();
  for (auto state :
       llvm::make_early_inc_range(model.getBody().getOps<wgraph::StateOp>())) {
    state.erase();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Operations of a block
//===----------------------------------------------------------------------===//

LogicalResult Distributor::convert(Operation &op) {
  if (auto linear = dyn_cast<wgraph::LinearOp>(op)) {
    return convertLinear(linear);
  }
  if (auto norm = dyn_cast<wgraph::RMSNormOp>(op)) {
    return convertNorm(norm);
  }
  if (auto rope = dyn_cast<wgraph::RopeOp>(op)) {
    return convertRope(rope);
  }
  if (auto append = dyn_cast<wgraph::AppendOp>(op)) {
    return convertAppend(append);
  }
  if (auto attention = dyn_cast<wgraph::AttentionOp>(op)) {
    return convertAttention(attention);
  }
  if (auto mul = dyn_cast<wgraph::MulOp>(op)) {
    return convertMul(mul);
  }
  if (auto activation = dyn_cast<wgraph::ActivationOp>(op)) {
    return success(); // taken by the product that it gates
  }
  if (auto reshape = dyn_cast<wgraph::ReshapeOp>(op)) {
    // Heads are dimensions of the distributed value from the start.
    values[reshape.getResult()] = values.lookup(reshape.getInput());
    return success();
  }
  if (auto add = dyn_cast<wgraph::AddOp>(op)) {
    mlir::Value lhs = values.lookup(add.getLhs()),
                rhs = values.lookup(add.getRhs());
    if (!lhs || !rhs || lhs.getType() != rhs.getType()) {
      return op.emitError() << "the operands are not distributed alike";
    }
    values[add.getResult()] = AddOp::create(builder, lhs, rhs);
    return success();
  }
  if (auto yield = dyn_cast<wgraph::YieldOp>(op)) {
    YieldOp::create(builder, values.lookup(yield.getOperand(0)));
    return success();
  }
  return op.emitError() << "'" << op.getName() << "' cannot be distributed";
}

LogicalResult Distributor::convertNorm(wgraph::RMSNormOp op) {
  double eps = op.getEps().convertToDouble();
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  if (inputType.getRank() == 2) {
    if (op.getGain()) {
      return op.emitError() << "the gain of a norm in front of a linear must "
                               "be folded into its weights";
    }
    norms[op.getResult()] = {op.getInput(), eps};
    return success();
  }
  // A norm over the elements of a head.
  mlir::Value input = values.lookup(op.getInput());
  auto valueType = cast<RankedTensorType>(input.getType());
  LayoutAttr valueLayout = getLayout(valueType);
  SmallVector<int64_t> shape(valueType.getShape().drop_back(2));
  SmallVector<Attribute> dims(valueLayout.getDims().drop_back(2));
  auto group = FlatSymbolRefAttr::get(builder.getContext(), "kv");
  auto sumsType = RankedTensorType::get(
      shape, builder.getF32Type(),
      LayoutAttr::get(builder.getContext(), dims, Partial::Group, group));
  mlir::Value sums = HeadSumSquaresOp::create(builder, sumsType, input);
  mlir::Value scaled = input;
  if (op.getGain()) {
    FailureOr<wgraph::RopePairing> pairing = pairingOf(op.getResult());
    FailureOr<wgraph::WeightOp> gain = failure();
    if (auto weight =
            symbols.lookup<wgraph::WeightOp>(op.getGainAttr().getAttr())) {
      gain = weight;
    }
    if (failed(pairing) || failed(gain)) {
      return failure();
    }
    int64_t pairs = problem.headDim / 2;
    SmallVector<int64_t> strides = *pairing == wgraph::RopePairing::Half
                                       ? SmallVector<int64_t>{1, pairs}
                                       : SmallVector<int64_t>{2, 1};
    FlatSymbolRefAttr tensor = makeWeight(
        *op.getGain(), type({pairs, 2}, builder.getF32Type(), {"pairs", "*"}),
        *op.getGain(), strides);
    scaled = ScaleByOp::create(builder, input, tensor);
  }
  headNorms[scaled] = {sums, eps};
  values[op.getResult()] = scaled;
  return success();
}

/// Follows a head value to the operation that says what it is.
HeadUse Distributor::classify(mlir::Value result) {
  SmallVector<mlir::Value> worklist = {result};
  while (!worklist.empty()) {
    mlir::Value value = worklist.pop_back_val();
    for (Operation *user : value.getUsers()) {
      if (auto append = dyn_cast<wgraph::AppendOp>(user)) {
        for (auto attention : user->getBlock()->getOps<wgraph::AttentionOp>()) {
          if (attention.getKeysAttr() == append.getStateAttr()) {
            return HeadUse::Key;
          }
          if (attention.getValuesAttr() == append.getStateAttr()) {
            return HeadUse::Value;
          }
        }
      } else if (isa<wgraph::AttentionOp>(user)) {
        return HeadUse::Query;
      } else if (isa<wgraph::ReshapeOp, wgraph::RopeOp>(user) ||
                 (isa<wgraph::RMSNormOp>(user) &&
                  cast<RankedTensorType>(user->getOperand(0).getType())
                          .getRank() == 3)) {
        worklist.push_back(user->getResult(0));
      }
    }
  }
  return HeadUse::None;
}

/// How the rotary embedding behind a query or key pairs its elements.
FailureOr<wgraph::RopePairing> Distributor::pairingOf(mlir::Value result) {
  SmallVector<mlir::Value> worklist = {result};
  while (!worklist.empty()) {
    mlir::Value value = worklist.pop_back_val();
    for (Operation *user : value.getUsers()) {
      if (auto rope = dyn_cast<wgraph::RopeOp>(user)) {
        return rope.getPairing();
      }
      if (isa<wgraph::ReshapeOp, wgraph::RMSNormOp>(user)) {
        worklist.push_back(user->getResult(0));
      }
    }
  }
  emitError(result.getLoc())
      << "queries and keys without rotary embedding cannot be distributed";
  return failure();
}

mlir::Value Distributor::castTo(mlir::Value value, Type element) {
  auto from = cast<RankedTensorType>(value.getType());
  if (from.getElementType() == element) {
    return value;
  }
  auto to = RankedTensorType::get(from.getShape(), element, from.getEncoding());
  return CastOp::create(builder, to, value);
}

LogicalResult Distributor::convertLinear(wgraph::LinearOp op) {
  bool normed = norms.count(op.getInput());
  mlir::Value input =
      values.lookup(normed ? norms[op.getInput()].input : op.getInput());
  if (!input) {
    return op.emitError() << "the input is not distributed";
  }
  auto inputType = cast<RankedTensorType>(input.getType());
  LayoutAttr inputLayout = getLayout(inputType);
  bool fromRows = getSlicing(inputLayout, 0).getValue() == "d";
  Partial partial = fromRows ? Partial::Rows : Partial::Columns;
  int64_t group = problem.heads / problem.kvHeads, pairs = problem.headDim / 2;
  int64_t inputs =
      cast<RankedTensorType>(op.getInput().getType()).getDimSize(1);

  // The strides of the weight's columns, by the dimensions of the input.
  SmallVector<int64_t> inputStrides;
  int64_t stride = 1;
  for (int64_t size : llvm::reverse(inputType.getShape())) {
    inputStrides.insert(inputStrides.begin(), stride);
    stride *= size;
  }

  SmallVector<Attribute> weights;
  SmallVector<Type> resultTypes;
  Type element;
  for (auto [attribute, result] : llvm::zip(op.getWeights(), op.getResults())) {
    auto symbol = cast<FlatSymbolRefAttr>(attribute);
    FailureOr<wgraph::WeightOp> weight = weightOf(op, symbol);
    if (failed(weight)) {
      return failure();
    }
    element = weight->getLayerType().getElementType();
    int64_t outputs = weight->getLayerType().getDimSize(0);
    SmallVector<int64_t> shape;
    SmallVector<StringRef> dims;
    SmallVector<int64_t> strides;
    HeadUse use = fromRows ? classify(result) : HeadUse::None;
    if (use != HeadUse::None) {
      // Outputs are [kv head, query, pair, 2]; rows of the weight follow the
      // pairing of the rotary embedding. Values keep neighbours together.
      auto pairing = wgraph::RopePairing::Interleaved;
      if (use != HeadUse::Value) {
        FailureOr<wgraph::RopePairing> found = pairingOf(result);
        if (failed(found)) {
          return failure();
        }
        pairing = *found;
      }
      int64_t pairStride = pairing == wgraph::RopePairing::Half ? 1 : 2;
      int64_t elementStride = pairing == wgraph::RopePairing::Half ? pairs : 1;
      if (use == HeadUse::Query) {
        shape = {problem.kvHeads, group, pairs, 2};
        dims = {"kv", "*", "pairs", "*"};
        strides = {group * problem.headDim, problem.headDim, pairStride,
                   elementStride};
      } else {
        shape = {problem.kvHeads, pairs, 2};
        dims = {"kv", "pairs", "*"};
        strides = {problem.headDim, pairStride, elementStride};
      }
    } else if (!fromRows) {
      shape = {outputs};
      dims = {"d"};
      strides = {1};
      if (outputs != problem.dim) {
        return op.emitError()
               << "a linear that reads columns must give the hidden size "
               << problem.dim << " but gives " << outputs;
      }
    } else if (outputs == problem.ffn || outputs == problem.vocab) {
      bool head = isa<wgraph::EntryOp>(op->getParentOp());
      if (outputs != (head ? problem.vocab : problem.ffn)) {
        return op.emitError()
               << "a linear of " << outputs << " outputs has no slicing here";
      }
      shape = {outputs};
      dims = {head ? "vocab_out" : "f"};
      strides = {1};
    } else {
      return op.emitError()
             << "a linear of " << outputs << " outputs has no slicing";
    }
    for (int64_t &s : strides) {
      s *= inputs;
    }
    SmallVector<int64_t> tensorShape(inputType.getShape());
    tensorShape.append(shape);
    SmallVector<Attribute> tensorDims(inputLayout.getDims());
    LayoutAttr outLayout = layout(dims, partial);
    llvm::append_range(tensorDims, outLayout.getDims());
    SmallVector<int64_t> tensorStrides = inputStrides;
    tensorStrides.append(strides);
    auto tensorType = RankedTensorType::get(
        tensorShape, element,
        LayoutAttr::get(builder.getContext(), tensorDims, Partial::None,
                        FlatSymbolRefAttr()));
    weights.push_back(makeWeight(("w_" + symbol.getValue()).str(), tensorType,
                                 symbol.getValue(), tensorStrides));
    resultTypes.push_back(
        RankedTensorType::get(shape, builder.getF32Type(), outLayout));
  }

  SmallVector<mlir::Value> partials;
  mlir::Value squares;
  if (normed) {
    if (!fromRows) {
      return op.emitError() << "a norm over a value that is cut over columns "
                               "cannot be distributed";
    }
    squares = SumSquaresOp::create(
        builder, type({1}, builder.getF32Type(), {"*"}, partial), input);
  }
  auto product = MatVecOp::create(builder, resultTypes, castTo(input, element),
                                  builder.getArrayAttr(weights));
  llvm::append_range(partials, product.getResults());
  if (squares) {
    partials.push_back(squares);
  }
  SmallVector<Type> reducedTypes;
  for (mlir::Value value : partials) {
    auto t = cast<RankedTensorType>(value.getType());
    reducedTypes.push_back(withLayout(t, withoutPartial(getLayout(t))));
  }
  auto reduced = AllReduceOp::create(builder, reducedTypes, Combine::Sum,
                                     Algorithm::Chain, partials);
  SmallVector<mlir::Value> results(
      reduced.getResults().take_front(op.getNumResults()));
  if (normed) {
    auto scaled =
        RmsScaleOp::create(builder, results, reduced.getResults().back(),
                           problem.dim, APFloat(norms[op.getInput()].eps));
    results.assign(scaled.getResults().begin(), scaled.getResults().end());
  }
  for (auto [from, to] : llvm::zip(op.getResults(), results)) {
    values[from] = to;
  }
  return success();
}

LogicalResult Distributor::convertRope(wgraph::RopeOp op) {
  mlir::Value input = values.lookup(op.getInput());
  auto rope =
      dist::RopeOp::create(builder, ValueRange{input}, op.getFrequencies());
  mlir::Value result = rope.getResult(0);
  // A rotation keeps the sum of squares.
  if (auto it = headNorms.find(input); it != headNorms.end()) {
    headNorms[result] = it->second;
  }
  values[op.getResult()] = result;
  return success();
}

LogicalResult Distributor::convertAppend(wgraph::AppendOp op) {
  mlir::Value input = values.lookup(op.getInput());
  bool isKey = classify(op.getInput()) == HeadUse::Key;
  int64_t pairs = problem.headDim / 2;
  RankedTensorType stateType =
      isKey ? type({problem.kvHeads, pairs, 2, problem.context}, stored,
                   {"kv", "pairs", "*", "positions"})
            : type({problem.context, problem.kvHeads, pairs, 2}, stored,
                   {"positions", "kv", "pairs", "*"});
  AppendOp::create(builder, input, makeState(op.getState(), stateType));
  if (isKey) {
    appendedKeys[op.getStateAttr()] = input;
  }
  return success();
}

LogicalResult Distributor::convertAttention(wgraph::AttentionOp op) {
  mlir::Value query = values.lookup(op.getQuery());
  auto queryType = cast<RankedTensorType>(query.getType());
  Type f32 = builder.getF32Type();
  int64_t group = problem.heads / problem.kvHeads;
  mlir::Value key = appendedKeys.lookup(op.getKeysAttr());
  if (!key) {
    return op.emitError()
           << "expected an append to the keys in front of the attention";
  }
  RankedTensorType scoresType = positionsType(f32);
  auto partialScores = RankedTensorType::get(
      scoresType.getShape(), f32,
      layout({"kv", "*", "positions"}, Partial::Group, "kv"));
  mlir::Value scores =
      ScoresOp::create(builder, partialScores, castTo(query, stored),
                       op.getKeys(), op.getScale());

  SmallVector<mlir::Value> partials = {scores};
  auto queryNorm = headNorms.find(query);
  auto keyNorm = headNorms.find(key);
  bool normed = queryNorm != headNorms.end();
  if (normed != (keyNorm != headNorms.end())) {
    return op.emitError()
           << "a norm over heads must be on queries and keys or on neither";
  }
  if (normed) {
    partials.push_back(queryNorm->second.sums);
    partials.push_back(keyNorm->second.sums);
  }
  SmallVector<Type> reducedTypes;
  for (mlir::Value value : partials) {
    auto t = cast<RankedTensorType>(value.getType());
    reducedTypes.push_back(withLayout(t, withoutPartial(getLayout(t))));
  }
  auto reduced = AllReduceOp::create(builder, reducedTypes, Combine::Sum,
                                     Algorithm::Chain, partials);
  mlir::Value full = reduced.getResult(0);
  if (normed) {
    FlatSymbolRefAttr factors = makeState(
        (op.getKeys() + "_factors").str(),
        type({problem.kvHeads, problem.context}, f32, {"kv", "positions"}));
    full = HeadNormScoresOp::create(
        builder, full, reduced.getResult(1), reduced.getResult(2),
        factors.getValue(), problem.headDim, APFloat(queryNorm->second.eps));
  }
  RankedTensorType perHead = type({problem.kvHeads, group}, f32, {"kv", "*"});
  RankedTensorType perHeadPartial =
      type({problem.kvHeads, group}, f32, {"kv", "*"}, Partial::Rows);
  mlir::Value localMax = MaxPositionsOp::create(builder, perHeadPartial, full);
  mlir::Value maximum =
      AllReduceOp::create(builder, TypeRange{perHead}, Combine::Max,
                          Algorithm::Chain, ValueRange{localMax})
          .getResult(0);
  auto softmax = SoftmaxWeightsOp::create(builder, full.getType(),
                                          perHeadPartial, full, maximum);
  auto outputType =
      RankedTensorType::get(queryType.getShape(), f32,
                            layout({"kv", "*", "pairs", "*"}, Partial::Rows));
  mlir::Value output = WeightedValuesOp::create(
      builder, outputType, softmax.getWeights(), op.getValuesAttr());
  auto sums = AllReduceOp::create(
      builder,
      TypeRange{withLayout(outputType, layout({"kv", "*", "pairs", "*"})),
                perHead},
      Combine::Sum, Algorithm::Chain, ValueRange{output, softmax.getSum()});
  values[op.getResult()] =
      DivideHeadsOp::create(builder, sums.getResult(0), sums.getResult(1));
  return success();
}

LogicalResult Distributor::convertMul(wgraph::MulOp op) {
  for (auto [gate, up] : {std::pair(op.getLhs(), op.getRhs()),
                          std::pair(op.getRhs(), op.getLhs())}) {
    auto activation = gate.getDefiningOp<wgraph::ActivationOp>();
    if (!activation) {
      continue;
    }
    if (activation.getKind() != wgraph::ActivationKind::Silu) {
      return activation.emitError()
             << "activation '"
             << wgraph::stringifyActivationKind(activation.getKind())
             << "' cannot be distributed; expected silu";
    }
    values[op.getResult()] = SiluMulOp::create(
        builder, values.lookup(activation.getInput()), values.lookup(up));
    return success();
  }
  return op.emitError()
         << "a product without an activation cannot be distributed";
}

LogicalResult wafer::distributeModel(wgraph::ModelOp model,
                                     const PartitionProblem &problem,
                                     const PartitionPlan &plan) {
  return Distributor(model, problem, plan).run();
}
