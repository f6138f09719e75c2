// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- InstructionText.cpp - An instruction for a message
//---------------------//
#include "InstructionText.h"

#include <fmt/format.h>

using namespace wafer;

std::string wafer::sim::dsrText(uint8_t id) {
  if (id == kNoOperand) {
    return "-";
  }
  static constexpr const char *kFiles[] = {"d", "s0.", "s1."};
  return id < kNumDsrs
             ? fmt::format("{}{}", kFiles[id / kDsrsPerFile], id % kDsrsPerFile)
             : fmt::format("dsr?{}", id);
}

using wafer::sim::dsrText;

static std::string vectorText(const OpcodeInfo &info, const Instruction &in) {
  std::string text =
      fmt::format("{} {}, {}", info.mnemonic, dsrText(in.a), dsrText(in.b));
  if (info.numSources == 2) {
    text += ", " + dsrText(in.c);
  }
  VectorFields f = VectorFields::decode(in.imm);
  bool absent =
      in.b == kNoOperand || (info.numSources == 2 && in.c == kNoOperand);
  if (info.scalar == ScalarUse::Multiplies || info.scalar == ScalarUse::Count ||
      absent) {
    text += fmt::format(", r{}", f.scalarRegister);
  }
  if (f.async) {
    text += fmt::format(", async {}", f.microthread);
    if (f.onComplete == OnComplete::Activate) {
      text += fmt::format(", activate {}", f.task);
    } else if (f.onComplete == OnComplete::Unblock) {
      text += fmt::format(", unblock {}", f.task);
    }
  }
  return text;
}

std::string wafer::sim::instructionText(const Instruction &in) {
  const OpcodeInfo *info = lookupOpcode(uint8_t(in.op));
  if (!info) {
    return fmt::format("opcode 0x{:02x}", uint8_t(in.op));
  }
  std::string name(info->mnemonic);
  int32_t imm = int32_t(in.imm);
  switch (info->form) {
  case Form::None:
    return name;
  case Form::Rd:
    return fmt::format("{} r{}", name, in.a);
  case Form::Ra:
    return fmt::format("{} r{}", name, in.b);
  case Form::Target:
  case Form::TaskId:
    return fmt::format("{} {}", name, in.imm);
  case Form::RdTarget:
  case Form::RdImm:
    return fmt::format("{} r{}, {}", name, in.a, imm);
  case Form::RaRbTarget:
    return fmt::format("{} r{}, r{}, {}", name, in.b, in.c, in.imm);
  case Form::RdRa:
    return fmt::format("{} r{}, r{}", name, in.a, in.b);
  case Form::RdRaRb:
    return fmt::format("{} r{}, r{}, r{}", name, in.a, in.b, in.c);
  case Form::RdRaImm:
    return fmt::format("{} r{}, r{}, {}", name, in.a, in.b, imm);
  case Form::RdMem:
    return fmt::format("{} r{}, [r{} + {}]", name, in.a, in.b, imm);
  case Form::DsrMem:
    return fmt::format("{} {}, [r{} + {}]", name, dsrText(in.a), in.b, imm);
  case Form::DsrRa:
    return fmt::format("{} {}, r{}", name, dsrText(in.a), in.b);
  case Form::Vector:
    return vectorText(*info, in);
  }
  return name;
}
