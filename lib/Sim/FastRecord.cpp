// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastRecord.cpp - What a period depends on --------------------------===//
#include "FastCoreRecord.h"

#include <cstring>

using namespace wafer;
using namespace wafer::fast;

static bool isLoop(const std::vector<Code> &code, uint32_t pc) {
  const Code &in = code[pc];
  switch (in.op) {
  case Opcode::LoopDec:
  case Opcode::BranchEq:
  case Opcode::BranchNe:
  case Opcode::BranchLt:
  case Opcode::BranchGe:
    return !in.isVector && in.imm <= pc;
  default:
    return false;
  }
}

std::vector<uint32_t>
wafer::fast::outermostLoops(const std::vector<Code> &code) {
  std::vector<uint32_t> loops;
  uint32_t begin = uint32_t(code.size()); // of the loop that follows
  for (uint32_t pc = uint32_t(code.size()); pc-- > 0;) {
    if (pc < begin && isLoop(code, pc)) {
      loops.push_back(pc);
      begin = code[pc].imm;
    }
  }
  return loops;
}

static bool writesRegister(const Code &in) {
  if (in.isVector) {
    return false;
  }
  switch (infoOf(in.op).form) {
  case Form::Rd:
  case Form::RdImm:
  case Form::RdRa:
  case Form::RdRaRb:
  case Form::RdRaImm:
  case Form::RdTarget:
    return true;
  case Form::RdMem:
    return in.op != Opcode::StoreWord && in.op != Opcode::StoreHalf;
  default:
    return false;
  }
}

/// Registers that a loop does nothing to but count them up or down.
static uint32_t countingRegisters(const std::vector<Code> &code) {
  uint32_t all = 0;
  for (uint32_t end : outermostLoops(code)) {
    uint32_t counting = 0, others = 0;
    for (uint32_t pc = code[end].imm; pc <= end; ++pc) {
      const Code &in = code[pc];
      if (!writesRegister(in)) {
        continue;
      }
      bool counts =
          in.op == Opcode::LoopDec ||
          (in.op == Opcode::AddImm && in.a == in.b) ||
          ((in.op == Opcode::Add || in.op == Opcode::Sub) && in.a == in.b);
      (counts ? counting : others) |= 1u << in.a;
    }
    all |= counting & ~others;
  }
  return all;
}

Recorder::Recorder(const CoreTables &tables, uint32_t memoryBytes, Cycle begin)
    : tables(tables), memoryBytes(memoryBytes), begin(begin),
      records(tables.places.size()) {
  for (const std::vector<Code> &code : tables.codes) {
    counting.push_back(countingRegisters(code));
  }
}

Recorder::~Recorder() = default;

uint32_t Recorder::place(const CoreState &core) { return core.place; }

static unsigned threadOf(const CoreState &core, const VectorOp &op) {
  return &op == &core.main ? 0u : unsigned(&op - core.micro.data()) + 1u;
}

void Recorder::add(const CoreState &core) {
  records[core.place] = std::make_unique<CoreRecord>(
      core, counting[size_t(core.role - tables.plan.roles.data())]);
  CoreRecord &r = *records[core.place];
  if (core.micro.size() >= kMostThreads) {
    fail("too many threads");
    return;
  }
  r.counters = Cores::countersOf(core, begin);
  for (unsigned i = 1; i < kNumRegisters; ++i) {
    r.registers[i] = {1, uint8_t(i)};
  }
  for (unsigned i = 0; i < kNumDsrs; ++i) {
    r.dsrs[i] = {1, uint8_t(kDsrOrigin + i)};
  }
  for (unsigned t = 0; t <= core.micro.size(); ++t) {
    const VectorOp &op = t ? core.micro[t - 1] : core.main;
    if (op.state == VectorOp::State::Free) {
      continue;
    }
    for (unsigned i = 0; i < 3; ++i) {
      r.walks[t][i] = {1, uint8_t(kWalkOrigin + 3 * t + i)};
    }
    if (op.state == VectorOp::State::Running) {
      walks(r, core, op, true);
    }
  }
}

//===----------------------------------------------------------------------===//
// Scalar instructions
//===----------------------------------------------------------------------===//

void Recorder::branch(CoreRecord &r, Opcode op, uint32_t x, Symbol a,
                      uint32_t y, Symbol b) {
  for (Symbol *s : {&a, &b}) {
    if (s->moves() && !r.counts(*s)) {
      r.need(*s);
      *s = Symbol();
    }
  }
  if (a.moves() || b.moves()) {
    r.branches.push_back({op, a, b, x, y});
    for (Symbol s : {a, b}) {
      if (s.moves()) {
        r.noted.add(s.origin);
      }
    }
  }
}

