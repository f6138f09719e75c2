// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageLowering.cpp - Buffers and small operations -------------------===//
#include "StageLowering.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

StageLowering::StageLowering(Code &code, wpe::RoleOp role, SymbolTable &symbols,
                             StageOp stage, int64_t maxLayers,
                             const Machine &machine,
                             const ParameterSet &parameters, bool halfSums,
                             int64_t requests, int64_t tokens, bool evenLayers)
    : code(code), role(role), symbols(symbols), stage(stage),
      maxLayers(maxLayers), evenLayers(evenLayers), requests(requests),
      tokens(tokens), machine(machine), parameters(parameters),
      lanes(std::max({machine.lanesOf("fadds"), machine.lanesOf("faddhs"),
                      machine.lanesOf("fmaxs")})) {
  for (MatVecOp product : stage.getBody().getOps<MatVecOp>()) {
    auto type = cast<RankedTensorType>(product.getInput().getType());
    usesHalf |= type.getElementType().isF16();
  }
  if (usesHalf) {
    products = halfSums ? ProductTypes::Mixed : ProductTypes::Exact;
  }
  for (ScoresOp scores : stage.getBody().getOps<ScoresOp>()) {
    attention = true;
    LayoutAttr layout = getLayout(scores.getResult().getType());
    auto type = cast<RankedTensorType>(scores.getResult().getType());
    heads = slicing(layout, 0).getMaxWidth();
    group_ = type.getDimSize(1);
    slots = slicing(layout, 2).getMaxWidth();
    auto query = cast<RankedTensorType>(scores.getQuery().getType());
    pairs = slicing(getLayout(query), 2).getMaxWidth();
    int64_t context = type.getDimSize(2);
    ropeLow = ropeLowSize(context);
    ropeHigh = (context + ropeLow - 1) / ropeLow;
  }
  for (RopeOp rope : stage.getBody().getOps<RopeOp>()) {
    frequencies.assign(rope.getFrequencies().begin(),
                       rope.getFrequencies().end());
  }
}

//===----------------------------------------------------------------------===//
// Local blocks
//===----------------------------------------------------------------------===//

SlicingOp StageLowering::slicing(LayoutAttr layout, unsigned dim) {
  FlatSymbolRefAttr symbol = getSlicing(layout, dim);
  return symbol ? symbols.lookup<SlicingOp>(symbol.getAttr()) : SlicingOp();
}

SmallVector<int64_t> StageLowering::localShape(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  LayoutAttr layout = getLayout(tensor);
  SmallVector<int64_t> shape;
  for (unsigned dim = 0; dim < tensor.getRank(); ++dim) {
    SlicingOp cut = slicing(layout, dim);
    shape.push_back(cut ? cut.getMaxWidth() : tensor.getDimSize(dim));
  }
  return shape;
}

int64_t StageLowering::localCount(Type type) {
  int64_t count = 1;
  for (int64_t n : localShape(type)) {
    count *= n;
  }
  return count;
}

SmallVector<int64_t> StageLowering::localStrides(Type type, int64_t innermost) {
  SmallVector<int64_t> shape = localShape(type);
  LayoutAttr layout = getLayout(type);
  SmallVector<unsigned> order;
  for (unsigned dim = 0; dim < shape.size(); ++dim) {
    order.push_back(dim);
  }
  for (unsigned dim = 0; dim + 1 < shape.size(); ++dim) {
    FlatSymbolRefAttr symbol = getSlicing(layout, dim);
    if (symbol && symbol.getValue() == "pairs" &&
        !getSlicing(layout, dim + 1)) {
      std::swap(order[dim], order[dim + 1]);
    }
  }
  SmallVector<int64_t> strides(shape.size());
  int64_t stride = innermost;
  for (unsigned dim : llvm::reverse(order)) {
    strides[dim] = stride;
    stride *= shape[dim];
  }
  return strides;
}

View StageLowering::makeBuffer(StringRef name, Type element, int64_t count,
                               wpe::BufferKind kind) {
  OpBuilder::InsertionGuard guard(code.builder);
  // Weights go behind all others, so that what a step writes lies together.
  if (kind == wpe::BufferKind::Weights) {
    auto tasks = role.getBody().getOps<wpe::TaskOp>();
    code.builder.setInsertionPoint(*tasks.begin());
  } else {
    code.builder.setInsertionPointToStart(&role.getBody().front());
  }
  wpe::BufferOp::create(code.builder, name, count, element, kind);
  return {{name.str(), element, 0, {}}, count};
}

