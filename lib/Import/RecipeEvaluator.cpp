// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RecipeEvaluator.cpp - Numbers from recipes -------------------------===//
//
// A box of the result is pushed back through the transforms, last one first,
// to a box of the source; the numbers then flow forward. Only a reshape turns
// a box into something else: there the rows of the operand that contain the
// box are computed and the box is picked out of them.
//
//===----------------------------------------------------------------------===//
#include "wafer/Import/RecipeEvaluator.h"

#include "wafer/Support/Half.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <numeric>

using namespace wafer;
using namespace wafer::wgraph;

namespace {

struct Box {
  SmallVector<int64_t> offsets;
  SmallVector<int64_t> sizes;

  int64_t elements() const {
    return std::accumulate(sizes.begin(), sizes.end(), int64_t(1),
                           std::multiplies<>());
  }
};

class Evaluation {
public:
  Evaluation(ArrayRef<std::shared_ptr<MappedFile>> files, int64_t layer)
      : layer(layer) {
    reader.files.assign(files.begin(), files.end());
  }

  /// The box after the first `count` transforms of a recipe.
  void run(RecipeAttr recipe, size_t count, const Box &box, float *out);

private:
  void runSource(Attribute source, const Box &box, float *out);
  void readLeaf(TensorRef tensor, const Box &box, float *out);
  void runConcat(ConcatAttr concat, const Box &box, float *out);
  void runPermute(RecipeAttr recipe, size_t count, PermuteAttr permute,
                  const Box &box, float *out);
  void runReshape(RecipeAttr recipe, size_t count, const Box &box, float *out);
  void runScale(RecipeAttr recipe, size_t count, ScaleAttr scale,
                const Box &box, float *out);

  int64_t layer;
  /// Reads one tensor at a time, under the name "t".
  Model reader;
};

} // namespace

static RankedTensorType typeAfter(RecipeAttr recipe, size_t count) {
  return RecipeAttr::get(recipe.getContext(), recipe.getSource(),
                         recipe.getTransforms().take_front(count))
      .getResultType();
}

static WeightType weightType(Type type) {
  return type.isF32()    ? WeightType::F32
         : type.isBF16() ? WeightType::BF16
                         : WeightType::F16;
}

static void roundTo(Type type, float *values, int64_t count) {
  if (type.isF16()) {
    roundToHalfs(values, size_t(count));
  } else if (type.isBF16()) {
    std::transform(values, values + count, values,
                   [](float x) { return bfloatToFloat(floatToBfloat(x)); });
  }
}

/// Row-major strides of a shape.
static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size() - 1; i > 0; --i) {
    strides[i - 1] = strides[i] * shape[i];
  }
  return strides;
}

/// out = the box `sizes` of `from`, row-major, where one step of dimension d is
/// strides[d] elements.
static void gather(const float *from, ArrayRef<int64_t> sizes,
                   ArrayRef<int64_t> strides, float *&out) {
  if (sizes.size() > 1) {
    for (int64_t i = 0; i < sizes.front(); ++i, from += strides.front()) {
      gather(from, sizes.drop_front(), strides.drop_front(), out);
    }
    return;
  }
  int64_t count = sizes.empty() ? 1 : sizes.front();
  int64_t stride = sizes.empty() ? 1 : strides.front();
  for (int64_t i = 0; i < count; ++i) {
    *out++ = from[i * stride];
  }
}

/// Calls `visit(index)` for each index of `sizes`, in row-major order.
static void forEachIndex(ArrayRef<int64_t> sizes,
                         function_ref<void(ArrayRef<int64_t>)> visit) {
  SmallVector<int64_t> index(sizes.size(), 0);
  while (true) {
    visit(index);
    size_t dim = sizes.size();
    while (dim > 0 && ++index[dim - 1] == sizes[dim - 1]) {
      index[--dim] = 0;
    }
    if (dim == 0) {
      return;
    }
  }
}

static int64_t dot(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), int64_t(0));
}

