// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceHost.h - The host's ends of the edge links ------*- C++ -*-===//
//
// Section 6 of the specification: the host, and crossings.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_REFERENCEHOST_H
#define WAFER_LIB_SIM_REFERENCEHOST_H

#include "ReferenceRouter.h"

#include <deque>

namespace wafer::reference {

class Host {
public:
  Host(Context &context, Fabric &fabric) : context(context), fabric(fabric) {}

  Status load();

  /// The host hands over words in cycle `now`.
  void push(unsigned port, const uint32_t *words, size_t count, bool control,
            Cycle now);
  /// One edge link in one cycle: at most one wavelet enters the wafer.
  void look(uint32_t link, Cycle t);
  /// Whether a word can enter the wafer, now or later, if nobody else does
  /// anything.
  bool canFeed() const;
  /// The router at `place` took a wavelet out of the buffer of its outer port.
  void freed(uint32_t place, Port port, Cycle t);

  /// The index of the output port where a wavelet leaves, or -1.
  int exitAt(uint32_t place, Port port, unsigned color) const;
  void leave(int port, Wavelet w, Cycle t);
  /// What left over crossings in cycle t is on its way, once all routers were
  /// looked at.
  void cross(Cycle t);

  const std::vector<HostWord> &received(unsigned port) const {
    return ports[port].received;
  }
  /// The cycle in which word number `words` (from 1) arrives; kNever if it has
  /// not left the wafer.
  Cycle arrivalOf(unsigned port, uint64_t words) const;
  /// Words that no router has taken yet.
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
  };
  /// An edge link; its ports take turns.
  struct Link {
    uint32_t place = 0;
    Port side = Port::West;
    std::vector<unsigned> ports;
    unsigned next = 0;
  };
  /// What leaves over a crossing in this cycle.
  struct Leaving {
    unsigned port = 0;
    Wavelet wavelet;
  };
  uint32_t linkAt(uint32_t place, Port side) const;

  Context &context;
  Fabric &fabric;
  std::vector<PortState> ports;
  std::vector<Link> links;
  std::vector<Leaving> leaving;
  /// By wafer: when the last word is out, in units of a word's time.
  std::vector<uint64_t> outBy;
};

} // namespace wafer::reference

#endif // WAFER_LIB_SIM_REFERENCEHOST_H
