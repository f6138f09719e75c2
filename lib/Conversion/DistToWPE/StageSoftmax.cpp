// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageSoftmax.cpp - Softmax over positions, weighted values ---------===//
//
// Where weights are binary16, no row waits for the greatest score of all rows.
// With c = scale / ln 2, the scores in units of a power of two, each row has a
// reference of its own, k = round(c max s) over its positions, an integer:
//
//   weights  w = 2^(c s - k), in (0, 1.42]
//   sums     l = sum w, v = sum w V, over the positions of the row
//   message  (v, l) 2^(k - b)
//
// where b is the same in all rows, so the sums of the messages have the right
// ratio whatever b is, and scaling by a power of two rounds nothing. b is only
// there to keep l within binary32: after each token of a layer the exponent of
// l is added to it. So l stays near 1 as long as the greatest score of a head
// moves by less than a factor 2^100 of its exponential from one token to the
// next; beyond that (l below 2^-100, or above 2^100) the quotient is made NaN,
// the logits are NaN, and the head says so instead of a token.
//
// Online softmax (Milakov and Gimelshein, arXiv 1805.02867) rescales when two
// partial results meet; here they meet in the fabric, where only sums are free.
//
//===----------------------------------------------------------------------===//
#include "StageLowering.h"

#include <cmath>

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

static constexpr double kLog2E = 1.4426950408889634;
/// Exponents of binary32 that a sum of weights may have, biased.
static constexpr int32_t kLeastExponent = 127 - 100, kMostExponent = 127 + 100;

//===----------------------------------------------------------------------===//
// One reference for all rows
//===----------------------------------------------------------------------===//

void StageLowering::lowerMaxPositions(MaxPositionsOp op) {
  if (hasTokens()) {
    maxOfTokens(op);
    return;
  }
  View scores = viewOf(op.getScores()), result = placeResult(op.getResult());
  views[op.getResult()] = result;
  // The least finite number: a row without positions must not make a NaN.
  code.vec("mov32", code.mem(result.place, result.count), {}, {},
           code.constant(-3.402823466e38f));
  code.when(Predicate::Ne, now, code.constant(0),
            [&] { overPositions("fmaxs", result.place, scores.place); });
}

/// result[head] = result[head] op values[position, head] over the positions,
/// for a commutative operation.
void StageLowering::overPositions(StringRef instruction, const Place &result,
                                  const Place &values) {
  int64_t perPosition = heads * group_;
  bool oneType = values.element == result.element;
  if (oneType && perPosition >= int64_t(machine.lanesOf(instruction))) {
    // The first source tells the length.
    mlir::Value all = code.mem2d(result, perPosition, 1, slots, 0);
    code.vec(instruction, all,
             code.mem(values, code.mul(now, int32_t(perPosition))), all);
    return;
  }
  // So few that a step would meet one twice, or of another type.
  code.loop(perPosition, [&](mlir::Value index) {
    mlir::Value one =
        code.mem(result.plus(code.mul(
                     index, int32_t(wpe::elementBytes(result.element)))),
                 now, 0);
    mlir::Value byte =
        code.mul(index, int32_t(wpe::elementBytes(values.element)));
    code.vec(instruction, one, one,
             code.mem(values.plus(byte), now, perPosition));
  });
}

void StageLowering::lowerSoftmax(SoftmaxWeightsOp op) {
  if (hasTokens()) {
    softmaxOfTokens(op);
    return;
  }
  View scores = viewOf(op.getScores()), maximum = viewOf(op.getMaximum());
  View sum = placeResult(op.getSum());
  views[op.getWeights()] = scores;
  views[op.getSum()] = sum;
  int64_t perPosition = heads * group_;
  code.clear(sum.place, sum.count);
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    mlir::Value total = code.mul(now, int32_t(perPosition));
    mlir::Value all = code.mem(scores.place, total);
    code.vec("fsubs", all, all,
             code.mem2d(maximum.place, perPosition, 1, slots, 0));
    exponential(scores.place, total, slots * perPosition, float(scoresScale),
                !usesHalf);
    overPositions("fadds", sum.place, scores.place);
  });
}

//===----------------------------------------------------------------------===//
// A reference for each row
//===----------------------------------------------------------------------===//

/// softmax_top = the greatest score of each head that a row has, and where it
/// begins: two banks after the scores, which are read together with it.
Place StageLowering::softmaxTop() {
  int64_t apart = 2 * int64_t(machine.bankWidthBytes);
  return scratch("softmax_top", code.f32(), heads * group_ + apart / 4)
      .place.at(apart);
}

