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

#include <vector>

namespace wafer {

/// The region that holds `core`, or nullptr.
const Region *findRegion(const Image &image, Coord core);

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

} // namespace wafer

#endif // WAFER_IMAGE_LOOKUP_H
