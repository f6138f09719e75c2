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

bool Cores::scalarStep(CoreState &core, const Instruction &in, Cycle t) {
  account(core, Activity::Scalar, t);
  core.waiting.what = Activity::Scalar;
  core.lastActed = 0;
  core.starting = false;
  core.lastPc = core.pc;
  core.datapathFree = t + 1;
  core.ready = t + plan.planOf(in.op).cost;
  uint32_t next = ++core.pc;
  uint32_t x = core.registers[in.b];
  switch (in.op) {
  case Opcode::Nop:
    return true;
  case Opcode::End:
    core.task = -1;
    core.ready = t + 1;
    core.waiting.what = Activity::Idle;
    return true;
  case Opcode::ReadClock:
    core.setRegister(in.a, uint32_t(t));
    return true;
  case Opcode::Jump:
    core.pc = in.imm;
    return true;
  case Opcode::Call:
    core.pc = in.imm;
    core.setRegister(in.a, next);
    return true;
  case Opcode::Return:
    core.pc = x;
    return true;
  case Opcode::LoopDec:
    core.setRegister(in.a, core.registers[in.a] - 1);
    core.pc = core.registers[in.a] ? in.imm : next;
    return true;
  case Opcode::BranchEq:
    core.pc = x == core.registers[in.c] ? in.imm : next;
    return true;
  case Opcode::BranchNe:
    core.pc = x != core.registers[in.c] ? in.imm : next;
    return true;
  case Opcode::BranchLt:
  case Opcode::BranchGe:
  case Opcode::BranchFlt:
  case Opcode::BranchFge:
    core.pc = sim::branchTaken(in.op, x, core.registers[in.c]) ? in.imm : next;
    return true;
  case Opcode::Activate:
    core.active |= uint64_t(1) << in.imm;
    return true;
  case Opcode::Block:
    core.blocked |= uint64_t(1) << in.imm;
    return true;
  case Opcode::Unblock:
    core.blocked &= ~(uint64_t(1) << in.imm);
    return true;
  case Opcode::LoadImm:
    core.setRegister(in.a, in.imm);
    return true;
  case Opcode::Add:
    core.setRegister(in.a, x + core.registers[in.c]);
    return true;
  case Opcode::AddImm:
    core.setRegister(in.a, x + in.imm);
    return true;
  case Opcode::AndImm:
  case Opcode::ShlImm:
  case Opcode::ShrImm:
  case Opcode::SarImm:
    core.setRegister(in.a, sim::scalarResult(in.op, x, in.imm));
    return true;
  case Opcode::LoadWord:
  case Opcode::LoadHalf:
  case Opcode::LoadHalfSigned:
  case Opcode::StoreWord:
  case Opcode::StoreHalf:
    return memoryAccess(core, in, t);
  case Opcode::DsrLoad:
  case Opcode::DsrBase:
  case Opcode::DsrLength:
  case Opcode::DsrStride:
  case Opcode::DsrAdvance:
    return descriptor(core, in, t);
  default:
    core.setRegister(in.a, sim::scalarResult(in.op, x, core.registers[in.c]));
    return true;
  }
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

bool Cores::memoryAccess(CoreState &core, const Instruction &in, Cycle t) {
  bool isWord = in.op == Opcode::LoadWord || in.op == Opcode::StoreWord;
  unsigned size = isWord ? 4 : 2;
  uint32_t address = core.registers[in.b] + in.imm;
  uint8_t *bytes =
      locate(core, int64_t(address), size, core.lastPc, core.task, t);
  if (!bytes) {
    return false;
  }
  if (in.op == Opcode::StoreWord || in.op == Opcode::StoreHalf) {
    std::memcpy(bytes, &core.registers[in.a], size);
    return true;
  }
  uint32_t value = 0;
  std::memcpy(&value, bytes, size);
  if (in.op == Opcode::LoadHalfSigned) {
    value = uint32_t(int32_t(int16_t(uint16_t(value))));
  }
  core.setRegister(in.a, value);
  return true;
}

bool Cores::descriptor(CoreState &core, const Instruction &in, Cycle t) {
  Descriptor &d = core.dsrs[in.a];
  uint32_t x = core.registers[in.b];
  switch (in.op) {
  case Opcode::DsrLoad: {
    uint32_t address = x + in.imm;
    const uint8_t *bytes = locate(core, int64_t(address), Descriptor::kBytes,
                                  core.lastPc, core.task, t);
    if (!bytes) {
      return false;
    }
    uint16_t halfwords[Descriptor::kHalfwords];
    std::memcpy(halfwords, bytes, sizeof(halfwords));
    d = Descriptor::decode(halfwords);
    return true;
  }
  case Opcode::DsrBase:
    d.base = uint16_t(x);
    return true;
  case Opcode::DsrLength:
    d.extent0 = uint16_t(x);
    return true;
  case Opcode::DsrStride:
    d.stride0 = int16_t(uint16_t(x));
    return true;
  default: // dsradd
    d.base = uint16_t(d.base + x);
    return true;
  }
}
