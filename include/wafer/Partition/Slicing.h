// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Slicing.h - Dimensions cut over the lines of a rectangle -*- C++ -*-===//
//
// A slicing gives each line (row or column) of a rectangle a range of a
// dimension, as runs of equal steps. See `wafer.slicing` in the IR.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PARTITION_SLICING_H
#define WAFER_PARTITION_SLICING_H

#include <cstdint>
#include <vector>

namespace wafer {

/// `count` lines, the i-th of which holds [begin + i step, end + i step).
struct SliceRun {
  int64_t count = 0;
  int64_t begin = 0;
  int64_t end = 0;
  int64_t step = 0;
};

struct Slicing {
  int64_t size = 0;
  std::vector<SliceRun> runs;

  int64_t lines() const;
  int64_t maxWidth() const;
};

/// Cuts `size` elements into `lines` consecutive ranges whose lengths differ
/// by at most one (the longer ones first; empty ones when size < lines).
Slicing sliceEvenly(int64_t size, int64_t lines);

/// How heads and the pairs inside a head are cut over columns. With at least as
/// many columns as heads, each head owns a block of neighbouring columns
/// (block widths differ by at most one) and its pairs are cut evenly inside;
/// else each column owns whole heads. Blocks are the groups of the score
/// reduction.
struct HeadSlicing {
  Slicing heads;
  Slicing pairs;
};
HeadSlicing sliceHeads(int64_t heads, int64_t pairs, int64_t columns);

} // namespace wafer

#endif // WAFER_PARTITION_SLICING_H
