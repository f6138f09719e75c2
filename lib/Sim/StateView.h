// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StateView.h - The state of an engine for a report --------*- C++ -*-===//
//
// Who waits for what is asked of an engine's state at the present cycle, and
// said in the same words whatever the engine keeps its state in.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_STATEVIEW_H
#define WAFER_LIB_SIM_STATEVIEW_H

#include "Plan.h"

namespace wafer::sim {

/// FIFOs 0 to 3 of a channel are the router's input ports, then come the
/// output queue (the ramp towards the router) and the input queue of the core.
inline constexpr unsigned kOutputQueue = unsigned(Port::Ramp);
inline constexpr unsigned kInputQueue = 5;
inline constexpr unsigned kNumFifos = 6;

/// The vector instruction of a thread that waits for words or room.
struct ThreadView {
  enum class Waits : uint8_t { No, Words, Room };
  Waits waits = Waits::No;
  uint32_t pc = 0;
  int32_t issuedBy = -1; // task
  uint32_t done = 0;
  uint32_t length = 0;
  /// Queues and their colors; color kNone where it has no such operand.
  struct Queue {
    unsigned queue = 0;
    uint32_t color = kNone;
  };
  Queue in, out;
};

/// The main thread and the tasks of a core.
struct CoreView {
  int32_t task = -1; // -1: none
  uint32_t pc = 0;
  uint64_t active = 0;
  uint64_t blocked = 0;
};

struct ChannelView {
  /// nullptr: no route (or no channel at all).
  const RouteConfig *config = nullptr;
  uint8_t position = 0;
  /// Bit p: there are wavelets at port p.
  uint8_t occupied = 0;
  uint8_t inputQueue = kUnbound;
  uint8_t outputQueue = kUnbound;
};

struct FifoView {
  unsigned size = 0;
  bool headIsControl = false;
};

class StateView {
public:
  StateView(const Image &image, const ProgramPlan &plan, const Grid &grid)
      : image(image), plan(plan), grid(grid) {}
  virtual ~StateView() = default;

  /// Threads that may run something; 0 while nobody looked at the core.
  virtual unsigned numThreads(uint32_t place) const = 0;
  virtual ThreadView thread(uint32_t place, unsigned index) const = 0;
  virtual CoreView core(uint32_t place) const = 0;
  virtual ChannelView channel(uint32_t place, unsigned color) const = 0;
  virtual FifoView fifo(uint32_t place, unsigned color,
                        unsigned index) const = 0;
  /// Bit c: the router holds wavelets of color c.
  virtual uint32_t pendingColors(uint32_t place) const = 0;
  /// The first port that has no room for the wavelet that is due, kNumPorts if
  /// it moves on or none is due.
  virtual unsigned blockedPort(uint32_t place, unsigned color) const = 0;
  /// Words of the host that no router has taken.
  virtual size_t waitingAtHost(unsigned port) const = 0;

  const Image &image;
  const ProgramPlan &plan;
  const Grid &grid;
};

/// The text of Engine::waitReport. `isOver`: nothing can happen any more, so
/// what is left over is named too.
std::string waitReport(const StateView &state, bool isOver);

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_STATEVIEW_H
