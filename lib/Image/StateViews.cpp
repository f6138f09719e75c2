// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/StateViews.h"

#include "wafer/Image/Validate.h"
#include "wafer/Support/Json.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using nlohmann::json;

static constexpr const char *kWhere = "model of the image, field 'states'";

uint64_t StateView::layerElements() const {
  uint64_t elements = 1;
  for (size_t d = 1; d < shape.size(); ++d) {
    elements *= shape[d];
  }
  return elements;
}

uint64_t StateView::layerRoom(const std::vector<uint32_t> &extents) const {
  uint64_t last = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    last += (extents[d + 1] - 1) * strides[d];
  }
  return std::max(last + 1, layerElements());
}

std::string wafer::addStateViews(const std::string &model,
                                 const std::vector<StateView> &views) {
  json object = json::parse(model);
  json list = json::array();
  for (const StateView &view : views) {
    json entry = {{"tensor", view.tensor},
                  {"state", view.state},
                  {"shape", view.shape},
                  {"first_layer", view.firstLayer},
                  {"strides", view.strides}};
    if (view.isFactor) {
      entry["factor"] = true;
    }
    list.push_back(std::move(entry));
  }
  object["states"] = std::move(list);
  return object.dump();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static Diagnostic malformed(size_t index, const std::string &expected) {
  return {"malformed description of a state",
          fmt::format("{}: entry {}", kWhere, index), expected, "",
          "the image was made by another version"};
}

template <typename T>
static bool readNumbers(const json &entry, const char *key,
                        std::vector<T> &out) {
  auto list = entry.find(key);
  if (list == entry.end() || !list->is_array()) {
    return false;
  }
  for (const json &number : *list) {
    if (!number.is_number_unsigned() ||
        number.get<uint64_t>() > std::numeric_limits<uint32_t>::max()) {
      return false;
    }
    out.push_back(number.get<T>());
  }
  return true;
}

/// The shape, tensor and strides fit together, and indexes do not wrap.
static bool fits(const StateView &view, const TensorPlacement &tensor) {
  if (view.shape.size() < 2 || view.shape.size() > kMaxTensorRank ||
      tensor.kind != TensorKind::State ||
      (tensor.type != DataType::F16 && tensor.type != DataType::F32) ||
      view.strides.size() + 1 != tensor.shape.size()) {
    return false;
  }
  uint64_t elements = 1;
  for (uint32_t extent : view.shape) {
    if (extent == 0 || extent > kMaxTensorElements / elements) {
      return false;
    }
    elements *= extent;
  }
  unsigned __int128 room = 1;
  for (size_t d = 0; d < view.strides.size(); ++d) {
    room += (unsigned __int128)(tensor.shape[d + 1] - 1) * view.strides[d];
  }
  return room * tensor.shape[0] <= kMaxTensorElements &&
         uint64_t(view.firstLayer) + tensor.shape[0] <= view.shape[0];
}

Result<std::vector<StateView>> wafer::readStateViews(const Image &image) {
  std::vector<StateView> views;
  if (image.model.empty()) {
    return views;
  }
  Result<json> model = parseJson(image.model, "model of the image");
  if (!model) {
    return model.takeError();
  }
  auto list = model->is_object() ? model->find("states") : model->end();
  if (list == model->end()) {
    return views;
  }
  if (!list->is_array()) {
    return Diagnostic{"malformed description of states", kWhere, "a list",
                      describeJson(*list), ""};
  }
  for (const json &entry : *list) {
    StateView view;
    if (!entry.is_object() || !entry.contains("tensor") ||
        !entry["tensor"].is_string() || !entry.contains("state") ||
        !entry["state"].is_string() || !entry.contains("first_layer") ||
        !entry["first_layer"].is_number_unsigned() ||
        entry["first_layer"].get<uint64_t>() >
            std::numeric_limits<uint32_t>::max() ||
        !readNumbers(entry, "shape", view.shape) ||
        !readNumbers(entry, "strides", view.strides)) {
      return malformed(views.size(), "names 'tensor' and 'state', numbers "
                                     "'shape', 'first_layer' and 'strides'");
    }
    view.tensor = entry["tensor"].get<std::string>();
    view.state = entry["state"].get<std::string>();
    view.firstLayer = entry["first_layer"].get<uint32_t>();
    auto factor = entry.find("factor");
    view.isFactor = factor != entry.end() && *factor == json(true);
    auto tensor =
        std::find_if(image.tensors.begin(), image.tensors.end(),
                     [&](const auto &t) { return t.name == view.tensor; });
    if (tensor == image.tensors.end() || !fits(view, *tensor)) {
      return malformed(
          views.size(),
          fmt::format("layers of the state tensor '{}'", view.tensor));
    }
    views.push_back(std::move(view));
  }
  return views;
}
