// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- EmitWeights.cpp - Tensors and their bytes in the cores -------------===//
//
// A placement becomes an entry of the image's tensor table (the intent) and,
// for weights, a fill: which elements of which recipe go to which bytes of
// every core. Filling is a loop over cores around an affine walk over the local
// ranges; the matrix of one layer is evaluated once.
//
//===----------------------------------------------------------------------===//
#include "EmitWeights.h"

#include "wafer/Image/Seal.h"
#include "wafer/Import/RecipeEvaluator.h"
#include "wafer/Support/Half.h"
#include "wafer/WGraph/WGraph.h"

#include "llvm/Support/Threading.h"

#include <atomic>
#include <cmath>
#include <map>
#include <numeric>
#include <thread>

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

/// Calls `body` with ranges that cover 0 to count, each in a thread of its own.
template <typename Body>
static void parallelFor(int64_t count, Body body) {
  constexpr int64_t kLeast = 16; // below that a thread costs more
  int64_t threads = std::min<int64_t>(
      llvm::hardware_concurrency().compute_thread_count(), count / kLeast);
  std::vector<std::thread> workers;
  for (int64_t i = 1; i < threads; ++i) {
    workers.emplace_back(body, count * i / threads, count * (i + 1) / threads);
  }
  body(0, threads > 1 ? count / threads : count);
  for (std::thread &worker : workers) {
    worker.join();
  }
}

namespace {

/// One placement, resolved.
struct Fill {
  wgraph::RecipeAttr recipe; // null for a rotary table
  std::vector<double> frequencies;
  int64_t tableStep = 1;
  SmallVector<int64_t> sourceStrides;
  int64_t sourceOffset = 0;
  bool half = false;
  int64_t offset = 0;      // bytes, in the buffer
  int64_t layerStride = 0; // bytes
  int64_t firstLayer = 0, numLayers = 0;
  SmallVector<int64_t> strides; // bytes
  std::vector<DimensionLayout> dims;
  std::vector<uint32_t> shape;
  /// Index of the digest that this fill finds; another fill of the same tensor
  /// may have it.
  std::optional<size_t> digest;
};

/// Everything that init data needs after the module is gone.
struct WeightFiller {
  std::optional<RecipeEvaluator> evaluator;
  struct Target {
    Rect rect;
    uint32_t bytes = 0;
    std::vector<Fill> fills;
  };
  std::vector<Target> targets;
  /// Of the tensors of the image's seal, 0 until their elements are evaluated.
  /// Atomic, for targets may be filled at the same time.
  std::vector<std::unique_ptr<std::atomic<uint64_t>>> digests;

  Status fill(size_t index, std::vector<uint8_t> &bytes) const;

private:
  template <typename T>
  void copyBlocks(const Target &target, const Fill &fill, int64_t layer,
                  const T *values, std::vector<uint8_t> &bytes) const;
  /// Returns the digest of the layer's elements, where the fill finds it.
  uint64_t fillLayer(const Target &target, const Fill &fill, int64_t layer,
                     const std::vector<float> &values,
                     std::vector<uint8_t> &bytes) const;
};

/// The digest of a layer's elements: in the order of the tensor, from where the
/// model has them.
template <typename T>
class ElementSum {
public:
  ElementSum(const Fill &fill, int64_t layer, const T *source)
      : fill(fill), source(source),
        first(uint64_t(layer) * uint64_t(volume(0))) {}

  uint64_t run() const {
    std::atomic<uint64_t> sum{0};
    parallelFor(fill.shape[0], [&](int64_t begin, int64_t end) {
      uint64_t part = 0;
      for (int64_t i = begin; i < end; ++i) {
        part += walk(1, fill.sourceOffset + i * fill.sourceStrides[0],
                     first + uint64_t(i * volume(1)));
      }
      sum += part;
    });
    return sum;
  }

private:
  /// Elements of the dimensions from `d` on.
  int64_t volume(size_t d) const {
    int64_t product = 1;
    for (; d < fill.shape.size(); ++d) {
      product *= fill.shape[d];
    }
    return product;
  }
  uint64_t walk(size_t d, int64_t from, uint64_t index) const {
    if (d == fill.shape.size()) {
      return digestOf(index, from);
    }
    uint64_t sum = 0;
    int64_t stride = fill.sourceStrides[d];
    if (d + 1 == fill.shape.size()) {
      for (int64_t i = 0; i < fill.shape[d]; ++i) {
        sum += digestOf(index + uint64_t(i), from + i * stride);
      }
      return sum;
    }
    int64_t step = volume(d + 1);
    for (int64_t i = 0; i < fill.shape[d]; ++i) {
      sum += walk(d + 1, from + i * stride, index + uint64_t(i * step));
    }
    return sum;
  }
  uint64_t digestOf(uint64_t index, int64_t from) const {
    if constexpr (sizeof(T) == 2) {
      return elementDigest(index, source[from]);
    } else {
      uint32_t bits = 0;
      std::memcpy(&bits, source + from, sizeof(bits));
      return elementDigest(index, bits);
    }
  }

