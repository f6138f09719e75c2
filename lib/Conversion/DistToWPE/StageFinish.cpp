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

/// Whether a product leaves its sums in binary16 to the all-reduce.
bool StageLowering::leavesHalf(MatVecOp op) {
  return onlyReduce(op) &&
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
// The sum
//===----------------------------------------------------------------------===//

ReduceEnds StageLowering::endsOf(AllReduceOp op) {
  ReduceEnds ends;
  if (hasTokens()) {
    return ends;
  }
  Operation *source = op.getOperand(0).getDefiningOp();
  if (auto product = dyn_cast_or_null<MatVecOp>(source);
      product && leavesHalf(product)) {
    ends.half = [this, outputs = outputsOf(product)] {
      return code.mem(halfSum(code.f16(), outputs), outputs);
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
