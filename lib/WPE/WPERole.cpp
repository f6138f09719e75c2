// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What only the whole role can check: how descriptors meet instructions, and
// that subroutines do not call each other in a circle.
#include "WPEAssembly.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

namespace {
/// What a descriptor stands for, whichever operation made it.
struct DescriptorInfo {
  Type element;
  bool fabricIn = false;
  bool fabricOut = false;
  bool save = false;
};
} // namespace

static DescriptorInfo describe(Value descriptor) {
  DescriptorInfo info;
  llvm::TypeSwitch<Operation *>(descriptor.getDefiningOp())
      .Case([&](MemOp op) {
        info.element = op.getElement();
        info.save = op.getSave();
      })
      .Case([&](FabInOp op) {
        info.element = op.getElement();
        info.fabricIn = true;
      })
      .Case([&](FabOutOp op) {
        info.element = op.getElement();
        info.fabricOut = true;
      });
  return info;
}

static bool fits(Type element, wafer::ElementType expected) {
  switch (expected) {
  case wafer::ElementType::F16:
    return element.isF16();
  case wafer::ElementType::F32:
    return element.isF32();
  case wafer::ElementType::B16:
    return elementBytes(element) == 2;
  case wafer::ElementType::B32:
    return elementBytes(element) == 4;
  case wafer::ElementType::None:
    return false;
  }
  return false;
}

static StringRef nameOf(wafer::ElementType type) {
  switch (type) {
  case wafer::ElementType::F16:
    return "f16";
  case wafer::ElementType::F32:
    return "f32";
  case wafer::ElementType::B16:
    return "16-bit";
  case wafer::ElementType::B32:
    return "32-bit";
  case wafer::ElementType::None:
    break;
  }
  return "no";
}

/// role-c3 for one operand.
static LogicalResult verifyOperand(Operation *op, Value operand,
                                   StringRef place, wafer::ElementType expected,
                                   bool isDest) {
  if (!operand.getDefiningOp()) {
    return op->emitOpError()
           << "expected " << place << " to be a descriptor of the role";
  }
  DescriptorInfo info = describe(operand);
  if (!info.element) {
    return op->emitOpError()
           << "expected " << place
           << " to come from wpe.mem, wpe.fabin or wpe.fabout";
  }
  if (isDest ? info.fabricIn : info.fabricOut) {
    return op->emitOpError()
           << "expected " << place << " to be memory or a fabric "
           << (isDest ? "output" : "input") << " but got a fabric "
           << (isDest ? "input" : "output");
  }
  if (!fits(info.element, expected)) {
    return op->emitOpError()
           << "expected " << nameOf(expected) << " elements of " << place
           << " but got " << info.element;
  }
  return success();
}

template <typename OpTy>
static LogicalResult verifyOperands(OpTy op) {
  const OpcodeInfo &info = infoOf(op.getOpcode());
  if (failed(verifyOperand(op, op.getDest(), "the destination", info.dest,
                           true))) {
    return failure();
  }
  unsigned inputs = 0;
  if (Value src0 = op.getSrc0()) {
    if (failed(verifyOperand(op, src0, "source 0", info.src0, false))) {
      return failure();
    }
    inputs += describe(src0).fabricIn;
  }
  if (Value src1 = op.getSrc1()) {
    if (failed(verifyOperand(op, src1, "source 1", info.src1, false))) {
      return failure();
    }
    inputs += describe(src1).fabricIn;
  }
  if (inputs > 1) {
    return op.emitOpError("expected at most one fabric input");
  }
  return success();
}

/// role-c4 for the second source of one instruction: nobody else steps it.
static LogicalResult verifySaved(Operation *op, Value src1) {
  if (!src1 || !describe(src1).save) {
    return success();
  }
  for (OpOperand &use : src1.getUses()) {
    Value other;
    if (auto vec = dyn_cast<VecOp>(use.getOwner())) {
      other = vec.getSrc1();
      if (other == src1 && vec.getDest() != src1 && vec.getSrc0() != src1) {
        continue;
      }
    }
    InFlightDiagnostic error = op->emitOpError(
        "a descriptor with save is a second source here and another "
        "operand elsewhere");
    error.attachNote(use.getOwner()->getLoc()) << "other use here";
    return error;
  }
  return success();
}

static LogicalResult verifyAsync(VecAsyncOp op) {
  bool fabric = false;
  for (Value operand : op.getOperands()) {
    if (!isa<DsdType>(operand.getType())) {
      continue;
    }
    DescriptorInfo info = describe(operand);
    fabric |= info.fabricIn || info.fabricOut;
    if (info.save) {
      return op.emitOpError(
          "an asynchronous instruction has no descriptors with save");
    }
  }
  // vec.async-c9
  if (!fabric) {
    return op.emitOpError("expected at least one fabric descriptor");
  }
  return success();
}

/// role-c5, by depth-first search with an explicit stack.
static LogicalResult verifyCalls(RoleOp role) {
  llvm::MapVector<StringRef, SmallVector<CallOp>> calls;
  for (auto func : role.getOps<FuncOp>()) {
    func.walk([&](CallOp call) { calls[func.getSymName()].push_back(call); });
  }
  llvm::DenseMap<StringRef, bool> done; // false: on the stack
  struct Frame {
    StringRef func;
    size_t next = 0;
  };
  for (auto &entry : calls) {
    if (done.contains(entry.first)) {
      continue;
    }
    SmallVector<Frame> stack{{entry.first}};
    done[entry.first] = false;
    while (!stack.empty()) {
      Frame &frame = stack.back();
      auto it = calls.find(frame.func);
      if (it == calls.end() || frame.next == it->second.size()) {
        done[frame.func] = true;
        stack.pop_back();
        continue;
      }
      CallOp call = it->second[frame.next++];
      auto state = done.try_emplace(call.getCallee(), false);
      if (state.second) {
        stack.push_back({call.getCallee()});
      } else if (!state.first->second) {
        return call.emitOpError("subroutine '")
               << call.getCallee() << "' calls itself";
      }
    }
  }
  return success();
}

LogicalResult RoleOp::verifyRegions() {
  // role-c1
  for (Operation &op : getBody().front()) {
    if (!isa<ParamOp, BufferOp, QueueOp, FuncOp, TaskOp>(op)) {
      return op.emitOpError(
          "expected only declarations, subroutines and tasks in a role");
    }
  }
  // role-c2
  if (getOps<TaskOp>().empty()) {
    return emitOpError("expected at least one task");
  }
  // role-c1 inside tasks and subroutines, role-c3, role-c4
  WalkResult result = walk([&](Operation *op) -> WalkResult {
    if (op->getDialect() != (*this)->getDialect()) {
      return op->emitOpError("expected only operations of wpe in a role");
    }
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case([](VecOp vec) -> LogicalResult {
          if (failed(verifyOperands(vec))) {
            return failure();
          }
          return verifySaved(vec, vec.getSrc1());
        })
        .Case([](VecAsyncOp vec) -> LogicalResult {
          if (failed(verifyOperands(vec))) {
            return failure();
          }
          return verifyAsync(vec);
        })
        .Default([](Operation *) { return success(); });
  });
  // role-c5
  return result.wasInterrupted() ? failure() : verifyCalls(*this);
}
