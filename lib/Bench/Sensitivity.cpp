// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Bench/Sensitivity.h"

#include <fmt/format.h>

using namespace wafer;

namespace {

class Variations {
public:
  explicit Variations(std::vector<Variation> &list) : list(list) {}

  /// A number of the parameter set or the machine.
  void number(const char *parameter, uint32_t base, uint32_t value,
              const char *reason,
              std::function<void(Machine &, ParameterSet &)> apply) {
    if (value != base) {
      list.push_back({parameter, fmt::format("{}", base),
                      fmt::format("{}", value), reason, std::move(apply)});
    }
  }

private:
  std::vector<Variation> &list;
};

} // namespace

std::vector<Variation> wafer::plausibleVariations(const Machine &machine,
                                                  const ParameterSet &costs) {
  std::vector<Variation> list;
  Variations add(list);
  struct Value {
    uint32_t value;
    const char *reason;
  };
  for (Value v : {Value{0, "free: a bound"},
                  Value{6, "a multiply-add loop of a WSE-2 "
                           "simulation"},
                  Value{17, "line multicast on CS-3"},
                  Value{35, "one instruction between two clock readings"}}) {
    add.number("vectorStart", costs.vectorStart, v.value, v.reason,
               [v](Machine &, ParameterSet &p) { p.vectorStart = v.value; });
  }
  for (Value v : {Value{0, "free: a bound"}, Value{10, "assumed"},
                  Value{43, "a data task for each word on CS-3"}}) {
    add.number("taskStart", costs.taskStart, v.value, v.reason,
               [v](Machine &, ParameterSet &p) { p.taskStart = v.value; });
  }
  struct Rate {
    uint32_t words, cycles;
    const char *reason;
  };
  for (Rate r :
       {Rate{1, 1, "the rate of a link"}, Rate{8, 9, "line multicast, CS-3"}}) {
    if (r.words * costs.sendCycles != r.cycles * costs.sendWords) {
      list.push_back({"sendWords/sendCycles",
                      fmt::format("{}/{}", costs.sendWords, costs.sendCycles),
                      fmt::format("{}/{}", r.words, r.cycles), r.reason,
                      [r](Machine &, ParameterSet &p) {
                        p.sendWords = r.words;
                        p.sendCycles = r.cycles;
                      }});
    }
  }
  for (Value v : {Value{1, "one register stage"}, Value{2, "chain reductions"},
                  Value{7, "earlier papers"}}) {
    add.number("rampCycles", machine.rampCycles, v.value, v.reason,
               [v](Machine &m, ParameterSet &) { m.rampCycles = v.value; });
  }
  for (Value v : {Value{2, "the least for full rate"}, Value{8, "twice"}}) {
    add.number(
        "routerBufferDepth", machine.routerBufferDepth, v.value, v.reason,
        [v](Machine &m, ParameterSet &) { m.routerBufferDepth = v.value; });
  }
  list.push_back({"lanes", "table", "half",
                  "short vectors that do not fill the lanes",
                  [](Machine &m, ParameterSet &) {
                    for (auto &entry : m.lanes) {
                      entry.second = (entry.second + 1) / 2;
                    }
                  }});
  for (Value v : {Value{1, "one cycle"}, Value{8, "twice"}}) {
    add.number("dsrLoad", costs.dsrLoad, v.value, v.reason,
               [v](Machine &, ParameterSet &p) { p.dsrLoad = v.value; });
  }
  return list;
}

Result<SensitivityTable>
wafer::runSensitivity(const Machine &machine, const ParameterSet &costs,
                      const Headline &headline,
                      const std::function<void(size_t, size_t)> &progress) {
  SensitivityTable table;
  std::vector<Variation> variations = plausibleVariations(machine, costs);
  Result<uint64_t> base = headline(machine, costs);
  if (!base) {
    return base.takeError();
  }
  table.baseCycles = *base;
  for (Variation &variation : variations) {
    if (progress) {
      progress(table.lines.size() + 1, variations.size() + 1);
    }
    Machine changed = machine;
    ParameterSet changedCosts = costs;
    variation.apply(changed, changedCosts);
    Result<uint64_t> cycles = headline(changed, changedCosts);
    if (!cycles) {
      return cycles.takeError();
    }
    table.lines.push_back({std::move(variation), *cycles});
  }
  return table;
}
