// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageAttention.cpp - Positions, cache and attention ----------------===//
//
// The header that comes with the hidden state says which position and request a
// pass is of; from it come the words of `token_state`:
//
//   0 held    positions that this row holds, without the current one
//   4 now     the same with the current one, if this row owns it
//   8 own     1 if this row owns the current position
//  12 first   entry of the request's first layer in caches (several requests)
//
// During a token `now` is in a register, and so is
//
//     reach   now, at least the lanes of a sum (if the row has as many)
//
// Quotients and remainders come from the host, so no core divides, and an
// append moves nothing.
//
//===----------------------------------------------------------------------===//
#include "StageLowering.h"

#include <cmath>

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

static constexpr int64_t kHeld = 0, kNow = 4, kOwn = 8, kFirst = 12;

static Place tokenState(Code &code, int64_t offset) {
  return {"token_state", code.i32(), offset, {}};
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

View StageLowering::makeHidden(int64_t width, int64_t most) {
  slices = most;
  bool isOne = slices == 1;
  View x = makeBuffer("x", code.f32(),
                      slices * width + (isOne ? int64_t(kHeaderWords) : 0));
  header =
      isOne ? x.place.at(width * 4)
            : makeBuffer("header", code.f32(), headerWords(int(slices))).place;
  x.count = x.stride = width;
  hidden = x;
  bindArgument(x);
  return x;
}

mlir::Value StageLowering::tokensOfHeader() {
  return headerWord(HeaderWord(kHeaderCount));
}

Count StageLowering::hiddenWords() {
  return slices == 1 ? Count(hidden.count)
                     : Count(code.mul(tokensOfHeader(), int32_t(hidden.count)));
}

void StageLowering::receiveHidden(StringRef queue) {
  if (slices == 1) {
    int64_t words = hidden.count + kHeaderWords;
    code.vec("mov32", code.mem(hidden.place, words),
             code.fabricIn(queue, words, code.f32()));
    return;
  }
  int64_t words = headerWords(int(slices));
  code.vec("mov32", code.mem(header, words),
           code.fabricIn(queue, words, code.f32()));
  Count all = hiddenWords();
  code.vec("mov32", code.mem(hidden.place, all),
           code.fabricIn(queue, all, code.f32()));
}

void StageLowering::sendHidden(StringRef queue) {
  if (slices == 1) {
    int64_t words = hidden.count + kHeaderWords;
    code.vec("mov32", code.fabricOut(queue, words, code.f32()),
             code.mem(hidden.place, words));
    return;
  }
  int64_t words = headerWords(int(slices));
  code.vec("mov32", code.fabricOut(queue, words, code.f32()),
           code.mem(header, words));
  Count all = hiddenWords();
  code.vec("mov32", code.fabricOut(queue, all, code.f32()),
           code.mem(hidden.place, all));
}

mlir::Value StageLowering::headerWord(HeaderWord word) {
  Place place = header.at(word * 4);
  place.bits = true;
  return code.load(place);
}

mlir::Value StageLowering::cacheOffset(int64_t bytes) {
  if (requests == 1) {
    return layerOffset(bytes);
  }
  mlir::Value entry = code.load(tokenState(code, kFirst));
  if (layer && maxLayers > 1) {
    entry = code.add(entry, layer);
  }
  return code.mul(entry, int32_t(layerStep(bytes)));
}

void StageLowering::beginToken() {
  if (hasTokens()) {
    beginPass();
    return;
  }
  makeBuffer("token_state", code.i32(), 4, wpe::BufferKind::Scratch);
  mlir::Value held = headerWord(kHeaderTurns), turn = headerWord(kHeaderTurn);
  mlir::Value row = code.param("row");
  code.store(held, tokenState(code, kHeld));
  code.store(held, tokenState(code, kNow));
  code.store(code.constant(0), tokenState(code, kOwn));
  mlir::Value more = code.add(held, 1);
  code.when(Predicate::Lt, row, turn, [&] {
    code.store(more, tokenState(code, kHeld));
    code.store(more, tokenState(code, kNow));
  });
  code.when(Predicate::Eq, row, turn, [&] {
    code.store(more, tokenState(code, kNow));
    code.store(code.constant(1), tokenState(code, kOwn));
  });
  if (requests > 1) {
    code.store(code.mul(headerWord(kHeaderSlot), int32_t(maxLayers)),
               tokenState(code, kFirst));
  }
  now = code.load(tokenState(code, kNow));
  reach = wpe::MaxOp::create(code.builder, now, code.constant(int32_t(lanes)));
  if (!frequencies.empty()) {
    beginRotation();
  }
}

/// The rotary factors of this position: cos(a + b) = cos a cos b - sin a sin b,
/// sin(a + b) = sin a cos b + cos a sin b.
void StageLowering::beginRotation() {
  int64_t rowBytes = 2 * pairs * 4;
  View low = makeBuffer("rope_low", code.f32(), ropeLow * 2 * pairs,
                        wpe::BufferKind::Weights);
  View high = makeBuffer("rope_high", code.f32(), ropeHigh * 2 * pairs,
                         wpe::BufferKind::Weights);
  makeBuffer("rope_now", code.f32(), tokens * 2 * pairs);
  scratch("rope_t0", code.f32(), pairs);
  scratch("rope_t1", code.f32(), pairs);
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
  auto rowOf = [&](const View &table, mlir::Value index) {
    return table.place.plus(code.mul(index, int32_t(rowBytes)));
  };
  if (!hasTokens()) {
    Place lowRow = rowOf(low, headerWord(kHeaderLow));
    Place highRow = rowOf(high, headerWord(kHeaderHigh));
    rotationAt(lowRow, highRow);
    return;
  }
  // The size of the low table is a power of two.
  int32_t bits = int32_t(llvm::Log2_64(uint64_t(ropeLow)));
  eachToken([&] {
    auto &b = code.builder;
    mlir::Value at = code.add(headerWord(kHeaderLow), token);
    mlir::Value carry = wpe::ShrOp::create(b, at, code.constant(bits));
    at = wpe::AndOp::create(b, at, code.constant(int32_t(ropeLow - 1)));
    mlir::Value index = code.add(headerWord(kHeaderHigh), carry);
    rotationAt(rowOf(low, at), rowOf(high, index));
  });
}

/// rope_now from the entries of the two tables.
void StageLowering::rotationAt(const Place &lowRow, const Place &highRow) {
  Place now = ropeNow();
  View t0 = scratch("rope_t0", code.f32(), pairs),
       t1 = scratch("rope_t1", code.f32(), pairs);
  auto product = [&](const Place &result, int64_t lowPart, int64_t highPart) {
    code.vec("fmuls", code.mem(result, pairs),
             code.mem(lowRow.at(lowPart * pairs * 4), pairs),
             code.mem(highRow.at(highPart * pairs * 4), pairs));
  };
  product(t0.place, 0, 0);
  product(t1.place, 1, 1);
  code.vec("fsubs", code.mem(now, pairs), code.mem(t0.place, pairs),
           code.mem(t1.place, pairs));
  product(t0.place, 0, 1);
  product(t1.place, 1, 0);
  code.vec("fadds", code.mem(now.at(pairs * 4), pairs),
           code.mem(t0.place, pairs), code.mem(t1.place, pairs));
}

/// cos and sin of each pair, of this token.
Place StageLowering::ropeNow() {
  return ofToken({{"rope_now", code.f32(), 0, {}}, 2 * pairs, 2 * pairs}).place;
}

//===----------------------------------------------------------------------===//
// Queries and keys
//===----------------------------------------------------------------------===//

/// The same by scalars: the factors of a pair stay in registers, and the code
/// is short. The first heads go on in binary16.
void StageLowering::rotateByScalars(const Place &heads, int64_t count,
                                    const View &rounded) {
  auto &b = code.builder;
  Place factors = ropeNow();
  int64_t width = 2 * pairs, few = rounded.count / width;
  for (int64_t pair = 0; pair < pairs; ++pair) {
    mlir::Value cosine = code.load(factors.at(pair * 4));
    mlir::Value sine = code.load(factors.at((pairs + pair) * 4));
    auto turn = [&](const Place &first, const Place &to) {
      int64_t size = wpe::elementBytes(to.element);
      auto store = [&](mlir::Value x, const Place &place) {
        code.store(size == 2 ? wpe::CastOp::create(b, code.f16(), x) : x,
                   place);
      };
      mlir::Value x0 = code.load(first), x1 = code.load(first.at(pairs * 4));
      store(wpe::FSubOp::create(b, wpe::FMulOp::create(b, x0, cosine),
                                wpe::FMulOp::create(b, x1, sine)),
            to);
      store(wpe::FAddOp::create(b, wpe::FMulOp::create(b, x1, cosine),
                                wpe::FMulOp::create(b, x0, sine)),
            to.at(pairs * size));
    };
    auto turnHeads = [&](const Place &from, const Place &to, int64_t number) {
      int32_t step = int32_t(width * wpe::elementBytes(to.element));
      if (number == 1) {
        turn(from, to);
        return;
      }
      code.loop(number, [&](mlir::Value head) {
        turn(moved(from, code.mul(head, int32_t(width * 4))),
             moved(to, code.mul(head, step)));
      });
    };
    Place first = heads.at(pair * 4);
    if (few) {
      turnHeads(first, rounded.place.at(pair * 2), few);
      first = first.at(few * width * 4);
    }
    if (count > few) {
      turnHeads(first, first, count - few);
    }
  }
}

/// Rotates all pairs of `count` heads.
void StageLowering::rotate(const Place &heads, int64_t count) {
  if (rotatesByScalars(machine, parameters, pairs, count)) {
    rotateByScalars(heads, count, {});
    return;
  }
  View t[4];
  for (int i = 0; i < 4; ++i) {
    t[i] = scratch("rotate_t" + std::to_string(i), code.f32(), count * pairs);
  }
  // First and second halves of all heads; the factors repeat for each head.
  auto half = [&](int i) {
    return code.mem2d(heads.at(i * pairs * 4), pairs, 1, count, 2 * pairs);
  };
  Place factors = ropeNow();
  mlir::Value x0 = half(0), x1 = half(1);
  mlir::Value cosine = code.mem2d(factors, pairs, 1, count, 0);
  mlir::Value sine = code.mem2d(factors.at(pairs * 4), pairs, 1, count, 0);
  auto whole = [&](int i) { return code.mem(t[i].place, count * pairs); };
  code.vec("fmuls", whole(0), x0, cosine);
  code.vec("fmuls", whole(1), x1, sine);
  code.vec("fmuls", whole(2), x1, cosine);
  code.vec("fmuls", whole(3), x0, sine);
  code.vec("fsubs", half(0), whole(0), whole(1));
  code.vec("fadds", half(1), whole(2), whole(3));
}

void StageLowering::lowerRope(RopeOp op) {
  if (prepared.count(op)) {
    return;
  }
  // Values that are neighbours in memory rotate together, also those of the
  // next rotation.
  Place begin;
  int64_t count = 0;
  for (Operation *next = op; auto rope = dyn_cast_or_null<RopeOp>(next);
       next = next->getNextNode()) {
    prepared.insert(rope);
    for (auto [value, result] :
         llvm::zip(rope.getValues(), rope.getResults())) {
      View view = viewOf(value);
      alias(result, value);
      bool follows = count && view.place.buffer == begin.buffer &&
                     view.place.offset == begin.offset + count * 4;
      if (!follows && count) {
        rotate(begin, count / (2 * pairs));
        count = 0;
      }
      begin = count ? begin : view.place;
      count += view.count;
    }
  }
  int64_t heads = count / (2 * pairs);
  auto cast = onlyUser<CastOp>(op.getResult(0));
  if (!hasTokens() && cast && isCastToHalf(cast) &&
      begin.offset == viewOf(op.getValues()[0]).place.offset &&
      rotatesByScalars(machine, parameters, pairs, heads)) {
    View rounded = placeResult(cast.getResult());
    views[cast.getResult()] = rounded;
    finished.insert(cast);
    rotateByScalars(begin, heads, rounded);
    return;
  }
  rotate(begin, heads);
}

void StageLowering::lowerHeadSumSquares(HeadSumSquaresOp op) {
  View input = viewOf(op.getInput()), result = define(op.getResult());
  int64_t width = 2 * pairs;
  View squares = scratch("head_squares", code.f32(), input.count);
  code.vec("fmuls", code.mem(squares.place, input.count),
           code.mem(input.place, input.count),
           code.mem(input.place, input.count));
  code.clear(result.place, result.count);
  code.loop(result.count, [&](mlir::Value head) {
    mlir::Value sum =
        code.mem(moved(result.place, code.shl(head, 2)), width, 0);
    code.vec("fadds", sum, sum,
             code.mem(squares.place.plus(code.mul(head, int32_t(width * 4))),
                      width));
  });
}

void StageLowering::lowerScaleBy(ScaleByOp op) {
  View view = viewOf(op.getInput());
  alias(op.getResult(), op.getInput());
  int64_t width = 2 * pairs;
  std::string name = "gain" + std::to_string(counter++);
  View gain = makeBuffer(name, code.f32(), maxLayers * layerStep(width * 4) / 4,
                         wpe::BufferKind::Weights);
  LocalTensor local;
  local.tensor = op.getWeight().str();
  local.buffer = name;
  local.strides = {4, pairs * 4};
  local.layerStride = layerStep(width * 4);
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
  // The positions are innermost, whatever the type says: all that reads a cache
  // runs along them.
  std::optional<unsigned> positions;
  for (unsigned dim = 0; dim < type.getRank(); ++dim) {
    FlatSymbolRefAttr symbol = getSlicing(getLayout(type), dim);
    if (symbol && symbols.lookup<SlicingOp>(symbol.getAttr()).getCyclic()) {
      positions = dim;
    }
  }
  assert(positions && "append-c1: positions are cut cyclically");
  int64_t inside = strides[*positions];
  for (int64_t &stride : strides) {
    stride *= stride < inside ? slots : 1;
  }
  strides[*positions] = 1;
  View buffer =
      makeBuffer(op.getState(), element,
                 requests * maxLayers * layerStep(count * size) / size,
                 wpe::BufferKind::State);
  LocalTensor local;
  local.tensor = op.getState().str();
  local.buffer = op.getState().str();
  for (int64_t stride : strides) {
    local.strides.push_back(stride * size);
  }
  local.layerStride = layerStep(count * size);
  tensors.push_back(local);
  if (hasTokens()) {
    mlir::Value offset = cacheOffset(count * size);
    appendTokens(value, offset ? buffer.place.plus(offset) : buffer.place, size,
                 element.isF16() ? "fs2h" : "mov32");
    return success();
  }
  code.when(
      Predicate::Ne, code.load(tokenState(code, kOwn)), code.constant(0), [&] {
        mlir::Value slot =
            code.mul(code.load(tokenState(code, kHeld)), int32_t(size));
        mlir::Value offset = cacheOffset(count * size);
        Place place = buffer.place.plus(offset ? code.add(offset, slot) : slot);
        code.vec(element.isF16() ? "fs2h" : "mov32",
                 code.mem(place, value.count, slots),
                 code.mem(value.place, value.count));
      });
  return success();
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

void StageLowering::lowerScores(ScoresOp op) {
  if (hasTokens()) {
    scoresOfTokens(op);
    return;
  }
  View result = placeResult(op.getResult());
  views[op.getResult()] = result;
  // The softmax multiplies with it, when only differences are left.
  scoresScale = op.getScale().convertToDouble();
  View query = viewOf(op.getQuery());
  Type element = query.place.element;
  int64_t size = wpe::elementBytes(element);
  int64_t width = 2 * pairs, perPosition = heads * group_;
  Place keys{op.getKeys().str(), element, 0,
             cacheOffset(heads * width * slots * size)};
  bool together = scoresTogether(), half = leavesHalf(op);
  // A step of the sum must not meet an element twice, so short rows have some
  // scores more, of positions that are not there yet.
  bool byHead = !together && element.isF16() && slots >= lanes;
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    if (!together) {
      code.clear(result.place,
                 code.mul(byHead ? reach : now, int32_t(perPosition)));
    }
    eachHead(heads, [&](mlir::Value head, int64_t fixedHead) {
      Place key = step(keys, head, fixedHead, width * slots * size);
      Place queries = step(query.place, head, fixedHead, group_ * width * size);
      Place line = step(result.place, head, fixedHead, group_ * 4);
      if (together) {
        scoresOfGroup(queries, key, half ? nullptr : &line);
        return;
      }
      eachHead(group_, [&](mlir::Value member, int64_t fixed) {
        Place one = step(queries, member, fixed, width * size);
        Place sum = step(line, member, fixed, 4);
        if (byHead) {
          scoreProducts(one, key, sum);
        } else {
          scoreLoop(one, key, sum);
        }
      });
    });
  });
}

