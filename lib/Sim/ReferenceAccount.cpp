// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceAccount.cpp - What a core did, and its sleep --------------===//
//
// What a core does in a cycle in which its datapath does not act, when it wants
// to be looked at again, and who is told of it.
//
//===----------------------------------------------------------------------===//
#include "ReferenceCore.h"

using namespace wafer;
using namespace wafer::reference;

void Cores::addWaits(const CoreState &core, Cycle to, Counters &counters) {
  for (size_t i = 0; i < core.waits.size(); ++i) {
    Cycle end = i + 1 < core.waits.size() ? core.waits[i + 1].from : to;
    end = std::min(end, to);
    if (end > core.waits[i].from) {
      counters[core.waits[i].doing.what] += end - core.waits[i].from;
    }
  }
}

void Cores::account(CoreState &core, Doing doing, Cycle t, Cycle cycles) const {
  addWaits(core, t, core.counters);
  if (context.watch) {
    watchWaits(core, t);
    doing.mainTask = core.task;
    doing.started = core.started;
    watch(core, doing, t + cycles);
  }
  core.waits.clear();
  core.counters[doing.what] += cycles;
  core.accountedTo = t + cycles;
}

void Cores::watch(const CoreState &core, const Doing &doing, Cycle to) const {
  CoreSpan span;
  span.what = doing.what;
  span.thread = doing.thread;
  span.pc = doing.pc;
  span.task = doing.task;
  span.mainTask = doing.mainTask;
  span.started = doing.started;
  if (doing.channel != kNone) {
    span.queue = doing.queue;
    span.color = uint8_t(fabric.colorOf(core.place, doing.channel));
  }
  context.watch->add(core.place, span, to);
}

void Cores::watchWaits(const CoreState &core, Cycle to) const {
  for (size_t i = 0; i < core.waits.size(); ++i) {
    Cycle end = i + 1 < core.waits.size() ? core.waits[i + 1].from : to;
    watch(core, core.waits[i].doing, std::min(end, to));
  }
}

Activity Cores::threadActivity(const CoreState &core, const VectorOp &op,
                               Cycle t, Cycle &wake) const {
  if (op.state == VectorOp::State::Completing) {
    wake = std::min(wake, std::max(op.nextStep, t + 1));
    return Activity::VectorStep;
  }
  if (op.sleepsUntil != kNever) {
    wake = std::min(wake, op.sleepsUntil);
    return Activity::Start; // its steps account for themselves
  }
  if (op.nextStep > t) {
    wake = std::min(wake, op.nextStep);
    return op.done == 0 && op.sent == 0 ? Activity::Start : Activity::SendPause;
  }
  Wait wait = waitOf(core, op, t);
  if (wait == Wait::None) {
    wake = std::min(wake, t + 1); // another thread had the datapath
    return Activity::VectorStep;
  }
  if (wait == Wait::Room) {
    if (!outputFifo(core, op.dest.queue)->full()) {
      wake = std::min(wake, t + 1); // a wavelet left in this very cycle
    }
    return Activity::BackPressure;
  }
  for (const Operand *in : {&op.src0, &op.src1}) {
    const Fifo *fifo = in->source == Operand::Source::Fabric
                           ? inputFifo(core, in->queue)
                           : nullptr;
    if (fifo && !fifo->empty() && fifo->head().usableFrom > t) {
      wake = std::min(wake, fifo->head().usableFrom);
    }
  }
  return Activity::WaitWords;
}

Cycle Cores::taskWake(const CoreState &core, Cycle t) const {
  if (core.ready > t) {
    return core.ready;
  }
  if (core.active & ~core.blocked & core.plan->localTasks) {
    return t + 1;
  }
  Cycle wake = kNever;
  for (unsigned q = 0; core.plan->hasArrivalTasks && q < 8; ++q) {
    const Fifo *fifo = inputFifo(core, q);
    if (fifo && !fifo->empty() && fifo->head().usableFrom > t) {
      wake = std::min(wake, fifo->head().usableFrom);
    }
  }
  return wake;
}

