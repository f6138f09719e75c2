// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ValidateParts.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

using namespace wafer;
using namespace wafer::imagefile;

uint64_t wafer::dataBytesOf(const Role &role, const Machine &machine) {
  uint64_t code = uint64_t(role.code.size()) * machine.codeBytesPerInstruction;
  uint64_t program = machine.programBytes();
  return code < program ? program - code : 0;
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

namespace {

/// Checks the fields of one instruction. A field that the form does not use is
/// zero, so that an instruction has one encoding only.
class InstructionCheck {
public:
  InstructionCheck(const Instruction &i, const Role &role,
                   const Machine &machine, const std::string &where)
      : i(i), info(infoOf(i.op)), role(role), machine(machine), where(where) {}

  Status run() const {
    switch (info.form) {
    case Form::None:
      return zero(true, true, true, true);
    case Form::Rd:
      WAFER_CHECK(reg(i.a));
      return zero(false, true, true, true);
    case Form::Ra:
      WAFER_CHECK(reg(i.b));
      return zero(true, false, true, true);
    case Form::Target:
      WAFER_CHECK(target());
      return zero(true, true, true, false);
    case Form::RdTarget:
      WAFER_CHECK(reg(i.a));
      WAFER_CHECK(target());
      return zero(false, true, true, false);
    case Form::RaRbTarget:
      WAFER_CHECK(reg(i.b));
      WAFER_CHECK(reg(i.c));
      WAFER_CHECK(target());
      return zero(true, false, false, false);
    case Form::TaskId:
      WAFER_CHECK(checkIndex(i.imm, role.tasks.size(), "task", where));
      return zero(true, true, true, false);
    case Form::RdImm:
      WAFER_CHECK(reg(i.a));
      return zero(false, true, true, false);
    case Form::RdRa:
      WAFER_CHECK(reg(i.a));
      WAFER_CHECK(reg(i.b));
      return zero(false, false, true, true);
    case Form::RdRaRb:
      WAFER_CHECK(reg(i.a));
      WAFER_CHECK(reg(i.b));
      WAFER_CHECK(reg(i.c));
      return zero(false, false, false, true);
    case Form::RdRaImm:
    case Form::RdMem:
      WAFER_CHECK(reg(i.a));
      WAFER_CHECK(reg(i.b));
      return zero(false, false, true, false);
    case Form::DsrMem:
      WAFER_CHECK(dsr(i.a));
      WAFER_CHECK(reg(i.b));
      return zero(false, false, true, false);
    case Form::DsrRa:
      WAFER_CHECK(dsr(i.a));
      WAFER_CHECK(reg(i.b));
      return zero(false, false, true, true);
    case Form::Vector:
      return vector();
    }
    return error("unknown form");
  }

private:
  Status error(std::string what) const {
    return Diagnostic{std::move(what), where, "", "", ""};
  }
  Status reg(uint8_t r) const {
    return checkIndex(r, kNumRegisters, "register", where);
  }
  Status target() const {
    return checkIndex(i.imm, role.code.size(), "branch target", where);
  }
  Status zero(bool a, bool b, bool c, bool imm) const {
    if ((a && i.a) || (b && i.b) || (c && i.c) || (imm && i.imm)) {
      return error("unused field of the instruction is not zero");
    }
    return Status::success();
  }
  Status dsr(uint8_t id) const {
    WAFER_CHECK(checkIndex(id, kNumDsrs, "descriptor register", where));
    return checkIndex(id % kDsrsPerFile,
                      std::min<uint32_t>(machine.dsrsPerFile, kDsrsPerFile),
                      "descriptor register", where);
  }
  Status operand(uint8_t id, DsrFile own, bool otherToo, DsrFile other,
                 const char *name) const {
    WAFER_CHECK(dsr(id));
    DsrFile file = DsrFile(id / kDsrsPerFile);
    if (file != own && !(otherToo && file == other)) {
      return error(fmt::format(
          "{} names a descriptor register of the wrong file", name));
    }
    return Status::success();
  }

  Status vector() const {
    WAFER_CHECK(operand(i.a, DsrFile::Dest, true, DsrFile::Src0, "dest"));
    bool has0 = i.b != kNoOperand;
    bool has1 = i.c != kNoOperand;
    if (has0) {
      WAFER_CHECK(operand(i.b, DsrFile::Src0, true, DsrFile::Dest, "src0"));
    }
    if (has1) {
      if (info.numSources < 2) {
        return error("src1 of an instruction with one source is not absent");
      }
      WAFER_CHECK(operand(i.c, DsrFile::Src1, false, DsrFile::Src1, "src1"));
    }
    bool allPresent = has0 && (has1 || info.numSources < 2);
    VectorFields f = VectorFields::decode(i.imm);
    bool replaces = info.scalar == ScalarUse::Replaces;
    if (!allPresent && !replaces) {
      return error("a source operand is absent that no scalar can replace");
    }
    bool usesScalar = info.scalar == ScalarUse::Multiplies ||
                      info.scalar == ScalarUse::Count ||
                      (replaces && !allPresent);
    if (!usesScalar && f.scalarRegister != 0) {
      return error("unused scalar register is not zero");
    }
    return async(f);
  }

  Status async(const VectorFields &f) const {
    if (i.imm >> 17) {
      return error("unused field of the instruction is not zero");
    }
    if (uint8_t(f.onComplete) > uint8_t(OnComplete::Unblock)) {
      return error("unknown completion of a vector instruction");
    }
    if (!f.async && (f.microthread || f.onComplete != OnComplete::None)) {
      return error("a synchronous instruction names a microthread or a "
                   "completion");
    }
    if (f.async) {
      WAFER_CHECK(checkIndex(f.microthread, machine.microthreads, "microthread",
                             where));
    }
    if (f.onComplete == OnComplete::None) {
      return f.task ? error("unused field of the instruction is not zero")
                    : Status::success();
    }
    return checkIndex(f.task, role.tasks.size(), "task", where);
  }

  const Instruction &i;
  const OpcodeInfo &info;
  const Role &role;
  const Machine &machine;
  const std::string &where;
};

} // namespace

Status wafer::validateInstruction(const Instruction &instruction,
                                  const Role &role, const Machine &machine,
                                  const std::string &where) {
  if (!lookupOpcode(uint8_t(instruction.op))) {
    return Diagnostic{"unknown opcode", where, "",
                      fmt::format("{}", uint8_t(instruction.op)), ""};
  }
  return InstructionCheck(instruction, role, machine, where).run();
}

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

namespace {
using Names = std::unordered_set<std::string_view>;
} // namespace

static Status checkUnique(Names &names, const std::string &name,
                          const char *noun, const std::string &where) {
  WAFER_CHECK(checkName(name, fmt::format("{}: {}", where, noun)));
  if (!names.insert(name).second) {
    return Diagnostic{fmt::format("two {}s have the same name", noun), where,
                      "", "'" + name + "'", ""};
  }
  return Status::success();
}

static Status checkTask(const Task &task, const Role &role,
                        const Machine &machine, const std::string &where) {
  WAFER_CHECK(checkIndex(task.entry, role.code.size(), "task entry", where));
  switch (task.kind) {
  case TaskKind::Local:
    return checkIndex(task.binding, 1, "binding of a local task", where);
  case TaskKind::Data:
    return checkIndex(task.binding, machine.inputQueues.count(), "input queue",
                      where);
  case TaskKind::Control:
    return checkIndex(task.binding, 64, "control entry", where);
  }
  return Diagnostic{"unknown kind of task", where, "", "", ""};
}

static Status checkBuffers(const Role &role, const Machine &machine,
                           const std::string &where) {
  uint64_t room = dataBytesOf(role, machine);
  Names names;
  for (const Buffer &b : role.buffers) {
    WAFER_CHECK(checkUnique(names, b.name, "buffer", where));
    if (uint64_t(b.offset) + b.bytes > room) {
      return Diagnostic{
          fmt::format("buffer '{}' does not fit into SRAM", b.name), where,
          fmt::format("an end of at most {} bytes ({} for the program, {} of "
                      "them code)",
                      room, machine.programBytes(),
                      role.code.size() * machine.codeBytesPerInstruction),
          fmt::format("{} + {}", b.offset, b.bytes), ""};
    }
  }
  // In order of their offsets, a buffer can only overlap what reaches past its
  // begin; remember how far scratch and other buffers reach.
  std::vector<size_t> order(role.buffers.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::make_pair(role.buffers[a].offset, a) <
           std::make_pair(role.buffers[b].offset, b);
  });
  uint64_t scratchEnd = 0;
  uint64_t ownEnd = 0;
  for (size_t index : order) {
    const Buffer &b = role.buffers[index];
    if (b.bytes == 0) {
      continue;
    }
    bool scratch = b.kind == BufferKind::Scratch;
    if (b.offset < ownEnd || (!scratch && b.offset < scratchEnd)) {
      return Diagnostic{
          fmt::format("buffer '{}' overlaps another buffer", b.name), where,
          "overlaps of scratch buffers only", "", ""};
    }
    uint64_t &end = scratch ? scratchEnd : ownEnd;
    end = std::max(end, uint64_t(b.offset) + b.bytes);
  }
  return Status::success();
}

