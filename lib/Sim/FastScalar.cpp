// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastScalar.cpp - Scalar instructions -------------------------------===//
//
// validate() has checked registers, descriptor registers, tasks and targets.
//
//===----------------------------------------------------------------------===//
#include "FastCore.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::fast;

bool Cores::scalars(CoreState &core, Cycle &t, unsigned most) {
  closeWaits(core, t);
  const Cycle begin = t;
  Cycle last = t;
  uint32_t pc = core.pc;
  uint32_t *const regs = core.registers.data();
  bool isRight = true;
  bool ended = false;
  do {
    const Code &in = core.code[pc];
    last = t;
    t += in.cost;
    core.lastPc = pc++;
    const uint32_t x = regs[in.b];
    switch (in.op) {
    case Opcode::Nop:
      break;
    case Opcode::End:
      core.task = -1;
      t = last + 1;
      ended = true;
      break;
    case Opcode::ReadClock:
      regs[in.a] = uint32_t(last);
      break;
    case Opcode::Jump:
      pc = in.imm;
      break;
    case Opcode::Call:
      regs[in.a] = pc;
      pc = in.imm;
      break;
    case Opcode::Return:
      pc = x;
      break;
    case Opcode::LoopDec: {
      uint32_t left = regs[in.a] - 1;
      regs[in.a] = left;
      pc = left && in.a ? in.imm : pc;
      break;
    }
    case Opcode::BranchEq:
      pc = x == regs[in.c] ? in.imm : pc;
      break;
    case Opcode::BranchNe:
      pc = x != regs[in.c] ? in.imm : pc;
      break;
    case Opcode::BranchLt:
    case Opcode::BranchGe:
    case Opcode::BranchFlt:
    case Opcode::BranchFge:
      pc = sim::branchTaken(in.op, x, regs[in.c]) ? in.imm : pc;
      break;
    case Opcode::Activate:
      core.active |= uint64_t(1) << in.imm;
      break;
    case Opcode::Block:
      core.blocked |= uint64_t(1) << in.imm;
      break;
    case Opcode::Unblock:
      core.blocked &= ~(uint64_t(1) << in.imm);
      break;
    case Opcode::LoadImm:
      regs[in.a] = in.imm;
      break;
    case Opcode::Add:
      regs[in.a] = x + regs[in.c];
      break;
    case Opcode::AddImm:
      regs[in.a] = x + in.imm;
      break;
    case Opcode::AndImm:
    case Opcode::ShlImm:
    case Opcode::ShrImm:
    case Opcode::SarImm:
      regs[in.a] = sim::scalarResult(in.op, x, in.imm);
      break;
    case Opcode::LoadWord:
    case Opcode::LoadHalf:
    case Opcode::LoadHalfSigned:
    case Opcode::StoreWord:
    case Opcode::StoreHalf:
      isRight = memoryAccess(core, in, last);
      break;
    case Opcode::DsrLoad:
      isRight = loadDescriptor(core, in, last);
      break;
    case Opcode::DsrBase:
      core.dsrs[in.a][0] = uint16_t(x);
      break;
    case Opcode::DsrLength:
      core.dsrs[in.a][1] = uint16_t(x);
      break;
    case Opcode::DsrStride:
      core.dsrs[in.a][2] = uint16_t(x);
      break;
    case Opcode::DsrAdvance:
      core.dsrs[in.a][0] = uint16_t(core.dsrs[in.a][0] + x);
      break;
    default:
      regs[in.a] = sim::scalarResult(in.op, x, regs[in.c]);
    }
    regs[0] = 0;
  } while (--most && isRight && !ended && t < context.bound &&
           pc < core.codeSize && !core.code[pc].isVector);
  core.pc = pc;
  core.ready = t;
  core.lastActed = 0;
  core.starting = false;
  core.datapathFree = last + 1;
  core.counters[Activity::Scalar] += last + 1 - begin;
  core.accountedTo = core.waiting.from = last + 1;
  core.waiting.what = ended ? Activity::Idle : Activity::Scalar;
  context.happened(last + 1);
  context.aheadTo = std::max(context.aheadTo, last + 1);
  if (!isRight) {
    t = last;
  }
  return isRight;
}

uint8_t *Cores::locate(CoreState &core, int64_t address, unsigned bytes,
                       uint32_t pc, int32_t task, Cycle t) {
  if (address < 0 || address + bytes > core.role->memoryBytes) {
    fault(core, t, pc, task,
          fmt::format("access to byte {} of SRAM, of which {} are for the "
                      "program's data",
                      address, core.role->memoryBytes));
    return nullptr;
  }
  if (address & 1) {
    fault(core, t, pc, task,
          fmt::format("access to the odd address {}", address));
    return nullptr;
  }
  return core.sram + address;
}

bool Cores::memoryAccess(CoreState &core, const Code &in, Cycle t) {
  bool isWord = in.op == Opcode::LoadWord || in.op == Opcode::StoreWord;
  unsigned size = isWord ? 4 : 2;
  uint32_t address = core.registers[in.b] + in.imm;
  uint8_t *bytes =
      locate(core, int64_t(address), size, core.lastPc, core.task, t);
  if (!bytes) {
    return false;
  }
  uint32_t value = 0;
  switch (in.op) {
  case Opcode::StoreWord:
    std::memcpy(bytes, &core.registers[in.a], 4);
    return true;
  case Opcode::StoreHalf:
    std::memcpy(bytes, &core.registers[in.a], 2);
    return true;
  case Opcode::LoadWord:
    std::memcpy(&value, bytes, 4);
    break;
  default:
    std::memcpy(&value, bytes, 2);
  }
  if (in.op == Opcode::LoadHalfSigned) {
    value = uint32_t(int32_t(int16_t(uint16_t(value))));
  }
  core.registers[in.a] = value; // r0 is put right by the caller
  return true;
}

bool Cores::loadDescriptor(CoreState &core, const Code &in, Cycle t) {
  uint32_t address = core.registers[in.b] + in.imm;
  const uint8_t *bytes = locate(core, int64_t(address), Descriptor::kBytes,
                                core.lastPc, core.task, t);
  if (bytes) {
    std::memcpy(core.dsrs[in.a].data(), bytes, Descriptor::kBytes);
  }
  return bytes != nullptr;
}
