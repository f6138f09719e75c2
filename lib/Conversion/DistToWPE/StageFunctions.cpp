// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageFunctions.cpp - Special functions and sampling ----------------===//
//
// The machine has no transcendental instructions and no vector division, so
// these are sequences of vector instructions. Error bounds are those of the
// sequence in binary32 against the exact function, found by trying every
// exponent.
//
//===----------------------------------------------------------------------===//
#include "StageLowering.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

// exp(x) = 2^n 2^r with n = round(x / ln 2) and |r| <= 1/2. Adding 1.5 * 2^23
// rounds to an integer and leaves n in the low half of the word, from where it
// is shifted to the exponent. 2^r by its minimax polynomial, of degree 5
// (relative error 1.6e-7, with the rounding of x / ln 2 in all 6e-6 at |x| = 87
// and 3e-7 at |x| = 1) or of degree 3 (7.5e-5, a third of the rounding to
// binary16).
void StageLowering::exponential(const Place &place, Count extent, int64_t most,
                                float factor, bool isExact) {
  Place shifted = scratch("exp_shifted", code.f32(), most).place;
  Place power = scratch("exp_power", code.f32(), most).place;
  constexpr float kRound = 12582912.0f;
  static constexpr float kExact[] = {0.001327647245f, 0.00967554096f,
                                     0.05550713092f,  0.2402212024f,
                                     0.693146944f,    1.000000119f};
  static constexpr float kHalf[] = {0.05517166853f, 0.2426111251f,
                                    0.6932609677f, 0.9999280572f};
  mlir::Value x = code.mem(place, extent), t = code.mem(shifted, extent),
              p = code.mem(power, extent);
  auto scalar = [&](StringRef op, mlir::Value dest, mlir::Value source,
                    float value) {
    code.vec(op, dest, source, {}, code.constant(value));
  };
  scalar("fmuls", x, x, 1.44269504f * factor);
  scalar("fmaxs", x, x, -126.0f);
  scalar("fadds", t, x, kRound);
  scalar("fsubs", p, t, kRound);
  code.vec("fsubs", x, x, code.mem(power, extent));
  mlir::Value r = code.mem(place, extent);
  ArrayRef<float> polynomial =
      isExact ? ArrayRef<float>(kExact) : ArrayRef<float>(kHalf);
  scalar("fmuls", p, x, polynomial.front());
  for (float c : polynomial.drop_front().drop_back()) {
    scalar("fadds", p, p, c);
    code.vec("fmuls", p, p, r);
  }
  scalar("fadds", x, p, polynomial.back());
  mlir::Value low = code.mem(shifted.as(code.i16()), extent, 2);
  code.vec("sll16", low, low, {}, code.constant(7));
  mlir::Value high = code.mem(place.as(code.i16()).at(2), extent, 2);
  code.vec("add16", high, high, code.mem(shifted.as(code.i16()), extent, 2));
}

// A bit estimate of both halves (relative error 0.07; what the low half holds
// does not matter), then Newton steps y (2 - x y): relative error below 2e-7
// after three, 1.2e-5 after two.
void StageLowering::reciprocal(const Place &place, const Place &result,
                               const Place &scratchPlace, int64_t extent,
                               bool isExact) {
  code.vec("sub16", code.mem(result.as(code.i16()), 2 * extent), {},
           code.mem(place.as(code.i16()), 2 * extent), code.constant(0x7ef1));
  mlir::Value x = code.mem(place, extent), y = code.mem(result, extent);
  mlir::Value t = code.mem(scratchPlace, extent);
  mlir::Value ySource = code.mem(result, extent),
              tSource = code.mem(scratchPlace, extent);
  for (int step = 0; step < (isExact ? 3 : 2); ++step) {
    code.vec("fmuls", t, x, ySource);
    code.vec("fsubs", t, {}, tSource, code.constant(2.0f));
    code.vec("fmuls", y, y, tSource);
  }
}

//===----------------------------------------------------------------------===//
// Binary16
//===----------------------------------------------------------------------===//

