// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageTokens.cpp - Several tokens of a request in a pass ------------===//
//
// What a program does otherwise that takes up to M tokens of a request, at the
// positions p to p + n - 1. n comes with the header; messages have n times the
// words of one token, so a pass of one is no longer than it has to be.
//
// Hidden state, products and their sums: the values of a token lie together,
// and so do the tokens. What is element for element is one instruction for all
// of them, what is not runs once for each (eachToken).
//
// Attention: the positions of the pass are appended first. A row then holds
// `now` positions, and owns token f, f + rows, ... of the pass; `token_state`
// has
//
//    0 held    positions that this row held before the pass
//    4 now     the same with those of the pass
//    8 own     f, which is at least n where the row owns none
//   12 first   entry of the request's first layer in caches (several requests)
//
// Queries of all tokens meet the same keys, so they are one block: scores are
// [head, position, line], where a line has the queries of a head, [token,
// query], and at least as many as a step of a sum has elements. A head's block
// is dense, so its first `now` lines are one vector whatever n is. Of the
// positions of the pass a token sees those up to its own: the row that owns
// token t sets the scores of the tokens before t to kFuture, which are
// neighbours.
//
//===----------------------------------------------------------------------===//
#include "StageLowering.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

static constexpr int64_t kHeld = 0, kNow = 4, kOwn = 8, kFirst = 12;
/// A score whose exponential is nothing beside that of any other, and that
/// binary16 holds.
static constexpr float kFuture = -30000.0f;
/// The least finite number.
static constexpr float kLeast = -3.402823466e38f;
/// Elements of a head that are written out.
static constexpr int64_t kFewElements = 4;
/// Elements of a piece of a sequence on binary16.
static constexpr int64_t kPieceElements = 256;

