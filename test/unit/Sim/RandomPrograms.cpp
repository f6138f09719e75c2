// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RandomPrograms.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::test;

namespace {
const Opcode kVectorOps[] = {
#define VECTOR(Name, Mnemonic, Code, Sources, Dest, Src0, Src1, Scalar)        \
  Opcode::Name,
#include "wafer/Image/Opcodes.def"
};
const Opcode kScalarOps[] = {
#define SCALAR(Name, Mnemonic, Code, Form, Cost) Opcode::Name,
#include "wafer/Image/Opcodes.def"
};
template <typename T, size_t n>
T pick(Rng &rng, const T (&items)[n]) {
  return items[rng.below(n)];
}
template <typename T>
void shuffle(Rng &rng, std::vector<T> &items) {
  for (size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[rng.below(i)]);
  }
}
} // namespace

//===----------------------------------------------------------------------===//
// Vector instructions
//===----------------------------------------------------------------------===//

/// A walk over `elements` elements that stays in the data.
Descriptor RandomProgram::data(unsigned elements, unsigned bytes) {
  int stride = chance(60) ? 1 : int(below(14)) - 4;
  int last = int(elements ? elements - 1 : 0) * stride * int(bytes);
  int room = int(kDataEnd - kDataBegin) - std::abs(last) - int(bytes);
  unsigned base = kDataBegin + (room > 2 ? below(unsigned(room) / 2) * 2 : 0);
  if (last < 0) {
    base += unsigned(-last);
  }
  Descriptor d = memory(base, elements, stride);
  if (elements >= 4 && elements % 2 == 0 && chance(25)) {
    d.extent0 = uint16_t(elements / 2);
    d.extent1 = 2;
    d.stride1 = int16_t(below(20));
    d.base = kDataBegin + 512;
  } else if (elements >= 8 && elements % 4 == 0 && chance(10)) {
    // Short rows, as often as not at the same place.
    d.extent0 = uint16_t(chance(50) ? 2 : 4);
    d.extent1 = uint16_t(elements / d.extent0);
    d.stride0 = 1;
    d.stride1 = int16_t(chance(50) ? 0 : below(8));
    d.base = kDataBegin + 512;
  }
  d.save = chance(15);
  return d;
}

Descriptor RandomProgram::anyData() {
  if (chance(1)) { // may leave the memory, or be odd
    return memory(below(65536), below(100), int(below(40)) - 20);
  }
  return data(below(chance(10) ? 400 : 40), 4);
}

VectorFields RandomProgram::fields(const OpcodeInfo &info, bool hasAll,
                                   bool mayBeAsync) {
  VectorFields f;
  bool usesScalar = info.scalar == ScalarUse::Multiplies ||
                    info.scalar == ScalarUse::Count ||
                    (info.scalar == ScalarUse::Replaces && !hasAll);
  if (usesScalar) {
    f.scalarRegister = uint8_t(anyReg());
  }
  if (mayBeAsync && chance(35)) {
    f.async = true;
    f.microthread = uint8_t(below(std::min(machine.microthreads, 4u)));
    if (chance(60)) {
      f.onComplete = chance(60) ? OnComplete::Activate : OnComplete::Unblock;
      f.task = uint8_t(below(localTasks));
    }
  }
  return f;
}

/// One instruction; operand `fabricAt` (0 or 1) is the input queue. An operand
/// without a queue is memory.
void RandomProgram::vectorOp(Opcode op, int fabricAt, const End *in,
                             const End *out, unsigned words) {
  const OpcodeInfo &info = infoOf(op);
  bool half = sizeOf(in ? (fabricAt ? info.src1 : info.src0) : info.dest) == 2;
  bool packed = half && chance(60);
  unsigned elements = packed ? 2 * words - below(2) : words;
  auto side = [&](Descriptor d) {
    d.packed = packed;
    return d;
  };
  bool has0 =
      (in && fabricAt == 0) || info.scalar != ScalarUse::Replaces || chance(70);
  bool has1 =
      info.numSources > 1 && ((in && fabricAt == 1) ||
                              info.scalar != ScalarUse::Replaces || chance(70));
  unsigned dest = below(8), src0 = below(8), src1 = below(8);
  auto memoryOperand = [&](ElementType type) {
    return in || out ? data(elements, sizeOf(type)) : anyData();
  };
  if (has0) {
    bool fabric = in && fabricAt == 0;
    core.dsr(S0(src0), fabric ? side(fabricIn(in->queue, elements))
                              : memoryOperand(info.src0));
  }
  if (has1) {
    bool fabric = in && fabricAt == 1;
    core.dsr(S1(src1), fabric ? side(fabricIn(in->queue, elements))
                              : memoryOperand(info.src1));
  }
  Descriptor d =
      out ? side(fabricOut(out->queue, elements)) : memoryOperand(info.dest);
  if (out) {
    d.advanceSwitch = chance(out->stream.control ? 25 : 1);
  } else if (chance(8)) {
    d.stride0 = 0;
  }
  core.dsr(D(dest), d);
  bool hasAll = has0 && (has1 || info.numSources < 2);
  core.vec(op, D(dest), has0 ? S0(src0) : kNoDsr, has1 ? S1(src1) : kNoDsr,
           fields(info, hasAll, in || out));
}