/// A scratch buffer that later users of the same name share; the first one
/// must be the largest.
View StageLowering::scratch(StringRef name, Type element, int64_t count) {
  auto key = code.builder.getStringAttr(name);
  auto [it, isNew] = scratchSizes.insert({key, count});
  if (isNew) {
    return makeBuffer(name, element, count);
  }
  if (it->second < count) {
    it->second = count;
    for (wpe::BufferOp buffer : role.getBody().getOps<wpe::BufferOp>()) {
      if (buffer.getSymName() == name) {
        buffer.setSize(count);
      }
    }
  }
  return {{name.str(), element, 0, {}}, count};
}

void StageLowering::beforeAll(const Code::Body &body) {
  OpBuilder::InsertionGuard guard(code.builder);
  auto task = *role.getBody().getOps<wpe::TaskOp>().begin();
  code.builder.setInsertionPointToStart(&task.getBody().front());
  body();
}

/// The all-reduce that takes a value; null if none does.
static AllReduceOp reduceOf(mlir::Value value) {
  AllReduceOp reduce;
  for (Operation *user : value.getUsers()) {
    if (auto op = dyn_cast<AllReduceOp>(user)) {
      reduce = op;
    }
  }
  return reduce;
}

View StageLowering::blockOf(mlir::Value value) {
  placeResult(value);
  return blocks.lookup(reduceOf(value));
}

View StageLowering::placeResult(mlir::Value value) {
  AllReduceOp reduce = reduceOf(value);
  Type element = cast<RankedTensorType>(value.getType()).getElementType();
  if (!reduce) {
    int64_t count = localCount(value.getType());
    View view =
        makeBuffer(("v" + Twine(counter++)).str(), element, tokens * count);
    view.count = view.stride = count;
    return view;
  }
  bool scoresFirst =
      isa_and_nonnull<ScoresOp>(reduce.getOperand(0).getDefiningOp());
  int64_t total = 0;
  for (mlir::Value operand : reduce.getOperands()) {
    total += localCount(operand.getType());
  }
  int64_t perToken = total;
  if (hasTokens() && scoresFirst) {
    perToken -= localCount(reduce.getOperand(0).getType());
  }
  if (!blocks.count(reduce)) {
    int64_t size = tokens * perToken;
    if (hasTokens() && scoresFirst) {
      size += heads * slots * mostOfLine();
    }
    if (sharesBlocks()) {
      blocks[reduce] =
          scratch(blocks.size() % 2 ? "sums_b" : "sums_a", element, size);
    } else {
      blocks[reduce] =
          makeBuffer(("r" + Twine(counter++)).str(), element, size);
    }
    blocks[reduce].count = blocks[reduce].stride = perToken;
  }
  // Scores come last in their block: their extent grows with the position, and
  // the message is one run of words.
  int64_t offset = 0;
  for (mlir::Value operand : reduce.getOperands()) {
    if (operand == value && !(scoresFirst && operand == reduce.getOperand(0))) {
      break;
    }
    if (scoresFirst && operand == reduce.getOperand(0)) {
      if (value == operand) {
        for (mlir::Value other : reduce.getOperands().drop_front()) {
          offset += localCount(other.getType());
        }
        break;
      }
      continue;
    }
    offset += localCount(operand.getType());
  }
  View view = blocks[reduce];
  if (hasTokens() && scoresFirst) {
    if (value == reduce.getOperand(0)) {
      offset = tokens * perToken;
    } else {
      view.place.dynamic = besideScores;
    }
  }
  view.place.offset += offset * wpe::elementBytes(element);
  view.count = localCount(value.getType());
  return view;
}

TensorOp StageLowering::tensorOf(FlatSymbolRefAttr symbol) {
  return symbols.lookup<TensorOp>(symbol.getAttr());
}

int64_t StageLowering::layerStep(int64_t bytes) const {
  return evenLayers ? evenLayerBytes(machine, bytes) : bytes;
}

