// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastRecord.h - What a period depends on ------------------*- C++ -*-===//
//
// A part of FastRepeat.h: what cores do between two states of the wafer is
// recorded so far that one can tell in which way it would have been different
// if registers, bases of descriptors and places of walks (*origins*) had begun
// with other values.
//
// A value is either the same whatever the origins are, or a multiple of one
// origin plus a constant: its Symbol says which. Sums and products with
// constants keep that. Whatever else is done with such a value *needs* its
// origin to be the same in every period. Where it decides something that may
// well come out the same for different values (the exit of a loop, the bounds
// and bank conflicts of a walk, the address of a load), the place is noted with
// all that a check of further periods needs.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_FASTRECORD_H
#define WAFER_LIB_SIM_FASTRECORD_H

#include "FastVectorOp.h"

#include <atomic>

namespace wafer::fast {

struct CoreState;
struct CoreTables;

/// By what a value grows if an origin grows by one; origin 0: it does not.
struct [[gnu::packed]] Symbol { // a core has 83 of them
  uint32_t factor = 0;
  uint8_t origin = 0;

  bool moves() const { return origin != 0; }
};

// Registers are origins by their numbers.
inline constexpr unsigned kDsrOrigin = kNumRegisters;
inline constexpr unsigned kWalkOrigin = kDsrOrigin + kNumDsrs;
inline constexpr unsigned kMostThreads = 9;
inline constexpr unsigned kNumOrigins = kWalkOrigin + 3 * kMostThreads;
static_assert(kNumOrigins <= 128, "a mask of origins is two words");

class OriginMask {
public:
  void add(unsigned origin) {
    bits[origin / 64] |= uint64_t(1) << (origin % 64);
  }
  bool has(unsigned origin) const {
    return (bits[origin / 64] >> (origin % 64)) & 1u;
  }

private:
  uint64_t bits[2] = {0, 0};
};

/// A branch on a value that moves. LoopDec has its counter in x.
struct RecordedBranch {
  Opcode op = Opcode::Nop;
  Symbol a, b;
  uint32_t x = 0, y = 0;
};

/// The walks of a vector instruction, one of which moves: dest, src0, src1.
struct RecordedWalks {
  std::array<Symbol, 3> symbols;
  std::array<int32_t, 3> base{};
  std::array<int32_t, 3> low{}, high{}; // from the base
  /// Bit i: a walk.
  uint8_t walks = 0;
  /// Bit i: dest and source i meet in every step, or in none, by their banks.
  uint8_t sameBank = 0;
  bool readsMayConflict = false;
};

/// Bytes in memory whose address moves, with what they held and hold.
struct RecordedCell {
  Symbol symbol;
  uint32_t address = 0;
  uint8_t bytes = 0;
  bool isRead = false; // before anything was written
  bool isWritten = false;
  uint32_t first = 0;
  uint32_t last = 0;
};

struct CoreRecord;

/// The branches that end loops which lie in no other one, from the last one on;
/// loops without a condition are none.
std::vector<uint32_t> outermostLoops(const std::vector<Code> &code);

class Recorder {
public:
  Recorder(const CoreTables &tables, uint32_t memoryBytes, Cycle begin);
  ~Recorder();

  /// To be called before the core changes.
  void touch(const CoreState &core) {
    if (!records[place(core)]) {
      add(core);
    }
  }
  /// Before a scalar instruction acts.
  void scalar(CoreRecord &r, const CoreState &core, const Code &in);
  /// Behind the set-up of a vector instruction.
  void vector(const CoreState &core, const VectorOp &op, const Code &in);
  /// The base of a descriptor became the end of a walk.
  void save(const CoreState &core, const VectorOp &op, const Operand &o);
  /// A word came to register 1.
  void word(const CoreState &core);

  /// nullptr while the core did nothing.
  CoreRecord *find(uint32_t place) const { return records[place].get(); }
  uint32_t numPlaces() const { return uint32_t(records.size()); }
  Cycle beginning() const { return begin; }
  /// Why it is for nothing; nullptr if it is not.
  const char *failure() const { return failed; }
  void fail(const char *why) { failed = why; }

private:
  static uint32_t place(const CoreState &core);
  void add(const CoreState &core);
  static void branch(CoreRecord &r, Opcode op, uint32_t x, Symbol a, uint32_t y,
                     Symbol b);
  void access(CoreRecord &r, const CoreState &core, const Code &in);
  void cell(CoreRecord &r, const CoreState &core, const Code &in,
            uint32_t address, unsigned bytes, bool isStore);
  void walks(CoreRecord &r, const CoreState &core, const VectorOp &op,
             bool isUnderWay);
  void mark(CoreRecord &r, const CoreState &core, int64_t low, int64_t high,
            bool isWrite);

  const CoreTables &tables;
  uint32_t memoryBytes;
  Cycle begin;
  /// By role: registers that count.
  std::vector<uint32_t> counting;
  std::vector<std::unique_ptr<CoreRecord>> records;
  std::atomic<const char *> failed{nullptr};
};

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTRECORD_H
