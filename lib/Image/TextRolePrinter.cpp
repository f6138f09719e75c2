// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextNames.h"
#include "TextPrinter.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::text;

std::string wafer::text::source(ParamSource value) {
  switch (value.kind) {
  case ParamSource::Kind::Constant:
    return std::to_string(value.value);
  case ParamSource::Kind::Row:
    return fmt::format("row {}", value.value);
  case ParamSource::Kind::Column:
    return fmt::format("col {}", value.value);
  }
  return "?";
}

static bool isParamName(const Role &role, const std::string &name) {
  return std::any_of(role.paramLabels.begin(), role.paramLabels.end(),
                     [&](const Label &l) { return l.name == name; });
}

/// "name" or "name + distance".
static std::string withDistance(const std::string &name, uint32_t distance) {
  return distance ? fmt::format("{} + {}", symbol(name), distance)
                  : symbol(name);
}

std::string wafer::text::address(const Role &role, uint32_t value,
                                 bool params) {
  if (params && value >= role.paramOffset &&
      value < paramAddress(role, uint32_t(role.params.size()))) {
    // The last label at or before the address.
    for (auto l = role.paramLabels.rbegin(); l != role.paramLabels.rend();
         ++l) {
      if (paramAddress(role, l->index) <= value) {
        return withDistance(l->name, value - paramAddress(role, l->index));
      }
    }
  }
  // The buffer that begins there, else the first that holds the address. A
  // name that is a parameter's too would be read as the parameter.
  const Buffer *best = nullptr;
  for (const Buffer &b : role.buffers) {
    bool holds = value >= b.offset && value - b.offset < b.bytes;
    if (holds && (!best || (b.offset == value && best->offset != value)) &&
        !isParamName(role, b.name)) {
      best = &b;
    }
  }
  return best ? withDistance(best->name, value - best->offset)
              : std::to_string(value);
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

static std::string reg(uint8_t r) { return fmt::format("r{}", r); }

static std::string dsr(uint8_t id) {
  unsigned index = id % kDsrsPerFile;
  switch (DsrFile(id / kDsrsPerFile)) {
  case DsrFile::Dest:
    return fmt::format("d{}", index);
  case DsrFile::Src0:
    return fmt::format("s0.{}", index);
  case DsrFile::Src1:
    return fmt::format("s1.{}", index);
  }
  return fmt::format("dsr{}", id);
}

static std::string target(uint32_t index, const Role &role) {
  auto l = std::lower_bound(
      role.labels.begin(), role.labels.end(), index,
      [](const Label &label, uint32_t i) { return label.index < i; });
  return l != role.labels.end() && l->index == index ? symbol(l->name)
                                                     : std::to_string(index);
}

static std::string taskName(uint32_t index, const Role &role) {
  return index < role.tasks.size() ? "@" + symbol(role.tasks[index].name)
                                   : std::to_string(index);
}

static std::string immediate(uint32_t imm) {
  int32_t value = int32_t(imm);
  return value >= -65536 && value <= 65536 ? std::to_string(value)
                                           : fmt::format("{:#010x}", imm);
}

static std::string memory(const Instruction &i, const Role &role) {
  int32_t offset = int32_t(i.imm);
  if (i.b == 0 && offset >= 0) {
    return fmt::format("[r0 + {}]", address(role, i.imm, true));
  }
  if (offset == 0) {
    return fmt::format("[{}]", reg(i.b));
  }
  return offset > 0 ? fmt::format("[{} + {}]", reg(i.b), offset)
                    : fmt::format("[{} - {}]", reg(i.b), -int64_t(offset));
}

static std::string vectorText(const Instruction &i, const OpcodeInfo &info,
                              const Role &role) {
  VectorFields f = VectorFields::decode(i.imm);
  auto operand = [&](uint8_t id) {
    return id == kNoOperand ? reg(f.scalarRegister) : dsr(id);
  };
  std::string out =
      fmt::format("{} {}, {}", info.mnemonic, dsr(i.a), operand(i.b));
  if (info.numSources > 1) {
    out += ", " + operand(i.c);
  }
  if (info.scalar == ScalarUse::Multiplies || info.scalar == ScalarUse::Count) {
    out += ", " + reg(f.scalarRegister);
  }
  if (f.async) {
    put(out, " async {}", f.microthread);
    if (f.onComplete != OnComplete::None) {
      put(out, " -> {} {}",
          f.onComplete == OnComplete::Activate ? "activate" : "unblock",
          taskName(f.task, role));
    }
  }
  return out;
}

std::string wafer::printInstruction(const Instruction &i, const Role &role) {
  const OpcodeInfo *info = lookupOpcode(uint8_t(i.op));
  if (!info) {
    return fmt::format("// opcode {}", uint8_t(i.op));
  }
  std::string name(info->mnemonic);
  switch (info->form) {
  case Form::None:
    return name;
  case Form::Rd:
    return name + " " + reg(i.a);
  case Form::Ra:
    return name + " " + reg(i.b);
  case Form::Target:
    return name + " " + target(i.imm, role);
  case Form::RdTarget:
    return fmt::format("{} {}, {}", name, reg(i.a), target(i.imm, role));
  case Form::RaRbTarget:
    return fmt::format("{} {}, {}, {}", name, reg(i.b), reg(i.c),
                       target(i.imm, role));
  case Form::TaskId:
    return name + " " + taskName(i.imm, role);
  case Form::RdImm:
    return fmt::format("{} {}, {}", name, reg(i.a), immediate(i.imm));
  case Form::RdRa:
    return fmt::format("{} {}, {}", name, reg(i.a), reg(i.b));
  case Form::RdRaRb:
    return fmt::format("{} {}, {}, {}", name, reg(i.a), reg(i.b), reg(i.c));
  case Form::RdRaImm:
    return fmt::format("{} {}, {}, {}", name, reg(i.a), reg(i.b),
                       immediate(i.imm));
  case Form::RdMem:
    return fmt::format("{} {}, {}", name, reg(i.a), memory(i, role));
  case Form::DsrMem:
    return fmt::format("{} {}, {}", name, dsr(i.a), memory(i, role));
  case Form::DsrRa:
    return fmt::format("{} {}, {}", name, dsr(i.a), reg(i.b));
  case Form::Vector:
    return vectorText(i, *info, role);
  }
  return name;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

namespace {

/// Prints the parameter block: named runs of eight halfwords that can be a
/// descriptor as one, everything else as single halfwords.
class ParamPrinter {
public:
  ParamPrinter(const Role &role, std::string &out) : role(role), out(out) {}

  void print() {
    put(out, "  params at {} {{\n", role.paramOffset);
    size_t label = 0;
    for (size_t i = 0; i < role.params.size();) {
      out += "    ";
      bool named =
          label < role.paramLabels.size() && role.paramLabels[label].index == i;
      if (named) {
        out += symbol(role.paramLabels[label++].name) + ": ";
      }
      size_t end = label < role.paramLabels.size()
                       ? role.paramLabels[label].index
                       : role.params.size();
      if (named && isDescriptor(i, end)) {
        descriptor(i);
        i += Descriptor::kHalfwords;
      } else {
        i = halfwords(i, end);
      }
      out += '\n';
    }
    out += "  }\n";
  }

private:
  bool isConstant(size_t i) const {
    return role.params[i].kind == ParamSource::Kind::Constant;
  }
  bool isZero(size_t i) const {
    return role.params[i] == ParamSource::constant(0);
  }

  bool isDescriptor(size_t i, size_t end) const {
    if (end - i < Descriptor::kHalfwords ||
        paramAddress(role, uint32_t(i)) % 4 || !isConstant(i + 3) ||
        role.params[i + 3].value >> 8 || !isZero(i + 6) || !isZero(i + 7)) {
      return false;
    }
    // Eight zeros are more likely just that.
    for (size_t k = 0; k < Descriptor::kHalfwords; ++k) {
      if (!isZero(i + k)) {
        return true;
      }
    }
    return false;
  }

  std::string signedSource(size_t i) const {
    return isConstant(i) ? std::to_string(int16_t(role.params[i].value))
                         : source(role.params[i]);
  }

  void descriptor(size_t i) {
    uint16_t halves[Descriptor::kHalfwords] = {};
    halves[3] = role.params[i + 3].value;
    Descriptor d = Descriptor::decode(halves);
    bool memory = d.kind == DescriptorKind::Memory;
    put(out, "desc {}", kDescriptorKinds[size_t(d.kind)]);
    if (!memory || d.queue) {
      put(out, " queue={}", d.queue);
    }
    if (memory || !isZero(i)) {
      put(out, " base={}",
          isConstant(i) ? address(role, role.params[i].value, false)
                        : source(role.params[i]));
    }
    put(out, " extent={}", source(role.params[i + 1]));
    if (memory || !isZero(i + 2)) {
      put(out, " stride={}", signedSource(i + 2));
    }
    if (!isZero(i + 4)) {
      put(out, " extent1={}", source(role.params[i + 4]));
    }
    if (!isZero(i + 5)) {
      put(out, " stride1={}", signedSource(i + 5));
    }
    out += d.packed ? " packed" : "";
    out += d.save ? " save" : "";
    out += d.advanceSwitch ? " advance" : "";
  }

  size_t halfwords(size_t i, size_t end) {
    size_t n = 1;
    while (i + n < end && role.params[i + n] == role.params[i]) {
      ++n;
    }
    put(out, "{}{}", isConstant(i) ? "const " : "", source(role.params[i]));
    if (n > 1) {
      put(out, "*{}", n);
    }
    return i + n;
  }

  const Role &role;
  std::string &out;
};

} // namespace

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

static void putTask(std::string &out, const Task &task, const Role &role) {
  put(out, "  task @{} {}", symbol(task.name), kTaskKinds[size_t(task.kind)]);
  if (task.kind == TaskKind::Data) {
    put(out, " queue {}", task.binding);
  } else if (task.kind == TaskKind::Control) {
    put(out, " {}", task.binding);
  }
  out += task.initiallyActive ? " active" : "";
  out += task.initiallyBlocked ? " blocked" : "";
  put(out, " entry {}\n", target(task.entry, role));
}

static void putCode(std::string &out, const Role &role) {
  out += "  code {\n";
  size_t label = 0;
  for (size_t i = 0; i < role.code.size(); ++i) {
    while (label < role.labels.size() && role.labels[label].index <= i) {
      put(out, "  {}:\n", symbol(role.labels[label++].name));
    }
    put(out, "    {}\n", printInstruction(role.code[i], role));
  }
  out += "  }\n";
}

std::string wafer::printRole(const Role &role) {
  std::string out = fmt::format("role @{} {{\n", symbol(role.name));
  if (!role.params.empty() || role.paramOffset) {
    ParamPrinter(role, out).print();
  }
  for (const Buffer &b : role.buffers) {
    put(out, "  buffer @{} {} at {} size {}\n", symbol(b.name),
        kBufferKinds[size_t(b.kind)], b.offset, b.bytes);
  }
  for (const QueueBinding &q : role.queues) {
    bool unbound = q.color == ParamSource::constant(kUnboundColor);
    put(out, "  {} queue {} color {}\n", q.input ? "input" : "output", q.queue,
        unbound ? "none" : source(q.color));
  }
  for (const Task &task : role.tasks) {
    putTask(out, task, role);
  }
  if (!role.code.empty()) {
    putCode(out, role);
  }
  return out + "}\n";
}
