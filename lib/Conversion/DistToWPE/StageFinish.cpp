// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageFinish.cpp - What is done on the way of a sum -----------------===//
//
// A vector instruction that sends or receives computes at no cost but a cycle
// a word, which the words take anyway. So what all cores would do alike with a
// sum is done by the root, once, as it sends it (the factor of a norm, the
// quotient of the softmax), and what each does with its own copy as it receives
// it (rounding to binary16, adding it to the hidden state). The root does the
// same to its own copy behind the multicast, while that is on its way. And a
// part that is left in binary16 by its product is widened as it is added to
// the sum that comes by. No result differs in a bit.
//
//===----------------------------------------------------------------------===//
#include "StageLowering.h"

#include <memory>

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

/// More words than this are scaled in place before they are sent.
static constexpr int64_t kFewFactors = 16;

bool wafer::isCastToHalf(Operation *user) {
  auto cast = dyn_cast<CastOp>(user);
  return cast && llvm::cast<RankedTensorType>(cast.getResult().getType())
                     .getElementType()
                     .isF16();
}

bool StageLowering::siluInHalf(SiluMulOp op) {
  return usesHalf && llvm::all_of(op.getResult().getUsers(), isCastToHalf);
}

//===----------------------------------------------------------------------===//
// The own part
//===----------------------------------------------------------------------===//

/// The one all-reduce that takes what an operation gives, and nothing else.
AllReduceOp StageLowering::onlyReduce(Operation *op) {
  auto reduce = onlyUser<AllReduceOp>(op->getResult(0));
  bool isAlone = reduce && !hasTokens() && op->getNumResults() == 1 &&
                 reduce.getNumOperands() == 1 &&
                 reduce.getCombine() == Combine::Sum;
  return isAlone ? reduce : AllReduceOp();
}

/// The all-reduce that takes what a product gives and a sum of squares behind.
AllReduceOp StageLowering::normReduce(MatVecOp op) {
  AllReduceOp reduce;
  for (Operation *user : op->getResult(0).getUsers()) {
    reduce = dyn_cast<AllReduceOp>(user);
  }
  if (!reduce || hasTokens() || reduce.getCombine() != Combine::Sum ||
      !llvm::equal(op->getResults(), reduce.getOperands().drop_back())) {
    return {};
  }
  return reduce.getOperands().back().getDefiningOp<SumSquaresOp>()
             ? reduce
             : AllReduceOp();
}

/// Whether a product leaves its sums in binary16 to the all-reduce.
bool StageLowering::leavesHalf(MatVecOp op) {
  return (onlyReduce(op) || (halfMessages && normReduce(op))) &&
         planOf(op).isOneHalfSum(localCount(op.getInput().getType()));
}

/// The same of scores, which one KV head gives at once.
bool StageLowering::leavesHalf(ScoresOp op) {
  return scoresTogether() && heads == 1 && onlyReduce(op);
}

/// Zeros, as many as are asked for.
mlir::Value StageLowering::zeros(Count extent) {
  return code.mem(scratch("zero", code.f32(), 1).place, extent, 0);
}

//===----------------------------------------------------------------------===//
// Messages in binary16
//===----------------------------------------------------------------------===//

// A sum of squares has the range of binary32, and only its size matters. It
// travels as two numbers: one for sums from 2^7 up to 2^28, where the hidden
// state has a root mean square of 2^14 / sqrt(dim), and one for smaller ones,
// which may be infinite by then.
static constexpr float kGreatUnit = 0x1p-12f, kSmallUnit = 0x1p8f;
static constexpr float kSmallEnd = 0x1p15f;
static constexpr int64_t kSquares = 2;

/// Whether a sum goes over the fabric in binary16, two numbers a word.
bool StageLowering::travelsHalf(AllReduceOp op) {
  if (!halfMessages || op.getCombine() != Combine::Sum) {
    return false;
  }
  Operation *source = op.getOperand(0).getDefiningOp();
  if (auto product = dyn_cast_or_null<MatVecOp>(source)) {
    return leavesHalf(product);
  }
  auto scores = dyn_cast_or_null<ScoresOp>(source);
  return scores && leavesHalf(scores);
}

