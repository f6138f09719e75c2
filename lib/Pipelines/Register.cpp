// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Pipelines/Register.h"

#include "wafer/WFabric/WFabricPasses.h"
#include "wafer/WGraph/WGraph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"

void wafer::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<wfabric::WFabricDialect>();
  registry.insert<wgraph::WGraphDialect>();
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect>();
}

void wafer::registerAllPasses() {
  wfabric::registerWFabricPasses();
  mlir::registerTransformsPasses();
}
