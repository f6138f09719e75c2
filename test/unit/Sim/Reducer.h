// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Reducer.h - Steps of a reduction -------------------------*- C++ -*-===//
//
// The state of reduceCase(), and its passes. A pass tries steps on a copy of
// the best case so far.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_SIM_REDUCER_H
#define WAFER_TEST_UNIT_SIM_REDUCER_H

#include "ReduceCase.h"
#include "wafer/Image/Validate.h"

#include <chrono>

namespace wafer::test {

class Reducer {
public:
  Reducer(const RandomCase &test, const CaseTest &shows, double seconds)
      : shows(shows), end(std::chrono::steady_clock::now() +
                          std::chrono::microseconds(uint64_t(seconds * 1e6))) {
    out.test = test;
  }
  ReducedCase run();

private:
  RandomCase &best() { return out.test; }
  Image &image() { return out.test.image; }
  bool timeIsUp() const { return std::chrono::steady_clock::now() >= end; }

  /// Takes a step, which changes the case, if it passes validate() and still
  /// shows what is looked for.
  template <typename Edit>
  bool attempt(const Edit &edit);
  /// Removes ranges of `count(case)` things, all of them at first, then ever
  /// smaller ones.
  template <typename Count, typename Remove>
  void removeRanges(const Count &count, const Remove &remove);
  /// Takes from the end of something of `size(case)` parts, and from its
  /// beginning if asked to; `keep(case, begin, end)` leaves the rest, which has
  /// at least `least` parts.
  template <typename Size, typename Keep>
  void trim(const Size &size, const Keep &keep, size_t least, bool bothEnds);
  /// removeRanges for a list that nothing refers to.
  template <typename Find>
  void removeItems(const Find &find);
  /// Lowers the number that `find(case)` refers to as far as it goes, by halves
  /// of what is left.
  template <typename Find>
  void lower(const Find &find, uint64_t least);
  /// Makes it `value`, where it is another.
  template <typename Find, typename T>
  void setTo(const Find &find, const T &value);

  // ReduceCase.cpp
  void reduceHost();
  void reduceGrid();
  void reduceMachine();
  void reduceData();
  // ReduceFabric.cpp
  void reduceRectangles();
  template <typename RectOf, typename Crop, typename Split>
  void reduceRectangle(const RectOf &rectOf, const Crop &crop,
                       const Split &split, bool whole);
  void reduceConfig(size_t config);
  void reduceFabric();
  // ReduceRoles.cpp
  void reduceRoles();
  void reduceCode(size_t role);
  void reduceInstruction(size_t role, size_t index);
  void reduceTasks(size_t role);
  void reduceParams(size_t role);
  void reduceTables();

  const CaseTest &shows;
  std::chrono::steady_clock::time_point end;
  ReducedCase out;
};

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

template <typename Edit>
bool Reducer::attempt(const Edit &edit) {
  if (timeIsUp()) {
    return false;
  }
  RandomCase candidate = out.test;
  edit(candidate);
  if (!validate(candidate.image, candidate.machine)) {
    return false;
  }
  ++out.tried;
  if (!shows(candidate)) {
    return false;
  }
  ++out.kept;
  out.test = std::move(candidate);
  return true;
}

template <typename Count, typename Remove>
void Reducer::removeRanges(const Count &count, const Remove &remove) {
  for (size_t length = count(best()); length > 0; length /= 2) {
    // From the end, where what is removed is referred to least.
    for (size_t last = count(best()); last > 0;) {
      size_t first = last > length ? last - length : 0;
      attempt([&](RandomCase &c) { remove(c, first, last); });
      last = first;
    }
  }
}

template <typename Size, typename Keep>
void Reducer::trim(const Size &size, const Keep &keep, size_t least,
                   bool bothEnds) {
  for (size_t length = size(best()); length > 0; length /= 2) {
    for (bool begin : {false, true}) {
      auto step = [&] {
        size_t all = size(best());
        return (!begin || bothEnds) && all >= least + length &&
               attempt([&](RandomCase &c) {
                 keep(c, begin ? length : 0, begin ? all : all - length);
               });
      };
      while (step()) {
      }
    }
  }
}

template <typename Find>
void Reducer::removeItems(const Find &find) {
  removeRanges([&](RandomCase &c) { return find(c).size(); },
               [&](RandomCase &c, size_t first, size_t last) {
                 auto &list = find(c);
                 list.erase(list.begin() + long(first),
                            list.begin() + long(last));
               });
}

template <typename Find>
void Reducer::lower(const Find &find, uint64_t least) {
  using T = std::decay_t<decltype(find(best()))>;
  auto step = [&](uint64_t distance) {
    uint64_t value = uint64_t(find(best()));
    return value >= least + distance &&
           attempt([&](RandomCase &c) { find(c) = T(value - distance); });
  };
  uint64_t value = uint64_t(find(best()));
  if (value <= least || step(value - least)) {
    return;
  }
  for (uint64_t distance = (value - least) / 2; distance; distance /= 2) {
    while (step(distance)) {
    }
  }
}

template <typename Find, typename T>
void Reducer::setTo(const Find &find, const T &value) {
  if (!(find(best()) == value)) {
    attempt([&](RandomCase &c) { find(c) = value; });
  }
}

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_REDUCER_H
