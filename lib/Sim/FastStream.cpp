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
      if (context.recorder) {
        context.recorder->save(core, op, *o);
      }
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

/// From t on the core waits for something that comes at `until`; false if that
/// is not known, or lies behind the bound.
inline bool Cores::waitUntil(CoreState &core, Cycle &t, Cycle until,
                             Activity what) {
  if (until >= context.bound || !core.olderWaits.empty() ||
      core.waiting.from > t) {
    noteWait(core, t, what);
    if (until != kNever && until >= context.bound) {
      wakeAt(core, until);
    }
  } else { // it will act then
    core.counters[core.waiting.what] += t - core.waiting.from;
    core.waiting = {t, what};
  }
  t = std::min(until, context.bound);
  return until < context.bound;
}

/// A value of a walk, which goes on.
static uint32_t nextOf(Operand &o, const uint8_t *sram) {
  uint32_t value = 0;
  if (o.bytes == 4) {
    std::memcpy(&value, sram + o.address, 4);
  } else {
    uint16_t half;
    std::memcpy(&half, sram + o.address, 2);
    value = half;
  }
  o.next();
  return value;
}

/// The steps of an instruction with a fabric operand, and no access that may
/// fault: like step(), one by one, with all that they have in common done once.
/// False if the core cannot go on now; else what is left, a control wavelet, is
/// for step().
bool Cores::burstWords(CoreState &core, VectorOp &op, Cycle &t) {
  const sim::ElementFn element = vectors[uint8_t(op.op)].element;
  const bool isIn0 = op.src0.source == Source::Fabric;
  const bool isWord = op.in && (isIn0 ? op.src0 : op.src1).bytes == 4;
  if (op.in && !op.words) {
    op.words = fabric.inputFifo(*op.in);
  }
  Fifo *const words = op.words;
  bool goesOn = true;
  while (op.done < op.length) {
    t = std::max(t, op.nextStep);
    if (t >= context.bound) {
      wakeAt(core, t);
      goesOn = false;
      break;
    }
    uint32_t word = 0;
    if (op.in) {
      if (!words || words->empty()) {
        noteWait(core, t, Activity::WaitWords);
        if (canTake(op)) {
          beginIntake(core, op);
        }
        goesOn = false; // who brings it wakes the core
        break;
      }
      const Slot &head = words->head();
      if (head.time() > t &&
          !waitUntil(core, t, head.time(), Activity::WaitWords)) {
        goesOn = false;
        break;
      }
      if (head.control()) {
        break; // a fault
      }
    }
    if (op.out) {
      Cycle room = fabric.roomFrom(*op.out, kOutputQueue);
      if (room > t && !waitUntil(core, t, room, Activity::BackPressure)) {
        goesOn = false;
        break;
      }
    }
    if (op.in) {
      word = fabric.takeInput(core.place, *words, t).payload;
    }
    const unsigned n = std::min(op.perStep, op.length - op.done); // 1 or 2
    uint32_t values[2] = {0, 0}; // all of them before the first is written
    for (unsigned i = 0; i < n; ++i) {
      if (!op.hasValue) {
        for (Operand *o : {&op.src0, &op.src1, &op.dest}) {
          if (o->source == Source::Memory) {
            o->next();
          }
        }
        continue;
      }
      uint32_t in = isWord ? word : i ? word >> 16 : word & 0xffffu;
      uint32_t a = op.src0.source == Source::Memory ? nextOf(op.src0, core.sram)
                   : isIn0                          ? in
                                                    : op.src0.value;
      uint32_t b = op.src1.source == Source::Memory ? nextOf(op.src1, core.sram)
                   : op.src1.source == Source::Fabric ? in
                                                      : op.src1.value;
      values[i] = element(a, b, op.scalar);
    }
    for (unsigned i = 0; i < n && op.hasValue && !op.out; ++i) {
      store(core.sram + op.dest.address, values[i], op.dest.bytes);
      op.dest.next();
    }
    op.done += n;
    if (op.out) {
      sendWord(core, op, {values[0] | values[1] << 16, 0}, t);
    }
    closeWaits(core, t);
    core.counters[Activity::VectorStep] += 1;
    core.waiting.what = Activity::SendPause; // if one follows
    core.accountedTo = core.waiting.from = core.datapathFree = ++t;
    op.nextStep = t;
    if (op.pauses && op.sent % context.costs.sendWords == 0 &&
        (op.done < op.length || op.advance)) {
      op.nextStep += context.costs.sendCycles - context.costs.sendWords;
    }
  }
  context.happened(core.accountedTo);
  context.aheadTo = std::max(context.aheadTo, core.accountedTo);
  if (op.done == op.length && !op.advance) {
    finish(core, op, t);
  }
  return goesOn;
}

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
  if (op.hasFabric && op.inMemory && !op.dest.control &&
      !burstWords(core, op, t)) {
    return false;
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
