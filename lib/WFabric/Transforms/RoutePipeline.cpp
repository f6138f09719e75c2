// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/WFabric/WFabricPasses.h"

#include "mlir/Pass/PassManager.h"

void wafer::wfabric::buildRoutePipeline(mlir::OpPassManager &manager) {
  // Colors are all known before the first rule is written.
  manager.addPass(createWFabricAssignColorsPass());
  manager.addPass(createWFabricDeriveRulesPass());
  manager.addPass(createWFabricVerifyRoutesPass());
}
