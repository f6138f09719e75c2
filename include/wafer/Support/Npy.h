// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Npy.h - Reading NumPy's array files ----------------------*- C++ -*-===//
#ifndef WAFER_SUPPORT_NPY_H
#define WAFER_SUPPORT_NPY_H

#include "wafer/Support/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wafer {

struct NpyArray {
  std::vector<uint64_t> shape;
  /// Row-major.
  std::vector<float> values;
};

/// Reads an array of little-endian binary16 or binary32 in C order from a file
/// of format 1.0 to 3.0. Fails, with the path in the error, on anything else,
/// on a size that is not that of the shape, and on files above `maxBytes`.
Result<NpyArray> readNpy(const std::string &path, uint64_t maxBytes);

} // namespace wafer

#endif // WAFER_SUPPORT_NPY_H
