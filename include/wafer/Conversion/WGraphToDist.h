// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WGraphToDist.h - From the model to a distributed program -*- C++ -*-===//
#ifndef WAFER_CONVERSION_WGRAPHTODIST_H
#define WAFER_CONVERSION_WGRAPHTODIST_H

#include "wafer/Partition/Partition.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace wafer {

namespace wgraph {
class ModelOp;
} // namespace wgraph

/// The sizes of a model as the partitioner needs them. Emits an error where the
/// model has no config that fits.
llvm::LogicalResult fillPartitionProblem(wgraph::ModelOp model,
                                         PartitionProblem &problem);

/// Rewrites the model's entry and block as stages of `plan` at the end of the
/// module. Emits errors at the operations that cannot be distributed.
llvm::LogicalResult distributeModel(wgraph::ModelOp model,
                                    const PartitionProblem &problem,
                                    const PartitionPlan &plan);

#define GEN_PASS_DECL
#include "wafer/Dist/DistPasses.h.inc"
#define GEN_PASS_REGISTRATION
#include "wafer/Dist/DistPasses.h.inc"

} // namespace wafer

#endif // WAFER_CONVERSION_WGRAPHTODIST_H
