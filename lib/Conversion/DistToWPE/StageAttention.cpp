// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageAttention.cpp - Positions, cache and attention ----------------===//
//
// What a core knows about positions lies in `token_state`, six words:
//
//   0 held    positions that this row holds, without the current one
//   4 now     the same with the current one, if this row owns it
//   8 turn    position mod rows: the row that owns the current position
//  12 low     position mod low table size      (rotary table)
//  16 high    position / low table size
//  20 own     1 if this row owns the current position
//
// All counters start at zero and step at the end of a token, so no division is
// ever needed and an append moves nothing.
//
//===----------------------------------------------------------------------===//
#include "StageLowering.h"

#include <cmath>

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

static Place tokenState(Code &code, int64_t offset) {
  return {"token_state", code.i32(), offset, {}};
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

void StageLowering::beginToken() {
  makeBuffer("token_state", code.i32(), 6, wpe::BufferKind::State);
  mlir::Value held = code.load(tokenState(code, 0));
  code.store(held, tokenState(code, 4));
  code.store(code.constant(0), tokenState(code, 20));
  code.when(Predicate::Eq, code.load(tokenState(code, 8)), code.param("row"),
            [&] {
              code.store(code.add(held, 1), tokenState(code, 4));
              code.store(code.constant(1), tokenState(code, 20));
            });
  if (frequencies.empty()) {
    return;
  }
  // cos(a + b) = cos a cos b - sin a sin b, sin(a + b) = sin a cos b + cos a
  // sin b.
  int64_t rowBytes = 2 * pairs * 4;
  View low = makeBuffer("rope_low", code.f32(), ropeLow * 2 * pairs,
                        wpe::BufferKind::Weights);
  View high = makeBuffer("rope_high", code.f32(), ropeHigh * 2 * pairs,
                         wpe::BufferKind::Weights);
  View now = makeBuffer("rope_now", code.f32(), 2 * pairs);
  View t0 = scratch("rope_t0", code.f32(), pairs),
       t1 = scratch("rope_t1", code.f32(), pairs);
  for (auto [name, entries, step] :
       {std::tuple("rope_low", ropeLow, int64_t(1)),
        std::tuple("rope_high", ropeHigh, ropeLow)}) {
    tables.push_back({name, entries, step, frequencies});
    LocalTensor local;
    local.tensor = name;
    local.buffer = name;
    local.strides = {rowBytes, pairs * 4, 4};
    tensors.push_back(local);
  }
  Place lowRow = low.place.plus(
      code.mul(code.load(tokenState(code, 12)), int32_t(rowBytes)));
  Place highRow = high.place.plus(
      code.mul(code.load(tokenState(code, 16)), int32_t(rowBytes)));
  auto product = [&](const Place &result, int64_t lowPart, int64_t highPart) {
    code.vec("fmuls", code.mem(result, pairs),
             code.mem(lowRow.at(lowPart * pairs * 4), pairs),
             code.mem(highRow.at(highPart * pairs * 4), pairs));
  };
  product(t0.place, 0, 0);
  product(t1.place, 1, 1);
  code.vec("fsubs", code.mem(now.place, pairs), code.mem(t0.place, pairs),
           code.mem(t1.place, pairs));
  product(t0.place, 0, 1);
  product(t1.place, 1, 0);
  code.vec("fadds", code.mem(now.place.at(pairs * 4), pairs),
           code.mem(t0.place, pairs), code.mem(t1.place, pairs));
}

void StageLowering::endToken() {
  code.store(code.load(tokenState(code, 4)), tokenState(code, 0));
  // Steps a counter that returns to zero at `limit`, then does `carry`.
  auto step = [&](int64_t offset, int64_t limit, const Code::Body &carry) {
    mlir::Value next = code.add(code.load(tokenState(code, offset)), 1);
    code.when(
        Predicate::Eq, next, code.constant(int32_t(limit)),
        [&] {
          code.store(code.constant(0), tokenState(code, offset));
          carry();
        },
        [&] { code.store(next, tokenState(code, offset)); });
  };
  step(8, rows.lines, [] {});
  step(12, ropeLow, [&] {
    code.store(code.add(code.load(tokenState(code, 16)), 1),
               tokenState(code, 16));
  });
}

//===----------------------------------------------------------------------===//
// Queries and keys
//===----------------------------------------------------------------------===//

void StageLowering::lowerRope(RopeOp op) {
  for (auto [value, result] : llvm::zip(op.getValues(), op.getResults())) {
    View view = viewOf(value);
    views[result] = view;
    int64_t count = view.count / (2 * pairs);
    View t[4];
    for (int i = 0; i < 4; ++i) {
      t[i] = scratch("rotate_t" + std::to_string(i), code.f32(), count * pairs);
    }
    // First and second halves of all heads; the factors repeat for each head.
    mlir::Value x0 = code.mem2d(view.place, pairs, 1, count, 2 * pairs);
    mlir::Value x1 =
        code.mem2d(view.place.at(pairs * 4), pairs, 1, count, 2 * pairs);
    Place factors{"rope_now", code.f32(), 0, {}};
    mlir::Value cosine = code.mem2d(factors, pairs, 1, count, 0);
    mlir::Value sine = code.mem2d(factors.at(pairs * 4), pairs, 1, count, 0);
    auto whole = [&](int i) { return code.mem(t[i].place, count * pairs); };
    code.vec("fmuls", whole(0), x0, cosine);
    code.vec("fmuls", whole(1), x1, sine);
    code.vec("fmuls", whole(2), x1, cosine);
    code.vec("fmuls", whole(3), x0, sine);
    code.vec("fsubs", code.mem2d(view.place, pairs, 1, count, 2 * pairs),
             whole(0), whole(1));
    code.vec("fadds",
             code.mem2d(view.place.at(pairs * 4), pairs, 1, count, 2 * pairs),
             whole(2), whole(3));
  }
}

void StageLowering::lowerHeadSumSquares(HeadSumSquaresOp op) {
  View input = viewOf(op.getInput()), result = placeResult(op.getResult());
  views[op.getResult()] = result;
  int64_t width = 2 * pairs;
  View squares = scratch("head_squares", code.f32(), input.count);
  code.vec("fmuls", code.mem(squares.place, input.count),
           code.mem(input.place, input.count),
           code.mem(input.place, input.count));
  code.clear(result.place, result.count);
  code.loop(result.count, [&](mlir::Value head) {
    mlir::Value sum = code.mem(result.place.plus(code.shl(head, 2)), width, 0);
    code.vec("fadds", sum, sum,
             code.mem(squares.place.plus(code.mul(head, int32_t(width * 4))),
                      width));
  });
}

void StageLowering::lowerScaleBy(ScaleByOp op) {
  View view = viewOf(op.getInput());
  views[op.getResult()] = view;
  int64_t width = 2 * pairs;
  std::string name = "gain" + std::to_string(counter++);
  View gain =
      makeBuffer(name, code.f32(), maxLayers * width, wpe::BufferKind::Weights);
  LocalTensor local;
  local.tensor = op.getWeight().str();
  local.buffer = name;
  local.strides = {4, pairs * 4};
  local.layerStride = width * 4;
  tensors.push_back(local);
  int64_t count = view.count / width;
  mlir::Value x = code.mem(view.place, view.count);
  wpe::MemShape shape;
  shape.extent = width;
  shape.stride = 1;
  shape.extent1 = wpe::Size(count);
  shape.stride1 = wpe::Size(0);
  shape.offset = layerOffset(width * 4);
  mlir::Value factors =
      wpe::MemOp::create(code.builder, gain.place.buffer, code.f32(), shape);
  code.vec("fmuls", x, x, factors);
}

//===----------------------------------------------------------------------===//
// The cache
//===----------------------------------------------------------------------===//

LogicalResult StageLowering::lowerAppend(AppendOp op) {
  TensorOp state = tensorOf(op.getStateAttr());
  auto type = cast<RankedTensorType>(state.getType());
  Type element = type.getElementType();
  unsigned size = wpe::elementBytes(element);
  int64_t count = localCount(type);
  View value = viewOf(op.getValue());
  SmallVector<int64_t> strides = localStrides(type);
  int64_t positionStride = 0;
  for (unsigned dim = 0; dim < type.getRank(); ++dim) {
    FlatSymbolRefAttr symbol = getSlicing(getLayout(type), dim);
    if (symbol && symbols.lookup<SlicingOp>(symbol.getAttr()).getCyclic()) {
      positionStride = strides[dim];
    }
  }
  assert(positionStride != 0 && "append-c1: positions are cut cyclically");
  View buffer = makeBuffer(op.getState(), element, maxLayers * count,
                           wpe::BufferKind::State);
  LocalTensor local;
  local.tensor = op.getState().str();
  local.buffer = op.getState().str();
  for (int64_t stride : strides) {
    local.strides.push_back(stride * size);
  }
  local.layerStride = count * size;
  tensors.push_back(local);
  // Elements of one position are neighbours if positions are outermost, else
  // as far apart as a row of positions is long.
  int64_t elementStride = positionStride == 1 ? slots : 1;
  code.when(
      Predicate::Ne, code.load(tokenState(code, 20)), code.constant(0), [&] {
        mlir::Value slot = code.mul(code.load(tokenState(code, 0)),
                                    int32_t(positionStride * size));
        mlir::Value offset = layerOffset(count * size);
        Place place = buffer.place.plus(offset ? code.add(offset, slot) : slot);
        code.vec(element.isF16() ? "fs2h" : "mov32",
                 code.mem(place, value.count, elementStride),
                 code.mem(value.place, value.count));
      });
  return success();
}

//===----------------------------------------------------------------------===//
// Scores and softmax
//===----------------------------------------------------------------------===//

void StageLowering::lowerScores(ScoresOp op) {
  View result = placeResult(op.getResult());
  views[op.getResult()] = result;
  View query = viewOf(op.getQuery());
  Type element = query.place.element;
  unsigned size = wpe::elementBytes(element);
  int64_t width = 2 * pairs, columnsPerPosition = heads * group_;
  Place keys{op.getKeys().str(), element, 0, {}};
  mlir::Value offset = layerOffset(heads * width * slots * size);
  mlir::Value now = code.load(tokenState(code, 4));
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    mlir::Value total = code.mul(now, int32_t(columnsPerPosition));
    code.clear(result.place, total);
    code.loop(heads, [&](mlir::Value head) {
      mlir::Value keyBase = code.mul(head, int32_t(width * slots * size));
      if (offset) {
        keyBase = code.add(keyBase, offset);
      }
      mlir::Value firstQuery = code.mul(head, int32_t(group_));
      code.loop(group_, [&](mlir::Value member) {
        mlir::Value index = code.add(firstQuery, member);
        mlir::Value line = code.mem(result.place.plus(code.shl(index, 2)), now,
                                    columnsPerPosition);
        mlir::Value queryBase = code.mul(index, int32_t(width * size));
        code.loop(width, [&](mlir::Value i) {
          mlir::Value q = code.load(query.place.plus(
              code.add(queryBase, code.mul(i, int32_t(size)))));
          mlir::Value keyOffset =
              code.add(keyBase, code.mul(i, int32_t(slots * size)));
          code.vec(element.isF16() ? "fmachs" : "fmacs", line, line,
                   code.mem(keys.plus(keyOffset), now), q);
        });
      });
    });
    mlir::Value all = code.mem(result.place, total);
    code.vec("fmuls", all, all, {},
             code.constant(float(op.getScale().convertToDouble())));
  });
}