void StageLowering::resetTop() {
  // The least finite number.
  code.vec("mov32", code.mem(softmaxTop(), heads * group_), {}, {},
           code.constant(-3.402823466e38f));
}

Place StageLowering::softmaxReference() {
  int64_t perLayer = heads * group_;
  if (!role.lookupSymbol("softmax_reference")) {
    makeBuffer("softmax_reference", code.i32(),
               requests * maxLayers * layerStep(perLayer * 4) / 4,
               wpe::BufferKind::State);
  }
  return {"softmax_reference", code.i32(), 0, cacheOffset(perLayer * 4)};
}

/// From the greatest score m, in its place what is added to c score for 2^(c
/// score - k), and scale = 2^(k - b), which is a NaN where m is infinite or a
/// NaN.
void StageLowering::makeReference(const Place &m, const Place &reference,
                                  const Place &scale) {
  auto &b = code.builder;
  mlir::Value greatest = code.load(m);
  mlir::Value k = wpe::CastOp::create(
      b, code.i32(),
      wpe::FMulOp::create(b, greatest, code.constant(powerUnit())));
  mlir::Value origin = code.sub(code.constant(int32_t(kPowerOrigin)), k);
  code.store(wpe::CastOp::create(b, code.f32(), origin), m);
  mlir::Value exponent = code.sub(k, code.load(reference));
  exponent = wpe::MaxOp::create(b, exponent, code.constant(-127));
  exponent = wpe::MinOp::create(b, exponent, code.constant(128));
  mlir::Value power = wpe::BitcastOp::create(
      b, code.f32(), code.shl(code.add(exponent, 127), 23));
  mlir::Value nothing = wpe::FMulOp::create(b, greatest, code.constant(0.0f));
  code.store(wpe::FAddOp::create(b, power, nothing), scale);
}

void StageLowering::referencesOfRow(const Place &top, const Place &scale) {
  Place reference = softmaxReference();
  eachHead(heads * group_, [&](mlir::Value index, int64_t fixed) {
    makeReference(step(top, index, fixed, 4), step(reference, index, fixed, 4),
                  step(scale, index, fixed, 4));
  });
}

/// Of a score to the exponent of its weight, to the base of 2.
float StageLowering::powerUnit() const { return float(scoresScale * kLog2E); }

LogicalResult StageLowering::lowerLocalSoftmax(LocalSoftmaxOp op) {
  if (!usesHalf) {
    return op.emitError() << "a reference for each row needs binary16 weights";
  }
  if (hasTokens()) {
    localSoftmaxOfTokens(op);
    return success();
  }
  View scores = viewOf(op.getScores()), sum = placeResult(op.getSum());
  int64_t perPosition = heads * group_;
  View weights = scratch("softmax_half", code.f16(), slots * perPosition);
  View scale = scratch("softmax_scale", code.f32(), perPosition);
  views[op.getWeights()] = weights;
  views[op.getSum()] = sum;
  views[op.getScale()] = scale;
  Place top = softmaxTop();
  if (!prepared.count(op)) {
    prepareSoftmax(op);
  }
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    mlir::Value total = code.mul(now, int32_t(perPosition));
    overPositions("fmaxs", top, scores.place);
    referencesOfRow(top, scale.place);
    mlir::Value all = code.mem(scores.place, total);
    code.vec("fmacs", all, code.mem2d(top, perPosition, 1, slots, 0), all,
             code.constant(powerUnit()));
    code.vec("fmaxs", all, all, {}, code.constant(kPowerFloor));
    HalfPlaces places = halfPlaces(slots * perPosition);
    places.slots[unsigned(HalfSlot::X)] = weights.place;
    places.slots[unsigned(HalfSlot::Wide)] = scores.place;
    halfSequence(halfPower(), places, total);
    if (sumsValuesInHalf()) {
      Place sums = valueSums().at(perPosition * 2 * pairs * 2);
      overPositions("faddh", sums, weights.place);
      scaleSums(sums, scale.place, sum.place, 1);
    } else {
      overPositions("faddhs", sum.place, weights.place);
      mlir::Value sums = code.mem(sum.place, perPosition);
      code.vec("fmuls", sums, sums, code.mem(scale.place, perPosition));
    }
  });
  return success();
}

/// Whether the sums over the positions of a row are binary16.
bool StageLowering::sumsValuesInHalf() {
  return products == ProductTypes::Mixed && slots <= kHalfTerms &&
         valuesTogether();
}