static Place tokenState(Code &code, int64_t offset) {
  return {"token_state", code.i32(), offset, {}};
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

Place StageLowering::moved(const Place &place, mlir::Value bytes) {
  return place.plus(place.dynamic ? code.add(place.dynamic, bytes) : bytes);
}

View StageLowering::ofToken(View view) {
  if (token) {
    int64_t bytes = view.stride * wpe::elementBytes(view.place.element);
    view.place = moved(view.place, code.mul(token, int32_t(bytes)));
  }
  return view;
}

View StageLowering::define(mlir::Value value) {
  View view = placeResult(value);
  views[value] = view;
  return ofToken(view);
}

void StageLowering::eachToken(const Code::Body &body) {
  code.loop(
      count,
      [&](mlir::Value index) {
        token = index;
        body();
        token = {};
      },
      /*nonzero=*/true);
}

/// An operand that is all elements of all tokens: in order where they are
/// dense, else all tokens' first elements, then their second ones.
mlir::Value StageLowering::allTokens(const View &view) {
  if (view.stride == view.count) {
    return code.mem(view.place, code.mul(count, int32_t(view.count)));
  }
  return code.mem2d(view.place, count, view.stride, view.count, 1);
}

/// The same for two operands of an instruction, in the same order.
static bool areDense(const View &a, const View &b) {
  return a.stride == a.count && b.stride == b.count;
}

void StageLowering::beginPass() {
  auto &b = code.builder;
  makeBuffer("token_state", code.i32(), 4, wpe::BufferKind::Scratch);
  count = tokensOfHeader();
  int32_t height = int32_t(stage.getRect()[3]);
  mlir::Value held = headerWord(kHeaderTurns), turn = headerWord(kHeaderTurn);
  mlir::Value row = code.param("row");
  mlir::Value own = code.sub(row, turn);
  code.store(held, tokenState(code, kHeld));
  code.store(own, tokenState(code, kOwn));
  code.when(Predicate::Lt, row, turn, [&] {
    code.store(code.add(held, 1), tokenState(code, kHeld));
    code.store(code.add(own, height), tokenState(code, kOwn));
  });
  code.store(code.load(tokenState(code, kHeld)), tokenState(code, kNow));
  eachOwned([&](mlir::Value, mlir::Value slot) {
    code.store(code.add(slot, 1), tokenState(code, kNow));
  });
  if (requests > 1) {
    code.store(code.mul(headerWord(kHeaderSlot), int32_t(maxLayers)),
               tokenState(code, kFirst));
  }
  now = code.load(tokenState(code, kNow));
  int64_t beside = 0;
  for (AllReduceOp reduce : stage.getBody().getOps<AllReduceOp>()) {
    if (isa_and_nonnull<ScoresOp>(reduce.getOperand(0).getDefiningOp())) {
      for (mlir::Value operand : reduce.getOperands().drop_front()) {
        beside += localCount(operand.getType());
      }
    }
  }
  if (beside) {
    mlir::Value missing =
        wpe::SubOp::create(b, code.constant(int32_t(tokens)), count);
    besideScores = code.mul(missing, int32_t(beside * 4));
  }
  if (!frequencies.empty()) {
    beginRotation();
  }
}

/// `body` for each token that this row owns, with its slot.
void StageLowering::eachOwned(
    const std::function<void(mlir::Value, mlir::Value)> &body) {
  int64_t height = stage.getRect()[3];
  for (int64_t i = 0; i * height < tokens; ++i) {
    mlir::Value own = code.load(tokenState(code, kOwn));
    if (i) {
      own = code.add(own, int32_t(i * height));
    }
    code.when(Predicate::Lt, own, count, [&] {
      mlir::Value slot = code.load(tokenState(code, kHeld));
      body(own, i ? code.add(slot, int32_t(i)) : slot);
    });
  }
}

//===----------------------------------------------------------------------===//
// Element for element
//===----------------------------------------------------------------------===//

void StageLowering::castTokens(CastOp op) {
  View input = viewOf(op.getInput());
  Type to = cast<RankedTensorType>(op.getResult().getType()).getElementType();
  // Queries are gathered with those of other tokens.
  bool isQuery = llvm::any_of(op.getResult().getUsers(), [](Operation *user) {
    return isa<ScoresOp>(user);
  });
  if (isQuery || input.place.element == to) {
    views[op.getResult()] = input;
    return;
  }
  View result = placeResult(op.getResult());
  views[op.getResult()] = result;
  StringRef instruction = to.isF16() ? "fs2h" : "fh2s";
  if (areDense(result, input)) {
    code.vec(instruction, allTokens(result), allTokens(input));
    return;
  }
  code.vec(instruction,
           code.mem2d(result.place, count, result.stride, result.count, 1),
           code.mem2d(input.place, count, input.stride, input.count, 1));
}

void StageLowering::addTokens(AddOp op) {
  View lhs = viewOf(op.getLhs()), rhs = viewOf(op.getRhs());
  views[op.getResult()] = lhs;
  assert(areDense(lhs, rhs) && "nothing travels with the addend");
  mlir::Value sum = allTokens(lhs);
  code.vec("fadds", sum, sum, allTokens(rhs));
}

void StageLowering::siluOfTokens(const View &gate, const View &up,
                                 SiluMulOp op) {
  // [gate and up, element, token]; gate and up are neighbours.
  int64_t n = gate.count;
  assert(up.place.buffer == gate.place.buffer &&
         up.place.offset == gate.place.offset + 4 * n && "one product");
  // Weights and queries of the attention have gone.
  Place both = scratch("softmax_half", code.f16(), tokens * 2 * n).place;
  code.vec("fs2h", code.mem(both, code.mul(count, int32_t(2 * n))),
           code.mem2d(gate.place, count, gate.stride, 2 * n, 1));
  View result = scratch("queries", code.f16(), tokens * n);
  result.count = result.stride = n;
  views[op.getResult()] = result;
  mlir::Value all = code.mul(count, int32_t(n));
  Place factor = both.plus(code.shl(all, 1));
  std::vector<HalfStep> steps = halfSiluMul();
  steps.pop_back();
  inPieces(all, tokens * n, [&](mlir::Value bytes, mlir::Value extent) {
    HalfPlaces places = halfPlaces(std::min(kPieceElements, tokens * n));
    places.slots[unsigned(HalfSlot::X)] = both.plus(bytes);
    places.slots[unsigned(HalfSlot::Z)] =
        besideX(bytes ? moved(gate.place, code.shl(bytes, 1)) : gate.place);
    halfSequence(steps, places, extent);
  });
  code.vec("fmulh", code.mem2d(result.place, count, n, n, 1),
           code.mem(both, all), code.mem(factor, all));
}

/// `body` for pieces of `total` elements of binary16, of at most `most`: the
/// bytes in front of a piece (null: none), and its elements.
void StageLowering::inPieces(
    mlir::Value total, int64_t most,
    const std::function<void(mlir::Value, mlir::Value)> &body) {
  if (most <= kPieceElements) {
    body({}, total);
    return;
  }
  code.loop(llvm::divideCeil(most, kPieceElements), [&](mlir::Value piece) {
    mlir::Value begin = code.mul(piece, int32_t(kPieceElements));
    code.when(Predicate::Lt, begin, total, [&] {
      mlir::Value left =
          wpe::MinOp::create(code.builder, code.sub(total, begin),
                             code.constant(int32_t(kPieceElements)));
      body(code.shl(begin, 1), left);
    });
  });
}

//===----------------------------------------------------------------------===//
// Cache and scores
//===----------------------------------------------------------------------===//

void StageLowering::appendTokens(const View &value, const Place &cache,
                                 int64_t slotBytes, StringRef instruction) {
  eachOwned([&](mlir::Value own, mlir::Value slot) {
    Place from = moved(value.place, code.mul(own, int32_t(value.stride * 4)));
    Place to = moved(cache, code.mul(slot, int32_t(slotBytes)));
    code.vec(instruction, code.mem(to, value.count, slots),
             code.mem(from, value.count));
  });
}

/// Queries of a line: a step of a sum over lines must not meet one twice.
int64_t StageLowering::mostOfLine() const {
  return std::max<int64_t>(tokens * group_, lineLanes());
}
int64_t StageLowering::lineLanes() const {
  return std::max<int64_t>(lanes, machine.lanesOf("faddh"));
}
mlir::Value StageLowering::lineWidth() {
  mlir::Value queries = code.mul(count, int32_t(group_));
  return group_ >= lineLanes()
             ? queries
             : wpe::MaxOp::create(code.builder, queries,
                                  code.constant(int32_t(lineLanes())));
}
/// Elements of all lines of a head.
mlir::Value StageLowering::lineWords() {
  return wpe::MulOp::create(code.builder, now, lineWidth());
}

/// The lines of a head.
Place StageLowering::lineOf(const Place &lines, int64_t head) {
  if (head == 0) {
    return lines;
  }
  int64_t size = wpe::elementBytes(lines.element);
  return moved(lines, code.mul(lineWords(), int32_t(head * size)));
}

void StageLowering::scoresOfTokens(ScoresOp op) {
  View result = placeResult(op.getResult());
  views[op.getResult()] = result;
  scoresScale = op.getScale().convertToDouble();
  View query = viewOf(op.getQuery());
  Type element = tensorOf(op.getKeysAttr()).getType().getElementType();
  int64_t size = wpe::elementBytes(element), width = 2 * pairs;
  int64_t line = mostOfLine(), block = group_ * width;
  Place queries = scratch("queries", element, heads * line * width).place;
  for (int64_t head = 0; head < heads; ++head) {
    code.vec(element.isF16() ? "fs2h" : "mov32",
             code.mem2d(queries.at(head * line * width * size), count, block,
                        block, 1),
             code.mem2d(query.place.at(head * block * 4), count, query.stride,
                        block, 1));
  }
  Place keys{op.getKeys().str(), element, 0,
             cacheOffset(heads * width * slots * size)};
  Place products = scratch("products", element, slots * line).place;
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    mlir::Value words = lineWords(), wide = lineWidth();
    for (int64_t head = 0; head < heads; ++head) {
      Place sums = lineOf(result.place, head);
      Place key = keys.at(head * width * slots * size);
      Place one = queries.at(head * line * width * size);
      mlir::Value all = code.mem(sums, words);
      if (width > kFewElements) {
        code.clear(sums, words);
      }
      eachElement(width, [&](mlir::Value index, int64_t fixed) {
        // Also slots without a position: scores that nobody reads.
        code.vec(
            element.isF16() ? "fmulh" : "fmuls", code.mem(products, words),
            code.mem2d(step(key, index, fixed, slots * size), wide, 0, slots,
                       1),
            code.mem2d(step(one, index, fixed, size), wide, width, slots, 0));
        bool isFirst = !index && fixed == 0;
        mlir::Value made = code.mem(products, words);
        if (!element.isF16()) {
          code.vec(isFirst ? "mov32" : "fadds", all, isFirst ? made : all,
                   isFirst ? mlir::Value() : made);
        } else {
          code.vec("faddhs", all, isFirst ? mlir::Value() : all, made,
                   isFirst ? code.constant(0.0f) : mlir::Value());
        }
      });
    }
  });
}