  const Fill &fill;
  const T *source;
  uint64_t first;
};

/// Copies the local blocks of a fill's cores: affine walks over the ranges, the
/// dimension with the shortest steps in the source innermost, so that what is
/// read together lies together.
template <typename T>
class BlockCopy {
public:
  BlockCopy(const Fill &fill, const T *source)
      : fill(fill), source(source), order(fill.dims.size()),
        begin(fill.dims.size()), end(fill.dims.size()) {
    std::iota(order.begin(), order.end(), 0);
    llvm::stable_sort(order, [&](unsigned a, unsigned b) {
      return fill.sourceStrides[a] > fill.sourceStrides[b];
    });
  }

  void run(int64_t y, int64_t x, uint8_t *target) {
    int64_t from = fill.sourceOffset;
    for (size_t d = 0; d < fill.dims.size(); ++d) {
      const DimensionLayout &dim = fill.dims[d];
      begin[d] = 0;
      end[d] = fill.shape[d];
      if (dim.kind != DimensionLayout::Kind::Whole) {
        size_t line = size_t(dim.kind == DimensionLayout::Kind::Rows ? y : x);
        begin[d] = dim.begin[line];
        end[d] = dim.end[line];
      }
      if (begin[d] >= end[d]) {
        return;
      }
      from += begin[d] * fill.sourceStrides[d];
    }
    walk(0, source + from, target);
  }

private:
  void walk(size_t level, const T *from, uint8_t *to) const {
    unsigned dim = order[level];
    int64_t count = end[dim] - begin[dim];
    int64_t sourceStride = fill.sourceStrides[dim],
            targetStride = fill.strides[dim];
    if (level + 1 < order.size()) {
      for (int64_t i = 0; i < count; ++i) {
        walk(level + 1, from + i * sourceStride, to + i * targetStride);
      }
      return;
    }
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(to + i * targetStride, from + i * sourceStride, sizeof(T));
    }
  }

  const Fill &fill;
  const T *source;
  SmallVector<unsigned> order;
  SmallVector<int64_t> begin, end;
};

} // namespace

template <typename T>
void WeightFiller::copyBlocks(const Target &target, const Fill &fill,
                              int64_t layer, const T *values,
                              std::vector<uint8_t> &bytes) const {
  int64_t offset = fill.offset + layer * fill.layerStride;
  // Rows of cores have no byte in common.
  parallelFor(target.rect.h, [&](int64_t begin, int64_t end) {
    BlockCopy<T> copy(fill, values);
    for (int64_t y = begin; y < end; ++y) {
      uint8_t *row = bytes.data() + y * target.rect.w * target.bytes + offset;
      for (int64_t x = 0; x < target.rect.w; ++x) {
        copy.run(y, x, row + x * target.bytes);
      }
    }
  });
}

uint64_t WeightFiller::fillLayer(const Target &target, const Fill &fill,
                                 int64_t layer,
                                 const std::vector<float> &values,
                                 std::vector<uint8_t> &bytes) const {
  if (!fill.half) {
    copyBlocks(target, fill, layer, values.data(), bytes);
    return fill.digest ? ElementSum(fill, layer, values.data()).run() : 0;
  }
  std::vector<uint16_t> halfs(values.size());
  parallelFor(int64_t(values.size()), [&](int64_t begin, int64_t end) {
    floatsToHalfs(values.data() + begin, halfs.data() + begin,
                  size_t(end - begin));
  });
  copyBlocks(target, fill, layer, halfs.data(), bytes);
  return fill.digest ? ElementSum(fill, layer, halfs.data()).run() : 0;
}

Status WeightFiller::fill(size_t index, std::vector<uint8_t> &bytes) const {
  const Target &target = targets[index];
  std::vector<float> values;
  for (const Fill &fill : target.fills) {
    uint64_t digest = 0;
    if (!fill.recipe) {
      int64_t pairs = int64_t(fill.frequencies.size()), entries = fill.shape[0];
      values.resize(entries * 2 * pairs);
      for (int64_t e = 0; e < entries; ++e) {
        for (int64_t p = 0; p < pairs; ++p) {
          double angle = double(e * fill.tableStep) * fill.frequencies[p];
          values[(e * 2 + 0) * pairs + p] = float(std::cos(angle));
          values[(e * 2 + 1) * pairs + p] = float(std::sin(angle));
        }
      }
      digest = fillLayer(target, fill, 0, values, bytes);
    } else {
      values.resize(fill.recipe.getResultType().getNumElements());
      for (int64_t layer = 0; layer < std::max<int64_t>(1, fill.numLayers);
           ++layer) {
        evaluator->evaluate(fill.recipe, fill.firstLayer + layer,
                            values.data());
        digest += fillLayer(target, fill, layer, values, bytes);
      }
    }
    if (fill.digest) {
      *digests[*fill.digest] = digest;
    }
  }
  return Status::success();
}

