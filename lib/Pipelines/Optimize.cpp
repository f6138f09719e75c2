// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Pipelines/Pipelines.h"

#include "wafer/WGraph/WGraphPasses.h"

#include "mlir/Transforms/Passes.h"

using namespace wafer;

void wafer::buildOptimizePipeline(mlir::OpPassManager &pm,
                                  const OptimizeOptions &options) {
  mlir::OpPassManager &model = pm.nest<wgraph::ModelOp>();
  // Before fusion, while each linear has one weight; the product with the gain
  // is then rounded once, by the cast, and not twice.
  model.addPass(createWaferFoldNormGain());
  model.addPass(createWaferFuseLinears());
  WaferCastWeightsOptions cast;
  cast.type = options.weightsType;
  model.addPass(createWaferCastWeights(cast));
  // Recipes without transforms that change nothing, identical reshapes.
  model.addPass(mlir::createCanonicalizerPass());
}
