// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ModelParts.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

using namespace wafer;

Status ModelParts::make(const DecodeRunOptions &options,
                        const CompileRequest &request, const std::string &name,
                        const Prepare &prepare, bool stageEach,
                        CommandContext &context) {
  for (int64_t each = 1; each <= 2; ++each) {
    int64_t layers = each * stages;
    CompileRequest partRequest = request;
    partRequest.pipeline.stages = stageEach ? layers : stages;
    auto part = compileLayers(options, partRequest, layers, *session, context);
    if (!part) {
      return part.takeError();
    }
    Status status = prepare ? prepare((*part)->emitted.image) : Status();
    if (status) {
      status =
          keepDecodeImage(options, fmt::format("{}-{}", name, layers), **part);
    }
    if (status) {
      status = checkGuarantees(**part);
    }
    if (!status) {
      return status;
    }
    images[each - 1] = std::move(*part);
  }
  return Status::success();
}

/// Whether one of the layer stages lies below another.
static bool standInShelves(const Image &image) {
  std::set<int32_t> rows;
  for (const StageInfo &stage : image.stages) {
    if (stage.numLayers > 0) {
      rows.insert(stage.rect.y);
    }
  }
  return rows.size() > 1;
}

Result<ModelParts> ModelParts::ofStage(const DecodeRunOptions &options,
                                       const ModelPlan &plan,
                                       const std::string &name,
                                       CommandContext &context) {
  CompileRequest request = decodeRequest(options);
  request.pipeline.params = plan.set->name;
  request.pipeline.stages = 1;
  request.pipeline.width = plan.chosen().width;
  request.pipeline.height = plan.chosen().height;
  request.pipeline.inFlight = std::min<int64_t>(2, plan.plan.problem.requests);
  request.pipeline.shelved = plan.chosen().shelves > 1;
  request.pipeline.headColumns = plan.chosen().headColumns;
  bool stageEach = plan.layersPerStage() == 1 && plan.plan.layers() > 1;
  ModelParts parts(context);
  if (Status made = parts.make(options, request, name, {}, stageEach, context);
      !made) {
    return made.takeError();
  }
  if (stageEach) {
    const PartitionCandidate &c = plan.chosen();
    const Image &two = parts.images[1]->emitted.image;
    parts.handOver =
        double(estimateHandOverCycles(plan.plan.problem, c.width, c.height) +
               (standInShelves(two) ? c.turnCycles : 0));
  }
  return parts;
}

static bool haveSameStages(const Image &a, const Image &b) {
  return std::equal(a.stages.begin(), a.stages.end(), b.stages.begin(),
                    b.stages.end(), [](const StageInfo &x, const StageInfo &y) {
                      return x.name == y.name && x.rect == y.rect;
                    });
}

Result<ModelParts> ModelParts::ofWafer(const DecodeRunOptions &options,
                                       const CompiledImage &whole,
                                       const std::string &name,
                                       CommandContext &context) {
  LayerStages layers = layerStages(whole.emitted.image);
  CompileRequest request = decodeRequest(options);
  request.pipeline.stages = layers.stages;
  request.pipeline.width = layers.rect.w;
  request.pipeline.height = layers.rect.h;
  request.pipeline.reserveColumns = whole.reserve;
  request.pipeline.reserveRows = whole.reserve;
  ModelParts parts(context);
  parts.stages = layers.stages;
  auto fit = [&](Image &image) -> Status {
    if (!haveSameStages(image, whole.emitted.image)) {
      return Diagnostic{"the model with fewer layers gets other rectangles",
                        options.model, "", "", "simulate it with --whole"};
    }
    image.map = whole.emitted.image.map;
    return Status::success();
  };
  if (Status made = parts.make(options, request, name, fit, false, context);
      !made) {
    return made.takeError();
  }
  return parts;
}

Result<PartTimes> ModelParts::time(const Measure &measure) const {
  double cycles[2] = {};
  for (unsigned i = 0; i < 2; ++i) {
    Result<uint64_t> measured = measure(*images[i]);
    if (!measured) {
      return measured.takeError();
    }
    cycles[i] = double(*measured);
  }
  return PartTimes{cycles[0], cycles[1], stages, handOver};
}
