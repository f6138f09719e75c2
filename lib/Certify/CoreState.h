// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CoreState.h - What is known of a core's memory (internal) -*- C++
//-*-===//
#ifndef WAFER_LIB_CERTIFY_CORESTATE_H
#define WAFER_LIB_CERTIFY_CORESTATE_H

#include "Symbols.h"
#include "wafer/Image/Image.h"

#include <array>

namespace wafer::certifier {

/// A descriptor register.
struct Register {
  bool isKnown = false;
  /// Fields that no instruction changes.
  Descriptor fixed;
  Value base, extent0;
  /// An address in the buffer that `base` was computed from.
  uint32_t home = ~0u;

  friend bool operator==(const Register &a, const Register &b) {
    return a.isKnown == b.isKnown && a.fixed.encode() == b.fixed.encode() &&
           a.base == b.base && a.extent0 == b.extent0 && a.home == b.home;
  }
};

/// The scalar registers, then the words of SRAM, are the locations.
struct CoreState {
  std::vector<Value> places;
  std::array<Register, kNumDsrs> dsrs;

  explicit CoreState(uint32_t sramBytes = 0)
      : places(kNumRegisters + sramBytes / 4) {}
  Value &reg(unsigned r) { return places[r]; }
  void setReg(unsigned r, Value v) {
    if (r) {
      places[r] = v;
    }
  }
  bool hasWord(uint32_t address) const {
    return address / 4 + kNumRegisters < places.size();
  }
  Value &word(uint32_t address) { return places[kNumRegisters + address / 4]; }
  void forget(uint32_t begin, uint32_t end) {
    for (uint32_t a = begin & ~3u; a < end && hasWord(a); a += 4) {
      word(a) = data();
    }
  }
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_CORESTATE_H