mlir::Value StageLowering::layerOffset(int64_t bytes) {
  return layer && maxLayers > 1 ? code.mul(layer, int32_t(layerStep(bytes)))
                                : mlir::Value();
}

View StageLowering::yielded() {
  return viewOf(stage.getBody().front().getTerminator()->getOperand(0));
}

//===----------------------------------------------------------------------===//
// The body
//===----------------------------------------------------------------------===//

LogicalResult StageLowering::lowerBody(mlir::Value layerNumber) {
  layer = layerNumber;
  prepareFirst();
  for (Operation &op : stage.getBody().front().without_terminator()) {
    if (failed(lower(op))) {
      return failure();
    }
  }
  return success();
}

LogicalResult StageLowering::lower(Operation &op) {
  if (finished.count(&op)) {
    return success();
  }
  // Without a word on several tokens: the code of one, for each.
  bool ofOne = isa<MatVecOp, SumSquaresOp, RmsScaleOp, HeadSumSquaresOp,
                   ScaleByOp, dist::RopeOp, DivideHeadsOp>(op) ||
               (isa<SiluMulOp>(op) && !usesHalf);
  if (!hasTokens() || !ofOne || prepared.count(&op)) {
    return lowerToken(op);
  }
  LogicalResult result = success();
  eachToken([&] { result = lowerToken(op); });
  return result;
}

LogicalResult StageLowering::lowerToken(Operation &op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](MatVecOp o) { return lowerMatVec(o); })
      .Case([&](AllReduceOp o) { return lowerAllReduce(o); })
      .Case([&](AppendOp o) { return lowerAppend(o); })
      .Case([&](SumSquaresOp o) { return lowerSumSquares(o), success(); })
      .Case([&](CastOp o) { return lowerCast(o), success(); })
      .Case([&](RmsScaleOp o) { return lowerRmsScale(o), success(); })
      .Case(
          [&](HeadSumSquaresOp o) { return lowerHeadSumSquares(o), success(); })
      .Case([&](ScaleByOp o) { return lowerScaleBy(o), success(); })
      .Case([&](RopeOp o) { return lowerRope(o), success(); })
      .Case([&](ScoresOp o) { return lowerScores(o), success(); })
      .Case(
          [&](HeadNormScoresOp o) { return lowerHeadNormScores(o), success(); })
      .Case([&](MaxPositionsOp o) { return lowerMaxPositions(o), success(); })
      .Case([&](SoftmaxWeightsOp o) { return lowerSoftmax(o), success(); })
      .Case([&](LocalSoftmaxOp o) { return lowerLocalSoftmax(o); })
      .Case([&](KeepReferenceOp o) { return lowerKeepReference(o), success(); })
      .Case(
          [&](WeightedValuesOp o) { return lowerWeightedValues(o), success(); })
      .Case([&](DivideHeadsOp o) { return lowerDivideHeads(o), success(); })
      .Case([&](SiluMulOp o) { return lowerSiluMul(o), success(); })
      .Case([&](AddOp o) { return lowerAdd(o), success(); })
      .Case([&](ArgMaxOp o) { return lowerArgMax(o), success(); })
      .Default([](Operation *o) {
        return o->emitError()
               << "'" << o->getName() << "' cannot be lowered in this stage";
      });
}

//===----------------------------------------------------------------------===//
// Small operations
//===----------------------------------------------------------------------===//

void StageLowering::lowerSumSquares(SumSquaresOp op) {
  View input = viewOf(op.getInput()), result = define(op.getResult());
  if (input.count < kWrittenOut) {
    // Scalars take less than the starts of two vector instructions.
    auto &b = code.builder;
    mlir::Value sum;
    for (int64_t i = 0; i < input.count; ++i) {
      mlir::Value x = code.load(input.place.at(i * 4));
      mlir::Value square = wpe::FMulOp::create(b, x, x);
      sum = sum ? wpe::FAddOp::create(b, sum, square) : square;
    }
    code.store(sum, result.place);
    return;
  }
  View squares = scratch("squares", code.f32(), input.count);
  mlir::Value x = code.mem(input.place, input.count);
  code.vec("fmuls", code.mem(squares.place, input.count), x,
           code.mem(input.place, input.count));
  if (!prepared.count(op)) {
    code.clear(result.place, 1);
  }
  mlir::Value sum = code.mem(result.place, input.count, 0);
  code.vec("fadds", sum, sum, code.mem(squares.place, input.count));
}

