// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- SlicedEngine.h - An engine that stops when it is asked to -*- C++
//-*-===//
//
// Runs another engine in slices of cycles, so that somebody can look at it and
// stop it between two of them. A run that stops at a limit may go on, so slices
// change no result. Their length follows the clock on the wall: about half a
// second, for a slice costs a look at all cores.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_DRIVER_SLICEDENGINE_H
#define WAFER_LIB_DRIVER_SLICEDENGINE_H

#include "wafer/Sim/Engine.h"

#include <csignal>
#include <functional>

namespace wafer {

/// While it lives, the first interrupt of the keyboard (SIGINT) is only noted;
/// the second does what the system does with it. One at a time.
class InterruptNote {
public:
  InterruptNote();
  ~InterruptNote();
  InterruptNote(const InterruptNote &) = delete;
  InterruptNote &operator=(const InterruptNote &) = delete;

  static bool isRaised();

private:
  struct sigaction before = {};
};

class SlicedEngine final : public Engine {
public:
  explicit SlicedEngine(std::unique_ptr<Engine> inner)
      : inner(std::move(inner)) {}

  /// Called behind every slice.
  std::function<void()> onSlice;
  /// Asked before every slice; the run ends there as at a limit of cycles.
  std::function<bool()> shouldStop;
  /// The last run ended because of that.
  bool wasStopped() const { return stopped; }
  /// Cycles of all runs for each second that they took.
  double cyclesPerSecond() const;

  const char *name() const override { return inner->name(); }
  Cycle cycle() const override { return inner->cycle(); }
  void push(unsigned port, const uint32_t *words, size_t count,
            bool control) override {
    inner->push(port, words, count, control);
  }
  std::vector<HostWord> received(unsigned port) const override {
    return inner->received(port);
  }
  HostWord word(unsigned port, uint64_t index) const override {
    return inner->word(port, index);
  }
  Outcome run(const RunLimits &limits) override;
  Status peek(Coord core, uint32_t address, void *bytes,
              uint32_t count) override {
    return inner->peek(core, address, bytes, count);
  }
  Status poke(Coord core, uint32_t address, const void *bytes,
              uint32_t count) override {
    return inner->poke(core, address, bytes, count);
  }
  void settleObserver() override { inner->settleObserver(); }
  Counters counters(Coord core) const override { return inner->counters(core); }
  Counters totalCounters() const override { return inner->totalCounters(); }
  std::string waitReport() override { return inner->waitReport(); }
  uint64_t wordHops() const override { return inner->wordHops(); }
  uint64_t events() const override { return inner->events(); }
  SkippedCycles skipped() const override { return inner->skipped(); }

private:
  std::unique_ptr<Engine> inner;
  Cycle slice = 1 << 12;
  bool stopped = false;
  double seconds = 0;
};

} // namespace wafer

#endif // WAFER_LIB_DRIVER_SLICEDENGINE_H
