// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Channels.h"

#include "wafer/Image/Lookup.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

Channels::Channels(const Image &image, const Machine &machine)
    : image(image), width(machine.width()) {
  size_t cells = size_t(machine.width()) * size_t(machine.height());
  regionOf.assign(cells, kNobody);
  inputs.assign(cells * kQueues, kNobody);
  outputs.assign(cells * kQueues, kNobody);
  for (uint32_t r = 0; r < image.regions.size(); ++r) {
    const Rect &rect = image.regions[r].rect;
    for (int32_t y = rect.y; y < rect.endY(); ++y) {
      for (int32_t x = rect.x; x < rect.endX(); ++x) {
        regionOf[cellOf({x, y})] = r;
      }
    }
  }
  for (const RouteConfig &c : image.configs) {
    if (c.numPositions > 1 || c.filter.kind != FilterKind::None) {
      refusal = "routes with switch positions or filters are not followed";
    }
  }
  // Else both ends of a crossing would pass for streams of the host, which
  // sends what is waited for.
  for (const HostPort &port : image.hostPorts) {
    if (port.crosses()) {
      refusal = "streams that cross between wafers are not followed";
    }
  }
  for (const StreamFamily &f : image.families) {
    addFamily(f);
  }
  for (const Stream &s : image.streams) {
    addStream(s);
  }
}

void Channels::tie(std::vector<uint32_t> &ends, bool input, uint32_t cell,
                   unsigned color, uint32_t stream) {
  if (regionOf[cell] == kNobody) {
    return;
  }
  const Region &region = image.regions[regionOf[cell]];
  Coord core = coordOf(cell);
  for (const QueueBinding &q : image.roles[region.role].queues) {
    if (q.input != input || q.queue >= kQueues ||
        queueColor(region, q, core) != color) {
      continue;
    }
    uint32_t &end = ends[size_t(cell) * kQueues + q.queue];
    if (end != kNobody) {
      refusal = fmt::format("two streams of color {} meet in core {},{}", color,
                            core.x, core.y);
    }
    end = stream;
  }
}

void Channels::addFamily(const StreamFamily &f) {
  int32_t lines = f.axis == Axis::X ? f.rect.h : f.rect.w;
  for (int32_t line = 0; line < lines; ++line) {
    for (const Segment &s : f.segments) {
      int32_t shift = line * f.skew;
      auto place = [&](int32_t offset) {
        return placeOn(f.rect, f.axis, line, offset + shift);
      };
      if (!contains(place(s.source))) {
        continue;
      }
      uint32_t index = uint32_t(all.size());
      Channel c;
      c.source = cellOf(place(s.source));
      c.sinkBegin = uint32_t(sinks.size());
      tie(outputs, false, c.source, f.color, index);
      for (int32_t o = s.sinkBegin; o < s.sinkEnd; ++o) {
        if (o != s.source && contains(place(o))) {
          sinks.push_back(cellOf(place(o)));
          tie(inputs, true, sinks.back(), f.color, index);
        }
      }
      c.sinkEnd = uint32_t(sinks.size());
      all.push_back(c);
    }
  }
}

// A stream from the host with one sink is free, however many words the sink
// takes. One with several is not: each word waits until all have room.
void Channels::addStream(const Stream &s) {
  uint32_t index = uint32_t(all.size());
  Channel c;
  c.sinkBegin = uint32_t(sinks.size());
  for (const Rect &rect : s.sinks) {
    for (int32_t y = rect.y; y < rect.endY() && !s.toHost; ++y) {
      for (int32_t x = rect.x; x < rect.endX(); ++x) {
        if (contains({x, y}) && (s.fromHost || Coord{x, y} != s.source)) {
          sinks.push_back(cellOf({x, y}));
        }
      }
    }
  }
  c.sinkEnd = uint32_t(sinks.size());
  bool isFree =
      s.toHost || s.paced || (s.fromHost && c.sinkEnd - c.sinkBegin == 1);
  if (!s.fromHost) {
    c.source = cellOf(s.source);
    tie(outputs, false, c.source, s.color, isFree ? kFree : index);
  }
  for (uint32_t i = c.sinkBegin; i < c.sinkEnd; ++i) {
    tie(inputs, true, sinks[i], s.color, isFree ? kFree : index);
  }
  all.push_back(c);
}
