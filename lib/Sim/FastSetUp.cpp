// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastSetUp.cpp - Vector instructions that were set up before --------===//
//
// Cores of a role run the same code, and loops run it again. What the set-up of
// an instruction comes to depends on its descriptors; from one time to the next
// these differ in their bases at most. So a lane keeps the last set-up of every
// instruction without its bases, and adds those of the core.
//
//===----------------------------------------------------------------------===//
#include "FastCore.h"

#include <cstring>

using namespace wafer;
using namespace wafer::fast;

using Source = Operand::Source;

/// Whether they differ in their bases, the first halfwords, at most.
static bool isAlike(const Dsr &a, const Dsr &b) {
  uint64_t x[2], y[2];
  std::memcpy(x, a.data(), sizeof(x));
  std::memcpy(y, b.data(), sizeof(y));
  const uint16_t halves[4] = {0xffff, 0, 0, 0};
  uint64_t base;
  std::memcpy(&base, halves, sizeof(base));
  return (((x[0] ^ y[0]) & ~base) | (x[1] ^ y[1])) == 0;
}

bool Cores::setUp(CoreState &core, VectorOp &op, Cycle t) {
  const Code &in = core.code[core.pc];
  SetUp &known = setUps[in.setUp];
  if (known.isKnown && setUpAgain(core, op, in, known)) {
    op.nextStep = t + context.costs.vectorStart;
  } else if (setUpNew(core, op, t)) {
    keep(known, core, op, in);
  } else {
    return false;
  }
  if (context.recorder) {
    context.recorder->vector(core, op, in);
  }
  return true;
}

void Cores::keep(SetUp &known, const CoreState &core, VectorOp &op,
                 const Code &in) {
  op.shape = tables.shapes.fetch_add(1, std::memory_order_relaxed) + 1;
  known.isKnown = true;
  known.used = known.sameBank = 0;
  known.op = op;
  known.scalarRegister = VectorFields::decode(in.imm).scalarRegister;
  const uint8_t ids[3] = {in.a, in.b, in.c};
  const Operand *const operands[3] = {&op.dest, &op.src0, &op.src1};
  for (unsigned i = 0; i < 3; ++i) {
    const Operand &o = *operands[i];
    known.reach[i] = Reach();
    if (o.source == Source::Memory || o.source == Source::Fabric) {
      known.used = uint8_t(known.used | 1u << i);
      known.dsrs[i] = core.dsrs[ids[i]];
    }
    if (o.source == Source::Memory) {
      known.reach[i] = reachOf(o, op.length);
      bool sameBank = i > 0 && !op.hasFabric &&
                      isMultipleOfSpan(op.dest.stepBytes) &&
                      isMultipleOfSpan(o.stepBytes);
      known.sameBank = uint8_t(known.sameBank | unsigned(sameBank) << i);
    }
  }
}

/// False where it is new after all.
inline bool Cores::setUpAgain(const CoreState &core, VectorOp &op,
                              const Code &in, const SetUp &known) const {
  const uint8_t ids[3] = {in.a, in.b, in.c};
  for (unsigned i = 0; i < 3; ++i) {
    if (((known.used >> i) & 1u) &&
        !isAlike(known.dsrs[i], core.dsrs[ids[i]])) {
      return false;
    }
  }
  Channel *from = nullptr;
  Channel *to = nullptr;
  if (known.op.in) {
    bool is0 = known.op.src0.source == Source::Fabric;
    uint32_t id = core.inputs[is0 ? known.op.src0.queue : known.op.src1.queue];
    if (id == kNone) {
      return false; // a fault
    }
    from = &fabric.channel(id);
  }
  if (known.op.out) {
    uint32_t id = core.outputs[known.op.dest.queue];
    if (id == kNone) {
      return false;
    }
    to = &fabric.channel(id);
  }
  // While this instruction runs, the descriptors of the next one come closer.
  __builtin_prefetch(core.sram + in.nextDescriptor);
  op = known.op;
  op.in = from;
  op.out = to;
  op.words = from ? fabric.inputFifo(*from) : nullptr;
  op.issuedBy = core.task;
  op.scalar = core.registers[known.scalarRegister];
  op.inMemory = true;
  int32_t moved[3] = {0, 0, 0};
  Operand *const operands[3] = {&op.dest, &op.src0, &op.src1};
  for (unsigned i = 0; i < 3; ++i) {
    Operand &o = *operands[i];
    if (o.source == Source::Memory) {
      int32_t base = core.dsrs[ids[i]][0];
      moved[i] = base - int32_t(known.dsrs[i][0]);
      o.address = o.row = base;
      if (op.hasValue) {
        __builtin_prefetch(core.sram + base, 1);
      }
      o.endBase = uint16_t(o.endBase + moved[i]);
      const Reach &reach = known.reach[i];
      op.inMemory &= !reach.odd && !(base & 1) && base + reach.low >= 0 &&
                     base + reach.high <= core.role->memoryBytes;
    } else if (o.source == Source::Scalar) {
      o.value = scalarValue(o, op.scalar);
    }
  }
  if (op.readsMayConflict && moved[1] != moved[2]) {
    int64_t between = int64_t(op.src1.address) - op.src0.address;
    op.readsApart = known.reach[1].high <= between + known.reach[2].low ||
                    between + known.reach[2].high <= known.reach[1].low;
  }
  // Whether they overlap depends on how far they lie apart.
  for (unsigned i = 1; i < 3 && op.perStep > 1 && !op.hasFabric; ++i) {
    if (operands[i]->source == Source::Memory && moved[i] != moved[0]) {
      planMemory(core, op);
      break;
    }
  }
  if (known.sameBank) {
    op.alwaysConflicts = false;
    for (unsigned i = 1; i < 3; ++i) {
      op.alwaysConflicts |=
          ((known.sameBank >> i) & 1u) &&
          bankIndex(op.dest.address) == bankIndex(operands[i]->address);
    }
  }
  return true;
}
