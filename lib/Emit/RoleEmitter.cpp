// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Structure of a role: tasks, subroutines, control flow, registers.
#include "RoleEmitter.h"

#include "llvm/ADT/TypeSwitch.h"

#include <fmt/format.h>

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

static constexpr uint32_t kAllRegisters = 0xfffffffeu; // r0 is zero
static constexpr uint32_t kAllDsrs = (1u << kNumDsrs) - 1;

//===----------------------------------------------------------------------===//
// Role
//===----------------------------------------------------------------------===//

FailureOr<EmittedCode> RoleEmitter::run() {
  findSubroutines();
  if (maxLevel >= kNumRegisters - 1) {
    return role.emitOpError("subroutines are nested ")
           << maxLevel << " deep, which takes all registers";
  }
  for (auto task : role.getOps<TaskOp>()) {
    if (failed(emitTask(task))) {
      return failure();
    }
  }
  // Callers come before callees, so that what is live at calls is known.
  for (unsigned level = 1; level <= maxLevel; ++level) {
    for (Subroutine &subroutine : subroutines) {
      if (subroutine.level == level && failed(emitSubroutine(subroutine))) {
        return failure();
      }
    }
  }
  for (auto [at, which] : callFixups) {
    code[at].imm = subroutines[which].entry;
  }
  EmittedCode result;
  Role &image = result.role;
  image.name = role.getSymName().str();
  image.code = std::move(code);
  image.tasks = std::move(tasks);
  image.labels = std::move(labels);
  image.paramOffset = uint32_t(role.getParamOffset().value_or(0));
  image.params = block.halfwords();
  image.paramLabels = block.labels();
  result.rowTables = names.rowTables;
  result.columnTables = names.columnTables;
  result.firstRegionParam = names.firstRegionParam;
  return result;
}

/// Levels are longest chains of calls, found by relaxation: at most one round a
/// level (the verifier refuses circles).
void RoleEmitter::findSubroutines() {
  SmallVector<std::pair<Operation *, StringRef>> calls;
  for (auto func : role.getOps<FuncOp>()) {
    subroutineIndex[func.getSymName()] = subroutines.size();
    subroutines.push_back({func});
  }
  role.walk([&](CallOp call) {
    Operation *caller = call->getParentOp();
    while (!isa<FuncOp, TaskOp>(caller)) {
      caller = caller->getParentOp();
    }
    calls.push_back({caller, call.getCallee()});
  });
  for (bool changed = true; changed;) {
    changed = false;
    for (auto [caller, callee] : calls) {
      auto func = dyn_cast<FuncOp>(caller);
      unsigned level =
          func ? subroutines[subroutineIndex.lookup(func.getSymName())].level
               : 0;
      if (func && level == 0) {
        continue; // not reached from a task (so far)
      }
      Subroutine &subroutine = subroutines[subroutineIndex.lookup(callee)];
      if (subroutine.level < level + 1) {
        subroutine.level = level + 1;
        maxLevel = std::max(maxLevel, level + 1);
        changed = true;
      }
    }
  }
}

void RoleEmitter::beginBody(Block &body, StringRef name,
                            uint32_t takenRegisters, uint32_t takenDsrs) {
  liveness.emplace(body);
  bodyName = name.str();
  uint32_t links = 0;
  for (unsigned level = 1; level <= maxLevel; ++level) {
    links |= 1u << (kNumRegisters - level);
  }
  registerFile.begin(kAllRegisters & ~links & ~takenRegisters);
  dsrFile.begin(kAllDsrs & ~takenDsrs);
  registers.clear();
  dsrs.clear();
  label(name);
}

/// Whether control never reaches the end of a block.
static bool isEndless(Block &block) {
  return !block.empty() && isa<ForeverOp>(block.back());
}

LogicalResult RoleEmitter::emitTask(TaskOp op) {
  Task task;
  task.name = op.getSymName().str();
  task.entry = here();
  task.initiallyActive = op.getActive();
  task.initiallyBlocked = op.getBlocked();
  if (auto data = op.getData()) {
    task.kind = TaskKind::Data;
    task.binding = uint8_t(names.queue(*data).getId().value_or(0));
  } else if (auto control = op.getControl()) {
    task.kind = TaskKind::Control;
    task.binding = uint8_t(*control);
  }
  tasks.push_back(std::move(task));
  Block &body = op.getBody().front();
  beginBody(body, op.getSymName(), 0, 0);
  for (auto payload : body.getOps<PayloadOp>()) {
    // The wavelet arrives in r1, from the first instruction on.
    registerFile.take(1, payload.getResult());
    registers[payload.getResult()] = 1;
  }
  if (failed(emitBlock(body))) {
    return failure();
  }
  if (!isEndless(body)) {
    append(Opcode::End);
  }
  return success();
}