/// `body` for each of `count` heads: written out where they are few, with the
/// number of the head fixed and no value, else in a loop.
void StageLowering::eachHead(
    int64_t count, const std::function<void(mlir::Value, int64_t)> &body) {
  constexpr int64_t kFewHeads = 4;
  if (count != 1 && heads * group_ > kFewHeads) {
    code.loop(count, [&](mlir::Value head) { body(head, 0); });
    return;
  }
  for (int64_t head = 0; head < count; ++head) {
    body({}, head);
  }
}

/// The place of a head in a block of one entry of `bytes` for each.
Place StageLowering::step(const Place &block, mlir::Value head, int64_t fixed,
                          int64_t bytes) {
  if (!head) {
    return block.at(fixed * bytes);
  }
  mlir::Value by = code.mul(head, int32_t(bytes));
  return block.plus(block.dynamic ? code.add(block.dynamic, by) : by);
}

// All products of the queries of a KV head with all keys that this row can
// hold, [query, element, slot] of them; then the sums over the elements, by
// adding their upper half to the lower one until one is left. Slots without a
// position give scores that nobody reads. Without a `line` the sums stay in
// binary16, in the order in which they travel.
void StageLowering::scoresOfGroup(const Place &query, const Place &keys,
                                  const Place *line) {
  int64_t width = 2 * pairs, block = width * slots, size = 2;
  Place all = scratch("products", query.element, group_ * block).place;
  code.vec("fmulh", code.mem(all, group_ * block),
           code.mem2d(keys, block, 1, group_, 0),
           code.mem2d(query, slots, 0, group_ * width, 1));
  for (int64_t left = width; left > 1;) {
    int64_t half = left / 2;
    mlir::Value sum = code.mem2d(all, half * slots, 1, group_, block);
    bool isLast = left - half == 1;
    mlir::Value dest = isLast && !line
                           ? code.mem2d(halfScores(), slots, group_, group_, 1)
                           : sum;
    code.vec("faddh", dest, sum,
             code.mem2d(all.at((left - half) * slots * size), half * slots, 1,
                        group_, block));
    left -= half;
  }
  if (line) {
    code.vec("faddhs", code.mem2d(*line, slots, heads * group_, group_, 1), {},
             code.mem2d(all, slots, 1, group_, block), code.constant(0.0f));
  }
}

