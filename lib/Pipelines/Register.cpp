// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Pipelines/Register.h"

#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/Dist/Dist.h"
#include "wafer/WFabric/WFabricPasses.h"
#include "wafer/WGraph/WGraph.h"
#include "wafer/WPE/WPE.h"
#include "wafer/WPE/WPEPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"

void wafer::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<wgraph::WGraphDialect, dist::DistDialect, wfabric::WFabricDialect, wpe::WPEDialect>();
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect>();
}

void wafer::registerAllPasses() {
  registerDistPasses();
  wfabric::registerWFabricPasses();
  mlir::registerTransformsPasses();
  wpe::registerWPEPasses();
}