static Status checkParams(const Role &role, const std::string &where) {
  if (role.paramOffset % 2) {
    return Diagnostic{"parameter block is not aligned", where,
                      "an even address", fmt::format("{}", role.paramOffset),
                      ""};
  }
  for (ParamSource p : role.params) {
    if (uint8_t(p.kind) > uint8_t(ParamSource::Kind::Column)) {
      return Diagnostic{"unknown kind of parameter", where, "", "", ""};
    }
  }
  uint64_t end = uint64_t(role.paramOffset) + 2 * uint64_t(role.params.size());
  bool inside = role.params.empty() ||
                std::any_of(role.buffers.begin(), role.buffers.end(),
                            [&](const Buffer &b) {
                              return b.kind == BufferKind::Params &&
                                     b.offset <= role.paramOffset &&
                                     end <= uint64_t(b.offset) + b.bytes;
                            });
  if (!inside) {
    return Diagnostic{"parameter block lies in no params buffer", where, "",
                      fmt::format("bytes {} to {}", role.paramOffset, end), ""};
  }
  Names names;
  for (size_t i = 0; i < role.paramLabels.size(); ++i) {
    const Label &l = role.paramLabels[i];
    WAFER_CHECK(checkUnique(names, l.name, "parameter", where));
    WAFER_CHECK(checkIndex(l.index, role.params.size(), "parameter", where));
    if (i > 0 && l.index <= role.paramLabels[i - 1].index) {
      return Diagnostic{"names of parameters are not in order", where, "", "",
                        ""};
    }
  }
  return Status::success();
}

