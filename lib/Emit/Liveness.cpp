// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Liveness.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

Value wafer::rootOf(Value value) {
  while (auto cast = value.getDefiningOp<BitcastOp>()) {
    value = cast.getInput();
  }
  return value;
}

std::optional<uint32_t> wafer::constantBits(Value value) {
  auto constant = rootOf(value).getDefiningOp<ConstantOp>();
  return constant ? std::optional<uint32_t>(constant.getBits()) : std::nullopt;
}

bool wafer::isImmediateUse(OpOperand &use) {
  Operation *op = use.getOwner();
  unsigned index = use.getOperandNumber();
  if (isa<SubOp, ShlOp, ShrOp, SarOp>(op)) {
    return index == 1;
  }
  if (isa<AddOp, AndOp>(op)) {
    // One of the two; the right one where both are constants.
    return index == 1 || !constantBits(op->getOperand(1));
  }
  if (isa<LoopOp>(op)) {
    return true;
  }
  if (auto load = dyn_cast<LoadOp>(op)) {
    return true;
  }
  if (auto store = dyn_cast<StoreOp>(op)) {
    return index == 1;
  }
  if (auto mem = dyn_cast<MemOp>(op)) {
    return use.get() == mem.getOffset() && use.get() != mem.getDynamicExtent();
  }
  return false;
}

bool wafer::needsRegister(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant) {
    return !isa<DsdType>(value.getType());
  }
  if (constant.getBits() == 0) {
    return false;
  }
  SmallVector<Value> worklist{value};
  while (!worklist.empty()) {
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      if (auto cast = dyn_cast<BitcastOp>(use.getOwner())) {
        worklist.push_back(cast.getResult());
      } else if (!isImmediateUse(use)) {
        return true;
      }
    }
  }
  return false;
}

Liveness::Liveness(Block &body) {
  number(body);
  deaths.resize(next);
  body.walk([&](Operation *op) {
    for (Value result : op->getResults()) {
      record(result);
    }
    if (auto loop = dyn_cast<LoopOp>(op)) {
      if (Value counter = loop.getCounter(); counter && !counter.use_empty()) {
        // The counter is stepped at the end of the body.
        ends[counter] = end(loop);
        deaths[end(loop)].push_back(counter);
      }
    }
  });
}

void Liveness::number(Block &block) {
  for (Operation &op : block) {
    unsigned begin = next++;
    for (mlir::Region &region : op.getRegions()) {
      for (Block &inner : region) {
        number(inner);
      }
    }
    positions[&op] = {begin, op.getNumRegions() ? next++ : begin};
  }
}

/// The end of the last use of `value`, through bitcasts.
unsigned Liveness::endOf(Value value) const {
  Block *home = value.getParentBlock();
  unsigned last = begin(value.getDefiningOp());
  SmallVector<Value> worklist{value};
  while (!worklist.empty()) {
    for (Operation *user : worklist.pop_back_val().getUsers()) {
      if (auto cast = dyn_cast<BitcastOp>(user)) {
        worklist.push_back(cast.getResult());
      }
      last = std::max(last, begin(user));
      for (Operation *op = user; op->getBlock() != home;
           op = op->getParentOp()) {
        Operation *parent = op->getParentOp();
        if (isa<LoopOp, ForeverOp>(parent)) {
          last = std::max(last, end(parent));
        }
      }
    }
  }
  return last;
}

void Liveness::record(Value value) {
  if (rootOf(value) != value) {
    return;
  }
  unsigned last = endOf(value);
  ends[value] = last;
  deaths[last].push_back(value);
}
