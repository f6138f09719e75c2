// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DefectOptions.h - What commands share on defects ---------*- C++ -*-===//
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_DRIVER_DEFECTOPTIONS_H
#define WAFER_LIB_DRIVER_DEFECTOPTIONS_H

#include "wafer/Defects/Sample.h"
#include "wafer/Remap/Remap.h"
#include "wafer/Support/Json.h"

#include <string>

namespace CLI {
class App;
} // namespace CLI

namespace wafer {

/// The options of random defects.
struct SampleArguments {
  std::string kind = "core";
  std::string die;
  double alpha = 1.0;
  uint64_t seed = 1;
  bool clustered = false;

  void add(CLI::App &command);
  Result<SampleOptions> read() const;
};

/// "0.0005" or "0.05%".
Result<double> readDensity(const std::string &text);

/// What a map does to a program.
nlohmann::json describe(const RemapCost &cost);

} // namespace wafer

#endif // WAFER_LIB_DRIVER_DEFECTOPTIONS_H
