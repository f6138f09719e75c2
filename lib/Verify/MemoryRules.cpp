// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// registers-loaded, memory-in-buffers and tasks-can-start: what can be said of
// code without running it.
//
// An access is known where its address does not come from a register: scalar
// loads and stores with base r0, `dsrload` with base r0, and memory operands of
// vector instructions whose register was loaded from one place of the parameter
// block and whose base was not set since. Known accesses must stay inside one
// buffer, and vector instructions write only to state and scratch. What a core
// computes is not known here, and nothing is said about it.
//
//===----------------------------------------------------------------------===//
#include "CodeFlow.h"
#include "RuleContext.h"

#include <algorithm>
#include <optional>
#include <set>

using namespace wafer;
using namespace wafer::verifier;

namespace {

/// Bytes from `begin` to `end` of SRAM.
struct Bytes {
  int64_t begin = 0;
  int64_t end = 0;
};

class FlowCheck {
public:
  FlowCheck(RuleContext &context, const Role &role,
            std::vector<const Region *> regions)
      : context(context), role(role), regions(std::move(regions)), flow(role) {}

  void run() {
    checkTasks();
    for (size_t at = 0; at < role.code.size(); ++at) {
      if (!flow.isReached(at)) {
        continue;
      }
      const Instruction &i = role.code[at];
      if (infoOf(i.op).isVector) {
        checkLoaded(at, i);
        checkOperands(at, i);
      } else if (i.b == 0) {
        checkScalar(at, i);
      }
    }
  }

private:
  template <typename Text>
  void report(RuleId rule, size_t at, Text text) {
    context.violate(rule, [&] {
      return fmt::format("role '{}': instruction {} ({}): {}", role.name, at,
                         infoOf(role.code[at].op).mnemonic, text());
    });
  }
  /// With `written` it must be a buffer for what is computed.
  bool insideOneBuffer(Bytes bytes, bool written = false) const {
    return std::any_of(role.buffers.begin(), role.buffers.end(),
                       [&](const Buffer &b) {
                         bool computed = b.kind == BufferKind::State ||
                                         b.kind == BufferKind::Scratch;
                         return bytes.begin >= b.offset &&
                                bytes.end <= int64_t(b.offset) + b.bytes &&
                                (computed || !written);
                       });
  }
  void access(size_t at, Bytes bytes, const std::string &what) {
    if (!insideOneBuffer(bytes)) {
      report(RuleId::MemoryInBuffers, at, [&] {
        return fmt::format("{} bytes {} to {}, which lie in no one buffer",
                           what, bytes.begin, bytes.end);
      });
    }
  }

  void checkTasks();
  void checkLoaded(size_t at, const Instruction &i);
  void checkScalar(size_t at, const Instruction &i);
  void checkOperands(size_t at, const Instruction &i);
  bool checkCore(size_t at, const Instruction &i, const Region &region,
                 Coord core);
  bool operandIn(const RegisterState &state, const Region &region, Coord core,
                 Descriptor &descriptor) const;
  std::set<uint16_t> tablesOf(const Instruction &i, size_t at,
                              ParamSource::Kind kind) const;

  RuleContext &context;
  const Role &role;
  /// The regions that run the role.
  std::vector<const Region *> regions;
  CodeFlow flow;
  /// Cores that are looked at in all; a bound on what hostile code costs.
  size_t budget = size_t(1) << 24;
};

const char *const kOperandNames[] = {"dest", "src0", "src1"};

} // namespace

//===----------------------------------------------------------------------===//
// tasks-can-start
//===----------------------------------------------------------------------===//

