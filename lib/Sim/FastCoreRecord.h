// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastCoreRecord.h - A core in a recorded period -----------*- C++ -*-===//
#ifndef WAFER_LIB_SIM_FASTCORERECORD_H
#define WAFER_LIB_SIM_FASTCORERECORD_H

#include "FastCore.h"

namespace wafer::fast {

/// A bit for every four bytes of SRAM, in pieces that are made when they are
/// needed: cores touch little of it.
class WordMask {
public:
  /// Whether it was new.
  bool add(uint32_t word) {
    uint32_t piece = word / kBits;
    if (piece >= index.size()) {
      index.resize(piece + 1, 0);
    }
    if (!index[piece]) {
      pieces.emplace_back();
      index[piece] = uint16_t(pieces.size());
    }
    uint64_t &bits = pieces[index[piece] - 1u][word % kBits / 64];
    uint64_t bit = uint64_t(1) << (word % 64);
    bool isNew = !(bits & bit);
    bits |= bit;
    return isNew;
  }
  bool has(uint32_t word) const {
    uint32_t piece = word / kBits;
    return piece < index.size() && index[piece] &&
           ((pieces[index[piece] - 1u][word % kBits / 64] >> (word % 64)) & 1u);
  }

  template <typename Fn>
  bool all(Fn holds) const {
    for (uint32_t piece = 0; piece < index.size(); ++piece) {
      for (uint32_t i = 0; index[piece] && i < kBits / 64; ++i) {
        uint64_t bits = pieces[index[piece] - 1u][i];
        for (; bits; bits &= bits - 1) {
          if (!holds(piece * kBits + i * 64 +
                     uint32_t(__builtin_ctzll(bits)))) {
            return false;
          }
        }
      }
    }
    return true;
  }

private:
  static constexpr uint32_t kBits = 256;
  std::vector<uint16_t> index;
  std::vector<std::array<uint64_t, kBits / 64>> pieces;
};

struct CoreRecord {
  CoreRecord(const CoreState &core, uint32_t counting)
      : before(core), counting(counting) {}

  /// At the beginning.
  CoreState before;
  Counters counters;
  /// Registers that some instruction counts up or down.
  uint32_t counting = 0;
  // Of what is there now.
  std::array<Symbol, kNumRegisters> registers;
  std::array<Symbol, kNumDsrs> dsrs;
  std::array<std::array<Symbol, 3>, kMostThreads> walks;
  /// Descriptors that were loaded, and those that were used before.
  uint32_t loaded = 0;
  uint32_t used = 0;
  /// Origins that must not move, and those that what is noted depends on.
  OriginMask needed;
  OriginMask noted;
  std::vector<RecordedBranch> branches;
  std::vector<RecordedWalks> walking;
  std::vector<RecordedCell> cells;
  /// SRAM that was read at addresses that do not move, and that was written or
  /// may have been. Most of it held zeros, and does so again: what was not zero
  /// is noted.
  WordMask read;
  WordMask written;
  WordMask wasNotZero;
  std::vector<std::pair<uint32_t, uint32_t>> old; // word, bits

  void need(Symbol s) {
    if (s.moves()) {
      needed.add(s.origin);
    }
  }
  Symbol of(unsigned reg) const { return registers[reg]; }
  void set(unsigned reg, Symbol s) {
    registers[reg] = s;
    registers[0] = Symbol();
  }
  Symbol sum(Symbol a, Symbol b) {
    if (!a.moves() || !b.moves()) {
      return a.moves() ? a : b;
    }
    if (a.origin == b.origin) {
      return scaled(a, 1, b.factor);
    }
    return chosen(a, b);
  }
  bool counts(Symbol s) const {
    return s.origin < kNumRegisters && ((counting >> s.origin) & 1u);
  }
  /// Of two that cannot both move, the one that is more likely to; the other
  /// one must not. It may have been set right before the period began.
  Symbol chosen(Symbol a, Symbol b) {
    Symbol likely = counts(a) == counts(b) ? Symbol() : counts(a) ? a : b;
    need(likely.origin == a.origin ? Symbol() : a);
    need(likely.origin == b.origin ? Symbol() : b);
    return likely;
  }
  static Symbol scaled(Symbol s, uint32_t by, uint32_t more = 0) {
    uint32_t factor = s.factor * by + more;
    return factor ? Symbol{factor, s.origin} : Symbol();
  }
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTCORERECORD_H
