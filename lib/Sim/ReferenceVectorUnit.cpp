// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceVectorUnit.cpp - Vector instructions
//--------------------------//
//
// Section 4 of the specification: operands, length, steps, bank conflicts, the
// send rate and the end of a vector instruction.
//
//===----------------------------------------------------------------------===//
#include "ReferenceCore.h"

#include "wafer/Machine/Lanes.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::reference;

using Source = Operand::Source;

//===----------------------------------------------------------------------===//
// Issue
//===----------------------------------------------------------------------===//

void Cores::walk(Operand &o, const Descriptor &d, uint32_t length) const {
  o.address = o.row = d.base;
  o.stepBytes = int64_t(d.stride0) * o.bytes;
  o.rowBytes = int64_t(d.stride1) * o.bytes;
  o.stride0 = d.stride0;
  o.extent0 = d.extent0;
  o.twoDimensional = d.extent0 && d.extent1;
  int64_t behind =
      o.twoDimensional ? d.extent1 * o.rowBytes : int64_t(length) * o.stepBytes;
  o.endBase = uint16_t(d.base + behind);
}

bool Cores::setUpOperand(CoreState &core, const Instruction &in, unsigned which,
                         Operand &o) {
  const OpcodeInfo &info = *planOf(in.op).info;
  const uint8_t ids[] = {in.a, in.b, in.c};
  const ElementType types[] = {info.dest, info.src0, info.src1};
  static constexpr const char *kNames[] = {"dest", "src0", "src1"};
  o = Operand();
  if (which > info.numSources) {
    return true;
  }
  auto refuse = [&](std::string what) {
    fault(core, core.pc, core.task, fmt::format("{} {}", kNames[which], what));
    return false;
  };
  o.bytes = uint8_t(sizeOf(types[which]));
  uint8_t id = ids[which];
  if (id == kNoOperand) {
    if (which == 0 || info.scalar != ScalarUse::Replaces) {
      return refuse("is absent");
    }
    uint32_t value =
        core.registers[VectorFields::decode(in.imm).scalarRegister];
    o.source = Source::Scalar;
    o.value = o.bytes == 2 ? value & 0xffffu : value;
    return true;
  }
  if (id >= kNumDsrs) {
    return refuse(fmt::format("names descriptor register {}, which is not "
                              "there",
                              id));
  }
  const Descriptor &d = core.dsrs[id];
  o.dsr = id;
  o.save = d.save;
  o.queue = d.queue;
  if (d.kind == DescriptorKind::Memory) {
    o.source = Source::Memory;
    return true;
  }
  if ((d.kind == DescriptorKind::FabricIn) != (which != 0)) {
    return refuse(which ? "is a fabric output" : "is a fabric input");
  }
  o.source = Source::Fabric;
  o.control = d.kind == DescriptorKind::FabricControl;
  o.packed = d.packed && o.bytes == 2 && !o.control;
  o.channel = which ? core.inputs[d.queue] : core.outputs[d.queue];
  if (o.channel == kNone) {
    return refuse(
        fmt::format("names {} queue {}, which is not bound to a color",
                    which ? "input" : "output", d.queue));
  }
  return true;
}

bool Cores::checkFabric(CoreState &core, const VectorOp &op, bool async) {
  const char *what = nullptr;
  bool in0 = op.src0.source == Source::Fabric;
  bool in1 = op.src1.source == Source::Fabric;
  bool out = op.dest.source == Source::Fabric;
  if (in0 && in1) {
    what = "both sources are fabric inputs";
  } else if (out && (in0 || in1) &&
             op.dest.packed != (in0 ? op.src0 : op.src1).packed) {
    what = "the fabric input and the fabric output have a different number of "
           "elements in a wavelet";
  } else if (async && !op.hasFabric) {
    what = "an asynchronous instruction needs a fabric operand";
  }
  if (what) {
    fault(core, core.pc, core.task, what);
  }
  return !what;
}