void RandomProgram::transfer(const End *in, const End *out, unsigned words) {
  Opcode op = chance(50) ? Opcode::Mov32 : pick(rng, kVectorOps);
  const OpcodeInfo &info = infoOf(op);
  int fabricAt = info.numSources > 1 && chance(50) ? 1 : 0;
  if (chance(20) && words > 1) { // word by word, in a loop
    unsigned counter = 28 + below(2);
    core.li(counter, words);
    uint32_t begin = core.here();
    vectorOp(op, fabricAt, in, out, 1);
    if (chance(30)) {
      scalar();
    }
    core.op(Opcode::LoopDec, counter, 0, 0, begin);
    return;
  }
  vectorOp(op, fabricAt, in, out, words);
}

void RandomProgram::sendControl(const End &end, unsigned words) {
  ControlWavelet w;
  w.data = uint16_t(below(65536));
  w.taskEntry = uint8_t(below(3));
  for (ControlWavelet::Command &c : w.commands) {
    c.op = SwitchCommand(below(chance(2) ? 4 : 3));
    c.noce = chance(60);
  }
  unsigned r = reg();
  core.li(r, w.encode());
  core.dsr(D(7), fabric(DescriptorKind::FabricControl, end.queue, words));
  VectorFields f = wafer::test::scalar(r);
  core.vec(Opcode::Mov32, D(7), kNoDsr, kNoDsr, f);
}

//===----------------------------------------------------------------------===//
// Scalar instructions
//===----------------------------------------------------------------------===//

void RandomProgram::scalar() {
  Opcode op = pick(rng, kScalarOps);
  uint32_t address = kDataBegin + below(kDataEnd - kDataBegin - 32) / 4 * 4;
  switch (infoOf(op).form) {
  case Form::None:
    core.op(Opcode::Nop);
    return;
  case Form::Ra: { // a call of the next instruction
    uint32_t at = core.here();
    core.op(Opcode::Call, 30, 0, 0, at + 2);
    core.op(Opcode::Jump, 0, 0, 0, at + 3);
    core.op(Opcode::Return, 0, 30);
    core.op(Opcode::Nop); // index at + 3; `ret` goes to at + 1
    return;
  }
  case Form::Target:
  case Form::RdTarget: {
    unsigned counter = 31;
    core.li(counter, 1 + below(5));
    core.op(Opcode::LoopDec, counter, 0, 0, core.here());
    return;
  }
  case Form::RaRbTarget:
    core.op(op, 0, anyReg(), anyReg(), core.here() + 2);
    core.op(Opcode::AddImm, reg(), anyReg(), 0, below(100));
    core.op(Opcode::Nop);
    return;
  case Form::TaskId:
    if (chance(30)) {
      core.op(op, 0, 0, 0, below(localTasks));
    }
    return;
  case Form::Rd:
    core.op(op, reg());
    return;
  case Form::RdImm:
    core.op(op, reg(), 0, 0, uint32_t(rng.next()));
    return;
  case Form::RdRa:
    core.op(op, reg(), anyReg());
    return;
  case Form::RdRaRb:
    core.op(op, reg(), anyReg(), anyReg());
    return;
  case Form::RdRaImm:
    core.op(op, reg(), anyReg(), 0, below(70000));
    return;
  case Form::RdMem:
    core.op(op, reg(), chance(1) ? anyReg() : 0, 0, address);
    return;
  case Form::DsrMem:
    core.op(op, chance(50) ? S0(below(8)) : S1(below(8)), 0, 0,
            below(unsigned(role.params.size()) / 8 + 1) * 16);
    return;
  case Form::DsrRa: {
    unsigned r = reg();
    core.li(r, op == Opcode::DsrBase     ? address
               : op == Opcode::DsrLength ? below(30)
                                         : 2 * below(4));
    core.op(op, below(kNumDsrs), r);
    return;
  }
  case Form::Vector:
    return;
  }
}

