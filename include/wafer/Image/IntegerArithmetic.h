// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- IntegerArithmetic.h - Integers of scalar instructions ----*- C++ -*-===//
//
// What scalar instructions on integers give, and which branches on integers are
// taken: functions of the specification that the engines execute and the
// certifier folds. Inline, for the loops of the engines.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_INTEGERARITHMETIC_H
#define WAFER_IMAGE_INTEGERARITHMETIC_H

#include "wafer/Image/Isa.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace wafer {

/// Result of a scalar instruction that computes a register from two integers
/// (for the forms with an immediate, `y` is it); nothing for other opcodes.
inline std::optional<uint32_t> integerResult(Opcode op, uint32_t x,
                                             uint32_t y) {
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
    return std::nullopt;
  }
}

/// Whether a branch that compares two integers is taken; nothing for other
/// opcodes.
inline std::optional<bool> integerBranch(Opcode op, uint32_t x, uint32_t y) {
  switch (op) {
  case Opcode::BranchEq:
    return x == y;
  case Opcode::BranchNe:
    return x != y;
  case Opcode::BranchLt:
    return int32_t(x) < int32_t(y);
  case Opcode::BranchGe:
    return int32_t(x) >= int32_t(y);
  default:
    return std::nullopt;
  }
}

} // namespace wafer

#endif // WAFER_IMAGE_INTEGERARITHMETIC_H
