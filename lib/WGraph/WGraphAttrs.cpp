// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WGraphAttrs.cpp - Configurations and recipes -----------------------===//
//
// Verifiers check in the order of the constraint labels in WGraphAttrs.td.
//
//===----------------------------------------------------------------------===//
#include "wafer/Support/AsmFormat.h"
#include "wafer/WGraph/WGraph.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace wafer;
using namespace wafer::wgraph;

#include "wafer/WGraph/WGraphEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/WGraph/WGraphAttrs.cpp.inc"

void WGraphDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "wafer/WGraph/WGraphAttrs.cpp.inc"
      >();
}

namespace {
using EmitError = function_ref<InFlightDiagnostic()>;
} // namespace

static bool isStoredType(Type type) {
  return type.isF16() || type.isBF16() || type.isF32();
}

static bool isStoredTensor(RankedTensorType type) {
  return type.hasStaticShape() && type.getRank() > 0 && !type.getEncoding() &&
         llvm::all_of(type.getShape(), [](int64_t n) { return n > 0; }) &&
         isStoredType(type.getElementType());
}

/// Bytes of a tensor; nullopt where they do not fit in 63 bits.
static std::optional<int64_t> bytesOf(RankedTensorType type) {
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  for (int64_t n : type.getShape()) {
    if (__builtin_mul_overflow(bytes, n, &bytes)) {
      return std::nullopt;
    }
  }
  return bytes;
}

//===----------------------------------------------------------------------===//
// Facts about a model
//===----------------------------------------------------------------------===//

LogicalResult ConfigAttr::verify(EmitError emitError, StringRef, int64_t layers,
                                 int64_t dim, int64_t ffn, int64_t heads,
                                 int64_t kvHeads, int64_t headDim,
                                 int64_t vocab, int64_t context, int64_t bos,
                                 ArrayRef<int64_t> eos) {
  // config-c1
  if (layers < 0 || dim <= 0 || ffn <= 0 || heads <= 0 || kvHeads <= 0 ||
      headDim <= 0 || vocab <= 0 || context <= 0) {
    return emitError() << "expected positive dimensions";
  }
  if (heads % kvHeads != 0) {
    return emitError() << "expected 'kv_heads' to divide 'heads' but got "
                       << kvHeads << " and " << heads;
  }
  // config-c2
  if (bos < -1 || bos >= vocab) {
    return emitError() << "expected 'bos' below " << vocab << " but got "
                       << bos;
  }
  for (int64_t id : eos) {
    if (id < 0 || id >= vocab) {
      return emitError() << "expected 'eos' below " << vocab << " but got "
                         << id;
    }
  }
  return success();
}

LogicalResult FileAttr::verify(EmitError emitError, StringRef path,
                               int64_t size) {
  // file-c1
  if (path.empty() || size <= 0) {
    return emitError() << "expected a path and a positive size";
  }
  return success();
}