void RandomProgram::compute() {
  if (chance(45)) {
    Opcode op = pick(rng, kVectorOps);
    vectorOp(op, 0, nullptr, nullptr, 1);
    return;
  }
  for (unsigned n = 1 + below(4); n; --n) {
    scalar();
  }
}

void RandomProgram::block(unsigned count) {
  for (unsigned i = 0; i < count && !full(); ++i) {
    compute();
  }
}

//===----------------------------------------------------------------------===//
// The whole program
//===----------------------------------------------------------------------===//

void RandomProgram::bind(const std::vector<StreamEnd> &ends) {
  for (bool input : {true, false}) {
    std::vector<unsigned> free;
    const QueueSpec &spec = input ? machine.inputQueues : machine.outputQueues;
    for (unsigned q = 0; q < spec.count(); ++q) {
      free.push_back(q);
    }
    shuffle(rng, free);
    for (const StreamEnd &end : ends) {
      auto &list = input ? inputs : outputs;
      bool again = std::any_of(list.begin(), list.end(), [&](const End &e) {
        return e.stream.color == end.color;
      });
      if (end.input != input || again || free.empty()) {
        continue;
      }
      list.push_back({free.back(), end});
      if (input) {
        core.input(free.back(), end.color);
      } else {
        core.output(free.back(), end.color);
      }
      free.pop_back();
    }
  }
}

void RandomProgram::planPieces(const End &end) {
  unsigned words = end.stream.words;
  if (chance(4)) {
    words += below(3); // too many
  }
  while (words) {
    unsigned n = chance(40) ? words : 1 + below(words);
    words -= n;
    if (end.stream.input) {
      actions.push_back([this, &end, n] { transfer(&end, nullptr, n); });
    } else if (end.stream.control && chance(40)) {
      actions.push_back([this, &end, n] { sendControl(end, 1 + n % 3); });
    } else {
      actions.push_back([this, &end, n] { transfer(nullptr, &end, n); });
    }
  }
}

void RandomProgram::plan() {
  std::vector<const End *> in, out;
  for (const End &end : inputs) {
    in.push_back(&end);
  }
  for (const End &end : outputs) {
    out.push_back(&end);
  }
  while (!in.empty() && !out.empty() && chance(40)) { // forward a stream
    const End *from = in.back(), *to = out.back();
    in.pop_back();
    out.pop_back();
    unsigned n = std::min(from->stream.words, to->stream.words);
    actions.push_back([this, from, to, n] { transfer(from, to, n); });
  }
  for (const End *end : in) {
    if (!chance(20)) { // else a data task takes the words, or nobody
      planPieces(*end);
    }
  }
  for (const End *end : out) {
    planPieces(*end);
  }
  if (chance(70)) {
    shuffle(rng, actions);
  }
}

void RandomProgram::arrivalTasks() {
  for (const End &end : inputs) {
    if (chance(25) && !full()) {
      core.task("data" + std::to_string(end.queue), TaskKind::Data, end.queue);
      if (chance(10)) {
        core.blocked();
      }
      core.op(Opcode::StoreWord, 1, 0, 0, kDataBegin + 8 * end.queue);
      block(below(3));
      if (!outputs.empty() && chance(20)) {
        transfer(nullptr, &outputs[0], 1);
      }
      core.end();
    }
  }
  for (unsigned entry = 0; entry < 3 && !inputs.empty(); ++entry) {
    if (chance(40) && !full()) {
      core.task("control" + std::to_string(entry), TaskKind::Control, entry);
      core.op(Opcode::StoreWord, 1, 0, 0, kDataBegin + 128 + 8 * entry);
      block(below(2));
      core.end();
    }
  }
}

