// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Arithmetic.cpp - What one element of an instruction gives
//--------------//
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

static uint32_t floatResult(Opcode op, uint32_t x, uint32_t y) {
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

uint32_t wafer::sim::scalarResult(Opcode op, uint32_t x, uint32_t y) {
  switch (op) {
  case Opcode::LoadImm:
    return y;
  case Opcode::Add:
  case Opcode::AddImm:
    return x + y;
  case Opcode::Sub:
    return x - y;
  case Opcode::Mul:
    return x * y;
  case Opcode::And:
  case Opcode::AndImm:
    return x & y;
  case Opcode::Or:
    return x | y;
  case Opcode::Xor:
    return x ^ y;
  case Opcode::Shl:
  case Opcode::ShlImm:
    return x << (y & 31u);
  case Opcode::Shr:
  case Opcode::ShrImm:
    return x >> (y & 31u);
  case Opcode::Sar:
  case Opcode::SarImm:
    return uint32_t(int32_t(x) >> (y & 31u));
  case Opcode::Min:
    return uint32_t(std::min(int32_t(x), int32_t(y)));
  case Opcode::Max:
    return uint32_t(std::max(int32_t(x), int32_t(y)));
  default:
    return floatResult(op, x, y);
  }
}

bool wafer::sim::branchTaken(Opcode op, uint32_t x, uint32_t y) {
  switch (op) {
  case Opcode::BranchEq:
    return x == y;
  case Opcode::BranchNe:
    return x != y;
  case Opcode::BranchLt:
    return int32_t(x) < int32_t(y);
  case Opcode::BranchGe:
    return int32_t(x) >= int32_t(y);
  case Opcode::BranchFlt:
    return f32(x) < f32(y);
  case Opcode::BranchFge:
    return f32(x) >= f32(y);
  default:
    return false;
  }
}
