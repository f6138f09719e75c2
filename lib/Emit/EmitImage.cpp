// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Emit/EmitImage.h"

#include "EmitWeights.h"
#include "wafer/Emit/Emit.h"
#include "wafer/WFabric/ExportFabric.h"
#include "wafer/WFabric/RoutingProblemBuilder.h"

#include "llvm/ADT/MapVector.h"

#include <future>

using namespace mlir;
using namespace wafer;

namespace {

/// Finds the colors of all queues. The regions of a role are bound one by one,
/// and once more where a queue came out as a function of the row in one and of
/// the column in another.
class RegionQueues {
public:
  RegionQueues(const wfabric::ModuleRouting &routing,
               const std::vector<uint8_t> &colors)
      : routing(routing), colors(colors) {}

  LogicalResult bind(wpe::RoleOp role, ArrayRef<wpe::RegionOp> regions);
  /// In the order of the role's queues.
  const BoundQueues &of(wpe::RegionOp region) { return bound[region]; }

private:
  static Rect rectOf(wpe::RegionOp region) {
    return {int32_t(region.getX()), int32_t(region.getY()),
            int32_t(region.getWidth()), int32_t(region.getHeight())};
  }
  static QueueDirection directionOf(wpe::QueueOp queue) {
    return queue.getDirection() == wpe::QueueDirection::Input
               ? QueueDirection::Input
               : QueueDirection::Output;
  }
  void join(size_t index, wpe::QueueOp queue, ArrayRef<wpe::RegionOp> regions);

  const wfabric::ModuleRouting &routing;
  const std::vector<uint8_t> &colors;
  llvm::DenseMap<Operation *, BoundQueues> bound;
};

} // namespace

static SmallVector<StringAttr> streamsOf(wpe::QueueOp queue) {
  SmallVector<StringAttr> names;
  for (Attribute stream : queue.getStreams()) {
    names.push_back(cast<FlatSymbolRefAttr>(stream).getAttr());
  }
  return names;
}

LogicalResult RegionQueues::bind(wpe::RoleOp role,
                                 ArrayRef<wpe::RegionOp> regions) {
  auto queues = llvm::to_vector(role.getBody().getOps<wpe::QueueOp>());
  for (wpe::RegionOp region : regions) {
    BoundQueues &list = bound[region];
    for (wpe::QueueOp queue : queues) {
      FailureOr<QueueColors> result =
          wfabric::bindQueue(routing, colors, rectOf(region), streamsOf(queue),
                             directionOf(queue), queue.getLoc());
      if (failed(result)) {
        return failure();
      }
      list.push_back({result->kind, result->values});
    }
  }
  for (auto [index, queue] : llvm::enumerate(queues)) {
    join(index, queue, regions);
  }
  return success();
}

/// Where that cannot be, the colors stay, and emitProgram() says so.
void RegionQueues::join(size_t index, wpe::QueueOp queue,
                        ArrayRef<wpe::RegionOp> regions) {
  using Kind = ParamSource::Kind;
  auto isOf = [&](Kind kind) {
    return [this, index, kind](wpe::RegionOp region) {
      return bound[region][index].kind == kind;
    };
  };
  if (!llvm::any_of(regions, isOf(Kind::Row)) ||
      !llvm::any_of(regions, isOf(Kind::Column))) {
    return;
  }
  std::vector<unsigned> ids;
  for (StringAttr name : streamsOf(queue)) {
    ids.push_back(*routing.lookup(name));
  }
  for (Kind kind : {Kind::Row, Kind::Column}) {
    SmallVector<std::pair<wpe::RegionOp, BoundQueue>> others;
    bool all = llvm::all_of(regions, [&](wpe::RegionOp region) {
      if (bound[region][index].kind == kind) {
        return true;
      }
      Result<QueueColors> result =
          wafer::bindQueue(routing.problem, colors, rectOf(region), ids,
                           directionOf(queue), kind);
      if (result) {
        others.push_back({region, {result->kind, result->values}});
      }
      return bool(result);
    });
    if (all) {
      for (auto &[region, colors] : others) {
        bound[region][index] = colors;
      }
      return;
    }
  }
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
  RegionQueues binder(*routing, *colors);
  llvm::MapVector<StringAttr, SmallVector<wpe::RegionOp>> regions;
  for (auto region : module.getOps<wpe::RegionOp>()) {
    regions[region.getRoleAttr().getAttr()].push_back(region);
  }
  for (auto &[role, list] : regions) {
    if (failed(binder.bind(symbols.lookup<wpe::RoleOp>(role), list))) {
      return failure();
    }
  }
  auto bind = [&](wpe::RegionOp region) -> FailureOr<BoundQueues> {
    return binder.of(region);
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

namespace {

/// Fills the init data of an image one after the other, the next one while the
/// last one is written.
class FillAhead {
public:
  explicit FillAhead(const EmittedImage &emitted) : emitted(emitted) {
    startFrom(0);
  }
  ~FillAhead() {
    if (filler.valid()) {
      filler.wait();
    }
  }

  /// The bytes of init data `index`, which follows that of the last call; valid
  /// up to the next call but one.
  Result<const std::vector<uint8_t> *> take(size_t index) {
    if (Status status = filler.get(); !status) {
      return status.takeError();
    }
    size_t turn = started % 2;
    startFrom(index + 1);
    return &buffers[turn];
  }

private:
  /// Starts with the first init data from `index` on that have bytes. The
  /// buffers are used again: memory that is new has to be cleared twice.
  void startFrom(size_t index) {
    const std::vector<InitData> &list = emitted.image.initData;
    while (index < list.size() && list[index].size == 0) {
      ++index;
    }
    if (index == list.size()) {
      return;
    }
    ++started;
    filler = std::async(std::launch::async, [this, index] {
      std::vector<uint8_t> &bytes = buffers[started % 2];
      bytes.assign(emitted.image.initData[index].size, 0);
      return emitted.fill(index, bytes);
    });
  }

  const EmittedImage &emitted;
  std::vector<uint8_t> buffers[2];
  size_t started = 0;
  std::future<Status> filler;
};

} // namespace

Status wafer::writeEmittedImage(const EmittedImage &emitted,
                                const std::string &path) {
  FillAhead ahead(emitted);
  ImageWriteOptions options;
  options.produce = [&](size_t index, const InitSink &put) -> Status {
    Result<const std::vector<uint8_t> *> bytes = ahead.take(index);
    return bytes ? put((**bytes).data(), (**bytes).size()) : bytes.takeError();
  };
  options.tensorDigests = emitted.setDigests;
  return writeImage(emitted.image, path, options);
}
