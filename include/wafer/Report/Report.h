// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Report.h - What an image uses of its machine -------------*- C++ -*-===//
//
// The figures of `wsec report` and `wsec compile --report`: stages, SRAM,
// colors, queues, rules. Derived from the image and the machine; what only the
// compiler knows (predicted cycles, types) comes from Image::report. Cost:
// rules times stages.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_REPORT_REPORT_H
#define WAFER_REPORT_REPORT_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include <string>
#include <vector>

namespace wafer {

struct StageReport {
  std::string name;
  uint32_t wafer = 0;
  Rect rect;
  int32_t firstLayer = 0;
  int32_t numLayers = 0;
  std::string role;
  uint32_t sramBytes = 0; // buffers, code, system share, task table
  uint32_t codeBytes = 0;
  uint32_t colors = 0; // that have routes in the rectangle
  uint32_t queues = 0;
};

/// What goes from one wafer to another.
struct CrossingReport {
  uint32_t from = 0;
  uint32_t to = 0;
  uint32_t channels = 0;
  /// Layers of the model before the cut; those of all wafers on the way back.
  int32_t layersBefore = 0;
};

struct ImageReport {
  std::string machine;
  std::string params;
  int32_t width = 0, height = 0;
  int32_t wafers = 1;
  std::vector<StageReport> stages;
  std::vector<CrossingReport> crossings;
  /// Latency of a crossing, and of the network alone; 0 where it is not known.
  uint64_t crossingCycles = 0, networkCycles = 0;
  uint32_t roles = 0;
  uint32_t fabricRules = 0;
  uint32_t colorsMax = 0;
  uint32_t queuesMax = 0;
  uint32_t sramBytesMax = 0;
  uint32_t sramBytesSupply = 0;
  uint64_t weightBytes = 0;
  /// The compiler's own JSON (Image::report), merged into toJson().
  std::string compiler;

  /// The contract's JSON object.
  std::string toJson() const;
  /// A page for people: a picture of the floorplan and a table of stages.
  std::string toText(const Machine &machine) const;
};

ImageReport makeReport(const Image &image, const Machine &machine);

} // namespace wafer

#endif // WAFER_REPORT_REPORT_H
