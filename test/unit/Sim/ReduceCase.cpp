// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ReduceCase.h"
#include "EditImage.h"
#include "Reducer.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::test;

//===----------------------------------------------------------------------===//
// What the host does
//===----------------------------------------------------------------------===//

void Reducer::reduceHost() {
  removeRanges([](RandomCase &c) { return c.rounds.size(); }, removeRounds);
  for (size_t r = best().rounds.size(); r-- > 1;) {
    attempt([=](RandomCase &c) { joinRounds(c, r - 1); });
  }
  removeItems([](RandomCase &c) -> auto & { return c.pushes; });
  removeRanges([](RandomCase &c) { return c.image.hostPorts.size(); },
               removeHostPorts);
  for (size_t r = 0; r < best().rounds.size(); ++r) {
    removeItems([=](RandomCase &c) -> auto & { return c.rounds[r].goals; });
    lower([=](RandomCase &c) -> auto & { return c.rounds[r].cycles; }, 1);
    for (size_t g = 0; g < best().rounds[r].goals.size(); ++g) {
      auto goal = [=](RandomCase &c) -> HostGoal & {
        return c.rounds[r].goals[g];
      };
      lower([&](RandomCase &c) -> auto & { return goal(c).words; }, 1);
      setTo([&](RandomCase &c) -> auto & { return goal(c).atEdge; }, false);
    }
  }
  for (size_t p = 0; p < best().pushes.size(); ++p) {
    auto push = [=](RandomCase &c) -> RandomPush & { return c.pushes[p]; };
    removeItems([&](RandomCase &c) -> auto & { return push(c).words; });
    setTo([&](RandomCase &c) -> auto & { return push(c).control; }, false);
    lower([&](RandomCase &c) -> auto & { return push(c).round; }, 0);
    for (size_t w = 0; w < best().pushes[p].words.size(); ++w) {
      lower([&](RandomCase &c) -> auto & { return push(c).words[w]; }, 0);
    }
  }
}

//===----------------------------------------------------------------------===//
// The machine
//===----------------------------------------------------------------------===//

void Reducer::reduceGrid() {
  trim([](RandomCase &c) { return size_t(c.machine.width()); },
       [](RandomCase &c, size_t begin, size_t end) {
         cropGrid(
             c, {int32_t(begin), 0, int32_t(end - begin), c.machine.height()});
       },
       1, true);
  trim([](RandomCase &c) { return size_t(c.machine.height()); },
       [](RandomCase &c, size_t begin, size_t end) {
         cropGrid(c,
                  {0, int32_t(begin), c.machine.width(), int32_t(end - begin)});
       },
       1, true);
}

void Reducer::reduceMachine() {
  ParameterSet plain;
  uint32_t ParameterSet::*const kCosts[] = {
      &ParameterSet::vectorStart, &ParameterSet::taskStart,
      &ParameterSet::alu,         &ParameterSet::multiply,
      &ParameterSet::fp,          &ParameterSet::load,
      &ParameterSet::store,       &ParameterSet::branch,
      &ParameterSet::taskControl, &ParameterSet::readClock,
      &ParameterSet::dsrLoad,     &ParameterSet::dsrSet,
      &ParameterSet::fpDivide};
  for (uint32_t ParameterSet::*cost : kCosts) {
    auto find = [=](RandomCase &c) -> auto & { return c.costs.*cost; };
    setTo(find, plain.*cost);
    lower(find, std::min(plain.*cost, best().costs.*cost));
  }
  if (best().costs.sendCycles != plain.sendCycles ||
      best().costs.sendWords != plain.sendWords) {
    attempt([&](RandomCase &c) {
      c.costs.sendCycles = plain.sendCycles;
      c.costs.sendWords = plain.sendWords;
    });
  }
  Machine usual;
  setTo([](RandomCase &c) -> auto & { return c.machine.hopCycles; },
        usual.hopCycles);
  setTo([](RandomCase &c) -> auto & { return c.machine.rampCycles; },
        usual.rampCycles);
  setTo([](RandomCase &c) -> auto & { return c.machine.routerBufferDepth; },
        usual.routerBufferDepth);
  lower([](RandomCase &c) -> auto & { return c.machine.host.latencyCycles; },
        0);
  if (!best().machine.lanes.empty()) {
    attempt([](RandomCase &c) { c.machine.lanes.clear(); });
  }
}

void Reducer::reduceData() {
  removeItems([](RandomCase &c) -> auto & { return c.image.initData; });
  for (size_t i = 0; i < image().initData.size(); ++i) {
    for (uint64_t length = image().initData[i].size; length; length /= 2) {
      for (uint64_t at = 0; at < image().initData[i].size; at += length) {
        const InitData &init = image().initData[i];
        uint64_t last = std::min(init.size, at + length);
        bool clear = std::all_of(init.data + at, init.data + last,
                                 [](uint8_t byte) { return byte == 0; });
        if (!clear) {
          attempt([&](RandomCase &c) { clearData(c.image, i, at, last); });
        }
      }
    }
    RandomCase copy = best();
    if (trimData(copy.image, i)) {
      attempt([&](RandomCase &c) { trimData(c.image, i); });
    }
  }
}

//===----------------------------------------------------------------------===//
// All passes
//===----------------------------------------------------------------------===//

ReducedCase Reducer::run() {
  uint64_t before = 0;
  do {
    before = out.kept;
    // Coarse parts first: what they leave is less to look at.
    reduceRectangles();
    reduceHost();
    reduceFabric();
    reduceRoles();
    reduceTables();
    reduceData();
    reduceGrid();
    reduceMachine();
  } while (out.kept != before && !timeIsUp());
  out.minimal = !timeIsUp();
  return std::move(out);
}

ReducedCase wafer::test::reduceCase(const RandomCase &test,
                                    const CaseTest &shows, double seconds) {
  return Reducer(test, shows, seconds).run();
}
