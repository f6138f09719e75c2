// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CoreState.h"

using namespace wafer;
using namespace wafer::certifier;

/// More words than these of a message are no header.
static constexpr uint32_t kMaxWordsOfMessage = 64;

/// The descriptor that `dsrload` takes from the parameter block at `address`,
/// where the block has constants only.
static bool constantDescriptor(const Role &role, uint32_t address,
                               Descriptor &descriptor) {
  if (address < role.paramOffset || (address - role.paramOffset) % 2) {
    return false;
  }
  size_t first = (address - role.paramOffset) / 2;
  if (first + Descriptor::kHalfwords > role.params.size()) {
    return false;
  }
  uint16_t halves[Descriptor::kHalfwords];
  for (unsigned h = 0; h < Descriptor::kHalfwords; ++h) {
    if (role.params[first + h].kind != ParamSource::Kind::Constant) {
      return false;
    }
    halves[h] = role.params[first + h].value;
  }
  descriptor = Descriptor::decode(halves);
  return true;
}

// Which descriptor a register holds is taken from the order of the code: a word
// that is missing here is data, so a wrong guess only says less.
TrackedWords wafer::certifier::findTrackedWords(const Role &role) {
  TrackedWords words;
  std::array<Descriptor, kNumDsrs> loaded;
  std::array<bool, kNumDsrs> has = {};
  for (const Instruction &in : role.code) {
    const OpcodeInfo &info = infoOf(in.op);
    if (in.op == Opcode::LoadWord && in.b == 0 && in.imm % 4 == 0) {
      words.push_back(in.imm);
    } else if (in.op == Opcode::DsrLoad && in.b == 0) {
      has[in.a] = constantDescriptor(role, in.imm, loaded[in.a]);
    }
    if (!info.isVector) {
      continue;
    }
    const uint8_t ids[] = {in.b, in.c, in.a};
    bool hasFabric = false;
    for (uint8_t id : ids) {
      hasFabric |=
          id < kNumDsrs && has[id] && loaded[id].kind != DescriptorKind::Memory;
    }
    for (uint8_t id : ids) {
      if (!hasFabric || id >= kNumDsrs || !has[id]) {
        continue;
      }
      const Descriptor &d = loaded[id];
      if (d.kind == DescriptorKind::Memory && d.base % 4 == 0 &&
          d.stride0 == 1 && d.extent1 == 0 && d.extent0 <= kMaxWordsOfMessage) {
        for (uint32_t i = 0; i < d.extent0; ++i) {
          words.push_back(d.base + 4 * i);
        }
      }
    }
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}
