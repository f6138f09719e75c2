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

inline void Cores::memoryAccess(CoreState &core, const Code &in,
                                uint8_t *bytes) {
  uint32_t &reg = core.registers[in.a]; // r0 is put right by the caller
  uint16_t half;
  switch (in.op) {
  case Opcode::DsrLoad:
    std::memcpy(core.dsrs[in.a].data(), bytes, Descriptor::kBytes);
    break;
  case Opcode::StoreWord:
    std::memcpy(bytes, &reg, 4);
    break;
  case Opcode::StoreHalf:
    std::memcpy(bytes, &reg, 2);
    break;
  case Opcode::LoadWord:
    std::memcpy(&reg, bytes, 4);
    break;
  case Opcode::LoadHalf:
    std::memcpy(&half, bytes, 2);
    reg = half;
    break;
  default:
    std::memcpy(&half, bytes, 2);
    reg = uint32_t(int32_t(int16_t(half)));
  }
}

/// A backward branch of a core that is watched: where it leads to.
[[gnu::noinline]] uint32_t Cores::watchedBranch(CoreState &core, const Code &in,
                                                uint32_t pc, Cycle t) {
  const Code &real = tables.realCode(core, pc);
  uint32_t left = ~0u;
  bool taken;
  if (real.op == Opcode::LoopDec) {
    left = --core.registers[in.a];
    taken = left && in.a;
  } else {
    taken =
        sim::branchTaken(real.op, core.registers[in.b], core.registers[in.c]);
  }
  if (taken) {
    context.passes.push_back({core.place, pc, t, left});
  }
  return taken ? in.imm : pc + 1;
}

template <bool recorded>
bool Cores::runScalars(CoreState &core, Cycle &t, unsigned most) {
  CoreRecord *const record =
      recorded ? context.recorder->find(core.place) : nullptr;
  closeWaits(core, t);
  const Cycle begin = t;
  const Cycle bound = context.bound;
  const Code *const code = core.code;
  uint32_t *const regs = core.registers.data();
  Cycle now = t;
  Cycle last = now;
  uint32_t pc = core.pc;
  uint32_t lastPc = pc;
  bool isRight = true;
  bool ended = false;
  do {
    const Code &in = code[pc];
    if constexpr (recorded) {
      context.recorder->scalar(*record, core, tables.realCode(core, pc));
    }
    last = now;
    now += in.cost;
    lastPc = pc++;
    const uint32_t x = regs[in.b];
    switch (in.op) {
    case Opcode::Nop:
      break;
    case Opcode::End:
      core.task = -1;
      now = last + 1;
      ended = true;
      most = 1;
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
      most = pc < core.codeSize ? most : 1;
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
    case Opcode::Sub:
      regs[in.a] = x - regs[in.c];
      break;
    case Opcode::Mul:
      regs[in.a] = x * regs[in.c];
      break;
    case Opcode::AndImm:
      regs[in.a] = x & in.imm;
      break;
    case Opcode::ShlImm:
      regs[in.a] = x << (in.imm & 31u);
      break;
    case Opcode::ShrImm:
      regs[in.a] = x >> (in.imm & 31u);
      break;
    case Opcode::SarImm:
      regs[in.a] = sim::scalarResult(in.op, x, in.imm);
      break;
    case Opcode::LoadWord:
    case Opcode::LoadHalf:
    case Opcode::LoadHalfSigned:
    case Opcode::StoreWord:
    case Opcode::StoreHalf:
    case Opcode::DsrLoad: {
      unsigned size = in.op == Opcode::DsrLoad ? unsigned(Descriptor::kBytes)
                      : in.op == Opcode::LoadWord || in.op == Opcode::StoreWord
                          ? 4
                          : 2;
      uint32_t address = x + in.imm;
      bool isInside = uint64_t(address) + size <= core.role->memoryBytes;
      if (!isInside || (address & 1)) {
        locate(core, int64_t(address), size, lastPc, core.task, last);
        isRight = false;
        most = 1;
        break;
      }
      memoryAccess(core, in, core.sram + address);
      break;
    }
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
      if (in.op == kWatched) {
        pc = watchedBranch(core, in, lastPc, last);
        break;
      }
      regs[in.a] = sim::scalarResult(in.op, x, regs[in.c]);
    }
    regs[0] = 0;
  } while (--most && now < bound && !code[pc].isVector);
  core.pc = pc;
  core.lastPc = lastPc;
  core.ready = now;
  core.lastActed = 0;
  core.starting = false;
  core.datapathFree = last + 1;
  core.counters[Activity::Scalar] += last + 1 - begin;
  core.accountedTo = core.waiting.from = last + 1;
  core.waiting.what = ended ? Activity::Idle : Activity::Scalar;
  context.happened(last + 1);
  context.aheadTo = std::max(context.aheadTo, last + 1);
  t = isRight ? now : last;
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
