// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CoreState.h - What is known inside a core (internal) -----*- C++ -*-===//
#ifndef WAFER_LIB_CERTIFY_CORESTATE_H
#define WAFER_LIB_CERTIFY_CORESTATE_H

#include "Symbols.h"
#include "wafer/Image/Image.h"

#include <algorithm>
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
  /// The branch whose paths left different descriptors, if that is why the
  /// register is not known.
  Value lostAt = data();

  friend bool operator==(const Register &a, const Register &b) {
    return a.isKnown == b.isKnown &&
           (!a.isKnown ||
            (a.fixed.encode() == b.fixed.encode() && a.base == b.base &&
             a.extent0 == b.extent0 && a.home == b.home));
  }
};

/// Addresses of words of SRAM that may matter, ascending: those that scalar
/// loads at constant addresses read, and those that instructions with few words
/// exchange with the fabric. All others are data to whoever loads them.
using TrackedWords = std::vector<uint32_t>;
TrackedWords findTrackedWords(const Role &role);

/// The scalar registers, then the tracked words, are the locations.
class CoreState {
public:
  CoreState() = default;
  /// All zero. `words` outlives the state.
  explicit CoreState(const TrackedWords &words)
      : places(kNumRegisters + words.size()), words(&words) {}

  std::vector<Value> places;
  std::array<Register, kNumDsrs> dsrs;

  Value reg(unsigned r) const { return places[r]; }
  void setReg(unsigned r, Value v) {
    if (r) {
      places[r] = v;
    }
  }
  Value word(uint32_t address) const {
    size_t at = firstFrom(address);
    return at < words->size() && (*words)[at] == address
               ? places[kNumRegisters + at]
               : data();
  }
  void setWord(uint32_t address, Value v) {
    size_t at = firstFrom(address);
    if (at < words->size() && (*words)[at] == address) {
      places[kNumRegisters + at] = v;
    }
  }
  /// Bytes [begin, end) may have any value.
  void forget(uint32_t begin, uint32_t end) {
    for (size_t at = firstFrom(begin & ~3u);
         at < words->size() && (*words)[at] < end; ++at) {
      places[kNumRegisters + at] = data();
    }
  }

private:
  size_t firstFrom(uint32_t address) const {
    return size_t(std::lower_bound(words->begin(), words->end(), address) -
                  words->begin());
  }
  const TrackedWords *words = nullptr;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_CORESTATE_H
