// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// stages-cover-model. Stages that hold layers hold them in ranges that follow
// one another from 0 on; where the model names its number of layers, they end
// there. An image without such stages (a hand-written program) has nothing to
// cover. A stage lies inside its region.
//
//===----------------------------------------------------------------------===//
#include "RuleContext.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

using namespace wafer;
using namespace wafer::verifier;

/// "layers" of the model's JSON.
static std::optional<int64_t> modelLayers(const Image &image) {
  nlohmann::json model = nlohmann::json::parse(image.model, nullptr, false);
  if (!model.is_object()) {
    return std::nullopt;
  }
  auto layers = model.find("layers");
  if (layers == model.end() || !layers->is_number_integer()) {
    return std::nullopt;
  }
  return layers->get<int64_t>();
}

void wafer::verifier::checkStages(RuleContext &context) {
  const Image &image = context.image;
  std::vector<const StageInfo *> holders;
  for (const StageInfo &stage : image.stages) {
    const Region &region = image.regions[stage.region];
    if (!region.rect.contains(stage.rect)) {
      context.violate(RuleId::StagesCoverModel, [&] {
        return fmt::format("stage '{}' at {},{} ({} x {}) does not lie in its "
                           "region '{}'",
                           stage.name, stage.rect.x, stage.rect.y, stage.rect.w,
                           stage.rect.h, region.name);
      });
    }
    if (stage.numLayers > 0) {
      holders.push_back(&stage);
    }
  }
  std::stable_sort(holders.begin(), holders.end(),
                   [](const StageInfo *a, const StageInfo *b) {
                     return a->firstLayer < b->firstLayer;
                   });
  int64_t next = 0;
  for (const StageInfo *stage : holders) {
    if (stage->firstLayer != next) {
      context.violate(RuleId::StagesCoverModel, [&] {
        return fmt::format("stage '{}' begins with layer {}, but the stages "
                           "before it end with layer {}",
                           stage->name, stage->firstLayer, next - 1);
      });
    }
    next = int64_t(stage->firstLayer) + stage->numLayers;
  }
  std::optional<int64_t> layers = modelLayers(image);
  if (layers && !image.stages.empty() && next != *layers) {
    context.violate(RuleId::StagesCoverModel, [&] {
      return fmt::format("the stages hold {} layers, but the model has {}",
                         next, *layers);
    });
  }
}
