// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What vector instructions do with symbols.
//
//===----------------------------------------------------------------------===//
#include "Walker.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::certifier;

/// Words of messages beyond these are data.
static constexpr uint32_t kMaxKnownWords = 64;

Value Walker::extentOf(const Register &d) {
  uint32_t rows = d.fixed.extent1 ? d.fixed.extent1 : 1;
  return symbols.make(SymbolKind::Extent, 0, {d.extent0, known(rows)});
}

/// Whether the elements, or pairs of halfwords, fill the words at base + 4 i.
static bool isWordByWord(const Register &d) {
  return d.fixed.kind == DescriptorKind::Memory && d.base.isKnown() &&
         d.base.add % 4 == 0 && d.fixed.stride0 == 1 && d.fixed.extent1 == 0;
}

/// Words that an instruction handles whole: one an element of 32 bits, one for
/// two halfwords that travel and lie together. 0 where it is not known, or they
/// are too many to be followed.
uint32_t Walker::wholeWords(uint32_t at, const Operands &o) const {
  const OpcodeInfo &info = infoOf(role.code[at].op);
  if (!o.length.isKnown()) {
    return 0;
  }
  uint32_t words = o.length.add;
  if (sizeOf(info.dest) == 2) {
    bool travels = o.in >= 0 || o.out >= 0;
    bool halves =
        sizeOf(info.src0) == 2 && words % 2 == 0 && (o.packed || !travels);
    words = halves ? words / 2 : 0;
  } else if (sizeOf(info.src0) != 4) {
    words = 0;
  }
  return words <= kMaxKnownWords ? words : 0;
}

bool Walker::readOperands(CoreState &state, uint32_t at, Operands &operands) {
  const Instruction &in = role.code[at];
  const OpcodeInfo &info = infoOf(in.op);
  const uint8_t ids[] = {in.b, in.c, in.a};
  const ElementType types[] = {info.src0, info.src1, info.dest};
  std::vector<Value> lengths;
  bool packed[2] = {};
  for (unsigned o = 0; o < 3; ++o) {
    if (ids[o] >= kNumDsrs || (o == 1 && info.numSources < 2)) {
      continue;
    }
    const Register &d = state.dsrs[ids[o]];
    if (!d.isKnown) {
      return settle(d.lostAt) && refuse(at, "a descriptor is not known");
    }
    operands.registers[o] = &d;
    lengths.push_back(extentOf(d));
    const Descriptor &f = d.fixed;
    if (f.kind == DescriptorKind::Memory) {
      continue;
    }
    if (f.kind == DescriptorKind::FabricControl || f.advanceSwitch) {
      return refuse(at, "control wavelets are not followed");
    }
    bool input = f.kind == DescriptorKind::FabricIn;
    if (input != (o != 2) || (input && operands.in >= 0)) {
      return refuse(at, "the operands are not those of an instruction");
    }
    (input ? operands.in : operands.out) = int8_t(f.queue);
    packed[input] = f.packed && sizeOf(types[o]) == 2;
  }
  if (operands.in >= 0 && operands.out >= 0 && packed[0] != packed[1]) {
    return refuse(at, "one of input and output is packed");
  }
  operands.packed = packed[0] || packed[1];
  operands.length =
      symbols.make(SymbolKind::FirstOf, 0,
                   lengths.empty() ? std::vector<Value>{known(1)} : lengths);
  if (operands.in >= 0 && ((kind.freeInputs >> operands.in) & 1u)) {
    operands.in = -1;
  }
  if (operands.out >= 0 && ((kind.freeOutputs >> operands.out) & 1u)) {
    operands.out = -1;
  }
  return true;
}

