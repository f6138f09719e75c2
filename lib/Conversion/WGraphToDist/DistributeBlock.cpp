// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DistributeBlock.cpp - Rewrite the operations of a block ------------===//
#include "Distributor.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

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
  int64_t row = problem.kvHeads * problem.headDim;
  RankedTensorType stateType;
  SmallVector<int64_t> strides;
  if (isKey) {
    auto rope = op.getInput().getDefiningOp<wgraph::RopeOp>();
    if (!rope) {
      return op.emitError()
             << "keys that are not the result of a rotary embedding cannot be "
                "distributed";
    }
    stateType = type({problem.kvHeads, pairs, 2, problem.context}, stored,
                     {"kv", "pairs", "*", "positions"});
    bool isHalf = rope.getPairing() == wgraph::RopePairing::Half;
    strides = {problem.headDim, isHalf ? 1 : 2, isHalf ? pairs : 1, row};
  } else {
    stateType = type({problem.context, problem.kvHeads, pairs, 2}, stored,
                     {"positions", "kv", "pairs", "*"});
    strides = {row, problem.headDim, 2, 1};
  }
  AppendOp::create(builder, input,
                   makeTensor(dist::TensorKind::State, op.getState(), stateType,
                              op.getState(), strides));
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
    FlatSymbolRefAttr factors = makeTensor(
        dist::TensorKind::Factor, (op.getKeys() + "_factors").str(),
        type({problem.kvHeads, problem.context}, f32, {"kv", "positions"}),
        op.getKeys(), {problem.headDim, problem.kvHeads * problem.headDim});
    full = HeadNormScoresOp::create(
        builder, full, reduced.getResult(1), reduced.getResult(2),
        factors.getValue(), problem.headDim, APFloat(queryNorm->second.eps));
  }
  RankedTensorType perHead = type({problem.kvHeads, group}, f32, {"kv", "*"});
  RankedTensorType perHeadPartial =
      type({problem.kvHeads, group}, f32, {"kv", "*"}, Partial::Rows);
  // With binary16 values the sums may be of another scale in each row; else
  // all rows agree on the greatest score first.
  mlir::Value weights, scale, sum;
  if (stored.isF16()) {
    auto softmax = LocalSoftmaxOp::create(builder, full.getType(), perHead,
                                          perHeadPartial, full);
    weights = softmax.getWeights();
    scale = softmax.getScale();
    sum = softmax.getSum();
  } else {
    mlir::Value localMax =
        MaxPositionsOp::create(builder, perHeadPartial, full);
    mlir::Value maximum =
        AllReduceOp::create(builder, TypeRange{perHead}, Combine::Max,
                            Algorithm::Chain, ValueRange{localMax})
            .getResult(0);
    auto softmax = SoftmaxWeightsOp::create(builder, full.getType(),
                                            perHeadPartial, full, maximum);
    weights = softmax.getWeights();
    sum = softmax.getSum();
  }
  auto outputType =
      RankedTensorType::get(queryType.getShape(), f32,
                            layout({"kv", "*", "pairs", "*"}, Partial::Rows));
  mlir::Value output = WeightedValuesOp::create(builder, outputType, weights,
                                                op.getValuesAttr(), scale);
  auto sums = AllReduceOp::create(
      builder,
      TypeRange{withLayout(outputType, layout({"kv", "*", "pairs", "*"})),
                perHead},
      Combine::Sum, Algorithm::Chain, ValueRange{output, sum});
  if (scale) {
    KeepReferenceOp::create(builder, sums.getResult(1));
  }
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
