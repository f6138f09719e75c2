// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastIntake.cpp - Words that a core takes as they come --------------===//
//
// See Intake. Steps with a fabric input take one cycle, and all that is between
// two of them is a wait for words.
//
//===----------------------------------------------------------------------===//
#include "FastCore.h"

using namespace wafer;
using namespace wafer::fast;

/// Whether all that an instruction does with a word 0, other than to its
/// memory, is to take it, and to send a word 0 if it sends.
bool Cores::canTake(const VectorOp &op) const {
  if (!tables.timingOnly || !op.in || !op.inMemory || op.done >= op.length) {
    return false;
  }
  return !op.out || (!op.hasValue && !op.dest.control);
}

void Cores::beginIntake(CoreState &core, VectorOp &op) {
  Intake &in = fabric.intake(core.place);
  in.next = op.nextStep;
  in.left = (op.length - op.done + op.perStep - 1) / op.perStep;
  in.done = 0;
  fabric.beginIntake(core.place, *op.in, op.out);
  op.taking = true;
}

void Cores::settle(CoreState &core, VectorOp &op) {
  Intake &in = fabric.intake(core.place);
  uint32_t words = in.done;
  if (!words) {
    return;
  }
  if (context.recorder) {
    context.recorder->touch(core);
  }
  in.done = 0;
  uint32_t elements = std::min(words * op.perStep, op.length - op.done);
  if (op.hasValue) { // and no fabric output
    sim::ElementFn element = vectors[uint8_t(op.op)].element;
    for (uint32_t left = elements; left;) {
      unsigned n = std::min(op.perStep, left);
      uint32_t a[sim::kMaxLanes], b[sim::kMaxLanes];
      gather(core, op, op.src0, n, a, in.next);
      gather(core, op, op.src1, n, b, in.next);
      for (unsigned i = 0; i < n; ++i) {
        a[i] = element(a[i], b[i], op.scalar);
      }
      scatter(core, op, n, a, in.next);
      left -= n;
    }
  } else {
    skipElements(op, elements);
  }
  op.done += elements;
  op.sent += op.out ? words : 0;
  op.nextStep = core.datapathFree = in.next;
  closeWaits(core, in.next - words);
  core.counters[Activity::VectorStep] += words;
  core.accountedTo = core.waiting.from = in.next;
  core.waiting.what = Activity::WaitWords;
  if (op.done == op.length && !op.advance) {
    finish(core, op, in.next);
  }
}

void Cores::endIntake(uint32_t place) {
  CoreState &core = *places[place].state;
  VectorOp &op = core.main;
  settle(core, op);
  op.taking = false;
  fabric.endIntake(place);
}

void Cores::settle() {
  if (!tables.timingOnly) {
    return;
  }
  for (const CorePlace &at : places) {
    CoreState *core = at.state;
    if (!core || !core->main.taking) {
      continue;
    }
    if (fabric.intake(core->place).left) {
      settle(*core, core->main);
    } else {
      endIntake(core->place);
    }
  }
}
