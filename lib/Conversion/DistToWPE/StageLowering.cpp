// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageLowering.cpp - Buffers, products and collectives --------------===//
#include "StageLowering.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

static unsigned bytesOf(Type type) { return wpe::elementBytes(type); }

StageLowering::StageLowering(Code &code, wpe::RoleOp role, SymbolTable &symbols,
                             StageOp stage, int64_t maxLayers,
                             const Machine &machine,
                             const ParameterSet &parameters, bool halfSums)
    : code(code), role(role), symbols(symbols), stage(stage),
      maxLayers(maxLayers), machine(machine), parameters(parameters),
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
    return makeBuffer(("v" + Twine(counter++)).str(), element,
                      localCount(value.getType()));
  }
  if (!blocks.count(reduce)) {
    int64_t total = 0;
    for (mlir::Value operand : reduce.getOperands()) {
      total += localCount(operand.getType());
    }
    blocks[reduce] = makeBuffer(("r" + Twine(counter++)).str(), element, total);
  }
  // Scores come last in their block: their extent grows with the position, and
  // the message is one run of words.
  int64_t offset = 0;
  bool scoresFirst =
      isa_and_nonnull<ScoresOp>(reduce.getOperand(0).getDefiningOp());
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
  view.place.offset += offset * bytesOf(element);
  view.count = localCount(value.getType());
  return view;
}

TensorOp StageLowering::tensorOf(FlatSymbolRefAttr symbol) {
  return symbols.lookup<TensorOp>(symbol.getAttr());
}

mlir::Value StageLowering::layerOffset(int64_t bytes) {
  return layer && maxLayers > 1 ? code.mul(layer, int32_t(bytes))
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
  for (Operation &op : stage.getBody().front().without_terminator()) {
    if (failed(lower(op))) {
      return failure();
    }
  }
  return success();
}

