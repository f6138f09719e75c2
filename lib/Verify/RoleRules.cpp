// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// sram-fits and code-valid: what a role's code and memory say by themselves.
//
// Descriptor registers hold run-time values, so code-valid knows about them
// only what every `dsrload` of the role says that reads the parameter block at
// a constant address with a constant control halfword. Where another load, or
// one from elsewhere, can reach a register, nothing is said about it.
//
//===----------------------------------------------------------------------===//
#include "RuleContext.h"

#include <algorithm>
#include <array>
#include <set>

using namespace wafer;
using namespace wafer::verifier;

//===----------------------------------------------------------------------===//
// sram-fits
//===----------------------------------------------------------------------===//

static void checkSram(RuleContext &context, const Role &role) {
  const Machine &m = context.machine;
  uint64_t code = uint64_t(role.code.size()) * m.codeBytesPerInstruction;
  uint64_t data = role.paramOffset + 2 * uint64_t(role.params.size());
  for (const Buffer &b : role.buffers) {
    data = std::max(data, uint64_t(b.offset) + b.bytes);
  }
  uint64_t demand = code + data + m.systemBytes + m.taskTableBytes;
  if (demand <= m.sramBytes) {
    return;
  }
  context.violate(RuleId::SramFits, [&] {
    std::vector<std::pair<uint64_t, std::string>> consumers = {
        {code, "code"}, {m.systemBytes, "system"}};
    for (const Buffer &b : role.buffers) {
      consumers.push_back({b.bytes, "buffer '" + b.name + "'"});
    }
    std::stable_sort(consumers.begin(), consumers.end(),
                     [](auto &a, auto &b) { return a.first > b.first; });
    std::string text = fmt::format(
        "role '{}' needs {} bytes ({} data, {} code, {} system, {} task table) "
        "but a core has {}; most of it:",
        role.name, demand, data, code, m.systemBytes, m.taskTableBytes,
        m.sramBytes);
    for (size_t i = 0; i < std::min<size_t>(3, consumers.size()); ++i) {
      text += fmt::format("{} {} {}", i ? "," : "", consumers[i].second,
                          consumers[i].first);
    }
    return text;
  });
}

//===----------------------------------------------------------------------===//
// code-valid
//===----------------------------------------------------------------------===//

namespace {

/// What a descriptor register can hold, as a set of descriptor kinds.
struct RegisterUse {
  bool loaded = false;
  /// A load whose kind is not known.
  bool unknown = false;
  uint8_t kinds = 0;

  bool certainlyOnly(uint8_t mask) const {
    return loaded && !unknown && (kinds & ~mask) == 0;
  }
};

constexpr uint8_t kindBit(DescriptorKind k) {
  return uint8_t(1u << unsigned(k));
}
constexpr uint8_t kMemory = kindBit(DescriptorKind::Memory);
constexpr uint8_t kFabricIn = kindBit(DescriptorKind::FabricIn);
constexpr uint8_t kFabricOut =
    kindBit(DescriptorKind::FabricOut) | kindBit(DescriptorKind::FabricControl);

class CodeCheck {
public:
  CodeCheck(RuleContext &context, const Role &role)
      : context(context), role(role) {}

  void run() {
    collectLoads();
    for (size_t i = 0; i < role.code.size(); ++i) {
      instruction(i);
    }
    checkQueuesUsed();
    if (!role.code.empty()) {
      Opcode last = role.code.back().op;
      if (last != Opcode::End && last != Opcode::Jump &&
          last != Opcode::Return) {
        report(role.code.size() - 1, "the code runs past its end");
      }
    }
  }

private:
  void report(size_t at, const std::string &text,
              RuleId rule = RuleId::CodeValid) {
    context.violate(rule, [&] {
      return fmt::format("role '{}': instruction {} ({}): {}", role.name, at,
                         infoOf(role.code[at].op).mnemonic, text);
    });
  }

  /// The constant control halfword of the descriptor at an address of the
  /// parameter block, if it is known.
  std::optional<Descriptor> descriptorAt(uint32_t address) const {
    if (address < role.paramOffset || (address - role.paramOffset) % 2) {
      return std::nullopt;
    }
    size_t index = (address - role.paramOffset) / 2;
    if (index + Descriptor::kHalfwords > role.params.size() ||
        role.params[index + 3].kind != ParamSource::Kind::Constant) {
      return std::nullopt;
    }
    uint16_t halves[Descriptor::kHalfwords] = {};
    halves[3] = role.params[index + 3].value;
    return Descriptor::decode(halves);
  }

