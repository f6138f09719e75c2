// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WaitGraph.h - What waits for what ------------------------*- C++ -*-===//
//
// The wait-for graph of a state, made node by node as somebody walks it. An
// edge leads from what waits to what it waits for:
//
//   Thread    a vector instruction: for words at its core (Need), or for room
//             behind its output queue (Wavelet)
//   Need      a router that has no word of a color: for the routers that should
//             send it one, in the end for the core (Sender)
//   Sender    the core whose output queue the color comes from: for its thread
//             that sends, else for whatever keeps the core (Thread, Idle)
//   Wavelet   the head of a FIFO of a router: for the FIFO that has no room
//             (Wavelet), or for the core (Consumer)
//   Consumer  a full input queue: for the thread that reads it, else for
//             whatever keeps the core
//   Idle      a core without a thread that waits: for the words that would
//             start one of its data tasks, if it has any
//
// A node with several edges waits for any of them. A node without an edge is
// the end of a chain: its lines say why nothing comes from there.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_WAITGRAPH_H
#define WAFER_LIB_SIM_WAITGRAPH_H

#include "StateView.h"

namespace wafer::sim {

struct WaitNode {
  enum class Kind : uint8_t { Thread, Need, Sender, Wavelet, Consumer, Idle };
  Kind kind = Kind::Thread;
  uint32_t place = 0;
  /// Thread: its index. Need, Sender, Consumer: the color. Wavelet: the color *
  /// kNumPorts + port.
  uint32_t detail = 0;
  /// Links between the one that needs words and this router; no part of what
  /// the node is.
  uint32_t hops = 0;
  /// The router is that of the core that needs the words.
  bool first = false;

  uint64_t key() const {
    return uint64_t(kind) << 56 | uint64_t(detail) << 32 | place;
  }
  unsigned color() const {
    return kind == Kind::Wavelet ? detail / kNumPorts : detail;
  }
  unsigned port() const { return detail % kNumPorts; }
};

class WaitGraph {
public:
  explicit WaitGraph(const StateView &state) : state(state) {}

  struct Node {
    /// Who it is, where that stands for itself (Thread, Sender).
    std::string title;
    /// What it waits for, or why it does not act.
    std::vector<std::string> lines;
    std::vector<WaitNode> next;
  };
  /// Without `text` only `next` is made.
  Node look(const WaitNode &node, bool text) const;

  /// The thread waits for words or for room.
  bool waits(uint32_t place, unsigned thread) const {
    return state.thread(place, thread).waits != ThreadView::Waits::No;
  }
  /// "(3, 0)"
  std::string at(uint32_t place) const;

private:
  void thread(const WaitNode &node, Node &out, bool text) const;
  void need(const WaitNode &node, Node &out, bool text) const;
  void fromPort(const WaitNode &node, unsigned port, Node &out,
                bool text) const;
  /// Who should send over an edge: the sender on another wafer becomes the next
  /// node; else a text.
  std::string overTheEdge(const WaitNode &node, Port side, Node &out) const;
  void sender(const WaitNode &node, Node &out, bool text) const;
  void wavelet(const WaitNode &node, Node &out, bool text) const;
  void consumer(const WaitNode &node, Node &out, bool text) const;
  void idle(const WaitNode &node, Node &out, bool text) const;
  /// What the core as a whole waits for, when none of its threads is the one
  /// that was asked for.
  WaitNode occupant(uint32_t place) const;
  std::string whyIdle(uint32_t place, const Task &task, unsigned index) const;
  const Role &roleAt(uint32_t place) const;
  /// The color that an input queue of the core is bound to, or kNone.
  uint32_t colorOfInput(uint32_t place, unsigned queue) const;

  const StateView &state;
};

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_WAITGRAPH_H
