// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastHost.h - The host's ends of the edge links -----------*- C++ -*-===//
//
// Section 6 of the specification for the fast engine.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTHOST_H
#define WAFER_LIB_SIM_FASTHOST_H

#include "FastFabric.h"

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

  const std::vector<HostWord> &received(unsigned port) const {
    return ports[port].received;
  }
  /// The cycle in which word number `words` (from 1) arrives; kNever if it has
  /// not left the wafer.
  Cycle arrivalOf(unsigned port, uint64_t words) const;
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
  };
  /// An edge link; its input ports take turns.
  struct Link {
    uint32_t place = 0;
    Port side = Port::West;
    std::vector<unsigned> ports;
    unsigned next = 0;
  };

  Context &context;
  Fabric &fabric;
  std::vector<PortState> ports;
  std::vector<Link> links;
  std::map<std::pair<uint32_t, Port>, uint32_t> linkAt;
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTHOST_H