/// Whether the products of all queries of a KV head are made at once. A step of
/// their sum must not meet an element twice.
bool StageLowering::valuesTogether() {
  int64_t width = 2 * pairs;
  return products == ProductTypes::Mixed && group_ >= width &&
         group_ * width >= int64_t(machine.lanesOf("faddh")) &&
         group_ * width * slots <= kProductElements;
}

/// binary16 sums of a row: of the values, [head, query, element], then of the
/// weights.
Place StageLowering::valueSums() {
  int64_t apart = halfSumOffset(machine);
  int64_t count = heads * group_ * (2 * pairs + 1);
  return scratch("value_sums", code.f16(), count + apart / 2).place.at(apart);
}

/// What a row without positions adds, and where the others begin.
void StageLowering::prepareSoftmax(LocalSoftmaxOp op) {
  View block = blockOf(op.getSum());
  code.clear(block.place, block.count);
  resetTop();
  if (sumsValuesInHalf()) {
    code.clear(valueSums(), heads * group_ * (2 * pairs + 1));
  }
}

/// result[r, i] = sums[r, i] scale[r] for `width` elements of each head.
void StageLowering::scaleSums(const Place &sums, const Place &scale,
                              const Place &result, int64_t width) {
  auto &b = code.builder;
  int64_t count = heads * group_;
  if (count * width > kFewScalars) {
    widen(sums, result, count * width, /*isFirst=*/true);
    mlir::Value all = code.mem(result, count * width);
    code.vec("fmuls", all, all, code.mem2d(scale, width, 0, count, 1));
    return;
  }
  for (int64_t r = 0; r < count; ++r) {
    mlir::Value factor = code.load(scale.at(r * 4));
    for (int64_t i = r * width; i < (r + 1) * width; ++i) {
      mlir::Value sum =
          wpe::CastOp::create(b, code.f32(), code.load(sums.at(i * 2)));
      code.store(wpe::FMulOp::create(b, sum, factor), result.at(i * 4));
    }
  }
}

/// b += exponent of the sum: before the next token comes, so whenever the core
/// has time.
void StageLowering::lowerKeepReference(KeepReferenceOp op) {
  if (auto found = softmaxExponents.find(op.getSum());
      found != softmaxExponents.end()) {
    Place exponents = found->second;
    meanwhile.push_back([this, exponents] {
      auto &b = code.builder;
      addToReference([&](mlir::Value index, int64_t fixed) -> mlir::Value {
        mlir::Value number = wpe::CastOp::create(
            b, code.f32(), code.load(step(exponents, index, fixed, 2)));
        return wpe::CastOp::create(b, code.i32(), number);
      });
    });
    return;
  }
  View sums = viewOf(op.getSum());
  meanwhile.push_back([this, sums] {
    Place sum = sums.place;
    if (hasTokens()) {
      // Of the last one.
      sum = moved(sum, code.mul(code.add(count, -1), int32_t(sums.stride * 4)));
    }
    addToReference([&](mlir::Value index, int64_t fixed) {
      return biasedExponent(step(sum, index, fixed, 4));
    });
  });
}

void StageLowering::addToReference(
    const std::function<mlir::Value(mlir::Value, int64_t)> &biased) {
  Place reference = softmaxReference();
  eachHead(heads * group_, [&](mlir::Value index, int64_t fixed) {
    Place at = step(reference, index, fixed, 4);
    code.store(code.add(code.add(code.load(at), biased(index, fixed)), -127),
               at);
  });
}

