// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ChainPlan.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::bench;

unsigned ChainPlan::mostAdds() const {
  size_t most = 0;
  for (const Core &core : cores) {
    most = std::max(most, core.adds.size());
  }
  return unsigned(most);
}

namespace {

/// A chain from the last member to the first, which is the collector.
void addChain(ChainPlan &plan, const std::vector<uint32_t> &members,
              unsigned level, unsigned parity) {
  for (size_t i = 1; i < members.size(); ++i) {
    uint32_t from = members[i], to = members[i - 1];
    // Neighbours on the chain use different colors.
    auto color = uint8_t(2 * level + (i + parity) % 2);
    bool west = to < from;
    plan.cores[from].sends = color;
    if (i == 1) {
      plan.cores[to].adds.push_back(color);
    } else {
      plan.cores[to].passes = color;
    }
    std::vector<ChainRoute> &routes = plan.routes[color];
    routes[from] = west ? ChainRoute::SendWest : ChainRoute::SendEast;
    routes[to] = west ? ChainRoute::TakeFromEast : ChainRoute::TakeFromWest;
    for (uint32_t x = std::min(from, to) + 1; x < std::max(from, to); ++x) {
      routes[x] = west ? ChainRoute::PassWest : ChainRoute::PassEast;
    }
    plan.streams[color].push_back({from, to});
  }
}

/// The collectors of the next level.
std::vector<uint32_t> addLevel(ChainPlan &plan,
                               const std::vector<uint32_t> &line,
                               uint32_t group, unsigned level,
                               Collectors where) {
  std::vector<uint32_t> collectors;
  for (size_t first = 0; first < line.size(); first += group) {
    size_t end = std::min<size_t>(first + group, line.size());
    size_t collector =
        where == Collectors::WesternEnd ? first : first + (end - first) / 2;
    std::vector<uint32_t> east(line.begin() + long(collector),
                               line.begin() + long(end));
    std::vector<uint32_t> west(line.rend() - long(collector) - 1,
                               line.rend() - long(first));
    // Where the collector hears both sides at once, their first colors differ.
    addChain(plan, west, level, where == Collectors::MiddleSwitched ? 1 : 0);
    addChain(plan, east, level, 1);
    if (where == Collectors::MiddleSwitched && east.size() > 1 &&
        west.size() > 1) {
      plan.cores[east[1]].advances = plan.cores[west[1]].advances = true;
      plan.routes[2 * level][line[collector]] = ChainRoute::TakeFromBoth;
    }
    collectors.push_back(line[collector]);
  }
  return collectors;
}

} // namespace

ChainPlan wafer::bench::planChains(uint32_t cores,
                                   const std::vector<uint32_t> &groups,
                                   Collectors collectors) {
  ChainPlan plan;
  plan.cores.resize(cores);
  plan.routes.assign(2 * groups.size(),
                     std::vector<ChainRoute>(cores, ChainRoute::None));
  plan.streams.resize(2 * groups.size());
  std::vector<uint32_t> line(cores);
  for (uint32_t x = 0; x < cores; ++x) {
    line[x] = x;
  }
  for (unsigned level = 0; level < groups.size(); ++level) {
    line = addLevel(plan, line, groups[level], level, collectors);
  }
  plan.root = line.front();
  return plan;
}
