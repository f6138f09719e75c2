// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FunctionLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>
#include <numeric>

using namespace wafer;
using namespace wafer::wgraph;
namespace arith = mlir::arith;
namespace linalg = mlir::linalg;
namespace math = mlir::math;
namespace memref = mlir::memref;
namespace tensor = mlir::tensor;
using mlir::AffineMap;
using mlir::OpFoldResult;
using mlir::utils::IteratorType;

static constexpr IteratorType kParallel = IteratorType::parallel;
static constexpr IteratorType kReduction = IteratorType::reduction;

static RankedTensorType rankedType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

FunctionLowering::FunctionLowering(mlir::ImplicitLocOpBuilder &builder,
                                   const ModelSymbols &modelSymbols,
                                   ValueRange symbolArguments, Value layer)
    : b(builder), symbolArguments(symbolArguments), layer(layer) {
  for (auto [op, argument] : llvm::zip(modelSymbols, symbolArguments)) {
    symbols[SymbolTable::getSymbolName(op).getValue()] = {op, argument};
  }
}

void FunctionLowering::lowerBody(Block &body) {
  for (Operation &op : body.without_terminator()) {
    b.setLoc(op.getLoc());
    llvm::TypeSwitch<Operation *>(&op)
        .Case<EmbeddingOp, RMSNormOp, LinearOp, ReshapeOp, RopeOp, AppendOp,
              AttentionOp, ActivationOp, ArgmaxOp, RepeatOp>(
            [&](auto concrete) { lower(concrete); })
        .Case<AddOp>([&](AddOp) { lowerBinary<arith::AddFOp>(&op); })
        .Case<MulOp>([&](MulOp) { lowerBinary<arith::MulFOp>(&op); })
        .Default([&](Operation *) {
          // Operations of other dialects take part as they are.
          b.clone(op, mapping);
        });
  }
}

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

Value FunctionLowering::constant(int64_t index) {
  return arith::ConstantIndexOp::create(b, index);
}

Value FunctionLowering::constantFloat(double value) {
  return arith::ConstantOp::create(b, b.getF32FloatAttr(float(value)));
}

Value FunctionLowering::empty(ArrayRef<int64_t> shape, Type element,
                              ValueRange dynamic) {
  return tensor::EmptyOp::create(b, shape, element, dynamic);
}

Value FunctionLowering::filled(ArrayRef<int64_t> shape, double value,
                               ValueRange dynamic) {
  Value init = empty(shape, b.getF32Type(), dynamic);
  return linalg::FillOp::create(b, constantFloat(value), init).getResult(0);
}

static Value toF32(OpBuilder &b, Location loc, Value value) {
  Type type = value.getType();
  if (!isa<mlir::FloatType>(type) || type.isF32()) {
    return value;
  }
  return arith::ExtFOp::create(b, loc, b.getF32Type(), value);
}

Value FunctionLowering::generic(ValueRange inputs, Value init,
                                ArrayRef<AffineMap> maps, Iterators iterators,
                                Body body) {
  Type element = rankedType(init).getElementType();
  auto op = linalg::GenericOp::create(
      b, b.getLoc(), TypeRange{init.getType()}, inputs, ValueRange{init}, maps,
      iterators, [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        SmallVector<Value> wide;
        for (Value argument : arguments) {
          wide.push_back(toF32(nested, loc, argument));
        }
        Value result = body(nested, wide);
        if (result.getType() != element) {
          result = arith::TruncFOp::create(nested, loc, element, result);
        }
        linalg::YieldOp::create(nested, loc, result);
      });
  return op.getResult(0);
}

Value FunctionLowering::elementwise(ValueRange inputs, Value init, Body body) {
  unsigned rank = rankedType(init).getRank();
  SmallVector<AffineMap> maps(inputs.size() + 1,
                              b.getMultiDimIdentityMap(rank));
  return generic(inputs, init, maps, SmallVector<IteratorType>(rank, kParallel),
                 body);
}

AffineMap FunctionLowering::select(unsigned dims, ArrayRef<unsigned> results) {
  return AffineMap::getMultiDimMapWithTargets(dims, results, b.getContext());
}

Value FunctionLowering::tokenPosition(OpBuilder &nested, Value position,
                                      unsigned dim) {
  Value token = linalg::IndexOp::create(nested, b.getLoc(), dim);
  return arith::AddIOp::create(nested, b.getLoc(), position, token);
}

