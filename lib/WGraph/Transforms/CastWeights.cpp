// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CastWeights.cpp - wafer-cast-weights -------------------------------===//
#include "wafer/WGraph/WGraphPasses.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSwitch.h"

namespace wafer {
#define GEN_PASS_DEF_WAFERCASTWEIGHTS
#include "wafer/WGraph/WGraphPasses.h.inc"
} // namespace wafer

using namespace wafer;
using namespace wafer::wgraph;

namespace {

class CastWeights : public impl::WaferCastWeightsBase<CastWeights> {
public:
  using WaferCastWeightsBase::WaferCastWeightsBase;
  void runOnOperation() override;
};

} // namespace

void CastWeights::runOnOperation() {
  if (type == "stored") {
    return;
  }
  mlir::Builder builder(&getContext());
  auto target = llvm::StringSwitch<mlir::FloatType>(type)
                    .Case("f16", builder.getF16Type())
                    .Case("bf16", builder.getBF16Type())
                    .Case("f32", builder.getF32Type())
                    .Default({});
  if (!target) {
    getOperation().emitError("expected weights type f16, bf16, f32 or stored "
                             "but got '")
        << type << "'";
    return signalPassFailure();
  }
  SymbolTable symbols(getOperation());
  llvm::SetVector<WeightOp> weights;
  getOperation().walk([&](Operation *op) {
    if (auto embedding = dyn_cast<EmbeddingOp>(op)) {
      weights.insert(symbols.lookup<WeightOp>(embedding.getTable()));
    } else if (auto linear = dyn_cast<LinearOp>(op)) {
      for (auto name : linear.getWeights().getAsRange<FlatSymbolRefAttr>()) {
        weights.insert(symbols.lookup<WeightOp>(name.getValue()));
      }
    }
  });
  auto cast = CastAttr::get(&getContext(), target);
  for (WeightOp weight : weights) {
    if (weight.getLayerType().getElementType() != target) {
      weight.updateRecipe(weight.getRecipe().append(cast));
    }
  }
}
