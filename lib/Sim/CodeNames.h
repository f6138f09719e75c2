// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CodeNames.h - What the instructions of a role are for ----*- C++ -*-===//
//
// Names for a person out of what an image keeps of its source: labels of code,
// names of parameters (a descriptor is named after the value or the stream it
// describes) and of buffers.
//
//   label      the innermost loop of the code that an instruction lies in, else
//              the nearest label before it
//   operation  "fmachs r0 <- r0, w_q_k_v": a vector instruction with the names
//              of its operands. Scalar instructions count to the vector
//              instruction that they lead to inside the same stretch of code of
//              one label, the last of them to the one before.
//
// Which descriptor a register holds is found by following the code: at a place
// that can be reached with different ones the register's own name stands.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_CODENAMES_H
#define WAFER_LIB_SIM_CODENAMES_H

#include "wafer/Image/Image.h"

#include <string>
#include <vector>

namespace wafer::sim {

struct CodeName {
  std::string label;     // empty: the role has none there
  std::string operation; // empty: no vector instruction is near
  /// The instruction itself: an operation for a vector instruction, else its
  /// text.
  std::string instruction;
  bool isVector = false;
};

/// One entry an instruction. Linear in the code, but for loops of loops.
std::vector<CodeName> nameCode(const Role &role);

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_CODENAMES_H
