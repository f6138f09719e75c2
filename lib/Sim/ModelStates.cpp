// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Sim/ModelStates.h"

#include "TensorBlocks.h"

#include "wafer/Sim/TensorGather.h"
#include "wafer/Support/Half.h"
#include "wafer/Support/Npy.h"
#include "wafer/Support/OutputFile.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

using namespace wafer;

/// Of one file.
static constexpr uint64_t kMaxStateBytes = uint64_t(1) << 36;

namespace {

/// One view with the tensor it is of.
struct Placed {
  const StateView &view;
  const TensorPlacement &tensor;
  const Region &region;
  const Buffer &buffer;
  /// Weights of forEachElement: the layer is the index / `layerRoom`.
  std::vector<uint64_t> weights;
  uint64_t layerRoom = 1;

  Placed(const StateView &view, const TensorPlacement &tensor,
         const Image &image)
      : view(view), tensor(tensor), region(image.regions[tensor.region]),
        buffer(image.roles[region.role].buffers[tensor.buffer]),
        layerRoom(view.layerRoom(tensor.shape)) {
    weights = view.strides;
    weights.insert(weights.begin(), layerRoom);
  }

  float load(const std::vector<uint8_t> &sram, uint64_t byte) const {
    if (tensor.type == DataType::F32) {
      float value;
      std::memcpy(&value, &sram[byte], sizeof(value));
      return value;
    }
    uint16_t bits;
    std::memcpy(&bits, &sram[byte], sizeof(bits));
    return halfToFloat(bits);
  }
  void store(std::vector<uint8_t> &sram, uint64_t byte, float value) const {
    if (tensor.type == DataType::F32) {
      std::memcpy(&sram[byte], &value, sizeof(value));
      return;
    }
    uint16_t bits = floatToHalf(value);
    std::memcpy(&sram[byte], &bits, sizeof(bits));
  }

  /// Calls visit(sram, byte, layer of the model, index in it) for all elements
  /// of the first `positions` positions, core by core; with `writes` what
  /// visit() leaves in `sram` goes back to the core.
  template <typename Visit>
  Status walk(Engine &engine, uint32_t positions, bool writes,
              Visit &&visit) const {
    uint64_t end =
        uint64_t(std::min(positions, view.shape[1])) * view.rowElements();
    std::vector<uint8_t> sram(buffer.bytes);
    const Rect &rect = region.rect;
    for (int32_t y = rect.y; y < rect.endY(); ++y) {
      for (int32_t x = rect.x; x < rect.endX(); ++x) {
        LocalBlock block = blockOf(tensor, rect, {x, y});
        if (block.empty()) {
          continue;
        }
        Status status =
            engine.peek({x, y}, buffer.offset, sram.data(), buffer.bytes);
        if (!status) {
          return status;
        }
        forEachElement(
            tensor, block, weights, [&](uint64_t byte, uint64_t index) {
              uint64_t inLayer = index % layerRoom;
              if (inLayer < end) {
                visit(sram, byte, view.firstLayer + index / layerRoom, inLayer);
              }
            });
        if (writes) {
          status =
              engine.poke({x, y}, buffer.offset, sram.data(), buffer.bytes);
        }
        if (!status) {
          return status;
        }
      }
    }
    return Status::success();
  }
};

} // namespace

static Result<std::vector<StateView>> viewsOf(const Image &image) {
  Result<std::vector<StateView>> views = readStateViews(image);
  if (views && views->empty()) {
    return Diagnostic{"the image does not say where its states lie",
                      "model of the image", "a field 'states'", "", ""};
  }
  return views;
}

/// The tensors of `views`, factors behind the states that they multiply.
static std::vector<Placed> placed(const std::vector<StateView> &views,
                                  const Image &image) {
  std::vector<Placed> result;
  for (bool isFactor : {false, true}) {
    for (const StateView &view : views) {
      if (view.isFactor != isFactor) {
        continue;
      }
      auto tensor =
          std::find_if(image.tensors.begin(), image.tensors.end(),
                       [&](const auto &t) { return t.name == view.tensor; });
      result.emplace_back(view, *tensor, image);
    }
  }
  return result;
}

static uint64_t elementsOf(const std::vector<uint32_t> &shape) {
  uint64_t elements = 1;
  for (uint32_t extent : shape) {
    elements *= extent;
  }
  return elements;
}

/// "(4, 12, 2, 16)"
static std::string listOf(const std::vector<uint64_t> &shape) {
  std::string text;
  for (uint64_t extent : shape) {
    text += (text.empty() ? "(" : ", ") + std::to_string(extent);
  }
  return text.empty() ? "()" : text + ")";
}

/// The states that `views` are of, with `positions` positions, zero.
static std::vector<ModelState> emptyStates(const std::vector<StateView> &views,
                                           uint32_t positions) {
  std::vector<ModelState> states;
  for (const StateView &view : views) {
    bool known = std::any_of(states.begin(), states.end(), [&](const auto &s) {
      return s.name == view.state;
    });
    if (!known && !view.isFactor) {
      states.push_back({view.state, view.shape, {}});
      states.back().shape[1] = positions;
    }
  }
  return states;
}