LogicalResult RoleEmitter::emitSubroutine(Subroutine &subroutine) {
  subroutine.entry = here();
  Block &body = subroutine.op.getBody().front();
  beginBody(body, subroutine.op.getSymName(), subroutine.liveRegisters,
            subroutine.liveDsrs);
  if (failed(emitBlock(body))) {
    return failure();
  }
  if (!isEndless(body)) {
    append(Opcode::Return, 0, uint8_t(kNumRegisters - subroutine.level));
  }
  return success();
}

LogicalResult RoleEmitter::emitBlock(Block &body) {
  for (Operation &op : body) {
    if (failed(emitOp(&op))) {
      return failure();
    }
    release(liveness->end(&op));
  }
  return success();
}

LogicalResult RoleEmitter::emitOp(Operation *op) {
  // Unused results of operations without effects need no code.
  if (op->getNumResults() == 1 && op->getResult(0).use_empty() &&
      !isa<ClockOp>(op)) {
    return success();
  }
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](LoopOp o) { return emitLoop(o); })
      .Case([&](ForeverOp o) { return emitForever(o); })
      .Case([&](IfOp o) { return emitIf(o); })
      .Case([&](CallOp o) { return emitCall(o); })
      .Case<ActivateOp, BlockOp, UnblockOp>(
          [&](Operation *o) { return emitTaskControl(o); })
      .Case([&](ConstantOp o) { return emitConstant(o); })
      .Case([&](ParamValueOp o) { return emitParam(o); })
      .Case<CastOp, ClockOp>([&](Operation *o) { return emitSimple(o); })
      .Case<PayloadOp, BitcastOp>([](Operation *) { return success(); })
      .Case([&](LoadOp o) { return emitLoad(o); })
      .Case([&](StoreOp o) { return emitStore(o); })
      .Case([&](MemOp o) { return emitMem(o); })
      .Case([&](FabInOp o) { return emitFabric(o); })
      .Case([&](FabOutOp o) { return emitFabric(o); })
      .Case([&](VecOp o) {
        emitVec(o);
        return success();
      })
      .Case([&](VecAsyncOp o) {
        emitVecAsync(o);
        return success();
      })
      .Default([&](Operation *o) { return emitBinary(o); });
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

LogicalResult RoleEmitter::emitLoop(LoopOp op) {
  std::optional<uint32_t> trips = constantBits(op.getCount());
  if (trips && int32_t(*trips) <= 0) {
    return success();
  }
  // The counter takes over the register of a count that is not used again.
  Value count = rootOf(op.getCount());
  uint8_t from = trips ? 0 : registerOf(count);
  std::optional<uint32_t> guard;
  Known skipped;
  if (!trips && !op.getNonzero()) {
    guard = append(Opcode::BranchGe, 0, 0, from);
    skipped = known();
  }
  release(liveness->begin(op));
  uint8_t counter;
  if (!trips && registerFile.isFree(from)) {
    counter = from;
    registerFile.take(from, op.getCount());
    registerFile.set(from, {});
  } else {
    FailureOr<uint8_t> taken = takeRegister(op, op.getCount());
    if (failed(taken)) {
      return failure();
    }
    counter = *taken;
    if (trips) {
      append(Opcode::LoadImm, counter, 0, 0, *trips);
    } else {
      append(Opcode::AddImm, counter, from);
    }
  }
  Value index = op.getCounter();
  bool usesIndex = index && !index.use_empty();
  uint8_t step = 0;
  if (usesIndex) {
    FailureOr<uint8_t> taken = takeRegister(op, index);
    if (failed(taken)) {
      return failure();
    }
    step = *taken;
    registers[index] = step;
    append(Opcode::LoadImm, step);
  }
  label(bodyName + ".loop");
  forgetFree();
  uint32_t head = here();
  Block &body = op.getBody().front();
  if (failed(emitBlock(body))) {
    return failure();
  }
  if (!isEndless(body)) {
    if (usesIndex) {
      append(Opcode::AddImm, step, step, 0, 1);
    }
    append(Opcode::LoopDec, counter, 0, 0, head);
  }
  registerFile.give(counter);
  if (guard) {
    code[*guard].imm = here();
    meetKnown(skipped);
  }
  return success();
}

