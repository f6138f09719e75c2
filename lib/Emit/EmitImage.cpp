// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Emit/EmitImage.h"

#include "EmitWeights.h"
#include "wafer/Emit/Emit.h"
#include "wafer/WFabric/ExportFabric.h"
#include "wafer/WFabric/RoutingProblemBuilder.h"

using namespace mlir;
using namespace wafer;

/// The colors of the queues of a region, in the order of the role's queues.
static FailureOr<BoundQueues> bindQueues(wpe::RegionOp region, wpe::RoleOp role,
                                         const wfabric::ModuleRouting &routing,
                                         const std::vector<uint8_t> &colors) {
  Rect rect{int32_t(region.getX()), int32_t(region.getY()),
            int32_t(region.getWidth()), int32_t(region.getHeight())};
  BoundQueues bound;
  for (auto queue : role.getBody().getOps<wpe::QueueOp>()) {
    SmallVector<StringAttr> names;
    for (Attribute stream : queue.getStreams()) {
      names.push_back(cast<FlatSymbolRefAttr>(stream).getAttr());
    }
    auto direction = queue.getDirection() == wpe::QueueDirection::Input
                         ? QueueDirection::Input
                         : QueueDirection::Output;
    FailureOr<QueueColors> result = wfabric::bindQueue(
        routing, colors, rect, names, direction, queue.getLoc());
    if (failed(result)) {
      return failure();
    }
    bound.push_back({result->kind, result->values});
  }
  return bound;
}

/// The stages that a person knows: the regions, with the layers that their
/// placements hold.
static void describeStages(ModuleOp module, const Machine &machine,
                           Image &image) {
  llvm::StringMap<std::pair<int64_t, int64_t>> layers;
  for (auto placement : module.getOps<dist::PlacementOp>()) {
    if (placement.getNumLayers() > 0) {
      layers[placement.getRegion()] = {placement.getFirstLayer(),
                                       placement.getNumLayers()};
    }
  }
  for (size_t i = 0; i < image.regions.size(); ++i) {
    StageInfo stage;
    stage.name = image.regions[i].name;
    stage.region = uint32_t(i);
    stage.rect = image.regions[i].rect;
    stage.wafer = uint32_t(machine.waferOf(stage.rect.x));
    if (auto it = layers.find(stage.name); it != layers.end()) {
      stage.firstLayer = int32_t(it->second.first);
      stage.numLayers = int32_t(it->second.second);
    }
    image.stages.push_back(std::move(stage));
  }
}

FailureOr<EmittedImage> wafer::emitImage(ModuleOp module,
                                         const Machine &machine,
                                         const EmitOptions &options) {
  EmittedImage result;
  Image &image = result.image;
  image.machine = machine.toJson();
  auto params = module->getAttrOfType<StringAttr>("wafer.params");
  image.parameterSet =
      params ? params.str() : machine.parameterSets.front().name;

  FailureOr<wfabric::ModuleRouting> routing =
      wfabric::buildRoutingProblem(module, machine);
  if (failed(routing)) {
    return failure();
  }
  FailureOr<std::vector<uint8_t>> colors = wfabric::colorsOf(*routing);
  if (failed(colors)) {
    return failure();
  }
  SymbolTable symbols(module);
  auto bind = [&](wpe::RegionOp region) -> FailureOr<BoundQueues> {
    return bindQueues(region, symbols.lookup<wpe::RoleOp>(region.getRole()),
                      *routing, *colors);
  };
  if (failed(emitProgram(module, bind, image))) {
    return failure();
  }
  FailureOr<wfabric::FabricImage> fabric =
      wfabric::exportFabric(module, machine);
  if (failed(fabric)) {
    return failure();
  }
  image.families = std::move(fabric->families);
  image.streams = std::move(fabric->streams);
  image.rules = std::move(fabric->rules);
  image.configs = std::move(fabric->configs);
  image.hostPorts = std::move(fabric->hostPorts);
  describeStages(module, machine, image);
  if (failed(placeTensors(module, symbols, options.weights, result))) {
    return failure();
  }
  return result;
}

Status wafer::writeEmittedImage(const EmittedImage &emitted,
                                const std::string &path) {
  ImageWriteOptions options;
  options.produce = [&](size_t index, const InitSink &put) {
    std::vector<uint8_t> bytes(emitted.image.initData[index].size);
    if (Status status = emitted.fill(index, bytes); !status) {
      return status;
    }
    return put(bytes.data(), bytes.size());
  };
  return writeImage(emitted.image, path, options);
}
