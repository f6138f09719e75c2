// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RegionIndex.h - The region of a core ---------------------*- C++ -*-===//
#ifndef WAFER_LIB_SIM_REGIONINDEX_H
#define WAFER_LIB_SIM_REGIONINDEX_H

#include "wafer/Image/Image.h"

#include <algorithm>
#include <vector>

namespace wafer::sim {

/// By place of the smallest grid from (0, 0) that holds all regions.
class RegionIndex {
public:
  static constexpr uint32_t kNoRegion = 0xffffffff;

  explicit RegionIndex(const Image &image) {
    for (const Region &region : image.regions) {
      width = std::max(width, region.rect.endX());
      height = std::max(height, region.rect.endY());
    }
    indices.assign(size_t(width) * size_t(height), kNoRegion);
    for (size_t i = 0; i < image.regions.size(); ++i) {
      const Rect &rect = image.regions[i].rect;
      for (int32_t y = rect.y; y < rect.endY(); ++y) {
        std::fill_n(indices.begin() + int64_t(y) * width + rect.x, rect.w,
                    uint32_t(i));
      }
    }
  }
  /// kNoRegion where the core lies in none.
  uint32_t operator[](Coord c) const {
    bool isInside = c.x >= 0 && c.y >= 0 && c.x < width && c.y < height;
    return isInside ? indices[size_t(c.y) * size_t(width) + size_t(c.x)]
                    : kNoRegion;
  }

private:
  int32_t width = 0, height = 0;
  std::vector<uint32_t> indices;
};

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_REGIONINDEX_H
