// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceCore.h - Cores: memory, threads, tasks ----------*- C++ -*-===//
//
// Section 4 and 5 of the specification. The state of a core (registers, SRAM,
// threads) is made when the core is first looked at; until then it costs a few
// bytes.
//
// A look at a core in cycle t: completions of microthreads, the choice of a
// task, the issue of a vector instruction, one act of the datapath. Then the
// core says when it wants to be looked at again.
//
// A vector instruction of the main thread that touches memory only, while no
// microthread is busy, meets nobody: the core sleeps to its end and does the
// steps that lie behind whenever somebody looks (catchUp).
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_REFERENCECORE_H
#define WAFER_LIB_SIM_REFERENCECORE_H

#include "ReferenceRouter.h"

namespace wafer::reference {

using sim::OpcodePlan;
using sim::RolePlan;

//===----------------------------------------------------------------------===//
// A core
//===----------------------------------------------------------------------===//

/// An operand of a running vector instruction: a walk over memory, or a queue.
struct Operand {
  enum class Source : uint8_t { None, Scalar, Memory, Fabric };
  Source source = Source::None;
  uint8_t bytes = 0; // of an element
  uint8_t dsr = 0;
  uint8_t queue = 0;
  bool packed = false;
  bool control = false;
  bool save = false;
  int16_t stride0 = 0;
  uint16_t extent0 = 0;
  bool twoDimensional = false;
  uint16_t endBase = 0; // what `save` writes
  uint32_t value = 0;   // of a scalar
  uint32_t channel = kNone;
  // The walk.
  int64_t address = 0;
  int64_t row = 0;
  int64_t stepBytes = 0;
  int64_t rowBytes = 0;
  uint32_t inner = 0;

  void next() {
    address += stepBytes;
    if (twoDimensional && ++inner == extent0) {
      inner = 0;
      row += rowBytes;
      address = row;
    }
  }
};

/// A vector instruction in the main thread or in a microthread.
struct VectorOp {
  enum class State : uint8_t { Free, Running, Completing };
  State state = State::Free;
  Opcode op = Opcode::Nop;
  OnComplete onComplete = OnComplete::None;
  uint8_t task = 0;
  bool hasFabric = false;
  bool readsMayConflict = false;
  bool alwaysConflicts = false;
  bool pauses = false;
  bool advance = false; // the control wavelet at the end is still to be sent
  uint32_t pc = 0;
  int32_t issuedBy = -1; // task
  uint32_t scalar = 0;
  uint32_t length = 0;
  uint32_t done = 0;
  uint32_t perStep = 1;
  uint32_t sent = 0;
  /// nullptr: its results are left out.
  sim::ElementFn element = nullptr;
  /// Running: no step before this cycle. Completing: the completion's cycle.
  Cycle nextStep = 0;
  /// Set while the steps are done behind the core's back, else kNever.
  Cycle sleepsUntil = kNever;
  Operand dest, src0, src1;
};

/// What a core does in a cycle, and in which instruction; CoreSpan says what
/// the fields mean.
struct Doing {
  Activity what = Activity::Idle;
  uint8_t thread = 0;
  uint8_t queue = CoreSpan::kNoQueue;
  uint32_t channel = kNone; // of the queue
  uint32_t pc = CoreSpan::kNoPc;
  int32_t task = -1;
  int32_t mainTask = -1;
  uint32_t started = 0;

  friend bool operator==(const Doing &a, const Doing &b) {
    auto key = [](const Doing &d) {
      return std::tie(d.what, d.thread, d.queue, d.channel, d.pc, d.task,
                      d.mainTask, d.started);
    };
    return key(a) == key(b);
  }
};

/// Why a thread does not act in a cycle.
enum class Wait : uint8_t { None, Time, Words, Room };

struct CoreState {
  const RolePlan *plan = nullptr;
  uint32_t place = 0;
  uint32_t region = 0;
  uint8_t *sram = nullptr;
  std::array<uint32_t, kNumRegisters> registers{};
  std::array<Descriptor, kNumDsrs> dsrs;
  /// Channels of the queues, kNone where a queue is not bound.
  std::array<uint32_t, 8> inputs;
  std::array<uint32_t, 8> outputs;
  // Tasks.
  uint64_t active = 0;
  uint64_t blocked = 0;
  // Main thread.
  int32_t task = -1; // -1: none
  bool starting = false;
  uint32_t pc = 0;
  uint32_t lastPc = 0;
  uint32_t started = 0; // tasks so far
  Cycle ready = 0;      // it goes on, or is free for a task, from here
  // threads[0] is the main thread's vector instruction.
  std::vector<VectorOp> threads;
  unsigned lastActed = 0;
  Cycle datapathFree = 0;
  // Accounting: acts up to here, then what the core waits for since. The waits
  // are added at the next act; a run may end at any cycle between.
  Counters counters;
  Cycle accountedTo = 0;
  struct Waiting {
    Cycle from = 0;
    Doing doing;
  };
  std::vector<Waiting> waits = {Waiting()};

  void setRegister(unsigned r, uint32_t value) {
    registers[r] = value;
    registers[0] = 0;
  }
};

class Cores {
public:
  Cores(Context &context, Fabric &fabric) : context(context), fabric(fabric) {}

  /// Prepares roles and regions.
  void load();
  /// Wakes the cores that have a task to run in cycle 0.
  void start();
  /// One core in one cycle.
  void look(uint32_t place, Cycle t);
  /// Brings a core to the start of cycle t (steps done behind its back).
  void catchUp(CoreState &core, Cycle t);