void FlowCheck::checkTasks() {
  std::vector<bool> activated(role.tasks.size()), freed(role.tasks.size());
  auto mark = [](std::vector<bool> &list, uint32_t task) {
    if (task < list.size()) {
      list[task] = true;
    }
  };
  for (const Instruction &i : role.code) {
    if (infoOf(i.op).isVector) {
      VectorFields f = VectorFields::decode(i.imm);
      if (f.async && f.onComplete != OnComplete::None) {
        mark(f.onComplete == OnComplete::Activate ? activated : freed, f.task);
      }
    } else if (i.op == Opcode::Activate) {
      mark(activated, i.imm);
    } else if (i.op == Opcode::Unblock) {
      mark(freed, i.imm);
    }
  }
  auto never = [&](const Task &task, const char *why) {
    context.violate(RuleId::TasksCanStart, [&] {
      return fmt::format("role '{}': task '{}' never starts: {}", role.name,
                         task.name, why);
    });
  };
  bool anyStarts = role.tasks.empty();
  for (size_t t = 0; t < role.tasks.size(); ++t) {
    const Task &task = role.tasks[t];
    bool waits = task.kind == TaskKind::Local && !task.initiallyActive;
    anyStarts |= !waits && !task.initiallyBlocked;
    if (waits && !activated[t]) {
      never(task, "nothing activates it");
    } else if (task.initiallyBlocked && !freed[t]) {
      never(task, "nothing unblocks it");
    }
  }
  if (!anyStarts) {
    context.violate(RuleId::TasksCanStart, [&] {
      return fmt::format("role '{}': every task waits for another one",
                         role.name);
    });
  }
}

//===----------------------------------------------------------------------===//
// registers-loaded
//===----------------------------------------------------------------------===//

void FlowCheck::checkLoaded(size_t at, const Instruction &i) {
  const uint8_t operands[] = {i.a, i.b, i.c};
  for (unsigned o = 0; o < 3; ++o) {
    if (operands[o] < kNumDsrs && flow.before(at)[operands[o]].maybeUnloaded) {
      report(RuleId::RegistersLoaded, at, [&] {
        return fmt::format("{} can be used before its descriptor register is "
                           "loaded",
                           kOperandNames[o]);
      });
    }
  }
}

//===----------------------------------------------------------------------===//
// memory-in-buffers
//===----------------------------------------------------------------------===//

void FlowCheck::checkScalar(size_t at, const Instruction &i) {
  int64_t address = i.imm;
  switch (i.op) {
  case Opcode::LoadWord:
    return access(at, {address, address + 4}, "reads");
  case Opcode::LoadHalf:
  case Opcode::LoadHalfSigned:
    return access(at, {address, address + 2}, "reads");
  case Opcode::StoreWord:
    return access(at, {address, address + 4}, "writes");
  case Opcode::StoreHalf:
    return access(at, {address, address + 2}, "writes");
  case Opcode::DsrLoad:
    return access(at, {address, address + Descriptor::kBytes}, "loads from");
  default:
    return;
  }
}

bool FlowCheck::operandIn(const RegisterState &state, const Region &region,
                          Coord core, Descriptor &descriptor) const {
  uint32_t site = 0;
  return state.isFrom(site) &&
         descriptorAt(role, region, core, site, descriptor);
}

/// The row or column tables that descriptors of the instruction read.
std::set<uint16_t> FlowCheck::tablesOf(const Instruction &i, size_t at,
                                       ParamSource::Kind kind) const {
  std::set<uint16_t> tables;
  for (uint8_t operand : {i.a, i.b, i.c}) {
    uint32_t site = 0;
    if (operand >= kNumDsrs || !flow.before(at)[operand].isFrom(site) ||
        site < role.paramOffset) {
      continue;
    }
    size_t index = (site - role.paramOffset) / 2;
    size_t end = std::min(index + Descriptor::kHalfwords, role.params.size());
    for (size_t h = index; h < end; ++h) {
      if (role.params[h].kind == kind) {
        tables.insert(role.params[h].value);
      }
    }
  }
  return tables;
}

/// One line of each kind of lines that `tables` tell apart.
static std::vector<int32_t>
linesOf(const std::set<uint16_t> &tables,
        const std::vector<std::vector<uint16_t>> &values, int32_t lines) {
  std::vector<int32_t> result;
  std::set<std::vector<uint16_t>> seen;
  for (int32_t line = 0; line < (tables.empty() ? 1 : lines); ++line) {
    std::vector<uint16_t> entries;
    for (uint16_t table : tables) {
      entries.push_back(values[table][size_t(line)]);
    }
    if (seen.insert(std::move(entries)).second) {
      result.push_back(line);
    }
  }
  return result;
}