/// The own part of such a sum, and where the whole one will be.
Place StageLowering::halfBlock(AllReduceOp op) {
  auto product = op.getOperand(0).getDefiningOp<MatVecOp>();
  if (!product) {
    return halfScores();
  }
  return halfSum(code.f16(), outputsOf(product) + kSquares, sumTurnOf(product));
}

void StageLowering::reduceHalf(AllReduceOp op, const CollectiveQueues &queues,
                               const ReduceEnds &ends) {
  Place place = halfBlock(op);
  auto product = op.getOperand(0).getDefiningOp<MatVecOp>();
  if (!product) {
    mlir::Value words = code.mul(now, int32_t(group_));
    code.when(wpe::Predicate::Ne, words, code.constant(0),
              [&] { allReduce(queues, place, words, "faddh", ends); });
    return;
  }
  int64_t outputs = outputsOf(product), count = outputs;
  if (op.getNumOperands() > 1 && normReduce(product) == op) {
    auto &b = code.builder;
    mlir::Value sum = code.load(viewOf(op.getOperands().back()).place);
    for (float unit : {kGreatUnit, kSmallUnit}) {
      mlir::Value part = wpe::FMulOp::create(b, sum, code.constant(unit));
      code.store(wpe::CastOp::create(b, code.f16(), part),
                 place.at(count++ * 2));
    }
  }
  allReduce(queues, place, count, "faddh", ends);
}

/// The sum of squares behind `outputs` sums, to `sum`.
void StageLowering::loadSquares(const Place &place, int64_t outputs,
                                const Place &sum) {
  auto &b = code.builder;
  auto part = [&](int64_t i, float unit) -> mlir::Value {
    mlir::Value half = code.load(place.at((outputs + i) * 2));
    return wpe::FMulOp::create(b, wpe::CastOp::create(b, code.f32(), half),
                               code.constant(1 / unit));
  };
  code.store(part(0, kGreatUnit), sum);
  mlir::Value small = part(1, kSmallUnit);
  code.when(wpe::Predicate::FLt, small, code.constant(kSmallEnd / kSmallUnit),
            [&] { code.store(small, sum); });
}

//===----------------------------------------------------------------------===//
// The sum
//===----------------------------------------------------------------------===//

ReduceEnds StageLowering::endsOf(AllReduceOp op) {
  ReduceEnds ends;
  if (hasTokens()) {
    return ends;
  }
  Operation *source = op.getOperand(0).getDefiningOp();
  if (travelsHalf(op)) {
    // What nobody does on the way arrives in binary32.
    View block = viewOf(op.getOperand(0));
    Place half = halfBlock(op);
    Count extent = block.count;
    if (isa<ScoresOp>(source)) {
      extent = code.mul(now, int32_t(group_));
    }
    ends.receive = [this, block, extent](StringRef queue) {
      code.vec("fh2s", code.mem(block.place, extent),
               code.fabricIn(queue, extent, code.f16()));
    };
    ends.after = [this, block, half, extent] {
      code.vec("fh2s", code.mem(block.place, extent), code.mem(half, extent));
    };
  } else if (auto product = dyn_cast_or_null<MatVecOp>(source);
             product && leavesHalf(product)) {
    ends.half = [this, product, outputs = outputsOf(product)] {
      return code.mem(halfSum(code.f16(), outputs, sumTurnOf(product)),
                      outputs);
    };
  } else if (auto scores = dyn_cast_or_null<ScoresOp>(source);
             scores && leavesHalf(scores)) {
    ends.half = [this] {
      return code.mem(halfScores(), code.mul(now, int32_t(group_)));
    };
  }
  mlir::Value last = op.getResults().back();
  if (auto scale = onlyUser<RmsScaleOp>(last)) {
    finishNorm(ends, op, scale);
  } else if (op.getNumResults() == 1) {
    if (auto add = onlyUser<AddOp>(last)) {
      finishAdd(ends, op, add);
    }
  } else if (op.getNumResults() == 2) {
    if (auto divide = onlyUser<DivideHeadsOp>(op.getResult(0))) {
      finishSoftmax(ends, op, divide);
    }
  }
  return ends;
}