Value FunctionLowering::toTensor(Value buffer) {
  auto type = cast<mlir::MemRefType>(buffer.getType());
  return mlir::bufferization::ToTensorOp::create(
      b, RankedTensorType::get(type.getShape(), type.getElementType()), buffer,
      /*restrict=*/true, /*writable=*/false);
}

/// A subview without its first `drop` dimensions, which have size 1.
static Value dropDims(mlir::ImplicitLocOpBuilder &b, Value source, size_t drop,
                      ArrayRef<OpFoldResult> offsets,
                      ArrayRef<OpFoldResult> sizes) {
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes.drop_front(drop)) {
    auto constant = mlir::getConstantIntValue(size);
    shape.push_back(constant ? *constant : mlir::ShapedType::kDynamic);
  }
  SmallVector<OpFoldResult> strides(offsets.size(), b.getIndexAttr(1));
  auto type = memref::SubViewOp::inferRankReducedResultType(
      shape, cast<mlir::MemRefType>(source.getType()), offsets, sizes, strides);
  return memref::SubViewOp::create(b, type, source, offsets, sizes, strides);
}

Value FunctionLowering::weight(FlatSymbolRefAttr name) {
  auto [op, buffer] = symbols.lookup(name.getValue());
  auto weightOp = cast<WeightOp>(op);
  if (!weightOp.getStacked()) {
    return toTensor(buffer);
  }
  SmallVector<OpFoldResult> offsets{layer}, sizes{b.getIndexAttr(1)};
  for (int64_t size : weightOp.getLayerType().getShape()) {
    offsets.push_back(b.getIndexAttr(0));
    sizes.push_back(b.getIndexAttr(size));
  }
  return toTensor(dropDims(b, buffer, 1, offsets, sizes));
}

Value FunctionLowering::stateRows(FlatSymbolRefAttr name, Value slot,
                                  OpFoldResult first, OpFoldResult count) {
  auto [op, buffer] = symbols.lookup(name.getValue());
  OpFoldResult one = b.getIndexAttr(1), zero = b.getIndexAttr(0);
  SmallVector<OpFoldResult> offsets{slot, layer ? OpFoldResult(layer) : zero,
                                    first};
  SmallVector<OpFoldResult> sizes{one, one, count};
  for (int64_t size : cast<StateOp>(op).getRow().getShape()) {
    offsets.push_back(zero);
    sizes.push_back(b.getIndexAttr(size));
  }
  return dropDims(b, buffer, 2, offsets, sizes);
}

//===----------------------------------------------------------------------===//
// Operations with weights
//===----------------------------------------------------------------------===//

void FunctionLowering::lower(EmbeddingOp op) {
  Value ids = mapping.lookup(op.getIds());
  Value table = weight(op.getTableAttr());
  RankedTensorType type = rankedType(op.getResult());
  Location loc = op.getLoc();
  Value result = elementwise(
      {}, empty(type.getShape(), type.getElementType()),
      [&](OpBuilder &n, ValueRange) -> Value {
        Value token = linalg::IndexOp::create(n, loc, 0);
        Value column = linalg::IndexOp::create(n, loc, 1);
        Value id = tensor::ExtractOp::create(n, loc, ids, token);
        Value row = arith::IndexCastOp::create(n, loc, n.getIndexType(), id);
        Value element =
            tensor::ExtractOp::create(n, loc, table, ValueRange{row, column});
        return toF32(n, loc, element);
      });
  mapping.map(op.getResult(), result);
}

/// Sums in any order: vectors, and a smaller error than one running sum.
static arith::FastMathFlags anyOrder() {
  return arith::FastMathFlags::reassoc | arith::FastMathFlags::contract;
}

static Value multiplyAdd(OpBuilder &b, Location loc, Value x, Value y,
                         Value sum) {
  Value product = arith::MulFOp::create(b, loc, x, y, anyOrder());
  return arith::AddFOp::create(b, loc, sum, product, anyOrder());
}

