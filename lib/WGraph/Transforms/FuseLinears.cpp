// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FuseLinears.cpp - wafer-fuse-linears -------------------------------===//
#include "wafer/WGraph/WGraphPasses.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace wafer {
#define GEN_PASS_DEF_WAFERFUSELINEARS
#include "wafer/WGraph/WGraphPasses.h.inc"
} // namespace wafer

using namespace wafer;
using namespace wafer::wgraph;

namespace {

class FuseLinears : public impl::WaferFuseLinearsBase<FuseLinears> {
public:
  void runOnOperation() override;
};

} // namespace

/// Replaces linears of one input by one linear at the place of the first.
static void fuse(ArrayRef<LinearOp> linears) {
  OpBuilder builder(linears.front());
  SmallVector<Location> locations;
  SmallVector<Attribute> weights;
  SmallVector<Type> types;
  for (LinearOp linear : linears) {
    locations.push_back(linear.getLoc());
    llvm::append_range(weights, linear.getWeights());
    llvm::append_range(types, linear.getResultTypes());
  }
  auto fused = LinearOp::create(builder, builder.getFusedLoc(locations), types,
                                LinearOp(linears.front()).getInput(),
                                builder.getArrayAttr(weights));
  ValueRange results = fused.getResults();
  for (LinearOp linear : linears) {
    linear.replaceAllUsesWith(results.take_front(linear.getNumResults()));
    results = results.drop_front(linear.getNumResults());
    linear.erase();
  }
}

void FuseLinears::runOnOperation() {
  // Linears are pure, and the first of them has the input they all have.
  for (Operation &function : getOperation().getBody().front()) {
    for (mlir::Region &region : function.getRegions()) {
      for (Block &block : region) {
        llvm::MapVector<Value, SmallVector<LinearOp>> byInput;
        for (auto linear : block.getOps<LinearOp>()) {
          byInput[linear.getInput()].push_back(linear);
        }
        for (auto &[input, linears] : byInput) {
          if (linears.size() > 1) {
            fuse(linears);
          }
        }
      }
    }
  }
}
