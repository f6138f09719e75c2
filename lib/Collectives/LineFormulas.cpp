// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Collectives/LineFormulas.h"

#include <algorithm>
#include <cmath>

using namespace wafer;

static PublishedCycles better(PublishedCycles a, PublishedCycles b) {
  return b.cycles < a.cycles ? b : a;
}

PublishedCycles wafer::publishedBroadcast(uint32_t cores, double words,
                                          double ramp) {
  return {words + cores + 2 * ramp, "multicast"};
}

PublishedCycles wafer::publishedReduce(uint32_t cores, double words,
                                       double ramp) {
  double p = cores, links = p - 1, add = 2 * ramp + 1;
  double levels = std::log2(p), root = std::sqrt(p);
  PublishedCycles best = {words * links + add, "star"};
  best = better(best, {words + (add + 1) * links, "chain"});
  double contention = words * levels;
  double energy = words * p * levels / (2 * links) + links;
  best = better(best, {std::max(contention, energy) + add * levels, "tree"});
  return better(best, {2 * words + links + add * (2 * root - 2), "two-phase"});
}

PublishedCycles wafer::publishedAllReduce(uint32_t cores, double words,
                                          double ramp) {
  double p = cores, links = p - 1, add = 2 * ramp + 1;
  PublishedCycles both = publishedReduce(cores, words, ramp);
  both.cycles += publishedBroadcast(cores, words, ramp).cycles;
  return better(both,
                {2 * links * words / p + 4 * p - 6 + 2 * links * add, "ring"});
}

LineBounds::LineBounds(uint32_t maxCores)
    : stride(maxCores + 1), table(size_t(stride) * stride, ~uint64_t(0) / 4) {
  for (uint32_t depth = 0; depth <= maxCores; ++depth) {
    uint64_t *row = &table[size_t(depth) * stride];
    const uint64_t *below = depth ? row - stride : nullptr;
    row[0] = row[1] = 0;
    for (uint32_t cores = 2; below && cores <= maxCores; ++cores) {
      // The last child lies `at` cores from the root.
      for (uint32_t at = 1; at < cores; ++at) {
        row[cores] = std::min(row[cores], row[at] + below[cores - at] + at);
      }
    }
  }
}

double LineBounds::reduce(uint32_t cores, double words, double ramp) const {
  double best = INFINITY;
  for (uint32_t depth = 1; depth < cores; ++depth) {
    double links = cores - 1;
    best = std::min(best, words * double(energy(cores, depth)) / links + links +
                              depth * (2 * ramp + 1));
  }
  return best;
}

double LineBounds::allReduce(uint32_t cores, double words, double ramp) const {
  double receives = 2 * words * (cores - 1) / cores;
  return std::max(reduce(cores, words, ramp), receives + 2 * ramp + 1);
}

double LineBounds::broadcast(uint32_t cores, double words, double ramp) {
  return words + cores - 1 + 2 * ramp;
}