void Evaluation::readLeaf(TensorRef tensor, const Box &box, float *out) {
  SmallVector<int64_t> shape(tensor.shape.begin(), tensor.shape.end());
  SmallVector<int64_t> strides = stridesOf(shape);
  // Dimensions after `outer` are taken in full, so one index of the dimensions
  // before it is one contiguous run.
  size_t outer = shape.size() - 1;
  int64_t run = box.sizes[outer];
  while (outer > 0 && box.sizes[outer] == shape[outer]) {
    run *= box.sizes[--outer];
  }
  reader.tensors["t"] = std::move(tensor);
  SmallVector<int64_t> outerSizes(ArrayRef(box.sizes).take_front(outer));
  int64_t base = dot(box.offsets, strides);
  forEachIndex(outerSizes, [&](ArrayRef<int64_t> index) {
    int64_t first = base + dot(index, ArrayRef(strides).take_front(outer));
    reader.read("t", uint64_t(first), uint64_t(run), out);
    out += run;
  });
}

void Evaluation::runConcat(ConcatAttr concat, const Box &box, float *out) {
  size_t dim = concat.getDim();
  int64_t inner = 1, outer = 1;
  for (size_t i = 0; i < box.sizes.size(); ++i) {
    (i < dim ? outer : inner) *= i == dim ? 1 : box.sizes[i];
  }
  int64_t begin = 0; // of the part, along dim
  std::vector<float> values;
  for (RecipeAttr part : concat.getParts()) {
    int64_t size = part.getResultType().getDimSize(dim);
    int64_t low = std::max(begin, box.offsets[dim]);
    int64_t high = std::min(begin + size, box.offsets[dim] + box.sizes[dim]);
    if (low < high) {
      Box inside = box;
      inside.offsets[dim] = low - begin;
      inside.sizes[dim] = high - low;
      values.resize(inside.elements());
      run(part, part.getTransforms().size(), inside, values.data());
      int64_t rows = (high - low) * inner;
      for (int64_t i = 0; i < outer; ++i) {
        std::copy_n(values.data() + i * rows, rows,
                    out +
                        (i * box.sizes[dim] + low - box.offsets[dim]) * inner);
      }
    }
    begin += size;
  }
}

void Evaluation::runSource(Attribute source, const Box &box, float *out) {
  if (auto concat = dyn_cast<ConcatAttr>(source)) {
    return runConcat(concat, box, out);
  }
  TensorRef tensor;
  RankedTensorType type;
  if (auto ref = dyn_cast<RefAttr>(source)) {
    int64_t l = ref.getLayers() ? layer : 0;
    type = ref.getType();
    tensor.file = int32_t(ref.getFile(l));
    tensor.offset = uint64_t(ref.getOffset(l));
  } else {
    auto synthetic = cast<SyntheticAttr>(source);
    type = synthetic.getType();
    tensor.seed = synthetic.getSeed(synthetic.getLayers() ? layer : 0);
    tensor.scale = synthetic.getScale().convertToDouble();
  }
  tensor.type = weightType(type.getElementType());
  tensor.shape.assign(type.getShape().begin(), type.getShape().end());
  bool synthetic = tensor.file < 0;
  readLeaf(std::move(tensor), box, out);
  if (synthetic) {
    roundTo(type.getElementType(), out, box.elements());
  }
}

void Evaluation::runPermute(RecipeAttr recipe, size_t count,
                            PermuteAttr permute, const Box &box, float *out) {
  ArrayRef<int64_t> order = permute.getOrder();
  Box from = box;
  for (auto [to, dim] : llvm::enumerate(order)) {
    from.offsets[dim] = box.offsets[to];
    from.sizes[dim] = box.sizes[to];
  }
  std::vector<float> values(from.elements());
  run(recipe, count, from, values.data());
  SmallVector<int64_t> fromStrides = stridesOf(from.sizes), strides;
  for (int64_t dim : order) {
    strides.push_back(fromStrides[dim]);
  }
  gather(values.data(), box.sizes, strides, out);
}

void Evaluation::runReshape(RecipeAttr recipe, size_t count, const Box &box,
                            float *out) {
  ArrayRef<int64_t> toShape =
      cast<ReshapeAttr>(recipe.getTransforms()[count]).getShape();
  RankedTensorType fromType = typeAfter(recipe, count);
  SmallVector<int64_t> strides = stridesOf(toShape);
  int64_t first = dot(box.offsets, strides), last = first;
  for (auto [size, stride] : llvm::zip(box.sizes, strides)) {
    last += (size - 1) * stride;
  }
  int64_t row = stridesOf(fromType.getShape()).front();
  Box rows{SmallVector<int64_t>(fromType.getRank(), 0),
           SmallVector<int64_t>(fromType.getShape())};
  rows.offsets[0] = first / row;
  rows.sizes[0] = last / row + 1 - rows.offsets[0];
  std::vector<float> values(rows.elements());
  run(recipe, count, rows, values.data());
  const float *from = values.data() + (first - rows.offsets[0] * row);
  gather(from, box.sizes, strides, out);
}

