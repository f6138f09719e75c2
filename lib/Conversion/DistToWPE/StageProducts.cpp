// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageProducts.cpp - Matrix-vector products -------------------------===//
#include "StageLowering.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

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

int64_t StageLowering::outputsOf(MatVecOp product) {
  int64_t outputs = 0;
  for (mlir::Value result : product.getResults()) {
    outputs += localCount(result.getType());
  }
  return outputs;
}

ProductPlan StageLowering::planOf(MatVecOp product) {
  return planProduct(machine, parameters,
                     localCount(product.getInput().getType()),
                     outputsOf(product), products);
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
  ProductPlan plan = planOf(op);
  int64_t row = plan.stepsByRow() ? weightRow(machine, outputs) : outputs;
  int64_t size = wpe::elementBytes(element);
  int64_t layerBytes = plan.stepsByRow()
                           ? weightBytes(machine, inputs, row, size)
                           : inputs * row * size;
  View weights =
      makeBuffer(name, element, maxLayers * layerStep(layerBytes) / size,
                 wpe::BufferKind::Weights);
  for (auto [attribute, result, offset] :
       llvm::zip(op.getWeights(), op.getResults(), offsets)) {
    LocalTensor local;
    local.tensor = cast<FlatSymbolRefAttr>(attribute).getValue().str();
    local.buffer = name;
    local.offset = offset * wpe::elementBytes(element);
    for (int64_t s : localStrides(inputType)) {
      local.strides.push_back(s * row * wpe::elementBytes(element));
    }
    for (int64_t s : localStrides(result.getType())) {
      local.strides.push_back(s * wpe::elementBytes(element));
    }
    local.layerStride = stage.getNumLayers() ? layerStep(layerBytes) : 0;
    tensors.push_back(std::move(local));
  }
  sumTurn = sumTurnOf(op);
  multiply(input.place, inputs, weights.place.plus(layerOffset(layerBytes)),
           ofToken(output).place, outputs, plan, prepared.count(op),
           leavesHalf(op));
  return success();
}

void StageLowering::multiply(const Place &input, int64_t inputs,
                             const Place &weights, const Place &output,
                             int64_t outputs, const ProductPlan &plan,
                             bool isClear, bool leaveHalf) {
  if (plan.piece) {
    multiplyThenSum(input, inputs, weights, output, outputs, plan.piece,
                    plan.terms != 0, isClear, leaveHalf);
  } else if (plan.terms) {
    multiplyAddHalf(input, inputs, weights, output, outputs, plan.terms,
                    leaveHalf);
  } else {
    multiplyAdd(input, inputs, weights, output, outputs);
  }
}

