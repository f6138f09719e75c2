// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Report/Traffic.h"

#include "wafer/Image/Lookup.h"

#include <algorithm>
#include <cstdlib>

using namespace wafer;

const char *wafer::nameOf(TrafficReport::Kind kind) {
  static constexpr const char *kNames[] = {"host input", "host output", "chain",
                                           "single", "multicast"};
  return kNames[unsigned(kind)];
}

/// Adds the regions that meet `rect`; keeps the list ascending.
static void addRegions(std::vector<uint32_t> &list, const Image &image,
                       const Rect &rect) {
  for (uint32_t r = 0; r < image.regions.size(); ++r) {
    if (!image.regions[r].rect.intersects(rect)) {
      continue;
    }
    auto place = std::lower_bound(list.begin(), list.end(), r);
    if (place == list.end() || *place != r) {
      list.insert(place, r);
    }
  }
}

/// The rectangle that cores begin..end-1 of all lines of a family fill, without
/// regard to its skew.
static Rect acrossLines(const StreamFamily &f, int32_t begin, int32_t end) {
  return f.axis == Axis::X
             ? Rect{f.rect.x + begin, f.rect.y, end - begin, f.rect.h}
             : Rect{f.rect.x, f.rect.y + begin, f.rect.w, end - begin};
}

static TrafficReport::Kind kindOf(const TrafficReport &t) {
  return t.receiversMax > 1 ? TrafficReport::Kind::Multicast
         : t.hopsMax <= 1   ? TrafficReport::Kind::Chain
                            : TrafficReport::Kind::Single;
}

static TrafficReport familyTraffic(const Image &image, const StreamFamily &f) {
  TrafficReport t;
  t.name = f.name;
  t.color = f.color;
  t.lines = uint32_t(f.axis == Axis::X ? f.rect.h : f.rect.w);
  t.senders = uint32_t(f.segments.size());
  for (const Segment &s : f.segments) {
    int32_t receivers = s.sinkEnd - s.sinkBegin -
                        (s.source >= s.sinkBegin && s.source < s.sinkEnd);
    t.receiversMax = std::max(t.receiversMax, uint64_t(std::max(receivers, 0)));
    if (receivers > 0) {
      t.hopsMax =
          std::max({t.hopsMax, uint32_t(std::abs(s.sinkBegin - s.source)),
                    uint32_t(std::abs(s.sinkEnd - 1 - s.source))});
    }
    addRegions(t.from, image, acrossLines(f, s.source, s.source + 1));
    addRegions(t.to, image, acrossLines(f, s.sinkBegin, s.sinkEnd));
  }
  t.kind = kindOf(t);
  return t;
}

static TrafficReport streamTraffic(const Image &image, const Stream &s) {
  TrafficReport t;
  t.name = s.name;
  t.color = s.color;
  for (const Rect &r : s.sinks) {
    t.receiversMax += uint64_t(r.area());
    for (int32_t x : {r.x, r.endX() - 1}) {
      for (int32_t y : {r.y, r.endY() - 1}) {
        t.hopsMax = std::max(t.hopsMax, uint32_t(std::abs(x - s.source.x) +
                                                 std::abs(y - s.source.y)));
      }
    }
    if (!s.toHost) {
      addRegions(t.to, image, r);
    }
  }
  if (!s.fromHost) {
    addRegions(t.from, image, {s.source.x, s.source.y, 1, 1});
  }
  t.kind = s.fromHost ? TrafficReport::Kind::HostInput
           : s.toHost ? TrafficReport::Kind::HostOutput
                      : kindOf(t);
  return t;
}

std::vector<TrafficReport> wafer::makeTraffic(const Image &image) {
  std::vector<TrafficReport> traffic;
  for (const StreamFamily &f : image.families) {
    traffic.push_back(familyTraffic(image, f));
  }
  for (const Stream &s : image.streams) {
    traffic.push_back(streamTraffic(image, s));
  }
  return traffic;
}

static unsigned countBits(uint32_t mask) {
  unsigned n = 0;
  for (; mask; mask &= mask - 1) {
    ++n;
  }
  return n;
}

std::optional<ColorReport> wafer::makeColorReport(const Image &image,
                                                  const Machine &machine) {
  constexpr int64_t kMostCores = int64_t(1) << 26;
  if (int64_t(machine.width()) * machine.height() > kMostCores) {
    return std::nullopt;
  }
  size_t width = size_t(machine.width());
  std::vector<uint32_t> masks(width * size_t(machine.height()));
  for (const Rule &rule : image.rules) {
    int32_t lines = rule.axis == Axis::X ? rule.rect.h : rule.rect.w;
    size_t step = rule.axis == Axis::X ? 1 : width;
    for (int32_t line = 0; line < lines; ++line) {
      forEachRun(rule, line, [&](int32_t begin, int32_t end, uint32_t) {
        Coord first = placeOn(rule.rect, rule.axis, line, begin);
        size_t cell = size_t(first.y) * width + size_t(first.x);
        for (int32_t i = begin; i < end; ++i, cell += step) {
          masks[cell] |= 1u << (rule.color & 31u);
        }
      });
    }
  }
  ColorReport report;
  report.routers.resize(machine.colors);
  for (size_t cell = 0; cell < masks.size(); ++cell) {
    unsigned count = countBits(masks[cell]);
    if (count > report.routerMax) {
      report.routerMax = count;
      report.routerMaxAt = {int32_t(cell % width), int32_t(cell / width)};
    }
    for (uint32_t mask = masks[cell]; mask; mask &= mask - 1) {
      unsigned color = countBits((mask & (~mask + 1u)) - 1u);
      if (color < report.routers.size()) {
        ++report.routers[color];
      }
    }
  }
  return report;
}
