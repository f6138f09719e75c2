// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- SramAllocator.h - Places of buffers in a core's SRAM -----*- C++ -*-===//
//
// From address 0 a core holds the parameter block and the buffers of its role;
// the code stands at the top of what the system leaves. The problem: offsets
// for all buffers, aligned, so that two overlap only if both are scratch with
// live ranges that are disjoint, and all end below the code.
//
// This is dynamic storage allocation, which is NP-hard in general. The solver
// here puts the buffers without a live range side by side, in order, and then
// the others by decreasing size at the lowest place that is free for their
// live range. It is exact where no buffer has a live range, and where all live
// ranges meet in one point.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ALLOC_SRAMALLOCATOR_H
#define WAFER_ALLOC_SRAMALLOCATOR_H

#include "wafer/Image/Image.h"
#include "wafer/Support/Result.h"

#include <optional>
#include <string>
#include <vector>

namespace wafer {

/// Points begin to end - 1 of a program, in any numbering.
struct LiveRange {
  int64_t begin = 0;
  int64_t end = 0;
  bool overlaps(const LiveRange &other) const {
    return begin < other.end && other.begin < end;
  }
};

struct SramBuffer {
  std::string name;
  uint32_t bytes = 0;
  BufferKind kind = BufferKind::Scratch;
  /// Without one the buffer lives from the start to the end.
  std::optional<LiveRange> live;
};

struct SramProblem {
  /// Whose memory it is, for messages.
  std::string owner;
  /// Bytes for parameters, buffers and code (Machine::programBytes).
  uint32_t capacity = 0;
  uint32_t codeBytes = 0;
  uint32_t alignment = 16;
  std::vector<SramBuffer> buffers;

  /// Whether it is a problem at all: alignment a power of two, names that are
  /// there and differ, live ranges only for scratch and not empty.
  Status check() const;
  /// No solution uses fewer bytes for its buffers: what lives throughout and
  /// the largest sum of what lives at one point.
  uint64_t lowerBound() const;
  /// Text of one line a buffer.
  std::string str() const;
};

struct SramSolution {
  /// By buffer.
  std::vector<uint32_t> offsets;
  /// One past the last byte of a buffer.
  uint32_t bytes = 0;

  /// Derives everything again from the problem alone.
  Status verify(const SramProblem &problem) const;
  /// Byte-exact map: every buffer, the code and what is free, in order of
  /// addresses; ends with the lower bound.
  std::string str(const SramProblem &problem) const;
};

/// Solves a problem that check() accepts. Where the buffers do not fit beside
/// the code, the error holds demand, supply, the biggest consumers and the
/// smallest change that would fit. O(n^2 log n).
Result<SramSolution> allocateSram(const SramProblem &problem);

} // namespace wafer

#endif // WAFER_ALLOC_SRAMALLOCATOR_H
