// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CodeNames.h"

#include "InstructionText.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::sim;

namespace {

/// What a descriptor register holds: a number of a name, or nothing known.
constexpr int32_t kUnknown = -1;
using Registers = std::array<int32_t, kNumDsrs>;

class Namer {
public:
  explicit Namer(const Role &role) : role(role), held(role.code.size()) {}

  std::vector<CodeName> run() {
    followCode();
    std::vector<CodeName> names(role.code.size());
    nameLabels(names);
    for (uint32_t pc = 0; pc < names.size(); ++pc) {
      nameInstruction(pc, names[pc]);
    }
    nameOperations(names);
    return names;
  }

private:
  const OpcodeInfo *infoAt(uint32_t pc) const {
    return lookupOpcode(uint8_t(role.code[pc].op));
  }
  bool isBranch(uint32_t pc) const {
    const OpcodeInfo *info = infoAt(pc);
    return info &&
           (info->form == Form::Target || info->form == Form::RdTarget ||
            info->form == Form::RaRbTarget);
  }
  void followCode();
  std::vector<uint32_t> successors(uint32_t pc) const;
  void apply(uint32_t pc, Registers &registers);
  void merge(uint32_t pc, const Registers &registers);
  int32_t nameOfDescriptor(uint32_t address);
  int32_t nameOfBase(uint32_t pc, unsigned reg);
  int32_t intern(const std::string &name);
  void nameLabels(std::vector<CodeName> &names) const;
  void nameInstruction(uint32_t pc, CodeName &name) const;
  void nameOperations(std::vector<CodeName> &names) const;
  std::string operandName(uint32_t pc, uint8_t id) const;