void FunctionLowering::lower(RMSNormOp op) {
  Value x = mapping.lookup(op.getInput());
  RankedTensorType type = rankedType(x);
  unsigned rank = type.getRank();
  Location loc = op.getLoc();
  SmallVector<unsigned> outer(rank - 1);
  std::iota(outer.begin(), outer.end(), 0);
  SmallVector<IteratorType> iterators(rank - 1, kParallel);
  iterators.push_back(kReduction);
  AffineMap all = b.getMultiDimIdentityMap(rank), rows = select(rank, outer);
  Value squares =
      generic(x, filled(type.getShape().drop_back(), 0), {all, rows}, iterators,
              [&](OpBuilder &n, ValueRange v) {
                return multiplyAdd(n, loc, v[0], v[0], v[1]);
              });

  Value size = constantFloat(double(type.getShape().back()));
  Value eps = constantFloat(op.getEps().convertToDouble());
  SmallVector<Value> inputs{x, squares};
  SmallVector<AffineMap> maps{all, rows};
  if (op.getGainAttr()) {
    inputs.push_back(weight(op.getGainAttr()));
    maps.push_back(select(rank, {rank - 1}));
  }
  maps.push_back(all);
  iterators.back() = kParallel;
  Value result =
      generic(inputs, empty(type.getShape(), type.getElementType()), maps,
              iterators, [&](OpBuilder &n, ValueRange v) -> Value {
                Value mean = arith::DivFOp::create(n, loc, v[1], size);
                Value shifted = arith::AddFOp::create(n, loc, mean, eps);
                Value root = math::SqrtOp::create(n, loc, shifted);
                Value y = arith::DivFOp::create(n, loc, v[0], root);
                return op.getGainAttr()
                           ? arith::MulFOp::create(n, loc, y, v[2]).getResult()
                           : y;
              });
  mapping.map(op.getResult(), result);
}

