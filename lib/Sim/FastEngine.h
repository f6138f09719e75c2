// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastEngine.h - The clock of the fast engine --------------*- C++ -*-===//
//
// docs/design/fast-engine.md says why this gives what the reference gives.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTENGINE_H
#define WAFER_LIB_SIM_FASTENGINE_H

#include "FastRepeat.h"

namespace wafer::fast {

class FastEngine final : public Engine {
public:
  FastEngine(const Image &image, const Machine &machine,
             const ParameterSet &costs, const FastOptions &options);

  Status load();

  const char *name() const override { return "fast"; }
  Cycle cycle() const override { return now; }
  void push(unsigned port, const uint32_t *words, size_t count,
            bool control) override;
  std::vector<HostWord> received(unsigned port) const override;
  HostWord word(unsigned port, uint64_t index) const override {
    return host.received(port)[size_t(index)];
  }
  Outcome run(const RunLimits &limits) override;
  Status peek(Coord core, uint32_t address, void *bytes,
              uint32_t count) override;
  Status poke(Coord core, uint32_t address, const void *bytes,
              uint32_t count) override;
  Counters counters(Coord core) const override;
  Counters totalCounters() const override;
  std::string waitReport() override;
  uint64_t wordHops() const override { return context.wordHops; }
  uint64_t events() const override { return lanes.looks(); }
  SkippedCycles skipped() const override {
    return {repeats.skipped(), repeats.periods()};
  }

private:
  /// What was done to the engine from outside, and when.
  struct Deed {
    Cycle at = 0;
    bool isPush = false;
    unsigned port = 0;
    bool control = false;
    std::vector<uint32_t> words;
    Coord core;
    uint32_t address = 0;
    std::vector<uint8_t> bytes;
  };

  struct LinkTime {
    Cycle at = kNever;
  };

  Status build();
  bool canGoOn();
  /// Everything below cycle `end`, with nobody ahead of it.
  void executeTo(Cycle end);
  /// Cores may have gone ahead of a fault: begins anew and stops behind it.
  void replayToFault();
  void perform(const Deed &deed);
  Cycle satisfiedAt(const std::vector<HostGoal> &goals) const;
  Outcome stop(Outcome::Kind kind, Cycle at, std::string detail = "");
  Outcome stopQuiet(const RunLimits &limits);
  Result<uint8_t *> locate(Coord core, uint32_t address, uint32_t count);

  Planned planned;
  FifoPool fifos;
  FabricState fabricState;
  CoreTables tables;
  std::vector<LinkTime> links;
  Lanes lanes;
  // Those of the first lane.
  Context &context;
  Fabric &fabric;
  Cores &cores;
  Host host;
  bool timingOnly;
  bool skips;
  Repeats repeats;
  Cycle now = 0;
  std::vector<Deed> deeds;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTENGINE_H
