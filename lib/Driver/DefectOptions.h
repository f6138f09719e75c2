// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DefectOptions.h - Options of random defects --------------*- C++ -*-===//
//
// What `wsec defects sample` and `wsec yield` have in common.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_DRIVER_DEFECTOPTIONS_H
#define WAFER_LIB_DRIVER_DEFECTOPTIONS_H

#include "wafer/Defects/Sample.h"

#include <string>

namespace CLI {
class App;
} // namespace CLI

namespace wafer {

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

} // namespace wafer

#endif // WAFER_LIB_DRIVER_DEFECTOPTIONS_H
