// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PairEngine.h - Two engines that must agree -----------------*- C++
//-*-===//
//
// Does everything on the reference engine and on the fast one, and fails the
// test where they differ; answers are those of the reference. With it every
// test of an engine by hand is a test of both.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_SIM_PAIRENGINE_H
#define WAFER_TEST_UNIT_SIM_PAIRENGINE_H

#include "wafer/Sim/Engine.h"

#include <cstring>
#include <gtest/gtest.h>

namespace wafer::test {

class PairEngine final : public Engine {
public:
  static Result<std::unique_ptr<Engine>> create(const Image &image,
                                                const Machine &machine,
                                                const ParameterSet &costs) {
    auto one = Engine::createReference(image, machine, costs);
    auto other = Engine::createFast(image, machine, costs);
    EXPECT_EQ(bool(one), bool(other));
    if (!one || !other) {
      Diagnostic error = !one ? one.takeError() : other.takeError();
      return error;
    }
    return std::unique_ptr<Engine>(
        new PairEngine(image, machine, std::move(*one), std::move(*other)));
  }

  const char *name() const override { return one->name(); }
  Cycle cycle() const override {
    EXPECT_EQ(one->cycle(), other->cycle());
    return one->cycle();
  }
  void push(unsigned port, const uint32_t *words, size_t count,
            bool control) override {
    one->push(port, words, count, control);
    other->push(port, words, count, control);
  }
  std::vector<HostWord> received(unsigned port) const override {
    return one->received(port);
  }
  HostWord word(unsigned port, uint64_t index) const override {
    return one->word(port, index);
  }
  Outcome run(const RunLimits &limits) override {
    Outcome a = one->run(limits);
    Outcome b = other->run(limits);
    EXPECT_EQ(a.kind, b.kind) << a.detail << "\n" << b.detail;
    EXPECT_EQ(a.cycle, b.cycle);
    EXPECT_EQ(a.detail, b.detail);
    EXPECT_EQ(one->waitReport(), other->waitReport());
    for (unsigned i = 0; i < image.hostPorts.size(); ++i) {
      if (!image.hostPorts[i].input) {
        compareWords(i);
      }
    }
    for (const Region &region : image.regions) {
      const Rect &r = region.rect;
      for (int32_t y = r.y; y < r.endY(); ++y) {
        for (int32_t x = r.x; x < r.endX(); ++x) {
          EXPECT_EQ(one->counters({x, y}).cycles,
                    other->counters({x, y}).cycles)
              << "core (" << x << ", " << y << ")";
        }
      }
    }
    return a;
  }
  Status peek(Coord core, uint32_t address, void *bytes,
              uint32_t count) override {
    std::vector<uint8_t> copy(count);
    Status a = one->peek(core, address, bytes, count);
    Status b = other->peek(core, address, copy.data(), count);
    EXPECT_EQ(bool(a), bool(b));
    if (a && b) {
      EXPECT_EQ(std::memcmp(bytes, copy.data(), count), 0)
          << "core (" << core.x << ", " << core.y << "), byte " << address;
    }
    return a;
  }
  Status poke(Coord core, uint32_t address, const void *bytes,
              uint32_t count) override {
    Status a = one->poke(core, address, bytes, count);
    EXPECT_EQ(bool(a), bool(other->poke(core, address, bytes, count)));
    return a;
  }
  Counters counters(Coord core) const override { return one->counters(core); }
  Counters totalCounters() const override {
    EXPECT_EQ(one->totalCounters().cycles, other->totalCounters().cycles);
    return one->totalCounters();
  }
  std::string waitReport() override { return one->waitReport(); }
  uint64_t wordHops() const override {
    EXPECT_EQ(one->wordHops(), other->wordHops());
    return one->wordHops();
  }
  uint64_t events() const override { return one->events(); }

private:
  PairEngine(const Image &image, const Machine &machine,
             std::unique_ptr<Engine> one, std::unique_ptr<Engine> other)
      : image(image), machine(machine), one(std::move(one)),
        other(std::move(other)) {}

  void compareWords(unsigned port) const {
    std::vector<HostWord> a = one->received(port), b = other->received(port);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].payload, b[i].payload);
      EXPECT_EQ(a[i].control, b[i].control);
      EXPECT_EQ(a[i].cycle, b[i].cycle);
    }
  }

  const Image &image;
  const Machine &machine;
  std::unique_ptr<Engine> one;
  std::unique_ptr<Engine> other;
};

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_PAIRENGINE_H