LogicalResult RoleEmitter::emitForever(ForeverOp op) {
  label(bodyName + ".forever");
  forgetFree();
  uint32_t head = here();
  Block &body = op.getBody().front();
  if (failed(emitBlock(body))) {
    return failure();
  }
  if (!isEndless(body)) {
    append(Opcode::Jump, 0, 0, 0, head);
  }
  return success();
}

LogicalResult RoleEmitter::emitIf(IfOp op) {
  uint8_t lhs = registerOf(op.getLhs());
  uint8_t rhs = registerOf(op.getRhs());
  release(liveness->begin(op));
  uint32_t toElse = 0;
  switch (op.getPredicate()) {
  case Predicate::Eq:
    toElse = append(Opcode::BranchNe, 0, lhs, rhs);
    break;
  case Predicate::Ne:
    toElse = append(Opcode::BranchEq, 0, lhs, rhs);
    break;
  case Predicate::Lt:
    toElse = append(Opcode::BranchGe, 0, lhs, rhs);
    break;
  case Predicate::Ge:
    toElse = append(Opcode::BranchLt, 0, lhs, rhs);
    break;
  case Predicate::FLt:
  case Predicate::FGe: {
    // The opposite branch would be wrong for a NaN.
    bool less = op.getPredicate() == Predicate::FLt;
    append(less ? Opcode::BranchFlt : Opcode::BranchFge, 0, lhs, rhs,
           here() + 2);
    toElse = append(Opcode::Jump);
    break;
  }
  }
  Known atBranch = known();
  Block &thenBlock = op.getThenRegion().front();
  if (failed(emitBlock(thenBlock))) {
    return failure();
  }
  Known afterThen = known();
  setKnown(atBranch);
  bool hasElse =
      !op.getElseRegion().empty() && !op.getElseRegion().front().empty();
  std::optional<uint32_t> toEnd;
  if (hasElse && !isEndless(thenBlock)) {
    toEnd = append(Opcode::Jump);
  }
  code[toElse].imm = here();
  if (hasElse && failed(emitBlock(op.getElseRegion().front()))) {
    return failure();
  }
  if (toEnd) {
    code[*toEnd].imm = here();
  }
  if (hasElse && isEndless(op.getElseRegion().front())) {
    setKnown(afterThen);
  } else if (!isEndless(thenBlock)) {
    meetKnown(afterThen);
  }
  return success();
}

LogicalResult RoleEmitter::emitCall(CallOp op) {
  size_t which = subroutineIndex.lookup(op.getCallee());
  Subroutine &callee = subroutines[which];
  // Live: everything that is neither free nor a link of some level.
  callee.liveRegisters |= kAllRegisters & registerFile.taken();
  callee.liveDsrs |= kAllDsrs & dsrFile.taken();
  callFixups.push_back({here(), which});
  append(Opcode::Call, uint8_t(kNumRegisters - callee.level));
  forgetFree();
  return success();
}

LogicalResult RoleEmitter::emitTaskControl(Operation *op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](ActivateOp o) {
        append(Opcode::Activate, 0, 0, 0, names.task(o.getTask()));
      })
      .Case([&](BlockOp o) {
        append(Opcode::Block, 0, 0, 0, names.task(o.getTask()));
      })
      .Case([&](UnblockOp o) {
        append(Opcode::Unblock, 0, 0, 0, names.task(o.getTask()));
      });
  return success();
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

LogicalResult RoleEmitter::outOf(Operation *op, StringRef what,
                                 ArrayRef<Value> owners) {
  InFlightDiagnostic error = op->emitOpError("needs ");
  unsigned live = 0;
  for (Value owner : owners) {
    live += bool(owner);
  }
  error << what << ", but none is free in '" << bodyName << "'; " << live
        << " are live here";
  for (Value owner : owners) {
    if (owner) {
      Operation *def = owner.getDefiningOp();
      error.attachNote(owner.getLoc())
          << "live: "
          << (def ? def->getName().getStringRef() : StringRef("counter"))
          << " of type " << owner.getType();
    }
  }
  return error;
}

FailureOr<uint8_t> RoleEmitter::takeRegister(Operation *op, Value owner) {
  std::optional<uint8_t> reg = registerFile.choose(kAllRegisters);
  if (!reg) {
    return outOf(op, "a register", registerFile.getOwners());
  }
  registerFile.take(*reg, owner);
  registerFile.set(*reg, {});
  return *reg;
}

