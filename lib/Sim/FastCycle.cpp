// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastCycle.cpp - A core in one cycle --------------------------------===//
//
// While microthreads are busy: completions, the choice of a task, an issue, one
// act of the datapath.
//
//===----------------------------------------------------------------------===//
#include "FastCore.h"

using namespace wafer;
using namespace wafer::fast;

void Cores::cycle(CoreState &core, Cycle t) {
  complete(core, t);
  if (core.task < 0 && core.ready <= t) {
    Choice choice = nextTask(core, t);
    if (choice.task >= 0) {
      startTask(core, choice, t);
    }
  }
  issue(core, t);
  if (t >= core.datapathFree) {
    act(core, t);
  }
  Cycle wake = kNever;
  Activity what = activityOf(core, t, wake);
  noteWait(core, t, what);
  if (wake != kNever) {
    wakeAt(core, std::max(wake, t + 1));
  }
}

void Cores::complete(CoreState &core, Cycle t) {
  for (uint32_t busy = core.busy; busy; busy &= busy - 1) {
    unsigned index = unsigned(__builtin_ctz(busy));
    VectorOp &op = core.micro[index];
    if (op.state != VectorOp::State::Completing || op.nextStep > t) {
      continue;
    }
    op.state = VectorOp::State::Free;
    core.busy &= ~(1u << index);
    if (op.onComplete == OnComplete::Activate) {
      core.active |= uint64_t(1) << op.task;
    } else if (op.onComplete == OnComplete::Unblock) {
      core.blocked &= ~(uint64_t(1) << op.task);
    }
  }
}

void Cores::issue(CoreState &core, Cycle t) {
  if (core.task < 0 || core.ready > t ||
      core.main.state != VectorOp::State::Free) {
    return;
  }
  const Code *in = fetch(core);
  if (!in) {
    faultOutside(core, t);
    return;
  }
  if (!in->isVector) {
    return;
  }
  VectorFields fields = VectorFields::decode(in->imm);
  VectorOp &op = fields.async ? core.micro[fields.microthread] : core.main;
  if (op.state != VectorOp::State::Free) {
    return; // the microthread is busy
  }
  core.starting = false;
  core.lastPc = core.pc;
  if (!setUp(core, op, t)) {
    return;
  }
  ++core.pc;
  context.happened(t + 1);
  if (fields.async) {
    core.busy |= 1u << fields.microthread;
    core.ready = t + std::max(1u, context.costs.vectorStart);
  }
}

void Cores::act(CoreState &core, Cycle t) {
  unsigned count = unsigned(core.micro.size()) + 1;
  for (unsigned i = 1; i <= count; ++i) {
    unsigned index = (core.lastActed + i) % count;
    VectorOp &op = thread(core, index);
    if (op.state == VectorOp::State::Running) {
      Cycle later = kNever;
      if (waitOf(core, op, t, later) == Wait::None) {
        core.lastActed = uint8_t(index);
        step(core, op, t);
        return;
      }
      continue;
    }
    if (index != 0 || core.task < 0 || core.ready > t) {
      continue;
    }
    const Code *in = fetch(core);
    if (in && !in->isVector) {
      scalars(core, t, 1);
      return;
    }
  }
}

//===----------------------------------------------------------------------===//
// What a core does while its datapath does not act
//===----------------------------------------------------------------------===//

Activity Cores::threadActivity(const CoreState &core, const VectorOp &op,
                               Cycle t, Cycle &wake) const {
  if (op.state == VectorOp::State::Completing) {
    wake = std::min(wake, std::max(op.nextStep, t + 1));
    return Activity::VectorStep;
  }
  switch (waitOf(core, op, t, wake)) {
  case Wait::Time:
    return op.done == 0 && op.sent == 0 ? Activity::Start : Activity::SendPause;
  case Wait::Words:
    return Activity::WaitWords;
  case Wait::Room:
    return Activity::BackPressure;
  case Wait::None:
    break;
  }
  wake = std::min(wake, t + 1); // another thread had the datapath
  return Activity::VectorStep;
}

Cycle Cores::taskWake(const CoreState &core, Cycle t) const {
  if (core.ready > t) {
    return core.ready;
  }
  if (core.active & ~core.blocked & core.role->localTasks) {
    return t + 1;
  }
  Cycle wake = kNever;
  for (unsigned q = 0; core.role->hasArrivalTasks && q < core.inputs.size();
       ++q) {
    const Fifo *fifo = inputFifo(core, q);
    if (fifo && !fifo->empty() && fifo->head().time() > t) {
      wake = std::min(wake, fifo->head().time());
    }
  }
  return wake;
}

Activity Cores::activityOf(const CoreState &core, Cycle t, Cycle &wake) const {
  Activity micro = Activity::Idle;
  for (uint32_t busy = core.busy; busy; busy &= busy - 1) {
    const VectorOp &op = core.micro[unsigned(__builtin_ctz(busy))];
    Activity a = threadActivity(core, op, t, wake);
    micro = micro == Activity::Idle ? a : micro;
  }
  if (core.main.state != VectorOp::State::Free) {
    return threadActivity(core, core.main, t, wake);
  }
  if (core.task < 0) {
    wake = std::min(wake, taskWake(core, t));
    return micro;
  }
  if (core.ready > t) {
    wake = std::min(wake, core.ready);
    bool afterVector = !core.starting && core.lastPc < core.codeSize &&
                       core.code[core.lastPc].isVector;
    return core.starting || afterVector ? Activity::Start : Activity::Scalar;
  }
  const Code *in = fetch(core);
  if (in && in->isVector) {
    return micro; // waits for its microthread, whose end wakes the core
  }
  wake = std::min(wake, t + 1);
  return Activity::Scalar;
}