  /// Brings all cores to the start of cycle `now`.
  void settle(Cycle now);
  /// Tells the observer what all cores did before cycle `now`.
  void settleWatch(Cycle now);

  bool isInRegion(uint32_t place) const { return plan.isInRegion(place); }
  /// The state of a core in a region, made if need be.
  CoreState &state(uint32_t place);
  /// nullptr while nobody looked at the core.
  const CoreState *find(uint32_t place) const { return states[place].get(); }
  Counters counters(uint32_t place, Cycle now) const;
  /// Whether the core can do something, now or later, if nobody else does.
  bool canAct(uint32_t place);
  const sim::ProgramPlan &programs() const { return plan; }
  /// The role of a core in a region.
  const RolePlan &roleAt(uint32_t place) const {
    return plan.roles[context.image.regions[plan.regionOf[place]].role];
  }

  /// Whether thread `index` of a core can step at t, or what it waits for.
  Wait waitOf(const CoreState &core, const VectorOp &op, Cycle t) const;
  const Fifo *inputFifo(const CoreState &core, unsigned queue) const;
  const Fifo *outputFifo(const CoreState &core, unsigned queue) const;
  /// "core (3, 0) region 'r' task 't'", for reports.
  std::string describe(const CoreState &core, uint32_t pc, int32_t task) const;

private:
  friend class VectorUnit;
  // Loading (ReferenceLoad.cpp).
  uint8_t *allocateMemory();

  // Phases of a look.
  void complete(CoreState &core, Cycle t);
  void chooseTask(CoreState &core, Cycle t);
  void issue(CoreState &core, Cycle t);
  bool act(CoreState &core, Cycle t);
  void sleep(CoreState &core, Cycle t);

  /// A task that can be chosen, and the input queue of its wavelet if it has
  /// one.
  struct Choice {
    unsigned task = 0;
    int queue = -1;
  };
  std::optional<Choice> nextTask(const CoreState &core, Cycle t) const;
  int findControlWord(const CoreState &core, unsigned entry, Cycle t) const;
  bool mainCanGoOn(const CoreState &core) const;
  bool hasWords(uint32_t place) const;
  const Instruction *fetch(const CoreState &core) const;
  const OpcodePlan &planOf(Opcode op) const { return plan.planOf(op); }

  // Scalar instructions (ReferenceScalar.cpp).
  void scalarStep(CoreState &core, const Instruction &in, Cycle t);
  void branch(CoreState &core, const Instruction &in);
  void memory(CoreState &core, const Instruction &in);
  void descriptor(CoreState &core, const Instruction &in);
  void taskControl(CoreState &core, const Instruction &in);
  /// The bytes at an address, or nullptr after a fault.
  uint8_t *locate(CoreState &core, int64_t address, unsigned bytes, uint32_t pc,
                  int32_t task);

  // Vector instructions (ReferenceVectorUnit.cpp).
  bool setUp(CoreState &core, VectorOp &op, const Instruction &in, Cycle t);
  bool setUpOperand(CoreState &core, const Instruction &in, unsigned which,
                    Operand &operand);
  void walk(Operand &operand, const Descriptor &d, uint32_t length) const;
  void planSteps(VectorOp &op, const OpcodePlan &plan) const;
  bool checkFabric(CoreState &core, const VectorOp &op, bool async);
  void planSleep(CoreState &core, VectorOp &op) const;
  bool inMemory(const CoreState &core, const Operand &operand,
                uint32_t length) const;
  uint64_t stepCycles(const VectorOp &op) const;
  uint64_t readConflicts(Operand &a, Operand &b, uint64_t steps,
                         unsigned n) const;
  bool readsConflict(Operand src0, Operand src1, unsigned n) const;
  void step(CoreState &core, unsigned thread, Cycle t);
  bool gather(CoreState &core, VectorOp &op, Operand &operand, unsigned n,
              uint32_t *out, Cycle t);
  bool scatter(CoreState &core, VectorOp &op, unsigned n, const uint32_t *in,
               Cycle t);
  void sendWord(CoreState &core, const Operand &out, Wavelet w, Cycle t);
  void finish(CoreState &core, unsigned thread, Cycle t);

  /// The core acts in an instruction of a thread from cycle t on.
  void account(CoreState &core, Doing doing, Cycle t, Cycle cycles) const;
  /// Adds the waits of a core up to a cycle.
  static void addWaits(const CoreState &core, Cycle to, Counters &counters);
  void watchWaits(const CoreState &core, Cycle to) const;
  void watch(const CoreState &core, const Doing &doing, Cycle to) const;
  Doing doingOf(const CoreState &core, Cycle t, Cycle &wake) const;
  Doing threadDoing(const CoreState &core, unsigned thread, Cycle t,
                    Cycle &wake) const;
  Activity threadActivity(const CoreState &core, const VectorOp &op, Cycle t,
                          Cycle &wake) const;
  Cycle taskWake(const CoreState &core, Cycle t) const;
  void fault(const CoreState &core, uint32_t pc, int32_t task,
             const std::string &what);

  Context &context;
  Fabric &fabric;
  sim::ProgramPlan plan;
  std::vector<std::unique_ptr<CoreState>> states;
  // SRAM in blocks of zeros that the system gives page by page.
  struct FreeBlock {
    void operator()(uint8_t *p) const;
  };
  std::vector<std::unique_ptr<uint8_t[], FreeBlock>> blocks;
  uint32_t blockUsed = 0;
};

} // namespace wafer::reference

#endif // WAFER_LIB_SIM_REFERENCECORE_H