Place StageLowering::halfScores() {
  return scratch("half_scores", code.f16(), slots * group_).place;
}

bool StageLowering::scoresTogether() {
  return products == ProductTypes::Mixed && !hasTokens() &&
         group_ * 2 * pairs * slots <= kProductElements &&
         2 * pairs <= kHalfTerms;
}

/// Scores of one head: the products with all keys, then their sums.
void StageLowering::scoreProducts(const Place &query, const Place &keys,
                                  const Place &line) {
  int64_t width = 2 * pairs;
  Place products = scratch("products", query.element, width * slots).place;
  code.vec("fmulh", code.mem(products, reach),
           code.mem2d(keys, reach, 1, width, slots),
           code.mem2d(query, reach, 0, width, 1));
  mlir::Value sum = code.mem2d(line, reach, heads * group_, width, 0);
  code.vec("faddhs", sum, sum, code.mem(products, reach));
}

/// The same, one element of the query after the other.
void StageLowering::scoreLoop(const Place &query, const Place &keys,
                              const Place &line) {
  int64_t size = wpe::elementBytes(query.element);
  mlir::Value sum = code.mem(line, now, heads * group_);
  code.loop(2 * pairs, [&](mlir::Value i) {
    mlir::Value q = code.load(step(query, i, 0, size));
    code.vec(query.element.isF16() ? "fmachs" : "fmacs", sum, sum,
             code.mem(step(keys, i, 0, slots * size), now), q);
  });
}