void Evaluation::runScale(RecipeAttr recipe, size_t count, ScaleAttr scale,
                          const Box &box, float *out) {
  run(recipe, count, box, out);
  size_t dim = scale.getDim();
  std::vector<float> factors(box.sizes[dim]);
  run(scale.getBy(), scale.getBy().getTransforms().size(),
      Box{{box.offsets[dim]}, {box.sizes[dim]}}, factors.data());
  int64_t inner = stridesOf(box.sizes)[dim];
  int64_t elements = box.elements();
  for (int64_t i = 0; i < elements; ++i) {
    out[i] *= factors[(i / inner) % box.sizes[dim]];
  }
  roundTo(typeAfter(recipe, count).getElementType(), out, elements);
}

void Evaluation::run(RecipeAttr recipe, size_t count, const Box &box,
                     float *out) {
  if (count == 0) {
    return runSource(recipe.getSource(), box, out);
  }
  Attribute transform = recipe.getTransforms()[--count];
  if (auto slice = dyn_cast<SliceAttr>(transform)) {
    Box from = box;
    for (auto [offset, by] : llvm::zip(from.offsets, slice.getOffsets())) {
      offset += by;
    }
    run(recipe, count, from, out);
  } else if (auto permute = dyn_cast<PermuteAttr>(transform)) {
    runPermute(recipe, count, permute, box, out);
  } else if (isa<ReshapeAttr>(transform)) {
    runReshape(recipe, count, box, out);
  } else if (auto scale = dyn_cast<ScaleAttr>(transform)) {
    runScale(recipe, count, scale, box, out);
  } else {
    run(recipe, count, box, out);
    roundTo(cast<CastAttr>(transform).getType(), out, box.elements());
  }
}

//===----------------------------------------------------------------------===//
// RecipeEvaluator
//===----------------------------------------------------------------------===//

/// Checks that a reference lies inside its files.
static Status checkRef(RefAttr ref,
                       ArrayRef<std::shared_ptr<MappedFile>> files) {
  uint64_t bytes = uint64_t(ref.getType().getNumElements()) *
                   ref.getType().getElementTypeBitWidth() / 8;
  for (int64_t l = 0, e = std::max<int64_t>(ref.getLayers(), 1); l < e; ++l) {
    const MappedFile &file = *files[ref.getFile(l)];
    uint64_t end = uint64_t(ref.getOffset(l)) + bytes;
    if (end > file.size()) {
      return Diagnostic{"a weight lies outside its file", file.path(),
                        std::to_string(end) + " bytes",
                        std::to_string(file.size()), ""};
    }
  }
  return Status::success();
}

Result<RecipeEvaluator> RecipeEvaluator::open(ModelOp model) {
  RecipeEvaluator evaluator;
  for (auto file : model.getFiles().getAsRange<FileAttr>()) {
    auto mapped = MappedFile::open(file.getPath().str());
    if (!mapped) {
      return mapped.takeError();
    }
    if ((*mapped)->size() != uint64_t(file.getSize())) {
      return Diagnostic{
          "the file is not the one that was imported", file.getPath().str(),
          std::to_string(file.getSize()) + " bytes",
          std::to_string((*mapped)->size()), "import the model again"};
    }
    evaluator.files.push_back(std::move(*mapped));
  }
  Status status;
  for (auto weight : model.getBody().getOps<WeightOp>()) {
    weight.getRecipe().walk([&](RefAttr ref) {
      if (status) {
        status = checkRef(ref, evaluator.files);
      }
    });
  }
  if (!status) {
    return status.takeError();
  }
  return evaluator;
}

void RecipeEvaluator::evaluate(RecipeAttr recipe, int64_t layer,
                               ArrayRef<int64_t> offsets,
                               ArrayRef<int64_t> sizes, float *out) const {
  Evaluation(files, layer)
      .run(recipe, recipe.getTransforms().size(),
           Box{SmallVector<int64_t>(offsets), SmallVector<int64_t>(sizes)},
           out);
}

void RecipeEvaluator::evaluate(RecipeAttr recipe, int64_t layer,
                               float *out) const {
  RankedTensorType type = recipe.getResultType();
  evaluate(recipe, layer, SmallVector<int64_t>(type.getRank(), 0),
           type.getShape(), out);
}
