// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Engine.h - Execution of an image, cycle by cycle ---------*- C++ -*-===//
//
// What a simulator offers to those who run an image: the host's side of the
// wafer (push words, see words arrive), a clock, the memory of every core, a
// count of what every core did with its cycles, and a text that says who waits
// for what when nothing moves any more. docs/machine/abstract-machine.md is
// the specification of what happens inside.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SIM_ENGINE_H
#define WAFER_SIM_ENGINE_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Support/Geometry.h"
#include "wafer/Support/Result.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wafer {

/// A point in time; cycle 0 is the first one. An engine "at" cycle c has
/// executed all cycles below c.
using Cycle = uint64_t;
inline constexpr Cycle kNever = ~Cycle(0);

/// A word that arrived at a host output port, and when.
struct HostWord {
  uint32_t payload = 0;
  bool control = false;
  Cycle cycle = 0;
};

/// What a core did with a cycle. Where its datapath did not act, the state of
/// its main thread decides, and that of its microthreads if it has no task.
enum class Activity : uint8_t {
  Scalar,       // a scalar instruction acts or its cost runs
  VectorStep,   // a step of a vector instruction
  BankConflict, // the second cycle of such a step
  Start,        // start cost of a task or of a vector instruction
  SendPause,    // the pause of a stream to the fabric
  WaitWords,    // a queue has no word
  BackPressure, // a queue has no room
  Idle          // nothing to do
};
inline constexpr unsigned kNumActivities = 8;
const char *nameOf(Activity activity);

/// Cycles by activity; they sum to the cycles that passed.
struct Counters {
  std::array<uint64_t, kNumActivities> cycles{};

  uint64_t operator[](Activity a) const { return cycles[unsigned(a)]; }
  uint64_t &operator[](Activity a) { return cycles[unsigned(a)]; }
  uint64_t total() const;
};

/// How a run ended.
struct Outcome {
  enum class Kind : uint8_t {
    HostSatisfied, // every goal is reached
    Quiescent,     // all tasks ended, nothing in flight (only without goals)
    Deadlock,      // nothing can move any more and something waits
    CycleLimit,
    Fault
  };
  Kind kind = Kind::Quiescent;
  /// HostSatisfied: when the last word waited for arrived (or left). Quiescent
  /// and Deadlock: the cycle after the last one in which something happened.
  Cycle cycle = 0;
  /// The fault with core, task and instruction; or who waits for what.
  std::string detail;
};
const char *nameOf(Outcome::Kind kind);

/// "The host output port has received this many words since the start."
struct HostGoal {
  unsigned port = 0; // index into Image::hostPorts
  uint64_t words = 0;
  /// Reached when the last of them has left the wafer, the latency of the host
  /// channel before its arrival. By then the wafer may be steps ahead of what
  /// the host has seen, and its memory with it.
  bool atEdge = false;
};

struct RunLimits {
  /// All of them must be reached; empty: run until nothing happens.
  std::vector<HostGoal> goals;
  /// The run stops at this cycle, counted from the start.
  Cycle maxCycles = kNever;
  /// Whether the outcome says who waits for what when it stops there. Those who
  /// only pause a run do without; an engine may say so all the same.
  bool explainLimit = true;
  /// maxCycles only pauses a run that has this limit. An engine that skips
  /// periods may be beyond maxCycles when it stops.
  bool isSlice = false;
  Cycle sliceOf = kNever;
};

class Observer;

struct EngineOptions {
  // Two switches for tests of an engine itself.

  /// Look at cores, routers and ports of a cycle in the opposite order. Results
  /// must not change.
  bool reverseOrder = false;
  /// Look at a core in every cycle of a long vector instruction. Results must
  /// not change.
  bool stepwise = false;

  /// Is told of every cycle of every core and of every word (Observer.h); must
  /// outlive the engine.
  Observer *observer = nullptr;

  /// Another switch for tests: values are left out as with
  /// FastOptions::timingOnly, but initial data are all there.
  bool timingOnly = false;
};

struct FastOptions {
  /// Threads that share the work of a cycle; results are the same for any
  /// number.
  unsigned threads = 1;
  /// Vector instructions of floating point take their time, but leave memory
  /// as it is and send zeros. All others do their work, so words that only
  /// pass through (positions, token ids, addresses) are right; what depends on
  /// a computed value is not. Most of the SRAM is never touched.
  bool timingOnly = false;
  /// With timingOnly: periods that are proved to repeat are not simulated. All
  /// results are the same.
  bool skipRepeats = true;
  /// A switch for tests: every cycle is in a window, and threads share it,
  /// however little there is to do, in strips as narrow as can be. Results must
  /// not change.
  bool shareAlways = false;
};

/// What an engine did not simulate, as it had proved what comes of it.
struct SkippedCycles {
  uint64_t cycles = 0;
  uint64_t periods = 0;
};

class Engine {
public:
  virtual ~Engine();
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;

  /// The engine that reads like the specification. Loads the image; it, the
  /// machine and the set must outlive the engine. Fails where the image does
  /// not fit the machine.
  static Result<std::unique_ptr<Engine>>
  createReference(const Image &image, const Machine &machine,
                  const ParameterSet &costs, const EngineOptions &options = {});

  /// The engine that is equal to it in every cycle and every bit, and many
  /// times as fast: cores run ahead of the clock where nobody can tell.
  static Result<std::unique_ptr<Engine>>
  createFast(const Image &image, const Machine &machine,
             const ParameterSet &costs, const FastOptions &options = {});

  /// "reference" or "fast".
  virtual const char *name() const = 0;
  virtual Cycle cycle() const = 0;

  /// The host hands words to an input port now. `port` is an index into
  /// Image::hostPorts and must name an input port.
  virtual void push(unsigned port, const uint32_t *words, size_t count,
                    bool control = false) = 0;
  void push(unsigned port, const std::vector<uint32_t> &words) {
    push(port, words.data(), words.size());
  }
  /// Words that have reached the host at an output port so far.
  virtual std::vector<HostWord> received(unsigned port) const = 0;
  /// One of them, counted from 0; it must have left the wafer.
  virtual HostWord word(unsigned port, uint64_t index) const = 0;

  /// Executes cycles until a goal set is reached, nothing can happen any more,
  /// the limit, or a fault. May be called again, except after a fault.
  virtual Outcome run(const RunLimits &limits) = 0;

  /// Reads or writes SRAM of a core at the present cycle. Fails when the core
  /// is in no region or the range leaves its SRAM.
  virtual Status peek(Coord core, uint32_t address, void *bytes,
                      uint32_t count) = 0;
  virtual Status poke(Coord core, uint32_t address, const void *bytes,
                      uint32_t count) = 0;

  /// Tells the observer what is still to be told of the cycles that passed;
  /// nothing without one.
  virtual void settleObserver() {}

  /// Counters of one core (all idle outside the regions) and of all cores in
  /// regions together.
  virtual Counters counters(Coord core) const = 0;
  virtual Counters totalCounters() const = 0;

  /// Who waits for what at the present cycle; empty when nothing waits.
  virtual std::string waitReport() = 0;

  /// Wavelets that went over a link from one router to another.
  virtual uint64_t wordHops() const = 0;

  /// Times a core or a router was looked at: the work an engine does.
  virtual uint64_t events() const = 0;

  virtual SkippedCycles skipped() const { return {}; }

protected:
  Engine() = default;
};

/// The index of the host port of that name and direction, or -1.
int findHostPort(const Image &image, const std::string &name, bool input);

} // namespace wafer

#endif // WAFER_SIM_ENGINE_H
