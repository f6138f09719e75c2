// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Pipelines/Register.h"

#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/Dist/Dist.h"
#include "wafer/Oracle/Oracle.h"
#include "wafer/Pipelines/Pipelines.h"
#include "wafer/Reduce/Reduce.h"
#include "wafer/WFabric/WFabricPasses.h"
#include "wafer/WGraph/WGraphPasses.h"
#include "wafer/WPE/WPE.h"
#include "wafer/WPE/WPEPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"

void wafer::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<wgraph::WGraphDialect, dist::DistDialect,
                  wfabric::WFabricDialect, wpe::WPEDialect>();
  registry.insert<mlir::arith::ArithDialect,
                  mlir::bufferization::BufferizationDialect,
                  mlir::cf::ControlFlowDialect, mlir::func::FuncDialect,
                  mlir::linalg::LinalgDialect, mlir::LLVM::LLVMDialect,
                  mlir::math::MathDialect, mlir::memref::MemRefDialect,
                  mlir::scf::SCFDialect, mlir::tensor::TensorDialect>();
  registerLinalgToLLVMInterfaces(registry);
  registerReductionPatterns(registry);
}

void wafer::registerAllPasses() {
  registerWGraphPasses();
  mlir::PassPipelineRegistration<OptimizeOptions>(
      "wafer-optimize", "Phase optimize: algebra on wgraph",
      buildOptimizePipeline);
  mlir::PassPipelineRegistration<>(
      "wafer-linalg-to-llvm",
      "From convert-wgraph-to-linalg down to the LLVM dialect",
      buildLinalgToLLVMPipeline);
  registerDistPasses();
  wfabric::registerWFabricPasses();
  mlir::registerTransformsPasses();
  wpe::registerWPEPasses();
  registerReducePasses();
}
