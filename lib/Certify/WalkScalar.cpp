// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What single instructions do with symbols.
//
//===----------------------------------------------------------------------===//
#include "Walker.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

bool Walker::scalar(CoreState &state, uint32_t at) {
  const Instruction &in = role.code[at];
  switch (infoOf(in.op).form) {
  case Form::None:
    return true;
  case Form::Rd:
    state.setReg(in.a, data());
    return true;
  case Form::RdMem:
    if (in.op == Opcode::StoreWord || in.op == Opcode::StoreHalf) {
      return store(state, at);
    } else {
      load(state, in);
    }
    return true;
  case Form::DsrMem:
    loadDescriptor(state, in);
    return true;
  case Form::DsrRa:
    setDescriptor(state, in);
    return true;
  case Form::RdImm:
    state.setReg(in.a, known(in.imm));
    return true;
  case Form::RdRa:
  case Form::RdRaRb:
  case Form::RdRaImm:
    break;
  default:
    return refuse(at, "several tasks or calls are not followed");
  }
  bool hasImm = infoOf(in.op).form == Form::RdRaImm;
  Value x = state.reg(in.b), y = hasImm ? known(in.imm) : state.reg(in.c);
  if (infoOf(in.op).form == Form::RdRa) {
    y = known(0);
  }
  bool adds = in.op == Opcode::Add || in.op == Opcode::AddImm;
  bool subtracts = in.op == Opcode::Sub && y.isKnown();
  if (subtracts) {
    y.add = ~y.add + 1;
  }
  // Constants stay outside: they tell the buffer of an address.
  uint32_t add = 0;
  if (adds || subtracts) {
    add = x.add + y.add;
    x.add = y.add = 0;
  }
  Value v = data();
  if (!x.isData() && !y.isData()) {
    bool oneIsKnown = x.isKnown() || y.isKnown();
    v = (adds || subtracts) && oneIsKnown
            ? Value{x.symbol | y.symbol, 0}
            : symbols.make(SymbolKind::Operation, uint32_t(in.op), {x, y});
  }
  if (!v.isData()) {
    v.add += add;
  }
  state.setReg(in.a, v);
  return true;
}

/// Forgets what a store at an address that is not known can have changed.
void Walker::forgetAt(CoreState &state, Value address, uint32_t bytes) {
  if (address.isKnown()) {
    forget(state, address.add, address.add + bytes);
    return;
  }
  for (const Buffer &b : role.buffers) {
    if (!address.isData() && b.kind != BufferKind::Params &&
        address.add >= b.offset && address.add < b.offset + b.bytes) {
      forget(state, b.offset, b.offset + b.bytes);
      return;
    }
  }
  forget(state, 0, ~0u);
}

void Walker::load(CoreState &state, const Instruction &in) {
  Value base = state.reg(in.b);
  uint32_t address = base.add + in.imm;
  Value v = data();
  if (base.isKnown() && isParam(address)) {
    uint32_t index = (address - role.paramOffset) / 2;
    v = paramAt(index);
    if (in.op == Opcode::LoadWord) {
      Value high = index + 1 < role.params.size() ? paramAt(index + 1) : data();
      v = v.isKnown() && high.isKnown() ? known(v.add | high.add << 16)
                                        : data();
    } else if (in.op == Opcode::LoadHalfSigned) {
      v = v.isKnown() ? known(uint32_t(int32_t(int16_t(v.add)))) : data();
    }
  } else if (base.isKnown() && in.op == Opcode::LoadWord && address % 4 == 0) {
    v = state.word(address);
  }
  state.setReg(in.a, v);
}

bool Walker::store(CoreState &state, uint32_t at) {
  const Instruction &in = role.code[at];
  Value base = state.reg(in.b);
  Value address = {base.symbol, base.add + in.imm};
  if (base.isKnown() && isParam(address.add)) {
    return refuse(at, "the code changes its parameters");
  }
  if (base.isKnown() && in.op == Opcode::StoreWord && address.add % 4 == 0) {
    forget(state, address.add, address.add + 4);
    state.setWord(address.add, state.reg(in.a));
    return true;
  }
  forgetAt(state, address, in.op == Opcode::StoreWord ? 4 : 2);
  return true;
}

void Walker::loadDescriptor(CoreState &state, const Instruction &in) {
  Register &d = state.dsrs[in.a];
  d = Register();
  Value base = state.reg(in.b);
  uint32_t address = base.add + in.imm;
  if (!base.isKnown() || !isParam(address) ||
      (address - role.paramOffset) / 2 + Descriptor::kHalfwords >
          role.params.size()) {
    return;
  }
  uint32_t first = (address - role.paramOffset) / 2;
  uint16_t halves[Descriptor::kHalfwords] = {};
  for (unsigned h = 2; h < Descriptor::kHalfwords; ++h) {
    Value v = paramAt(first + h);
    if (!v.isKnown()) {
      settle(v);
      d.lostAt = v;
      return;
    }
    halves[h] = uint16_t(v.add);
  }
  d.isKnown = true;
  d.fixed = Descriptor::decode(halves);
  d.base = paramAt(first);
  d.extent0 = paramAt(first + 1);
  if (d.base.isKnown()) {
    d.home = d.base.add;
  }
}

void Walker::setDescriptor(CoreState &state, const Instruction &in) {
  Register &d = state.dsrs[in.a];
  Value x = state.reg(in.b);
  switch (in.op) {
  case Opcode::DsrBase:
    d.base = x.isKnown() ? known(x.add & 0xffffu) : x;
    d.home = x.isData() ? ~0u : x.add;
    return;
  case Opcode::DsrLength:
    d.extent0 = x.isKnown() ? known(x.add & 0xffffu) : x;
    return;
  case Opcode::DsrAdvance:
    d.base = data();
    return;
  default:
    // A stride changes which bytes of the buffer are written.
    if (d.base.isKnown()) {
      d.base = data();
    }
  }
}
