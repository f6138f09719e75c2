// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastVector.cpp - Vector instructions -------------------------------===//
#include "FastCore.h"

#include <cstring>
#include <fmt/format.h>
#include <new>

using namespace wafer;
using namespace wafer::fast;

using Source = Operand::Source;

//===----------------------------------------------------------------------===//
// Issue
//===----------------------------------------------------------------------===//

static void walk(Operand &o, const Descriptor &d, uint32_t length) {
  o.address = o.row = d.base;
  o.stepBytes = int32_t(d.stride0) * o.bytes;
  o.rowBytes = int32_t(d.stride1) * o.bytes;
  o.stride0 = d.stride0;
  o.extent0 = d.extent0;
  o.twoDimensional = d.extent0 && d.extent1;
  int64_t behind = o.twoDimensional ? int64_t(d.extent1) * o.rowBytes
                                    : int64_t(length) * o.stepBytes;
  o.endBase = uint16_t(d.base + behind);
}

bool Cores::setUpOperand(CoreState &core, VectorOp &op, const Code &in,
                         unsigned which, Descriptor &d, Cycle t) {
  const VectorPlan &vector = vectors[uint8_t(in.op)];
  if (which > vector.numSources) {
    return true;
  }
  Operand &o = which == 0 ? op.dest : which == 1 ? op.src0 : op.src1;
  uint8_t id = which == 0 ? in.a : which == 1 ? in.b : in.c;
  o.bytes = vector.bytes[which];
  if (id == kNoOperand) { // a source, as the image is valid
    o.source = Source::Scalar;
    o.value = o.bytes == 2 ? op.scalar & 0xffffu : op.scalar;
    return true;
  }
  d = Descriptor::decode(core.dsrs[id].data());
  o.dsr = id;
  o.save = d.save;
  o.queue = d.queue;
  if (d.kind == DescriptorKind::Memory) {
    o.source = Source::Memory;
    return true;
  }
  static constexpr const char *kNames[] = {"dest", "src0", "src1"};
  if ((d.kind == DescriptorKind::FabricIn) != (which != 0)) {
    fault(core, t, core.pc, core.task,
          fmt::format("{} is a fabric {}", kNames[which],
                      which ? "output" : "input"));
    return false;
  }
  o.source = Source::Fabric;
  o.control = d.kind == DescriptorKind::FabricControl;
  o.packed = d.packed && o.bytes == 2 && !o.control;
  op.hasFabric = true;
  uint32_t channel = which ? core.inputs[d.queue] : core.outputs[d.queue];
  if (channel == kNone) {
    fault(core, t, core.pc, core.task,
          fmt::format("{} names {} queue {}, which is not bound to a color",
                      kNames[which], which ? "input" : "output", d.queue));
    return false;
  }
  (which ? op.in : op.out) = &fabric.channel(channel);
  return true;
}

bool Cores::checkFabric(CoreState &core, const VectorOp &op, bool async,
                        Cycle t) {
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
    fault(core, t, core.pc, core.task, what);
  }
  return !what;
}

void Cores::planSteps(VectorOp &op) const {
  if (op.hasFabric) {
    const Operand &o = op.dest.source == Source::Fabric   ? op.dest
                       : op.src1.source == Source::Fabric ? op.src1
                                                          : op.src0;
    op.perStep = o.packed ? 2 : 1;
    return;
  }
  op.perStep = vectors[uint8_t(op.op)].lanes;
  for (const Operand *o : {&op.src0, &op.src1, &op.dest}) {
    if (o->source == Source::Memory) {
      op.perStep = sim::lanesForStride(o->stride0, op.perStep);
    }
  }
  if (op.dest.stride0 == 0) {
    op.perStep = 1;
  }
  op.readsMayConflict =
      op.src0.source == Source::Memory && op.src1.source == Source::Memory;
  if (!isMultipleOfSpan(op.dest.stepBytes)) {
    return;
  }
  for (const Operand *o : {&op.src0, &op.src1}) {
    op.alwaysConflicts |= o->source == Source::Memory &&
                          isMultipleOfSpan(o->stepBytes) &&
                          bankIndex(op.dest.address) == bankIndex(o->address);
  }
}

namespace {
/// The bytes that a walk touches; odd if any address is.
struct Extent {
  int64_t low = 0;
  int64_t high = 0;
  bool odd = false;
};
} // namespace

static Extent extentOf(const Operand &o, uint32_t length) {
  int64_t rows = o.twoDimensional ? (length - 1) / o.extent0 : 0;
  int64_t columns =
      (o.twoDimensional ? std::min<uint32_t>(length, o.extent0) : length) - 1;
  int64_t across = columns * o.stepBytes;
  int64_t down = rows * o.rowBytes;
  int64_t low =
      o.address + std::min<int64_t>(across, 0) + std::min<int64_t>(down, 0);
  int64_t high = o.address + std::max<int64_t>(across, 0) +
                 std::max<int64_t>(down, 0) + o.bytes;
  return {low, high, ((o.address | o.stepBytes | o.rowBytes) & 1) != 0};
}

