// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastPages.h - Large arrays in large pages ----------------*- C++ -*-===//
//
// The state of a wafer is visited in the order of time, which jumps from place
// to place. With pages of the usual size nearly every visit would miss in the
// TLB before it misses in a cache.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTPAGES_H
#define WAFER_LIB_SIM_FASTPAGES_H

#include <cstddef>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <vector>

namespace wafer::fast {

/// An allocator for containers that are filled once and stay.
template <typename T>
struct LargePages {
  using value_type = T;
  static constexpr size_t kPage = size_t(1) << 21;

  LargePages() = default;
  template <typename U>
  LargePages(const LargePages<U> &) {}

  T *allocate(size_t n) {
    size_t bytes = n * sizeof(T);
    bool isLarge = bytes >= kPage;
    size_t unit = isLarge ? kPage : size_t(64);
    bytes = (bytes + unit - 1) / unit * unit;
    void *at = std::aligned_alloc(unit, bytes);
    if (!at) {
      throw std::bad_alloc();
    }
    if (isLarge) {
      ::madvise(at, bytes, MADV_HUGEPAGE);
    }
    return static_cast<T *>(at);
  }
  void deallocate(T *at, size_t) { std::free(at); }

  template <typename U>
  bool operator==(const LargePages<U> &) const {
    return true;
  }
  template <typename U>
  bool operator!=(const LargePages<U> &) const {
    return false;
  }
};

template <typename T>
using LargeVector = std::vector<T, LargePages<T>>;

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTPAGES_H