void FunctionLowering::lower(LinearOp op) {
  Value x = mapping.lookup(op.getInput());
  Location loc = op.getLoc();
  for (auto [name, result] : llvm::zip(
           op.getWeights().getAsRange<FlatSymbolRefAttr>(), op.getResults())) {
    RankedTensorType type = rankedType(result);
    // tokens, outputs, inputs
    Value sum = generic(
        {x, weight(name)}, filled(type.getShape(), 0),
        {select(3, {0, 2}), select(3, {1, 2}), select(3, {0, 1})},
        {kParallel, kParallel, kReduction}, [&](OpBuilder &n, ValueRange v) {
          return multiplyAdd(n, loc, v[0], v[1], v[2]);
        });
    if (!type.getElementType().isF32()) {
      sum = elementwise(sum, empty(type.getShape(), type.getElementType()),
                        [](OpBuilder &, ValueRange v) { return v[0]; });
    }
    mapping.map(result, sum);
  }
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// [[0], [1, ..., rank - 1]]
static SmallVector<mlir::ReassociationIndices> perToken(int64_t rank) {
  SmallVector<mlir::ReassociationIndices> groups{{0}, {}};
  for (int64_t i = 1; i < rank; ++i) {
    groups[1].push_back(i);
  }
  return groups;
}

void FunctionLowering::lower(ReshapeOp op) {
  Value x = mapping.lookup(op.getInput());
  RankedTensorType from = rankedType(x), to = rankedType(op.getResult());
  if (from.getRank() > 2) {
    x = tensor::CollapseShapeOp::create(b, x, perToken(from.getRank()));
  }
  if (to.getRank() > 2) {
    x = tensor::ExpandShapeOp::create(b, to, x, perToken(to.getRank()));
  }
  mapping.map(op.getResult(), x);
}

std::pair<Value, Value> FunctionLowering::ropeTables(RopeOp op) {
  RankedTensorType type = rankedType(op.getInput());
  Location loc = op.getLoc();
  SmallVector<float> frequencies;
  for (double frequency : op.getFrequencies()) {
    frequencies.push_back(float(frequency));
  }
  int64_t pairs = frequencies.size();
  auto tableType = RankedTensorType::get({pairs}, b.getF32Type());
  Value table = arith::ConstantOp::create(
      b, mlir::DenseElementsAttr::get(tableType, ArrayRef(frequencies)));
  Value position = mapping.lookup(op.getPosition());
  auto build = [&](bool sine) {
    return generic(
        table, empty({type.getDimSize(0), pairs}, b.getF32Type()),
        {select(2, {1}), select(2, {0, 1})}, {kParallel, kParallel},
        [&](OpBuilder &n, ValueRange v) -> Value {
          Value at = tokenPosition(n, position, 0);
          Value whole = arith::IndexCastOp::create(n, loc, n.getI64Type(), at);
          Value real = arith::SIToFPOp::create(n, loc, n.getF32Type(), whole);
          Value angle = arith::MulFOp::create(n, loc, real, v[0]);
          return sine ? math::SinOp::create(n, loc, angle).getResult()
                      : math::CosOp::create(n, loc, angle).getResult();
        });
  };
  return {build(false), build(true)};
}

void FunctionLowering::lower(RopeOp op) {
  Value x = mapping.lookup(op.getInput());
  RankedTensorType type = rankedType(x);
  Location loc = op.getLoc();
  auto [cosines, sines] = ropeTables(op);
  bool half = op.getPairing() == RopePairing::Half;
  Value pairs = constant(type.getDimSize(2) / 2), two = constant(2),
        one = constant(1), zero = constant(0);
  // Element i of pair p turns with its partner: x_i cos - x_partner sin for
  // the first of the pair, x_i cos + x_partner sin for the second.
  Value result = elementwise(
      x, empty(type.getShape(), type.getElementType()),
      [&](OpBuilder &n, ValueRange v) -> Value {
        auto equal = arith::CmpIPredicate::eq,
             below = arith::CmpIPredicate::ult;
        Value token = linalg::IndexOp::create(n, loc, 0);
        Value head = linalg::IndexOp::create(n, loc, 1);
        Value i = linalg::IndexOp::create(n, loc, 2);
        Value pair = half ? arith::RemUIOp::create(n, loc, i, pairs).getResult()
                          : arith::DivUIOp::create(n, loc, i, two).getResult();
        Value odd = arith::RemUIOp::create(n, loc, i, two);
        Value first =
            half ? arith::CmpIOp::create(n, loc, below, i, pairs).getResult()
                 : arith::CmpIOp::create(n, loc, equal, odd, zero).getResult();
        Value distance = half ? pairs : one;
        Value up = arith::AddIOp::create(n, loc, i, distance);
        Value down = arith::SubIOp::create(n, loc, i, distance);
        Value partner = arith::SelectOp::create(n, loc, first, up, down);
        Value other = toF32(n, loc,
                            tensor::ExtractOp::create(
                                n, loc, x, ValueRange{token, head, partner}));
        Value cosine =
            tensor::ExtractOp::create(n, loc, cosines, ValueRange{token, pair});
        Value sine =
            tensor::ExtractOp::create(n, loc, sines, ValueRange{token, pair});
        Value along = arith::MulFOp::create(n, loc, v[0], cosine);
        Value across = arith::MulFOp::create(n, loc, other, sine);
        Value minus = arith::SubFOp::create(n, loc, along, across);
        Value plus = arith::AddFOp::create(n, loc, along, across);
        return arith::SelectOp::create(n, loc, first, minus, plus);
      });
  mapping.map(op.getResult(), result);
}

void FunctionLowering::lower(AppendOp op) {
  Value x = mapping.lookup(op.getInput());
  RankedTensorType type = rankedType(x);
  Value rows = stateRows(op.getStateAttr(), mapping.lookup(op.getSlot()),
                         mapping.lookup(op.getPosition()),
                         b.getIndexAttr(type.getDimSize(0)));
  Type stored = cast<mlir::MemRefType>(rows.getType()).getElementType();
  if (stored != type.getElementType()) {
    x = elementwise(x, empty(type.getShape(), stored),
                    [](OpBuilder &, ValueRange v) { return v[0]; });
  }
  mlir::bufferization::MaterializeInDestinationOp::create(
      b, Type(), x, rows, /*restrict=*/true, /*writable=*/true);
}

/// exp(scale * score - maximum), 0 for positions after the token. Scores are
/// [tokens, groups, heads per group, positions].
Value FunctionLowering::attentionWeights(AttentionOp op, Value scores,
                                         Value positions) {
  Location loc = op.getLoc();
  ArrayRef<int64_t> shape = rankedType(scores).getShape();
  Value position = mapping.lookup(op.getPosition());
  Value scale = constantFloat(op.getScale().convertToDouble());
  double infinity = std::numeric_limits<double>::infinity();
  Value masked = constantFloat(-infinity);
  Value scaled =
      elementwise(scores, empty(shape, b.getF32Type(), positions),
                  [&](OpBuilder &n, ValueRange v) -> Value {
                    Value last = tokenPosition(n, position, 0);
                    Value at = linalg::IndexOp::create(n, loc, 3);
                    Value seen = arith::CmpIOp::create(
                        n, loc, arith::CmpIPredicate::ule, at, last);
                    Value score = arith::MulFOp::create(n, loc, v[0], scale);
                    return arith::SelectOp::create(n, loc, seen, score, masked);
                  });
  AffineMap all = select(4, {0, 1, 2, 3}), rows = select(4, {0, 1, 2});
  Value maximum =
      generic(scaled, filled(shape.drop_back(), -infinity), {all, rows},
              {kParallel, kParallel, kParallel, kReduction},
              [&](OpBuilder &n, ValueRange v) -> Value {
                return arith::MaximumFOp::create(n, loc, v[0], v[1]);
              });
  return generic({scaled, maximum}, empty(shape, b.getF32Type(), positions),
                 {all, rows, all}, SmallVector<IteratorType>(4, kParallel),
                 [&](OpBuilder &n, ValueRange v) -> Value {
                   Value x = arith::SubFOp::create(n, loc, v[0], v[1]);
                   return math::ExpOp::create(n, loc, x);
                 });
}

void FunctionLowering::lower(AttentionOp op) {
  Location loc = op.getLoc();
  Value query = mapping.lookup(op.getQuery());
  RankedTensorType type = rankedType(query);
  int64_t tokens = type.getDimSize(0), size = type.getDimSize(2);
  auto state = cast<StateOp>(symbols.lookup(op.getKeys()).first);
  int64_t groups = state.getRow().getDimSize(0);
  int64_t heads = type.getDimSize(1) / groups;

  Value slot = mapping.lookup(op.getSlot());
  Value positions = arith::AddIOp::create(b, mapping.lookup(op.getPosition()),
                                          constant(tokens));
  Value keys =
      toTensor(stateRows(op.getKeysAttr(), slot, b.getIndexAttr(0), positions));
  Value values = toTensor(
      stateRows(op.getValuesAttr(), slot, b.getIndexAttr(0), positions));

  SmallVector<mlir::ReassociationIndices> byGroup{{0}, {1, 2}, {3}};
  SmallVector<int64_t> grouped{tokens, groups, heads, size};
  Value q = tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(grouped, type.getElementType()), query, byGroup);

  // tokens, groups, heads, positions, size
  int64_t dynamic = mlir::ShapedType::kDynamic;
  Value scores = generic(
      {q, keys}, filled({tokens, groups, heads, dynamic}, 0, positions),
      {select(5, {0, 1, 2, 4}), select(5, {3, 1, 4}), select(5, {0, 1, 2, 3})},
      {kParallel, kParallel, kParallel, kParallel, kReduction},
      [&](OpBuilder &n, ValueRange v) {
        return multiplyAdd(n, loc, v[0], v[1], v[2]);
      });
  Value p = attentionWeights(op, scores, positions);
  Value total =
      generic(p, filled({tokens, groups, heads}, 0),
              {select(4, {0, 1, 2, 3}), select(4, {0, 1, 2})},
              {kParallel, kParallel, kParallel, kReduction},
              [&](OpBuilder &n, ValueRange v) -> Value {
                return arith::AddFOp::create(n, loc, v[0], v[1], anyOrder());
              });
  Value sum = generic(
      {p, values}, filled(grouped, 0),
      {select(5, {0, 1, 2, 3}), select(5, {3, 1, 4}), select(5, {0, 1, 2, 4})},
      {kParallel, kParallel, kParallel, kReduction, kParallel},
      [&](OpBuilder &n, ValueRange v) {
        return multiplyAdd(n, loc, v[0], v[1], v[2]);
      });
  Value result = generic(
      {sum, total}, empty(grouped, type.getElementType()),
      {select(4, {0, 1, 2, 3}), select(4, {0, 1, 2}), select(4, {0, 1, 2, 3})},
      SmallVector<IteratorType>(4, kParallel),
      [&](OpBuilder &n, ValueRange v) -> Value {
        return arith::DivFOp::create(n, loc, v[0], v[1]);
      });
  mapping.map(op.getResult(),
              tensor::CollapseShapeOp::create(b, type, result, byGroup));
}

