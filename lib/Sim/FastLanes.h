// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastLanes.h - A cycle on several threads -----------------*- C++ -*-===//
//
// In a cycle a look changes its own place and its direct neighbours only. So
// the rows of the grid (the columns, if the regions of the image lie on more of
// them) are classes, and what a row does in a cycle needs only what it and its
// neighbours did up to the cycle before. Where much happens, lanes therefore
// look at a window of some cycles at a time, and take a row through it before
// the next one: what the row needs stays in the caches.
//
//  cycle  rows of a strip, by the order in which they are looked at
//    t    1 2 4 7          A row goes first through a cycle, then its
//    t+1    3 5 8          neighbour on the left through the next one ...
//    t+2      6 9
//
// With several lanes the rows are cut into strips. First every strip goes
// through the window in one lane, but for a triangle at each border to another
// strip, which grows by a row and cycle: what the other strip would have to do
// before. Then the lanes meet, and go through the triangles.
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
                nullptr,
                {}},
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
  /// Cuts the grid into classes and strips, and says how many lanes an image
  /// has use for, at most `wanted`. `narrow`: strips as narrow as can be, and
  /// every cycle in windows.
  unsigned cut(const Image &image, const Grid &grid, unsigned wanted,
               bool narrow, Planned &planned);

  Lane &first() { return *lanes.front(); }
  const Lane &first() const { return *lanes.front(); }
  template <typename Fn>
  void forEach(Fn &&fn) {
    for (const std::unique_ptr<Lane> &lane : lanes) {
      fn(*lane);
    }
  }

  /// Windows get no longer than this.
  void limitWindow(Cycle cycles) { longest = std::min(longest, cycles); }

  /// The next cycle in which somebody is looked at.
  Cycle next() const;
  /// Everything that happens in cycle t, or in a window that begins with it,
  /// and what cores do ahead of it, below the bound of the first lane.
  void execute(Cycle t, Host &host);
  uint64_t looks() const;

private:
  /// A part of the classes, [first, end).
  struct Strip {
    unsigned first = 0;
    unsigned end = 0;
  };

  /// Looks at a class in the name of a lane.
  void lookAt(Lane &lane, unsigned classIndex, Cycle t);
  void lookAtStrip(Lane &lane, Strip strip, bool first, bool last);
  void lookAtBorder(Lane &lane, size_t strip);
  void share();
  void phases(unsigned lane);
  bool await(const std::atomic<uint64_t> &number, uint64_t target);
  void countUp(std::atomic<uint64_t> &number);
  void work(unsigned lane);
  void startThreads();
  /// Brings what the lanes found to the first one.
  void merge();

  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<Strip> strips;
  bool always = false; // windows, however little there is to do
  Cycle longest = 1;   // window
  // The window.
  Host *host = nullptr;
  Cycle begin = 0;
  Cycle end = 0;
  bool isCrowd = false;
  std::vector<std::thread> threads;
  /// A window that is shared has a number, from 1; lanes meet twice in it.
  alignas(64) std::atomic<uint64_t> shared{0};
  alignas(64) std::atomic<uint64_t> arrived{0};
  /// Strips, and borders before strips, that a lane has taken.
  alignas(64) std::atomic<size_t> nextStrip{0};
  alignas(64) std::atomic<size_t> nextBorder{0};
  std::mutex sleeping;
  std::condition_variable wakeUp;
  std::atomic<unsigned> sleepers{0};
  bool stopping = false;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTLANES_H