/// What is known of the elements that an instruction makes, of which `words`
/// are handled whole.
Contents Walker::elements(const CoreState &state, uint32_t at,
                          const Operands &o, uint32_t run,
                          uint32_t words) const {
  const Instruction &in = role.code[at];
  const OpcodeInfo &info = infoOf(in.op);
  bool copies = in.op == Opcode::Mov32 || in.op == Opcode::Mov16;
  bool adds = in.op == Opcode::FAddS, ors = in.op == Opcode::Or16;
  if ((!copies && !adds && !ors) || words == 0) {
    return {};
  }
  const Register *dest = o.registers[2];
  for (unsigned s = 0; s < info.numSources; ++s) {
    const Register *d = o.registers[s];
    if (d && dest && isWordByWord(*d) && isWordByWord(*dest) &&
        d->base != dest->base && d->base.add < dest->base.add + 4 * words &&
        dest->base.add < d->base.add + 4 * words) {
      return {}; // overlapping operands
    }
  }
  auto source = [&](unsigned s, uint32_t i) {
    const Register *d = o.registers[s];
    if (!d) {
      Value scalar = state.reg(VectorFields::decode(in.imm).scalarRegister);
      // A halfword is repeated; of zero that is the same.
      bool whole = sizeOf(info.dest) == 4 || (scalar.isKnown() && !scalar.add);
      return whole ? scalar : data();
    }
    if (d->fixed.kind == DescriptorKind::FabricIn) {
      return o.in < 0 ? data()
                      : symbols.make(SymbolKind::Received, 0,
                                     {known(roleIndex), known(at), known(run),
                                      known(i)});
    }
    return isWordByWord(*d) ? state.word(d->base.add + 4 * i) : data();
  };
  Contents result;
  for (uint32_t i = 0; i < words; ++i) {
    Value v = source(0, i);
    if (adds || ors) {
      // Halfwords beside each other are a word as far as bits are concerned.
      v = symbols.make(SymbolKind::Operation,
                       uint32_t(ors ? Opcode::Or : in.op), {v, source(1, i)});
    }
    if (!v.isData()) {
      result.push_back({i, v});
    }
  }
  return result;
}

void Walker::writeMemory(CoreState &state, const Register &d,
                         const Contents *contents, uint32_t length) {
  if (contents) {
    forget(state, d.base.add, d.base.add + 4 * length);
    for (auto &[index, value] : *contents) {
      state.setWord(d.base.add + 4 * index, value);
    }
    return;
  }
  for (const Buffer &b : role.buffers) {
    if (d.home >= b.offset && d.home < b.offset + b.bytes &&
        b.kind != BufferKind::Params) {
      forget(state, b.offset, b.offset + b.bytes);
      return;
    }
  }
  forget(state, 0, ~0u);
}

bool Walker::vector(CoreState &state, uint32_t at, std::vector<Step> &steps) {
  const Instruction &in = role.code[at];
  if (VectorFields::decode(in.imm).async) {
    return refuse(at, "microthreads are not followed");
  }
  Operands o;
  if (!readOperands(state, at, o)) {
    return false;
  }
  uint32_t run = o.in >= 0 ? runs[at]++ : 0;
  uint32_t words = wholeWords(at, o);
  Contents contents = elements(state, at, o, run, words);
  if (o.in >= 0 || o.out >= 0) {
    Step move;
    move.at = at;
    move.in = o.in;
    move.out = o.out;
    Shape what;
    what.words =
        o.packed ? symbols.make(SymbolKind::Wavelets, 0, {o.length}) : o.length;
    if (what.words.isData()) {
      return refuse(at, "the number of words depends on data");
    }
    what.guards = guards;
    move.shape = vocabulary.shapes.idOf(what);
    if (o.out >= 0) {
      move.sent = vocabulary.contents.idOf(contents);
    }
    if (o.in >= 0 && words > 0) {
      Contents received;
      for (uint32_t i = 0; i < words; ++i) {
        received.push_back({i, symbols.make(SymbolKind::Received, 0,
                                            {known(roleIndex), known(at),
                                             known(run), known(i)})});
      }
      move.received = vocabulary.contents.idOf(received);
    }
    steps.push_back(move);
  }
  const Register *dest = o.registers[2];
  if (dest && dest->fixed.kind == DescriptorKind::Memory) {
    bool exact = isWordByWord(*dest) && words > 0;
    uint32_t begin = exact ? dest->base.add : dest->home;
    uint32_t end = begin + (exact ? 4 * words : 1);
    if (begin != ~0u && begin < role.paramOffset + 2 * role.params.size() &&
        end > role.paramOffset) {
      return refuse(at, "the code changes its parameters");
    }
    writeMemory(state, *dest, exact ? &contents : nullptr, exact ? words : 0);
  }
  for (uint8_t id : {in.b, in.c, in.a}) {
    if (id < kNumDsrs && state.dsrs[id].fixed.save) {
      state.dsrs[id].base = data();
    }
  }
  return true;
}