static Status checkQueues(const Role &role, const Machine &machine,
                          const std::string &where) {
  std::unordered_set<unsigned> seen;
  for (const QueueBinding &q : role.queues) {
    const QueueSpec &spec =
        q.input ? machine.inputQueues : machine.outputQueues;
    WAFER_CHECK(checkIndex(q.queue, spec.count(),
                           q.input ? "input queue" : "output queue", where));
    if (uint8_t(q.color.kind) > uint8_t(ParamSource::Kind::Column)) {
      return Diagnostic{"unknown kind of parameter", where, "", "", ""};
    }
    if (!seen.insert(q.queue * 2u + q.input).second) {
      return Diagnostic{fmt::format("{} queue {} is bound twice",
                                    q.input ? "input" : "output", q.queue),
                        where, "", "", ""};
    }
  }
  return Status::success();
}

static Status checkCode(const Role &role, const Machine &machine,
                        const std::string &where) {
  uint64_t bytes = uint64_t(role.code.size()) * machine.codeBytesPerInstruction;
  if (bytes > machine.programBytes()) {
    return Diagnostic{"code does not fit into SRAM", where,
                      fmt::format("at most {} bytes", machine.programBytes()),
                      fmt::format("{} bytes", bytes), ""};
  }
  for (size_t i = 0; i < role.code.size(); ++i) {
    std::string place = fmt::format("{}: instruction {}", where, i);
    WAFER_CHECK(validateInstruction(role.code[i], role, machine, place));
  }
  Names names;
  for (size_t i = 0; i < role.labels.size(); ++i) {
    const Label &l = role.labels[i];
    WAFER_CHECK(checkUnique(names, l.name, "label", where));
    WAFER_CHECK(checkIndex(l.index, role.code.size(), "label", where));
    if (i > 0 && l.index < role.labels[i - 1].index) {
      return Diagnostic{"labels are not in order", where, "", "", ""};
    }
  }
  return Status::success();
}

static Status validateRole(const Role &role, const Machine &machine,
                           const std::string &where) {
  WAFER_CHECK(checkCode(role, machine, where));
  WAFER_CHECK(checkIndex(role.tasks.size(),
                         uint64_t(std::min(machine.maxTasks, 64u)) + 1,
                         "number of tasks", where));
  Names names;
  for (const Task &task : role.tasks) {
    WAFER_CHECK(checkUnique(names, task.name, "task", where));
    WAFER_CHECK(checkTask(task, role, machine,
                          fmt::format("{}: task '{}'", where, task.name)));
  }
  WAFER_CHECK(checkBuffers(role, machine, where));
  WAFER_CHECK(checkParams(role, where));
  return checkQueues(role, machine, where);
}

Status wafer::imagefile::validateRoles(const Image &image,
                                       const Machine &machine) {
  Names names;
  for (size_t i = 0; i < image.roles.size(); ++i) {
    const Role &role = image.roles[i];
    std::string where = placeOf("role", i, role.name);
    WAFER_CHECK(checkUnique(names, role.name, "role", where));
    WAFER_CHECK(validateRole(role, machine, where));
  }
  return Status::success();
}