/// Cores whose rows and columns say the same see the same descriptors.
void FlowCheck::checkOperands(size_t at, const Instruction &i) {
  std::set<uint16_t> byRow = tablesOf(i, at, ParamSource::Kind::Row);
  std::set<uint16_t> byColumn = tablesOf(i, at, ParamSource::Kind::Column);
  for (const Region *region : regions) {
    const Rect &r = region->rect;
    std::vector<int32_t> rows = linesOf(byRow, region->rowTables, r.h);
    std::vector<int32_t> columns = linesOf(byColumn, region->columnTables, r.w);
    if (rows.size() * columns.size() > budget) {
      report(RuleId::MemoryInBuffers, at, [&] {
        return fmt::format("its operands differ in too many cores of region "
                           "'{}' to check",
                           region->name);
      });
      return;
    }
    budget -= rows.size() * columns.size();
    for (int32_t y : rows) {
      for (int32_t x : columns) {
        if (!checkCore(at, i, *region, {r.x + x, r.y + y})) {
          return; // one core is enough
        }
      }
    }
  }
}

/// The bytes that elements 0..length-1 of a memory operand span.
static Bytes spanOf(const Descriptor &d, uint32_t length, unsigned size) {
  int64_t low = 0, high = 0;
  auto reach = [&](int64_t elements, int64_t stride) {
    (stride < 0 ? low : high) += (elements - 1) * stride;
  };
  if (d.extent1 == 0 || d.extent0 == 0 || length <= d.extent0) {
    reach(length, d.stride0);
  } else {
    reach(d.extent0, d.stride0);
    reach((int64_t(length) + d.extent0 - 1) / d.extent0, d.stride1);
  }
  return {d.base + low * size, d.base + (high + 1) * size};
}

bool FlowCheck::checkCore(size_t at, const Instruction &i, const Region &region,
                          Coord core) {
  const OpcodeInfo &info = infoOf(i.op);
  const uint8_t operands[] = {i.a, i.b, i.c};
  const ElementType types[] = {info.dest, info.src0, info.src1};
  // The first of src0, src1 and dest that has a descriptor with elements says
  // how long the instruction is.
  std::optional<uint32_t> length;
  bool lengthKnown = true;
  for (unsigned o : {1u, 2u, 0u}) {
    Descriptor d;
    if (operands[o] >= kNumDsrs || length || !lengthKnown) {
      continue;
    }
    const RegisterState &state = flow.before(at)[operands[o]];
    lengthKnown = !state.lengthChanged && operandIn(state, region, core, d);
    if (lengthKnown && d.length() > 0) {
      length = d.length();
    }
  }
  for (unsigned o = 0; o < 3; ++o) {
    Descriptor d;
    if (operands[o] >= kNumDsrs ||
        !operandIn(flow.before(at)[operands[o]], region, core, d) ||
        d.kind != DescriptorKind::Memory ||
        flow.before(at)[operands[o]].baseChanged) {
      continue;
    }
    const RegisterState &state = flow.before(at)[operands[o]];
    bool all = lengthKnown && !state.strideChanged && !state.lengthChanged;
    Bytes bytes = spanOf(d, all ? length.value_or(1) : 1, sizeOf(types[o]));
    if (!insideOneBuffer(bytes, o == 0)) {
      report(RuleId::MemoryInBuffers, at, [&] {
        return fmt::format("{} of the core {},{} spans bytes {} to {}, which "
                           "lie in no one buffer{}",
                           kOperandNames[o], core.x, core.y, bytes.begin,
                           bytes.end, o == 0 ? " for state or scratch" : "");
      });
      return false;
    }
  }
  return true;
}

void wafer::verifier::checkCodeFlow(RuleContext &context) {
  const Image &image = context.image;
  for (uint32_t r = 0; r < image.roles.size(); ++r) {
    std::vector<const Region *> regions;
    for (const Region &region : image.regions) {
      if (region.role == r) {
        regions.push_back(&region);
      }
    }
    FlowCheck(context, image.roles[r], std::move(regions)).run();
  }
}