void StageLowering::lowerCast(CastOp op) {
  if (hasTokens()) {
    castTokens(op);
    return;
  }
  View input = viewOf(op.getInput());
  Type to = cast<RankedTensorType>(op.getResult().getType()).getElementType();
  if (input.place.element == to) {
    views[op.getResult()] = input;
    return;
  }
  View result = placeResult(op.getResult());
  views[op.getResult()] = result;
  code.vec(to.isF16() ? "fs2h" : "fh2s", code.mem(result.place, input.count),
           code.mem(input.place, input.count));
}

mlir::Value StageLowering::rsqrt(mlir::Value x) {
  auto &b = code.builder;
  mlir::Value bits = wpe::BitcastOp::create(b, code.i32(), x);
  mlir::Value estimate = code.sub(
      code.constant(0x5f3759df), wpe::ShrOp::create(b, bits, code.constant(1)));
  mlir::Value y = wpe::BitcastOp::create(b, code.f32(), estimate);
  mlir::Value half = wpe::FMulOp::create(b, x, code.constant(0.5f));
  // Relative error 3.5e-2, 1.8e-3, 4.7e-6, then that of binary32.
  for (int step = 0; step < 3; ++step) {
    mlir::Value square = wpe::FMulOp::create(b, y, y);
    mlir::Value product = wpe::FMulOp::create(b, half, square);
    mlir::Value factor = wpe::FSubOp::create(b, code.constant(1.5f), product);
    y = wpe::FMulOp::create(b, y, factor);
  }
  return y;
}

mlir::Value StageLowering::reciprocal(mlir::Value x) {
  auto &b = code.builder;
  mlir::Value bits = wpe::BitcastOp::create(b, code.i32(), x);
  mlir::Value y = wpe::BitcastOp::create(
      b, code.f32(), code.sub(code.constant(0x7ef311c3), bits));
  // Relative error 0.12, 1.5e-2, 2.2e-4, then that of binary32.
  for (int step = 0; step < 3; ++step) {
    mlir::Value product = wpe::FMulOp::create(b, x, y);
    y = wpe::FMulOp::create(
        b, y, wpe::FSubOp::create(b, code.constant(2.0f), product));
  }
  return y;
}

/// 1 / sqrt(sum / count + eps)
mlir::Value StageLowering::rmsFactor(const Place &place, int64_t elements,
                                     float eps) {
  auto &b = code.builder;
  mlir::Value sum = code.load(place);
  mlir::Value mean =
      wpe::FMulOp::create(b, sum, code.constant(1.0f / float(elements)));
  return rsqrt(wpe::FAddOp::create(b, mean, code.constant(eps)));
}

void StageLowering::lowerRmsScale(RmsScaleOp op) {
  mlir::Value factor = rmsFactor(viewOf(op.getSum()).place, op.getCount(),
                                 float(op.getEps().convertToDouble()));
  // The values are neighbours in one message, so one instruction scales them.
  View first = viewOf(op.getValues().front());
  int64_t total = 0;
  for (auto [value, result] : llvm::zip(op.getValues(), op.getResults())) {
    alias(result, value);
    total += views.lookup(value).count;
  }
  mlir::Value all = code.mem(first.place, total);
  code.vec("fmuls", all, all, {}, factor);
}

bool StageLowering::isLastUse(mlir::Value value, Operation *op) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    return user == op || user->isBeforeInBlock(op);
  });
}

void StageLowering::lowerAdd(AddOp op) {
  if (hasTokens()) {
    addTokens(op);
    return;
  }
  View lhs = viewOf(op.getLhs()), rhs = viewOf(op.getRhs());
  // In place where nobody reads the left operand afterwards.
  View result = isLastUse(op.getLhs(), op) ? lhs : placeResult(op.getResult());
  views[op.getResult()] = result;
  code.vec("fadds", code.mem(result.place, lhs.count),
           code.mem(lhs.place, lhs.count), code.mem(rhs.place, rhs.count));
}
