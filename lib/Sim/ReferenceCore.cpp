// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceCore.cpp - A core in a cycle
//----------------------------------//
//
// Section 4 of the specification: tasks, threads and the one datapath.
//
//===----------------------------------------------------------------------===//
#include "ReferenceCore.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::reference;

void Cores::look(uint32_t place, Cycle t) {
  CoreState &core = state(place);
  catchUp(core, t);
  complete(core, t);
  if (core.task < 0 && core.ready <= t) {
    chooseTask(core, t);
  }
  issue(core, t);
  if (t >= core.datapathFree) {
    act(core, t);
  }
  sleep(core, t);
}

//===----------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------===//

void Cores::complete(CoreState &core, Cycle t) {
  for (VectorOp &op : core.threads) {
    if (op.state != VectorOp::State::Completing || op.nextStep > t) {
      continue;
    }
    op.state = VectorOp::State::Free;
    if (op.onComplete == OnComplete::Activate) {
      core.active |= uint64_t(1) << op.task;
    } else if (op.onComplete == OnComplete::Unblock) {
      core.blocked &= ~(uint64_t(1) << op.task);
    }
  }
}

int Cores::findControlWord(const CoreState &core, unsigned entry,
                           Cycle t) const {
  for (unsigned q = 0; q < core.inputs.size(); ++q) {
    const Fifo *fifo = inputFifo(core, q);
    if (fifo && fifo->usable(t) && fifo->head().control &&
        ControlWavelet::decode(fifo->head().payload).taskEntry == entry) {
      return int(q);
    }
  }
  return -1;
}

std::optional<Cores::Choice> Cores::nextTask(const CoreState &core,
                                             Cycle t) const {
  const Role &role = *core.plan->role;
  uint64_t local = core.active & ~core.blocked & core.plan->localTasks;
  unsigned numTasks = unsigned(role.tasks.size());
  unsigned first = local ? unsigned(__builtin_ctzll(local)) : numTasks;
  // A data or control task that stands before it in the table goes first.
  unsigned limit = core.plan->hasArrivalTasks ? first : 0;
  for (unsigned i = 0; i < limit; ++i) {
    const Task &task = role.tasks[i];
    if (((core.blocked >> i) & 1u) || task.kind == TaskKind::Local) {
      continue;
    }
    int queue = -1;
    if (task.kind == TaskKind::Control) {
      queue = findControlWord(core, task.binding, t);
    } else {
      const Fifo *fifo = inputFifo(core, task.binding);
      bool ready = fifo && fifo->usable(t) && !fifo->head().control;
      queue = ready ? int(task.binding) : -1;
    }
    if (queue >= 0) {
      return Choice{i, queue};
    }
  }
  return local ? std::optional<Choice>({first, -1}) : std::nullopt;
}