/// `body` for each of `count` elements: few are written out, with no value.
void StageLowering::eachElement(
    int64_t elements, const std::function<void(mlir::Value, int64_t)> &body) {
  if (elements > kFewElements) {
    code.loop(elements, [&](mlir::Value index) { body(index, 0); });
    return;
  }
  for (int64_t index = 0; index < elements; ++index) {
    body({}, index);
  }
}

void StageLowering::normScoresOfTokens(HeadNormScoresOp op,
                                       const Place &factors) {
  View scores = viewOf(op.getScores());
  alias(op.getResult(), op.getScores());
  View querySums = viewOf(op.getQuerySums()), keySums = viewOf(op.getKeySums());
  int64_t elements = op.getCount();
  float eps = float(op.getEps().convertToDouble());
  eachOwned([&](mlir::Value own, mlir::Value slot) {
    for (int64_t head = 0; head < heads; ++head) {
      Place sum = moved(keySums.place.at(head * 4),
                        code.mul(own, int32_t(keySums.stride * 4)));
      code.store(rmsFactor(sum, elements, eps),
                 moved(factors.at(head * slots * 4), code.shl(slot, 2)));
    }
  });
  int64_t line = mostOfLine();
  Place queries = scratch("query_factors", code.f32(), heads * line).place;
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    eachToken([&] {
      Place sums = ofToken(querySums).place;
      Place to = moved(queries, code.mul(token, int32_t(group_ * 4)));
      for (int64_t head = 0; head < heads; ++head) {
        eachElement(group_, [&](mlir::Value index, int64_t fixed) {
          code.store(
              rmsFactor(step(sums.at(head * group_ * 4), index, fixed, 4),
                        elements, eps),
              step(to.at(head * line * 4), index, fixed, 4));
        });
      }
    });
    mlir::Value words = lineWords(), wide = lineWidth();
    for (int64_t head = 0; head < heads; ++head) {
      mlir::Value all = code.mem(lineOf(scores.place, head), words);
      code.vec("fmuls", all, all,
               code.mem2d(queries.at(head * line * 4), wide, 1, slots, 0));
      code.vec("fmuls", all, all,
               code.mem2d(factors.at(head * slots * 4), wide, 0, slots, 1));
    }
  });
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Scores of positions behind a token's own, in the lines of a head.
void StageLowering::maskFuture(const Place &scores) {
  eachOwned([&](mlir::Value own, mlir::Value slot) {
    code.when(Predicate::Lt, code.constant(0), own, [&] {
      mlir::Value begin = wpe::MulOp::create(code.builder, slot, lineWidth());
      Place place = moved(scores, code.shl(begin, 2));
      code.vec("mov32", code.mem(place, code.mul(own, int32_t(group_))), {}, {},
               code.constant(kFuture));
    });
  });
}

