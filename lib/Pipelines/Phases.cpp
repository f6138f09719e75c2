// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Pipelines/Phases.h"

#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/Pipelines/Pipelines.h"
#include "wafer/WFabric/WFabricPasses.h"
#include "wafer/WGraph/WGraphPasses.h"
#include "wafer/WPE/WPEPasses.h"

using namespace mlir;
using namespace wafer;

const std::vector<PhaseInfo> &wafer::allPhases() {
  static const std::vector<PhaseInfo> phases = {
      {Phase::Import, "import", "the model as it is (wgraph)"},
      {Phase::Optimize, "optimize",
       "gains folded, linears fused, weights converted"},
      {Phase::Partition, "partition",
       "stages, layouts and collectives (wafer)"},
      {Phase::Place, "place", "rectangles at their places"},
      {Phase::Remap, "remap", "the map to physical cores"},
      {Phase::Lower, "lower", "code of roles and streams (wpe, wfabric)"},
      {Phase::Route, "route", "colors, rules and queues"},
      {Phase::Allocate, "allocate", "SRAM"},
      {Phase::Emit, "emit", "the image"},
  };
  return phases;
}

std::optional<Phase> wafer::parsePhase(llvm::StringRef name) {
  for (const PhaseInfo &info : allPhases()) {
    if (name == info.name) {
      return info.phase;
    }
  }
  return std::nullopt;
}

void wafer::buildOptimizePhase(OpPassManager &manager,
                               const PipelineOptions &options) {
  OptimizeOptions optimize;
  optimize.weightsType = options.weightsType;
  buildOptimizePipeline(manager, optimize);
}

void wafer::buildPartitionPhase(OpPassManager &manager,
                                const PipelineOptions &options) {
  WaferPartitionOptions partition;
  partition.machine = options.machine;
  partition.params = options.params;
  partition.accumulate = options.accumulate;
  partition.context = options.context;
  partition.stages = options.stages;
  partition.wafers = options.wafers;
  partition.width = options.width;
  partition.height = options.height;
  partition.reserveColumns = options.reserveColumns;
  partition.reserveRows = options.reserveRows;
  partition.inFlight = options.inFlight;
  partition.tokensPerPass = options.tokensPerPass;
  partition.evenLayers = options.evenLayers;
  partition.objective = options.objective;
  partition.shelved = options.shelved;
  partition.headColumns = options.headColumns;
  partition.allowOverflow = options.allowOverflow;
  manager.addPass(createWaferPartition(partition));
  manager.addPass(createWaferVerifyPartitioned());
}

void wafer::buildPlacePhase(OpPassManager &manager, const PipelineOptions &) {
  manager.addPass(createWaferPlace());
  // Layouts still fit the rectangles after they were moved.
  manager.addPass(createWaferVerifyPlaced());
}

void wafer::buildRemapPhase(OpPassManager &manager, const PipelineOptions &) {
  manager.addPass(createWaferRemap());
}

void wafer::buildLowerPhase(OpPassManager &manager, const PipelineOptions &) {
  manager.addPass(createWaferLower());
  manager.addPass(createWaferVerifyLowered());
}

void wafer::buildRoutePhase(OpPassManager &manager,
                            const PipelineOptions &options) {
  wfabric::buildRoutePipeline(manager);
}

void wafer::buildAllocatePhase(OpPassManager &manager,
                               const PipelineOptions &options) {
  wpe::buildAllocatePipeline(manager);
}

void wafer::buildCompilePipeline(OpPassManager &manager,
                                 const PipelineOptions &options, Phase last) {
  using Builder = void (*)(OpPassManager &, const PipelineOptions &);
  static constexpr std::pair<Phase, Builder> builders[] = {
      {Phase::Optimize, buildOptimizePhase},
      {Phase::Partition, buildPartitionPhase},
      {Phase::Place, buildPlacePhase},
      {Phase::Remap, buildRemapPhase},
      {Phase::Lower, buildLowerPhase},
      {Phase::Route, buildRoutePhase},
      {Phase::Allocate, buildAllocatePhase},
  };
  for (auto [phase, build] : builders) {
    if (phase <= last) {
      build(manager, options);
    }
  }
}