//===----------------------------------------------------------------------===//
// Elementwise operations and sampling
//===----------------------------------------------------------------------===//

template <typename FloatOp>
void FunctionLowering::lowerBinary(Operation *op) {
  Value left = mapping.lookup(op->getOperand(0));
  Value right = mapping.lookup(op->getOperand(1));
  RankedTensorType type = rankedType(left);
  Value result =
      elementwise({left, right}, empty(type.getShape(), type.getElementType()),
                  [&](OpBuilder &n, ValueRange v) -> Value {
                    return FloatOp::create(n, op->getLoc(), v[0], v[1]);
                  });
  mapping.map(op->getResult(0), result);
}

static Value applyActivation(OpBuilder &n, Location loc, ActivationKind kind,
                             Value x) {
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(n, loc, n.getF32FloatAttr(float(value)));
  };
  auto mul = [&](Value a, Value c) -> Value {
    return arith::MulFOp::create(n, loc, a, c);
  };
  auto add = [&](Value a, Value c) -> Value {
    return arith::AddFOp::create(n, loc, a, c);
  };
  switch (kind) {
  case ActivationKind::Silu: {
    Value negated = arith::NegFOp::create(n, loc, x);
    Value power = math::ExpOp::create(n, loc, negated);
    return arith::DivFOp::create(n, loc, x, add(constant(1), power));
  }
  case ActivationKind::GeluTanh: {
    Value cube = mul(mul(mul(x, x), x), constant(0.044715));
    // sqrt(2 / pi)
    Value inner = mul(constant(0.79788456080286536), add(x, cube));
    Value tanh = math::TanhOp::create(n, loc, inner);
    return mul(mul(constant(0.5), x), add(constant(1), tanh));
  }
  case ActivationKind::Relu:
    return arith::MaximumFOp::create(n, loc, x, constant(0));
  }
  llvm_unreachable("no such activation");
}

