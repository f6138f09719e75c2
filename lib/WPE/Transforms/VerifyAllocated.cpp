// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- VerifyAllocated.cpp - The phase check after allocation -------------===//
//
// Trusts nothing that the allocator computed: sizes come from the role, limits
// from the machine.
//
//===----------------------------------------------------------------------===//
#include "wafer/WPE/WPEPasses.h"

#include "TargetMachine.h"

#include "wafer/Emit/Emit.h"
#include "wafer/Machine/Lanes.h"

namespace wafer::wpe {
#define GEN_PASS_DEF_WPEVERIFYALLOCATEDPASS
#include "wafer/WPE/WPEPasses.h.inc"
} // namespace wafer::wpe

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

namespace {
/// A range of SRAM with the operation that it belongs to.
struct Piece {
  Operation *op;
  std::string name;
  int64_t begin;
  int64_t end;
};
} // namespace

/// Whether two buffers are scratch with disjoint live ranges.
static bool mayShare(Operation *a, Operation *b) {
  auto x = dyn_cast<BufferOp>(a);
  auto y = dyn_cast<BufferOp>(b);
  if (!x || !y || !x.getLiveBegin() || !y.getLiveBegin()) {
    return false;
  }
  return int64_t(*x.getLiveEnd()) <= int64_t(*y.getLiveBegin()) ||
         int64_t(*y.getLiveEnd()) <= int64_t(*x.getLiveBegin());
}

static LogicalResult verifySram(RoleOp role, const Machine &machine) {
  FailureOr<EmittedCode> code = emitRole(role);
  if (failed(code)) {
    return failure();
  }
  int64_t codeBytes =
      int64_t(code->role.code.size()) * machine.codeBytesPerInstruction;
  int64_t limit = int64_t(machine.programBytes()) - codeBytes;
  if (int64_t(role.getCodeBytes().value_or(0)) != codeBytes) {
    return role.emitOpError("expected ")
           << codeBytes << " bytes of code but got "
           << int64_t(role.getCodeBytes().value_or(0));
  }
  std::vector<Piece> pieces;
  int64_t paramsAt = int64_t(*role.getParamOffset());
  pieces.push_back({role, "the parameter block", paramsAt,
                    paramsAt + 2 * int64_t(code->role.params.size())});
  for (auto buffer : role.getOps<BufferOp>()) {
    int64_t at = int64_t(*buffer.getOffset());
    pieces.push_back({buffer, "buffer '" + buffer.getSymName().str() + "'", at,
                      at + buffer.getBytes()});
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece &piece = pieces[i];
    if (piece.begin < 0 || piece.begin % 4 != 0 || piece.end > limit) {
      return piece.op->emitOpError()
             << piece.name << " lies at bytes " << piece.begin << " to "
             << piece.end << ", expected a multiple of 4 and an end of at most "
             << limit;
    }
    for (size_t j = 0; j < i; ++j) {
      const Piece &other = pieces[j];
      if (piece.begin < other.end && other.begin < piece.end &&
          !mayShare(piece.op, other.op)) {
        InFlightDiagnostic error = piece.op->emitOpError()
                                   << piece.name << " overlaps " << other.name;
        error.attachNote(other.op->getLoc()) << "declared here";
        return error;
      }
    }
  }
  return success();
}

static LogicalResult verifyQueues(RoleOp role, const Machine &machine) {
  llvm::DenseMap<unsigned, QueueOp> owner[2];
  for (auto queue : role.getOps<QueueOp>()) {
    bool isInput = queue.getDirection() == QueueDirection::Input;
    const QueueSpec &spec =
        isInput ? machine.inputQueues : machine.outputQueues;
    unsigned id = unsigned(*queue.getId());
    if (!spec.usable(id)) {
      return queue.emitOpError("the machine has no ")
             << (isInput ? "input" : "output") << " queue " << id
             << " for programs";
    }
    auto placed = owner[isInput].try_emplace(id, queue);
    if (!placed.second) {
      InFlightDiagnostic error =
          queue.emitOpError("has the id of another queue");
      error.attachNote(placed.first->second.getLoc()) << "other queue here";
      return error;
    }
  }
  return success();
}

static LogicalResult verifyTasks(RoleOp role, const Machine &machine) {
  size_t tasks = size_t(llvm::range_size(role.getOps<TaskOp>()));
  size_t most = std::min<size_t>(machine.maxTasks, 64);
  if (tasks > most) {
    return role.emitOpError("expected at most ")
           << most << " tasks but got " << tasks;
  }
  WalkResult result = role.walk([&](VecAsyncOp op) -> WalkResult {
    if (op.getMicrothread() >= machine.microthreads) {
      return op.emitOpError("the machine has no microthread ")
             << op.getMicrothread();
    }
    return success();
  });
  return failure(result.wasInterrupted());
}

/// The fixed number of a size; `otherwise` for a parameter or a value.
static int64_t fixedOr(Attribute size, int64_t otherwise) {
  auto number = dyn_cast_or_null<IntegerAttr>(size);
  return number ? number.getInt() : otherwise;
}

/// A step reads all its sources before it writes, so a sum over rows that all
/// lie at the same place loses terms if a step is longer than a row.
static LogicalResult verifySums(RoleOp role, const Machine &machine) {
  WalkResult result = role.walk([&](VecOp op) -> WalkResult {
    auto dest = op.getDest().getDefiningOp<MemOp>();
    if (!dest || fixedOr(dest.getStride1Attr(), -1) != 0) {
      return success();
    }
    bool adds = false;
    uint32_t lanes = machine.lanesOf(op.getMnemonic());
    for (mlir::Value operand : {op.getDest(), op.getSrc0(), op.getSrc1()}) {
      auto mem = operand ? operand.getDefiningOp<MemOp>() : MemOp();
      if (!mem) {
        continue;
      }
      lanes = lanesForStride(int(fixedOr(mem.getStrideAttr(), 1)), lanes);
      adds |= operand != op.getDest() && mem.getBuffer() == dest.getBuffer();
    }
    int64_t extent = fixedOr(dest.getExtentAttr(), lanes);
    adds |= op.getSrc0() == op.getDest() || op.getSrc1() == op.getDest();
    // With stride 0 a step has one element.
    bool moves = fixedOr(dest.getStrideAttr(), 1) != 0;
    if (adds && moves && extent < int64_t(lanes)) {
      return op.emitOpError("adds rows of ")
             << extent << " elements at the same place, but a step of '"
             << op.getMnemonic() << "' has " << lanes
             << " and would lose all of an element's terms but one";
    }
    return success();
  });
  return failure(result.wasInterrupted());
}

LogicalResult wpe::verifyAllocated(RoleOp role, const Machine &machine) {
  // Emission refuses a role in which a place is missing, so SRAM comes first.
  return failure(failed(verifySram(role, machine)) ||
                 failed(verifyQueues(role, machine)) ||
                 failed(verifyTasks(role, machine)) ||
                 failed(verifySums(role, machine)));
}

namespace {
struct VerifyAllocatedPass
    : wpe::impl::WPEVerifyAllocatedPassBase<VerifyAllocatedPass> {
  using WPEVerifyAllocatedPassBase::WPEVerifyAllocatedPassBase;

  void runOnOperation() override {
    FailureOr<Machine> target = loadTarget(getOperation(), machine);
    if (failed(target)) {
      return signalPassFailure();
    }
    if (failed(verifyAllocated(getOperation(), *target))) {
      return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