/// The exponent of a positive binary32 number, plus 127.
mlir::Value StageLowering::biasedExponent(const Place &place) {
  mlir::Value bits =
      wpe::BitcastOp::create(code.builder, code.i32(), code.load(place));
  return wpe::ShrOp::create(code.builder, bits, code.constant(23));
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

void StageLowering::lowerWeightedValues(WeightedValuesOp op) {
  if (hasTokens()) {
    valuesOfTokens(op);
    return;
  }
  View weights = viewOf(op.getWeights()), result = placeResult(op.getResult());
  views[op.getResult()] = result;
  TensorOp values = tensorOf(op.getValuesAttr());
  Type element = cast<RankedTensorType>(values.getType()).getElementType();
  unsigned size = wpe::elementBytes(element);
  int64_t width = 2 * pairs, block = width * slots * size;
  Place cache{op.getValues().str(), element, 0, cacheOffset(heads * block)};
  Place factors = weights.place;
  assert(factors.element == element && "weights of the type of the values");
  bool half = sumsValuesInHalf(), together = half && op.getScale();
  Place sums = together ? valueSums() : result.place;
  int64_t sumSize = wpe::elementBytes(sums.element);
  if (!op.getScale()) {
    code.clear(result.place, result.count);
  }
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    eachHead(heads, [&](mlir::Value head, int64_t fixedHead) {
      Place rows = step(cache, head, fixedHead, block);
      Place lines = step(factors, head, fixedHead, group_ * size);
      Place results = step(sums, head, fixedHead, group_ * width * sumSize);
      if (together) {
        valuesOfGroup(lines, rows, results);
        return;
      }
      eachHead(group_, [&](mlir::Value member, int64_t fixed) {
        valuesOfQuery(step(lines, member, fixed, size), rows,
                      step(results, member, fixed, width * 4));
      });
    });
    if (!op.getScale()) {
      return;
    }
    Place scale = viewOf(op.getScale()).place;
    if (together) {
      scaleSums(sums, scale, result.place, width);
      return;
    }
    int64_t count = heads * group_;
    mlir::Value all = code.mem(result.place, count * width);
    code.vec("fmuls", all, all, code.mem2d(scale, width, 0, count, 1));
  });
}

// All products of a KV head, [slot, query, element] of them, by one instruction
// an element; then one sum over the slots.
void StageLowering::valuesOfGroup(const Place &weights, const Place &values,
                                  const Place &sums) {
  int64_t width = 2 * pairs, row = group_ * width, size = 2;
  Place all = scratch("products", values.element, row * slots).place;
  // Slots without a position are in nobody's sum.
  mlir::Value factors =
      heads == 1 ? code.mem(weights, code.mul(now, int32_t(group_)))
                 : code.mem2d(weights, group_, 1, slots, heads * group_);
  for (int64_t i = 0; i < width; ++i) {
    code.vec("fmulh", code.mem2d(all.at(i * size), group_, width, slots, row),
             factors,
             code.mem2d(values.at(i * slots * size), group_, 0, slots, 1));
  }
  mlir::Value sum = code.mem2d(sums, row, 1, slots, 0);
  code.vec("faddh", sum, code.mem(all, code.mul(now, int32_t(row))), sum);
}

// The products of all positions and elements, then the sums over the
// positions, which are neighbours.
void StageLowering::valuesOfQuery(const Place &weights, const Place &values,
                                  const Place &result) {
  int64_t width = 2 * pairs;
  Type element = values.element;
  bool half = element.isF16();
  Place all = scratch("products", element, width * slots).place;
  code.vec(half ? "fmulh" : "fmuls", code.mem(all, now),
           code.mem2d(values, now, 1, width, slots),
           code.mem2d(weights, now, heads * group_, width, 0));
  mlir::Value sums = code.mem2d(result, now, 0, width, 1);
  code.vec(half ? "faddhs" : "fadds", sums, sums, code.mem(all, now));
}

mlir::Value StageLowering::divisorOf(const Place &sum, mlir::Value exponent) {
  auto &b = code.builder;
  // All bits set, a NaN, where the exponent is out of range.
  mlir::Value below = code.sub(exponent, code.constant(kLeastExponent));
  mlir::Value above = code.sub(code.constant(kMostExponent), exponent);
  mlir::Value outside = wpe::SarOp::create(
      b, wpe::OrOp::create(b, below, above), code.constant(31));
  mlir::Value factor =
      wpe::BitcastOp::create(b, code.i32(), reciprocal(code.load(sum)));
  factor = wpe::OrOp::create(b, factor, outside);
  return wpe::BitcastOp::create(b, code.f32(), factor);
}

void StageLowering::lowerDivideHeads(DivideHeadsOp op) {
  View value = viewOf(op.getValue()), sum = viewOf(op.getSum());
  alias(op.getResult(), op.getValue());
  int64_t width = 2 * pairs, count = heads * group_;
  Place factors = scratch("head_factors", code.f32(), count).place;
  eachHead(count, [&](mlir::Value index, int64_t fixed) {
    Place at = step(sum.place, index, fixed, 4);
    code.store(divisorOf(at, biasedExponent(at)),
               step(factors, index, fixed, 4));
  });
  mlir::Value all = code.mem(value.place, count * width);
  code.vec("fmuls", all, all, code.mem2d(factors, width, 0, count, 1));
}
