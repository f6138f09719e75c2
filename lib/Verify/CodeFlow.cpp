// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CodeFlow.h"

#include <algorithm>
#include <optional>

using namespace wafer;
using namespace wafer::verifier;

bool RegisterState::join(const RegisterState &other) {
  auto raise = [](bool &mine, bool theirs) {
    bool more = theirs && !mine;
    mine |= theirs;
    return more;
  };
  bool more = raise(maybeUnloaded, other.maybeUnloaded);
  more |= raise(unknown, other.unknown);
  more |= raise(baseChanged, other.baseChanged);
  more |= raise(lengthChanged, other.lengthChanged);
  more |= raise(strideChanged, other.strideChanged);
  for (uint32_t site : other.sites) {
    auto at = std::lower_bound(sites.begin(), sites.end(), site);
    if (at == sites.end() || *at != site) {
      sites.insert(at, site);
      more = true;
    }
  }
  // Nothing is said about a register with several descriptors; a bound on what
  // hostile code costs.
  constexpr size_t kMostSites = 4;
  if (sites.size() > kMostSites) {
    more |= raise(unknown, true);
    sites.resize(kMostSites);
  }
  return more;
}

CodeFlow::CodeFlow(const Role &role)
    : role(role), states(role.code.size()), reached(role.code.size()),
      waiting(role.code.size()), startedAfter(role.code.size()) {
  findSuccessions();
  auto starts = [](const Task &t) {
    return t.kind == TaskKind::Local && t.initiallyActive &&
           !t.initiallyBlocked;
  };
  bool single =
      std::count_if(role.tasks.begin(), role.tasks.end(), starts) == 1;
  for (const Task &task : role.tasks) {
    RegisterStates entry;
    for (RegisterState &r : entry) {
      r.maybeUnloaded = single && starts(task);
      r.unknown = !r.maybeUnloaded;
    }
    // Tasks that others activate are entered from where those end, too.
    if (task.entry < role.code.size()) {
      enter(task.entry, entry);
    }
  }
  while (!work.empty()) {
    size_t at = work.back();
    work.pop_back();
    waiting[at] = false;
    RegisterStates after = states[at];
    apply(role.code[at], after);
    forEachSuccessor(at, after);
  }
}

void CodeFlow::enter(size_t instruction, const RegisterStates &from) {
  bool more = !reached[instruction];
  reached[instruction] = true;
  for (size_t d = 0; d < kNumDsrs; ++d) {
    more |= states[instruction][d].join(from[d]);
  }
  if (more && !waiting[instruction]) {
    waiting[instruction] = true;
    work.push_back(instruction);
  }
}

/// Whether one of the descriptors it may hold moves its base when used. Control
/// halfwords that are not constant may.
bool CodeFlow::savesAny(const RegisterState &r) const {
  return std::any_of(r.sites.begin(), r.sites.end(), [&](uint32_t address) {
    size_t control = (address - role.paramOffset) / 2 + 3;
    if (address < role.paramOffset || control >= role.params.size() ||
        role.params[control].kind != ParamSource::Kind::Constant) {
      return true;
    }
    uint16_t halves[Descriptor::kHalfwords] = {};
    halves[3] = role.params[control].value;
    return Descriptor::decode(halves).save;
  });
}

void CodeFlow::apply(const Instruction &i, RegisterStates &registers) const {
  if (infoOf(i.op).isVector) {
    for (uint8_t operand : {i.a, i.b, i.c}) {
      if (operand < kNumDsrs && savesAny(registers[operand])) {
        registers[operand].baseChanged = true;
      }
    }
    return;
  }
  switch (i.op) {
  case Opcode::DsrLoad:
    registers[i.a] = RegisterState();
    if (i.b == 0) {
      registers[i.a].sites = {i.imm};
    } else {
      registers[i.a].unknown = true;
    }
    return;
  case Opcode::DsrBase:
  case Opcode::DsrAdvance:
    registers[i.a].baseChanged = true;
    break;
  case Opcode::DsrLength:
    registers[i.a].lengthChanged = true;
    break;
  case Opcode::DsrStride:
    registers[i.a].strideChanged = true;
    break;
  default:
    return;
  }
  // A register that is built field by field.
  if (registers[i.a].maybeUnloaded) {
    registers[i.a].maybeUnloaded = false;
    registers[i.a].unknown = true;
  }
}

