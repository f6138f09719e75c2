// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FoldNormGain.cpp - wafer-fold-norm-gain ----------------------------===//
//
// Works norm by norm. For one norm:
//   1. Decide: all its users are linears, and each weight after it can hold
//      the gain (a stacked gain needs stacked weights).
//   2. Give each of these uses a weight that is scaled by the gain: the weight
//      itself if nothing else uses it, else a copy under a new name. Two uses
//      of one weight with one gain share the copy.
//   3. Drop the gain, and its symbol once no norm uses it.
//
//===----------------------------------------------------------------------===//
#include "wafer/WGraph/WGraphPasses.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/Twine.h"

namespace wafer {
#define GEN_PASS_DEF_WAFERFOLDNORMGAIN
#include "wafer/WGraph/WGraphPasses.h.inc"
} // namespace wafer

using namespace wafer;
using namespace wafer::wgraph;

namespace {

class FoldNormGain : public impl::WaferFoldNormGainBase<FoldNormGain> {
public:
  void runOnOperation() override;

private:
  bool canFold(RMSNormOp norm, SymbolTable &symbols) const;
  void fold(RMSNormOp norm, SymbolTable &symbols);
  WeightOp scaledWeight(WeightOp weight, WeightOp gain, SymbolTable &symbols);
  void countUses();
  void eraseUnused(ArrayRef<StringAttr> gains, SymbolTable &symbols);

  /// How many attributes of operations name a symbol.
  DenseMap<StringAttr, unsigned> uses;
  /// The scaled form of a weight, for a weight and a gain.
  DenseMap<std::pair<StringAttr, StringAttr>, WeightOp> scaled;
};

} // namespace

/// Calls `visit` with each weight that reads the norm.
static void
forEachWeight(RMSNormOp norm,
              function_ref<void(LinearOp, FlatSymbolRefAttr)> visit) {
  for (Operation *user : norm.getResult().getUsers()) {
    auto linear = cast<LinearOp>(user);
    for (auto name : linear.getWeights().getAsRange<FlatSymbolRefAttr>()) {
      visit(linear, name);
    }
  }
}

bool FoldNormGain::canFold(RMSNormOp norm, SymbolTable &symbols) const {
  if (!norm.getGainAttr() || norm.getResult().use_empty() ||
      !llvm::all_of(norm.getResult().getUsers(),
                    [](Operation *user) { return isa<LinearOp>(user); })) {
    return false;
  }
  auto gain = symbols.lookup<WeightOp>(*norm.getGain());
  bool fits = true;
  forEachWeight(norm, [&](LinearOp, FlatSymbolRefAttr name) {
    auto weight = symbols.lookup<WeightOp>(name.getValue());
    fits = fits && (!gain.getStacked() || weight.getStacked());
  });
  return fits;
}

WeightOp FoldNormGain::scaledWeight(WeightOp weight, WeightOp gain,
                                    SymbolTable &symbols) {
  StringAttr name = weight.getSymNameAttr();
  WeightOp &result = scaled[{name, gain.getSymNameAttr()}];
  if (result) {
    return result;
  }
  result = weight;
  if (uses[name] > 1) {
    result = weight.clone();
    result.setName((name.getValue() + "_scaled").str());
    symbols.insert(result, mlir::Block::iterator(weight)); // may rename it
    result->moveAfter(weight);
  }
  auto scale = ScaleAttr::get(&getContext(), /*dim=*/1, gain.getRecipe());
  result.updateRecipe(result.getRecipe().append(scale));
  return result;
}

void FoldNormGain::fold(RMSNormOp norm, SymbolTable &symbols) {
  auto gain = symbols.lookup<WeightOp>(*norm.getGain());
  llvm::SmallSetVector<Operation *, 4> linears;
  for (Operation *user : norm.getResult().getUsers()) {
    linears.insert(user);
  }
  for (Operation *user : linears) {
    auto linear = cast<LinearOp>(user);
    SmallVector<Attribute> weights;
    for (auto name : linear.getWeights().getAsRange<FlatSymbolRefAttr>()) {
      auto weight = symbols.lookup<WeightOp>(name.getValue());
      WeightOp result = scaledWeight(weight, gain, symbols);
      if (result != weight) {
        --uses[weight.getSymNameAttr()];
      }
      weights.push_back(FlatSymbolRefAttr::get(result.getSymNameAttr()));
    }
    linear.setWeightsAttr(ArrayAttr::get(&getContext(), weights));
  }
  norm.removeGainAttr();
}

void FoldNormGain::countUses() {
  uses.clear();
  scaled.clear();
  getOperation().walk([&](Operation *op) {
    op->getAttrDictionary().walk(
        [&](FlatSymbolRefAttr name) { ++uses[name.getAttr()]; });
  });
}

void FoldNormGain::eraseUnused(ArrayRef<StringAttr> gains,
                               SymbolTable &symbols) {
  countUses();
  for (StringAttr name : gains) {
    auto gain = symbols.lookup<WeightOp>(name);
    if (gain && uses.lookup(name) == 0 && gain.isPrivate()) {
      symbols.erase(gain);
    }
  }
}

void FoldNormGain::runOnOperation() {
  SymbolTable symbols(getOperation());
  countUses();
  SmallVector<RMSNormOp> norms;
  getOperation().walk([&](RMSNormOp norm) {
    if (canFold(norm, symbols)) {
      norms.push_back(norm);
    }
  });
  SmallVector<StringAttr> gains;
  for (RMSNormOp norm : norms) {
    gains.push_back(norm.getGainAttr().getAttr());
    fold(norm, symbols);
  }
  eraseUnused(gains, symbols);
}
