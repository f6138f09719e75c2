// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Lookup.h - What an image says about one core -------------*- C++ -*-===//
//
// Questions about a single place, for dumps and messages. Each costs a walk
// over the regions or rules; engines and checkers that ask about every core
// build tables of their own.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_LOOKUP_H
#define WAFER_IMAGE_LOOKUP_H

#include "wafer/Image/Image.h"

#include <algorithm>
#include <vector>

namespace wafer {

/// The region that holds `core`, or nullptr.
const Region *findRegion(const Image &image, Coord core);

/// The core of the edge at which a port is.
Coord edgeCore(const HostPort &port, const Machine &machine);

/// Whether the words of `stream` come in or leave by `port`, which touches the
/// fabric at `edge`.
bool usesPort(const Stream &stream, const HostPort &port, Coord edge);

/// The index of the port by which the words of a stream come in or leave;
/// HostPort::kHost where there is none, as with streams between cores.
uint32_t portOf(const Image &image, const Machine &machine,
                const Stream &stream);

/// The config that `rule` gives to the router at `core`; kNoRoute where it
/// gives none (also outside its rectangle).
uint32_t configAt(const Rule &rule, Coord core);

/// A route of one color at one router.
struct RouteAt {
  uint32_t rule = 0;
  uint32_t config = 0;
};
/// All routes at `core`, by color and then by rule.
std::vector<RouteAt> findRoutes(const Image &image, Coord core);

/// The color that `binding` gives to its queue at a core of `region`;
/// kUnboundColor where the queue is unused.
uint16_t queueColor(const Region &region, const QueueBinding &binding,
                    Coord core);

/// Calls `body(begin, end, config)` for the routed runs of line `line` of a
/// rule, as offsets on the line. Linear in the runs of its class.
template <typename Body>
void forEachRun(const Rule &rule, int32_t line, Body body) {
  int64_t side = rule.axis == Axis::X ? rule.rect.w : rule.rect.h;
  int64_t at = int64_t(line) * rule.skew;
  for (const Run &run : rule.classes[size_t(line) % rule.classes.size()]) {
    int64_t begin = std::max<int64_t>(at, 0);
    int64_t end = std::min<int64_t>(at + run.count, side);
    if (run.config != kNoRoute && begin < end) {
      body(int32_t(begin), int32_t(end), run.config);
    }
    at += run.count;
  }
}

/// The place at `offset` of line `line` of a rectangle along `axis`.
inline Coord placeOn(const Rect &rect, Axis axis, int32_t line,
                     int32_t offset) {
  return axis == Axis::X ? Coord{rect.x + offset, rect.y + line}
                         : Coord{rect.x + line, rect.y + offset};
}

} // namespace wafer

#endif // WAFER_IMAGE_LOOKUP_H