void StageLowering::lowerHeadNormScores(HeadNormScoresOp op) {
  auto &b = code.builder;
  View scores = viewOf(op.getScores());
  views[op.getResult()] = scores;
  View querySums = viewOf(op.getQuerySums()), keySums = viewOf(op.getKeySums());
  TensorOp state = tensorOf(op.getFactorsAttr());
  View factors =
      makeBuffer(op.getFactors(), code.f32(),
                 requests * maxLayers * layerStep(heads * slots * 4) / 4,
                 wpe::BufferKind::State);
  LocalTensor local;
  local.tensor = state.getSymName().str();
  local.buffer = state.getSymName().str();
  local.strides = {slots * 4, 4};
  local.layerStride = layerStep(heads * slots * 4);
  tensors.push_back(local);
  mlir::Value offset = cacheOffset(heads * slots * 4);
  if (hasTokens()) {
    normScoresOfTokens(op, offset ? factors.place.plus(offset) : factors.place);
    return;
  }
  auto factorOf = [&](const Place &sums) {
    mlir::Value mean = wpe::FMulOp::create(
        b, code.load(sums), code.constant(1.0f / float(op.getCount())));
    return rsqrt(wpe::FAddOp::create(
        b, mean, code.constant(float(op.getEps().convertToDouble()))));
  };
  code.when(Predicate::Ne, now, code.constant(0), [&] {
    code.loop(heads, [&](mlir::Value head) {
      mlir::Value line = code.mul(head, int32_t(slots * 4));
      if (offset) {
        line = code.add(line, offset);
      }
      code.when(Predicate::Ne, code.load(tokenState(code, kOwn)),
                code.constant(0), [&] {
                  mlir::Value slot =
                      code.shl(code.load(tokenState(code, kHeld)), 2);
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