FailureOr<uint8_t> RoleEmitter::resultRegister(Operation *op) {
  release(liveness->begin(op));
  Value result = op->getResult(0);
  FailureOr<uint8_t> reg = takeRegister(op, result);
  if (succeeded(reg)) {
    registers[result] = *reg;
  }
  return reg;
}

LogicalResult
RoleEmitter::knownRegister(Operation *op, const ScalarContent &content,
                           llvm::function_ref<void(uint8_t)> load) {
  if (std::optional<uint8_t> reg = registerFile.find(kAllRegisters, content)) {
    Value result = op->getResult(0);
    registerFile.take(*reg, result);
    registers[result] = *reg;
    return success();
  }
  FailureOr<uint8_t> reg = resultRegister(op);
  if (failed(reg)) {
    return failure();
  }
  load(*reg);
  registerFile.set(*reg, content);
  return success();
}

FailureOr<uint8_t> RoleEmitter::addressRegister(Operation *op,
                                                const ScalarContent &content) {
  if (std::optional<uint8_t> reg = registerFile.find(kAllRegisters, content)) {
    return *reg;
  }
  FailureOr<uint8_t> reg = takeRegister(op, op->getResult(0));
  if (failed(reg)) {
    return failure();
  }
  append(Opcode::LoadImm, *reg, 0, 0, bufferBase(content.name) + content.value);
  registerFile.set(*reg, content);
  registerFile.give(*reg);
  return reg;
}

uint8_t RoleEmitter::registerOf(Value value) const {
  Value root = rootOf(value);
  auto found = registers.find(root);
  // The one value without a register is a constant of zero bits.
  assert((found != registers.end() || constantBits(root) == 0u) &&
         "a value has no register");
  return found == registers.end() ? uint8_t(0) : found->second;
}

void RoleEmitter::release(unsigned position) {
  for (Value value : liveness->deathsAt(position)) {
    if (auto found = registers.find(value); found != registers.end()) {
      registerFile.give(found->second);
      registers.erase(found);
    }
    if (auto found = dsrs.find(value); found != dsrs.end()) {
      for (uint8_t dsr : {found->second.main, found->second.src1}) {
        if (dsr != kNoOperand) {
          dsrFile.give(dsr);
        }
      }
      dsrs.erase(found);
    }
  }
}

/// The register that needs least to hold `wanted`. One that steps by itself is
/// its owner's alone.
FailureOr<uint8_t> RoleEmitter::takeDsr(Operation *op, const DsrContent &wanted,
                                        bool steps, DsrFile first,
                                        std::optional<DsrFile> second) {
  auto maskOf = [](DsrFile file) {
    return ((1u << kDsrsPerFile) - 1) << (unsigned(file) * kDsrsPerFile);
  };
  uint32_t files = maskOf(first) | (second ? maskOf(*second) : 0);
  std::optional<uint8_t> dsr;
  if (!steps) {
    dsr = dsrFile.find(files, wanted);
    for (unsigned i = 0; i < kNumDsrs && !dsr; ++i) {
      if ((files >> i) & 1u && dsrFile.isFree(i) &&
          dsrFile[i].canBecome(wanted)) {
        dsr = uint8_t(i);
      }
    }
  }
  if (!dsr) {
    dsr = dsrFile.choose(files);
    // The second file only where the first has none that holds nothing known.
    std::optional<uint8_t> own = dsrFile.choose(maskOf(first));
    if (own && !dsrFile[*own].isKnown()) {
      dsr = own;
    }
  }
  if (!dsr) {
    // Name those of the files at hand only.
    std::array<Value, kNumDsrs> owners = {};
    for (unsigned i = 0; i < kNumDsrs; ++i) {
      owners[i] = ((files >> i) & 1u) ? dsrFile.getOwners()[i] : Value();
    }
    return outOf(op,
                 second
                     ? "a descriptor register for a destination or first source"
                     : "a descriptor register for a second source",
                 owners);
  }
  dsrFile.take(*dsr, op->getResult(0));
  return *dsr;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

uint32_t RoleEmitter::append(Opcode op, uint8_t a, uint8_t b, uint8_t c,
                             uint32_t imm) {
  code.push_back({op, a, b, c, imm});
  return here() - 1;
}

void RoleEmitter::label(StringRef name) {
  std::string unique = name.str();
  for (unsigned n = 1; !usedLabels.insert(unique).second; ++n) {
    unique = fmt::format("{}.{}", std::string_view(name), n);
  }
  labels.push_back({std::move(unique), here()});
}

uint32_t RoleEmitter::bufferBase(StringRef name) const {
  return uint32_t(names.buffer(name).getOffset().value_or(0));
}
