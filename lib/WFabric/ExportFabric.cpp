// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/WFabric/ExportFabric.h"

#include "wafer/WFabric/RoutingProblemBuilder.h"

using namespace wafer;
using namespace wafer::wfabric;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::StringAttr;

/// Appends `rect` without `hole`: above, below, west and east of it.
static void appendWithout(const Rect &rect, Coord hole,
                          std::vector<Rect> &out) {
  if (!rect.contains(hole)) {
    out.push_back(rect);
    return;
  }
  for (const Rect &part :
       {Rect{rect.x, rect.y, rect.w, hole.y - rect.y},
        Rect{rect.x, hole.y + 1, rect.w, rect.endY() - hole.y - 1},
        Rect{rect.x, hole.y, hole.x - rect.x, 1},
        Rect{hole.x + 1, hole.y, rect.endX() - hole.x - 1, 1}}) {
    if (!part.empty()) {
      out.push_back(part);
    }
  }
}

static StreamFamily exportFamily(const RoutedFamily &family) {
  StreamFamily result;
  result.name = family.name;
  result.color = *family.color;
  result.rect = family.rect;
  result.axis = family.axis;
  result.skew = family.skew;
  result.segments = expandSegments(family);
  return result;
}

static Stream exportStream(const RoutingProblem &problem,
                           const RoutedStream &stream) {
  Stream result;
  result.name = stream.name;
  result.color = *stream.color;
  result.source = problem.entry(stream);
  result.fromHost = stream.fromHost.has_value();
  result.toHost = stream.toHost.has_value();
  if (stream.toHost) {
    Coord edge = problem.edgeRouter(*stream.toHost);
    result.sinks.push_back({edge.x, edge.y, 1, 1});
  }
  for (const Rect &rect : stream.sinks) {
    if (stream.fromHost) {
      result.sinks.push_back(rect);
    } else {
      appendWithout(rect, stream.source, result.sinks);
    }
  }
  return result;
}

FailureOr<FabricImage> wfabric::exportFabric(mlir::ModuleOp module,
                                             const Machine &machine) {
  FailureOr<ModuleRouting> routing = buildRoutingProblem(module, machine);
  if (failed(routing)) {
    return failure();
  }
  FailureOr<std::vector<uint8_t>> colors = colorsOf(*routing);
  if (failed(colors)) {
    return failure();
  }
  FabricImage image;
  for (const RoutedFamily &family : routing->problem.families) {
    image.families.push_back(exportFamily(family));
  }
  for (const RoutedStream &stream : routing->problem.streams) {
    image.streams.push_back(exportStream(routing->problem, stream));
  }
  RouteTables tables = collectRules(module, *routing);
  image.rules = std::move(tables.rules);
  image.configs = std::move(tables.configs);
  for (auto port : module.getOps<HostPortOp>()) {
    const HostEdge edge = port.getEdge().getValue();
    // The verifier holds that the stream is there.
    unsigned stream = *routing->lookup(port.getStreamAttr().getAttr());
    image.hostPorts.push_back({port.getSymName().str(),
                               port.getDirection() == PortDirection::Input,
                               edge.west, edge.row, (*colors)[stream],
                               uint32_t(edge.wafer), HostPort::kHost});
  }
  for (auto crossing : module.getOps<CrossingOp>()) {
    // The verifier holds that both streams are there, and lead to an edge.
    auto index = uint32_t(image.hostPorts.size());
    auto addPort = [&](StringAttr name, bool input, uint32_t partner) {
      unsigned id = *routing->lookup(name);
      const RoutedStream &stream = routing->problem.stream(id);
      const HostEdge &edge = input ? *stream.fromHost : *stream.toHost;
      image.hostPorts.push_back({crossing.getSymName().str(), input, edge.west,
                                 edge.row, (*colors)[id], uint32_t(edge.wafer),
                                 partner});
    };
    addPort(crossing.getSourceAttr().getAttr(), false, index + 1);
    addPort(crossing.getTargetAttr().getAttr(), true, index);
  }
  return image;
}