/// The ranges of one dimension; a cyclic one becomes two dimensions, the slot
/// in the row and the row.
static void appendDimension(SlicingOp slicing, int64_t size, int64_t stride,
                            TensorPlacement &tensor) {
  DimensionLayout dim;
  if (!slicing) {
    tensor.dims.push_back(dim);
    tensor.shape.push_back(uint32_t(size));
    tensor.strides.push_back(uint32_t(stride));
    return;
  }
  int64_t lines = slicing.getLines();
  if (slicing.getCyclic()) {
    tensor.dims.push_back(dim);
    tensor.shape.push_back(uint32_t(slicing.getMaxWidth()));
    tensor.strides.push_back(uint32_t(stride));
    size = lines;
  }
  dim.kind = slicing.getAxis() == LineAxis::Rows
                 ? DimensionLayout::Kind::Rows
                 : DimensionLayout::Kind::Columns;
  for (int64_t line = 0; line < lines; ++line) {
    auto [begin, end] = slicing.getCyclic()
                            ? std::pair<int64_t, int64_t>(line, line + 1)
                            : slicing.getRange(line);
    dim.begin.push_back(uint32_t(begin));
    dim.end.push_back(uint32_t(end));
  }
  tensor.dims.push_back(std::move(dim));
  tensor.shape.push_back(uint32_t(size));
  tensor.strides.push_back(uint32_t(stride));
}

/// What the placement of layers of a state holds of it.
static StateView viewState(wgraph::StateOp state, TensorOp tensor,
                           PlacementOp placement, SymbolTable &symbols,
                           const std::string &name) {
  StateView view;
  view.tensor = name;
  view.state = state.getSymName().str();
  view.isFactor = tensor.getKind() == dist::TensorKind::Factor;
  view.shape = {uint32_t(state.getLayers()), uint32_t(state.getCapacity())};
  llvm::append_range(view.shape, state.getRow().getShape());
  view.firstLayer = uint32_t(placement.getFirstLayer());
  LayoutAttr layout = getLayout(cast<RankedTensorType>(tensor.getType()));
  for (auto [dim, stride] : llvm::enumerate(tensor.getSourceStrides())) {
    // A cyclic dimension is two: the slot in the row, and the row.
    if (FlatSymbolRefAttr symbol = getSlicing(layout, unsigned(dim))) {
      auto slicing = symbols.lookup<SlicingOp>(symbol.getAttr());
      if (slicing && slicing.getCyclic()) {
        view.strides.push_back(uint64_t(stride * slicing.getLines()));
      }
    }
    view.strides.push_back(uint64_t(stride));
  }
  return view;
}

