// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Convert.h - Bulk conversion of weights to float ----------*- C++ -*-===//
//
// The same values as halfToFloat and bfloatToFloat of wafer/Support/Half.h, in
// loops that compilers turn into vector code. Sources need no alignment.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MODEL_CONVERT_H
#define WAFER_LIB_MODEL_CONVERT_H

#include <cstdint>

namespace wafer {

void convertHalves(const uint8_t *from, uint64_t count, float *to);
void convertBfloats(const uint8_t *from, uint64_t count, float *to);

} // namespace wafer

#endif // WAFER_LIB_MODEL_CONVERT_H