template <typename States> // const or not
static auto *find(States &states, const std::string &name) {
  auto found = std::find_if(states.begin(), states.end(),
                            [&](const auto &s) { return s.name == name; });
  return found == states.end() ? nullptr : &*found;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Result<std::vector<ModelState>> wafer::readStateFiles(const std::string &folder,
                                                      const Image &image,
                                                      uint32_t positions) {
  Result<std::vector<StateView>> views = viewsOf(image);
  if (!views) {
    return views.takeError();
  }
  std::vector<ModelState> states = emptyStates(*views, positions);
  for (ModelState &state : states) {
    std::string path = fmt::format("{}/{}.npy", folder, state.name);
    Result<NpyArray> array = readNpy(path, kMaxStateBytes);
    if (!array) {
      return array.takeError();
    }
    std::vector<uint64_t> shape(state.shape.begin(), state.shape.end());
    bool matches =
        array->shape.size() == shape.size() && array->shape[1] >= shape[1];
    for (size_t d = 0; matches && d < shape.size(); ++d) {
      matches = d == 1 || array->shape[d] == shape[d];
    }
    if (!matches) {
      return Diagnostic{
          "state of another shape", path, listOf(shape) + " or more positions",
          listOf(array->shape), "states are [layers, positions, row...]"};
    }
    // The first positions of each layer.
    uint64_t layer = elementsOf(state.shape) / state.shape[0],
             from = array->values.size() / state.shape[0];
    state.values.reserve(size_t(layer * state.shape[0]));
    for (uint32_t l = 0; l < state.shape[0]; ++l) {
      auto begin = array->values.begin() + std::ptrdiff_t(l * from);
      state.values.insert(state.values.end(), begin,
                          begin + std::ptrdiff_t(layer));
    }
  }
  return states;
}

Status wafer::writeStateFiles(const std::string &folder, const Image &image,
                              const std::vector<ModelState> &states) {
  Result<std::vector<StateView>> views = viewsOf(image);
  if (!views) {
    return views.takeError();
  }
  if (Status made = makeFolder(folder); !made) {
    return made;
  }
  std::vector<Placed> tensors = placed(*views, image);
  for (const ModelState &state : states) {
    auto holder = std::find_if(tensors.begin(), tensors.end(), [&](auto &p) {
      return p.view.state == state.name && !p.view.isFactor;
    });
    if (holder == tensors.end()) {
      return Diagnostic{"the image has no such state", state.name, "", "", ""};
    }
    std::vector<uint8_t> bytes(state.values.size() *
                               sizeOf(holder->tensor.type));
    for (size_t i = 0; i < state.values.size(); ++i) {
      holder->store(bytes, i * sizeOf(holder->tensor.type), state.values[i]);
    }
    Status status = writeFile(fmt::format("{}/{}.npy", folder, state.name),
                              toNpy(holder->tensor.type, state.shape, bytes));
    if (!status) {
      return status;
    }
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Cores
//===----------------------------------------------------------------------===//

Status wafer::putStates(Engine &engine, const Image &image,
                        const std::vector<ModelState> &states) {
  Result<std::vector<StateView>> views = viewsOf(image);
  if (!views) {
    return views.takeError();
  }
  for (const Placed &tensor : placed(*views, image)) {
    const auto *state = find(states, tensor.view.state);
    if (!state) {
      return Diagnostic{"a state of the image is not given", tensor.view.state,
                        "", "", ""};
    }
    uint64_t layer = elementsOf(state->shape) / state->shape[0];
    Status status = tensor.walk(
        engine, state->shape[1], true,
        [&](std::vector<uint8_t> &sram, uint64_t byte, uint64_t l, uint64_t i) {
          tensor.store(sram, byte,
                       tensor.view.isFactor ? 1.0f
                                            : state->values[l * layer + i]);
        });
    if (!status) {
      return status;
    }
  }
  return Status::success();
}

Result<std::vector<ModelState>>
wafer::takeStates(Engine &engine, const Image &image, uint32_t positions) {
  Result<std::vector<StateView>> views = viewsOf(image);
  if (!views) {
    return views.takeError();
  }
  std::vector<ModelState> states = emptyStates(*views, positions);
  std::vector<std::vector<bool>> covered;
  for (ModelState &state : states) {
    state.values.resize(size_t(elementsOf(state.shape)));
    covered.emplace_back(state.values.size());
  }
  for (const Placed &tensor : placed(*views, image)) {
    ModelState *state = find(states, tensor.view.state);
    if (!state) {
      return Diagnostic{"factors of a state that is not there",
                        tensor.view.tensor, "", tensor.view.state, ""};
    }
    std::vector<bool> &seen = covered[size_t(state - states.data())];
    uint64_t layer = elementsOf(state->shape) / state->shape[0];
    bool isFactor = tensor.view.isFactor;
    // An element may lie in several cores.
    std::vector<float> factors(isFactor ? state->values.size() : 0, 1.0f);
    Status status = tensor.walk(
        engine, positions, false,
        [&](std::vector<uint8_t> &sram, uint64_t byte, uint64_t l, uint64_t i) {
          float value = tensor.load(sram, byte);
          size_t at = size_t(l * layer + i);
          if (!isFactor) {
            state->values[at] = value;
            seen[at] = true;
            return;
          }
          uint64_t count = std::min<uint64_t>(state->shape.back(), layer - i);
          std::fill_n(factors.begin() + std::ptrdiff_t(at), count, value);
        });
    if (!status) {
      return status.takeError();
    }
    for (size_t at = 0; at < factors.size(); ++at) {
      state->values[at] *= factors[at];
    }
  }
  for (size_t s = 0; s < states.size(); ++s) {
    auto missing = std::find(covered[s].begin(), covered[s].end(), false);
    if (missing != covered[s].end()) {
      return Diagnostic{
          "the state has elements that lie in no core", states[s].name, "",
          fmt::format("element {}", missing - covered[s].begin()), ""};
    }
  }
  return states;
}