void CodeFlow::forEachSuccessor(size_t at, const RegisterStates &registers) {
  const Instruction &i = role.code[at];
  auto go = [&](size_t to) {
    if (to < role.code.size()) {
      enter(to, registers);
    }
  };
  switch (infoOf(i.op).form) {
  case Form::Target:
    go(i.imm);
    return;
  case Form::RdTarget:
    go(i.imm);
    if (i.op != Opcode::Call) {
      go(at + 1);
    }
    return;
  case Form::RaRbTarget:
    go(i.imm);
    go(at + 1);
    return;
  default:
    break;
  }
  if (i.op == Opcode::End) {
    RegisterStates left = registers;
    for (RegisterState &r : left) {
      bool unloaded = r.maybeUnloaded;
      r = RegisterState();
      r.maybeUnloaded = unloaded;
      r.unknown = true;
    }
    for (size_t entry : startedAfter[at]) {
      enter(entry, left);
    }
    return;
  }
  if (i.op != Opcode::Return) {
    go(at + 1);
    return;
  }
  for (size_t call = 0; call < role.code.size(); ++call) {
    if (role.code[call].op == Opcode::Call) {
      go(call + 1);
    }
  }
}

/// The task that an instruction activates, now or when it is done.
static std::optional<uint32_t> activatedBy(const Instruction &i) {
  if (i.op == Opcode::Activate) {
    return i.imm;
  }
  if (infoOf(i.op).isVector) {
    VectorFields f = VectorFields::decode(i.imm);
    if (f.async && f.onComplete == OnComplete::Activate) {
      return f.task;
    }
  }
  return std::nullopt;
}

/// Follows the code from each activation to the ends of its task. Tasks are not
/// preempted, so what is activated starts after one of those.
void CodeFlow::findSuccessions() {
  // A return goes behind every call, as in forEachSuccessor().
  std::vector<size_t> behindCalls;
  for (size_t at = 0; at < role.code.size(); ++at) {
    if (role.code[at].op == Opcode::Call) {
      behindCalls.push_back(at + 1);
    }
  }
  std::vector<std::vector<size_t>> sites(role.tasks.size());
  for (size_t at = 0; at < role.code.size(); ++at) {
    std::optional<uint32_t> task = activatedBy(role.code[at]);
    if (task && *task < role.tasks.size() &&
        role.tasks[*task].entry < role.code.size()) {
      sites[*task].push_back(at);
    }
  }
  for (size_t t = 0; t < sites.size(); ++t) {
    std::vector<bool> seen(role.code.size());
    std::vector<size_t> path = sites[t];
    while (!path.empty()) {
      size_t at = path.back();
      path.pop_back();
      if (at >= role.code.size() || seen[at]) {
        continue;
      }
      seen[at] = true;
      const Instruction &i = role.code[at];
      Form form = infoOf(i.op).form;
      if (i.op == Opcode::End) {
        startedAfter[at].push_back(role.tasks[t].entry);
        continue;
      }
      if (form == Form::Target || form == Form::RdTarget ||
          form == Form::RaRbTarget) {
        path.push_back(i.imm);
      }
      if (i.op == Opcode::Return) {
        path.insert(path.end(), behindCalls.begin(), behindCalls.end());
      } else if (i.op != Opcode::Jump && i.op != Opcode::Call) {
        path.push_back(at + 1);
      }
    }
  }
}

bool wafer::verifier::descriptorAt(const Role &role, const Region &region,
                                   Coord core, uint32_t address,
                                   Descriptor &descriptor) {
  if (address < role.paramOffset || (address - role.paramOffset) % 2) {
    return false;
  }
  size_t index = (address - role.paramOffset) / 2;
  if (index + Descriptor::kHalfwords > role.params.size()) {
    return false;
  }
  uint16_t halves[Descriptor::kHalfwords];
  for (size_t h = 0; h < Descriptor::kHalfwords; ++h) {
    halves[h] = Image::paramAt(region, role.params[index + h], core);
  }
  descriptor = Descriptor::decode(halves);
  return true;
}
