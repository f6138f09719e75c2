// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Pipelines.h - The phases of the compiler -----------------*- C++ -*-===//
//
// One builder per phase; the command line tool and embedders add the same
// passes. Each is registered as a pipeline of its own.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PIPELINES_PIPELINES_H
#define WAFER_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <string>

namespace wafer {

struct OptimizeOptions : public mlir::PassPipelineOptions<OptimizeOptions> {
  Option<std::string> weightsType{
      *this, "weights-type",
      llvm::cl::desc("Element type of the matrices: f16, bf16, f32 or stored"),
      llvm::cl::init("f16")};
};

/// Phase `optimize` (pipeline "wafer-optimize"): algebra on wgraph that no
/// machine has a say in. Expects modules of wgraph models.
void buildOptimizePipeline(mlir::OpPassManager &pm,
                           const OptimizeOptions &options);

} // namespace wafer

#endif // WAFER_PIPELINES_PIPELINES_H
