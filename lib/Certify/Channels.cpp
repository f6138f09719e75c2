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
  findBindings();
  for (const RouteConfig &c : image.configs) {
    if (c.numPositions > 1 || c.filter.kind != FilterKind::None) {
      refusal = "routes with switch positions or filters are not followed";
    }
  }
  for (const StreamFamily &f : image.families) {
    addFamily(f);
  }
  findCrossings(machine);
  for (const Stream &s : image.streams) {
    addStream(s);
  }
}

/// Which queues may be bound to a color, so that only those are asked at each
/// core.
void Channels::findBindings() {
  bindings.resize(image.regions.size() * 2 * kColors);
  for (uint32_t r = 0; r < image.regions.size(); ++r) {
    const Region &region = image.regions[r];
    for (const QueueBinding &q : image.roles[region.role].queues) {
      if (q.queue >= kQueues) {
        continue;
      }
      std::vector<uint16_t> colors = {q.color.value};
      if (q.color.kind == ParamSource::Kind::Row) {
        colors = region.rowTables[q.color.value];
      } else if (q.color.kind == ParamSource::Kind::Column) {
        colors = region.columnTables[q.color.value];
      }
      std::sort(colors.begin(), colors.end());
      colors.erase(std::unique(colors.begin(), colors.end()), colors.end());
      for (uint16_t color : colors) {
        if (color < kColors) {
          bindings[(r * 2 + q.input) * kColors + color].push_back(&q);
        }
      }
    }
  }
}

void Channels::tie(std::vector<uint32_t> &ends, bool input, uint32_t cell,
                   unsigned color, uint32_t stream) {
  if (regionOf[cell] == kNobody) {
    return;
  }
  const Region &region = image.regions[regionOf[cell]];
  Coord core = coordOf(cell);
  for (const QueueBinding *q :
       bindings[(regionOf[cell] * 2 + input) * kColors + color]) {
    if (queueColor(region, *q, core) != color) {
      continue;
    }
    uint32_t &end = ends[size_t(cell) * kQueues + q->queue];
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

// The network takes all words at once, so the two streams are one with more
// room.
void Channels::findCrossings(const Machine &machine) {
  std::vector<const Stream *> at(image.hostPorts.size());
  for (const Stream &s : image.streams) {
    uint32_t port =
        s.fromHost || s.toHost ? portOf(image, machine, s) : HostPort::kHost;
    if (port != HostPort::kHost && image.hostPorts[port].crosses()) {
      at[port] = &s;
    }
  }
  for (uint32_t port = 0; port < at.size(); ++port) {
    const HostPort &out = image.hostPorts[port];
    if (out.input || !out.crosses()) {
      continue;
    }
    const Stream *leaving = at[port], *coming = at[out.partner];
    if (!leaving || !coming) {
      refusal = fmt::format("crossing '{}' has no stream at one end", out.name);
      return;
    }
    continuations[leaving] = coming;
    isContinuation.insert(coming);
  }
}

// A stream from the host with one sink is free, however many words the sink
// takes. One with several is not: each word waits until all have room.
void Channels::addStream(const Stream &s) {
  if (isContinuation.count(&s)) {
    return;
  }
  auto crossing = continuations.find(&s);
  bool crosses = crossing != continuations.end();
  const Stream &last = crosses ? *crossing->second : s;
  uint32_t index = uint32_t(all.size());
  Channel c;
  c.sinkBegin = uint32_t(sinks.size());
  for (const Rect &rect : last.sinks) {
    for (int32_t y = rect.y; y < rect.endY() && !last.toHost; ++y) {
      for (int32_t x = rect.x; x < rect.endX(); ++x) {
        if (contains({x, y}) && (last.fromHost || Coord{x, y} != s.source)) {
          sinks.push_back(cellOf({x, y}));
        }
      }
    }
  }
  c.sinkEnd = uint32_t(sinks.size());
  bool isFree = last.toHost || s.paced || last.paced ||
                (s.fromHost && c.sinkEnd - c.sinkBegin == 1);
  if (!s.fromHost) {
    c.source = cellOf(s.source);
    tie(outputs, false, c.source, s.color, isFree ? kFree : index);
  }
  for (uint32_t i = c.sinkBegin; i < c.sinkEnd; ++i) {
    tie(inputs, true, sinks[i], last.color, isFree ? kFree : index);
  }
  all.push_back(c);
}