Place StageLowering::constantPlace(uint32_t bits, Type type) {
  bool isHalf = type.isF16();
  StringRef name = isHalf ? "half_constants" : "wide_constants";
  SmallVector<uint32_t> &known = isHalf ? halfConstants : wideConstants;
  int64_t index = llvm::find(known, bits) - known.begin();
  bool isNew = index == int64_t(known.size());
  if (isNew) {
    known.push_back(bits);
  }
  Place place = scratch(name, type, int64_t(known.size())).place;
  place = place.at(index * wpe::elementBytes(type));
  if (isNew) {
    beforeAll([&] {
      code.store(isHalf ? code.halfConstant(uint16_t(bits))
                        : code.constant(llvm::bit_cast<float>(bits)),
                 place);
    });
  }
  return place;
}

StageLowering::HalfPlaces StageLowering::halfPlaces(int64_t most) {
  // They lie where products are made, which is before and behind a sequence. T1
  // is read together with all others, so it begins half a turn of the banks
  // after them.
  int64_t apart = halfSumOffset(machine);
  int64_t each = llvm::alignTo(2 * most, kHalfPlaceBytes);
  Place all = scratch("products", code.f16(), (4 * each + apart) / 2).place;
  HalfPlaces places;
  places.slots[unsigned(HalfSlot::T0)] = all;
  places.slots[unsigned(HalfSlot::T3)] = all.at(each);
  places.slots[unsigned(HalfSlot::T2)] = all.at(2 * each);
  places.slots[unsigned(HalfSlot::T1)] = all.at(3 * each + apart);
  return places;
}

void StageLowering::halfSequence(ArrayRef<HalfStep> steps,
                                 const HalfPlaces &places, Count extent) {
  for (const HalfStep &step : steps) {
    StringRef name = step.mnemonic;
    bool isBits = name.ends_with("16");
    auto operand = [&](HalfSlot slot, bool isWide) -> mlir::Value {
      if (slot == HalfSlot::None) {
        return {};
      }
      if (slot == HalfSlot::Constant) {
        Type type = isWide ? code.f32() : code.f16();
        return code.mem(constantPlace(step.constant, type), extent, 0);
      }
      Place place = places.slots[unsigned(slot)];
      place.element = isWide ? code.f32() : isBits ? code.i16() : code.f16();
      bool isLow = slot == HalfSlot::Wide && !isWide;
      return code.mem(place, extent, isLow ? 2 : 1);
    };
    mlir::Value scalar;
    if (step.hasScalar) {
      scalar = isBits ? code.constant(int32_t(step.scalar))
                      : code.halfConstant(step.scalar);
    }
    mlir::Value src0 = operand(step.src0, step.isWide());
    mlir::Value src1 = operand(step.src1, false);
    bool inPlace = step.dest == step.src0;
    code.vec(name, inPlace ? src0 : operand(step.dest, step.isWide()), src0,
             src1, scalar);
  }
}

void StageLowering::lowerSiluMulHalf(const View &gate, const View &up,
                                     SiluMulOp op) {
  int64_t n = gate.count;
  Place both;
  if (auto found = siluInputs.find(op); found != siluInputs.end()) {
    both = found->second;
  } else {
    both = roundGateUp(gate, up);
  }
  HalfPlaces places = halfPlaces(n);
  places.slots[unsigned(HalfSlot::X)] = both;
  places.slots[unsigned(HalfSlot::Factor)] = both.at(2 * n);
  places.slots[unsigned(HalfSlot::Z)] = besideX(gate.place);
  halfSequence(halfSiluMul(), places, n);
  // The cast that follows finds it done.
  views[op.getResult()] = {both, n};
}

/// The vector that is read together with X: half a turn of the banks after what
/// begins like X. `wide` is a binary32 vector that has been read.
Place StageLowering::besideX(const Place &wide) {
  Place z = wide.at(halfSumOffset(machine));
  z.element = code.f16();
  return z;
}

/// Gate and up in binary16, one behind the other.
Place StageLowering::roundGateUp(const View &gate, const View &up) {
  int64_t n = gate.count;
  Place both = makeBuffer("silu", code.f16(), 2 * n).place;
  if (up.place.buffer == gate.place.buffer &&
      up.place.offset == gate.place.offset + 4 * n) {
    code.vec("fs2h", code.mem(both, 2 * n), code.mem(gate.place, 2 * n));
  } else {
    code.vec("fs2h", code.mem(both, n), code.mem(gate.place, n));
    code.vec("fs2h", code.mem(both.at(2 * n), n), code.mem(up.place, n));
  }
  return both;
}

