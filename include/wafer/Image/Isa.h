// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Isa.h - Instruction, descriptor and route encodings ------*- C++ -*-===//
//
// The bit-level vocabulary that the image, the verifier, the engines and the
// emitter share. docs/machine/abstract-machine.md is the specification; this
// header is its spelling in C++ and holds no behaviour beyond field access.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_ISA_H
#define WAFER_IMAGE_ISA_H

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wafer {

enum class Opcode : uint8_t {
#define SCALAR(Name, Mnemonic, Code, Form, Cost) Name = Code,
#define VECTOR(Name, Mnemonic, Code, Sources, Dest, Src0, Src1, Scalar)        \
  Name = Code,
#include "wafer/Image/Opcodes.def"
};

/// Which fields of an instruction a mnemonic uses, and how they are written.
enum class Form : uint8_t {
  None,       // end
  Rd,         // tsc r1
  Ra,         // ret r1                    (field b)
  Target,     // jmp label                 (imm = instruction index)
  RdTarget,   // dbnz r1, label            (a, imm)
  RaRbTarget, // beq r1, r2, label         (b, c, imm)
  TaskId,     // activate 3                (imm = index into the task table)
  RdImm,      // li r1, 42                 (a, imm)
  RdRa,       // ftoh r1, r2               (a, b)
  RdRaRb,     // add r1, r2, r3            (a, b, c)
  RdRaImm,    // addi r1, r2, 4            (a, b, imm)
  RdMem,      // ldw r1, [r2 + 8]          (a, b, imm)
  DsrMem,     // dsrload d0, [r2 + 8]      (a = DSR, b, imm)
  DsrRa,      // dsrbase d0, r2            (a = DSR, b)
  Vector      // fmachs d0, s1.0, ...      (a, b, c = DSRs, imm = vector fields)
};

/// The timing parameter of a machine's parameter set that an instruction pays.
enum class CostClass : uint8_t {
  Alu,
  Multiply,
  Float,
  FloatDivide,
  Load,
  Store,
  Branch,
  Task,
  Clock,
  DsrLoad,
  DsrSet,
  Vector
};

enum class ElementType : uint8_t { None, B16, B32, F16, F32 };
/// Bytes of one element; 0 for None.
constexpr unsigned sizeOf(ElementType t) {
  return t == ElementType::None                             ? 0
         : (t == ElementType::B16 || t == ElementType::F16) ? 2
                                                            : 4;
}

/// How a vector instruction uses its scalar register.
enum class ScalarUse : uint8_t { Never, Replaces, Multiplies, Count };

/// Everything static about one opcode.
struct OpcodeInfo {
  std::string_view mnemonic;
  Form form = Form::None;
  CostClass cost = CostClass::Alu;
  bool isVector = false;
  unsigned numSources = 0;
  ElementType dest = ElementType::None;
  ElementType src0 = ElementType::None;
  ElementType src1 = ElementType::None;
  ScalarUse scalar = ScalarUse::Never;
};

/// The description of `op`, or nullptr where the byte is no opcode.
const OpcodeInfo *lookupOpcode(uint8_t code);
inline const OpcodeInfo &infoOf(Opcode op) {
  return *lookupOpcode(uint8_t(op));
}
/// The opcode with this mnemonic, if there is one.
std::optional<Opcode> parseMnemonic(std::string_view mnemonic);

inline constexpr unsigned kNumRegisters = 32; // r0 reads as zero
inline constexpr unsigned kNoOperand = 0xff;

/// One instruction:
///
///  63      56 55     48 47     40 39     32 31                             0
/// +----------+---------+---------+---------+--------------------------------+
/// |  opcode  |    a    |    b    |    c    |              imm               |
/// +----------+---------+---------+---------+--------------------------------+
///
/// In memory (little endian file) the order of bytes is opcode, a, b, c, imm.
struct Instruction {
  Opcode op = Opcode::Nop;
  uint8_t a = 0;
  uint8_t b = 0;
  uint8_t c = 0;
  uint32_t imm = 0;

  friend bool operator==(const Instruction &x, const Instruction &y) {
    return x.op == y.op && x.a == y.a && x.b == y.b && x.c == y.c &&
           x.imm == y.imm;
  }
};

/// Descriptor registers are named by file and index: (file << 3) | index.
enum class DsrFile : uint8_t { Dest = 0, Src0 = 1, Src1 = 2 };
inline constexpr unsigned kDsrsPerFile = 8;
inline constexpr unsigned kNumDsrs = 3 * kDsrsPerFile;
constexpr uint8_t dsrId(DsrFile file, unsigned index) {
  return uint8_t((unsigned(file) << 3) | index);
}

/// What an asynchronous vector instruction does when it is done.
enum class OnComplete : uint8_t { None = 0, Activate = 1, Unblock = 2 };

/// The imm field of a vector instruction:
///
///  31         17 16       11 10   9 8        6   5    4          0
/// +-------------+-----------+------+----------+-----+-------------+
/// |   zero      |  task     | done | microthr.|async| scalar reg. |
/// +-------------+-----------+------+----------+-----+-------------+
struct VectorFields {
  uint8_t scalarRegister = 0;
  bool async = false;
  uint8_t microthread = 0;
  OnComplete onComplete = OnComplete::None;
  uint8_t task = 0;

  static VectorFields decode(uint32_t imm) {
    VectorFields f;
    f.scalarRegister = imm & 31u;
    f.async = (imm >> 5) & 1u;
    f.microthread = (imm >> 6) & 7u;
    f.onComplete = OnComplete((imm >> 9) & 3u);
    f.task = (imm >> 11) & 63u;
    return f;
  }
  uint32_t encode() const {
    return uint32_t(scalarRegister & 31u) | (uint32_t(async) << 5) |
           (uint32_t(microthread & 7u) << 6) | (uint32_t(onComplete) << 9) |
           (uint32_t(task & 63u) << 11);
  }
};

enum class DescriptorKind : uint8_t {
  Memory = 0,
  FabricIn = 1,
  FabricOut = 2,
  FabricControl = 3
};

/// A descriptor as it lies in SRAM: eight halfwords, 16 bytes, aligned to 4.
///
///   h0 base      byte address (memory kinds)
///   h1 extent0   elements of the inner dimension
///   h2 stride0   signed, in elements
///   h3 control   1:0 kind, 4:2 queue, 5 packed, 6 save, 7 advance
///   h4 extent1   outer dimension; 0 means one-dimensional
///   h5 stride1   signed, in elements
///   h6, h7       zero
struct Descriptor {
  uint16_t base = 0;
  uint16_t extent0 = 0;
  int16_t stride0 = 0;
  DescriptorKind kind = DescriptorKind::Memory;
  uint8_t queue = 0;
  /// 16-bit elements travel two to a wavelet (low half first).
  bool packed = false;
  /// Self-stepping: after the instruction the register points behind the last
  /// element instead of back at the first.
  bool save = false;
  /// A fabric output appends a SWITCH_ADV control wavelet after its last one.
  bool advanceSwitch = false;
  uint16_t extent1 = 0;
  int16_t stride1 = 0;

  static constexpr unsigned kHalfwords = 8;
  static constexpr unsigned kBytes = 16;

  /// Elements in all; 0 where extent0 is 0.
  uint32_t length() const {
    return uint32_t(extent0) * (extent1 ? extent1 : 1u);
  }
  static Descriptor decode(const uint16_t *h) {
    Descriptor d;
    d.base = h[0];
    d.extent0 = h[1];
    d.stride0 = int16_t(h[2]);
    d.kind = DescriptorKind(h[3] & 3u);
    d.queue = (h[3] >> 2) & 7u;
    d.packed = (h[3] >> 5) & 1u;
    d.save = (h[3] >> 6) & 1u;
    d.advanceSwitch = (h[3] >> 7) & 1u;
    d.extent1 = h[4];
    d.stride1 = int16_t(h[5]);
    return d;
  }
  std::array<uint16_t, kHalfwords> encode() const {
    uint16_t control = uint16_t(
        unsigned(kind) | (unsigned(queue & 7u) << 2) | (unsigned(packed) << 5) |
        (unsigned(save) << 6) | (unsigned(advanceSwitch) << 7));
    return {base,    extent0, uint16_t(stride0),
            control, extent1, uint16_t(stride1),
            0,       0};
  }
};

//===----------------------------------------------------------------------===//
// Control wavelets and routes
//===----------------------------------------------------------------------===//

enum class SwitchCommand : uint8_t {
  Nop = 0,
  Advance = 1,
  Reset = 2,
  Teardown = 3
};
inline constexpr unsigned kMaxSwitchCommands = 3;

/// The payload of a control wavelet:
///
///  31    30    29 28  27     26 25   24     23 22  21        16 15          0
/// +----+------+------+------+------+------+-------+------------+-------------+
/// |zero|noce 2| op 2 |noce 1| op 1 |noce 0| op 0  | task entry |    data     |
/// +----+------+------+------+------+------+-------+------------+-------------+
///
/// Published: bits 24:0 (facts: machine.md section 2.2). The place of commands
/// 1 and 2 continues the published three-bit pattern; the vendor allows eight.
struct ControlWavelet {
  uint16_t data = 0;
  uint8_t taskEntry = 0;
  struct Command {
    SwitchCommand op = SwitchCommand::Nop;
    /// Do not deliver to the core.
    bool noce = false;
  };
  std::array<Command, kMaxSwitchCommands> commands;

  static ControlWavelet decode(uint32_t bits) {
    ControlWavelet w;
    w.data = uint16_t(bits);
    w.taskEntry = (bits >> 16) & 63u;
    for (unsigned i = 0; i < kMaxSwitchCommands; ++i) {
      w.commands[i].op = SwitchCommand((bits >> (22 + 3 * i)) & 3u);
      w.commands[i].noce = (bits >> (24 + 3 * i)) & 1u;
    }
    return w;
  }
  uint32_t encode() const {
    uint32_t bits = data | (uint32_t(taskEntry & 63u) << 16);
    for (unsigned i = 0; i < kMaxSwitchCommands; ++i) {
      bits |= uint32_t(commands[i].op) << (22 + 3 * i);
      bits |= uint32_t(commands[i].noce) << (24 + 3 * i);
    }
    return bits;
  }
};

/// What happens to the command list of a control wavelet as it passes.
enum class PopMode : uint8_t {
  Never = 0,
  Always = 1,
  OnAdvance = 2,
  OnAdvanceNop = 3
};

/// One position of a router's switch for one color.
struct SwitchPosition {
  uint8_t rx = 0; // mask of portBit()
  uint8_t tx = 0;
  friend bool operator==(const SwitchPosition &a, const SwitchPosition &b) {
    return a.rx == b.rx && a.tx == b.tx;
  }
};

enum class FilterKind : uint8_t { None = 0, Counter = 1, Range = 2 };

/// Drops data wavelets at the ramp of a router before they reach the core.
/// Counter: of every `max + 1` wavelets (counted from `init`) those whose
/// count is below `limit` pass. Range: those whose upper 16 bits lie in
/// [min, max] pass.
struct Filter {
  FilterKind kind = FilterKind::None;
  uint16_t init = 0;  // counter
  uint16_t limit = 0; // counter
  uint16_t min = 0;   // range
  uint16_t max = 0;   // counter: last count before it wraps; range: last index
  friend bool operator==(const Filter &a, const Filter &b) {
    return a.kind == b.kind && a.init == b.init && a.limit == b.limit &&
           a.min == b.min && a.max == b.max;
  }
};

/// The configuration of one color in one router.
struct RouteConfig {
  /// positions[0] is the base route; numPositions is 1 to 4.
  std::array<SwitchPosition, 4> positions;
  uint8_t numPositions = 1;
  uint8_t currentPosition = 0;
  bool ring = false;
  PopMode pop = PopMode::Never;
  Filter filter;

  friend bool operator==(const RouteConfig &a, const RouteConfig &b) {
    return a.positions == b.positions && a.numPositions == b.numPositions &&
           a.currentPosition == b.currentPosition && a.ring == b.ring &&
           a.pop == b.pop && a.filter == b.filter;
  }
};

} // namespace wafer

#endif // WAFER_IMAGE_ISA_H
