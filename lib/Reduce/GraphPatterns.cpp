// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- GraphPatterns.cpp - Models with fewer layers -----------------------===//
//
// The number of repetitions stands in several places of a model that have to
// agree (repeat-c3): in the repeat, in the recipes of stacked weights and in
// states. A pattern changes all of one number together.
//
//===----------------------------------------------------------------------===//
#include "Narrow.h"

#include "wafer/WGraph/WGraph.h"

#include "llvm/ADT/SetVector.h"

using namespace wafer;
using namespace wafer::wgraph;
using mlir::PatternRewriter;
using mlir::RewriterBase;

/// The first entries of a list with one entry a layer; a list of one entry
/// stands for all layers.
static ArrayRef<int64_t> firstLayers(ArrayRef<int64_t> list, int64_t layers) {
  return list.take_front(list.size() == 1 ? 1 : layers);
}

static RecipeAttr keepLayers(RecipeAttr recipe, int64_t layers);

/// The source or transform with its first layers only.
static Attribute keepLayers(Attribute part, int64_t layers) {
  MLIRContext *context = part.getContext();
  // A distance between layers means nothing where there is one.
  auto stride = [&](int64_t value) { return layers == 1 ? 0 : value; };
  if (auto ref = dyn_cast<RefAttr>(part); ref && ref.getLayers() != 0) {
    return RefAttr::get(
        context, ref.getType(), layers, firstLayers(ref.getFiles(), layers),
        firstLayers(ref.getOffsets(), layers), stride(ref.getStride()));
  }
  if (auto drawn = dyn_cast<SyntheticAttr>(part);
      drawn && drawn.getLayers() != 0) {
    return SyntheticAttr::get(context, drawn.getType(), layers,
                              firstLayers(drawn.getSeeds(), layers),
                              stride(drawn.getStride()), drawn.getScale());
  }
  if (auto concat = dyn_cast<ConcatAttr>(part)) {
    SmallVector<RecipeAttr> parts;
    for (RecipeAttr recipe : concat.getParts()) {
      parts.push_back(keepLayers(recipe, layers));
    }
    return ConcatAttr::get(context, concat.getDim(), parts);
  }
  if (auto scale = dyn_cast<ScaleAttr>(part)) {
    return ScaleAttr::get(context, scale.getDim(),
                          keepLayers(scale.getBy(), layers));
  }
  return part;
}

static RecipeAttr keepLayers(RecipeAttr recipe, int64_t layers) {
  SmallVector<Attribute> transforms;
  for (Attribute transform : recipe.getTransforms()) {
    transforms.push_back(keepLayers(transform, layers));
  }
  return RecipeAttr::get(recipe.getContext(),
                         keepLayers(recipe.getSource(), layers), transforms);
}

/// The number of layers that an operation of a model has; 0 if it has none.
static int64_t layersOf(Operation *op) {
  if (auto repeat = dyn_cast<RepeatOp>(op)) {
    return repeat.getTimes();
  }
  if (auto weight = dyn_cast<WeightOp>(op)) {
    return weight.getStacked() ? weight.getRecipe().getLayers() : 0;
  }
  auto state = dyn_cast<StateOp>(op);
  return state ? state.getLayers() : 0;
}

/// Every repeat, weight and state of the model with `from` layers gets `to`.
static void changeLayers(RewriterBase &rewriter, ModelOp model, int64_t from,
                         int64_t to) {
  model.walk([&](Operation *op) {
    if (layersOf(op) != from) {
      return;
    }
    rewriter.modifyOpInPlace(op, [&] {
      if (auto repeat = dyn_cast<RepeatOp>(op)) {
        repeat.setTimes(to);
      } else if (auto weight = dyn_cast<WeightOp>(op)) {
        weight.updateRecipe(keepLayers(weight.getRecipe(), to));
      } else {
        cast<StateOp>(op).setLayers(to);
      }
    });
  });
  // The model has as many layers as its repeats of this number make up.
  ConfigAttr config = model.getConfig();
  if (config.getLayers() % from == 0) {
    rewriter.modifyOpInPlace(model, [&] {
      model.setConfigAttr(ConfigAttr::get(
          model.getContext(), config.getFamily(),
          config.getLayers() / from * to, config.getDim(), config.getFfn(),
          config.getHeads(), config.getKvHeads(), config.getHeadDim(),
          config.getVocab(), config.getMaxContext(), config.getBos(),
          config.getEos()));
    });
  }
}

namespace {

/// One layer, else two, else half of them.
struct FewerLayers : public ReductionPattern<ModelOp> {
  using ReductionPattern::ReductionPattern;

  LogicalResult matchAndRewrite(ModelOp op,
                                PatternRewriter &rewriter) const override {
    llvm::SetVector<int64_t> numbers;
    op.walk([&](Operation *inner) { numbers.insert(layersOf(inner)); });
    for (int64_t from : numbers) {
      for (int64_t to : {int64_t(1), int64_t(2), from / 2}) {
        if (to < 1 || to >= from) {
          continue;
        }
        auto change = [&](RewriterBase &rewriter, Operation *model) {
          changeLayers(rewriter, cast<ModelOp>(model), from, to);
        };
        if (succeeded(tryChange(rewriter, op, change))) {
          return success();
        }
      }
    }
    return failure();
  }
};

/// A period without one of its blocks.
struct ShortenPeriod : public ReductionPattern<RepeatOp> {
  using ReductionPattern::ReductionPattern;

  LogicalResult matchAndRewrite(RepeatOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<Attribute> blocks = op.getBlocks().getValue();
    for (size_t i = 0; blocks.size() > 1 && i < blocks.size(); ++i) {
      SmallVector<Attribute> others(blocks);
      others.erase(others.begin() + i);
      auto change = [&](RewriterBase &rewriter, Operation *repeat) {
        rewriter.modifyOpInPlace(repeat, [&] {
          cast<RepeatOp>(repeat).setBlocksAttr(rewriter.getArrayAttr(others));
        });
      };
      if (succeeded(tryChange(rewriter, op, change))) {
        return success();
      }
    }
    return failure();
  }
};

} // namespace

void wafer::addGraphPatterns(mlir::RewritePatternSet &patterns,
                             const mlir::Tester &tester) {
  patterns.add<DropResult<LinearOp, NarrowProduct<LinearOp>>, FewerLayers,
               ShortenPeriod>(patterns.getContext(), tester);
}