Doing Cores::threadDoing(const CoreState &core, unsigned thread, Cycle t,
                         Cycle &wake) const {
  const VectorOp &op = core.threads[thread];
  Doing doing;
  doing.what = threadActivity(core, op, t, wake);
  doing.thread = uint8_t(thread);
  doing.pc = op.pc;
  doing.task = op.issuedBy;
  auto waitsAt = [&](const Operand &o) {
    if (o.source == Operand::Source::Fabric) {
      doing.queue = o.queue;
      doing.channel = o.channel;
    }
  };
  if (doing.what == Activity::WaitWords) {
    waitsAt(op.src0);
    waitsAt(op.src1);
  } else if (doing.what == Activity::BackPressure) {
    waitsAt(op.dest);
  }
  return doing;
}

Doing Cores::doingOf(const CoreState &core, Cycle t, Cycle &wake) const {
  Doing micro;
  for (unsigned i = 1; i < core.threads.size(); ++i) {
    if (core.threads[i].state != VectorOp::State::Free) {
      Doing one = threadDoing(core, i, t, wake);
      micro = micro.what == Activity::Idle ? one : micro;
    }
  }
  if (core.threads[0].state != VectorOp::State::Free) {
    return threadDoing(core, 0, t, wake);
  }
  Doing main;
  main.what = Activity::Scalar;
  main.task = core.task;
  if (core.task < 0) {
    wake = std::min(wake, taskWake(core, t));
    return micro;
  }
  if (core.ready > t) {
    wake = std::min(wake, core.ready);
    const Role &role = *core.plan->role;
    bool afterVector = !core.starting && core.lastPc < role.code.size() &&
                       planOf(role.code[core.lastPc].op).info &&
                       planOf(role.code[core.lastPc].op).info->isVector;
    main.what =
        core.starting || afterVector ? Activity::Start : Activity::Scalar;
    main.pc = core.starting ? core.pc : core.lastPc;
    return main;
  }
  const Instruction *in = fetch(core);
  bool isVector = in && planOf(in->op).info && planOf(in->op).info->isVector;
  if (isVector) {
    return micro; // waits for its microthread, whose end wakes the core
  }
  wake = std::min(wake, t + 1);
  main.pc = core.pc;
  return main;
}

void Cores::sleep(CoreState &core, Cycle t) {
  Cycle wake = kNever;
  Doing doing = doingOf(core, t, wake);
  doing.mainTask = core.task;
  doing.started = core.started;
  Cycle from = std::max(t, core.accountedTo);
  // A run that ended in a deadlock may have looked ahead of its end.
  while (!core.waits.empty() && core.waits.back().from >= from) {
    core.waits.pop_back();
  }
  if (core.waits.empty() || !(core.waits.back().doing == doing)) {
    core.waits.push_back({from, doing});
  }
  if (wake != kNever) {
    context.schedule.wake(Actor::Core, core.place, std::max(wake, t + 1));
  }
}

void Cores::settleWatch(Cycle now) {
  for (uint32_t place = 0; place < context.numPlaces(); ++place) {
    if (!isInRegion(place)) {
      continue;
    }
    if (const CoreState *core = find(place)) {
      watchWaits(*core, now);
    } else {
      context.watch->add(place, CoreSpan(), now);
    }
    context.watch->settle(place, now);
  }
}

Counters Cores::counters(uint32_t place, Cycle now) const {
  Counters result;
  const CoreState *core = states[place].get();
  if (!core) {
    result[Activity::Idle] = now;
    return result;
  }
  result = core->counters;
  addWaits(*core, now, result);
  if (core->accountedTo > now) {
    // The second cycle of a step that began in the last cycle.
    result[Activity::BankConflict] -= core->accountedTo - now;
  }
  return result;
}
