// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceFifo.h - Queues of wavelets ---------------------*- C++ -*-===//
//
// Router buffers, input queues and output queues are one thing: a bounded FIFO
// whose entries become usable some cycles after they were put in.
//
// "Room" is decided on the occupancy at the start of the cycle. A FIFO is put
// into by one place only, at most once a cycle and after it asked for room; so
// the occupancy at the start of cycle t is what is in now plus what was taken
// out during t, whoever was looked at first.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_REFERENCEFIFO_H
#define WAFER_LIB_SIM_REFERENCEFIFO_H

#include "Plan.h"

#include <cassert>
#include <memory>
#include <vector>

namespace wafer::reference {

using sim::kNone;

struct Wavelet {
  uint32_t payload = 0;
  bool control = false;
};

struct FifoSlot {
  Cycle usableFrom = 0;
  uint32_t payload = 0;
  uint32_t control = 0;
};

class Fifo {
public:
  bool empty() const { return count == 0; }
  unsigned size() const { return count; }
  const FifoSlot &head() const { return slots[first]; }
  const FifoSlot &at(unsigned i) const { return slots[wrap(first + i)]; }
  /// There is a wavelet at the head that can be used in cycle t.
  bool usable(Cycle t) const { return count && head().usableFrom <= t; }
  bool hasRoom(Cycle t) const {
    return count + (poppedIn == t ? pops : 0u) < capacity;
  }
  /// No room now, whatever it was at the start of the cycle.
  bool full() const { return count >= capacity; }

  void push(Wavelet w, Cycle usableFrom) {
    assert(count < capacity && "pushed without asking for room");
    slots[wrap(first + count)] = {usableFrom, w.payload, w.control};
    ++count;
  }
  Wavelet pop(Cycle t) {
    assert(count && "popped an empty queue");
    Wavelet w{slots[first].payload, slots[first].control != 0};
    first = uint16_t(wrap(first + 1u));
    --count;
    pops = uint16_t(poppedIn == t ? pops + 1 : 1);
    poppedIn = t;
    return w;
  }

private:
  friend class FifoPool;
  unsigned wrap(unsigned i) const { return i >= capacity ? i - capacity : i; }

  FifoSlot *slots = nullptr;
  Cycle poppedIn = kNever;
  uint16_t capacity = 0;
  uint16_t first = 0;
  uint16_t count = 0;
  uint16_t pops = 0;
};

/// FIFOs by number, made when the first wavelet comes and never moved.
class FifoPool {
public:
  static constexpr unsigned kMaxCapacity = sim::kMaxFifoCapacity;

  uint32_t create(unsigned capacity) {
    assert(capacity > 0 && capacity <= kMaxCapacity);
    if (used % kChunk == 0) {
      fifos.push_back(std::make_unique<Fifo[]>(kChunk));
    }
    if (slotChunks.empty() || slotsUsed + capacity > kSlotChunk) {
      slotChunks.push_back(std::make_unique<FifoSlot[]>(kSlotChunk));
      slotsUsed = 0;
    }
    Fifo &fifo = fifos.back()[used % kChunk];
    fifo.slots = &slotChunks.back()[slotsUsed];
    fifo.capacity = uint16_t(capacity);
    slotsUsed += capacity;
    return used++;
  }
  Fifo &operator[](uint32_t id) { return fifos[id / kChunk][id % kChunk]; }
  const Fifo &operator[](uint32_t id) const {
    return fifos[id / kChunk][id % kChunk];
  }

private:
  static constexpr uint32_t kChunk = 1024;
  static constexpr uint32_t kSlotChunk = 8192;
  std::vector<std::unique_ptr<Fifo[]>> fifos;
  std::vector<std::unique_ptr<FifoSlot[]>> slotChunks;
  uint32_t used = 0;
  uint32_t slotsUsed = 0;
};

} // namespace wafer::reference

#endif // WAFER_LIB_SIM_REFERENCEFIFO_H
