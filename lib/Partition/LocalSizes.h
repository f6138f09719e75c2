// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LocalSizes.h - What one core of a layer stage holds ------*- C++ -*-===//
#ifndef WAFER_LIB_PARTITION_LOCALSIZES_H
#define WAFER_LIB_PARTITION_LOCALSIZES_H

#include "wafer/Partition/Partition.h"

namespace wafer::estimate {

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Sizes of what one core of a layer stage holds.
struct LocalSizes {
  int64_t dim, ffn, kvHeads, group, pairs, slots;
  int64_t query, key;

  LocalSizes(const PartitionProblem &p, int64_t width, int64_t height) {
    HeadSlicing slicing = sliceHeads(p.kvHeads, p.headDim / 2, width);
    dim = ceilDiv(p.dim, height);
    ffn = ceilDiv(p.ffn, width);
    kvHeads = slicing.heads.maxWidth();
    pairs = slicing.pairs.maxWidth();
    group = p.heads / p.kvHeads;
    slots = ceilDiv(p.context, height);
    query = kvHeads * group * pairs * 2;
    key = kvHeads * pairs * 2;
  }
};

/// Elements of a sequence on binary16 in a pass of several tokens.
inline constexpr int64_t kPieceElements = 256;

/// Queries of all tokens of a pass in a KV head, and at least so many that a
/// step of a sum over positions does not meet one twice (StageTokens.cpp).
int64_t passLine(const PartitionProblem &p, int64_t group);

} // namespace wafer::estimate

#endif // WAFER_LIB_PARTITION_LOCALSIZES_H
