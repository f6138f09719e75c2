// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastRepeat.h - Periods that repeat are skipped -----------*- C++ -*-===//
//
// Layers of a stage are turns of a loop, and without values a turn does what
// the one before did, but for a few values that grow by the same amount. If
// that is proved, the wafer need not be simulated turn by turn:
//
//  1. A core of each region is watched. When it goes back in a loop, an attempt
//     begins: the state of the wafer is noted at a cycle t0 (with nobody ahead
//     of it), everything until t1 = t0 + T is recorded (FastRecord.h), where T
//     is the time of the turn, and the states are compared.
//  2. Let S(k) be the state at t0 with every origin x that was used replaced by
//     x + k D(x), where D(x) is its difference between t1 and t0. If what was
//     recorded decides nothing else for k = 1 ... n, all that happens from S(k)
//     on is the recorded period, T later for each k, and ends in S(k + 1).
//  3. So n periods are skipped: times grow by n T, origins by n D, counters by
//  n
//     times what the period added.
//
// State that differs and that the period neither read nor moved is left over
// from something else; it stays as it is. What is not understood (a clock that
// is read, a word of the host, a value that moves and is sent) means that
// nothing is skipped.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTREPEAT_H
#define WAFER_LIB_SIM_FASTREPEAT_H

#include "FastCoreRecord.h"
#include "FastLanes.h"

namespace wafer::fast {

class Repeats {
public:
  Repeats(Lanes &lanes, FabricState &fabricState, CoreTables &tables,
          Planned &planned, Host &host);
  ~Repeats();

  /// Chooses the cores to be watched; when everything else is loaded.
  void load();
  /// What was noted is for nothing: somebody changed the state.
  void cancel();
  /// Nobody may act in this cycle or later for the sake of an attempt, if
  /// the next look is in cycle `next`; kNever if nothing is watched.
  Cycle bound(Cycle next) const;
  /// To be called when looks below the bound are done.
  void notePasses();
  /// To be called before looks in cycle `next`, of a run that stops at `pause`.
  /// Cycles that were skipped: the present one stays below `limit`.
  Cycle skip(Cycle next, Cycle pause, Cycle limit);
  /// The end of what was skipped last.
  Cycle present() const { return skippedTo; }
  uint64_t skipped() const { return skippedCycles; }
  uint64_t periods() const { return skippedPeriods; }

private:
  struct Anchor {
    unsigned failures = 0;
    bool isUseless = false;
    /// The last pass, and its distance from the one before.
    Cycle pass = 0;
    Cycle period = 0;
    bool isSteady = false;
  };
  /// What the fabric and the host hold, with times counted from the present.
  struct Picture {
    std::vector<uint8_t> turns;
    std::vector<uint8_t> positions;
    std::vector<uint16_t> filters;
    std::vector<uint32_t> words;
    std::vector<uint64_t> host;
    bool operator==(const Picture &o) const {
      return turns == o.turns && positions == o.positions &&
             filters == o.filters && words == o.words && host == o.host;
    }
  };
  enum class Phase : uint8_t { Idle, Armed, Recording };

  void watch(const Region &region);
  void pass(const LoopPass &p);
  void arm(const LoopPass &p, Cycle at);
  void begin();
  Cycle end(Cycle limit);
  void setRecorder(Recorder *recorder);
  // FastRepeatProof.cpp.
  /// How often the period can follow itself, at most `most` times.
  uint64_t repetitions(uint64_t most);
  uint64_t repetitionsOf(const CoreRecord &r, const CoreState &core,
                         uint64_t most) const;
  // FastRepeatState.cpp.
  bool draw(Picture &to, Cycle now) const;
  void advance(uint64_t n);
  void advanceCore(const CoreRecord &r, CoreState &core, uint64_t n);
  void delayFabric(Cycle now, Cycle by);
  void planAgain(Cycle now, Cycle by);

  Lanes &lanes;
  FabricState &fabricState;
  CoreTables &tables;
  Planned &planned;
  Host &host;
  Context &context;
  bool isOn = false;
  /// A period is worth an attempt from here on.
  Cycle shortest = 0;
  std::vector<std::unique_ptr<std::vector<Code>>> codes;
  std::map<std::pair<uint32_t, uint32_t>, Anchor> anchors;

  Phase phase = Phase::Idle;
  LoopPass first;  // of the attempt
  LoopPass second; // cycle kNever while it did not come
  Cycle from = 0;  // the period
  Cycle to = kNever;
  std::unique_ptr<Recorder> recorder;
  Picture before;
  uint64_t hopsBefore = 0;
  /// The fabric came back to where it was, in the last attempt.
  bool cameBack = false;

  Cycle skippedTo = 0;
  uint64_t skippedCycles = 0;
  uint64_t skippedPeriods = 0;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTREPEAT_H
