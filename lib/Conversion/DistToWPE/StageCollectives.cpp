// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageCollectives.cpp - Sums over lines, and work meanwhile ---------===//
#include "StageLowering.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

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
  StringRef move = wpe::elementBytes(place.element) == 2 ? "mov16" : "mov32";
  auto receive = [&](StringRef queue) {
    code.vec(instruction, block, block,
             code.fabricIn(queue, extent, place.element));
  };
  auto sendTo = [&](StringRef queue) {
    code.vec(move, code.fabricOut(queue, extent, place.element), block);
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
        code.vec(move, block, code.fabricIn(q.second, extent, place.element));
      });
}

// What the operations behind an all-reduce need cleared, up to the next one
// that all cores take part in: the sums over a group of columns are between.
void StageLowering::prepareFollowing(Operation *reduce) {
  if (hasTokens()) {
    return; // what is cleared is so for each token, when it has its turn
  }
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
    alias(result, operand);
  }
  StringRef instruction = op.getCombine() == Combine::Max ? "fmaxs" : "fadds";
  View block = blocks.lookup(op);
  if (queues != &group) {
    prepareFollowing(op);
  }
  if (!isa_and_nonnull<ScoresOp>(op.getOperand(0).getDefiningOp())) {
    Count extent = hasTokens() ? Count(code.mul(count, int32_t(block.count)))
                               : Count(block.count);
    allReduce(*queues, block.place, extent, instruction);
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
    code.when(wpe::Predicate::Ne, words, code.constant(0),
              [&] { allReduce(*queues, block.place, words, instruction); });
  } else {
    allReduce(*queues, block.place, words, instruction);
  }
  return success();
}
