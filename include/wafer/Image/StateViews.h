// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StateViews.h - The caches of a model in the cores --------*- C++ -*-===//
//
// The cores keep the KV cache in the order that suits them: cut over lines,
// heads split into pairs, positions dealt out to rows. The field "states" of
// Image::model says which element of the model's own state each of theirs is,
// so that a cache can be put in and taken out without knowing the mapping.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_STATEVIEWS_H
#define WAFER_IMAGE_STATEVIEWS_H

#include "wafer/Image/Image.h"
#include "wafer/Support/Result.h"

namespace wafer {

/// How a tensor of kind State holds layers of a state of the model.
///
/// A state is [layers, positions, row...], row-major. Element (i0, i1, i2, ...)
/// of the tensor is in layer `firstLayer` + i0 at index i1 * strides[0] +
/// i2 * strides[1] + ... of that layer's [positions, row...]. An index behind
/// its end is room that is not used.
struct StateView {
  std::string tensor;
  std::string state;
  /// The tensor holds factors: each multiplies the elements of its state along
  /// the last dimension, from its index on, where they are read. They are 1
  /// for rows that come from outside.
  bool isFactor = false;
  /// Of the whole state.
  std::vector<uint32_t> shape;
  uint32_t firstLayer = 0;
  /// In elements; one less than the tensor has dimensions.
  std::vector<uint64_t> strides;

  /// Elements of one layer, and of one position in it.
  uint64_t layerElements() const;
  uint64_t rowElements() const { return layerElements() / shape[1]; }
  /// One more than the largest index that an element of a tensor of `extents`
  /// gets: at least layerElements(), and more where there is unused room.
  uint64_t layerRoom(const std::vector<uint32_t> &extents) const;
};

/// Those of an image; empty where it says nothing of them. Fails where the
/// field is malformed or does not fit the tensors of the image.
Result<std::vector<StateView>> readStateViews(const Image &image);

/// The text of the JSON object `model` with the field "states".
std::string addStateViews(const std::string &model,
                          const std::vector<StateView> &views);

} // namespace wafer

#endif // WAFER_IMAGE_STATEVIEWS_H
