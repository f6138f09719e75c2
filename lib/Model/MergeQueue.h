// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- MergeQueue.h - Greedy merging of neighbouring symbols ----*- C++ -*-===//
//
// The step that byte-pair encoding and SentencePiece share: of all pairs of
// neighbours that may be merged, the best one is merged, the leftmost of equal
// ones, until none is left. O(n log n) for n symbols.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MODEL_MERGEQUEUE_H
#define WAFER_LIB_MODEL_MERGEQUEUE_H

#include <cstdint>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

namespace wafer {

/// Symbols are stretches of one text, in order; `length` is never 0.
struct MergeSymbol {
  uint64_t offset = 0;
  uint64_t length = 0;
  uint32_t id = 0;
};

struct MergeResult {
  /// The lowest is merged first.
  double rank;
  uint32_t id;
};

/// `find(left, right)` tells whether two neighbours may merge: an
/// std::optional<MergeResult>.
template <typename Find>
std::vector<MergeSymbol> mergeGreedily(std::vector<MergeSymbol> symbols,
                                       Find find) {
  struct Candidate {
    double rank;
    size_t left;
    size_t right;
    uint64_t length;
    uint32_t id;
    // The queue yields the greatest; this makes it the lowest, leftmost one.
    bool operator<(const Candidate &other) const {
      return std::tie(rank, left) > std::tie(other.rank, other.left);
    }
  };
  constexpr size_t none = ~size_t(0);
  const size_t count = symbols.size();
  std::vector<size_t> next(count), previous(count);
  std::priority_queue<Candidate> queue;
  auto propose = [&](size_t left, size_t right) {
    if (left == none || right == none) {
      return;
    }
    if (std::optional<MergeResult> merge =
            find(symbols[left], symbols[right])) {
      queue.push({merge->rank, left, right,
                  symbols[left].length + symbols[right].length, merge->id});
    }
  };
  for (size_t i = 0; i < count; ++i) {
    previous[i] = i ? i - 1 : none;
    next[i] = i + 1 < count ? i + 1 : none;
  }
  for (size_t i = 0; i + 1 < count; ++i) {
    propose(i, i + 1);
  }
  while (!queue.empty()) {
    Candidate best = queue.top();
    queue.pop();
    MergeSymbol &left = symbols[best.left];
    MergeSymbol &right = symbols[best.right];
    // A symbol that took part in another merge has grown, or is gone (0).
    if (left.length == 0 || right.length == 0 ||
        left.length + right.length != best.length) {
      continue;
    }
    left.length = best.length;
    left.id = best.id;
    right.length = 0;
    next[best.left] = next[best.right];
    if (next[best.right] != none) {
      previous[next[best.right]] = best.left;
    }
    propose(previous[best.left], best.left);
    propose(best.left, next[best.left]);
  }
  std::vector<MergeSymbol> merged;
  for (const MergeSymbol &symbol : symbols) {
    if (symbol.length != 0) {
      merged.push_back(symbol);
    }
  }
  return merged;
}

} // namespace wafer

#endif // WAFER_LIB_MODEL_MERGEQUEUE_H
