// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "OnWafer.h"

#include "ModelParts.h"

#include <nlohmann/json.hpp>

using namespace wafer;
using nlohmann::json;

/// A field of the report of an image.
static json fieldOf(const CompiledImage &compiled, const char *key) {
  json report = json::parse(compiled.emitted.image.report, nullptr, false);
  return report.is_object() ? report.value(key, json()) : json();
}

static uint64_t predictedOf(const CompiledImage &compiled) {
  json cycles = fieldOf(compiled, "predicted_cycles_per_token");
  return cycles.is_number() ? cycles.get<uint64_t>() : 0;
}

namespace {
struct TokenTimes {
  double token = 0, layer = 0;
};
} // namespace

/// Of an image on its wafer, by its layers or whole.
static Result<TokenTimes> timeOnWafer(const DecodeRunOptions &options,
                                      const CompiledImage &image,
                                      const std::string &name, bool whole,
                                      CommandContext &context) {
  Result<ModelParts> parts = ModelParts::ofWafer(options, image, name, context);
  if (!parts) {
    return parts.takeError();
  }
  Result<PartTimes> times = parts->time(
      [&](const CompiledImage &part) { return timeToken(options, part); });
  if (!times) {
    return times.takeError();
  }
  TokenTimes result;
  result.layer = times->layer();
  result.token = times->through(layerStages(image.emitted.image).layers);
  if (!whole) {
    return result;
  }
  Status status = keepDecodeImage(options, name + "-whole", image);
  status = status ? checkGuarantees(image) : std::move(status);
  if (!status) {
    return status.takeError();
  }
  Result<uint64_t> token = timeToken(options, image);
  if (!token) {
    return token.takeError();
  }
  result.token = double(*token);
  return result;
}

Result<DecodeOnWafer> wafer::decodeOnWafer(const DecodeRunOptions &options,
                                           const std::string &defects,
                                           bool simulate, bool whole,
                                           CommandContext &context) {
  CompileRequest request = decodeRequest(options);
  CompilerSession session(context);
  auto perfect = compileImage(request, session, context);
  request.defects = defects;
  auto fitted = perfect ? compileImage(request, session, context) : nullptr;
  if (!fitted) {
    return Diagnostic{};
  }
  LayerStages layers = layerStages(fitted->emitted.image);
  DecodeOnWafer result;
  result.stages = layers.stages;
  result.stageWidth = layers.rect.w;
  result.stageHeight = layers.rect.h;
  result.perfectPredicted = predictedOf(*perfect);
  json fit = fieldOf(*fitted, "defects");
  result.predicted =
      result.perfectPredicted + fit.value("cycles_lost", uint64_t(0));
  result.fit = fit.dump();
  if (!simulate) {
    return result;
  }
  Result<TokenTimes> onPerfect =
      timeOnWafer(options, *perfect, "perfect", whole, context);
  if (!onPerfect) {
    return onPerfect.takeError();
  }
  Result<TokenTimes> onFitted =
      timeOnWafer(options, *fitted, "fitted", whole, context);
  if (!onFitted) {
    return onFitted.takeError();
  }
  result.perfectCycles = onPerfect->token;
  result.cycles = onFitted->token;
  result.layerCycles = onFitted->layer;
  return result;
}
