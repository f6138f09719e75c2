// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Sim/RunAccount.h"

#include "CodeNames.h"
#include "RegionIndex.h"

#include <algorithm>
#include <map>

using namespace wafer;

struct RunAccount::State {
  explicit State(const Image &image)
      : image(image), regions(image), counts(image.regions.size()) {}

  const Image &image;
  sim::RegionIndex regions;
  struct RegionCount {
    Counters idle;
    /// By task and instruction; a task's are made when it first has cycles.
    std::vector<std::vector<Counters>> tasks;
  };
  std::vector<RegionCount> counts;
};

RunAccount::RunAccount(const Image &image)
    : state(std::make_unique<State>(image)) {}

RunAccount::~RunAccount() = default;

void RunAccount::onSpan(const CoreSpan &span) {
  uint32_t index = state->regions[span.core];
  State::RegionCount &count = state->counts[index];
  if (span.pc == CoreSpan::kNoPc) {
    count.idle[span.what] += span.cycles();
    return;
  }
  const Image &image = state->image;
  const Role &role = image.roles[image.regions[index].role];
  count.tasks.resize(role.tasks.size());
  std::vector<Counters> &task = count.tasks[size_t(span.task)];
  // A branch may lead outside the code; the fault comes in the next cycle.
  task.resize(role.code.size() + 1);
  task[std::min<size_t>(span.pc, role.code.size())][span.what] += span.cycles();
}

std::vector<RunAccount::Row> RunAccount::rows(size_t region) const {
  const Image &image = state->image;
  const Role &role = image.roles[image.regions[region].role];
  std::vector<sim::CodeName> names = sim::nameCode(role);
  names.push_back({"", "", "outside the code", false});
  std::vector<Row> rows;
  auto addTo = [](Row &row, const Counters &more) {
    for (unsigned i = 0; i < kNumActivities; ++i) {
      row.counters.cycles[i] += more.cycles[i];
    }
  };
  const State::RegionCount &count = state->counts[region];
  for (size_t task = 0; task < count.tasks.size(); ++task) {
    std::map<std::pair<std::string, std::string>, size_t> rowOf;
    const std::vector<Counters> &counters = count.tasks[task];
    for (uint32_t pc = 0; pc < counters.size(); ++pc) {
      if (!counters[pc].total()) {
        continue;
      }
      auto [at, isNew] = rowOf.emplace(
          std::make_pair(names[pc].label, names[pc].operation), rows.size());
      if (isNew) {
        rows.push_back({role.tasks[task].name,
                        names[pc].label,
                        names[pc].operation,
                        pc,
                        0,
                        {}});
      }
      Row &row = rows[at->second];
      ++row.instructions;
      addTo(row, counters[pc]);
    }
  }
  if (count.idle.total()) {
    rows.push_back({});
    addTo(rows.back(), count.idle);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) {
    return a.counters.total() > b.counters.total();
  });
  return rows;
}

uint64_t BusiestCore::busyCycles(const Counters &counters) {
  return counters.total() - counters[Activity::Idle] -
         counters[Activity::WaitWords] - counters[Activity::BackPressure];
}

BusiestCore wafer::findBusiest(const Engine &engine, const Region &region) {
  BusiestCore best;
  bool isFirst = true;
  for (int32_t y = region.rect.y; y < region.rect.endY(); ++y) {
    for (int32_t x = region.rect.x; x < region.rect.endX(); ++x) {
      Counters counters = engine.counters({x, y});
      if (isFirst || BusiestCore::busyCycles(counters) >
                         BusiestCore::busyCycles(best.counters)) {
        best = {{x, y}, counters};
        isFirst = false;
      }
    }
  }
  return best;
}