void Cores::planSteps(VectorOp &op, const OpcodePlan &plan) const {
  const Machine &m = context.machine;
  const Operand *fabricOperand = nullptr;
  for (const Operand *o : {&op.src0, &op.src1, &op.dest}) {
    fabricOperand = o->source == Source::Fabric ? o : fabricOperand;
  }
  if (fabricOperand) {
    op.perStep = fabricOperand->packed ? 2 : 1;
    return;
  }
  op.perStep = plan.lanes;
  for (const Operand *o : {&op.src0, &op.src1, &op.dest}) {
    if (o->source == Source::Memory) {
      op.perStep = lanesForStride(o->stride0, op.perStep);
    }
  }
  if (op.dest.stride0 == 0) {
    op.perStep = 1;
  }
  op.readsMayConflict =
      op.src0.source == Source::Memory && op.src1.source == Source::Memory;
  int64_t span = int64_t(m.sramBanks) * m.bankWidthBytes;
  for (const Operand *o : {&op.src0, &op.src1}) {
    op.alwaysConflicts |= o->source == Source::Memory &&
                          op.dest.stepBytes % span == 0 &&
                          o->stepBytes % span == 0 &&
                          op.dest.address % span / m.bankWidthBytes ==
                              o->address % span / m.bankWidthBytes;
  }
}

