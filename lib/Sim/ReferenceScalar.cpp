// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceScalar.cpp - Scalar instructions
//------------------------------//
#include "ReferenceCore.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::reference;

void Cores::scalarStep(CoreState &core, const Instruction &in, Cycle t) {
  const OpcodePlan &plan = planOf(in.op);
  unsigned limit = kNumRegisters;
  bool usesA = plan.info && plan.info->form != Form::DsrMem &&
               plan.info->form != Form::DsrRa;
  if (!plan.info || (usesA && in.a >= limit) || in.b >= limit ||
      in.c >= limit || (!usesA && in.a >= kNumDsrs)) {
    fault(core, core.pc, core.task, "not an instruction");
    return;
  }
  Doing doing;
  doing.what = Activity::Scalar;
  doing.pc = core.lastPc;
  doing.task = core.task;
  account(core, doing, t, 1);
  context.happened(t + 1);
  core.datapathFree = t + 1;
  core.ready = t + plan.cost;
  ++core.pc;
  uint32_t x = core.registers[in.b];
  switch (plan.info->form) {
  case Form::None:
    if (in.op == Opcode::End) {
      core.task = -1;
      core.ready = t + 1;
    }
    break;
  case Form::Rd: // tsc
    core.setRegister(in.a, uint32_t(t));
    break;
  case Form::Ra:
  case Form::Target:
  case Form::RdTarget:
  case Form::RaRbTarget:
    branch(core, in);
    break;
  case Form::TaskId:
    taskControl(core, in);
    break;
  case Form::RdImm:
  case Form::RdRaImm:
    core.setRegister(in.a, sim::scalarResult(in.op, x, in.imm));
    break;
  case Form::RdRa:
  case Form::RdRaRb:
    core.setRegister(in.a, sim::scalarResult(in.op, x, core.registers[in.c]));
    break;
  case Form::RdMem:
    memory(core, in);
    break;
  case Form::DsrMem:
  case Form::DsrRa:
    descriptor(core, in);
    break;
  case Form::Vector:
    break; // goes through issue
  }
}

void Cores::branch(CoreState &core, const Instruction &in) {
  uint32_t next = core.pc; // already behind the branch
  switch (in.op) {
  case Opcode::Jump:
    core.pc = in.imm;
    return;
  case Opcode::Call:
    core.pc = in.imm;
    core.setRegister(in.a, next);
    return;
  case Opcode::Return:
    core.pc = core.registers[in.b];
    return;
  case Opcode::LoopDec:
    core.setRegister(in.a, core.registers[in.a] - 1);
    core.pc = core.registers[in.a] ? in.imm : next;
    return;
  default:
    if (sim::branchTaken(in.op, core.registers[in.b], core.registers[in.c])) {
      core.pc = in.imm;
    }
  }
}

void Cores::taskControl(CoreState &core, const Instruction &in) {
  if (in.imm >= core.plan->role->tasks.size()) {
    fault(core, core.lastPc, core.task,
          fmt::format("the role has no task {}", in.imm));
    return;
  }
  uint64_t bit = uint64_t(1) << in.imm;
  if (in.op == Opcode::Activate) {
    core.active |= bit;
  } else if (in.op == Opcode::Block) {
    core.blocked |= bit;
  } else {
    core.blocked &= ~bit;
  }
}

void Cores::memory(CoreState &core, const Instruction &in) {
  bool isWord = in.op == Opcode::LoadWord || in.op == Opcode::StoreWord;
  unsigned size = isWord ? 4 : 2;
  uint32_t address = core.registers[in.b] + in.imm;
  uint8_t *bytes = locate(core, int64_t(address), size, core.lastPc, core.task);
  if (!bytes) {
    return;
  }
  if (in.op == Opcode::StoreWord || in.op == Opcode::StoreHalf) {
    std::memcpy(bytes, &core.registers[in.a], size);
    return;
  }
  uint32_t value = 0;
  std::memcpy(&value, bytes, size);
  if (in.op == Opcode::LoadHalfSigned) {
    value = uint32_t(int32_t(int16_t(uint16_t(value))));
  }
  core.setRegister(in.a, value);
}

void Cores::descriptor(CoreState &core, const Instruction &in) {
  Descriptor &d = core.dsrs[in.a];
  uint32_t x = core.registers[in.b];
  switch (in.op) {
  case Opcode::DsrLoad: {
    uint32_t address = x + in.imm;
    const uint8_t *bytes = locate(core, int64_t(address), Descriptor::kBytes,
                                  core.lastPc, core.task);
    if (bytes) {
      uint16_t halfwords[Descriptor::kHalfwords];
      std::memcpy(halfwords, bytes, sizeof(halfwords));
      d = Descriptor::decode(halfwords);
    }
    return;
  }
  case Opcode::DsrBase:
    d.base = uint16_t(x);
    return;
  case Opcode::DsrLength:
    d.extent0 = uint16_t(x);
    return;
  case Opcode::DsrStride:
    d.stride0 = int16_t(uint16_t(x));
    return;
  default: // dsradd
    d.base = uint16_t(d.base + x);
  }
}
