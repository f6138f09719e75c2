// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- MappedEngine.h - An engine of a mapped image -------------*- C++ -*-===//
//
// An engine runs what is on the wafer: the physical image. Whoever asks about
// the memory or the account of a core names it as the program does, so
// coordinates are translated on their way in.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_MAPPEDENGINE_H
#define WAFER_LIB_SIM_MAPPEDENGINE_H

#include "wafer/Sim/Engine.h"

namespace wafer::sim {

class MappedEngine final : public Engine {
public:
  MappedEngine(std::unique_ptr<const Image> physical,
               std::unique_ptr<Engine> inner, const LogicalMap &map,
               const Machine &machine)
      : physical(std::move(physical)), inner(std::move(inner)),
        places(map, machine) {}

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
  Outcome run(const RunLimits &limits) override { return inner->run(limits); }
  Status peek(Coord core, uint32_t address, void *bytes,
              uint32_t count) override {
    return inner->peek(home(core), address, bytes, count);
  }
  Status poke(Coord core, uint32_t address, const void *bytes,
              uint32_t count) override {
    return inner->poke(home(core), address, bytes, count);
  }
  void settleObserver() override { inner->settleObserver(); }
  Counters counters(Coord core) const override {
    return inner->counters(home(core));
  }
  Counters totalCounters() const override { return inner->totalCounters(); }
  std::string waitReport() override { return inner->waitReport(); }
  uint64_t wordHops() const override { return inner->wordHops(); }
  uint64_t events() const override { return inner->events(); }
  SkippedCycles skipped() const override { return inner->skipped(); }

private:
  /// A core without a home is in no region; engines know none at {-1, -1}.
  Coord home(Coord core) const {
    return places.homeOf(core).value_or(Coord{-1, -1});
  }

  std::unique_ptr<const Image> physical; // outlives `inner`
  std::unique_ptr<Engine> inner;
  PlaceMap places;
};

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_MAPPEDENGINE_H
