// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/Lookup.h"

#include <algorithm>

using namespace wafer;

const Region *wafer::findRegion(const Image &image, Coord core) {
  auto it =
      std::find_if(image.regions.begin(), image.regions.end(),
                   [&](const Region &r) { return r.rect.contains(core); });
  return it == image.regions.end() ? nullptr : &*it;
}

bool wafer::usesPort(const Stream &stream, const HostPort &port, Coord edge) {
  if (stream.color != port.color) {
    return false;
  }
  if (port.input) {
    return stream.fromHost && stream.source == edge;
  }
  return stream.toHost &&
         std::any_of(stream.sinks.begin(), stream.sinks.end(),
                     [&](const Rect &r) { return r.contains(edge); });
}

uint32_t wafer::portOf(const Image &image, const Machine &machine,
                       const Stream &stream) {
  for (uint32_t i = 0; i < image.hostPorts.size(); ++i) {
    const HostPort &port = image.hostPorts[i];
    if (usesPort(stream, port, edgeCore(port, machine))) {
      return i;
    }
  }
  return HostPort::kHost;
}

Coord wafer::edgeCore(const HostPort &port, const Machine &machine) {
  return {machine.edgeColumn(int32_t(port.wafer), port.west), port.row};
}

uint32_t wafer::configAt(const Rule &rule, Coord core) {
  if (!rule.rect.contains(core)) {
    return kNoRoute;
  }
  bool alongX = rule.axis == Axis::X;
  int64_t line = alongX ? core.y - rule.rect.y : core.x - rule.rect.x;
  int64_t place = alongX ? core.x - rule.rect.x : core.y - rule.rect.y;
  place -= line * rule.skew;
  if (place < 0) {
    return kNoRoute;
  }
  for (const Run &run : rule.classes[size_t(line) % rule.classes.size()]) {
    if (place < int64_t(run.count)) {
      return run.config;
    }
    place -= run.count;
  }
  return kNoRoute;
}

std::vector<RouteAt> wafer::findRoutes(const Image &image, Coord core) {
  std::vector<RouteAt> routes;
  for (uint32_t i = 0; i < image.rules.size(); ++i) {
    uint32_t config = configAt(image.rules[i], core);
    if (config != kNoRoute) {
      routes.push_back({i, config});
    }
  }
  std::stable_sort(
      routes.begin(), routes.end(), [&](const RouteAt &a, const RouteAt &b) {
        return image.rules[a.rule].color < image.rules[b.rule].color;
      });
  return routes;
}

uint16_t wafer::queueColor(const Region &region, const QueueBinding &binding,
                           Coord core) {
  return Image::paramAt(region, binding.color, core);
}