LogicalResult wafer::placeTensors(ModuleOp module, SymbolTable &symbols,
                                  bool weights, EmittedImage &result) {
  Image &image = result.image;
  auto filler = std::make_shared<WeightFiller>();
  auto models = module.getOps<wgraph::ModelOp>();
  wgraph::ModelOp model = models.empty() ? wgraph::ModelOp() : *models.begin();
  std::optional<SymbolTable> modelSymbols;
  if (model) {
    modelSymbols.emplace(model);
    if (weights) {
      Result<RecipeEvaluator> evaluator = RecipeEvaluator::open(model);
      if (!evaluator) {
        return model.emitError() << evaluator.error().str();
      }
      filler->evaluator.emplace(std::move(*evaluator));
    }
  }
  std::map<std::pair<uint32_t, uint32_t>, size_t> targets; // region, buffer
  llvm::StringMap<size_t> sealed;
  Seal &seal = image.seal.emplace();
  for (auto placement : module.getOps<PlacementOp>()) {
    auto tensor = symbols.lookup<TensorOp>(placement.getTensor());
    if (!tensor) {
      return placement.emitError()
             << "no tensor '" << placement.getTensor() << "'";
    }
    auto type = cast<RankedTensorType>(tensor.getType());
    LayoutAttr layout = getLayout(type);
    TensorPlacement entry;
    entry.name = placement.getTensor().str();
    for (uint32_t i = 0; i < image.regions.size(); ++i) {
      if (image.regions[i].name == placement.getRegion()) {
        entry.region = i;
      }
    }
    const Region &region = image.regions[entry.region];
    const Role &role = image.roles[region.role];
    for (uint32_t i = 0; i < role.buffers.size(); ++i) {
      if (role.buffers[i].name == placement.getBuffer()) {
        entry.buffer = i;
      }
    }
    entry.offset = uint32_t(placement.getOffset());
    entry.type = type.getElementType().isF16() ? DataType::F16 : DataType::F32;
    bool isFactor = tensor.getKind() == dist::TensorKind::Factor;
    entry.kind = isFactor || tensor.getKind() == dist::TensorKind::State
                     ? wafer::TensorKind::State
                 : tensor.getKind() == dist::TensorKind::Output
                     ? wafer::TensorKind::Output
                     : wafer::TensorKind::Weight;
    if (placement.getNumLayers() > 0) {
      // The layers of one stage are a tensor of their own.
      entry.name +=
          "[" + std::to_string(placement.getFirstLayer()) + ":" +
          std::to_string(placement.getFirstLayer() + placement.getNumLayers()) +
          "]";
      appendDimension({}, placement.getNumLayers(), placement.getLayerStride(),
                      entry);
    }
    size_t firstDim = entry.dims.size();
    for (unsigned dim = 0; dim < type.getRank(); ++dim) {
      FlatSymbolRefAttr symbol = getSlicing(layout, dim);
      SlicingOp slicing =
          symbol ? symbols.lookup<SlicingOp>(symbol.getAttr()) : SlicingOp();
      appendDimension(slicing, type.getDimSize(dim),
                      placement.getStrides()[dim], entry);
    }
    if (entry.kind == wafer::TensorKind::State && tensor.getSource() &&
        modelSymbols) {
      auto state = modelSymbols->lookup<wgraph::StateOp>(
          tensor.getSource()->getLeafReference());
      if (!state || placement.getNumLayers() == 0) {
        return tensor.emitError()
               << "no state '"
               << tensor.getSource()->getLeafReference().getValue()
               << "' with layers in the model";
      }
      result.states.push_back(
          viewState(state, tensor, placement, symbols, entry.name));
    }
    bool filled = entry.kind == wafer::TensorKind::Weight;
    if (filled && weights) {
      auto [it, isNew] = targets.insert(
          {{entry.region, entry.buffer}, filler->targets.size()});
      if (isNew) {
        const Buffer &buffer = role.buffers[entry.buffer];
        filler->targets.push_back({region.rect, buffer.bytes, {}});
        InitData data;
        data.region = entry.region;
        data.offset = buffer.offset;
        data.bytes = buffer.bytes;
        data.size = uint64_t(region.rect.area()) * buffer.bytes;
        image.initData.push_back(data);
      }
      Fill fill;
      fill.half = entry.type == DataType::F16;
      fill.offset = entry.offset;
      fill.layerStride = placement.getLayerStride();
      fill.firstLayer = placement.getFirstLayer();
      fill.numLayers = placement.getNumLayers();
      fill.strides.assign(placement.getStrides().begin(),
                          placement.getStrides().end());
      fill.dims.assign(entry.dims.begin() + firstDim, entry.dims.end());
      fill.shape.assign(entry.shape.begin() + firstDim, entry.shape.end());
      if (tensor.getKind() == dist::TensorKind::RopeTable) {
        fill.frequencies.assign(tensor.getFrequencies()->begin(),
                                tensor.getFrequencies()->end());
        fill.tableStep = tensor.getSourceOffset();
        int64_t pairs = int64_t(fill.frequencies.size());
        fill.sourceStrides = {2 * pairs, pairs, 1};
      } else {
        auto weight = modelSymbols ? modelSymbols->lookup<wgraph::WeightOp>(
                                         tensor.getSource()->getLeafReference())
                                   : wgraph::WeightOp();
        if (!weight) {
          return tensor.emitError()
                 << "no weight '"
                 << tensor.getSource()->getLeafReference().getValue()
                 << "' in the model";
        }
        fill.recipe = weight.getRecipe();
        fill.sourceStrides.assign(tensor.getSourceStrides().begin(),
                                  tensor.getSourceStrides().end());
        fill.sourceOffset = tensor.getSourceOffset();
      }
      if (sealed.try_emplace(entry.name, seal.tensors.size()).second) {
        fill.digest = seal.tensors.size();
        seal.tensors.push_back({entry.name, 0});
        filler->digests.push_back(std::make_unique<std::atomic<uint64_t>>(0));
      }
      filler->targets[it->second].fills.push_back(std::move(fill));
    }
    image.tensors.push_back(std::move(entry));
  }
  result.fill = [filler](size_t index, std::vector<uint8_t> &bytes) {
    return filler->fill(index, bytes);
  };
  result.setDigests = [filler](Seal &seal) {
    for (size_t i = 0; i < seal.tensors.size(); ++i) {
      seal.tensors[i].digest = *filler->digests[i];
    }
  };
  return success();
}
