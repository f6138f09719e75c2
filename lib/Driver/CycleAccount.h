// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CycleAccount.h - Where the cycles of a run went ----------*- C++ -*-===//
//
// The cycles of all cores by what they did, for each region of the image. The
// regions sum to Engine::totalCounters().
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_DRIVER_CYCLEACCOUNT_H
#define WAFER_LIB_DRIVER_CYCLEACCOUNT_H

#include "wafer/Driver/Driver.h"
#include "wafer/Sim/Engine.h"
#include "wafer/Support/Json.h"

namespace wafer {

struct RegionAccount {
  std::string name;
  uint64_t cores = 0;
  Counters counters;
};

/// One entry a region, in the order of the image. Linear in the cores of the
/// regions.
std::vector<RegionAccount> accountByRegion(const Engine &engine,
                                           const Image &image);

/// {"start": N, ...}: all activities.
nlohmann::json toJson(const Counters &counters);
/// [{"name", "cores", "core_cycles"}...]
nlohmann::json toJson(const std::vector<RegionAccount> &regions);

/// A table of shares in percent: one line a region and one for all, a column
/// for each activity that occurs.
void printAccount(const std::vector<RegionAccount> &regions,
                  CommandContext &context);

} // namespace wafer

#endif // WAFER_LIB_DRIVER_CYCLEACCOUNT_H
