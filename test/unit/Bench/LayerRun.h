// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LayerRun.h - A decode layer with values ------------------*- C++ -*-===//
//
// Runs the image of a decode layer, which has one region, on both engines,
// with buffers of all cores filled.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_BENCH_LAYERRUN_H
#define WAFER_TEST_UNIT_BENCH_LAYERRUN_H

#include "../Sim/PairEngine.h"

#include "wafer/Bench/Programs.h"
#include "wafer/Support/Half.h"

#include <gtest/gtest.h>

namespace wafer::test {

struct LayerRun {
  LayerRun(const Image &image, const Machine &machine,
           const ParameterSet &costs)
      : image(image) {
    auto result = PairEngine::create(image, machine, costs);
    if (!result) {
      ADD_FAILURE() << result.error().str();
      std::abort();
    }
    engine = std::move(*result);
  }

  /// Fills a buffer of binary16, or of binary32, with a value.
  void fill(const char *buffer, float value) {
    fillWith(buffer, std::vector<uint16_t>{floatToHalf(value)});
  }
  void fill32(const char *buffer, float value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, 4);
    fillWith(buffer, {uint16_t(bits), uint16_t(bits >> 16)});
  }
  float read(Coord core, const char *buffer, uint32_t index) {
    uint16_t half = 0;
    uint32_t at = *bufferOffset(image.roles.front(), buffer) + 2 * index;
    EXPECT_TRUE(bool(engine->peek(core, at, &half, 2)));
    return halfToFloat(half);
  }

  const Image &image;
  std::unique_ptr<Engine> engine;

private:
  void fillWith(const char *buffer, const std::vector<uint16_t> &pattern) {
    for (const Buffer &b : image.roles.front().buffers) {
      if (b.name != buffer) {
        continue;
      }
      std::vector<uint16_t> halves;
      while (halves.size() < b.bytes / 2) {
        halves.insert(halves.end(), pattern.begin(), pattern.end());
      }
      const Rect &rect = image.regions.front().rect;
      for (int32_t y = 0; y < rect.h; ++y) {
        for (int32_t x = 0; x < rect.w; ++x) {
          EXPECT_TRUE(
              bool(engine->poke({x, y}, b.offset, halves.data(), b.bytes)));
        }
      }
      return;
    }
    ADD_FAILURE() << "no buffer " << buffer;
  }
};

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_BENCH_LAYERRUN_H