// gate / (1 + exp(-gate)) * up
void StageLowering::lowerSiluMul(SiluMulOp op) {
  View gate = viewOf(op.getGate()), up = viewOf(op.getUp());
  if (hasTokens() && usesHalf) {
    siluOfTokens(gate, up, op);
    return;
  }
  if (siluInHalf(op)) {
    lowerSiluMulHalf(gate, up, op);
    return;
  }
  alias(op.getResult(), op.getGate());
  int64_t n = gate.count;
  Place z = scratch("silu_z", code.f32(), n).place,
        y = scratch("silu_y", code.f32(), n).place;
  bool isExact = !usesHalf;
  // 87 in the exponent, so that 1 + exp stays finite.
  code.vec("fmaxs", code.mem(z, n), code.mem(gate.place, n), {},
           code.constant(-87.0f));
  exponential(z, n, n, -1.0f, isExact);
  code.vec("fadds", code.mem(z, n), code.mem(z, n), {}, code.constant(1.0f));
  reciprocal(z, y, scratch("exp_shifted", code.f32(), n).place, n, isExact);
  mlir::Value g = code.mem(gate.place, n);
  code.vec("fmuls", g, g, code.mem(y, n));
  code.vec("fmuls", g, g, code.mem(up.place, n));
}

//===----------------------------------------------------------------------===//
// Argmax
//===----------------------------------------------------------------------===//

Place StageLowering::bestPlace() { return {"best", code.f32(), 0, {}}; }
Place StageLowering::bestIdPlace() {
  return {"best", code.f32(), 4, {}, /*bits=*/true};
}

// All rows have the logits of their column, so each row looks at a slice of
// them. NaN never compares greater, so it is never
// taken; ties stay with the lowest id, also between cores: two maxima over all
// cores, first of the values, then of 0x7f000000 - id among those that hold the
// greatest one. As binary32 these are normal numbers in the order of the
// integers; the id is 0x7f000000 if no logit is a number. One word a core each,
// added up on the way like any sum, where a chain that compares pairs would
// take a task's worth of scalars at every core.
void StageLowering::lowerArgMax(ArgMaxOp op) {
  View logits = viewOf(op.getLogits());
  makeBuffer("best", code.f32(), 2);
  makeBuffer("most", code.f32(), 1);
  makeBuffer("scan", code.i32(), 1);
  Place value = bestPlace(), id = bestIdPlace();
  Place most{"most", code.f32(), 0, {}}, scan{"scan", code.i32(), 0, {}};
  code.store(code.constant(-std::numeric_limits<float>::infinity()), value);
  code.store(code.constant(0), id);
  mlir::Value first =
      code.add(code.shl(code.param(logitHigh), 16), code.param(logitLow));
  mlir::Value begin = code.param(logitSlice);
  int32_t slice = int32_t(llvm::divideCeil(logits.count, rows.lines));
  mlir::Value left = code.sub(code.param(logitCount), begin);
  code.store(left, scan);
  code.when(Predicate::Lt, code.constant(slice), left,
            [&] { code.store(code.constant(slice), scan); });
  code.loop(code.load(scan), [&](mlir::Value i) {
    mlir::Value index = code.add(begin, i);
    mlir::Value logit = code.load(logits.place.plus(code.shl(index, 2)));
    code.when(Predicate::FLt, code.load(value), logit, [&] {
      code.store(logit, value);
      code.store(code.add(first, index), id);
    });
  });
  auto greatest = [&] {
    allReduce(rows, most, 1, "fmaxs");
    allReduce(columns, most, 1, "fmaxs");
  };
  constexpr int32_t kLowest = 0x7f000000;
  code.store(code.load(value), most);
  greatest();
  Place bits = most;
  bits.bits = true;
  mlir::Value mine = code.load(value), theirs = code.load(most);
  // Where no logit is greater than minus infinity, all are NaN: nobody gives an
  // id, and that of the answer is outside any vocabulary.
  code.store(code.constant(0), bits);
  code.when(
      Predicate::FLt, code.constant(-std::numeric_limits<float>::infinity()),
      theirs, [&] {
        code.when(Predicate::FGe, mine, theirs, [&] {
          code.store(code.sub(code.constant(kLowest), code.load(id)), bits);
        });
      });
  greatest();
  code.store(code.sub(code.constant(kLowest), code.load(bits)), id);
  views[op.getResult()] = {id, 1};
}