  void collectLoads() {
    for (size_t i = 0; i < role.code.size(); ++i) {
      const Instruction &load = role.code[i];
      if (load.op == Opcode::DsrBase || load.op == Opcode::DsrLength) {
        // Registers may be built field by field; a fresh one is memory.
        uses[load.a].loaded = true;
        uses[load.a].unknown = true;
      }
      if (load.op != Opcode::DsrLoad) {
        continue;
      }
      RegisterUse &use = uses[load.a];
      use.loaded = true;
      if (load.b == 0 && load.imm % 4) {
        report(i, "the descriptor is not aligned to 4 bytes");
      }
      std::optional<Descriptor> d =
          load.b == 0 ? descriptorAt(load.imm) : std::nullopt;
      if (!d) {
        use.unknown = true;
        anyUnknown = true;
        continue;
      }
      use.kinds = uint8_t(use.kinds | kindBit(d->kind));
      checkQueue(i, *d);
    }
  }

  /// A queue that no descriptor and no task names: what comes to it is never
  /// taken, what should leave it never comes. Nothing is said where a
  /// descriptor is not known. Any input queue can start a control task.
  void checkQueuesUsed() {
    bool hasControl = false;
    for (const Task &task : role.tasks) {
      hasControl |= task.kind == TaskKind::Control;
      if (task.kind == TaskKind::Data) {
        named.insert({true, task.binding});
      }
    }
    for (const QueueBinding &q : role.queues) {
      if (anyUnknown || role.code.empty() || named.count({q.input, q.queue}) ||
          (q.input && hasControl)) {
        continue;
      }
      context.violate(RuleId::QueuesUsed, [&] {
        return fmt::format("role '{}' binds {} queue {}, which none of its "
                           "code names",
                           role.name, q.input ? "input" : "output", q.queue);
      });
    }
  }

  void checkQueue(size_t at, const Descriptor &d) {
    if (d.kind == DescriptorKind::Memory) {
      return;
    }
    bool input = d.kind == DescriptorKind::FabricIn;
    named.insert({input, d.queue});
    bool bound = std::any_of(role.queues.begin(), role.queues.end(),
                             [&](const QueueBinding &q) {
                               return q.input == input && q.queue == d.queue;
                             });
    if (!bound) {
      report(at,
             fmt::format("the descriptor names {} queue {}, which the role "
                         "does not bind",
                         input ? "input" : "output", d.queue),
             RuleId::QueuesExist);
    }
  }

  void instruction(size_t at) {
    const Instruction &i = role.code[at];
    const OpcodeInfo &info = infoOf(i.op);
    bool branches = info.form == Form::Target || info.form == Form::RdTarget ||
                    info.form == Form::RaRbTarget;
    if (branches && i.imm >= role.code.size()) {
      report(at, fmt::format("branch target {} is not inside the code", i.imm));
    }
    if (info.isVector) {
      vector(at, i);
    }
  }

  void vector(size_t at, const Instruction &i) {
    uint8_t operands[] = {i.a, i.b, i.c};
    static constexpr const char *kNames[] = {"dest", "src0", "src1"};
    unsigned inputs = 0;
    bool mayBeFabric = false;
    for (unsigned o = 0; o < 3; ++o) {
      if (operands[o] >= kNumDsrs) {
        continue;
      }
      const RegisterUse &use = uses[operands[o]];
      if (!use.loaded) {
        report(at, fmt::format("{} is a descriptor register that is never "
                               "loaded",
                               kNames[o]));
        mayBeFabric = true; // one complaint is enough
        continue;
      }
      uint8_t allowed = o == 0 ? kMemory | kFabricOut : kMemory | kFabricIn;
      if (!use.unknown && (use.kinds & allowed) == 0) {
        report(at, fmt::format("{} is a fabric {}", kNames[o],
                               o == 0 ? "input" : "output"));
      }
      inputs += o > 0 && use.certainlyOnly(kFabricIn);
      mayBeFabric |= use.unknown || (use.kinds & ~kMemory);
    }
    if (inputs > 1) {
      report(at, "two operands are fabric inputs");
    }
    VectorFields f = VectorFields::decode(i.imm);
    if (f.async && !mayBeFabric) {
      report(at, "an asynchronous instruction has no fabric operand");
    }
    if (f.async && f.microthread >= context.machine.microthreads) {
      report(at, fmt::format("microthread {} is not one of {}", f.microthread,
                             context.machine.microthreads));
    }
  }

  RuleContext &context;
  const Role &role;
  std::array<RegisterUse, 256> uses;
  /// Queues, by direction and number, that descriptors and tasks name.
  std::set<std::pair<bool, unsigned>> named;
  /// Some descriptor that is loaded is not known.
  bool anyUnknown = false;
};

} // namespace

void wafer::verifier::checkRoles(RuleContext &context) {
  for (const Role &role : context.image.roles) {
    checkSram(context, role);
    CodeCheck(context, role).run();
  }
}
