// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastLanes.h - A cycle on several threads -----------------*- C++ -*-===//
//
// The rows of the grid are cut into strips (the columns, if the regions of the
// image lie on more of them). In a cycle a look changes its own place and its
// direct neighbours only. So a cycle has two phases: first all places that have
// no neighbour in another strip, every strip in one lane; then, strip border by
// strip border, those that do. Strips are at least four rows high, so two
// borders have no place in common either. Between the phases all lanes wait for
// each other.
//
// A place has a class: the lane that looks at it, times two, plus the phase.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTLANES_H
#define WAFER_LIB_SIM_FASTLANES_H

#include "FastCore.h"
#include "FastHost.h"

#include <atomic>
#include <condition_variable>
#include <thread>

namespace wafer::fast {

/// A thread's contexts and hands.
struct Lane {
  Lane(const Image &image, const Machine &machine, const ParameterSet &costs,
       Planned &planned, FifoPool &fifos, FabricState &fabricState, Host &host,
       CoreTables &tables)
      : context{image,
                machine,
                costs,
                Grid(machine),
                Schedule(planned),
                FifoMaker(fifos),
                {},
                0,
                0,
                0,
                0,
                false},
        fabric(context, fabricState, host), cores(context, fabric, tables) {}

  Context context;
  Fabric fabric;
  Cores cores;
  std::vector<uint32_t> due;
  uint64_t looks = 0;
};

class Lanes {
public:
  static constexpr unsigned kMaxLanes = 64;

  Lanes() = default;
  ~Lanes();
  Lanes(const Lanes &) = delete;
  Lanes &operator=(const Lanes &) = delete;

  /// Adds the lanes; the first one is that of the caller.
  template <typename... Args>
  void add(unsigned count, Args &&...args) {
    for (unsigned i = 0; i < count; ++i) {
      lanes.push_back(std::make_unique<Lane>(args...));
    }
  }
  /// How many lanes an image has use for, at most `wanted`.
  static unsigned useful(const Image &image, unsigned wanted);
  /// Gives every place its class.
  /// `narrow`: in the narrowest strips.
  static void classify(const Image &image, const Grid &grid, unsigned numLanes,
                       bool narrow, Planned &planned);

  /// Share every cycle.
  bool shareAlways = false;

  Lane &first() { return *lanes.front(); }
  const Lane &first() const { return *lanes.front(); }
  template <typename Fn>
  void forEach(Fn &&fn) {
    for (const std::unique_ptr<Lane> &lane : lanes) {
      fn(*lane);
    }
  }

  /// The next cycle in which somebody is looked at.
  Cycle next() const;
  /// Everything that happens in cycle t, and what cores do ahead of it, below
  /// the bound of the first lane.
  void execute(Cycle t, Host &host);
  uint64_t looks() const;

private:
  void lookAtLinks(Cycle t, Host &host);
  /// Looks at a class in the name of a lane.
  void lookAt(Lane &lane, unsigned classIndex, Cycle t);
  bool isWorthSharing();
  void share(Cycle t);
  void phases(unsigned lane);
  void meet(uint64_t target);
  void work(unsigned lane);
  void startThreads();
  /// Brings what the lanes found to the first one.
  void merge();

  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<std::thread> threads;
  /// A cycle that is shared has a number, from 1; lanes meet twice in it.
  alignas(64) std::atomic<uint64_t> shared{0};
  alignas(64) std::atomic<uint64_t> arrived{0};
  Cycle cycle = 0;
  std::mutex sleeping;
  std::condition_variable wakeUp;
  std::atomic<unsigned> sleepers{0};
  bool stopping = false;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTLANES_H