/// result[i] = result[i] op lines[position, i], for a commutative operation.
void StageLowering::overSlots(StringRef instruction, const Place &result,
                              const Place &lines) {
  mlir::Value all = code.mem2d(result, lineWidth(), 1, slots, 0);
  code.vec(instruction, all, code.mem(lines, lineWords()), all);
}

void StageLowering::maxOfTokens(MaxPositionsOp op) {
  View scores = viewOf(op.getScores()), result = placeResult(op.getResult());
  views[op.getResult()] = result;
  int64_t line = mostOfLine();
  Place top = scratch("softmax_top", code.f32(), heads * line).place;
  code.vec("mov32", allTokens(result), {}, {}, code.constant(kLeast));
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    for (int64_t head = 0; head < heads; ++head) {
      Place lines = lineOf(scores.place, head), most = top.at(head * line * 4);
      maskFuture(lines);
      code.vec("mov32", code.mem(most, lineWidth()), {}, {},
               code.constant(kLeast));
      overSlots("fmaxs", most, lines);
      code.vec("mov32",
               code.mem2d(result.place.at(head * group_ * 4), count,
                          result.stride, group_, 1),
               code.mem2d(most, count, group_, group_, 1));
    }
  });
}

void StageLowering::softmaxOfTokens(SoftmaxWeightsOp op) {
  View scores = viewOf(op.getScores()), maximum = viewOf(op.getMaximum());
  View sum = placeResult(op.getSum());
  alias(op.getWeights(), op.getScores());
  views[op.getSum()] = sum;
  int64_t line = mostOfLine();
  Place top = scratch("softmax_top", code.f32(), heads * line).place;
  View block = blockOf(op.getSum());
  code.clear(block.place, code.mul(count, int32_t(block.stride)));
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    for (int64_t head = 0; head < heads; ++head) {
      Place most = top.at(head * line * 4);
      code.vec("mov32", code.mem2d(most, count, group_, group_, 1),
               code.mem2d(maximum.place.at(head * group_ * 4), count,
                          maximum.stride, group_, 1));
      mlir::Value all = code.mem(lineOf(scores.place, head), lineWords());
      code.vec("fsubs", all, all, code.mem2d(most, lineWidth(), 1, slots, 0));
    }
    exponential(scores.place, code.mul(lineWords(), int32_t(heads)),
                heads * slots * line, float(scoresScale), !usesHalf);
    for (int64_t head = 0; head < heads; ++head) {
      sumToTokens(lineOf(scores.place, head), head, sum, head * group_, 1,
                  nullptr);
    }
  });
}

