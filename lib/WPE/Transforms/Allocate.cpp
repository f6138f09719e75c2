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
#include <utility>

namespace wafer::wpe {
#define GEN_PASS_DEF_WPEALLOCATEPASS
#include "wafer/WPE/WPEPasses.h.inc"
} // namespace wafer::wpe

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

/// The name of the parameter block in the problem; no symbol has a space.
static constexpr const char *kParamsName = "parameter block";

/// The role in words of whoever wrote the model: the stages that run it. A role
/// without regions has only its own name.
static std::string describeRole(RoleOp role) {
  std::string name = "role '" + role.getSymName().str() + "'";
  SmallVector<StringRef> stages;
  for (auto region : role->getParentOfType<ModuleOp>().getOps<RegionOp>()) {
    if (region.getRole() == role.getSymName()) {
      stages.push_back(region.getSymName());
    }
  }
  if (stages.empty()) {
    return name;
  }
  // All of them run the same program, so the first few will do.
  constexpr size_t kNamed = 3;
  std::string text = stages.size() == 1 ? "stage " : "stages ";
  for (size_t i = 0; i < std::min(stages.size(), kNamed); ++i) {
    text += (i ? ", '" : "'") + stages[i].str() + "'";
  }
  if (stages.size() > kNamed) {
    text += " and " + std::to_string(stages.size() - kNamed) + " more";
  }
  return text + " (" + name + ")";
}

static SramProblem problemOf(RoleOp role, const RoleSize &size,
                             const Machine &machine) {
  SramProblem problem;
  problem.owner = describeRole(role);
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
    std::string hint = std::exchange(error.hint, "");
    InFlightDiagnostic diagnostic = role.emitError(error.str());
    diagnostic.attachNote() << hint;
    return diagnostic;
  }
  if (Status status = solution->verify(problem); !status) {
    return role.emitError("allocation is wrong: ") << status.error().str();
  }
  role.setParamOffset(solution->offsets[0]);
  role.setCodeBytes(problem.codeBytes);
  size_t next = 1;
  for (auto buffer : role.getOps<BufferOp>()) {
    buffer.setOffset(solution->offsets[next++]);
  }
  remark::analysis(role.getLoc(), remark::RemarkOpts::name("SRAM")
                                      .category("allocate")
                                      .function(role.getSymName()))
      << remark::add("{0}: {1} bytes of code and {2} of buffers (at least {3}) "
                     "of {4} bytes of SRAM",
                     problem.owner, problem.codeBytes, solution->bytes,
                     problem.lowerBound(), problem.capacity)
      << remark::metric("CodeBytes", problem.codeBytes)
      << remark::metric("BufferBytes", solution->bytes)
      << remark::metric("LowerBound", int64_t(problem.lowerBound()))
      << remark::metric("Capacity", problem.capacity);
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
    InFlightDiagnostic error =
        role.emitError(describeRole(role))
        << ": needs " << demand << (isInput ? " input" : " output")
        << " queues, but the machine has " << supply << " for programs";
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