void StageLowering::lowerHeadNormScores(HeadNormScoresOp op) {
  auto &b = code.builder;
  View scores = viewOf(op.getScores());
  views[op.getResult()] = scores;
  View querySums = viewOf(op.getQuerySums()), keySums = viewOf(op.getKeySums());
  TensorOp state = tensorOf(op.getFactorsAttr());
  View factors = makeBuffer(op.getFactors(), code.f32(),
                            maxLayers * heads * slots, wpe::BufferKind::State);
  LocalTensor local;
  local.tensor = state.getSymName().str();
  local.buffer = state.getSymName().str();
  local.strides = {slots * 4, 4};
  local.layerStride = heads * slots * 4;
  tensors.push_back(local);
  mlir::Value offset = layerOffset(heads * slots * 4);
  auto factorOf = [&](const Place &sums) {
    mlir::Value mean = wpe::FMulOp::create(
        b, code.load(sums), code.constant(1.0f / float(op.getCount())));
    return rsqrt(wpe::FAddOp::create(
        b, mean, code.constant(float(op.getEps().convertToDouble()))));
  };
  mlir::Value now = code.load(tokenState(code, 4));
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    code.loop(heads, [&](mlir::Value head) {
      mlir::Value line = code.mul(head, int32_t(slots * 4));
      if (offset) {
        line = code.add(line, offset);
      }
      code.when(Predicate::Ne, code.load(tokenState(code, 20)),
                code.constant(0), [&] {
                  mlir::Value slot =
                      code.shl(code.load(tokenState(code, 0)), 2);
                  code.store(factorOf(keySums.place.plus(code.shl(head, 2))),
                             factors.place.plus(code.add(line, slot)));
                });
      mlir::Value firstQuery = code.mul(head, int32_t(group_));
      code.loop(group_, [&](mlir::Value member) {
        mlir::Value byte = code.shl(code.add(firstQuery, member), 2);
        mlir::Value factor = factorOf(querySums.place.plus(byte));
        mlir::Value column =
            code.mem(scores.place.plus(byte), now, heads * group_);
        code.vec("fmuls", column, column, {}, factor);
        code.vec("fmuls", column, column,
                 code.mem(factors.place.plus(line), now));
      });
    });
  });
}

