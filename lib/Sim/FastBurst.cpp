// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastBurst.cpp - The main thread ahead of the clock -----------------===//
//
// Times here are those of the core: at or after the clock, below the bound.
//
//===----------------------------------------------------------------------===//
#include "FastCore.h"

using namespace wafer;
using namespace wafer::fast;

void Cores::look(uint32_t place, Cycle t) {
  CoreState &core = state(place);
  if (core.faulted) {
    return;
  }
  if (core.busy) {
    cycle(core, t);
  } else {
    burst(core, t);
  }
}

void Cores::burst(CoreState &core, Cycle clock) {
  Cycle t = clock;
  while (true) {
    if (core.main.state == VectorOp::State::Running) {
      if (!burstVector(core, t)) {
        break;
      }
      continue;
    }
    if (core.task < 0) {
      if (!burstTask(core, clock, t)) {
        break;
      }
      continue;
    }
    t = std::max(t, core.ready);
    if (t >= context.bound) {
      wakeAt(core, t);
      break;
    }
    const Code *in = fetch(core);
    if (!in) {
      faultOutside(core, t);
      break;
    }
    if (!in->isVector) {
      if (!scalars(core, t, ~0u)) {
        break;
      }
      continue;
    }
    if (VectorFields::decode(in->imm).async) {
      // From its issue on, the datapath is shared cycle by cycle.
      if (t > clock) {
        wakeAt(core, t);
      } else {
        cycle(core, t);
      }
      return;
    }
    core.starting = false;
    core.lastPc = core.pc;
    if (!setUp(core, core.main, t)) {
      break;
    }
    ++core.pc;
    closeWaits(core, t);
    core.waiting.what = Activity::Start;
    context.happened(t + 1);
    context.aheadTo = std::max(context.aheadTo, t + 1);
  }
  if (core.faulted) {
    Cycle wake = kNever;
    noteWait(core, t, activityOf(core, t, wake));
  }
}

bool Cores::burstTask(CoreState &core, Cycle clock, Cycle &t) {
  t = std::max(t, core.ready);
  bool asksQueues = core.role->hasArrivalTasks && t > clock;
  if (t >= context.bound || asksQueues) {
    wakeAt(core, t); // what else will have come by then is not known
    return false;
  }
  Choice choice = nextTask(core, t);
  if (choice.task < 0) {
    noteWait(core, t, Activity::Idle);
    Cycle wake = taskWake(core, t);
    if (wake != kNever) {
      wakeAt(core, wake);
    }
    return false;
  }
  startTask(core, choice, t);
  closeWaits(core, t);
  core.waiting.what = Activity::Start;
  return true;
}

/// The instruction of the main thread as far as it gets; false if the core
/// cannot go on now.
bool Cores::burstVector(CoreState &core, Cycle &t) {
  VectorOp &op = core.main;
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

bool Cores::burstMemory(CoreState &core, Cycle &t) {
  VectorOp &op = core.main;
  t = std::max(t, op.nextStep);
  if (t >= context.bound) {
    wakeAt(core, t);
    return false;
  }
  closeWaits(core, t);
  uint32_t left = op.length - op.done;
  uint64_t steps = 0;
  uint64_t conflicts = 0;
  Cycle last = t; // begin of the last step
  if (op.readsMayConflict && !op.alwaysConflicts) {
    VectorOp ahead = op;
    for (uint32_t n = 0; left && t < context.bound; left -= n) {
      n = std::min(op.perStep, left);
      bool conflict = readsConflict(ahead, n);
      for (unsigned i = 0; i < n; ++i) {
        ahead.src0.next();
        ahead.src1.next();
      }
      ++steps;
      conflicts += conflict;
      last = t;
      t += conflict ? 2 : 1;
    }
  } else {
    Cycle each = op.alwaysConflicts ? 2 : 1;
    steps = (left + op.perStep - 1) / op.perStep;
    steps = std::min<Cycle>(steps, (context.bound - t + each - 1) / each);
    conflicts = op.alwaysConflicts ? steps : 0;
    last = t + (steps - 1) * each;
    t += steps * each;
  }
  runElements(
      core, op,
      uint32_t(std::min<uint64_t>(steps * op.perStep, op.length - op.done)));
  core.counters[Activity::VectorStep] += steps;
  core.counters[Activity::BankConflict] += conflicts;
  core.accountedTo = core.waiting.from = t;
  core.datapathFree = t;
  context.happened(t);
  context.aheadTo = std::max(context.aheadTo, last + 1);
  op.nextStep = t;
  if (op.done == op.length) {
    finish(core, op, t);
  }
  return true;
}