/// Whether the elements of dest and src lie alike.
static bool isSameWalk(const Operand &a, const Operand &b) {
  return a.address == b.address && a.stepBytes == b.stepBytes &&
         a.bytes == b.bytes && a.twoDimensional == b.twoDimensional &&
         (!a.twoDimensional ||
          (a.extent0 == b.extent0 && a.rowBytes == b.rowBytes));
}

void Cores::planMemory(const CoreState &core, VectorOp &op) const {
  Operand *const operands[] = {&op.dest, &op.src0, &op.src1};
  Extent extents[3];
  op.inMemory = true;
  for (unsigned i = 0; i < 3; ++i) {
    if (operands[i]->source == Source::Memory) {
      extents[i] = extentOf(*operands[i], op.length);
      op.inMemory &= !extents[i].odd && extents[i].low >= 0 &&
                     extents[i].high <= core.role->memoryBytes;
    }
  }
  // A step reads all its sources before it writes; element by element that is
  // the same unless an element is read after it was written in the step.
  op.inOrder = true;
  for (unsigned i = 1; i < 3 && op.dest.source == Source::Memory; ++i) {
    if (operands[i]->source == Source::Memory && op.perStep > 1) {
      bool apart = extents[i].high <= extents[0].low ||
                   extents[0].high <= extents[i].low;
      op.inOrder &= apart || isSameWalk(op.dest, *operands[i]);
    }
  }
}

