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

#include "wafer/Import/RecipeEvaluator.h"
#include "wafer/Support/Half.h"
#include "wafer/WGraph/WGraph.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

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

  Status fill(size_t index, std::vector<uint8_t> &bytes) const;

private:
  void fillLayer(const Target &target, const Fill &fill, int64_t layer,
                 const std::vector<float> &values,
                 std::vector<uint8_t> &bytes) const;
};

/// Copies the local block of one core: an affine walk over the ranges.
class BlockCopy {
public:
  BlockCopy(const Fill &fill, const float *source, uint8_t *target)
      : fill(fill), source(source), target(target) {}

  void run(int64_t y, int64_t x) {
    for (const DimensionLayout &dim : fill.dims) {
      if (dim.kind == DimensionLayout::Kind::Whole) {
        begin.push_back(0);
        end.push_back(fill.shape[begin.size() - 1]);
      } else {
        size_t line = size_t(dim.kind == DimensionLayout::Kind::Rows ? y : x);
        begin.push_back(dim.begin[line]);
        end.push_back(dim.end[line]);
      }
      if (begin.back() >= end.back()) {
        return;
      }
    }
    walk(0, fill.sourceOffset, 0);
  }

private:
  void walk(size_t dim, int64_t from, int64_t to) {
    int64_t sourceStride = fill.sourceStrides[dim],
            targetStride = fill.strides[dim];
    from += begin[dim] * sourceStride;
    bool last = dim + 1 == fill.dims.size();
    for (int64_t i = begin[dim]; i < end[dim];
         ++i, from += sourceStride, to += targetStride) {
      if (!last) {
        walk(dim + 1, from, to);
      } else if (fill.half) {
        uint16_t bits = floatToHalf(source[from]);
        std::memcpy(target + to, &bits, 2);
      } else {
        std::memcpy(target + to, &source[from], 4);
      }
    }
  }

  const Fill &fill;
  const float *source;
  uint8_t *target;
  SmallVector<int64_t> begin, end;
};

} // namespace

void WeightFiller::fillLayer(const Target &target, const Fill &fill,
                             int64_t layer, const std::vector<float> &values,
                             std::vector<uint8_t> &bytes) const {
  for (int64_t y = 0; y < target.rect.h; ++y) {
    for (int64_t x = 0; x < target.rect.w; ++x) {
      uint8_t *core = bytes.data() + (y * target.rect.w + x) * target.bytes;
      BlockCopy(fill, values.data(),
                core + fill.offset + layer * fill.layerStride)
          .run(y, x);
    }
  }
}

Status WeightFiller::fill(size_t index, std::vector<uint8_t> &bytes) const {
  const Target &target = targets[index];
  std::vector<float> values;
  for (const Fill &fill : target.fills) {
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
      fillLayer(target, fill, 0, values, bytes);
      continue;
    }
    values.resize(fill.recipe.getResultType().getNumElements());
    for (int64_t layer = 0; layer < std::max<int64_t>(1, fill.numLayers);
         ++layer) {
      evaluator->evaluate(fill.recipe, fill.firstLayer + layer, values.data());
      fillLayer(target, fill, layer, values, bytes);
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
    entry.kind = tensor.getKind() == dist::TensorKind::State
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
      filler->targets[it->second].fills.push_back(std::move(fill));
    }
    image.tensors.push_back(std::move(entry));
  }
  result.fill = [filler](size_t index, std::vector<uint8_t> &bytes) {
    return filler->fill(index, bytes);
  };
  return success();
}
