// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "OnWafer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace wafer;
using nlohmann::json;

/// A field of the report of an image.
static json fieldOf(const CompiledImage &compiled, const char *key) {
  json report = json::parse(compiled.emitted.image.report, nullptr, false);
  return report.is_object() ? report.value(key, json()) : json();
}

Result<OnWafer> OnWafer::make(const DecodeRunOptions &options,
                              const ModelPlan &plan, const std::string &defects,
                              CommandContext &context) {
  if (plan.plan.wafers() != 1) {
    return Diagnostic{"--defects is for a model on one wafer", options.model,
                      "", fmt::format("{} wafers", plan.plan.wafers()), ""};
  }
  CompileRequest request = decodeRequest(options);
  OnWafer images(context);
  images.perfectImage = compileImage(request, *images.session, context);
  request.defects = defects;
  if (images.perfectImage) {
    images.fittedImage = compileImage(request, *images.session, context);
  }
  if (!images.fittedImage) {
    return Diagnostic{};
  }
  return images;
}

uint64_t OnWafer::perfectPredicted() const {
  json cycles = fieldOf(perfect(), "predicted_cycles_per_token");
  return cycles.is_number() ? cycles.get<uint64_t>() : 0;
}

uint64_t OnWafer::predicted() const {
  return perfectPredicted() +
         fieldOf(fitted(), "defects").value("cycles_lost", uint64_t(0));
}

std::string OnWafer::fit() const { return fieldOf(fitted(), "defects").dump(); }

Result<TokenTimes> wafer::timeTokenOnWafer(const DecodeRunOptions &options,
                                           const CompiledImage &image,
                                           const std::string &name, bool whole,
                                           CommandContext &context) {
  Result<ModelParts> parts = ModelParts::ofWafer(options, image, name, context);
  if (!parts) {
    return parts.takeError();
  }
  Result<PartTimes> times = parts->time(
      [&](const CompiledImage &part) { return timePass(options, part); });
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
  Result<uint64_t> token = timePass(options, image);
  if (!token) {
    return token.takeError();
  }
  result.token = double(*token);
  return result;
}
