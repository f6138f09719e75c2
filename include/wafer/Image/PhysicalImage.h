// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PhysicalImage.h - An image as one wafer sees it ----------*- C++ -*-===//
//
// Reads an image through its map: regions, routes and host ports at their
// physical places, with the routes of routers that only pass words on. Engines
// run it and `wsec verify` follows words through it. It holds tables, not
// intent: no streams, tensors or stages. A region that a skipped line cuts in
// two becomes two.
//
// Routes of a color that would meet on a router are both there, as two rules
// that overlap; who reads the rules finds out.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_PHYSICALIMAGE_H
#define WAFER_IMAGE_PHYSICALIMAGE_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

namespace wafer {

/// `image` has passed validate(). Init data points into that of `image`. Fails
/// where the map shifts a column between two rows that words pass between.
/// The map of the result keeps the defects and the bypassed tiles.
Result<Image> physicalImage(const Image &image, const Machine &machine);

} // namespace wafer

#endif // WAFER_IMAGE_PHYSICALIMAGE_H
