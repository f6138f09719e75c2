// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastCore.h - Cores that run ahead of the clock -----------*- C++ -*-===//
//
// Sections 4 and 5 of the specification for the fast engine.
//
// A core whose microthreads are all free meets others at its queues only. So a
// look at it runs the main thread ahead of the clock (burst): through scalar
// instructions, through vector instructions in memory, which are done in one
// go, and through words that its queues already hold or have room for. It stops
// at what it cannot know yet, and at the bound of the context.
//
// While a microthread is busy the datapath has to be shared cycle by cycle, and
// a look is what happens in one cycle (cycle).
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTCORE_H
#define WAFER_LIB_SIM_FASTCORE_H

#include "FastRecord.h"

#include <atomic>
#include <cstddef>
#include <map>

namespace wafer::fast {

using sim::OpcodePlan;
using sim::RolePlan;

/// In the order in which a look needs it: what comes first is brought close
/// beforehand (Cores::prefetch).
struct alignas(64) CoreState {
  const RolePlan *role = nullptr;
  uint8_t *sram = nullptr;
  const Code *code = nullptr;
  uint32_t codeSize = 0;
  uint32_t place = 0;
  /// Microthreads that are not free.
  uint32_t busy = 0;
  // Main thread.
  int32_t task = -1; // -1: none
  uint32_t pc = 0;
  uint32_t lastPc = 0;
  bool starting = false;
  bool faulted = false;
  uint8_t lastActed = 0;
  Cycle ready = 0; // it goes on, or is free for a task, from here
  Cycle datapathFree = 0;
  // Accounting: acts up to `accountedTo`; then what the core waits for. Waits
  // are added at the next act, because a run may end at any cycle between.
  struct Waiting {
    Cycle from = 0;
    Activity what = Activity::Idle;
  };
  Cycle accountedTo = 0;
  Waiting waiting;
  std::vector<Waiting> olderWaits;
  VectorOp main;
  Counters counters;
  std::array<uint32_t, kNumRegisters> registers{};
  // Tasks.
  uint64_t active = 0;
  uint64_t blocked = 0;
  std::vector<VectorOp> micro;
  std::array<Dsr, kNumDsrs> dsrs{};
  /// Channels of the queues, kNone where a queue is not bound.
  std::array<uint32_t, 8> inputs;
  std::array<uint32_t, 8> outputs;

  void setRegister(unsigned r, uint32_t value) {
    registers[r] = value;
    registers[0] = 0;
  }
};

/// In the place of a branch whose passes are noted.
inline constexpr Opcode kWatched = Opcode(0xff);

struct CorePlace {
  /// Planned for this cycle.
  Cycle at = kNever;
  /// nullptr while nobody looked at the core.
  CoreState *state = nullptr;
};

/// What all lanes know of the cores, and their states.
struct CoreTables {
  sim::ProgramPlan plan;
  std::vector<std::vector<Code>> codes; // by role
  uint32_t numVectors = 0;              // vector instructions in all of them
  std::array<VectorPlan, 256> vectors;
  /// By address (masked): a bit for its bank modulo the conflict modulus.
  std::vector<uint64_t> bankBits;
  uint32_t bankMask = 0;
  /// Bytes after which the banks repeat; the mask is 0 if that is no power
  /// of 2.
  int32_t span = 1;
  uint32_t spanMask = 0;
  LargeVector<CorePlace> places;

  void load(const Image &image, const Machine &machine,
            const ParameterSet &costs, bool timingOnly);
  /// The instruction as the image has it.
  const Code &realCode(const CoreState &core, uint32_t pc) const {
    return codes[size_t(core.role - plan.roles.data())][pc];
  }

  /// Room for a lane's next cores, and how many.
  static constexpr size_t kCoresInBlock = 1024;
  CoreState *addBlock() {
    std::lock_guard<std::mutex> guard(adding);
    blocks.emplace_back(kCoresInBlock);
    return blocks.back().data();
  }

  bool timingOnly = false;
  std::atomic<uint64_t> shapes{0}; // that there were, see VectorOp
  uint64_t numCores = 0;           // in regions
  /// Cores whose loops are watched, with a code of their own (FastRepeat.h).
  std::map<uint32_t, const Code *> watched;

private:
  void leaveOutWeights(const Image &image);
  void loadCode(bool timingOnly);
  void loadBanks(const Machine &machine);

  std::mutex adding;
  std::vector<LargeVector<CoreState>> blocks;
};

/// A lane's hands on them.
class Cores {
public:
  Cores(Context &context, Fabric &fabric, CoreTables &tables)
      : context(context), fabric(fabric), tables(tables), plan(tables.plan),
        places(tables.places), vectors(tables.vectors) {}
  Cores(const Cores &) = delete;
  Cores &operator=(const Cores &) = delete;

