// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Driver/LogitCheck.h"

#include "wafer/Sim/TensorGather.h"

#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <limits>

using namespace wafer;

HostModel::~HostModel() = default;

Result<LogitCheck> LogitCheck::create(Engine &engine, const Image &image,
                                      HostModel &model, uint64_t position) {
  for (const TensorPlacement &tensor : image.tensors) {
    if (tensor.kind != TensorKind::Output || tensor.name != kTensor) {
      continue;
    }
    uint64_t length = 1;
    for (uint32_t size : tensor.shape) {
      length *= size; // the image was validated: it does not overflow
    }
    if (tensor.type != DataType::F32 || length != model.vocab()) {
      return Diagnostic{"the logits of the image are not those of its model",
                        fmt::format("tensor '{}'", tensor.name),
                        fmt::format("{} values of f32", model.vocab()),
                        fmt::format("{} of {}", length, nameOf(tensor.type)),
                        ""};
    }
    return LogitCheck(engine, image, model, tensor, position);
  }
  return Diagnostic{"the image has no logits to compare", "",
                    fmt::format("an output tensor '{}'", kTensor), "", ""};
}

/// |a - b|; zero for two NaNs and for equal infinities.
static double distance(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) {
    return std::isnan(a) && std::isnan(b)
               ? 0
               : std::numeric_limits<double>::infinity();
  }
  return a == b ? 0 : std::fabs(double(a) - double(b));
}

Status LogitCheck::step(uint32_t fed, uint32_t chosen) {
  uint64_t number = result.steps++;
  Result<HostModel::Step> expected = model->step(fed, position + number);
  if (!expected) {
    return expected.takeError();
  }
  Result<std::vector<uint8_t>> bytes = gatherTensor(*engine, *image, *tensor);
  if (!bytes) {
    return bytes.takeError();
  }
  double errorSquares = 0, squares = 0;
  for (size_t id = 0; id < model->vocab(); ++id) {
    float found;
    std::memcpy(&found, bytes->data() + id * sizeof(float), sizeof(float));
    float wanted = expected->logits[id];
    double error = distance(wanted, found);
    errorSquares += error * error;
    squares += std::isfinite(wanted) ? double(wanted) * wanted : 0;
    if (error > result.maxAbsError) {
      result.maxAbsError = error;
      result.step = number;
      result.id = uint32_t(id);
    }
    if (std::isfinite(wanted)) {
      result.maxAbsLogit =
          std::max(result.maxAbsLogit, std::fabs(double(wanted)));
    }
  }
  if (errorSquares > 0) {
    result.relativeError =
        std::max(result.relativeError, std::sqrt(errorSquares / squares));
  }
  if (chosen != expected->next && !result.difference) {
    float other = chosen < model->vocab()
                      ? expected->logits[chosen]
                      : std::numeric_limits<float>::quiet_NaN();
    result.difference = {number, expected->next, chosen,
                         expected->logits[expected->next], other};
  }
  return Status::success();
}
