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
  if (context.recorder) {
    context.recorder->touch(core);
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
    if (in->isAsync) {
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
