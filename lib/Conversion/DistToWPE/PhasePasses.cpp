// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PhasePasses.cpp - Place, remap and the checks around lowering ------===//
#include "StageLowering.h"

#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/Dist/Dist.h"
#include "wafer/Partition/Partition.h"
#include "wafer/Place/Floorplan.h"
#include "wafer/WFabric/RoutingProblemBuilder.h"
#include "wafer/WPE/WPE.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace wafer {
#define GEN_PASS_DEF_WAFERPLACE
#define GEN_PASS_DEF_WAFERVERIFYPLACED
#define GEN_PASS_DEF_WAFERREMAP
#define GEN_PASS_DEF_WAFERVERIFYLOWERED
#include "wafer/Dist/DistPasses.h.inc"
} // namespace wafer

using namespace wafer;
using namespace wafer::dist;

static FloorplanProblem buildProblem(ModuleOp module, const Machine &machine,
                                     SmallVectorImpl<StageOp> &stages) {
  FloorplanProblem problem;
  problem.machine = &machine;
  auto name = module->getAttrOfType<StringAttr>("wafer.params");
  const ParameterSet *parameters =
      name ? machine.findParameters(name.str()) : nullptr;
  SymbolTable symbols(module);
  for (auto stage : module.getOps<StageOp>()) {
    ArrayRef<int64_t> rect = stage.getRect();
    bool followsLayers =
        !stages.empty() && stages.back().getKind() == StageKind::Layers;
    StageChains chains;
    if (parameters && followsLayers && stage.getKind() == StageKind::Layers) {
      chains = stageChains(machine, *parameters, rect[2], rect[3],
                           int64_t(headGroups(symbols, stage).size()), true);
    }
    stages.push_back(stage);
    problem.blocks.push_back({stage.getSymName().str(), int32_t(rect[2]),
                              int32_t(rect[3]),
                              stage.getKind() == StageKind::Loop,
                              chains.turnBlocks > 0, int32_t(stage.getWafer()),
                              // Only a head makes use of more columns.
                              int32_t(stage.getWafer()) + 1 == machine.wafers
                                  ? int32_t(chains.turnSlack)
                                  : 0});
  }
  return problem;
}

namespace {

struct PlacePass : public wafer::impl::WaferPlaceBase<PlacePass> {
  void runOnOperation() override {
    FailureOr<Machine> machine = wfabric::loadMachine(getOperation());
    if (failed(machine)) {
      return signalPassFailure();
    }
    // What the plan left free stays free.
    if (auto reserve =
            getOperation()->getAttrOfType<DenseI64ArrayAttr>("wafer.reserve")) {
      if (reserve.size() != 2 || reserve[0] < 0 || reserve[1] < 0 ||
          reserve[0] >= machine->usable.w || reserve[1] >= machine->usable.h) {
        getOperation().emitError()
            << "'wafer.reserve' is not a number of columns and rows of the "
               "machine";
        return signalPassFailure();
      }
      machine->usable.w -= int32_t(reserve[0]);
      machine->usable.h -= int32_t(reserve[1]);
    }
    SmallVector<StageOp> stages;
    FloorplanProblem problem = buildProblem(getOperation(), *machine, stages);
    Result<Floorplan> plan = placeInShelves(problem);
    if (!plan) {
      getOperation().emitError() << plan.error().str();
      return signalPassFailure();
    }
    for (auto [stage, rect] : llvm::zip(stages, plan->rects)) {
      stage.setRect({rect.x, rect.y, rect.w, rect.h});
      remark::passed(stage.getLoc(), remark::RemarkOpts::name("StagePlace")
                                         .category("place")
                                         .function(stage.getSymName()))
          << remark::add(
                 "stage '{0}': {1}x{2} cores from column {3}, row {4} on",
                 stage.getSymName(), rect.w, rect.h, rect.x, rect.y)
          << remark::metric("X", rect.x) << remark::metric("Y", rect.y);
    }
  }
};

struct VerifyPlacedPass
    : public wafer::impl::WaferVerifyPlacedBase<VerifyPlacedPass> {
  void runOnOperation() override {
    FailureOr<Machine> machine = wfabric::loadMachine(getOperation());
    if (failed(machine)) {
      return signalPassFailure();
    }
    SmallVector<StageOp> stages;
    FloorplanProblem problem = buildProblem(getOperation(), *machine, stages);
    Floorplan plan;
    for (StageOp stage : stages) {
      ArrayRef<int64_t> r = stage.getRect();
      plan.rects.push_back(
          {int32_t(r[0]), int32_t(r[1]), int32_t(r[2]), int32_t(r[3])});
    }
    if (Status status = plan.verify(problem); !status) {
      getOperation().emitError() << status.error().str();
      signalPassFailure();
    }
  }
};

struct RemapPass : public wafer::impl::WaferRemapBase<RemapPass> {
  void runOnOperation() override {
    getOperation()->setAttr("wafer.map",
                            StringAttr::get(&getContext(), "identity"));
  }
};

struct VerifyLoweredPass
    : public wafer::impl::WaferVerifyLoweredBase<VerifyLoweredPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    bool ok = true;
    auto error = [&](Operation *op) {
      ok = false;
      return op->emitError();
    };
    llvm::StringSet<> sent, received;
    for (Operation &op : *module.getBody()) {
      if (isa<StageOp, TransferOp>(op)) {
        error(&op) << "'" << op.getName() << "' is left after lowering";
      } else if (auto role = dyn_cast<wpe::RoleOp>(op)) {
        for (auto queue : role.getBody().getOps<wpe::QueueOp>()) {
          for (Attribute stream : queue.getStreams()) {
            StringRef name = cast<FlatSymbolRefAttr>(stream).getValue();
            if (!isa_and_nonnull<wfabric::FamilyOp, wfabric::StreamOp>(
                    symbols.lookup(name))) {
              error(queue) << "no stream '" << name << "'";
            }
            (queue.getDirection() == wpe::QueueDirection::Input ? received
                                                                : sent)
                .insert(name);
          }
        }
      } else if (auto placement = dyn_cast<PlacementOp>(op)) {
        auto region = symbols.lookup<wpe::RegionOp>(placement.getRegion());
        auto role = region ? symbols.lookup<wpe::RoleOp>(region.getRole())
                           : wpe::RoleOp();
        if (!role || !role.lookupSymbol(placement.getBuffer())) {
          error(&op) << "no buffer '" << placement.getBuffer()
                     << "' in region '" << placement.getRegion() << "'";
        }
        if (!symbols.lookup<TensorOp>(placement.getTensor())) {
          error(&op) << "no tensor '" << placement.getTensor() << "'";
        }
      }
    }
    auto check = [&](Operation *op, StringRef name, bool fromHost,
                     bool toHost) {
      if ((!fromHost && !sent.contains(name)) ||
          (!toHost && !received.contains(name))) {
        error(op) << "stream '" << name << "' has no queue at one of its ends";
      }
    };
    for (auto family : module.getOps<wfabric::FamilyOp>()) {
      check(family, family.getSymName(), false, false);
    }
    for (auto stream : module.getOps<wfabric::StreamOp>()) {
      check(stream, stream.getSymName(), stream.getFromHost().has_value(),
            stream.getToHost().has_value());
    }
    if (!ok) {
      signalPassFailure();
    }
  }
};

} // namespace