  /// To be called when the tables are loaded.
  void attach();
  /// Wakes the cores that have a task to run in cycle 0.
  void start();
  /// One core, from cycle t on.
  void look(uint32_t place, Cycle t);
  /// Brings what look(place) will read closer, in two steps.
  void prefetchState(uint32_t place) const {
    fabric.prefetch(place); // what its Intake says
    const char *state = reinterpret_cast<const char *>(places[place].state);
    for (size_t at = 0; state && at < offsetof(CoreState, dsrs); at += 64) {
      __builtin_prefetch(state + at, 1);
    }
  }
  void prefetchOperands(uint32_t place) const;
  /// The core of an Intake learns of all words, and gets the next ones in its
  /// queue.
  void endIntake(uint32_t place);
  /// All cores learn of their words.
  void settle();
  /// Whether the core can do something, now or later, if nobody else does.
  bool canAct(uint32_t place);

  /// The state of a core in a region, made if need be.
  CoreState &state(uint32_t place);
  /// nullptr while nobody looked at the core.
  const CoreState *find(uint32_t place) const { return places[place].state; }
  Counters counters(uint32_t place, Cycle now) const;
  static Counters countersOf(const CoreState &core, Cycle now);
  /// Nothing of what the core did before t is left to be added to its counters.
  static void closeAt(CoreState &core, Cycle t) {
    if (core.accountedTo <= t) {
      closeWaits(core, t);
    }
  }
  const sim::ProgramPlan &programs() const { return plan; }
  const RolePlan &roleAt(uint32_t place) const {
    return plan.roles[context.image.regions[plan.regionOf[place]].role];
  }
  /// Whether a thread can step at t, or what it waits for; `later` becomes the
  /// cycle in which that ends where it is known and lies before it.
  Wait waitOf(const CoreState &core, const VectorOp &op, Cycle t,
              Cycle &later) const;
  Fifo *inputFifo(const CoreState &core, unsigned queue) const {
    uint32_t id = core.inputs[queue];
    return id == kNone ? nullptr : fabric.inputFifo(fabric.channel(id));
  }

private:
  // FastBurst.cpp: the main thread alone.
  void burst(CoreState &core, Cycle clock);
  bool burstTask(CoreState &core, Cycle clock, Cycle &t);
  bool burstVector(CoreState &core, Cycle &t);
  bool burstWords(CoreState &core, VectorOp &op, Cycle &t);
  bool waitUntil(CoreState &core, Cycle &t, Cycle until, Activity what);
  bool burstMemory(CoreState &core, Cycle &t);
  void wakeAt(CoreState &core, Cycle t) {
    context.schedule.wake(Actor::Core, core.place, t);
  }

  // FastIntake.cpp.
  bool canTake(const VectorOp &op) const;
  void beginIntake(CoreState &core, VectorOp &op);
  void settle(CoreState &core, VectorOp &op);

  // FastCycle.cpp: one cycle with microthreads.
  void cycle(CoreState &core, Cycle t);
  void complete(CoreState &core, Cycle t);
  void issue(CoreState &core, Cycle t);
  void act(CoreState &core, Cycle t);
  Activity activityOf(const CoreState &core, Cycle t, Cycle &wake) const;
  Activity threadActivity(const CoreState &core, const VectorOp &op, Cycle t,
                          Cycle &wake) const;
  Cycle taskWake(const CoreState &core, Cycle t) const;
  VectorOp &thread(CoreState &core, unsigned i) const {
    return i ? core.micro[i - 1] : core.main;
  }

  // FastTasks.cpp.
  struct Choice {
    int task = -1;
    int queue = -1;
  };
  Choice nextTask(const CoreState &core, Cycle t) const;
  int findControlWord(const CoreState &core, unsigned entry, Cycle t) const;
  void startTask(CoreState &core, Choice choice, Cycle t);
  bool hasWords(uint32_t place) const;

  // FastScalar.cpp. At most `most` scalar instructions below the bound, the
  // first at t, which becomes when the thread goes on; false after a fault in
  // t.
  bool scalars(CoreState &core, Cycle &t, unsigned most) {
    return context.recorder ? runScalars<true>(core, t, most)
                            : runScalars<false>(core, t, most);
  }
  template <bool recorded>
  bool runScalars(CoreState &core, Cycle &t, unsigned most);
  uint32_t watchedBranch(CoreState &core, const Code &in, uint32_t pc, Cycle t);
  static void memoryAccess(CoreState &core, const Code &in, uint8_t *bytes);
  uint8_t *locate(CoreState &core, int64_t address, unsigned bytes, uint32_t pc,
                  int32_t task, Cycle t);