bool Cores::setUp(CoreState &core, VectorOp &op, const Instruction &in,
                  Cycle t) {
  const OpcodePlan &plan = planOf(in.op);
  VectorFields fields = VectorFields::decode(in.imm);
  op = VectorOp();
  op.op = in.op;
  bool isFloat = plan.info->dest == ElementType::F16 ||
                 plan.info->dest == ElementType::F32;
  op.element = context.options.timingOnly && isFloat ? nullptr : plan.element;
  op.pc = core.pc;
  op.issuedBy = core.task;
  op.scalar = core.registers[fields.scalarRegister];
  if (fields.async) {
    op.onComplete = fields.onComplete;
    op.task = fields.task;
  }
  if (!setUpOperand(core, in, 0, op.dest) ||
      !setUpOperand(core, in, 1, op.src0) ||
      !setUpOperand(core, in, 2, op.src1)) {
    return false;
  }
  Operand *operands[] = {&op.src0, &op.src1, &op.dest};
  for (const Operand *o : operands) {
    bool described = o->source == Source::Memory || o->source == Source::Fabric;
    op.hasFabric |= o->source == Source::Fabric;
    if (described && !op.length) {
      op.length = core.dsrs[o->dsr].length();
    }
  }
  op.length = op.length ? op.length : 1;
  for (Operand *o : operands) {
    if (o->source == Source::Memory) {
      walk(*o, core.dsrs[o->dsr], op.length);
    }
  }
  if (!checkFabric(core, op, fields.async)) {
    return false;
  }
  planSteps(op, plan);
  bool sends = op.dest.source == Source::Fabric;
  op.pauses = sends && op.src0.source != Source::Fabric &&
              op.src1.source != Source::Fabric &&
              context.costs.sendCycles > context.costs.sendWords;
  op.advance =
      sends && !op.dest.control && core.dsrs[op.dest.dsr].advanceSwitch;
  op.nextStep = t + context.costs.vectorStart;
  op.state = VectorOp::State::Running;
  return true;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

bool Cores::readsConflict(Operand src0, Operand src1, unsigned n) const {
  const Machine &m = context.machine;
  uint64_t banks0 = 0;
  uint64_t banks1 = 0;
  bool same = true;
  for (unsigned i = 0; i < n; ++i) {
    auto bit = [&](const Operand &o) {
      uint64_t bank = uint64_t(o.address) / m.bankWidthBytes % m.sramBanks;
      return uint64_t(1) << (bank % m.readConflictModulus);
    };
    banks0 |= bit(src0);
    banks1 |= bit(src1);
    same &= src0.address == src1.address;
    src0.next();
    src1.next();
  }
  return (banks0 & banks1) && !same;
}

uint8_t *Cores::locate(CoreState &core, int64_t address, unsigned bytes,
                       uint32_t pc, int32_t task) {
  if (address < 0 || address + bytes > core.plan->memoryBytes) {
    fault(core, pc, task,
          fmt::format("access to byte {} of SRAM, of which {} are for the "
                      "program's data",
                      address, core.plan->memoryBytes));
    return nullptr;
  }
  if (address & 1) {
    fault(core, pc, task, fmt::format("access to the odd address {}", address));
    return nullptr;
  }
  return core.sram + address;
}

bool Cores::gather(CoreState &core, VectorOp &op, Operand &o, unsigned n,
                   uint32_t *out, Cycle t) {
  switch (o.source) {
  case Source::None:
    std::fill_n(out, n, 0u);
    return true;
  case Source::Scalar:
    std::fill_n(out, n, o.value);
    return true;
  case Source::Memory:
    for (unsigned i = 0; i < n; ++i, o.next()) {
      const uint8_t *bytes =
          locate(core, o.address, o.bytes, op.pc, op.issuedBy);
      if (!bytes) {
        return false;
      }
      out[i] = 0;
      std::memcpy(&out[i], bytes, o.bytes);
    }
    return true;
  case Source::Fabric:
    break;
  }
  Channel &c = fabric.channel(o.channel);
  if (context.fifos[c.fifos[kInputQueue]].head().control) {
    fault(core, op.pc, op.issuedBy,
          fmt::format("a control wavelet stands at the head of input queue {}, "
                      "which a vector instruction reads",
                      o.queue));
    return false;
  }
  uint32_t payload = fabric.takeInput(core.place, c, t).payload;
  out[0] = o.bytes == 2 ? payload & 0xffffu : payload;
  if (n == 2) {
    out[1] = payload >> 16;
  }
  return true;
}

void Cores::sendWord(CoreState &core, const Operand &out, Wavelet w, Cycle t) {
  unsigned color = fabric.colorOf(core.place, out.channel);
  fabric.enter(core.place, color, kOutputQueue, w,
               t + 1 + context.machine.rampCycles);
}

bool Cores::scatter(CoreState &core, VectorOp &op, unsigned n,
                    const uint32_t *in, Cycle t) {
  Operand &o = op.dest;
  if (o.source == Source::Memory) {
    for (unsigned i = 0; i < n; ++i, o.next()) {
      uint8_t *bytes = locate(core, o.address, o.bytes, op.pc, op.issuedBy);
      if (!bytes) {
        return false;
      }
      if (op.element) {
        std::memcpy(bytes, &in[i], o.bytes);
      }
    }
    return true;
  }
  uint32_t payload = n == 2 ? in[0] | (in[1] << 16) : in[0];
  sendWord(core, o, {payload, o.control}, t);
  ++op.sent;
  return true;
}

void Cores::step(CoreState &core, unsigned thread, Cycle t) {
  VectorOp &op = core.threads[thread];
  Cycle duration = 1;
  Doing doing;
  doing.what = Activity::VectorStep;
  doing.thread = uint8_t(thread);
  doing.pc = op.pc;
  doing.task = op.issuedBy;
  if (op.done < op.length) {
    unsigned n = std::min(op.perStep, op.length - op.done);
    uint32_t a[sim::kMaxLanes], b[sim::kMaxLanes];
    if (op.alwaysConflicts ||
        (op.readsMayConflict && readsConflict(op.src0, op.src1, n))) {
      duration = 2;
    }
    if (!gather(core, op, op.src0, n, a, t) ||
        !gather(core, op, op.src1, n, b, t)) {
      account(core, doing, t, 1); // the fault is its act
      return;
    }
    for (unsigned i = 0; i < n; ++i) {
      a[i] = op.element ? op.element(a[i], b[i], op.scalar) : 0;
    }
    if (!scatter(core, op, n, a, t)) {
      account(core, doing, t, 1);
      return;
    }
    op.done += n;
  } else {
    ControlWavelet w;
    w.commands[0] = {SwitchCommand::Advance, true};
    sendWord(core, op.dest, {w.encode(), true}, t);
    ++op.sent;
    op.advance = false;
  }
  account(core, doing, t, 1);
  if (duration > 1) {
    doing.what = Activity::BankConflict;
    account(core, doing, t + 1, duration - 1);
  }
  context.happened(t + duration);
  core.datapathFree = t + duration;
  op.nextStep = t + duration;
  if (op.done == op.length && !op.advance) {
    finish(core, thread, t + duration);
  } else if (op.pauses && op.sent % context.costs.sendWords == 0) {
    op.nextStep += context.costs.sendCycles - context.costs.sendWords;
  }
}

void Cores::finish(CoreState &core, unsigned thread, Cycle end) {
  VectorOp &op = core.threads[thread];
  for (const Operand *o : {&op.dest, &op.src0, &op.src1}) {
    if (o->source == Source::Memory && o->save) {
      core.dsrs[o->dsr].base = o->endBase;
    }
  }
  op.sleepsUntil = kNever;
  op.nextStep = end;
  if (thread == 0) {
    op.state = VectorOp::State::Free;
    core.ready = end;
  } else {
    op.state = VectorOp::State::Completing;
  }
}

//===----------------------------------------------------------------------===//
// Steps behind the core's back
//===----------------------------------------------------------------------===//

bool Cores::inMemory(const CoreState &core, const Operand &o,
                     uint32_t length) const {
  if (o.source != Source::Memory) {
    return true;
  }
  if ((o.address | o.stepBytes | o.rowBytes) & 1) {
    return false;
  }
  int64_t rows = o.twoDimensional ? (int64_t(length) - 1) / o.extent0 : 0;
  int64_t columns = o.twoDimensional ? std::min<int64_t>(length, o.extent0) - 1
                                     : int64_t(length) - 1;
  int64_t across = columns * o.stepBytes;
  int64_t down = rows * o.rowBytes;
  int64_t low =
      o.address + std::min<int64_t>(across, 0) + std::min<int64_t>(down, 0);
  int64_t high = o.address + std::max<int64_t>(across, 0) +
                 std::max<int64_t>(down, 0) + o.bytes;
  return low >= 0 && high <= core.plan->memoryBytes;
}

uint64_t Cores::readConflicts(Operand &a, Operand &b, uint64_t steps,
                              unsigned n) const {
  uint64_t conflicts = 0;
  for (uint64_t i = 0; i < steps; ++i) {
    conflicts += readsConflict(a, b, n);
    for (unsigned k = 0; k < n; ++k) {
      a.next();
      b.next();
    }
  }
  return conflicts;
}

/// Cycles of all steps of an instruction without a fabric operand.
uint64_t Cores::stepCycles(const VectorOp &op) const {
  uint64_t whole = op.length / op.perStep;
  unsigned rest = op.length % op.perStep;
  uint64_t steps = whole + (rest ? 1 : 0);
  if (op.alwaysConflicts) {
    return 2 * steps;
  }
  if (!op.readsMayConflict) {
    return steps;
  }
  Operand a = op.src0, b = op.src1;
  uint64_t conflicts = 0;
  // With equal strides the banks repeat after `span` steps, and whether the
  // two read the same addresses never changes.
  uint64_t span =
      uint64_t(context.machine.sramBanks) * context.machine.bankWidthBytes;
  bool repeats =
      !a.twoDimensional && !b.twoDimensional && a.stepBytes == b.stepBytes;
  if (repeats && whole > span) {
    uint64_t periods = whole / span;
    Operand a0 = a, b0 = b;
    conflicts = periods * readConflicts(a0, b0, span, op.perStep);
    int64_t skipped = int64_t(periods * span * op.perStep);
    a.address += skipped * a.stepBytes;
    b.address += skipped * b.stepBytes;
    whole -= periods * span;
  }
  conflicts += readConflicts(a, b, whole, op.perStep);
  return steps + conflicts + (rest ? readConflicts(a, b, 1, rest) : 0);
}

void Cores::planSleep(CoreState &core, VectorOp &op) const {
  if (context.options.stepwise) {
    return;
  }
  for (size_t i = 1; i < core.threads.size(); ++i) {
    if (core.threads[i].state != VectorOp::State::Free) {
      return;
    }
  }
  if (op.hasFabric || !inMemory(core, op.dest, op.length) ||
      !inMemory(core, op.src0, op.length) ||
      !inMemory(core, op.src1, op.length)) {
    return; // a fault must come in its cycle
  }
  op.sleepsUntil = op.nextStep + stepCycles(op);
}

void Cores::catchUp(CoreState &core, Cycle t) {
  VectorOp &op = core.threads[0];
  while (op.state == VectorOp::State::Running && op.sleepsUntil != kNever &&
         op.nextStep < t) {
    core.lastActed = 0;
    step(core, 0, op.nextStep);
  }
}
