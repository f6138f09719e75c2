// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RunAccount.h - Cycles by region and operation ------------*- C++ -*-===//
//
// Counts, as an observer of a run, what the cores of each region did in each
// instruction, and groups the instructions by what the image says they are for:
// task, label of the code (the innermost loop), operation (a vector instruction
// with the names of its operands and the scalar instructions around it).
//
// The rows of a region sum to the counters of its cores, all rows to
// Engine::totalCounters().
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SIM_RUNACCOUNT_H
#define WAFER_SIM_RUNACCOUNT_H

#include "wafer/Image/Image.h"
#include "wafer/Sim/Observer.h"

namespace wafer {

class RunAccount final : public Observer {
public:
  /// The image must outlive the account.
  explicit RunAccount(const Image &image);
  ~RunAccount() override;

  void onSpan(const CoreSpan &span) override;

  struct Row {
    /// All empty for cycles in which a core has nothing to do.
    std::string task, label, operation;
    /// The first instruction of the group, and how many there are.
    uint32_t pc = 0;
    unsigned instructions = 0;
    Counters counters;
  };
  /// The rows of a region that have cycles, most cycles first.
  std::vector<Row> rows(size_t region) const;

private:
  struct State;
  std::unique_ptr<State> state;
};

/// The core of a region that was busy for the most cycles: neither idle nor
/// waiting for words or room. The first one in row-major order of several.
struct BusiestCore {
  Coord core;
  Counters counters;
  static uint64_t busyCycles(const Counters &counters);
};
BusiestCore findBusiest(const Engine &engine, const Region &region);

} // namespace wafer

#endif // WAFER_SIM_RUNACCOUNT_H