void Recorder::scalar(CoreRecord &r, const CoreState &core, const Code &in) {
  const std::array<uint32_t, kNumRegisters> &regs = core.registers;
  switch (in.op) {
  case Opcode::Nop:
  case Opcode::End:
  case Opcode::Jump:
  case Opcode::Activate:
  case Opcode::Block:
  case Opcode::Unblock:
    break;
  case Opcode::ReadClock:
    fail("a core reads its clock");
    break;
  case Opcode::Return:
    r.need(r.of(in.b));
    break;
  case Opcode::Call:
  case Opcode::LoadImm:
    r.set(in.a, {});
    break;
  case Opcode::LoopDec:
    if (in.a) {
      branch(r, in.op, regs[in.a] - 1, r.of(in.a), 0, {});
    }
    break;
  case Opcode::BranchEq:
  case Opcode::BranchNe:
  case Opcode::BranchLt:
  case Opcode::BranchGe:
    branch(r, in.op, regs[in.b], r.of(in.b), regs[in.c], r.of(in.c));
    break;
  case Opcode::BranchFlt:
  case Opcode::BranchFge:
    r.need(r.of(in.b));
    r.need(r.of(in.c));
    break;
  case Opcode::Add:
    r.set(in.a, r.sum(r.of(in.b), r.of(in.c)));
    break;
  case Opcode::Sub:
    r.set(in.a, r.sum(r.of(in.b), CoreRecord::scaled(r.of(in.c), ~0u)));
    break;
  case Opcode::AddImm:
    r.set(in.a, r.of(in.b));
    break;
  case Opcode::Mul: {
    Symbol a = r.of(in.b), b = r.of(in.c);
    if (a.moves() && b.moves()) {
      bool isFirst = r.counts(a) && !r.counts(b) && a.origin != b.origin;
      bool isSecond = !r.counts(a) && r.counts(b) && a.origin != b.origin;
      for (Symbol *s : {&a, &b}) {
        if (s == &a ? !isFirst : !isSecond) {
          r.need(*s);
          *s = Symbol();
        }
      }
    }
    r.set(in.a, a.moves() ? CoreRecord::scaled(a, regs[in.c])
                          : CoreRecord::scaled(b, regs[in.b]));
    break;
  }
  case Opcode::ShlImm:
    r.set(in.a, CoreRecord::scaled(r.of(in.b), 1u << (in.imm & 31u)));
    break;
  case Opcode::AndImm:
  case Opcode::ShrImm:
  case Opcode::SarImm:
    r.need(r.of(in.b));
    r.set(in.a, {});
    break;
  case Opcode::LoadWord:
  case Opcode::LoadHalf:
  case Opcode::LoadHalfSigned:
  case Opcode::StoreWord:
  case Opcode::StoreHalf:
  case Opcode::DsrLoad:
    access(r, core, in);
    break;
  case Opcode::DsrBase:
    r.dsrs[in.a] = r.of(in.b);
    break;
  case Opcode::DsrLength:
  case Opcode::DsrStride:
    r.need(r.of(in.b));
    break;
  case Opcode::DsrAdvance:
    r.dsrs[in.a] = r.sum(r.dsrs[in.a], r.of(in.b));
    break;
  default:
    r.need(r.of(in.b));
    r.need(r.of(in.c));
    r.set(in.a, {});
  }
}

void Recorder::word(const CoreState &core) { records[core.place]->set(1, {}); }

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void Recorder::mark(CoreRecord &r, const CoreState &core, int64_t low,
                    int64_t high, bool isWrite) {
  low = std::max<int64_t>(low, 0);
  high = std::min<int64_t>(high, memoryBytes);
  for (uint32_t word = uint32_t(low / 4); int64_t(word) * 4 < high; ++word) {
    if (!isWrite) {
      r.read.add(word);
    } else if (r.written.add(word)) {
      uint32_t bits;
      std::memcpy(&bits, core.sram + size_t(word) * 4, 4);
      if (bits) {
        r.wasNotZero.add(word);
        r.old.emplace_back(word, bits);
      }
    }
  }
}

void Recorder::access(CoreRecord &r, const CoreState &core, const Code &in) {
  uint32_t address = core.registers[in.b] + in.imm;
  bool isStore = in.op == Opcode::StoreWord || in.op == Opcode::StoreHalf;
  unsigned bytes = in.op == Opcode::DsrLoad ? unsigned(Descriptor::kBytes)
                   : in.op == Opcode::LoadWord || in.op == Opcode::StoreWord
                       ? 4u
                       : 2u;
  if (uint64_t(address) + bytes > core.role->memoryBytes || (address & 1)) {
    return; // a fault
  }
  Symbol at = r.of(in.b);
  if (in.op == Opcode::DsrLoad) {
    r.need(at);
    mark(r, core, address, address + bytes, false);
    r.dsrs[in.a] = {};
    r.loaded |= 1u << in.a;
    return;
  }
  if (isStore) {
    r.need(r.of(in.a));
  }
  if (at.moves()) {
    cell(r, core, in, address, bytes, isStore);
  } else {
    mark(r, core, address, address + bytes, isStore);
  }
  if (!isStore) {
    r.set(in.a, {});
  }
}

