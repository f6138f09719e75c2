// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Arithmetic.cpp - What one element of an instruction gives ----------===//
#include "ElementOf.h"

using namespace wafer;
using namespace wafer::sim;

ElementFn wafer::sim::elementFunction(Opcode op) {
  switch (op) {
#define VECTOR(Name, Mnemonic, Code, Sources, Dest, Src0, Src1, Scalar)        \
  case Opcode::Name:                                                           \
    return elementOf<Opcode::Name>;
#include "wafer/Image/Opcodes.def"
  default:
    return nullptr;
  }
}

uint32_t wafer::sim::floatResult(Opcode op, uint32_t x, uint32_t y) {
  switch (op) {
  case Opcode::FAdd:
    return toBits(f32(x) + f32(y));
  case Opcode::FSub:
    return toBits(f32(x) - f32(y));
  case Opcode::FMul:
    return toBits(f32(x) * f32(y));
  case Opcode::FDiv:
    return toBits(f32(x) / f32(y));
  case Opcode::FMax:
    return toBits(maximum(f32(x), f32(y)));
  case Opcode::FMin:
    return toBits(minimum(f32(x), f32(y)));
  case Opcode::FToH:
    return floatToHalf(f32(x));
  case Opcode::HToF:
    return bitsOf(f16(x));
  case Opcode::FToI:
    return uint32_t(toInt(f32(x)));
  case Opcode::IToF:
    return toBits(float(int32_t(x)));
  default:
    return 0;
  }
}

bool wafer::sim::floatBranch(Opcode op, uint32_t x, uint32_t y) {
  switch (op) {
  case Opcode::BranchFlt:
    return f32(x) < f32(y);
  case Opcode::BranchFge:
    return f32(x) >= f32(y);
  default:
    return false;
  }
}
