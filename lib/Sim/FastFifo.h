// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastFifo.h - Queues of wavelets with times -----------------*- C++
//-*-===//
//
// A bounded FIFO whose slots carry times: a wavelet is usable from a cycle on,
// and a slot that it left is free from the cycle after. So whoever puts in or
// takes out may do so for a cycle that lies ahead, as long as nobody else does
// the same at that end: the other side sees what held at its own cycle.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTFIFO_H
#define WAFER_LIB_SIM_FASTFIFO_H

#include "Plan.h"

#include <cassert>
#include <memory>
#include <vector>

namespace wafer::fast {

using sim::kNone;

struct Wavelet {
  uint32_t payload = 0;
  bool control = false;
};

struct Slot {
  /// Full: usable from here. Empty: free from here.
  Cycle time;
  uint32_t payload;
  uint32_t control;
};

/// A header and, right behind it, its slots.
class Fifo {
public:
  bool empty() const { return count == 0; }
  unsigned size() const { return count; }
  bool full() const { return count == capacity; }
  const Slot &head() const { return slots()[first]; }
  /// The cycle from which the next wavelet can be put in; kNever while it
  /// depends on somebody who takes one out first.
  Cycle roomFrom() const {
    return count == capacity ? kNever : slots()[wrap(first + count)].time;
  }
  void push(Wavelet w, Cycle usableFrom) {
    assert(count < capacity && "pushed without asking for room");
    slots()[wrap(first + count)] = {usableFrom, w.payload, w.control};
    ++count;
  }
  Wavelet pop(Cycle t) {
    assert(count && "popped an empty queue");
    Slot &slot = slots()[first];
    slot.time = t + 1;
    first = uint16_t(wrap(first + 1u));
    --count;
    return {slot.payload, slot.control != 0};
  }

private:
  friend class FifoPool;
  unsigned wrap(unsigned i) const { return i >= capacity ? i - capacity : i; }
  Slot *slots() { return reinterpret_cast<Slot *>(this + 1); }
  const Slot *slots() const { return reinterpret_cast<const Slot *>(this + 1); }

  uint16_t capacity;
  uint16_t first;
  uint16_t count;
  uint16_t unused;
  uint64_t alsoUnused;
};
static_assert(sizeof(Fifo) == sizeof(Slot), "the pool counts in slots");

/// FIFOs are made when the first wavelet comes and never move.
class FifoPool {
public:
  Fifo *create(unsigned capacity) {
    uint32_t units = capacity + 1;
    if (chunks.empty() || used + units > kChunk) {
      // Zeros: every slot is free from cycle 0.
      chunks.emplace_back(new Slot[kChunk]());
      used = 0;
    }
    Fifo *fifo = reinterpret_cast<Fifo *>(&chunks.back()[used]);
    used += units;
    fifo->capacity = uint16_t(capacity);
    return fifo;
  }
  void clear() {
    chunks.clear();
    used = 0;
  }

private:
  static constexpr uint32_t kChunk = 1u << 14;
  std::vector<std::unique_ptr<Slot[]>> chunks;
  uint32_t used = 0;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTFIFO_H