void Recorder::cell(CoreRecord &r, const CoreState &core, const Code &in,
                    uint32_t address, unsigned bytes, bool isStore) {
  constexpr size_t kMostCells = 64;
  Symbol at = r.of(in.b);
  r.noted.add(at.origin);
  RecordedCell *found = nullptr;
  for (RecordedCell &c : r.cells) {
    if (c.address == address && c.bytes == bytes &&
        c.symbol.origin == at.origin && c.symbol.factor == at.factor) {
      found = &c;
    }
  }
  if (!found) {
    if (r.cells.size() == kMostCells) {
      r.need(at);
      mark(r, core, address, address + bytes, isStore);
      return;
    }
    uint32_t bits = 0;
    std::memcpy(&bits, core.sram + address, bytes);
    r.cells.push_back(
        {at, address, uint8_t(bytes), !isStore, false, bits, bits});
    found = &r.cells.back();
  }
  if (isStore) {
    found->isWritten = true;
    found->last =
        bytes == 4 ? core.registers[in.a] : core.registers[in.a] & 0xffffu;
  }
}

//===----------------------------------------------------------------------===//
// Vector instructions
//===----------------------------------------------------------------------===//

/// What is left of a walk, from where it stands.
static Reach restOf(const Operand &o, uint32_t left) {
  if (!o.twoDimensional) {
    return reachOf(o, left);
  }
  int64_t rows = int64_t(o.inner + left - 1) / o.extent0;
  int64_t across = int64_t(o.extent0 - 1) * o.stepBytes;
  int64_t down = rows * o.rowBytes;
  int64_t back = o.row - int64_t(o.address);
  return {back + std::min<int64_t>(across, 0) + std::min<int64_t>(down, 0),
          back + std::max<int64_t>(across, 0) + std::max<int64_t>(down, 0) +
              o.bytes,
          false};
}

void Recorder::walks(CoreRecord &r, const CoreState &core, const VectorOp &op,
                     bool isUnderWay) {
  const std::array<Symbol, 3> &symbols = r.walks[threadOf(core, op)];
  const Operand *const operands[3] = {&op.dest, &op.src0, &op.src1};
  RecordedWalks w;
  bool moves = false;
  uint32_t left = op.length - op.done;
  for (unsigned i = 0; i < 3; ++i) {
    const Operand &o = *operands[i];
    if (o.source != Operand::Source::Memory || !left) {
      continue;
    }
    Reach reach = isUnderWay ? restOf(o, left) : reachOf(o, op.length);
    w.walks = uint8_t(w.walks | 1u << i);
    w.base[i] = o.address;
    w.low[i] = int32_t(reach.low);
    w.high[i] = int32_t(reach.high);
    if (op.hasValue) {
      r.need(symbols[i]);
      mark(r, core, o.address + reach.low, o.address + reach.high, i == 0);
    } else if (symbols[i].moves()) {
      w.symbols[i] = symbols[i];
      r.noted.add(symbols[i].origin);
      moves = true;
    }
    if (i && !op.hasFabric) {
      int32_t span = tables.span;
      bool same = op.dest.stepBytes % span == 0 && o.stepBytes % span == 0;
      w.sameBank = uint8_t(w.sameBank | unsigned(same) << i);
    }
  }
  if (!op.inMemory) {
    fail("an access may be a fault");
  }
  if (moves) {
    w.readsMayConflict = op.readsMayConflict;
    r.walking.push_back(w);
  }
}

void Recorder::vector(const CoreState &core, const VectorOp &op,
                      const Code &in) {
  CoreRecord &r = *records[core.place];
  const uint8_t ids[3] = {in.a, in.b, in.c};
  const Operand *const operands[3] = {&op.dest, &op.src0, &op.src1};
  std::array<Symbol, 3> &symbols = r.walks[threadOf(core, op)];
  for (unsigned i = 0; i < 3; ++i) {
    symbols[i] = Symbol();
    Operand::Source source = operands[i]->source;
    if (source != Operand::Source::Memory &&
        source != Operand::Source::Fabric) {
      continue;
    }
    uint32_t bit = 1u << ids[i];
    r.used |= r.loaded & bit ? 0u : bit;
    if (source == Operand::Source::Memory) {
      symbols[i] = r.dsrs[ids[i]];
    } else {
      r.need(r.dsrs[ids[i]]);
    }
  }
  if (op.hasValue) {
    r.need(r.of(VectorFields::decode(in.imm).scalarRegister));
  }
  walks(r, core, op, false);
}

void Recorder::save(const CoreState &core, const VectorOp &op,
                    const Operand &o) {
  CoreRecord &r = *records[core.place];
  unsigned which = &o == &op.dest ? 0u : &o == &op.src0 ? 1u : 2u;
  r.dsrs[o.dsr] = r.walks[threadOf(core, op)][which];
}
