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

/// Elements that are evaluated at once: as many as stay in the cache of a core.
static constexpr int64_t kBandElements = int64_t(1) << 18;

/// Calls `body` for 0 to count, in as many threads as there are processors,
/// each with a `Scratch` of its own.
template <typename Scratch, typename Body>
static void parallelFor(size_t count, Body body) {
  std::atomic<size_t> next{0};
  auto work = [&] {
    Scratch scratch;
    for (size_t i = next++; i < count; i = next++) {
      body(i, scratch);
    }
  };
  size_t threads = std::min<size_t>(
      llvm::hardware_concurrency().compute_thread_count(), count);
  std::vector<std::thread> workers;
  for (size_t i = 1; i < threads; ++i) {
    workers.emplace_back(work);
  }
  work();
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

  /// Dimensions, those with the longest steps in the source first.
  SmallVector<unsigned> order() const {
    SmallVector<unsigned> list(dims.size());
    std::iota(list.begin(), list.end(), 0);
    llvm::stable_sort(list, [&](unsigned a, unsigned b) {
      return sourceStrides[a] > sourceStrides[b];
    });
    return list;
  }
  int64_t elements() const {
    return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                           std::multiplies<>());
  }
};

/// A part of one layer of a fill: indices `begin` to `end` of the dimension
/// with the longest steps in the source.
struct Band {
  const Fill *fill = nullptr;
  int64_t layer = 0;
  int64_t begin = 0, end = 0;
};

/// The numbers of a band.
struct BandValues {
  std::vector<float> floats;
  std::vector<uint16_t> halfs;
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
  std::vector<Band> bandsOf(const Target &target) const;
  /// Returns the digest of the band's elements, where its fill finds one.
  uint64_t fillBand(const Target &target, const Band &band, BandValues &values,
                    std::vector<uint8_t> &bytes) const;
};

/// A band, evaluated: walks over its elements in the order of the source, so
/// that what is read together lies together.
template <typename T>
class BandWalk {
public:
  /// `source`: where the element of the source with index 0 would lie.
  BandWalk(const Band &band, const T *source)
      : band(band), fill(*band.fill), source(source), order(fill.order()),
        begin(fill.dims.size()), end(fill.dims.size()),
        indexStrides(fill.dims.size(), 1) {
    for (size_t d = fill.dims.size() - 1; d > 0; --d) {
      indexStrides[d - 1] = indexStrides[d] * fill.shape[d];
    }
  }

  /// Copies what the cores of a target hold.
  void copy(const WeightFiller::Target &target, std::vector<uint8_t> &bytes) {
    std::vector<int64_t> rows = linesOf(DimensionLayout::Kind::Rows,
                                        target.rect.h),
                         columns = linesOf(DimensionLayout::Kind::Columns,
                                           target.rect.w);
    int64_t offset = fill.offset + band.layer * fill.layerStride;
    for (int64_t y : rows) {
      for (int64_t x : columns) {
        copyCore(y, x,
                 bytes.data() + (y * target.rect.w + x) * target.bytes +
                     offset);
      }
    }
  }

  uint64_t digest() {
    for (size_t d = 0; d < fill.dims.size(); ++d) {
      begin[d] = 0;
      end[d] = fill.shape[d];
    }
    begin[order[0]] = band.begin;
    end[order[0]] = band.end;
    return digestFrom(0, fill.sourceOffset, band.layer * fill.elements());
  }

private:
  /// The rows or columns of cores that hold something of the band.
  std::vector<int64_t> linesOf(DimensionLayout::Kind kind,
                               int64_t count) const {
    const DimensionLayout &dim = fill.dims[order[0]];
    std::vector<int64_t> lines;
    for (int64_t line = 0; line < count; ++line) {
      if (dim.kind != kind || (dim.begin[size_t(line)] < band.end &&
                               dim.end[size_t(line)] > band.begin)) {
        lines.push_back(line);
      }
    }
    return lines;
  }

  void copyCore(int64_t y, int64_t x, uint8_t *target) {
    int64_t from = fill.sourceOffset;
    for (size_t d = 0; d < fill.dims.size(); ++d) {
      const DimensionLayout &dim = fill.dims[d];
      int64_t first = 0;
      end[d] = fill.shape[d];
      if (dim.kind != DimensionLayout::Kind::Whole) {
        size_t line = size_t(dim.kind == DimensionLayout::Kind::Rows ? y : x);
        first = dim.begin[line];
        end[d] = dim.end[line];
      }
      begin[d] = first;
      if (d == order[0]) {
        begin[d] = std::max(first, band.begin);
        end[d] = std::min(end[d], band.end);
      }
      if (begin[d] >= end[d]) {
        return;
      }
      from += begin[d] * fill.sourceStrides[d];
      target += (begin[d] - first) * fill.strides[d];
    }
    copyFrom(0, source + from, target);
  }