  // FastSetUp.cpp.
  bool setUp(CoreState &core, VectorOp &op, Cycle t);
  bool setUpAgain(const CoreState &core, VectorOp &op, const Code &in,
                  const SetUp &known) const;
  void keep(SetUp &known, const CoreState &core, VectorOp &op, const Code &in);

  // FastVector.cpp.
  bool setUpNew(CoreState &core, VectorOp &op, Cycle t);
  bool setUpOperand(CoreState &core, VectorOp &op, const Code &in,
                    unsigned which, Descriptor &d, Cycle t);
  void planSteps(VectorOp &op) const;
  bool checkFabric(CoreState &core, const VectorOp &op, bool async, Cycle t);
  void planMemory(const CoreState &core, VectorOp &op) const;
  /// One step at t; its duration, or 0 after a fault.
  unsigned step(CoreState &core, VectorOp &op, Cycle t);
  bool gather(CoreState &core, VectorOp &op, Operand &operand, unsigned n,
              uint32_t *out, Cycle t);
  bool scatter(CoreState &core, VectorOp &op, unsigned n, const uint32_t *in,
               Cycle t);
  /// Of the next n elements; both go on behind them.
  bool readsConflict(Operand &a, Operand &b, unsigned n) const;
  /// Of all steps of an instruction that reads two walks: how many conflict,
  /// and whether the last one does.
  struct Conflicts {
    uint64_t shape = 0; // VectorOp::shape; 0: not known
    uint32_t first = 0;
    uint32_t second = 0;
    uint32_t count = 0;
    bool last = false;
    bool isApart = false; // what `second` means
  };
  Conflicts countConflicts(const VectorOp &op, uint64_t steps);
  void sendWord(CoreState &core, VectorOp &op, Wavelet w, Cycle t);
  /// After the last step, which ended at `end`.
  void finish(CoreState &core, VectorOp &op, Cycle end);
  void runElements(CoreState &core, VectorOp &op, uint32_t count);
  static void skipElements(VectorOp &op, uint32_t count);
  uint64_t bankOf(int32_t address) const {
    return tables.bankBits[uint32_t(address) & tables.bankMask];
  }
  bool isMultipleOfSpan(int32_t bytes) const {
    return tables.spanMask ? !(uint32_t(bytes) & tables.spanMask)
                           : bytes % tables.span == 0;
  }
  int32_t insideSpan(int32_t address) const {
    return tables.spanMask ? int32_t(uint32_t(address) & tables.spanMask)
                           : address % tables.span;
  }
  int32_t bankIndex(int32_t address) const {
    return insideSpan(address) / int32_t(context.machine.bankWidthBytes);
  }

  // Accounting.
  /// Drops what was noted from a later cycle on: a run that ended in a deadlock
  /// may have looked ahead of its end.
  static void dropWaits(CoreState &core, Cycle t);
  static void addOlderWaits(CoreState &core);
  static void closeWaits(CoreState &core, Cycle t) {
    if (!core.olderWaits.empty()) {
      dropWaits(core, t);
      addOlderWaits(core);
    }
    core.counters[core.waiting.what] += t - core.waiting.from;
    core.accountedTo = t;
    core.waiting.from = t;
  }
  void account(CoreState &core, Activity what, Cycle t) {
    closeWaits(core, t);
    core.counters[what] += 1;
    core.accountedTo = core.waiting.from = t + 1;
    context.aheadTo = std::max(context.aheadTo, t + 1);
    context.happened(t + 1);
  }
  void noteWait(CoreState &core, Cycle from, Activity what) const;

  /// The instruction at which the main thread stands; nullptr outside the code.
  const Code *fetch(const CoreState &core) const {
    return core.pc < core.codeSize ? &core.code[core.pc] : nullptr;
  }
  void faultOutside(CoreState &core, Cycle t);
  void fault(CoreState &core, Cycle t, uint32_t pc, int32_t task,
             const std::string &what);
  uint8_t *allocateMemory();

  Context &context;
  Fabric &fabric;
  CoreTables &tables;
  const sim::ProgramPlan &plan;
  LargeVector<CorePlace> &places;
  const std::array<VectorPlan, 256> &vectors;
  // SRAM in blocks of zeros that the system gives page by page.
  struct FreeBlock {
    size_t bytes = 0;
    void operator()(uint8_t *p) const;
  };
  std::vector<std::unique_ptr<uint8_t[], FreeBlock>> blocks;
  std::vector<Conflicts> conflicts; // by a hash
  std::vector<SetUp> setUps;        // by vector instruction
  uint32_t blockUsed = 0;
  CoreState *nextCore = nullptr;
  size_t coresLeft = 0; // at nextCore
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTCORE_H
