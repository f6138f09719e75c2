// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- QueueBinding.h - The color of a queue, core by core ------*- C++ -*-===//
//
// A role names for each of its queues the streams that the queue may carry.
// Which one it is at a core follows from where those streams have a sink (input
// queue) or a source (output queue). An image wants the color as a constant or
// as a function of the column alone or of the row alone.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ROUTE_QUEUEBINDING_H
#define WAFER_ROUTE_QUEUEBINDING_H

#include "wafer/Image/Image.h"
#include "wafer/Route/RoutingProblem.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace wafer {

enum class QueueDirection : uint8_t { Input, Output };

/// Colors of a queue over a region; kUnboundColor where it carries nothing.
struct QueueColors {
  ParamSource::Kind kind = ParamSource::Kind::Constant;
  /// One value, or one for each row or column of the region.
  std::vector<uint16_t> values;

  uint16_t at(const Rect &region, Coord core) const;
};

/// Binds a queue of the cores of `region` to the listed streams. In the order
/// of preference: a constant, a function of the column, of the row; and if none
/// of them is exact, of the column and then of the row once more with a queue
/// that is bound also where it carries nothing. That is harmless only where no
/// other stream of the color has such an end; where one has, it is not done.
/// Fails where two listed streams meet at one core (a queue has one color), or
/// where the color is neither a function of the column nor of the row; with
/// `only`, where it is not one of that kind (or constant).
/// Cost: (columns + rows) * listed streams * their segments.
Result<QueueColors>
bindQueue(const RoutingProblem &problem, const std::vector<uint8_t> &colors,
          const Rect &region, const std::vector<unsigned> &ids,
          QueueDirection direction, std::optional<ParamSource::Kind> only = {});

} // namespace wafer

#endif // WAFER_ROUTE_QUEUEBINDING_H
