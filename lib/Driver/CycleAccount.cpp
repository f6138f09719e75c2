// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CycleAccount.h"

#include <algorithm>

using namespace wafer;
using nlohmann::json;

static void add(Counters &sum, const Counters &more) {
  for (unsigned i = 0; i < kNumActivities; ++i) {
    sum.cycles[i] += more.cycles[i];
  }
}

std::vector<RegionAccount> wafer::accountByRegion(const Engine &engine,
                                                  const Image &image) {
  std::vector<RegionAccount> result;
  for (const Region &region : image.regions) {
    RegionAccount account;
    account.name = region.name;
    account.cores = uint64_t(region.rect.area());
    for (int32_t y = region.rect.y; y < region.rect.y + region.rect.h; ++y) {
      for (int32_t x = region.rect.x; x < region.rect.x + region.rect.w; ++x) {
        add(account.counters, engine.counters({x, y}));
      }
    }
    result.push_back(std::move(account));
  }
  return result;
}

json wafer::toJson(const Counters &counters) {
  json object;
  for (unsigned i = 0; i < kNumActivities; ++i) {
    object[nameOf(Activity(i))] = counters.cycles[i];
  }
  return object;
}

json wafer::toJson(const std::vector<RegionAccount> &regions) {
  json list = json::array();
  for (const RegionAccount &region : regions) {
    list.push_back({{"name", region.name},
                    {"cores", region.cores},
                    {"core_cycles", toJson(region.counters)}});
  }
  return list;
}

void wafer::printAccount(const std::vector<RegionAccount> &regions,
                         CommandContext &context) {
  RegionAccount all;
  all.name = "all";
  size_t width = all.name.size();
  for (const RegionAccount &region : regions) {
    all.cores += region.cores;
    add(all.counters, region.counters);
    width = std::max(width, region.name.size());
  }
  auto print = [&](const RegionAccount &region) {
    context.print("  {:<{}} {:>8}", region.name, width, region.cores);
    double cycles = double(std::max<uint64_t>(region.counters.total(), 1));
    for (unsigned i = 0; i < kNumActivities; ++i) {
      if (all.counters.cycles[i]) {
        std::string_view name = nameOf(Activity(i));
        context.print("  {:>{}.2f}",
                      100.0 * double(region.counters.cycles[i]) / cycles,
                      std::max<size_t>(name.size(), 6));
      }
    }
    context.print("\n");
  };
  context.print("  {:<{}} {:>8}", "region", width, "cores");
  for (unsigned i = 0; i < kNumActivities; ++i) {
    if (all.counters.cycles[i]) {
      context.print("  {:>6}", nameOf(Activity(i)));
    }
  }
  context.print("  (% of core cycles)\n");
  for (const RegionAccount &region : regions) {
    print(region);
  }
  if (regions.size() != 1) {
    print(all);
  }
}