  void copyFrom(size_t level, const T *from, uint8_t *to) const {
    unsigned dim = order[level];
    int64_t count = end[dim] - begin[dim];
    int64_t sourceStride = fill.sourceStrides[dim],
            targetStride = fill.strides[dim];
    if (level + 1 < order.size()) {
      for (int64_t i = 0; i < count; ++i) {
        copyFrom(level + 1, from + i * sourceStride, to + i * targetStride);
      }
      return;
    }
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(to + i * targetStride, from + i * sourceStride, sizeof(T));
    }
  }

  uint64_t digestFrom(size_t level, int64_t from, int64_t index) const {
    unsigned dim = order[level];
    int64_t sourceStride = fill.sourceStrides[dim],
            indexStride = indexStrides[dim];
    uint64_t sum = 0;
    if (level + 1 < order.size()) {
      for (int64_t i = begin[dim]; i < end[dim]; ++i) {
        sum += digestFrom(level + 1, from + i * sourceStride,
                          index + i * indexStride);
      }
      return sum;
    }
    for (int64_t i = begin[dim]; i < end[dim]; ++i) {
      std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t> bits = 0;
      std::memcpy(&bits, source + from + i * sourceStride, sizeof(bits));
      sum += elementDigest(uint64_t(index + i * indexStride), bits);
    }
    return sum;
  }

  const Band &band;
  const Fill &fill;
  const T *source;
  SmallVector<unsigned> order;
  SmallVector<int64_t> begin, end;
  /// Of the tensor, in row-major order.
  SmallVector<int64_t> indexStrides;
};

} // namespace

/// The elements of the source that a band reads: the first, and behind the
/// last.
static std::pair<int64_t, int64_t> sourceRange(const Fill &fill, int64_t begin,
                                               int64_t end) {
  unsigned outer = fill.order().front();
  int64_t first = fill.sourceOffset + begin * fill.sourceStrides[outer];
  int64_t last = fill.sourceOffset + (end - 1) * fill.sourceStrides[outer];
  for (size_t d = 0; d < fill.shape.size(); ++d) {
    if (d != outer) {
      last += int64_t(fill.shape[d] - 1) * fill.sourceStrides[d];
    }
  }
  return {first, last + 1};
}

std::vector<Band> WeightFiller::bandsOf(const Target &target) const {
  std::vector<Band> bands;
  for (const Fill &fill : target.fills) {
    int64_t count = fill.shape[fill.order().front()];
    int64_t each = std::max<int64_t>(1, fill.elements() / count);
    int64_t step = std::max<int64_t>(1, kBandElements / each);
    // A band that reads far more than it holds is better taken whole.
    auto [first, last] = sourceRange(fill, 0, std::min(step, count));
    if (!fill.recipe || last - first > 2 * step * each) {
      step = count;
    }
    int64_t layers = fill.recipe ? std::max<int64_t>(1, fill.numLayers) : 1;
    for (int64_t layer = 0; layer < layers; ++layer) {
      for (int64_t at = 0; at < count; at += step) {
        bands.push_back({&fill, layer, at, std::min(at + step, count)});
      }
    }
  }
  return bands;
}

/// Cosines and sines, entry after entry.
static std::vector<float> rotaryTable(const Fill &fill) {
  std::vector<float> values;
  for (int64_t e = 0; e < int64_t(fill.shape[0]); ++e) {
    for (bool isSine : {false, true}) {
      for (double frequency : fill.frequencies) {
        double angle = double(e * fill.tableStep) * frequency;
        values.push_back(float(isSine ? std::sin(angle) : std::cos(angle)));
      }
    }
  }
  return values;
}

uint64_t WeightFiller::fillBand(const Target &target, const Band &band,
                                BandValues &values,
                                std::vector<uint8_t> &bytes) const {
  const Fill &fill = *band.fill;
  int64_t first = 0; // element of the source at the front of the values
  if (!fill.recipe) {
    values.floats = rotaryTable(fill);
  } else {
    ArrayRef<int64_t> shape = fill.recipe.getResultType().getShape();
    int64_t row = fill.recipe.getResultType().getNumElements() / shape[0];
    auto [begin, end] = sourceRange(fill, band.begin, band.end);
    SmallVector<int64_t> offsets(shape.size(), 0), sizes(shape);
    offsets[0] = begin / row;
    sizes[0] = (end + row - 1) / row - offsets[0];
    first = offsets[0] * row;
    values.floats.resize(size_t(sizes[0] * row));
    evaluator->evaluate(fill.recipe, fill.firstLayer + band.layer, offsets,
                        sizes, values.floats.data());
  }
  auto walk = [&](const auto *elements) {
    BandWalk elementsOf(band, elements - first);
    elementsOf.copy(target, bytes);
    return fill.digest ? elementsOf.digest() : 0;
  };
  if (!fill.half) {
    return walk(values.floats.data());
  }
  values.halfs.resize(values.floats.size());
  floatsToHalfs(values.floats.data(), values.halfs.data(),
                values.floats.size());
  return walk(values.halfs.data());
}

Status WeightFiller::fill(size_t index, std::vector<uint8_t> &bytes) const {
  const Target &target = targets[index];
  std::vector<Band> bands = bandsOf(target);
  std::vector<uint64_t> found(bands.size());
  // No two bands have an element in common.
  parallelFor<BandValues>(bands.size(), [&](size_t i, BandValues &values) {
    found[i] = fillBand(target, bands[i], values, bytes);
  });
  for (const Fill &fill : target.fills) {
    if (fill.digest) {
      *digests[*fill.digest] = 0;
    }
  }
  for (size_t i = 0; i < bands.size(); ++i) {
    if (bands[i].fill->digest) {
      *digests[*bands[i].fill->digest] += found[i];
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
