// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Allocate.cpp - Places of buffers, parameters and queues ------------===//
//
// 1. Measure: emit the role without addresses; its size does not depend on
// them.
// 2. SRAM: hand the sizes to the allocator, write the offsets back.
// 3. Queues: in order of declaration over the usable queues of the machine.
//
//===----------------------------------------------------------------------===//
#include "wafer/WPE/WPEPasses.h"

#include "TargetMachine.h"

#include "wafer/Alloc/SramAllocator.h"
#include "wafer/Emit/Emit.h"

#include "mlir/IR/Remarks.h"

#include <algorithm>

namespace wafer::wpe {
#define GEN_PASS_DEF_WPEALLOCATEPASS
#include "wafer/WPE/WPEPasses.h.inc"
} // namespace wafer::wpe

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

/// The name of the parameter block in the problem; no symbol has a space.
static constexpr const char *kParamsName = "parameter block";

static SramProblem problemOf(RoleOp role, const RoleSize &size,
                             const Machine &machine) {
  SramProblem problem;
  problem.owner = "role '" + role.getSymName().str() + "'";
  problem.capacity = machine.programBytes();
  problem.codeBytes = size.instructions * machine.codeBytesPerInstruction;
  problem.buffers.push_back({kParamsName, 2 * size.paramHalfwords,
                             wafer::BufferKind::Params, std::nullopt});
  for (auto buffer : role.getOps<BufferOp>()) {
    SramBuffer b;
    b.name = buffer.getSymName().str();
    b.bytes = uint32_t(buffer.getBytes());
    b.kind = wafer::BufferKind(uint8_t(buffer.getKind()));
    if (buffer.getLiveBegin()) {
      b.live = LiveRange{int64_t(*buffer.getLiveBegin()),
                         int64_t(*buffer.getLiveEnd())};
    }
    problem.buffers.push_back(std::move(b));
  }
  return problem;
}

static LogicalResult allocateSram(RoleOp role, const Machine &machine) {
  FailureOr<RoleSize> size = measureRole(role);
  if (failed(size)) {
    return failure();
  }
  SramProblem problem = problemOf(role, *size, machine);
  Result<SramSolution> solution = wafer::allocateSram(problem);
  if (!solution) {
    wafer::Diagnostic error = solution.takeError();
    InFlightDiagnostic diagnostic = role.emitOpError(error.what)
                                    << ": expected " << error.expected
                                    << " but got " << error.found;
    diagnostic.attachNote() << error.hint;
    return diagnostic;
  }
  if (Status status = solution->verify(problem); !status) {
    return role.emitOpError("allocation is wrong: ") << status.error().what;
  }
  role.setParamOffset(solution->offsets[0]);
  role.setCodeBytes(problem.codeBytes);
  size_t next = 1;
  for (auto buffer : role.getOps<BufferOp>()) {
    buffer.setOffset(solution->offsets[next++]);
  }
  remark::analysis(role.getLoc(),
                   remark::RemarkOpts::name("SRAM").category("allocate"))
      << remark::metric("code bytes", problem.codeBytes)
      << remark::metric("buffer bytes", solution->bytes)
      << remark::metric("lower bound", int64_t(problem.lowerBound()))
      << remark::metric("capacity", problem.capacity);
  return success();
}

/// Gives the queues of one direction their ids.
static LogicalResult assignQueues(RoleOp role, QueueDirection direction,
                                  const QueueSpec &spec) {
  bool isInput = direction == QueueDirection::Input;
  std::vector<unsigned> free;
  for (unsigned q = 0; q < spec.count(); ++q) {
    if (spec.usable(q)) {
      free.push_back(q);
    }
  }
  if (isInput) {
    std::stable_sort(free.begin(), free.end(), [&](unsigned a, unsigned b) {
      return spec.depths[a] > spec.depths[b];
    });
  }
  size_t supply = free.size();
  SmallVector<QueueOp> open;
  unsigned demand = 0;
  for (auto queue : role.getOps<QueueOp>()) {
    if (queue.getDirection() != direction) {
      continue;
    }
    ++demand;
    if (queue.getId()) {
      llvm::erase(free, unsigned(*queue.getId()));
    } else {
      open.push_back(queue);
    }
  }
  if (open.size() > free.size()) {
    InFlightDiagnostic error = role.emitOpError("needs ")
                               << demand << (isInput ? " input" : " output")
                               << " queues, but the machine has " << supply
                               << " for programs";
    for (auto queue : role.getOps<QueueOp>()) {
      if (queue.getDirection() == direction) {
        error.attachNote(queue.getLoc())
            << "queue '" << queue.getSymName() << "'";
      }
    }
    return error;
  }
  for (size_t i = 0; i < open.size(); ++i) {
    open[i].setId(free[i]);
  }
  return success();
}

LogicalResult wpe::allocateRole(RoleOp role, const Machine &machine) {
  return failure(
      failed(assignQueues(role, QueueDirection::Input, machine.inputQueues)) ||
      failed(
          assignQueues(role, QueueDirection::Output, machine.outputQueues)) ||
      failed(::allocateSram(role, machine)));
}

namespace {
struct AllocatePass : wpe::impl::WPEAllocatePassBase<AllocatePass> {
  using WPEAllocatePassBase::WPEAllocatePassBase;

  void runOnOperation() override {
    FailureOr<Machine> target = loadTarget(getOperation(), machine);
    if (failed(target)) {
      return signalPassFailure();
    }
    if (failed(allocateRole(getOperation(), *target))) {
      signalPassFailure();
    }
  }
};
} // namespace
