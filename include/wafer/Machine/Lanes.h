// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Lanes.h - Elements that a step handles -------------------*- C++ -*-===//
#ifndef WAFER_MACHINE_LANES_H
#define WAFER_MACHINE_LANES_H

#include <cstdint>

namespace wafer {

/// Of the lanes of an instruction, those that a step may use because of the
/// stride of a memory operand (SDK documentation, Appendix).
uint32_t lanesForStride(int stride, uint32_t lanes);

} // namespace wafer

#endif // WAFER_MACHINE_LANES_H
