// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PhysicalRules.h - Routes on a mapped wafer (internal) ----*- C++ -*-===//
#ifndef WAFER_LIB_IMAGE_PHYSICALRULES_H
#define WAFER_LIB_IMAGE_PHYSICALRULES_H

#include "wafer/Image/Image.h"

namespace wafer::imagefile {

/// Neighbouring logical lines with neighbouring homes.
struct LineBlock {
  int32_t logical = 0;
  int32_t physical = 0;
  int32_t count = 0;
  int32_t end() const { return logical + count; }
};
std::vector<LineBlock> blocksOf(const LineTable &table, int32_t begin,
                                int32_t end);
/// The same for rows, cut where a band ends too.
std::vector<LineBlock> rowBlocksOf(const PlaceMap &places, int32_t begin,
                                   int32_t end);

/// Appends the rules of `image` at their homes to `out`, which has the configs
/// of `image`; adds the configs of routers that pass words on.
Status addPhysicalRules(const Image &image, const PlaceMap &places, Image &out);
/// Appends the ways of host ports.
void addPortWays(const Image &image, Image &out);

} // namespace wafer::imagefile

#endif // WAFER_LIB_IMAGE_PHYSICALRULES_H