LogicalResult StageLowering::lower(Operation &op) {
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

/// The name of the buffer of a product's weights, "w_q_k_v": messages about
/// SRAM name it to people who know the model.
std::string StageLowering::weightsName(MatVecOp op) {
  std::string name = "w";
  for (auto weight : op.getWeights().getAsRange<FlatSymbolRefAttr>()) {
    StringRef tensor = weight.getValue();
    tensor.consume_front("w_");
    name += "_" + tensor.str();
  }
  while (role.lookupSymbol(name)) {
    name += "_" + std::to_string(counter++);
  }
  return name;
}

LogicalResult StageLowering::lowerMatVec(MatVecOp op) {
  View input = viewOf(op.getInput());
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  Type element = inputType.getElementType();
  View output = placeResult(op.getResult(0));
  int64_t outputs = 0;
  SmallVector<int64_t> offsets;
  for (mlir::Value result : op.getResults()) {
    View view = placeResult(result);
    if (view.place.buffer != output.place.buffer ||
        view.place.offset != output.place.offset + outputs * 4) {
      return op.emitError()
             << "the results of one product must travel in one message";
    }
    views[result] = view;
    offsets.push_back(outputs);
    outputs += view.count;
  }
  int64_t inputs = input.count;
  std::string name = weightsName(op);
  ProductPlan plan =
      planProduct(machine, parameters, inputs, outputs, products);
  int64_t row = plan.stepsByRow() ? weightRow(machine, outputs) : outputs;
  View weights = makeBuffer(name, element, maxLayers * inputs * row,
                            wpe::BufferKind::Weights);
  int64_t layerBytes = inputs * row * bytesOf(element);
  for (auto [attribute, result, offset] :
       llvm::zip(op.getWeights(), op.getResults(), offsets)) {
    LocalTensor local;
    local.tensor = cast<FlatSymbolRefAttr>(attribute).getValue().str();
    local.buffer = name;
    local.offset = offset * bytesOf(element);
    for (int64_t s : localStrides(inputType)) {
      local.strides.push_back(s * row * bytesOf(element));
    }
    for (int64_t s : localStrides(result.getType())) {
      local.strides.push_back(s * bytesOf(element));
    }
    local.layerStride = stage.getNumLayers() ? layerBytes : 0;
    tensors.push_back(std::move(local));
  }
  multiply(input.place, inputs, weights.place.plus(layerOffset(layerBytes)),
           output.place, outputs, prepared.count(op));
  return success();
}

void StageLowering::multiply(const Place &input, int64_t inputs,
                             const Place &weights, const Place &output,
                             int64_t outputs, bool isClear) {
  ProductPlan plan =
      planProduct(machine, parameters, inputs, outputs, products);
  if (plan.piece) {
    multiplyThenSum(input, inputs, weights, output, outputs, plan.piece,
                    plan.terms != 0, isClear);
  } else if (plan.terms) {
    multiplyAddHalf(input, inputs, weights, output, outputs, plan.terms);
  } else {
    multiplyAdd(input, inputs, weights, output, outputs);
  }
}

/// `body` for inputs `begin` to `end`, with each one's scalar.
static void forInputs(Code &code, const Place &input, int64_t begin,
                      int64_t end,
                      const std::function<void(mlir::Value)> &body) {
  int32_t size = int32_t(bytesOf(input.element));
  if (end - begin < kWrittenOut) {
    for (int64_t i = begin; i < end; ++i) {
      body(code.load(input.at(i * size)));
    }
    return;
  }
  code.loop(end - begin, [&](mlir::Value i) {
    body(code.load(input.at(begin * size).plus(code.mul(i, size))));
  });
}

// For each local input an axpy over all local outputs. The weights of one input
// are neighbours in memory, and so are those of the next, so the pointer steps
// by itself.
void StageLowering::multiplyAdd(const Place &input, int64_t inputs,
                                const Place &weights, const Place &output,
                                int64_t outputs) {
  code.clear(output, outputs);
  mlir::Value sum = code.mem(output, outputs);
  mlir::Value row = code.mem(weights, outputs, 1, /*save=*/true);
  StringRef instruction = input.element.isF16() ? "fmachs" : "fmacs";
  forInputs(code, input, 0, inputs,
            [&](mlir::Value x) { code.vec(instruction, sum, sum, row, x); });
}

// The same with binary16 sums, twice the elements a step, of some inputs each.
void StageLowering::multiplyAddHalf(const Place &input, int64_t inputs,
                                    const Place &weights, const Place &output,
                                    int64_t outputs, int64_t terms) {
  Place sumPlace = halfSum(input.element, outputs);
  mlir::Value sum = code.mem(sumPlace, outputs);
  int64_t size = bytesOf(input.element);
  mlir::Value row = code.row(weights, outputs, weightRow(machine, outputs));
  for (int64_t begin = 0; begin < inputs; begin += terms) {
    int64_t end = std::min(inputs, begin + terms);
    code.vec("fmulh", sum, {}, row, code.load(input.at(begin * size)));
    forInputs(code, input, begin + 1, end,
              [&](mlir::Value x) { code.vec("fmach", sum, sum, row, x); });
    widen(sumPlace, output, outputs, begin == 0);
  }
}

// All products of some inputs in one instruction, in binary16, then their sum
// over the inputs in another one, instead of one instruction an input.
void StageLowering::multiplyThenSum(const Place &input, int64_t inputs,
                                    const Place &weights, const Place &output,
                                    int64_t outputs, int64_t piece,
                                    bool halfSums, bool isClear) {
  unsigned size = bytesOf(input.element);
  int64_t row = halfSums ? apartRow(machine, outputs) : outputs;
  Place sumPlace = halfSums ? halfSum(input.element, outputs) : output;
  for (int64_t begin = 0; begin < inputs; begin += piece) {
    int64_t rows = std::min(piece, inputs - begin);
    int64_t count = rows * outputs;
    Place all = scratch("products", input.element, rows * row).place;
    auto products = [&] {
      return row == outputs ? code.mem(all, count)
                            : code.mem2d(all, outputs, 1, rows, row);
    };
    code.vec("fmulh", products(),
             code.mem(weights.at(begin * outputs * size), count),
             code.mem2d(input.at(begin * size), outputs, 0, rows, 1));
    if (halfSums || (begin == 0 && !isClear)) {
      code.clear(sumPlace, outputs);
    }
    mlir::Value sum = code.mem2d(sumPlace, outputs, 1, rows, 0);
    code.vec(halfSums ? "faddh" : "faddhs", sum, sum, products());
    if (halfSums) {
      widen(sumPlace, output, outputs, begin == 0);
    }
  }
}

/// Binary16 sums join the binary32 result.
void StageLowering::widen(const Place &sum, const Place &output,
                          int64_t outputs, bool isFirst) {
  mlir::Value result = code.mem(output, outputs);
  code.vec("faddhs", result, isFirst ? mlir::Value() : result,
           code.mem(sum, outputs),
           isFirst ? code.constant(0.0f) : mlir::Value());
}

/// Where binary16 sums are made, see halfSumOffset.
Place StageLowering::halfSum(Type element, int64_t outputs) {
  int64_t offset = halfSumOffset(machine);
  int64_t size = bytesOf(element);
  return scratch("half_sum", element, outputs + offset / size).place.at(offset);
}

void StageLowering::allReduce(const CollectiveQueues &q, const Place &place,
                              Count extent, StringRef instruction) {
  // Work that only has to be done some time: at the root before it has all
  // inputs, elsewhere behind what goes out.
  std::vector<Code::Body> work;
  if (&q != &group) {
    work.swap(meanwhile);
  }
  auto doWork = [&] {
    for (const Code::Body &body : work) {
      body();
    }
  };
  if (q.lines == 1) {
    doWork();
    return;
  }
  mlir::Value block = code.mem(place, extent);
  auto receive = [&](StringRef queue) {
    code.vec(instruction, block, block,
             code.fabricIn(queue, extent, place.element));
  };
  auto sendTo = [&](StringRef queue) {
    code.vec("mov32", code.fabricOut(queue, extent, place.element), block);
  };
  code.whenSet(
      q.rootParam,
      [&] {
        doWork();
        code.whenSet(q.firstParam, [&] { receive(q.first); });
        if (q.hasThird) {
          code.whenSet(q.thirdParam, [&] { receive(q.third); });
        }
        if (q.hasSecond) {
          code.whenSet(q.secondParam, [&] {
            receive(&q == &group ? columns.second : q.second);
          });
        }
        if (&q == &group) {
          // A group of one column has nobody to tell.
          code.whenSet("group_multi", [&] { sendTo(q.out); });
        } else {
          sendTo(q.out);
        }
      },
      [&] {
        StringRef out =
            &q == &group ? StringRef(columns.out) : StringRef(q.out);
        auto pass = [&](StringRef queue) {
          code.vec(instruction, code.fabricOut(out, extent, place.element),
                   block, code.fabricIn(queue, extent, place.element));
        };
        auto member = [&] {
          code.whenSet(
              q.firstParam, [&] { pass(q.first); }, [&] { sendTo(out); });
        };
        if (q.hasThird) {
          code.whenSet(
              q.thirdParam,
              [&] {
                code.whenSet(q.firstParam, [&] { receive(q.first); });
                pass(q.third);
              },
              member);
        } else {
          member();
        }
        doWork();
        code.vec("mov32", block,
                 code.fabricIn(q.second, extent, place.element));
      });
}

// What the operations behind an all-reduce need cleared, up to the next one
// that all cores take part in: the sums over a group of columns are between.
void StageLowering::prepareFollowing(Operation *reduce) {
  for (Operation *op = reduce->getNextNode(); op; op = op->getNextNode()) {
    if (auto next = dyn_cast<AllReduceOp>(op)) {
      if (getLayout(next.getOperand(0).getType()).getPartial() !=
          Partial::Group) {
        return;
      }
    } else if (auto softmax = dyn_cast<LocalSoftmaxOp>(op)) {
      meanwhile.push_back([this, softmax] { prepareSoftmax(softmax); });
      prepared.insert(op);
    } else if (auto squares = dyn_cast<SumSquaresOp>(op);
               squares &&
               localCount(squares.getInput().getType()) >= kWrittenOut) {
      meanwhile.push_back([this, squares]() mutable {
        code.clear(placeResult(squares.getResult()).place, 1);
      });
      prepared.insert(op);
    } else if (auto product = dyn_cast<MatVecOp>(op)) {
      int64_t outputs = 0;
      for (mlir::Value result : product.getResults()) {
        outputs += localCount(result.getType());
      }
      ProductPlan plan = planProduct(machine, parameters,
                                     localCount(product.getInput().getType()),
                                     outputs, products);
      if (plan.piece && !plan.terms) {
        meanwhile.push_back([this, product, outputs]() mutable {
          code.clear(placeResult(product.getResult(0)).place, outputs);
        });
        prepared.insert(op);
      }
    }
  }
}

LogicalResult StageLowering::lowerAllReduce(AllReduceOp op) {
  LayoutAttr layout = getLayout(op.getOperand(0).getType());
  const CollectiveQueues *queues = &rows;
  if (layout.getPartial() == Partial::Columns) {
    queues = &columns;
  } else if (layout.getPartial() == Partial::Group) {
    queues = &group;
  }
  for (auto [operand, result] : llvm::zip(op.getOperands(), op.getResults())) {
    views[result] = viewOf(operand);
  }
  StringRef instruction = op.getCombine() == Combine::Max ? "fmaxs" : "fadds";
  View block = blocks.lookup(op);
  if (queues != &group) {
    prepareFollowing(op);
  }
  if (!isa_and_nonnull<ScoresOp>(op.getOperand(0).getDefiningOp())) {
    allReduce(*queues, block.place, block.count, instruction);
    return success();
  }
  // The number of positions in this row decides the length; a row without any
  // sends the rest alone.
  int64_t fixed = 0;
  for (mlir::Value operand : op.getOperands().drop_front()) {
    fixed += viewOf(operand).count;
  }
  mlir::Value words =
      code.add(code.mul(now, int32_t(heads * group_)), int32_t(fixed));
  if (fixed == 0) {
    code.when(Predicate::Ne, words, code.constant(0),
              [&] { allReduce(*queues, block.place, words, instruction); });
  } else {
    allReduce(*queues, block.place, words, instruction);
  }
  return success();
}

void StageLowering::lowerSumSquares(SumSquaresOp op) {
  View input = viewOf(op.getInput()), result = placeResult(op.getResult());
  views[op.getResult()] = result;
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

void StageLowering::lowerRmsScale(RmsScaleOp op) {
  auto &b = code.builder;
  mlir::Value sum = code.load(viewOf(op.getSum()).place);
  mlir::Value mean =
      wpe::FMulOp::create(b, sum, code.constant(1.0f / float(op.getCount())));
  mlir::Value factor = rsqrt(wpe::FAddOp::create(
      b, mean, code.constant(float(op.getEps().convertToDouble()))));
  // The values are neighbours in one message, so one instruction scales them.
  View first = viewOf(op.getValues().front());
  int64_t total = 0;
  for (auto [value, result] : llvm::zip(op.getValues(), op.getResults())) {
    views[result] = viewOf(value);
    total += viewOf(value).count;
  }
  mlir::Value all = code.mem(first.place, total);
  code.vec("fmuls", all, all, {}, factor);
}

void StageLowering::lowerAdd(AddOp op) {
  View lhs = viewOf(op.getLhs()), rhs = viewOf(op.getRhs());
  // In place where nobody reads the left operand afterwards.
  bool dead = llvm::all_of(op.getLhs().getUsers(), [&](Operation *user) {
    return user == op || user->isBeforeInBlock(op);
  });
  View result = dead ? lhs : placeResult(op.getResult());
  views[op.getResult()] = result;
  code.vec("fadds", code.mem(result.place, lhs.count),
           code.mem(lhs.place, lhs.count), code.mem(rhs.place, rhs.count));
}
