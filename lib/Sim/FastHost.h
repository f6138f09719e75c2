// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastHost.h - The host's ends of the edge links -----------*- C++ -*-===//
//
// Section 6 of the specification for the fast engine: the host, and crossings.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTHOST_H
#define WAFER_LIB_SIM_FASTHOST_H

#include "FastFabric.h"

#include <atomic>
#include <deque>
#include <map>

namespace wafer::fast {

class Host {
public:
  Host(Context &context, Fabric &fabric) : context(context), fabric(fabric) {}
  void load();

  /// The host hands over words in cycle `now`.
  void push(unsigned port, const uint32_t *words, size_t count, bool control,
            Cycle now);
  /// One edge link in one cycle, in a lane: at most one wavelet enters the
  /// wafer.
  void look(Context &lane, Fabric &fabric, uint32_t link, Cycle t);
  /// Whether a word can enter the wafer, now or later, if nobody else acts.
  bool canFeed() const;
  /// The router at `place` took a wavelet out of the buffer of its outer port.
  void freed(Context &lane, uint32_t place, Port side, Cycle t);
  /// The index of the output port where a wavelet leaves, or -1.
  int exitAt(uint32_t place, Port side, unsigned color) const;
  void leave(Context &lane, int port, Wavelet w, Cycle t);
  /// What left over crossings is on its way. All looks below some cycle are
  /// done, and none at or behind it.
  void cross() {
    if (someLeft.exchange(false, std::memory_order_relaxed)) {
      crossAll();
    }
  }
  /// Cycles from a look at a router to the first look that a word which left
  /// there can bring about on another wafer; kNever without crossings.
  Cycle crossingCycles() const;

  const std::vector<HostWord> &received(unsigned port) const {
    return ports[port].received;
  }
  /// The cycle in which word number `words` (from 1) arrives; kNever if it has
  /// not left the wafer.
  Cycle arrivalOf(unsigned port, uint64_t words) const;
  /// Appends how many words wait and came; false if some are on their way.
  bool describe(Cycle now, std::vector<uint64_t> &words) const;
  size_t numLinks() const { return links.size(); }
  uint32_t placeOf(size_t link) const { return links[link].place; }
  size_t waiting(unsigned port) const { return ports[port].waiting.size(); }

private:
  struct Waiting {
    Cycle from = 0;
    Wavelet wavelet;
  };
  struct PortState {
    std::deque<Waiting> waiting;
    std::vector<HostWord> received;
    uint32_t link = kNone;
    uint32_t channel = kNone;
    /// What left over a crossing; its own times are those of the looks.
    std::vector<Waiting> left;
  };
  /// An edge link; its input ports take turns.
  struct Link {
    uint32_t place = 0;
    Port side = Port::West;
    std::vector<unsigned> ports;
    unsigned next = 0;
  };

  void crossAll();

  Context &context;
  Fabric &fabric;
  std::vector<PortState> ports;
  std::vector<Link> links;
  std::map<std::pair<uint32_t, Port>, uint32_t> linkAt;
  /// Output ports of crossings.
  std::vector<unsigned> exits;
  /// By wafer: when the last word is out, in units of a word's time.
  std::vector<uint64_t> outBy;
  /// Set by lanes.
  std::atomic<bool> someLeft{false};
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTHOST_H
