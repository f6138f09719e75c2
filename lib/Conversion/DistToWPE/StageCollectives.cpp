// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageCollectives.cpp - Sums over lines, and work meanwhile ---------===//
#include "StageLowering.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

void StageLowering::allReduce(const CollectiveQueues &q, const Place &place,
                              Count extent, StringRef instruction,
                              const ReduceEnds &ends) {
  // Work that only has to be done some time: at the root before it has all
  // inputs, elsewhere behind what goes out. It may write where the own part
  // lies in binary16, so that goes first.
  std::vector<Code::Body> work;
  if (&q != &group) {
    work.swap(meanwhile);
  }
  auto doWork = [&] {
    for (const Code::Body &body : work) {
      body();
    }
  };
  auto doIf = [](const Code::Body &body) {
    if (body) {
      body();
    }
  };
  mlir::Value block;
  StringRef move = wpe::elementBytes(place.element) == 2 ? "mov16" : "mov32";
  auto in = [&](StringRef queue) {
    return code.fabricIn(queue, extent, place.element);
  };
  auto out = [&](StringRef queue) {
    return code.fabricOut(queue, extent, place.element);
  };
  /// dest = what comes in, or nothing, and the own part.
  auto addHalf = [&](mlir::Value dest, mlir::Value incoming) {
    code.vec("faddhs", dest, incoming ? incoming : zeros(extent), ends.half());
  };
  auto receive = [&](StringRef queue) {
    code.vec(instruction, block, block, in(queue));
  };
  auto atRoot = [&] {
    doIf(ends.atRoot);
    auto multicast = [&] {
      if (ends.send) {
        ends.send(q.out);
      } else {
        code.vec(move, out(q.out), block);
      }
    };
    if (&q == &group && q.lines > 1) {
      // A group of one column has nobody to tell.
      code.whenSet("group_multi", multicast);
    } else if (q.lines > 1) {
      multicast();
    }
    doIf(ends.after);
  };
  block = code.mem(place, extent);
  if (q.lines == 1) {
    if (ends.half) {
      addHalf(block, {});
    }
    doWork();
    atRoot();
    return;
  }
  code.whenSet(
      q.rootParam,
      [&] {
        if (ends.half) {
          code.whenSet(
              q.firstParam, [&] { addHalf(block, in(q.first)); },
              [&] { addHalf(block, {}); });
          doWork();
        } else {
          doWork();
          code.whenSet(q.firstParam, [&] { receive(q.first); });
        }
        if (q.hasThird) {
          code.whenSet(q.thirdParam, [&] { receive(q.third); });
        }
        if (q.hasSecond) {
          code.whenSet(q.secondParam, [&] {
            receive(&q == &group ? columns.second : q.second);
          });
        }
        atRoot();
      },
      [&] {
        StringRef next =
            &q == &group ? StringRef(columns.out) : StringRef(q.out);
        auto pass = [&](StringRef queue, bool own) {
          if (own && ends.half) {
            addHalf(out(next), in(queue));
          } else {
            code.vec(instruction, out(next), block, in(queue));
          }
        };
        auto begin = [&] {
          if (ends.half) {
            addHalf(out(next), {});
          } else {
            code.vec(move, out(next), block);
          }
        };
        auto member = [&] {
          code.whenSet(q.firstParam, [&] { pass(q.first, true); }, begin);
        };
        auto collect = [&] {
          if (ends.half) {
            code.whenSet(
                q.firstParam,
                [&] {
                  addHalf(block, in(q.first));
                  pass(q.third, false);
                },
                [&] { pass(q.third, true); });
          } else {
            code.whenSet(q.firstParam, [&] { receive(q.first); });
            pass(q.third, true);
          }
        };
        if (q.hasThird) {
          code.whenSet(q.thirdParam, collect, member);
        } else {
          member();
        }
        doWork();
        if (ends.receive) {
          ends.receive(q.second);
        } else {
          code.vec(move, block, in(q.second));
        }
      });
}

// What the operations behind an all-reduce need cleared, up to the next one
// that all cores take part in: the sums over a group of columns are between.
// Behind the last one come the first operations of the next round.
void StageLowering::prepareFollowing(Operation *reduce) {
  if (hasTokens()) {
    return; // what is cleared is so for each token, when it has its turn
  }
  for (Operation *op = reduce->getNextNode(); op; op = op->getNextNode()) {
    auto next = dyn_cast<AllReduceOp>(op);
    if (next && getLayout(next.getOperand(0).getType()).getPartial() !=
                    Partial::Group) {
      return;
    }
    prepareOp(op);
  }
  for (Operation *op : preparedFirst) {
    prepareOp(op);
  }
}

// The SRAM is zero when a program begins.
void StageLowering::prepareFirst() {
  if (hasTokens()) {
    return;
  }
  for (Operation &op : stage.getBody().front().without_terminator()) {
    if (isa<AllReduceOp>(op)) {
      return;
    }
    auto product = dyn_cast<MatVecOp>(op);
    if (!product) {
      continue;
    }
    ProductPlan plan = planOf(product);
    // The head's logits stay where they are.
    bool mayClear = plan.terms != 0 || stage.getKind() == StageKind::Layers;
    if (plan.piece && mayClear) {
      preparedFirst.push_back(&op);
      prepared.insert(&op);
    }
  }
}

void StageLowering::prepareOp(Operation *op) {
  if (auto softmax = dyn_cast<LocalSoftmaxOp>(op)) {
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
    ProductPlan plan = planOf(product);
    if (!plan.piece) {
      return;
    }
    int64_t outputs = outputsOf(product);
    bool half = plan.terms != 0;
    meanwhile.push_back([this, product, outputs, half]() mutable {
      code.clear(half ? halfSum(code.f16(), outputs, sumTurnOf(product))
                      : placeResult(product.getResult(0)).place,
                 outputs);
    });
    prepared.insert(op);
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
    alias(result, operand);
  }
  StringRef instruction = op.getCombine() == Combine::Max ? "fmaxs" : "fadds";
  View block = blocks.lookup(op);
  ReduceEnds ends = endsOf(op);
  if (queues != &group) {
    prepareFollowing(op);
  }
  if (travelsHalf(op)) {
    reduceHalf(op, *queues, ends);
    return success();
  }
  if (!isa_and_nonnull<ScoresOp>(op.getOperand(0).getDefiningOp())) {
    Count extent = hasTokens() ? Count(code.mul(count, int32_t(block.count)))
                               : Count(block.count);
    allReduce(*queues, block.place, extent, instruction, ends);
    return success();
  }
  // The number of positions in this row decides the length; a row without any
  // sends the rest alone.
  int64_t fixed = 0;
  for (mlir::Value operand : op.getOperands().drop_front()) {
    fixed += viewOf(operand).count;
  }
  mlir::Value words;
  if (hasTokens()) {
    words = code.mul(lineWords(), int32_t(heads));
    if (fixed) {
      words = code.add(words, code.mul(count, int32_t(fixed)));
      block.place.dynamic = besideScores;
    }
  } else {
    words = code.add(code.mul(now, int32_t(heads * group_)), int32_t(fixed));
  }
  if (fixed == 0) {
    code.when(wpe::Predicate::Ne, words, code.constant(0), [&] {
      allReduce(*queues, block.place, words, instruction, ends);
    });
  } else {
    allReduce(*queues, block.place, words, instruction, ends);
  }
  return success();
}