void StageLowering::localSoftmaxOfTokens(LocalSoftmaxOp op) {
  View scores = viewOf(op.getScores()), sum = placeResult(op.getSum());
  int64_t line = mostOfLine(), most = heads * slots * line;
  View weights = scratch("softmax_half", code.f16(), most);
  View scale = scratch("softmax_scale", code.f32(), heads * line);
  views[op.getWeights()] = weights;
  views[op.getSum()] = sum;
  views[op.getScale()] = scale;
  Place top = scratch("softmax_top", code.f32(), heads * line).place;
  View block = blockOf(op.getSum());
  code.clear(block.place, code.mul(count, int32_t(block.stride)));
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    for (int64_t head = 0; head < heads; ++head) {
      Place lines = lineOf(scores.place, head);
      maskFuture(lines);
      code.vec("mov32", code.mem(top.at(head * line * 4), lineWidth()), {}, {},
               code.constant(kLeast));
      overSlots("fmaxs", top.at(head * line * 4), lines);
    }
    referencesOfTokens(top, scale.place);
    for (int64_t head = 0; head < heads; ++head) {
      mlir::Value all = code.mem(lineOf(scores.place, head), lineWords());
      code.vec("fmacs", all,
               code.mem2d(top.at(head * line * 4), lineWidth(), 1, slots, 0),
               all, code.constant(powerUnit()));
    }
    mlir::Value total = code.mul(lineWords(), int32_t(heads));
    mlir::Value all = code.mem(scores.place, total);
    code.vec("fmaxs", all, all, {}, code.constant(kPowerFloor));
    inPieces(total, most, [&](mlir::Value bytes, mlir::Value extent) {
      HalfPlaces places = halfPlaces(std::min(kPieceElements, most));
      places.slots[unsigned(HalfSlot::X)] = weights.place.plus(bytes);
      places.slots[unsigned(HalfSlot::Wide)] =
          bytes ? moved(scores.place, code.shl(bytes, 1)) : scores.place;
      halfSequence(halfPower(), places, extent);
    });
    linesPlace = scores.place;
    for (int64_t head = 0; head < heads; ++head) {
      Place factor = scale.place.at(head * line * 4);
      sumToTokens(lineOf(weights.place, head), head, sum, head * group_, 1,
                  &factor);
    }
  });
}