  const Role &role;
  std::vector<std::string> strings;
  struct Held {
    bool isReached = false;
    Registers registers{};
  };
  std::vector<Held> held; // before each instruction
  std::vector<uint32_t> work;
};

//===----------------------------------------------------------------------===//
// Descriptors
//===----------------------------------------------------------------------===//

int32_t Namer::intern(const std::string &name) {
  auto at = std::find(strings.begin(), strings.end(), name);
  if (at == strings.end()) {
    at = strings.insert(at, name);
  }
  return int32_t(at - strings.begin());
}

/// The name of the parameter at an address without the number that tells
/// descriptors of one value apart.
int32_t Namer::nameOfDescriptor(uint32_t address) {
  if (address < role.paramOffset) {
    return kUnknown;
  }
  uint32_t index = (address - role.paramOffset) / 2;
  for (const Label &label : role.paramLabels) {
    if (label.index == index) {
      std::string name = label.name;
      size_t dot = name.find_last_of('.');
      if (dot != std::string::npos && dot > 0 &&
          name.find_first_not_of("0123456789", dot + 1) == std::string::npos) {
        name.resize(dot);
      }
      return intern(name);
    }
  }
  return kUnknown;
}

/// The buffer that a base set from a register lies in, where the instruction
/// just before computed it from an address inside exactly one.
int32_t Namer::nameOfBase(uint32_t pc, unsigned reg) {
  if (pc == 0) {
    return kUnknown;
  }
  const Instruction &in = role.code[pc - 1];
  if ((in.op != Opcode::AddImm && in.op != Opcode::LoadImm) || in.a != reg) {
    return kUnknown;
  }
  const Buffer *found = nullptr;
  for (const Buffer &b : role.buffers) {
    if (in.imm >= b.offset && in.imm - b.offset < b.bytes) {
      if (found) {
        return kUnknown;
      }
      found = &b;
    }
  }
  return found ? intern(found->name) : kUnknown;
}

void Namer::apply(uint32_t pc, Registers &registers) {
  const Instruction &in = role.code[pc];
  if (in.a >= kNumDsrs) {
    return;
  }
  if (in.op == Opcode::DsrLoad) {
    registers[in.a] = in.b == 0 ? nameOfDescriptor(in.imm) : kUnknown;
  } else if (in.op == Opcode::DsrBase) {
    int32_t name = nameOfBase(pc, in.b);
    registers[in.a] = name == kUnknown ? registers[in.a] : name;
  }
}

std::vector<uint32_t> Namer::successors(uint32_t pc) const {
  const Instruction &in = role.code[pc];
  std::vector<uint32_t> next;
  if (isBranch(pc)) {
    next.push_back(in.imm);
  }
  bool goesOn = in.op != Opcode::Jump && in.op != Opcode::Call &&
                in.op != Opcode::Return && in.op != Opcode::End;
  if (goesOn) {
    next.push_back(pc + 1);
  }
  return next;
}

void Namer::merge(uint32_t pc, const Registers &registers) {
  if (pc >= held.size()) {
    return;
  }
  Held &at = held[pc];
  Registers before = at.registers;
  if (!at.isReached) {
    at.registers = registers;
  } else {
    for (unsigned i = 0; i < kNumDsrs; ++i) {
      at.registers[i] =
          at.registers[i] == registers[i] ? registers[i] : kUnknown;
    }
  }
  if (!at.isReached || at.registers != before) {
    at.isReached = true;
    work.push_back(pc);
  }
}

void Namer::followCode() {
  Registers none;
  none.fill(kUnknown);
  for (const Task &task : role.tasks) {
    merge(task.entry, none);
  }
  while (!work.empty()) {
    uint32_t pc = work.back();
    work.pop_back();
    Registers registers = held[pc].registers;
    apply(pc, registers);
    for (uint32_t next : successors(pc)) {
      merge(next, registers);
    }
    if (role.code[pc].op == Opcode::Call) {
      merge(pc + 1, none); // what was called may have loaded any
    }
  }
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

void Namer::nameLabels(std::vector<CodeName> &names) const {
  // The last branch back to a label ends its loop; a label that nothing
  // branches back to reaches to the end of the loop it lies in.
  std::vector<uint32_t> end(names.size(), 0);
  for (uint32_t pc = 0; pc < names.size(); ++pc) {
    uint32_t target = role.code[pc].imm;
    if (isBranch(pc) && target <= pc && role.code[pc].op != Opcode::Call) {
      end[target] = pc + 1;
    }
  }
  // Labels come in the order of their places: an inner one overwrites.
  for (const Label &label : role.labels) {
    if (label.index >= names.size()) {
      continue;
    }
    uint32_t last = end[label.index];
    if (!last) {
      last = uint32_t(names.size());
      for (const Label &outer : role.labels) {
        if (outer.index <= label.index && label.index < end[outer.index]) {
          last = std::min(last, end[outer.index]);
        }
      }
    }
    for (uint32_t pc = label.index; pc < last; ++pc) {
      names[pc].label = label.name;
    }
  }
}

std::string Namer::operandName(uint32_t pc, uint8_t id) const {
  if (id == kNoOperand) {
    return fmt::format("r{}",
                       VectorFields::decode(role.code[pc].imm).scalarRegister);
  }
  int32_t name =
      id < kNumDsrs && held[pc].isReached ? held[pc].registers[id] : kUnknown;
  return name == kUnknown ? dsrText(id) : strings[size_t(name)];
}

void Namer::nameInstruction(uint32_t pc, CodeName &name) const {
  const Instruction &in = role.code[pc];
  const OpcodeInfo *info = infoAt(pc);
  name.isVector = info && info->isVector;
  if (!name.isVector) {
    name.instruction = instructionText(in);
    return;
  }
  name.instruction = fmt::format("{} {} <- {}", info->mnemonic,
                                 operandName(pc, in.a), operandName(pc, in.b));
  if (info->numSources == 2) {
    name.instruction += ", " + operandName(pc, in.c);
  }
}

void Namer::nameOperations(std::vector<CodeName> &names) const {
  auto sameStretch = [&](size_t a, size_t b) {
    return names[a].label == names[b].label;
  };
  for (size_t pc = names.size(); pc-- > 0;) {
    bool follows = pc + 1 < names.size() && sameStretch(pc, pc + 1);
    names[pc].operation = names[pc].isVector ? names[pc].instruction
                          : follows          ? names[pc + 1].operation
                                             : "";
  }
  for (size_t pc = 1; pc < names.size(); ++pc) {
    if (names[pc].operation.empty() && sameStretch(pc, pc - 1)) {
      names[pc].operation = names[pc - 1].operation;
    }
  }
}

} // namespace

std::vector<CodeName> wafer::sim::nameCode(const Role &role) {
  return Namer(role).run();
}
