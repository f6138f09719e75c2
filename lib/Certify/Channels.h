// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Channels.h - Who is behind each queue (internal) ---------*- C++ -*-===//
//
// Every declared stream of an image with its source and sinks, and for each
// queue of each core the stream that it is an end of. Two streams that a
// crossing joins are one.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_CHANNELS_H
#define WAFER_LIB_CERTIFY_CHANNELS_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace wafer::certifier {

inline constexpr uint32_t kNobody = 0xffffffff;
/// The other end is never in the way: nobody waits for words of the stream.
inline constexpr uint32_t kFree = 0xfffffffe;
inline constexpr unsigned kQueues = 8;
/// Colors of a valid image are below.
inline constexpr unsigned kColors = 32;

struct Channel {
  /// kNobody: the host.
  uint32_t source = kNobody;
  uint32_t sinkBegin = 0;
  uint32_t sinkEnd = 0;

  /// At least 1: what nobody takes never goes.
  uint32_t sinkCount() const { return std::max(sinkEnd - sinkBegin, 1u); }
};

class Channels {
public:
  Channels(const Image &image, const Machine &machine);

  uint32_t cellOf(Coord c) const {
    return uint32_t(c.y) * uint32_t(width) + uint32_t(c.x);
  }
  Coord coordOf(uint32_t cell) const {
    return {int32_t(cell) % width, int32_t(cell) / width};
  }
  size_t cells() const { return regionOf.size(); }
  const Role &roleOf(uint32_t cell) const {
    return image.roles[image.regions[regionOf[cell]].role];
  }
  uint16_t paramAt(uint32_t cell, uint32_t param) const {
    return Image::paramAt(image.regions[regionOf[cell]],
                          roleOf(cell).params[param], coordOf(cell));
  }
  /// A stream, kFree or kNobody.
  uint32_t into(uint32_t cell, unsigned queue) const {
    return inputs[size_t(cell) * kQueues + queue];
  }
  uint32_t outOf(uint32_t cell, unsigned queue) const {
    return outputs[size_t(cell) * kQueues + queue];
  }

  const Image &image;
  const int32_t width;
  std::vector<Channel> all;
  std::vector<uint32_t> sinks;
  /// By cell: index of its region, or kNobody.
  std::vector<uint32_t> regionOf;
  /// Why the streams are not those of a Kahn network; empty if they are.
  std::string refusal;

private:
  bool contains(Coord c) const {
    return c.x >= 0 && c.x < width && c.y >= 0 &&
           size_t(c.y) * size_t(width) + size_t(c.x) < cells();
  }
  /// Marks the queue of `color`, if there is one, as an end of `stream`.
  void tie(std::vector<uint32_t> &ends, bool input, uint32_t cell,
           unsigned color, uint32_t stream);
  void findBindings();
  void addFamily(const StreamFamily &family);
  void addStream(const Stream &stream);
  /// Finds the streams that go on on another wafer.
  void findCrossings(const Machine &machine);

  /// By stream that leaves a wafer: where it goes on; and those.
  std::map<const Stream *, const Stream *> continuations;
  std::set<const Stream *> isContinuation;
  /// By region, input or output, and color.
  std::vector<std::vector<const QueueBinding *>> bindings;
  std::vector<uint32_t> inputs;
  std::vector<uint32_t> outputs;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_CHANNELS_H