/// The values of a norm leave the root with its factor; gate and up arrive in
/// binary16, as the function after them wants them.
void StageLowering::finishNorm(ReduceEnds &ends, AllReduceOp op,
                               RmsScaleOp scale) {
  auto values = op.getResults().drop_back();
  if (scale.getSum() != op.getResults().back() ||
      !llvm::equal(scale.getValues(), values)) {
    return;
  }
  View block = blocks.lookup(op);
  int64_t words = block.count - 1;
  auto silu = values.size() == 2 ? onlyUser<SiluMulOp>(scale.getResult(0))
                                 : SiluMulOp();
  if (silu && (!siluInHalf(silu) || silu.getGate() != scale.getResult(0) ||
               silu.getUp() != scale.getResult(1) ||
               onlyUser<SiluMulOp>(scale.getResult(1)) != silu)) {
    silu = {};
  }
  Place target = block.place;
  if (silu) {
    target = makeBuffer("silu", code.f16(), words).place;
    siluInputs[silu] = target;
  }
  for (auto [result, value] : llvm::zip(scale.getResults(), values)) {
    alias(result, value);
  }
  finished.insert(scale);
  Place sum = viewOf(scale.getSum()).place;
  auto factor = std::make_shared<mlir::Value>();
  ends.atRoot = [this, sum, scale, factor]() mutable {
    *factor = rmsFactor(sum, scale.getCount(),
                        float(scale.getEps().convertToDouble()));
  };
  ends.send = [this, block, words, factor](StringRef queue) {
    code.vec("fmuls", code.fabricOut(queue, words, code.f32()),
             code.mem(block.place, words), {}, *factor);
  };
  bool rounds = bool(silu);
  if (travelsHalf(op)) {
    finishHalfNorm(ends, op, scale, target, rounds);
    return;
  }
  StringRef move = rounds ? "fs2h" : "mov32";
  ends.receive = [this, target, words, move](StringRef queue) {
    code.vec(move, code.mem(target, words),
             code.fabricIn(queue, words, code.f32()));
  };
  ends.after = [this, block, target, words, factor, rounds] {
    mlir::Value all = code.mem(block.place, words);
    code.vec("fmuls", all, all, {}, *factor);
    if (rounds) {
      code.vec("fs2h", code.mem(target, words), all);
    }
  };
}

/// The same where the sums travel in binary16.
void StageLowering::finishHalfNorm(ReduceEnds &ends, AllReduceOp op,
                                   RmsScaleOp scale, const Place &target,
                                   bool rounds) {
  Place half = halfBlock(op), sum = viewOf(scale.getSum()).place;
  int64_t words = blocks.lookup(op).count - 1;
  auto factor = std::make_shared<mlir::Value>();
  ends.atRoot = [this, half, words, sum, scale, factor]() mutable {
    loadSquares(half, words, sum);
    mlir::Value exact = rmsFactor(sum, scale.getCount(),
                                  float(scale.getEps().convertToDouble()));
    *factor = wpe::CastOp::create(code.builder, code.f16(), exact);
  };
  ends.send = [this, half, words, factor](StringRef queue) {
    code.vec("fmulh", code.fabricOut(queue, words, code.f16()), {},
             code.mem(half, words), *factor);
  };
  StringRef move = rounds ? "mov16" : "fh2s";
  ends.receive = [this, target, words, move](StringRef queue) {
    code.vec(move, code.mem(target, words),
             code.fabricIn(queue, words, code.f16()));
  };
  ends.after = [this, half, target, words, factor, rounds] {
    mlir::Value all = code.mem(half, words);
    code.vec("fmulh", rounds ? code.mem(target, words) : all, {}, all, *factor);
    if (!rounds) {
      code.vec("fh2s", code.mem(target, words), all);
    }
  };
}