void FunctionLowering::lower(ActivationOp op) {
  Value x = mapping.lookup(op.getInput());
  RankedTensorType type = rankedType(x);
  Value result =
      elementwise(x, empty(type.getShape(), type.getElementType()),
                  [&](OpBuilder &n, ValueRange v) {
                    return applyActivation(n, op.getLoc(), op.getKind(), v[0]);
                  });
  mapping.map(op.getResult(), result);
}

void FunctionLowering::lower(ArgmaxOp op) {
  Value x = mapping.lookup(op.getInput());
  Location loc = op.getLoc();
  int64_t tokens = rankedType(x).getDimSize(0);
  Value best = filled({tokens}, -std::numeric_limits<double>::infinity());
  Value zero = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
  Value indices =
      linalg::FillOp::create(b, zero, empty({tokens}, b.getI32Type()))
          .getResult(0);
  AffineMap row = select(2, {0});
  auto generic = linalg::GenericOp::create(
      b, loc, TypeRange{best.getType(), indices.getType()}, ValueRange{x},
      ValueRange{best, indices}, ArrayRef{select(2, {0, 1}), row, row},
      ArrayRef{kParallel, kReduction},
      [&](OpBuilder &n, Location, ValueRange v) {
        Value index = linalg::IndexOp::create(n, loc, 1);
        Value id = arith::IndexCastOp::create(n, loc, n.getI32Type(), index);
        Value value = toF32(n, loc, v[0]);
        // Strictly larger: the lowest index wins, and NaN never does.
        Value larger = arith::CmpFOp::create(n, loc, arith::CmpFPredicate::OGT,
                                             value, v[1]);
        Value newBest = arith::SelectOp::create(n, loc, larger, value, v[1]);
        Value newId = arith::SelectOp::create(n, loc, larger, id, v[2]);
        linalg::YieldOp::create(n, loc, ValueRange{newBest, newId});
      });
  mapping.map(op.getResult(), generic.getResult(1));
}

void FunctionLowering::lower(RepeatOp op) {
  SmallVector<Value> carried, invariant;
  for (Value value : op.getCarried()) {
    carried.push_back(mapping.lookup(value));
  }
  for (Value value : op.getInvariant()) {
    invariant.push_back(mapping.lookup(value));
  }
  auto loop = mlir::scf::ForOp::create(
      b, constant(0), constant(int64_t(op.getTimes())), constant(1), carried,
      [&](OpBuilder &n, Location loc, Value repetition, ValueRange state) {
        SmallVector<Value> current(state);
        for (auto name : op.getBlocks().getAsRange<FlatSymbolRefAttr>()) {
          SmallVector<Value> operands{repetition};
          llvm::append_range(operands, current);
          llvm::append_range(operands, invariant);
          llvm::append_range(operands, symbolArguments);
          auto call = mlir::func::CallOp::create(n, loc, name.getValue(),
                                                 op.getResultTypes(), operands);
          current.assign(call.result_begin(), call.result_end());
        }
        mlir::scf::YieldOp::create(n, loc, current);
      });
  mapping.map(op.getResults(), loop.getResults());
}