/// As referencesOfRow, of each token; b is that of the token before the pass.
void StageLowering::referencesOfTokens(const Place &top, const Place &scale) {
  Place reference = softmaxReference();
  int64_t line = mostOfLine();
  eachToken([&] {
    mlir::Value bytes = code.mul(token, int32_t(group_ * 4));
    for (int64_t head = 0; head < heads; ++head) {
      Place most = moved(top.at(head * line * 4), bytes);
      Place factor = moved(scale.at(head * line * 4), bytes);
      eachElement(group_, [&](mlir::Value index, int64_t fixed) {
        makeReference(step(most, index, fixed, 4),
                      step(reference.at(head * group_ * 4), index, fixed, 4),
                      step(factor, index, fixed, 4));
      });
    }
  });
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// The sums of the lines of a head over positions, times `scale` (optional), to
/// the tokens of `result`: at `offset`, a query `stride` elements behind the
/// other. binary16 where a sum has few terms, else binary32.
void StageLowering::sumToTokens(const Place &lines, int64_t head,
                                const View &result, int64_t offset,
                                int64_t stride, const Place *scale) {
  int64_t line = mostOfLine();
  Place sums = scratch("line_sums", code.f32(), line).place;
  if (!lines.element.isF16()) {
    code.clear(sums, lineWidth());
    overSlots("fadds", sums, lines);
  } else if (products == ProductTypes::Mixed && slots <= kHalfTerms) {
    Place half = scratch("line_half", code.f16(), line).place;
    code.clear(half, lineWidth());
    overSlots("faddh", half, lines);
    code.vec("faddhs", code.mem(sums, lineWidth()), {},
             code.mem(half, lineWidth()), code.constant(0.0f));
  } else {
    // The scores have gone.
    code.vec("faddhs", code.mem(linesPlace, lineWords()), {},
             code.mem(lines, lineWords()), code.constant(0.0f));
    code.clear(sums, lineWidth());
    overSlots("fadds", sums, linesPlace);
  }
  mlir::Value queries = code.mul(count, int32_t(group_));
  mlir::Value to = code.mem2d(result.place.at(offset * 4), group_, stride,
                              tokens, result.stride);
  if (scale) {
    code.vec("fmuls", to, code.mem(sums, queries), code.mem(*scale, queries));
  } else {
    code.vec("mov32", to, code.mem(sums, queries));
  }
}

void StageLowering::valuesOfTokens(WeightedValuesOp op) {
  View weights = viewOf(op.getWeights()), result = placeResult(op.getResult());
  views[op.getResult()] = result;
  Type element = tensorOf(op.getValuesAttr()).getType().getElementType();
  int64_t size = wpe::elementBytes(element), width = 2 * pairs;
  int64_t line = mostOfLine();
  Place cache{op.getValues().str(), element, 0,
              cacheOffset(heads * width * slots * size)};
  Place products = scratch("products", element, slots * line).place;
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    for (int64_t head = 0; head < heads; ++head) {
      Place lines = lineOf(weights.place, head);
      Place values = cache.at(head * width * slots * size);
      Place scale;
      if (op.getScale()) {
        scale = viewOf(op.getScale()).place.at(head * line * 4);
      }
      eachElement(width, [&](mlir::Value index, int64_t fixed) {
        code.vec(element.isF16() ? "fmulh" : "fmuls",
                 code.mem(products, lineWords()), code.mem(lines, lineWords()),
                 code.mem2d(step(values, index, fixed, slots * size),
                            lineWidth(), 0, slots, 1));
        View to = result;
        to.place = step(result.place, index, fixed, 4);
        sumToTokens(products, head, to, head * group_ * width, width,
                    op.getScale() ? &scale : nullptr);
      });
    }
  });
}