void RandomProgram::write() {
  size_t next = 0;
  for (unsigned task = 0; task < localTasks; ++task) {
    core.task("task" + std::to_string(task));
    if (task == 0 || chance(15)) {
      core.active();
    }
    if (task && chance(10)) {
      core.blocked();
    }
    size_t end = task + 1 == localTasks
                     ? actions.size()
                     : next + below(unsigned(actions.size() - next) + 1);
    block(below(3));
    for (; next < end && !full(); ++next) {
      actions[next]();
      block(below(2));
    }
    next = end;
    if (task + 1 < localTasks && chance(85)) {
      core.op(Opcode::Activate, 0, 0, 0, task + 1);
    }
    core.end();
  }
}

/// Something with r26, which grows from turn to turn.
void RandomProgram::useCounter() {
  constexpr unsigned kCounter = 26, kOther = 25;
  unsigned at = kDataBegin + 2 * below(64);
  switch (below(8)) {
  case 0:
    core.op((chance(50) ? Opcode::LoadWord : Opcode::LoadHalf), reg(), kCounter,
            0, at);
    break;
  case 1:
    core.op((chance(50) ? Opcode::StoreWord : Opcode::StoreHalf), anyReg(),
            kCounter, 0, at);
    break;
  case 2: // no further than some turn
    core.li(kOther, below(2000));
    core.op(chance(50) ? Opcode::BranchLt : Opcode::BranchGe, 0, kCounter,
            kOther, core.here() + 2);
    core.op(Opcode::Nop);
    core.op(Opcode::Nop);
    break;
  case 3:
    core.op(Opcode::ShlImm, kOther, kCounter, 0, below(3));
    core.op(Opcode::Add, reg(), kOther, chance(50) ? kCounter : anyReg());
    break;
  case 4:
    if (chance(50)) {
      core.op(Opcode::AndImm, reg(), kCounter, 0, below(100));
    } else {
      core.op(Opcode::Mul, reg(), kCounter, anyReg());
    }
    break;
  default: { // a walk
    Opcode op = pick(rng, kVectorOps);
    const OpcodeInfo &info = infoOf(op);
    unsigned n = 1 + below(30);
    core.li(kOther, at);
    core.op(Opcode::Add, kOther, kOther, kCounter);
    core.dsr(D(1), data(n, 4));
    core.dsr(S0(1), memory(kDataBegin, n, int(below(3))));
    core.dsr(S1(1), data(n, 4));
    core.op(Opcode::DsrBase, chance(70) ? S0(1) : D(1), kOther);
    core.vec(op, D(1), S0(1), info.numSources > 1 ? S1(1) : kNoDsr,
             fields(info, true, false));
  }
  }
}

void RandomProgram::writeLoop(unsigned turns) {
  constexpr unsigned kTurns = 27, kCounter = 26;
  core.task("loop");
  core.active();
  core.li(kTurns, turns);
  core.li(kCounter, 0);
  uint32_t begin = core.here();
  block(below(2));
  bool uses = chance(60);
  for (size_t next = 0; next < actions.size() && !full(); ++next) {
    actions[next]();
    if (uses && chance(30)) {
      useCounter();
    }
    block(below(10) == 0);
  }
  if (uses) {
    useCounter();
  }
  unsigned steps[] = {0, 4, 8, 16, 16, 32, 2};
  core.op(Opcode::AddImm, kCounter, kCounter, 0, pick(rng, steps));
  core.op(Opcode::LoopDec, kTurns, 0, 0, begin);
  core.end();
}

void RandomProgram::make(const std::vector<StreamEnd> &ends, unsigned turns) {
  bind(ends);
  plan();
  if (turns) {
    writeLoop(turns);
    return;
  }
  localTasks = 1 + below(4);
  bool arrivalsFirst = chance(50);
  // Numbers of local tasks must be known before the code is written: those
  // that arrive stand behind them in the table, or have it rotated below.
  write();
  size_t locals = role.tasks.size();
  arrivalTasks();
  if (arrivalsFirst && role.tasks.size() > locals) {
    auto shift = uint32_t(role.tasks.size() - locals);
    std::rotate(role.tasks.begin(), role.tasks.begin() + long(locals),
                role.tasks.end());
    for (Instruction &in : role.code) {
      const OpcodeInfo &info = infoOf(in.op);
      if (info.form == Form::TaskId) {
        in.imm += shift;
      } else if (info.isVector) {
        VectorFields f = VectorFields::decode(in.imm);
        f.task = uint8_t(f.onComplete == OnComplete::None ? 0 : f.task + shift);
        in.imm = f.encode();
      }
    }
  }
}