bool Cores::setUp(CoreState &core, VectorOp &op, Cycle t) {
  const Code &in = core.code[core.pc];
  VectorFields fields = VectorFields::decode(in.imm);
  ::new (static_cast<void *>(&op)) VectorOp();
  op.op = in.op;
  op.pc = core.pc;
  op.issuedBy = core.task;
  op.scalar = core.registers[fields.scalarRegister];
  if (fields.async) {
    op.onComplete = fields.onComplete;
    op.task = fields.task;
  }
  Descriptor descriptors[3];
  for (unsigned which = 0; which < 3; ++which) {
    if (!setUpOperand(core, op, in, which, descriptors[which], t)) {
      return false;
    }
  }
  // An operand without a descriptor has one of length 0 here.
  for (unsigned which : {1, 2, 0}) {
    op.length = op.length ? op.length : descriptors[which].length();
  }
  op.length = op.length ? op.length : 1;
  Operand *const operands[] = {&op.dest, &op.src0, &op.src1};
  for (unsigned which = 0; which < 3; ++which) {
    if (operands[which]->source == Source::Memory) {
      walk(*operands[which], descriptors[which], op.length);
    }
  }
  if (!checkFabric(core, op, fields.async, t)) {
    return false;
  }
  planSteps(op);
  planMemory(core, op);
  if (op.out) {
    op.pauses = !op.in && context.costs.sendCycles > context.costs.sendWords;
    op.advance = !op.dest.control && descriptors[0].advanceSwitch;
  }
  op.nextStep = t + context.costs.vectorStart;
  op.state = VectorOp::State::Running;
  return true;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

Wait Cores::waitOf(const CoreState &core, const VectorOp &op, Cycle t,
                   Cycle &later) const {
  if (op.nextStep > t) {
    later = std::min(later, op.nextStep);
    return Wait::Time;
  }
  if (op.in && op.done < op.length) {
    const Fifo *fifo = op.in->fifos[kInputQueue];
    if (!fifo || fifo->empty()) {
      return Wait::Words;
    }
    if (fifo->head().time > t) {
      later = std::min(later, fifo->head().time);
      return Wait::Words;
    }
    if (fifo->head().control) {
      return Wait::None; // acts, and its act is a fault
    }
  }
  if (op.out) {
    Cycle room = op.out->roomFrom(kOutputQueue);
    if (room > t) {
      later = std::min(later, room);
      return Wait::Room;
    }
  }
  return Wait::None;
}

bool Cores::readsConflict(const VectorOp &op, unsigned n) const {
  Operand a = op.src0, b = op.src1;
  uint64_t banks0 = 0;
  uint64_t banks1 = 0;
  bool same = true;
  for (unsigned i = 0; i < n; ++i) {
    banks0 |= bankOf(a.address);
    banks1 |= bankOf(b.address);
    same &= a.address == b.address;
    a.next();
    b.next();
  }
  return (banks0 & banks1) && !same;
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
          op.inMemory ? core.sram + o.address
                      : locate(core, o.address, o.bytes, op.pc, op.issuedBy, t);
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
  if (op.in->fifos[kInputQueue]->head().control) {
    fault(core, t, op.pc, op.issuedBy,
          fmt::format("a control wavelet stands at the head of input queue {}, "
                      "which a vector instruction reads",
                      o.queue));
    return false;
  }
  uint32_t payload = fabric.takeInput(core.place, *op.in, t).payload;
  out[0] = o.bytes == 2 ? payload & 0xffffu : payload;
  if (n == 2) {
    out[1] = payload >> 16;
  }
  return true;
}

void Cores::sendWord(CoreState &core, VectorOp &op, Wavelet w, Cycle t) {
  ++op.sent;
  fabric.enter(core.place, *op.out, kOutputQueue, w,
               t + 1 + context.machine.rampCycles);
}

bool Cores::scatter(CoreState &core, VectorOp &op, unsigned n,
                    const uint32_t *in, Cycle t) {
  Operand &o = op.dest;
  if (o.source == Source::Memory) {
    for (unsigned i = 0; i < n; ++i, o.next()) {
      uint8_t *bytes =
          op.inMemory ? core.sram + o.address
                      : locate(core, o.address, o.bytes, op.pc, op.issuedBy, t);
      if (!bytes) {
        return false;
      }
      std::memcpy(bytes, &in[i], o.bytes);
    }
    return true;
  }
  uint32_t payload = n == 2 ? in[0] | (in[1] << 16) : in[0];
  sendWord(core, op, {payload, o.control}, t);
  return true;
}

unsigned Cores::step(CoreState &core, VectorOp &op, Cycle t) {
  unsigned duration = 1;
  if (op.done < op.length) {
    unsigned n = std::min(op.perStep, op.length - op.done);
    uint32_t a[sim::kMaxLanes], b[sim::kMaxLanes];
    if (op.alwaysConflicts || (op.readsMayConflict && readsConflict(op, n))) {
      duration = 2;
    }
    if (!gather(core, op, op.src0, n, a, t) ||
        !gather(core, op, op.src1, n, b, t)) {
      return 0;
    }
    sim::ElementFn element = vectors[uint8_t(op.op)].element;
    for (unsigned i = 0; i < n; ++i) {
      a[i] = element(a[i], b[i], op.scalar);
    }
    if (!scatter(core, op, n, a, t)) {
      return 0;
    }
    op.done += n;
  } else {
    ControlWavelet w;
    w.commands[0] = {SwitchCommand::Advance, true};
    sendWord(core, op, {w.encode(), true}, t);
    op.advance = false;
  }
  account(core, Activity::VectorStep, t);
  Cycle end = t + duration;
  if (duration > 1) {
    core.counters[Activity::BankConflict] += 1;
    core.accountedTo = core.waiting.from = end;
    context.happened(end);
  }
  core.datapathFree = end;
  op.nextStep = end;
  if (op.done == op.length && !op.advance) {
    finish(core, op, end);
  } else if (op.pauses && op.sent % context.costs.sendWords == 0) {
    op.nextStep += context.costs.sendCycles - context.costs.sendWords;
  }
  return duration;
}

void Cores::finish(CoreState &core, VectorOp &op, Cycle end) {
  for (const Operand *o : {&op.dest, &op.src0, &op.src1}) {
    if (o->source == Source::Memory && o->save) {
      core.dsrs[o->dsr][0] = o->endBase;
    }
  }
  op.nextStep = end;
  if (&op == &core.main) {
    op.state = VectorOp::State::Free;
    core.ready = end;
  } else {
    op.state = VectorOp::State::Completing;
  }
}

//===----------------------------------------------------------------------===//
// Many elements in memory
//===----------------------------------------------------------------------===//

void Cores::runElements(CoreState &core, VectorOp &op, uint32_t count) {
  Kernel kernel = vectors[uint8_t(op.op)].kernel;
  op.done += count;
  while (count) {
    uint32_t n = count;
    for (const Operand *o : {&op.dest, &op.src0, &op.src1}) {
      if (o->twoDimensional) {
        n = std::min(n, o->extent0 - o->inner);
      }
    }
    Elements e;
    auto source = [&](const Operand &o, const uint8_t *&at, int32_t &step) {
      bool memory = o.source == Source::Memory;
      at = memory ? core.sram + o.address
                  : reinterpret_cast<const uint8_t *>(&o.value);
      step = memory ? o.stepBytes : 0;
    };
    e.dest = core.sram + op.dest.address;
    e.destStep = op.dest.stepBytes;
    source(op.src0, e.src0, e.step0);
    source(op.src1, e.src1, e.step1);
    e.count = n;
    e.scalar = op.scalar;
    kernel(e);
    for (Operand *o : {&op.dest, &op.src0, &op.src1}) {
      if (o->source == Source::Memory) {
        o->advance(n);
      }
    }
    count -= n;
  }
}
