// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastVector.cpp - Vector instructions -------------------------------===//
#include "FastCore.h"

#include "wafer/Machine/Lanes.h"

#include <cstring>
#include <fmt/format.h>

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
  o.inner = 0;
  o.twoDimensional = d.extent0 && d.extent1;
  int64_t behind = o.twoDimensional ? int64_t(d.extent1) * o.rowBytes
                                    : int64_t(length) * o.stepBytes;
  o.endBase = uint16_t(d.base + behind);
}

bool Cores::setUpOperand(CoreState &core, VectorOp &op, const Code &in,
                         unsigned which, Descriptor &d, Cycle t) {
  const VectorPlan &vector = vectors[uint8_t(in.op)];
  Operand &o = which == 0 ? op.dest : which == 1 ? op.src0 : op.src1;
  o.source = Source::None;
  o.twoDimensional = false;
  if (which > vector.numSources) {
    return true;
  }
  uint8_t id = which == 0 ? in.a : which == 1 ? in.b : in.c;
  o.bytes = vector.bytes[which];
  o.stride0 = 1;          // of memory only
  if (id == kNoOperand) { // a source, as the image is valid
    o.source = Source::Scalar;
    o.value = scalarValue(o, op.scalar);
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
      op.perStep = lanesForStride(o->stride0, op.perStep);
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

Reach wafer::fast::reachOf(const Operand &o, uint32_t length) {
  int64_t rows = o.twoDimensional ? (length - 1) / o.extent0 : 0;
  int64_t columns =
      (o.twoDimensional ? std::min<uint32_t>(length, o.extent0) : length) - 1;
  int64_t across = columns * o.stepBytes;
  int64_t down = rows * o.rowBytes;
  return {std::min<int64_t>(across, 0) + std::min<int64_t>(down, 0),
          std::max<int64_t>(across, 0) + std::max<int64_t>(down, 0) + o.bytes,
          ((o.stepBytes | o.rowBytes) & 1) != 0};
}

/// Whether the elements of dest and src lie alike.
static bool isSameWalk(const Operand &a, const Operand &b) {
  return a.address == b.address && a.stepBytes == b.stepBytes &&
         a.bytes == b.bytes && a.twoDimensional == b.twoDimensional &&
         (!a.twoDimensional ||
          (a.extent0 == b.extent0 && a.rowBytes == b.rowBytes));
}

/// Whether no element of a walk is one of the `n - 1` before it.
static bool isApartFromItself(const Operand &o, uint32_t length, unsigned n) {
  if (!o.twoDimensional || length <= o.extent0) {
    return true; // a step of 0 makes n = 1
  }
  int64_t step = std::abs(o.stepBytes), row = std::abs(o.rowBytes);
  int64_t rows = (length - 1) / o.extent0;
  if (row == 0) {
    return o.extent0 >= n; // the same row again
  }
  return row >= (o.extent0 - 1) * step + o.bytes || // row after row
         rows * row + o.bytes <= step;              // rows inside one another
}

void Cores::planMemory(const CoreState &core, VectorOp &op) const {
  Operand *const operands[] = {&op.dest, &op.src0, &op.src1};
  int64_t low[3] = {}, high[3] = {};
  op.inMemory = true;
  for (unsigned i = 0; i < 3; ++i) {
    const Operand &o = *operands[i];
    if (o.source == Source::Memory) {
      Reach reach = reachOf(o, op.length);
      low[i] = o.address + reach.low;
      high[i] = o.address + reach.high;
      op.inMemory &= !reach.odd && !(o.address & 1) && low[i] >= 0 &&
                     high[i] <= core.role->memoryBytes;
    }
  }
  op.readsApart = high[1] <= low[2] || high[2] <= low[1];
  // A step reads all its sources before it writes; element by element that is
  // the same unless an element is read after it was written in the step.
  op.inOrder = true;
  for (unsigned i = 1; i < 3 && op.dest.source == Source::Memory; ++i) {
    if (operands[i]->source == Source::Memory && op.perStep > 1) {
      bool apart = high[i] <= low[0] || high[0] <= low[i];
      bool alike = isSameWalk(op.dest, *operands[i]) &&
                   isApartFromItself(op.dest, op.length, op.perStep);
      op.inOrder &= apart || alike;
    }
  }
}

bool Cores::setUpNew(CoreState &core, VectorOp &op, Cycle t) {
  const Code &in = core.code[core.pc];
  VectorFields fields = VectorFields::decode(in.imm);
  op.reset();
  op.op = in.op;
  op.hasValue = vectors[uint8_t(in.op)].hasValue;
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
