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
  added = stageEach ? 2 : stages;
  for (unsigned i = 0; i < 2; ++i) {
    int64_t layers = stages + i * added;
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
    images[i] = std::move(*part);
  }
  return Status::success();
}

/// How often a token goes to a stage below another one.
static int64_t turnsOf(const Image &image) {
  std::set<int32_t> rows;
  for (const StageInfo &stage : image.stages) {
    if (stage.numLayers > 0) {
      rows.insert(stage.rect.y);
    }
  }
  return int64_t(rows.size()) - 1;
}

/// The head of the whole, as far as it has room in both images: beside
/// embedding and one stage, or with three stages, the last of them below the
/// second one, west of that.
static int64_t headOfParts(const ModelPlan &plan, bool stageEach) {
  const PartitionCandidate &c = plan.chosen();
  int64_t columns = plan.machine.usable.w - 1;
  int64_t room = columns - c.embedColumns - c.width;
  if (stageEach) {
    room = std::min(room, std::max(columns - c.embedColumns - 3 * c.width,
                                   1 + c.embedColumns + c.width));
  }
  return std::clamp<int64_t>(room, 1, c.headColumns);
}

/// Parts have fewer layers and requests than the whole, which may need more
/// SRAM than there is: the cost model only estimates that. An error has been
/// printed.
static Status checkFits(const DecodeRunOptions &options, const ModelPlan &plan,
                        CommandContext &context) {
  CompileRequest request = decodeRequest(options);
  request.pipeline.params = plan.set->name;
  request.pipeline.stages = plan.chosen().stages;
  request.pipeline.width = plan.chosen().width;
  request.pipeline.height = plan.chosen().height;
  request.pipeline.wafers = plan.plan.wafers();
  request.pipeline.inFlight = plan.plan.problem.requests;
  CompilerSession session(context);
  return compileTo(Phase::Allocate, request, session, context)
             ? Status::success()
             : Diagnostic{};
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
  bool stageEach = plan.layersPerStage() == 1 && plan.plan.layers() > 1;
  int64_t headColumns = headOfParts(plan, stageEach);
  if (headColumns < plan.chosen().leastHeadColumns) {
    return Diagnostic{
        "a stage cannot be timed apart: a shelf has no room for it, the "
        "embedding "
        "and the head",
        options.model,
        fmt::format("{} columns for the head", plan.chosen().leastHeadColumns),
        fmt::format("{} beside stages of {}x{}", headColumns,
                    plan.chosen().width, plan.chosen().height),
        "--predict, or other --in-flight"};
  }
  request.pipeline.headColumns = headColumns;
  if (Status fits = checkFits(options, plan, context); !fits) {
    return fits.takeError();
  }
  ModelParts parts(context);
  if (Status made = parts.make(options, request, name, {}, stageEach, context);
      !made) {
    return made.takeError();
  }
  const PartitionCandidate &c = plan.chosen();
  parts.head =
      double(estimateHeadCycles(plan.plan.problem, c.height, c.headColumns) -
             estimateHeadCycles(plan.plan.problem, c.height, headColumns));
  if (stageEach) {
    int64_t handOver =
        estimateHandOverCycles(plan.plan.problem, c.width, c.height);
    parts.handOvers =
        double(parts.added * handOver +
               turnsOf(parts.images[1]->emitted.image) * c.turnCycles);
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
  return PartTimes{cycles[0], cycles[1], stages, added, handOvers, head};
}