LogicalResult RopeScalingAttr::verify(EmitError emitError, RopeScalingKind,
                                      llvm::APFloat factor,
                                      llvm::APFloat lowFreq,
                                      llvm::APFloat highFreq,
                                      llvm::APFloat context) {
  // rope_scaling-c1
  auto positive = [](const llvm::APFloat &x) {
    return x.isFinite() && !x.isNegative() && !x.isZero();
  };
  if (!positive(factor) || !positive(lowFreq) || !positive(context)) {
    return emitError()
           << "expected positive 'factor', 'low_freq' and 'original_context'";
  }
  if (!positive(highFreq) || highFreq <= lowFreq) {
    return emitError() << "expected 'high_freq' above 'low_freq'";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

LogicalResult RefAttr::verify(EmitError emitError, RankedTensorType type,
                              int64_t layers, ArrayRef<int64_t> files,
                              ArrayRef<int64_t> offsets, int64_t stride) {
  // ref-c1
  if (!isStoredTensor(type)) {
    return emitError()
           << "expected a static tensor of f16, bf16 or f32 but got " << type;
  }
  // ref-c2
  for (ArrayRef<int64_t> list : {files, offsets}) {
    if (list.size() != 1 && int64_t(list.size()) != layers) {
      return emitError() << "expected one file and offset, or one per layer ("
                         << layers << "), but got " << list.size();
    }
  }
  // ref-c3
  auto negative = [](int64_t n) { return n < 0; };
  if (layers < 0 || llvm::any_of(files, negative) ||
      llvm::any_of(offsets, negative)) {
    return emitError()
           << "expected files, offsets and layers that are not negative";
  }
  std::optional<int64_t> bytes = bytesOf(type);
  int64_t span = 0, last = 0;
  bool single = offsets.size() == 1;
  bool overflow =
      !bytes ||
      __builtin_mul_overflow(
          stride, single ? std::max<int64_t>(layers, 1) - 1 : 0, &span) ||
      __builtin_add_overflow(*llvm::max_element(offsets),
                             std::max<int64_t>(span, 0), &last) ||
      __builtin_add_overflow(last, *bytes, &last);
  if (overflow) {
    return emitError() << "expected the end of the tensor below byte 2^63";
  }
  if (single && offsets[0] + std::min<int64_t>(span, 0) < 0) {
    return emitError() << "expected offsets that are not negative, but the "
                          "stride leads before the start of the file";
  }
  return success();
}

LogicalResult SyntheticAttr::verify(EmitError emitError, RankedTensorType type,
                                    int64_t layers, ArrayRef<int64_t> seeds,
                                    int64_t, llvm::APFloat scale) {
  // synthetic-c1
  if (!isStoredTensor(type) || !bytesOf(type)) {
    return emitError()
           << "expected a static tensor of f16, bf16 or f32 but got " << type;
  }
  // synthetic-c2
  if (seeds.size() != 1 && int64_t(seeds.size()) != layers) {
    return emitError() << "expected one seed, or one per layer (" << layers
                       << "), but got " << seeds.size();
  }
  // synthetic-c3
  if (!scale.isFinite() || scale.isNegative() || layers < 0) {
    return emitError()
           << "expected a finite scale and layers that are not negative";
  }
  return success();
}

LogicalResult ConcatAttr::verify(EmitError emitError, int64_t dim,
                                 ArrayRef<RecipeAttr> parts) {
  // concat-c1
  if (parts.size() < 2) {
    return emitError() << "expected at least two parts to concatenate";
  }
  RankedTensorType first = parts[0].getResultType();
  int64_t layers = 0;
  for (RecipeAttr part : parts) {
    RankedTensorType type = part.getResultType();
    bool fits = type.getRank() == first.getRank() &&
                type.getElementType() == first.getElementType();
    for (int64_t i = 0; fits && i < type.getRank(); ++i) {
      fits = i == dim || type.getDimSize(i) == first.getDimSize(i);
    }
    if (!fits) {
      return emitError() << "expected parts that fit along dimension " << dim
                         << " but got " << first << " and " << type;
    }
  }
  // concat-c2
  if (dim < 0 || dim >= first.getRank()) {
    return emitError() << "expected a dimension below " << first.getRank()
                       << " but got " << dim;
  }
  // concat-c3
  for (RecipeAttr part : parts) {
    if (int64_t n = part.getLayers()) {
      if (layers && n != layers) {
        return emitError() << "expected parts with equal numbers of layers but "
                              "got "
                           << layers << " and " << n;
      }
      layers = n;
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Transforms
//===----------------------------------------------------------------------===//

LogicalResult SliceAttr::verify(EmitError emitError, ArrayRef<int64_t> offsets,
                                ArrayRef<int64_t> sizes) {
  // slice-c1
  if (offsets.size() != sizes.size() ||
      llvm::any_of(offsets, [](int64_t n) { return n < 0; }) ||
      llvm::any_of(sizes, [](int64_t n) { return n <= 0; })) {
    return emitError() << "expected as many offsets as sizes, offsets that are "
                          "not negative and positive sizes";
  }
  return success();
}

LogicalResult PermuteAttr::verify(EmitError emitError,
                                  ArrayRef<int64_t> order) {
  // permute-c1
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  for (auto [i, n] : llvm::enumerate(sorted)) {
    if (n != int64_t(i)) {
      return emitError() << "expected a permutation";
    }
  }
  return success();
}

LogicalResult ReshapeAttr::verify(EmitError emitError,
                                  ArrayRef<int64_t> shape) {
  // reshape-c1
  if (shape.empty() || llvm::any_of(shape, [](int64_t n) { return n <= 0; })) {
    return emitError() << "expected a shape of positive sizes";
  }
  return success();
}

LogicalResult ScaleAttr::verify(EmitError emitError, int64_t dim,
                                RecipeAttr by) {
  // scale-c1
  if (by.getResultType().getRank() != 1) {
    return emitError() << "expected factors of rank 1 but got "
                       << by.getResultType();
  }
  // scale-c2
  if (dim < 0) {
    return emitError() << "expected a dimension that is not negative but got "
                       << dim;
  }
  return success();
}

LogicalResult CastAttr::verify(EmitError emitError, mlir::FloatType type) {
  // cast-c1
  if (!isStoredType(type)) {
    return emitError() << "expected f16, bf16 or f32 but got " << type;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// RecipeAttr
//===----------------------------------------------------------------------===//

/// The tensor that a source gives; null if the attribute is no source.
static RankedTensorType sourceType(Attribute source) {
  return llvm::TypeSwitch<Attribute, RankedTensorType>(source)
      .Case<RefAttr, SyntheticAttr>([](auto leaf) { return leaf.getType(); })
      .Case<ConcatAttr>([](ConcatAttr concat) {
        RankedTensorType first = concat.getParts()[0].getResultType();
        SmallVector<int64_t> shape(first.getShape());
        shape[concat.getDim()] = 0;
        for (RecipeAttr part : concat.getParts()) {
          shape[concat.getDim()] +=
              part.getResultType().getDimSize(concat.getDim());
        }
        return RankedTensorType::get(shape, first.getElementType());
      })
      .Default([](Attribute) { return RankedTensorType(); });
}

static int64_t sourceLayers(Attribute source) {
  return llvm::TypeSwitch<Attribute, int64_t>(source)
      .Case<RefAttr, SyntheticAttr>([](auto leaf) { return leaf.getLayers(); })
      .Case<ConcatAttr>([](ConcatAttr concat) {
        int64_t layers = 0;
        for (RecipeAttr part : concat.getParts()) {
          layers = std::max(layers, part.getLayers());
        }
        return layers;
      })
      .Default([](Attribute) { return int64_t(0); });
}

/// The tensor after a transform; null where the transform does not fit.
static RankedTensorType transformType(RankedTensorType type,
                                      Attribute transform) {
  ArrayRef<int64_t> shape = type.getShape();
  RankedTensorType none;
  return llvm::TypeSwitch<Attribute, RankedTensorType>(transform)
      .Case<SliceAttr>([&](SliceAttr slice) {
        if (slice.getSizes().size() != shape.size()) {
          return none;
        }
        for (auto [size, offset, count] :
             llvm::zip(shape, slice.getOffsets(), slice.getSizes())) {
          if (offset > size || count > size - offset) {
            return none;
          }
        }
        return type.clone(slice.getSizes());
      })
      .Case<PermuteAttr>([&](PermuteAttr permute) {
        if (permute.getOrder().size() != shape.size()) {
          return none;
        }
        SmallVector<int64_t> result;
        for (int64_t from : permute.getOrder()) {
          result.push_back(shape[from]);
        }
        return type.clone(result);
      })
      .Case<ReshapeAttr>([&](ReshapeAttr reshape) {
        int64_t elements = 1;
        for (int64_t n : reshape.getShape()) {
          if (__builtin_mul_overflow(elements, n, &elements)) {
            return none;
          }
        }
        return elements == type.getNumElements()
                   ? type.clone(reshape.getShape())
                   : none;
      })
      .Case<ScaleAttr>([&](ScaleAttr scale) {
        bool fits = scale.getDim() < type.getRank() &&
                    scale.getBy().getResultType().getDimSize(0) ==
                        shape[scale.getDim()];
        return fits ? type : none;
      })
      .Case<CastAttr>([&](CastAttr cast) {
        return RankedTensorType::get(shape, cast.getType());
      })
      .Default([&](Attribute) { return none; });
}

LogicalResult RecipeAttr::verify(EmitError emitError, Attribute source,
                                 ArrayRef<Attribute> transforms) {
  // recipe-c1
  RankedTensorType type = sourceType(source);
  if (!type) {
    return emitError() << "expected 'ref', 'synthetic' or 'concat' as the "
                          "source but got "
                       << source;
  }
  int64_t layers = sourceLayers(source);
  for (Attribute transform : transforms) {
    if (!isa<SliceAttr, PermuteAttr, ReshapeAttr, ScaleAttr, CastAttr>(
            transform)) {
      return emitError() << "expected a transform but got " << transform;
    }
    // recipe-c2
    RankedTensorType next = transformType(type, transform);
    if (!next) {
      return emitError() << "transform " << transform << " does not fit "
                         << type;
    }
    type = next;
    // recipe-c3
    if (auto scale = dyn_cast<ScaleAttr>(transform)) {
      int64_t n = scale.getBy().getLayers();
      if (n && layers && n != layers) {
        return emitError() << "expected stacks of equal numbers of layers but "
                              "got "
                           << layers << " and " << n;
      }
      layers = std::max(layers, n);
    }
  }
  return success();
}

RankedTensorType RecipeAttr::getResultType() const {
  RankedTensorType type = sourceType(getSource());
  for (Attribute transform : getTransforms()) {
    type = transformType(type, transform);
  }
  return type;
}

int64_t RecipeAttr::getLayers() const {
  int64_t layers = sourceLayers(getSource());
  for (Attribute transform : getTransforms()) {
    if (auto scale = dyn_cast<ScaleAttr>(transform)) {
      layers = std::max(layers, scale.getBy().getLayers());
    }
  }
  return layers;
}

RecipeAttr RecipeAttr::append(Attribute transform) const {
  SmallVector<Attribute> transforms(getTransforms());
  transforms.push_back(transform);
  return get(getContext(), getSource(), transforms);
}

/// Whether a transform gives exactly its operand.
static bool isIdentity(RankedTensorType type, Attribute transform) {
  if (transformType(type, transform) != type || isa<ScaleAttr>(transform)) {
    return false;
  }
  if (auto permute = dyn_cast<PermuteAttr>(transform)) {
    return llvm::is_sorted(permute.getOrder());
  }
  // A slice of the whole shape starts at 0; a reshape or a cast to the same
  // type changes nothing.
  return true;
}

RecipeAttr RecipeAttr::simplify() const {
  SmallVector<Attribute> kept;
  RankedTensorType type = sourceType(getSource());
  for (Attribute transform : getTransforms()) {
    if (isIdentity(type, transform)) {
      continue;
    }
    if (auto scale = dyn_cast<ScaleAttr>(transform)) {
      transform = ScaleAttr::get(getContext(), scale.getDim(),
                                 scale.getBy().simplify());
    }
    kept.push_back(transform);
    type = transformType(type, transform);
  }
  Attribute source = getSource();
  if (auto concat = dyn_cast<ConcatAttr>(source)) {
    SmallVector<RecipeAttr> parts;
    for (RecipeAttr part : concat.getParts()) {
      parts.push_back(part.simplify());
    }
    source = ConcatAttr::get(getContext(), concat.getDim(), parts);
  }
  return get(getContext(), source, kept);
}
