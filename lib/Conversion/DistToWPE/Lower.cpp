// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Lower.cpp - Stages to roles, regions and streams -------------------===//
//
// Phases:
//   1. streams: chains and multicasts of every stage, hand-overs, token, host
//   2. roles: loop, embed, layer (from the body of the first layer stage), head
//   3. regions with their tables, and the placements of tensors
//   4. the stages go
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/WFabric/RoutingProblemBuilder.h"

using namespace mlir;

namespace wafer {
#define GEN_PASS_DEF_WAFERLOWER
#include "wafer/Dist/DistPasses.h.inc"
} // namespace wafer

using namespace wafer;
using namespace wafer::dist;

LogicalResult Lowering::findStages() {
  for (auto stage : module.getOps<StageOp>()) {
    switch (stage.getKind()) {
    case StageKind::Loop:
      loop = stage;
      break;
    case StageKind::Embed:
      embed = stage;
      break;
    case StageKind::Layers:
      layers.push_back(stage);
      break;
    case StageKind::Head:
      head = stage;
      break;
    case StageKind::GateOut:
    case StageKind::GateIn:
      break; // found by their crossings
    }
  }
  if (!loop || !embed || !head || layers.empty()) {
    return module.emitError()
           << "expected a token loop, an embed, layers and a head stage";
  }
  if (!llvm::hasSingleElement(embed.getBody().getOps<EmbedLookupOp>())) {
    return embed.emitError() << "expected one 'wafer.embed_lookup' in stage '"
                             << embed.getSymName() << "'";
  }
  if (!llvm::hasSingleElement(head.getBody().getOps<ArgMaxOp>())) {
    return head.emitError() << "expected one 'wafer.argmax' in stage '"
                            << head.getSymName() << "'";
  }
  for (StageOp stage : layers) {
    Rect first = rectOf(layers.front()), rect = rectOf(stage);
    if (rect.w != first.w || rect.h != first.h ||
        !OperationEquivalence::isRegionEquivalentTo(
            &layers.front().getBody(), &stage.getBody(),
            OperationEquivalence::IgnoreLocations)) {
      return stage.emitError() << "layer stages with different bodies or "
                                  "rectangles need roles of their own, "
                                  "which is not supported";
    }
  }
  return success();
}

/// Costs and policy of the sums: those that the partition was chosen by.
LogicalResult Lowering::findParameters() {
  auto name = module->getAttrOfType<StringAttr>("wafer.params");
  parameters = name ? machine.findParameters(name.str())
                    : &machine.parameterSets.front();
  if (!parameters) {
    return module.emitError()
           << "machine '" << machine.name << "' has no parameter set '"
           << name.getValue() << "'";
  }
  if (auto policy = module->getAttrOfType<StringAttr>("wafer.accumulate")) {
    halfSums = policy.getValue() != "f32";
    halfMessages = policy.getValue() == "f16";
  }
  if (auto inFlight = module->getAttrOfType<IntegerAttr>("wafer.in_flight")) {
    requests = inFlight.getInt();
  }
  if (auto perPass =
          module->getAttrOfType<IntegerAttr>("wafer.tokens_per_pass")) {
    tokens = perPass.getInt();
  }
  evenLayers = module->hasAttr("wafer.even_layers");
  return success();
}

LogicalResult Lowering::run() {
  if (failed(findParameters()) || failed(findStages())) {
    return failure();
  }
  builder.setInsertionPointToEnd(module.getBody());
  if (failed(makeStreams())) {
    return failure();
  }
  // The names of the stages go to the regions.
  for (StageOp stage : module.getOps<StageOp>()) {
    symbols.remove(stage);
  }
  SmallVector<Operation *> old;
  for (Operation &op : *module.getBody()) {
    if (isa<StageOp, TransferOp>(op)) {
      old.push_back(&op);
    }
  }
  if (failed(lowerLoop()) || failed(lowerEmbed()) || failed(lowerLayers()) ||
      failed(lowerHead()) || failed(lowerGates(gatesOut, /*inward=*/true)) ||
      failed(lowerGates(gatesIn, /*inward=*/false))) {
    return failure();
  }
  for (Operation *op : old) {
    op->erase();
  }
  return success();
}

namespace {
struct LowerPass : public wafer::impl::WaferLowerBase<LowerPass> {
  void runOnOperation() override {
    FailureOr<Machine> machine = wfabric::loadMachine(getOperation());
    if (failed(machine) || failed(Lowering(getOperation(), *machine).run())) {
      signalPassFailure();
    }
  }
};
} // namespace