void Cores::chooseTask(CoreState &core, Cycle t) {
  std::optional<Choice> choice = nextTask(core, t);
  if (!choice) {
    return;
  }
  if (choice->queue >= 0) {
    Channel &c = fabric.channel(core.inputs[size_t(choice->queue)]);
    core.setRegister(1, fabric.takeInput(core.place, c, t).payload);
  } else {
    core.active &= ~(uint64_t(1) << choice->task);
  }
  core.task = int32_t(choice->task);
  core.pc = core.plan->role->tasks[choice->task].entry;
  core.ready = t + context.costs.taskStart;
  core.starting = true;
  ++core.started;
  context.happened(t + 1);
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

const Instruction *Cores::fetch(const CoreState &core) const {
  const std::vector<Instruction> &code = core.plan->role->code;
  return core.pc < code.size() ? &code[core.pc] : nullptr;
}

void Cores::issue(CoreState &core, Cycle t) {
  // More than one instruction can be issued in a cycle only if it is
  // asynchronous and nothing costs anything; max(1, ...) forbids that.
  if (core.task < 0 || core.ready > t ||
      core.threads[0].state != VectorOp::State::Free) {
    return;
  }
  const Instruction *in = fetch(core);
  if (!in) {
    fault(core, core.pc, core.task,
          fmt::format("instruction index {} lies outside the code of {} "
                      "instructions",
                      core.pc, core.plan->role->code.size()));
    return;
  }
  const OpcodePlan &plan = planOf(in->op);
  if (!plan.info || !plan.info->isVector) {
    return;
  }
  VectorFields fields = VectorFields::decode(in->imm);
  unsigned thread = fields.async ? 1u + fields.microthread : 0u;
  if (fields.async && fields.microthread >= context.machine.microthreads) {
    fault(core, core.pc, core.task,
          fmt::format("the machine has no microthread {}", fields.microthread));
    return;
  }
  VectorOp &op = core.threads[thread];
  if (op.state != VectorOp::State::Free) {
    return; // the microthread is busy
  }
  core.starting = false;
  core.lastPc = core.pc;
  if (!setUp(core, op, *in, t)) {
    return;
  }
  ++core.pc;
  context.happened(t + 1);
  if (fields.async) {
    core.ready = t + std::max(1u, context.costs.vectorStart);
  } else {
    planSleep(core, op);
  }
}

Wait Cores::waitOf(const CoreState &core, const VectorOp &op, Cycle t) const {
  if (op.nextStep > t) {
    return Wait::Time;
  }
  if (op.done < op.length) {
    for (const Operand *in : {&op.src0, &op.src1}) {
      if (in->source != Operand::Source::Fabric) {
        continue;
      }
      const Fifo *fifo = inputFifo(core, in->queue);
      if (!fifo || !fifo->usable(t)) {
        return Wait::Words;
      }
      if (fifo->head().control) {
        return Wait::None; // acts, and its act is a fault
      }
    }
  }
  if (op.dest.source == Operand::Source::Fabric) {
    const Fifo *fifo = outputFifo(core, op.dest.queue);
    if (fifo && !fifo->hasRoom(t)) {
      return Wait::Room;
    }
  }
  return Wait::None;
}

bool Cores::act(CoreState &core, Cycle t) {
  unsigned count = unsigned(core.threads.size());
  for (unsigned i = 1; i <= count; ++i) {
    unsigned thread = (core.lastActed + i) % count;
    VectorOp &op = core.threads[thread];
    if (op.state == VectorOp::State::Running) {
      // While it sleeps its steps are done later, and nobody else is there.
      if (op.sleepsUntil != kNever || waitOf(core, op, t) != Wait::None) {
        continue;
      }
      core.lastActed = thread;
      step(core, thread, t);
      return true;
    }
    if (thread != 0 || core.task < 0 || core.ready > t) {
      continue;
    }
    const Instruction *in = fetch(core);
    if (!in || (planOf(in->op).info && planOf(in->op).info->isVector)) {
      continue; // a fault, or an instruction that waits for its microthread
    }
    core.lastActed = 0;
    core.starting = false;
    core.lastPc = core.pc;
    scalarStep(core, *in, t);
    return true;
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Sleep and accounting
//===----------------------------------------------------------------------===//

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
  if (!core.waits.empty() && core.waits.back().from == from) {
    core.waits.pop_back();
  }
  if (core.waits.empty() || !(core.waits.back().doing == doing)) {
    core.waits.push_back({from, doing});
  }
  if (wake != kNever) {
    context.schedule.wake(Actor::Core, core.place, std::max(wake, t + 1));
  }
}

void Cores::settle(Cycle now) {
  for (const std::unique_ptr<CoreState> &core : states) {
    if (core && core->threads[0].sleepsUntil != kNever) {
      catchUp(*core, now);
    }
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

bool Cores::hasWords(uint32_t place) const {
  const Region &region = context.image.regions[plan.regionOf[place]];
  for (const QueueBinding &b : roleAt(place).role->queues) {
    uint16_t color = Image::paramAt(region, b.color, context.coordOf(place));
    if (b.input && color != kUnboundColor) {
      const Channel &c = fabric.channel(fabric.channelAt(place, color));
      const Fifo *fifo = fabric.fifo(c, kInputQueue);
      if (fifo && !fifo->empty()) {
        return true;
      }
    }
  }
  return false;
}

/// The main thread has a task and is in no vector instruction.
bool Cores::mainCanGoOn(const CoreState &core) const {
  const Instruction *in = fetch(core);
  if (!in || !planOf(in->op).info || !planOf(in->op).info->isVector) {
    return true; // acts, or its act is a fault
  }
  VectorFields fields = VectorFields::decode(in->imm);
  size_t thread = fields.async ? 1u + fields.microthread : 0u;
  return thread >= core.threads.size() ||
         core.threads[thread].state == VectorOp::State::Free;
}

bool Cores::canAct(uint32_t place) {
  if (!isInRegion(place)) {
    return false;
  }
  const RolePlan &role = roleAt(place);
  if (!find(place) && !hasWords(place)) {
    return role.active & ~role.blocked & role.localTasks;
  }
  const CoreState &core = state(place);
  constexpr Cycle kEnd = kNever - 1; // everything on its way has come
  for (const VectorOp &op : core.threads) {
    if (op.state == VectorOp::State::Completing ||
        (op.state == VectorOp::State::Running &&
         waitOf(core, op, kEnd) == Wait::None)) {
      return true;
    }
  }
  if (core.threads[0].state != VectorOp::State::Free) {
    return false;
  }
  return core.task < 0 ? nextTask(core, kEnd).has_value() : mainCanGoOn(core);
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

//===----------------------------------------------------------------------===//
// Texts
//===----------------------------------------------------------------------===//

std::string Cores::describe(const CoreState &core, uint32_t pc,
                            int32_t task) const {
  return sim::describeCore(context.image, plan, context.grid, core.place, pc,
                           task);
}

void Cores::fault(const CoreState &core, uint32_t pc, int32_t task,
                  const std::string &what) {
  context.raise(Actor::Core, core.place,
                fmt::format("{}: {}", describe(core, pc, task), what));
}
