// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TensorBlocks.h - The part of a tensor in one core --------*- C++ -*-===//
#ifndef WAFER_LIB_SIM_TENSORBLOCKS_H
#define WAFER_LIB_SIM_TENSORBLOCKS_H

#include "wafer/Image/Image.h"

namespace wafer {

/// A range of every dimension.
struct LocalBlock {
  std::vector<uint32_t> begin;
  std::vector<uint32_t> end;

  bool empty() const {
    for (size_t d = 0; d < begin.size(); ++d) {
      if (begin[d] >= end[d]) {
        return true;
      }
    }
    return false;
  }
};

/// The block of `tensor`, cut over `rect`, in the core `at`.
inline LocalBlock blockOf(const TensorPlacement &tensor, const Rect &rect,
                          Coord at) {
  LocalBlock block;
  for (size_t d = 0; d < tensor.shape.size(); ++d) {
    const DimensionLayout &layout = tensor.dims[d];
    if (layout.kind == DimensionLayout::Kind::Whole) {
      block.begin.push_back(0);
      block.end.push_back(tensor.shape[d]);
      continue;
    }
    size_t line =
        size_t(layout.kind == DimensionLayout::Kind::Rows ? at.y - rect.y
                                                          : at.x - rect.x);
    block.begin.push_back(layout.begin[line]);
    block.end.push_back(layout.end[line]);
  }
  return block;
}

/// Calls visit(byte in the buffer, sum of index[d] * weights[d]) for every
/// element of a block, row-major.
template <typename Visit>
void forEachElement(const TensorPlacement &tensor, const LocalBlock &block,
                    const std::vector<uint64_t> &weights, Visit &&visit,
                    size_t d = 0, uint64_t byte = 0, uint64_t index = 0) {
  if (d == tensor.shape.size()) {
    visit(tensor.offset + byte, index);
    return;
  }
  for (uint32_t i = block.begin[d]; i < block.end[d]; ++i) {
    forEachElement(tensor, block, weights, visit, d + 1,
                   byte + uint64_t(i - block.begin[d]) * tensor.strides[d],
                   index + i * weights[d]);
  }
}

} // namespace wafer

#endif // WAFER_LIB_SIM_TENSORBLOCKS_H
