// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastFifo.h - Queues of wavelets with times ---------------*- C++ -*-===//
//
// A bounded FIFO whose slots carry times: a wavelet is usable from a cycle on,
// and a slot that it left is free from the cycle after. So whoever puts in or
// takes out may do so for a cycle that lies ahead, as long as nobody else does
// the same at that end: the other side sees what held at its own cycle.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTFIFO_H
#define WAFER_LIB_SIM_FASTFIFO_H

#include "FastPages.h"
#include "Plan.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

namespace wafer::fast {

using sim::kNone;

struct Wavelet {
  uint32_t payload = 0;
  /// 0 or 1; as wide as the payload, so that both travel in one register.
  uint32_t control = 0;
};

/// Twelve bytes, so that a router's FIFO of four is one cache line.
class Slot {
public:
  /// Full: usable from here. Empty: free from here.
  Cycle time() const { return word() >> 1; }
  bool control() const { return word() & 1u; }
  uint32_t payload() const { return data; }
  Wavelet wavelet() const { return {data, uint32_t(word() & 1u)}; }
  void fill(Wavelet w, Cycle usableFrom) {
    data = w.payload;
    setWord(usableFrom << 1 | uint64_t(w.control));
  }
  void free(Cycle from) { setWord(from << 1); }

private:
  // One access of eight bytes, though they are aligned to four.
  uint64_t word() const {
    uint64_t bits;
    std::memcpy(&bits, halves, sizeof(bits));
    return bits;
  }
  void setWord(uint64_t bits) { std::memcpy(halves, &bits, sizeof(bits)); }
  uint32_t halves[2];
  uint32_t data;
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
    return count == capacity ? kNever : slots()[behind].time();
  }
  void push(Wavelet w, Cycle usableFrom) {
    assert(count < capacity && "pushed without asking for room");
    slots()[behind].fill(w, usableFrom);
    behind = after(behind);
    ++count;
  }
  /// Number i behind the head.
  const Slot &at(unsigned i) const {
    unsigned index = first + i;
    return slots()[index < capacity ? index : index - capacity];
  }
  /// What is usable behind `now` only becomes so `by` cycles later.
  void delay(Cycle now, Cycle by) {
    for (unsigned i = 0; i < count; ++i) {
      Slot &slot = const_cast<Slot &>(at(i));
      if (slot.time() > now) {
        slot.fill(slot.wavelet(), slot.time() + by);
      }
    }
  }
  Wavelet pop(Cycle t) {
    assert(count && "popped an empty queue");
    Slot &slot = slots()[first];
    Wavelet w = slot.wavelet();
    slot.free(t + 1);
    first = after(first);
    --count;
    return w;
  }

private:
  friend class FifoMaker;
  uint16_t after(unsigned i) const {
    return uint16_t(i + 1 == capacity ? 0 : i + 1);
  }
  Slot *slots() { return reinterpret_cast<Slot *>(this + 1); }
  const Slot *slots() const { return reinterpret_cast<const Slot *>(this + 1); }

  uint16_t capacity;
  uint16_t first;
  uint16_t count;
  uint16_t behind; // the slot behind the last wavelet
};

/// FIFOs by number, from 1; 0 is none. They are made when the first wavelet
/// comes and never move.
class FifoPool {
public:
  void clear() {
    chunks.clear();
    std::fill_n(starts.get(), kMaxChunks, nullptr);
  }

private:
  friend class FifoMaker;
  static constexpr size_t kLine = 64;
  struct alignas(kLine) Line {
    uint8_t bytes[kLine] = {};
  };
  static constexpr uint32_t kChunk = 1u << 15;
  static constexpr uint32_t kMaxChunks = 1u << 15;
  static_assert(sizeof(Fifo) + sim::kMaxFifoCapacity * sizeof(Slot) <=
                    kLine * (kChunk - 1),
                "the largest FIFO fits into a chunk");

  uint32_t addChunk() {
    std::lock_guard<std::mutex> guard(adding);
    uint32_t number = uint32_t(chunks.size());
    if (number == kMaxChunks) {
      throw std::bad_alloc();
    }
    // Zeros: every slot is free from cycle 0.
    chunks.emplace_back(kChunk);
    starts[number] = chunks.back().data();
    return number;
  }

  std::mutex adding;
  std::vector<LargeVector<Line>> chunks;
  /// Where they begin; room for all there can be, so that nothing moves while
  /// lanes add some.
  std::unique_ptr<Line *[]> starts{new Line *[kMaxChunks]()};
};

/// One lane's way to the pool: makes FIFOs in chunks of its own.
class FifoMaker {
public:
  explicit FifoMaker(FifoPool &pool) : pool(pool), starts(pool.starts.get()) {}
  uint32_t create(unsigned capacity) {
    size_t bytes = sizeof(Fifo) + capacity * sizeof(Slot);
    uint32_t lines = uint32_t((bytes + FifoPool::kLine - 1) / FifoPool::kLine);
    if (used + lines > FifoPool::kChunk) {
      chunk = pool.addChunk();
      used = chunk == 0 ? 1 : 0; // number 0 is none
    }
    uint32_t id = chunk * FifoPool::kChunk + used;
    used += lines;
    (*this)[id].capacity = uint16_t(capacity);
    return id;
  }
  Fifo &operator[](uint32_t id) {
    return *reinterpret_cast<Fifo *>(starts[id / FifoPool::kChunk] +
                                     id % FifoPool::kChunk);
  }
  void clear() { used = FifoPool::kChunk; }

private:
  FifoPool &pool;
  FifoPool::Line *const *starts;
  uint32_t chunk = 0;
  uint32_t used = FifoPool::kChunk;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTFIFO_H
