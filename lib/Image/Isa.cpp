// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/Isa.h"

#include <unordered_map>

using namespace wafer;

namespace {
struct Table {
  std::array<OpcodeInfo, 256> infos;
  std::array<bool, 256> known{};
  std::unordered_map<std::string_view, Opcode> byMnemonic;

  Table() {
    auto scalar = [&](Opcode op, std::string_view mnemonic, Form form,
                      CostClass cost) {
      OpcodeInfo &info = infos[uint8_t(op)];
      info.mnemonic = mnemonic;
      info.form = form;
      info.cost = cost;
      known[uint8_t(op)] = true;
      byMnemonic[mnemonic] = op;
    };
    auto vector = [&](Opcode op, std::string_view mnemonic, unsigned sources,
                      ElementType dest, ElementType src0, ElementType src1,
                      ScalarUse use) {
      scalar(op, mnemonic, Form::Vector, CostClass::Vector);
      OpcodeInfo &info = infos[uint8_t(op)];
      info.isVector = true;
      info.numSources = sources;
      info.dest = dest;
      info.src0 = src0;
      info.src1 = src1;
      info.scalar = use;
    };
#define SCALAR(Name, Mnemonic, Code, FormName, Cost)                           \
  scalar(Opcode::Name, Mnemonic, Form::FormName, CostClass::Cost);
#define VECTOR(Name, Mnemonic, Code, Sources, Dest, Src0, Src1, Use)           \
  vector(Opcode::Name, Mnemonic, Sources, ElementType::Dest,                   \
         ElementType::Src0, ElementType::Src1, ScalarUse::Use);
#include "wafer/Image/Opcodes.def"
  }
};

const Table &table() {
  static const Table instance;
  return instance;
}
} // namespace

const OpcodeInfo *wafer::lookupOpcode(uint8_t code) {
  const Table &t = table();
  return t.known[code] ? &t.infos[code] : nullptr;
}

std::optional<Opcode> wafer::parseMnemonic(std::string_view mnemonic) {
  const Table &t = table();
  auto it = t.byMnemonic.find(mnemonic);
  if (it == t.byMnemonic.end()) {
    return std::nullopt;
  }
  return it->second;
}
