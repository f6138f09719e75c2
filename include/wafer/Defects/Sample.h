// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Sample.h - Random defect maps ----------------------------*- C++ -*-===//
//
// Draws the defects of a wafer. Two models of yield:
//
//   Poisson     each place is dead with the same small probability,
//               independently of the others
//   clustered   gamma-Poisson (negative binomial): each die has a rate of its
//               own, the density times a gamma variable of mean 1 and shape
//               `alpha`; half of the defects come as compact discs, as a
//               particle or a scratch leaves them
//
// The same options and seed give the same map everywhere.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_DEFECTS_SAMPLE_H
#define WAFER_DEFECTS_SAMPLE_H

#include "wafer/Machine/DefectMap.h"

#include <optional>

namespace wafer {

enum class DefectKind : uint8_t { Tile, Core, Link, Mixed };
std::optional<DefectKind> defectKindOf(std::string_view name);
const char *nameOf(DefectKind kind);

struct SampleOptions {
  DefectKind kind = DefectKind::Core;
  /// Expected defects for each tile of the machine ...
  double density = 0;
  /// ... or their exact number.
  std::optional<uint32_t> count;
  bool clustered = false;
  /// Shape of the gamma variable: 0.5 to 2 for a mature process.
  double alpha = 1.0;
  /// Sides of a die in tiles; 0 means an eighth of the machine's side, at
  /// least 8.
  int32_t dieWidth = 0;
  int32_t dieHeight = 0;
  uint64_t seed = 1;
};

/// Fails when the options ask for more defects than half of the tiles.
Result<DefectMap> sampleDefects(const Machine &machine,
                                const SampleOptions &options);

} // namespace wafer

#endif // WAFER_DEFECTS_SAMPLE_H
