// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceEngine.h - The clock and the parts --------------*- C++ -*-===//
//
// Sections 1, 2 and 7 of the specification: time, and the end of a run.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_REFERENCEENGINE_H
#define WAFER_LIB_SIM_REFERENCEENGINE_H

#include "ReferenceCore.h"
#include "ReferenceHost.h"

namespace wafer::reference {

class ReferenceEngine final : public Engine {
public:
  ReferenceEngine(const Image &image, const Machine &machine,
                  const ParameterSet &costs, const EngineOptions &options);

  Status load();

  const char *name() const override { return "reference"; }
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
  void settleObserver() override;
  Counters counters(Coord core) const override;
  Counters totalCounters() const override;
  std::string waitReport() override;
  uint64_t wordHops() const override { return context.wordHops; }
  uint64_t events() const override { return looks; }

private:
  /// Whether anything can happen from the present cycle on.
  bool canGoOn();
  /// Everything that happens in cycle t.
  void execute(Cycle t);
  void lookAt(Actor actor, Cycle t);
  /// When the last goal is reached; kNever while words are missing.
  Cycle satisfiedAt(const std::vector<HostGoal> &goals) const;
  Outcome stop(Outcome::Kind kind, Cycle at, std::string detail = "");
  Outcome stopQuiet(const RunLimits &limits);
  Result<uint8_t *> locate(Coord core, uint32_t address, uint32_t count);

  Context context;
  Fabric fabric;
  Host host;
  Cores cores;
  Cycle now = 0;
  uint64_t looks = 0;
  std::vector<uint32_t> due;
};

} // namespace wafer::reference

#endif // WAFER_LIB_SIM_REFERENCEENGINE_H