/// What comes is added to the hidden state.
void StageLowering::finishAdd(ReduceEnds &ends, AllReduceOp op, AddOp add) {
  if (add.getRhs() != op.getResult(0) || !isLastUse(add.getLhs(), add)) {
    return;
  }
  View state = viewOf(add.getLhs()), block = blocks.lookup(op);
  if (state.count != block.count) {
    return;
  }
  views[add.getResult()] = state;
  finished.insert(add);
  if (travelsHalf(op)) {
    Place half = halfBlock(op);
    ends.receive = [this, state](StringRef queue) {
      mlir::Value all = code.mem(state.place, state.count);
      code.vec("faddhs", all, all,
               code.fabricIn(queue, state.count, code.f16()));
    };
    ends.after = [this, state, half] {
      mlir::Value all = code.mem(state.place, state.count);
      code.vec("faddhs", all, all, code.mem(half, state.count));
    };
    return;
  }
  ends.receive = [this, state](StringRef queue) {
    mlir::Value all = code.mem(state.place, state.count);
    code.vec("fadds", all, all, code.fabricIn(queue, state.count, code.f32()));
  };
  ends.after = [this, state, block] {
    mlir::Value all = code.mem(state.place, state.count);
    code.vec("fadds", all, all, code.mem(block.place, state.count));
  };
}

/// Values leave the root divided by the sums of their weights and arrive in
/// binary16. Of the sums the others only need the exponents (KeepReference), so
/// these go as numbers, which binary16 holds exactly, in the words of the sums.
void StageLowering::finishSoftmax(ReduceEnds &ends, AllReduceOp op,
                                  DivideHeadsOp divide) {
  mlir::Value sums = op.getResult(1);
  auto isServed = [&](Operation *user) {
    return user == divide || isa<KeepReferenceOp>(user);
  };
  if (!usesHalf || divide.getSum() != sums ||
      !llvm::all_of(sums.getUsers(), isServed) ||
      !llvm::all_of(divide.getResult().getUsers(), isCastToHalf)) {
    return;
  }
  View block = blocks.lookup(op), sum = viewOf(sums);
  int64_t width = 2 * pairs, count = heads * group_, words = block.count;
  bool isFew = words <= kFewFactors;
  Place target =
      makeBuffer(("v" + Twine(counter++)).str(), code.f16(), words).place;
  int64_t each = isFew ? width : 1;
  Place factors =
      scratch("head_factors", code.f32(), isFew ? words : count).place;
  if (isFew) {
    // The factors of the exponents.
    beforeAll([&] {
      for (int64_t i = count * width; i < words; ++i) {
        code.store(code.constant(1.0f), factors.at(i * 4));
      }
    });
  }
  softmaxExponents[sums] = target.at(count * width * 2);
  finished.insert(divide);
  for (Operation *user : divide.getResult().getUsers()) {
    views[user->getResult(0)] = {target, count * width};
    finished.insert(user);
  }
  auto scaleAll = [this, block, factors, words, isFew, width,
                   count](mlir::Value dest) {
    int64_t scaled = isFew ? words : count * width;
    mlir::Value all = code.mem(block.place, scaled);
    code.vec("fmuls", dest ? dest : all, all,
             isFew ? code.mem(factors, words)
                   : code.mem2d(factors, width, 0, count, 1));
  };
  ends.atRoot = [this, sum, factors, each, isFew, scaleAll] {
    eachHead(heads * group_, [&](mlir::Value index, int64_t fixed) {
      Place at = step(sum.place, index, fixed, 4);
      mlir::Value exponent = biasedExponent(at);
      mlir::Value factor = divisorOf(at, exponent);
      Place first = step(factors, index, fixed, each * 4);
      for (int64_t i = 0; i < each; ++i) {
        code.store(factor, first.at(i * 4));
      }
      code.store(wpe::CastOp::create(code.builder, code.f32(), exponent), at);
    });
    if (!isFew) {
      scaleAll({});
    }
  };
  if (isFew) {
    ends.send = [this, words, scaleAll](StringRef queue) {
      scaleAll(code.fabricOut(queue, words, code.f32()));
    };
  }
  ends.receive = [this, target, words](StringRef queue) {
    code.vec("fs2h", code.mem(target, words),
             code.fabricIn(queue, words, code.f32()));
  };
  ends.after = [this, target, block, words, isFew, scaleAll] {
    if (isFew) {
      scaleAll({});
    }
    code.vec("fs2h", code.mem(target, words), code.mem(block.place, words));
  };
}
