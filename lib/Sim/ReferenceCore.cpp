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
// What can go on
//===----------------------------------------------------------------------===//

void Cores::settle(Cycle now) {
  for (const std::unique_ptr<CoreState> &core : states) {
    if (core && core->threads[0].sleepsUntil != kNever) {
      catchUp(*core, now);
    }
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
