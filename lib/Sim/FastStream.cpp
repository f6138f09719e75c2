// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastStream.cpp - Steps, and words from and to the fabric -----------===//
#include "FastCore.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::fast;

using Source = Operand::Source;

//===----------------------------------------------------------------------===//
// A step
//===----------------------------------------------------------------------===//

Wait Cores::waitOf(const CoreState &core, const VectorOp &op, Cycle t,
                   Cycle &later) const {
  if (op.nextStep > t) {
    later = std::min(later, op.nextStep);
    return Wait::Time;
  }
  if (op.in && op.done < op.length) {
    const Fifo *fifo = op.words ? op.words : fabric.inputFifo(*op.in);
    if (!fifo || fifo->empty()) {
      return Wait::Words;
    }
    if (fifo->head().time() > t) {
      later = std::min(later, fifo->head().time());
      return Wait::Words;
    }
    if (fifo->head().control()) {
      return Wait::None; // acts, and its act is a fault
    }
  }
  if (op.out) {
    Cycle room = fabric.roomFrom(*op.out, kOutputQueue);
    if (room > t) {
      later = std::min(later, room);
      return Wait::Room;
    }
  }
  return Wait::None;
}

inline bool Cores::gather(CoreState &core, VectorOp &op, Operand &o, unsigned n,
                          uint32_t *out, Cycle t) {
  switch (o.source) {
  case Source::None:
    std::fill_n(out, n, 0u);
    return true;
  case Source::Scalar:
    std::fill_n(out, n, o.value);
    return true;
  case Source::Memory:
    if (op.inMemory && !op.hasValue) { // nobody asks for it
      for (unsigned i = 0; i < n; ++i) {
        o.next();
      }
      return true;
    }
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
    if (op.taking) {
      std::fill_n(out, n, 0u);
      return true;
    }
    break;
  }
  if (!op.words) {
    op.words = fabric.inputFifo(*op.in);
  }
  if (op.words->head().control()) {
    fault(core, t, op.pc, op.issuedBy,
          fmt::format("a control wavelet stands at the head of input queue {}, "
                      "which a vector instruction reads",
                      o.queue));
    return false;
  }
  uint32_t payload = fabric.takeInput(core.place, *op.words, t).payload;
  out[0] = o.bytes == 2 ? payload & 0xffffu : payload;
  if (n == 2) {
    out[1] = payload >> 16;
  }
  return true;
}

inline void Cores::sendWord(CoreState &core, VectorOp &op, Wavelet w, Cycle t) {
  ++op.sent;
  fabric.enter(core.place, *op.out, kOutputQueue, w,
               t + 1 + context.machine.rampCycles);
}

/// Two or four bytes; what is the same stays untouched, so that a page of zeros
/// stays one.
static void store(uint8_t *at, uint32_t value, unsigned bytes) {
  if (bytes == 4) {
    uint32_t old;
    std::memcpy(&old, at, 4);
    if (old != value) {
      std::memcpy(at, &value, 4);
    }
    return;
  }
  uint16_t old, half = uint16_t(value);
  std::memcpy(&old, at, 2);
  if (old != half) {
    std::memcpy(at, &half, 2);
  }
}

inline bool Cores::scatter(CoreState &core, VectorOp &op, unsigned n,
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
      if (op.hasValue) {
        store(bytes, in[i], o.bytes);
      }
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
    if (op.readsMayConflict || op.alwaysConflicts) {
      Operand x = op.src0, y = op.src1;
      bool conflicts = op.alwaysConflicts || readsConflict(x, y, n);
      duration = conflicts ? 2 : 1;
    }
    if (!gather(core, op, op.src0, n, a, t) ||
        !gather(core, op, op.src1, n, b, t)) {
      account(core, Activity::VectorStep, t); // the fault is its act
      return 0;
    }
    if (op.hasValue) {
      sim::ElementFn element = vectors[uint8_t(op.op)].element;
      for (unsigned i = 0; i < n; ++i) {
        a[i] = element(a[i], b[i], op.scalar);
      }
    } else {
      std::fill_n(a, n, 0u);
    }
    if (!scatter(core, op, n, a, t)) {
      account(core, Activity::VectorStep, t);
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
// The main thread ahead of the clock
//===----------------------------------------------------------------------===//

/// The instruction of the main thread as far as it gets; false if the core
/// cannot go on now.
bool Cores::burstVector(CoreState &core, Cycle &t) {
  VectorOp &op = core.main;
  if (op.taking) {
    if (fabric.intake(core.place).left) {
      return false; // somebody made room for it, or brought something else
    }
    endIntake(core.place); // that was the last word
    return true;
  }
  core.lastActed = 0;
  if (!op.hasFabric && op.inMemory && op.inOrder) {
    return burstMemory(core, t);
  }
  while (op.state == VectorOp::State::Running) {
    t = std::max(t, op.nextStep);
    if (t >= context.bound) {
      wakeAt(core, t);
      return false;
    }
    Cycle later = kNever;
    Wait wait = waitOf(core, op, t, later);
    if (wait != Wait::None) {
      noteWait(core, t,
               wait == Wait::Words ? Activity::WaitWords
                                   : Activity::BackPressure);
      if (later == kNever) {
        if (wait == Wait::Words && canTake(op)) {
          beginIntake(core, op);
        }
        return false; // who brings it wakes the core
      }
      t = later;
      if (t >= context.bound) {
        wakeAt(core, t);
        return false;
      }
      continue;
    }
    unsigned duration = step(core, op, t);
    if (!duration) {
      return false;
    }
    t += duration;
    core.waiting.what = Activity::SendPause; // if one follows
  }
  return true;
}
