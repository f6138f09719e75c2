// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastVectorOp.h - Instructions of a core ------------------*- C++ -*-===//
#ifndef WAFER_LIB_SIM_FASTVECTOROP_H
#define WAFER_LIB_SIM_FASTVECTOROP_H

#include "FastFabric.h"
#include "FastKernels.h"

namespace wafer::fast {

/// An instruction of a role with what a look at it needs.
struct Code {
  Opcode op = Opcode::Nop;
  uint8_t a = 0;
  uint8_t b = 0;
  uint8_t c = 0;
  uint32_t imm = 0;
  uint32_t cost = 1;
  bool isVector = false; // or the end of the code
  bool isAsync = false;
  uint32_t setUp = 0; // index of its SetUp
  /// Where the next descriptor lies that the code behind it loads.
  uint32_t nextDescriptor = 0;
};

/// A vector opcode's static facts.
struct VectorPlan {
  sim::ElementFn element = nullptr;
  Kernel kernel = nullptr;
  uint8_t numSources = 0;
  uint8_t lanes = 1;
  /// Its results are computed; not those of floating point when only the
  /// timing is asked for.
  bool hasValue = true;
  /// Bytes of an element: dest, src0, src1.
  std::array<uint8_t, 3> bytes{};
};

/// A descriptor register, as it lies in SRAM.
using Dsr = std::array<uint16_t, Descriptor::kHalfwords>;

/// An operand of a running vector instruction: a walk over memory, or a queue.
/// Addresses are checked before they can grow beyond 32 bits.
struct Operand {
  enum class Source : uint8_t { None, Scalar, Memory, Fabric };
  Source source = Source::None;
  uint8_t bytes = 0; // of an element
  uint8_t dsr = 0;
  uint8_t queue = 0;
  bool packed = false;
  bool control = false;
  bool save = false;
  bool twoDimensional = false;
  int16_t stride0 = 0;
  uint16_t extent0 = 0;
  uint16_t endBase = 0; // what `save` writes
  uint32_t inner = 0;
  int32_t address = 0;
  int32_t row = 0;
  int32_t stepBytes = 0;
  int32_t rowBytes = 0;
  uint32_t value = 0; // of a scalar

  void next() {
    address += stepBytes;
    if (twoDimensional && ++inner == extent0) {
      inner = 0;
      row += rowBytes;
      address = row;
    }
  }
  /// n elements on; they do not cross the end of a row.
  void advance(uint32_t n) {
    address += int32_t(n) * stepBytes;
    if (twoDimensional) {
      inner += n;
      if (inner == extent0) {
        inner = 0;
        row += rowBytes;
        address = row;
      }
    }
  }
};

/// A vector instruction in the main thread or in a microthread.
struct VectorOp {
  enum class State : uint8_t { Free, Running, Completing };
  State state = State::Free;
  Opcode op = Opcode::Nop;
  OnComplete onComplete = OnComplete::None;
  uint8_t task = 0;
  bool hasFabric = false;
  bool readsMayConflict = false;
  bool alwaysConflicts = false;
  bool readsApart = false; // the sources have no address in common
  bool pauses = false;
  bool advance = false;  // the control wavelet at the end is still to be sent
  bool inMemory = false; // no access can fault
  bool inOrder = false;  // element by element gives what step by step gives
  bool hasValue = true;  // see VectorPlan
  bool taking = false;   // as its Intake says
  int32_t issuedBy = -1; // task
  uint32_t pc = 0;
  uint32_t scalar = 0;
  uint32_t length = 0;
  uint32_t done = 0;
  uint32_t perStep = 1;
  uint32_t sent = 0;
  /// A number for all but the bases of its descriptors, from 1; that of no
  /// other lane, as a look at the core in another one may go on with the
  /// instruction.
  uint64_t shape = 0;
  /// The channels of a fabric input and of a fabric output.
  Channel *in = nullptr;
  Channel *out = nullptr;
  /// The input queue, once it is made.
  Fifo *words = nullptr;
  /// Running: no step before this cycle. Completing: the completion's cycle.
  Cycle nextStep = 0;
  Operand dest, src0, src1;

  /// As new, but for the operands.
  void reset() {
    state = State::Free;
    onComplete = OnComplete::None;
    task = 0;
    hasFabric = readsMayConflict = alwaysConflicts = pauses = advance = false;
    taking = false;
    length = done = sent = 0;
    perStep = 1;
    in = out = nullptr;
    words = nullptr;
  }
};

/// The bytes that a walk touches, counted from its base.
struct Reach {
  int64_t low = 0;
  int64_t high = 0;
  bool odd = false; // some addresses are, if the base is even
};
Reach reachOf(const Operand &o, uint32_t length);

inline uint32_t scalarValue(const Operand &o, uint32_t scalar) {
  return o.bytes == 2 ? scalar & 0xffffu : scalar;
}

/// What the set-up of a vector instruction came to.
struct SetUp {
  bool isKnown = false;
  /// Bit i: dest, src0 or src1 has a descriptor.
  uint8_t used = 0;
  /// Bit i: every step uses the same bank for dest and for source i if they
  /// begin in the same one.
  uint8_t sameBank = 0;
  uint8_t scalarRegister = 0;
  std::array<Dsr, 3> dsrs{};
  std::array<Reach, 3> reach;
  VectorOp op;
};

/// Why a thread does not act in a cycle.
enum class Wait : uint8_t { None, Time, Words, Room };

} // namespace wafer::fast

#endif // WAFER_LIB_SIM_FASTVECTOROP_H
