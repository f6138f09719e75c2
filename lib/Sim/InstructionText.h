// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- InstructionText.h - An instruction for a message ---------*- C++ -*-===//
#ifndef WAFER_LIB_SIM_INSTRUCTIONTEXT_H
#define WAFER_LIB_SIM_INSTRUCTIONTEXT_H

#include "wafer/Image/Isa.h"

#include <string>

namespace wafer::sim {

/// The instruction as a person reads it, such as "fadds d0, s0.1, s1.2".
std::string instructionText(const Instruction &in);

/// A descriptor register, such as "s0.1".
std::string dsrText(uint8_t id);

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_INSTRUCTIONTEXT_H
