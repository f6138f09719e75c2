// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastTasks.cpp - The state of a core and its tasks ------------------===//
#include "FastCore.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace wafer;
using namespace wafer::fast;

//===----------------------------------------------------------------------===//
// Load
//===----------------------------------------------------------------------===//

void CoreTables::load(const Image &image, const Machine &machine,
                      const ParameterSet &costs, bool timingOnly) {
  plan.load(image, machine, costs);
  if (timingOnly) {
    leaveOutWeights(image);
  }
  blocks.clear();
  places.assign(plan.regionOf.size(), CorePlace());
  this->timingOnly = timingOnly;
  numCores = 0;
  for (const Region &region : image.regions) {
    numCores += uint64_t(region.rect.w) * uint64_t(region.rect.h);
  }
  loadCode(timingOnly);
  loadBanks(machine);
}

/// What only floating point reads need not be there.
void CoreTables::leaveOutWeights(const Image &image) {
  for (size_t region = 0; region < image.regions.size(); ++region) {
    const Role &role = image.roles[image.regions[region].role];
    auto isWeights = [&](uint32_t index) {
      const InitData &data = image.initData[index];
      return std::any_of(
          role.buffers.begin(), role.buffers.end(), [&](const Buffer &b) {
            return b.kind == BufferKind::Weights && data.offset >= b.offset &&
                   data.offset + data.bytes <= b.offset + b.bytes;
          });
    };
    std::vector<uint32_t> &list = plan.initDataOf[region];
    list.erase(std::remove_if(list.begin(), list.end(), isWeights), list.end());
  }
}

void CoreTables::loadCode(bool timingOnly) {
  for (unsigned code = 0; code < vectors.size(); ++code) {
    const OpcodePlan &from = plan.opcodes[code];
    if (!from.info || !from.info->isVector) {
      continue;
    }
    const OpcodeInfo &info = *from.info;
    VectorPlan &to = vectors[code];
    to.element = from.element;
    to.kernel = kernelOf(Opcode(code), timingOnly);
    to.numSources = uint8_t(info.numSources);
    to.lanes = uint8_t(from.lanes);
    to.hasValue = to.kernel != nullptr;
    to.bytes = {uint8_t(sizeOf(info.dest)), uint8_t(sizeOf(info.src0)),
                uint8_t(sizeOf(info.src1))};
  }
  codes.assign(plan.roles.size(), {});
  numVectors = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    for (const Instruction &in : plan.roles[i].role->code) {
      const OpcodePlan &op = plan.planOf(in.op);
      bool isAsync = op.info->isVector && VectorFields::decode(in.imm).async;
      codes[i].push_back({in.op, in.a, in.b, in.c, in.imm, op.cost,
                          op.info->isVector, isAsync, numVectors, 0});
      numVectors += op.info->isVector;
    }
    uint32_t next = 0;
    for (size_t pc = codes[i].size(); pc-- > 0;) {
      Code &code = codes[i][pc];
      code.nextDescriptor = next;
      if (code.op == Opcode::DsrLoad && code.b == 0) {
        next = code.imm;
      }
    }
    // Stops a run of scalar instructions.
    codes[i].emplace_back();
    codes[i].back().isVector = true;
  }
}

void CoreTables::loadBanks(const Machine &machine) {
  // Banks repeat after `span` bytes; a table over them when that is a mask.
  span = int32_t(machine.sramBanks * machine.bankWidthBytes);
  spanMask = span & (span - 1) ? 0 : uint32_t(span) - 1;
  uint32_t size = spanMask + 1;
  while (!spanMask && size < machine.sramBytes) {
    size *= 2;
  }
  bankMask = size - 1;
  bankBits.resize(size);
  for (uint32_t address = 0; address < size; ++address) {
    uint32_t bank = address / machine.bankWidthBytes % machine.sramBanks;
    bankBits[address] = uint64_t(1) << (bank % machine.readConflictModulus);
  }
}

void Cores::attach() {
  blocks.clear();
  blockUsed = 0;
  coresLeft = 0;
  setUps.assign(tables.numVectors, SetUp());
  conflicts.assign(4096, Conflicts());
}

void Cores::start() {
  for (uint32_t place = 0; place < places.size(); ++place) {
    if (plan.isInRegion(place)) {
      const RolePlan &role = roleAt(place);
      if (role.active & ~role.blocked & role.localTasks) {
        context.schedule.wake(Actor::Core, place, 0);
      }
    }
  }
}

void Cores::FreeBlock::operator()(uint8_t *p) const { ::munmap(p, bytes); }

