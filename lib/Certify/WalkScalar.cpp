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

static bool compute(Opcode op, uint32_t x, uint32_t y, uint32_t &result) {
  switch (op) {
  case Opcode::Add:
  case Opcode::AddImm:
    result = x + y;
    return true;
  case Opcode::Sub:
    result = x - y;
    return true;
  case Opcode::Mul:
    result = x * y;
    return true;
  case Opcode::And:
  case Opcode::AndImm:
    result = x & y;
    return true;
  case Opcode::Or:
    result = x | y;
    return true;
  case Opcode::Xor:
    result = x ^ y;
    return true;
  case Opcode::Shl:
  case Opcode::ShlImm:
    result = x << (y & 31u);
    return true;
  case Opcode::Shr:
  case Opcode::ShrImm:
    result = x >> (y & 31u);
    return true;
  case Opcode::Sar:
  case Opcode::SarImm:
    result = uint32_t(int32_t(x) >> (y & 31u));
    return true;
  case Opcode::Min:
    result = uint32_t(std::min(int32_t(x), int32_t(y)));
    return true;
  case Opcode::Max:
    result = uint32_t(std::max(int32_t(x), int32_t(y)));
    return true;
  default:
    return false; // arithmetic in floating point stays a symbol
  }
}

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
  uint32_t result = 0;
  bool adds = in.op == Opcode::Add || in.op == Opcode::AddImm;
  if (x.isKnown() && y.isKnown() && compute(in.op, x.add, y.add, result)) {
    state.setReg(in.a, known(result));
  } else if (x.isData() || y.isData()) {
    state.setReg(in.a, data());
  } else if (adds && (x.isKnown() || y.isKnown())) {
    state.setReg(in.a, {x.symbol | y.symbol, x.add + y.add});
  } else if (in.op == Opcode::Sub && y.isKnown()) {
    state.setReg(in.a, {x.symbol, x.add - y.add});
  } else {
    // The constants stay outside: they tell the buffer of an address.
    uint32_t add = 0;
    if (adds) {
      add = x.add + y.add;
      x.add = y.add = 0;
    }
    Value v = symbols.make(SymbolKind::Operation, uint32_t(in.op), {x, y});
    v.add = add;
    state.setReg(in.a, v);
  }
  return true;
}

/// Forgets what a store at an address that is not known can have changed.
void Walker::forgetAt(CoreState &state, Value address, uint32_t bytes) {
  if (address.isKnown()) {
    state.forget(address.add, address.add + bytes);
    return;
  }
  for (const Buffer &b : role.buffers) {
    if (!address.isData() && b.kind != BufferKind::Params &&
        address.add >= b.offset && address.add < b.offset + b.bytes) {
      state.forget(b.offset, b.offset + b.bytes);
      return;
    }
  }
  state.forget(0, ~0u);
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

void Walker::writeMemory(CoreState &state, const Register &d) {
  for (const Buffer &b : role.buffers) {
    if (d.home >= b.offset && d.home < b.offset + b.bytes &&
        b.kind != BufferKind::Params) {
      state.forget(b.offset, b.offset + b.bytes);
      return;
    }
  }
  state.forget(0, ~0u);
}

Value Walker::extentOf(const Register &d) {
  uint32_t rows = d.fixed.extent1 ? d.fixed.extent1 : 1;
  if (d.extent0.isKnown()) {
    return known((d.extent0.add & 0xffffu) * rows);
  }
  return symbols.make(SymbolKind::Extent, 0, {d.extent0, known(rows)});
}

bool Walker::vector(CoreState &state, uint32_t at, std::vector<Step> &steps) {
  const Instruction &in = role.code[at];
  const OpcodeInfo &info = infoOf(in.op);
  Step move;
  move.at = at;
  bool packed = false;
  std::vector<Value> lengths;
  const uint8_t ids[] = {in.b, in.c, in.a};
  const ElementType types[] = {info.src0, info.src1, info.dest};
  for (unsigned o = 0; o < 3; ++o) {
    if (ids[o] >= kNumDsrs || (o == 1 && info.numSources < 2)) {
      continue;
    }
    Register &d = state.dsrs[ids[o]];
    if (!d.isKnown) {
      return demanded.empty() ? refuse(at, "a descriptor is not known") : false;
    }
    lengths.push_back(extentOf(d));
    const Descriptor &f = d.fixed;
    if (f.kind == DescriptorKind::Memory) {
      if (o == 2) {
        if (d.home != ~0u && isParam(d.home)) {
          return refuse(at, "the code changes its parameters");
        }
        writeMemory(state, d);
      }
      if (f.save) {
        d.base = data();
      }
      continue;
    }
    if (f.kind == DescriptorKind::FabricControl || f.advanceSwitch) {
      return refuse(at, "control wavelets are not followed");
    }
    bool input = f.kind == DescriptorKind::FabricIn;
    if (input != (o != 2) || (input && move.in >= 0)) {
      return refuse(at, "the operands are not those of an instruction");
    }
    (input ? move.in : move.out) = int8_t(f.queue);
    packed |= f.packed && sizeOf(types[o]) == 2;
  }
  if (VectorFields::decode(in.imm).async) {
    return refuse(at, "microthreads are not followed");
  }
  if (move.in >= 0 && ((kind.hostInputs >> move.in) & 1u)) {
    move.in = -1;
  }
  if (move.out >= 0 && ((kind.hostOutputs >> move.out) & 1u)) {
    move.out = -1;
  }
  if (move.in < 0 && move.out < 0) {
    return true;
  }
  // The first length that is not zero; 1 if there is none.
  std::vector<Value> choices;
  for (Value v : lengths) {
    if (v == known(0) || (!choices.empty() && choices.back() == v)) {
      continue;
    }
    choices.push_back(v);
    if (v.isKnown()) {
      break;
    }
  }
  if (choices.empty() || !choices.back().isKnown()) {
    choices.push_back(known(1));
  }
  Shape what;
  what.words = choices.size() == 1
                   ? choices[0]
                   : symbols.make(SymbolKind::FirstOf, 0, choices);
  if (packed) {
    what.words = what.words.isKnown()
                     ? known((what.words.add + 1) / 2)
                     : symbols.make(SymbolKind::Wavelets, 0, {what.words});
  }
  if (!settle(what.words)) {
    return false;
  }
  if (what.words.isData()) {
    return refuse(at, "the number of words depends on data");
  }
  what.guards = guards;
  move.shape = vocabulary.idOf(what);
  steps.push_back(move);
  return true;
}
