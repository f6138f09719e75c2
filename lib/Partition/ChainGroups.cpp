// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Partition/ChainGroups.h"

#include <algorithm>

using namespace wafer;

GroupGrowth wafer::groupGrowth(const Machine &machine, const ParameterSet &set,
                               int64_t first) {
  // The words of a short message, while the collector adds its own group.
  constexpr int64_t kWords = 16;
  GroupGrowth growth;
  growth.first = first;
  growth.start = int64_t(set.vectorStart) + 2 * int64_t(set.dsrLoad) + kWords;
  growth.member = 2 + 2 * int64_t(machine.rampCycles);
  return growth;
}

/// When the collector of a group sends, if the one outside it sent at `before`.
int64_t GroupGrowth::sentBy(int64_t size, bool isOutermost,
                            int64_t before) const {
  int64_t own = member * size;
  return isOutermost ? own : std::max(before + size + member - 1, own + start);
}

template <typename Each>
int64_t GroupGrowth::walk(int64_t run, int64_t &size, bool &isOutermost,
                          int64_t sent, const Each &each) const {
  int64_t link = member - 1, limit = std::max(most, first);
  while (run > 0) {
    int64_t taken = std::min({size, limit, run});
    // What is left of a run would be a group as well: rather a longer one.
    if (2 * (run - taken) < taken && run <= limit) {
      taken = run;
    }
    each(taken);
    run -= taken;
    sent = sentBy(taken, isOutermost, sent);
    isOutermost = false;
    size = std::max(size, (sent + link - start) / link);
  }
  return sent;
}

std::vector<int64_t>
GroupGrowth::sizes(const std::vector<int64_t> &runs) const {
  std::vector<int64_t> list;
  int64_t size = std::max<int64_t>(1, first), sent = 0;
  bool isOutermost = true;
  for (int64_t run : runs) {
    sent = walk(run, size, isOutermost, sent,
                [&](int64_t taken) { list.push_back(taken); });
  }
  return list;
}

int64_t GroupGrowth::cyclesOver(int64_t length, int64_t run) const {
  int64_t size = std::max<int64_t>(1, first), sent = 0;
  bool isOutermost = true;
  for (int64_t left = length; left > 0; left -= run) {
    sent = walk(std::min(left, run), size, isOutermost, sent, [](int64_t) {});
  }
  return sent;
}

int64_t GroupGrowth::cycles(const std::vector<int64_t> &sizes) const {
  int64_t sent = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    sent = sentBy(sizes[i], i == 0, sent);
  }
  return sent;
}