uint8_t *Cores::allocateMemory() {
  constexpr uint32_t kCoresInBlock = 64;
  constexpr size_t kMostInLargePages = size_t(1) << 30;
  // An odd number of lines apart, or all cores would use the same sets of a
  // cache for the same address.
  size_t bytes = (context.machine.sramBytes / 64 | 1) * 64 + 128;
  if (tables.timingOnly) {
    // A core writes to few pages; it should begin with one.
    size_t page = size_t(::sysconf(_SC_PAGESIZE));
    bytes = (context.machine.sramBytes + page - 1) / page * page;
  }
  if (blocks.empty() || blockUsed == kCoresInBlock) {
    // Pages that no core writes to never become real memory.
    size_t block = kCoresInBlock * bytes;
    void *at = ::mmap(nullptr, block, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
      return nullptr;
    }
    // Large pages save misses of the TLB where all of them will be used.
    size_t all = size_t(tables.numCores) * bytes;
    bool isSmall = !tables.timingOnly && all <= kMostInLargePages;
    ::madvise(at, block, isSmall ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    blocks.emplace_back(static_cast<uint8_t *>(at), FreeBlock{block});
    blockUsed = 0;
  }
  return blocks.back().get() + size_t(blockUsed++) * bytes;
}

CoreState &Cores::state(uint32_t place) {
  if (places[place].state) {
    return *places[place].state;
  }
  if (!coresLeft) {
    nextCore = tables.addBlock();
    coresLeft = CoreTables::kCoresInBlock;
  }
  --coresLeft;
  places[place].state = nextCore++;
  CoreState &core = *places[place].state;
  core.place = place;
  const Region &region = context.image.regions[plan.regionOf[place]];
  core.role = &plan.roles[region.role];
  const std::vector<Code> &code = tables.codes[region.role];
  core.code = code.data();
  core.codeSize = uint32_t(code.size()) - 1;
  if (!tables.watched.empty()) {
    auto watched = tables.watched.find(place);
    core.code = watched == tables.watched.end() ? core.code : watched->second;
  }
  core.active = core.role->active;
  core.blocked = core.role->blocked;
  core.micro.resize(core.role->threads - 1);
  core.lastActed = uint8_t(core.role->threads - 1); // the main thread is first
  core.inputs.fill(kNone);
  core.outputs.fill(kNone);
  Coord at = context.grid.coordOf(place);
  for (const QueueBinding &b : core.role->role->queues) {
    uint16_t color = Image::paramAt(region, b.color, at);
    if (color != kUnboundColor) {
      (b.input ? core.inputs : core.outputs)[b.queue] =
          fabric.channelAt(place, color);
    }
  }
  core.sram = allocateMemory();
  if (core.sram) {
    sim::fillMemory(context.image, plan, context.grid, place, core.sram);
  } else {
    core.faulted = true;
    context.raise(context.quietFrom, Actor::Core, place,
                  "out of memory for the SRAM of the cores");
  }
  return core;
}

void Cores::prefetchOperands(uint32_t place) const {
  const CoreState *core = places[place].state;
  if (!core) {
    return;
  }
  const VectorOp &op = core->main;
  if (op.state != VectorOp::State::Running) {
    // The next instructions' descriptors, in memory and in registers.
    const char *dsrs = reinterpret_cast<const char *>(core->dsrs.data());
    for (size_t at = 0; at < sizeof(core->dsrs); at += 64) {
      __builtin_prefetch(dsrs + at, 1);
    }
    return;
  }
  for (const Operand *o : {&op.dest, &op.src0, &op.src1}) {
    if (o->source == Operand::Source::Memory && op.inMemory && op.hasValue) {
      __builtin_prefetch(core->sram + o->address, 1);
    }
  }
  if (op.words) {
    __builtin_prefetch(op.words, 1);
  } else if (op.in) {
    __builtin_prefetch(op.in);
  }
  if (op.out) {
    __builtin_prefetch(op.out, 1);
  }
}

//===----------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------===//

int Cores::findControlWord(const CoreState &core, unsigned entry,
                           Cycle t) const {
  for (unsigned q = 0; q < core.inputs.size(); ++q) {
    const Fifo *fifo = inputFifo(core, q);
    if (fifo && !fifo->empty() && fifo->head().time() <= t &&
        fifo->head().control() &&
        ControlWavelet::decode(fifo->head().payload()).taskEntry == entry) {
      return int(q);
    }
  }
  return -1;
}

Cores::Choice Cores::nextTask(const CoreState &core, Cycle t) const {
  uint64_t local = core.active & ~core.blocked & core.role->localTasks;
  int first = local ? __builtin_ctzll(local) : -1;
  if (!core.role->hasArrivalTasks) {
    return {first, -1};
  }
  // A data or control task that stands before it in the table goes first.
  const std::vector<Task> &tasks = core.role->role->tasks;
  size_t limit = local ? size_t(first) : tasks.size();
  for (size_t i = 0; i < limit; ++i) {
    const Task &task = tasks[i];
    if (((core.blocked >> i) & 1u) || task.kind == TaskKind::Local) {
      continue;
    }
    int queue = -1;
    if (task.kind == TaskKind::Control) {
      queue = findControlWord(core, task.binding, t);
    } else {
      const Fifo *fifo = inputFifo(core, task.binding);
      bool ready = fifo && !fifo->empty() && fifo->head().time() <= t &&
                   !fifo->head().control();
      queue = ready ? int(task.binding) : -1;
    }
    if (queue >= 0) {
      return {int(i), queue};
    }
  }
  return {first, -1};
}

void Cores::startTask(CoreState &core, Choice choice, Cycle t) {
  if (choice.queue >= 0) {
    Fifo &words = *inputFifo(core, size_t(choice.queue));
    core.setRegister(1, fabric.takeInput(core.place, words, t).payload);
    if (context.recorder) {
      context.recorder->word(core);
    }
  } else {
    core.active &= ~(uint64_t(1) << choice.task);
  }
  core.task = choice.task;
  core.pc = core.role->role->tasks[size_t(choice.task)].entry;
  core.ready = t + context.costs.taskStart;
  core.starting = true;
  context.happened(t + 1);
  context.aheadTo = std::max(context.aheadTo, t + 1);
}

//===----------------------------------------------------------------------===//
// Whether it is over
//===----------------------------------------------------------------------===//

bool Cores::hasWords(uint32_t place) const {
  const Region &region = context.image.regions[plan.regionOf[place]];
  for (const QueueBinding &b : roleAt(place).role->queues) {
    uint16_t color =
        Image::paramAt(region, b.color, context.grid.coordOf(place));
    if (b.input && color != kUnboundColor) {
      const Fifo *fifo =
          fabric.inputFifo(fabric.channel(fabric.channelAt(place, color)));
      if (fifo && !fifo->empty()) {
        return true;
      }
    }
  }
  return false;
}

bool Cores::canAct(uint32_t place) {
  if (!plan.isInRegion(place)) {
    return false;
  }
  const RolePlan &role = roleAt(place);
  if (!find(place) && !hasWords(place)) {
    return role.active & ~role.blocked & role.localTasks;
  }
  CoreState &core = state(place);
  if (core.main.taking && !fabric.intake(place).left) {
    return true; // has all its words
  }
  constexpr Cycle kEnd = kNever - 1; // everything on its way has come
  Cycle later = kNever;
  for (unsigned i = 0; i <= core.micro.size(); ++i) {
    const VectorOp &op = thread(core, i);
    if (op.state == VectorOp::State::Completing ||
        (op.state == VectorOp::State::Running &&
         waitOf(core, op, kEnd, later) == Wait::None)) {
      return true;
    }
  }
  if (core.main.state != VectorOp::State::Free) {
    return false;
  }
  if (core.task < 0) {
    return nextTask(core, kEnd).task >= 0;
  }
  const Code *in = fetch(core);
  if (!in || !in->isVector) {
    return true; // acts, or its act is a fault
  }
  VectorFields fields = VectorFields::decode(in->imm);
  return !fields.async || !((core.busy >> fields.microthread) & 1u);
}

//===----------------------------------------------------------------------===//
// Accounting
//===----------------------------------------------------------------------===//

void Cores::addOlderWaits(CoreState &core) {
  for (size_t i = 0; i < core.olderWaits.size(); ++i) {
    const CoreState::Waiting &w = core.olderWaits[i];
    Cycle end = i + 1 < core.olderWaits.size() ? core.olderWaits[i + 1].from
                                               : core.waiting.from;
    core.counters[w.what] += end - w.from;
  }
  core.olderWaits.clear();
}

void Cores::dropWaits(CoreState &core, Cycle t) {
  while (core.waiting.from > t && !core.olderWaits.empty()) {
    core.waiting = core.olderWaits.back();
    core.olderWaits.pop_back();
  }
}

void Cores::noteWait(CoreState &core, Cycle from, Activity what) const {
  from = std::max(from, core.accountedTo);
  dropWaits(core, from);
  if (core.waiting.what == what || core.waiting.from == from) {
    core.waiting.what = what;
    return;
  }
  core.olderWaits.push_back(core.waiting);
  core.waiting = {from, what};
}

Counters Cores::counters(uint32_t place, Cycle now) const {
  if (const CoreState *core = find(place)) {
    return countersOf(*core, now);
  }
  Counters result;
  result[Activity::Idle] = now;
  return result;
}

Counters Cores::countersOf(const CoreState &core, Cycle now) {
  Counters result = core.counters;
  if (core.accountedTo > now) {
    // The second cycle of a step that began in the last cycle.
    result[Activity::BankConflict] -= core.accountedTo - now;
    return result;
  }
  std::vector<CoreState::Waiting> waits = core.olderWaits;
  waits.push_back(core.waiting);
  for (size_t i = 0; i < waits.size(); ++i) {
    Cycle end = i + 1 < waits.size() ? std::min(waits[i + 1].from, now) : now;
    if (end > waits[i].from) {
      result[waits[i].what] += end - waits[i].from;
    }
  }
  return result;
}

void Cores::faultOutside(CoreState &core, Cycle t) {
  fault(core, t, core.pc, core.task,
        fmt::format("instruction index {} lies outside the code of {} "
                    "instructions",
                    core.pc, core.codeSize));
}

void Cores::fault(CoreState &core, Cycle t, uint32_t pc, int32_t task,
                  const std::string &what) {
  core.faulted = true;
  context.aheadTo = std::max(context.aheadTo, t + 1);
  context.raise(t, Actor::Core, core.place,
                sim::describeCore(context.image, plan, context.grid, core.place,
                                  pc, task) +
                    ": " + what);
}