/// `body` for inputs `begin` to `end`, with each one's scalar.
static void forInputs(Code &code, const Place &input, int64_t begin,
                      int64_t end,
                      const std::function<void(mlir::Value)> &body) {
  auto at = [&](mlir::Value index, int32_t bytes) {
    Place place = input.at(begin * bytes);
    mlir::Value by = code.mul(index, bytes);
    return place.plus(place.dynamic ? code.add(place.dynamic, by) : by);
  };
  int32_t size = int32_t(wpe::elementBytes(input.element));
  if (end - begin < kWrittenOut) {
    for (int64_t i = begin; i < end; ++i) {
      body(code.load(input.at(i * size)));
    }
    return;
  }
  code.loop(end - begin, [&](mlir::Value i) { body(code.load(at(i, size))); });
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
                                    int64_t outputs, int64_t terms,
                                    bool leaveHalf) {
  Place sumPlace = halfSum(input.element, outputs, sumTurn);
  mlir::Value sum = code.mem(sumPlace, outputs), other = sum;
  int64_t size = wpe::elementBytes(input.element);
  int64_t rowElements = weightRow(machine, outputs);
  mlir::Value row = code.row(weights, outputs, rowElements);
  bool alternate = rowsAlternate(machine, rowElements);
  if (alternate) {
    other =
        code.mem(scratch("other_sum", input.element, outputs).place, outputs);
  }
  for (int64_t begin = 0; begin < inputs; begin += terms) {
    int64_t end = std::min(inputs, begin + terms);
    auto scalar = [&](int64_t i) { return code.load(input.at(i * size)); };
    if (!alternate) {
      code.vec("fmulh", sum, {}, row, scalar(begin));
      forInputs(code, input, begin + 1, end,
                [&](mlir::Value x) { code.vec("fmach", sum, sum, row, x); });
    } else {
      // The sums in front of an even row are half a turn from it in `sum`,
      // those in front of an odd one in `other`; the last ones come to `sum`.
      auto before = [&](int64_t i) { return i % 2 ? other : sum; };
      auto behind = [&](int64_t i) {
        return i + 1 == end ? sum : before(i + 1);
      };
      auto add = [&](int64_t i, mlir::Value x) {
        code.vec("fmach", behind(i), before(i), row, x);
      };
      code.vec("fmulh", behind(begin), {}, row, scalar(begin));
      int64_t i = begin + 1;
      if (end - i >= kWrittenOut) {
        int64_t pairs = (end - i - 1) / 2;
        code.loop(pairs, [&](mlir::Value pair) {
          for (int64_t k = 0; k < 2; ++k) {
            Place x = input.at((i + k) * size);
            mlir::Value by = code.mul(pair, int32_t(2 * size));
            add(i + k,
                code.load(x.plus(x.dynamic ? code.add(x.dynamic, by) : by)));
          }
        });
        i += 2 * pairs;
      }
      for (; i < end; ++i) {
        add(i, scalar(i));
      }
    }
    if (!leaveHalf) {
      widen(sumPlace, output, outputs, begin == 0);
    }
  }
}

// All products of some inputs in one instruction, in binary16, then their sum
// over the inputs in another one, instead of one instruction an input.
void StageLowering::multiplyThenSum(const Place &input, int64_t inputs,
                                    const Place &weights, const Place &output,
                                    int64_t outputs, int64_t piece,
                                    bool halfSums, bool isClear,
                                    bool leaveHalf) {
  unsigned size = wpe::elementBytes(input.element);
  int64_t row = halfSums ? apartRow(machine, outputs) : outputs;
  // Where rows lie apart, whole steps of a row are summed, padding included: a
  // step over the end of a row, and in rows that begin inside of a step every
  // second one, would meet its own bank.
  int64_t summed =
      row == outputs
          ? outputs
          : int64_t(llvm::alignTo(outputs, machine.lanesOf("faddh")));
  Place sumPlace = halfSums ? halfSum(input.element, summed, sumTurn) : output;
  for (int64_t begin = 0; begin < inputs; begin += piece) {
    int64_t rows = std::min(piece, inputs - begin);
    int64_t count = rows * outputs;
    Place all = scratch("products", input.element, rows * row).place;
    auto products = [&](int64_t columns) {
      return row == outputs ? code.mem(all, count)
                            : code.mem2d(all, columns, 1, rows, row);
    };
    code.vec("fmulh", products(outputs),
             code.mem(weights.at(begin * outputs * size), count),
             code.mem2d(input.at(begin * size), outputs, 0, rows, 1));
    if (begin == 0 ? !isClear : halfSums) {
      code.clear(sumPlace, outputs);
    }
    mlir::Value sum = code.mem2d(sumPlace, summed, 1, rows, 0);
    code.vec(halfSums ? "faddh" : "faddhs", sum, sum, products(summed));
    if (halfSums && !leaveHalf) {
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

/// Sums that travel in binary16 are still there when those of the next product
/// are cleared, so products take turns in two places.
int64_t StageLowering::sumTurnOf(MatVecOp product) {
  if (!halfMessages) {
    return 0;
  }
  int64_t turn = 0;
  for (MatVecOp op : stage.getBody().getOps<MatVecOp>()) {
    if (op == product) {
      break;
    }
    ++turn;
  }
  return turn % 2;
}

/// Where binary16 sums are made, see halfSumOffset.
Place StageLowering::halfSum(Type element, int64_t outputs, int64_t turn) {
  int64_t offset = halfSumOffset(machine);
  int64_t size = wpe::elementBytes(element);
  return scratch(turn ? "half_sum_b" : "half_sum", element,
                 outputs + offset / size)
      .place.at(offset);
}