void StageLowering::lowerMaxPositions(MaxPositionsOp op) {
  View scores = viewOf(op.getScores()), result = placeResult(op.getResult());
  views[op.getResult()] = result;
  // The least finite number: a row without positions must not make a NaN.
  code.vec("mov32", code.mem(result.place, result.count), {}, {},
           code.constant(-3.402823466e38f));
  mlir::Value now = code.load(tokenState(code, 4));
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    code.loop(heads * group_, [&](mlir::Value index) {
      mlir::Value byte = code.shl(index, 2);
      mlir::Value maximum = code.mem(result.place.plus(byte), now, 0);
      code.vec("fmaxs", maximum, maximum,
               code.mem(scores.place.plus(byte), now, heads * group_));
    });
  });
}

void StageLowering::lowerSoftmax(SoftmaxWeightsOp op) {
  View scores = viewOf(op.getScores()), maximum = viewOf(op.getMaximum());
  View sum = placeResult(op.getSum());
  views[op.getWeights()] = scores;
  views[op.getSum()] = sum;
  int64_t perPosition = heads * group_;
  code.clear(sum.place, sum.count);
  mlir::Value now = code.load(tokenState(code, 4));
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    code.loop(perPosition, [&](mlir::Value index) {
      mlir::Value byte = code.shl(index, 2);
      mlir::Value column = code.mem(scores.place.plus(byte), now, perPosition);
      code.vec("fsubs", column, column, {},
               code.load(maximum.place.plus(byte)));
    });
    exponential(scores.place, code.mul(now, int32_t(perPosition)),
                slots * perPosition);
    code.loop(perPosition, [&](mlir::Value index) {
      mlir::Value byte = code.shl(index, 2);
      mlir::Value total = code.mem(sum.place.plus(byte), now, 0);
      code.vec("fadds", total, total,
               code.mem(scores.place.plus(byte), now, perPosition));
    });
  });
}

void StageLowering::lowerWeightedValues(WeightedValuesOp op) {
  View weights = viewOf(op.getWeights()), result = placeResult(op.getResult());
  views[op.getResult()] = result;
  TensorOp values = tensorOf(op.getValuesAttr());
  Type element = cast<RankedTensorType>(values.getType()).getElementType();
  unsigned size = wpe::elementBytes(element);
  bool half = element.isF16();
  int64_t width = 2 * pairs, perPosition = heads * group_;
  Place cache{op.getValues().str(), element, 0, {}};
  mlir::Value offset = layerOffset(slots * heads * width * size);
  code.clear(result.place, result.count);
  mlir::Value now = code.load(tokenState(code, 4));
  Place factors = weights.place;
  if (half) {
    factors = scratch("softmax_half", code.f16(), slots * perPosition).place;
  }
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    if (half) {
      mlir::Value total = code.mul(now, int32_t(perPosition));
      code.vec("fs2h", code.mem(factors, total),
               code.mem(weights.place, total));
    }
    code.loop(
        now,
        [&](mlir::Value slot) {
          mlir::Value factorBase = code.mul(slot, int32_t(perPosition * size));
          mlir::Value valueBase = code.mul(slot, int32_t(heads * width * size));
          if (offset) {
            valueBase = code.add(valueBase, offset);
          }
          code.loop(heads, [&](mlir::Value head) {
            mlir::Value row =
                code.mem(cache.plus(code.add(
                             valueBase, code.mul(head, int32_t(width * size)))),
                         width);
            mlir::Value firstQuery = code.mul(head, int32_t(group_));
            code.loop(group_, [&](mlir::Value member) {
              mlir::Value index = code.add(firstQuery, member);
              mlir::Value p = code.load(factors.plus(
                  code.add(factorBase, code.mul(index, int32_t(size)))));
              mlir::Value sum = code.mem(
                  result.place.plus(code.mul(index, int32_t(width * 4))),
                  width);
              code.vec(half ? "fmachs" : "fmacs", sum, sum, row, p);
            });
          });
        },
        /*nonzero=*/true);
  });
}

void StageLowering::lowerDivideHeads(DivideHeadsOp op) {
  View value = viewOf(op.getValue()), sum = viewOf(op.getSum());
  views[op.getResult()] = value;
  int64_t width = 2 * pairs;
  code.loop(heads * group_, [&](mlir::Value index) {
    mlir::Value divisor = code.load(sum.place.plus(code.shl(index, 2)));
    mlir::Value factor =
        wpe::FDivOp::create(code.builder, code.constant(1.0f), divisor);
    mlir::Value head =
        code.mem(value.place.plus(code.mul(index, int32_t(width * 4))), width);
    code.vec("fmuls", head, head, {}, factor);
  });
}
