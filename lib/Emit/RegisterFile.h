// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RegisterFile.h - What registers hold ---------------------*- C++ -*-===//
//
// Registers of one kind in the task or subroutine at hand: who owns them, and
// what they hold as far as it is known, also after their owner has ended. A
// value whose content is already somewhere needs no instruction.
//
//   known at the start of a body    nothing
//   after an instruction            what it put there
//   where branches meet             what both agree on
//   at the head of a loop           what owned registers hold, for nobody
//                                   writes those in the loop
//   after a call                    the same
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_EMIT_REGISTERFILE_H
#define WAFER_LIB_EMIT_REGISTERFILE_H

#include "mlir/IR/Value.h"

#include <array>
#include <optional>

namespace wafer {

/// What a register holds. Names stand for addresses, which are not known when
/// code is measured: its length must not depend on them.
struct ScalarContent {
  enum class Kind : uint8_t { Unknown, Constant, Param, Address };
  Kind kind = Kind::Unknown;
  /// The parameter or the buffer.
  llvm::StringRef name;
  /// The constant, or the byte in the buffer.
  uint32_t value = 0;

  bool isKnown() const { return kind != Kind::Unknown; }
  bool operator==(const ScalarContent &other) const {
    return kind == other.kind && name == other.name && value == other.value;
  }
};

/// What a descriptor register holds: a descriptor of the parameter block, with
/// what was set since it was loaded.
struct DsrContent {
  std::optional<uint32_t> address;
  /// The extent that was set, if one was.
  mlir::Value extent;
  /// The base that was set: a byte in a buffer plus a value (null: zero).
  bool isBaseSet = false;
  llvm::StringRef buffer;
  uint32_t byte = 0;
  mlir::Value offset;

  bool isKnown() const { return address.has_value(); }
  bool hasBaseOf(const DsrContent &other) const {
    return isBaseSet == other.isBaseSet && buffer == other.buffer &&
           byte == other.byte && offset == other.offset;
  }
  bool operator==(const DsrContent &other) const {
    return address == other.address && extent == other.extent &&
           hasBaseOf(other);
  }
  /// Whether setting extent and base, but no load, makes `wanted` of this.
  bool canBecome(const DsrContent &wanted) const {
    return address && address == wanted.address && (wanted.extent || !extent) &&
           (wanted.isBaseSet || !isBaseSet);
  }
};

template <typename Content, unsigned kCount>
class RegisterFile {
public:
  using Contents = std::array<Content, kCount>;

  /// Begins a body that may use the registers of `mask`.
  void begin(uint32_t mask) {
    usable = mask;
    users.fill(0);
    owners.fill({});
    lastUse.fill(0);
    contents.fill({});
    clock = 0;
  }

  bool isFree(unsigned reg) const {
    return ((usable >> reg) & 1u) && users[reg] == 0;
  }
  /// Registers that are owned or may not be used.
  uint32_t taken() const {
    uint32_t mask = 0;
    for (unsigned reg = 0; reg < kCount; ++reg) {
      mask |= uint32_t(!isFree(reg)) << reg;
    }
    return mask;
  }
  llvm::ArrayRef<mlir::Value> getOwners() const { return owners; }
  const Content &operator[](unsigned reg) const { return contents[reg]; }

  /// The free register of `mask` that is least likely to be missed: the first
  /// one that holds nothing known, else the one unused for longest.
  std::optional<uint8_t> choose(uint32_t mask) const {
    std::optional<uint8_t> best;
    for (unsigned reg = 0; reg < kCount; ++reg) {
      if (!((mask >> reg) & 1u) || !isFree(reg)) {
        continue;
      }
      if (!contents[reg].isKnown()) {
        return uint8_t(reg);
      }
      if (!best || lastUse[reg] < lastUse[*best]) {
        best = uint8_t(reg);
      }
    }
    return best;
  }
  /// A register of `mask`, free or owned, that holds `content`.
  std::optional<uint8_t> find(uint32_t mask, const Content &content) const {
    for (unsigned reg = 0; reg < kCount; ++reg) {
      if (((mask & usable) >> reg) & 1u && contents[reg].isKnown() &&
          contents[reg] == content) {
        return uint8_t(reg);
      }
    }
    return std::nullopt;
  }

  /// `owner` takes a free register, or shares one for what it holds.
  void take(unsigned reg, mlir::Value owner) {
    ++users[reg];
    owners[reg] = owner;
    lastUse[reg] = ++clock;
  }
  void set(unsigned reg, const Content &content) { contents[reg] = content; }
  void give(unsigned reg) {
    lastUse[reg] = ++clock;
    if (--users[reg] == 0) {
      owners[reg] = {};
    }
  }

  // Control flow.
  const Contents &getContents() const { return contents; }
  void setContents(const Contents &other) { contents = other; }
  void meet(const Contents &other) {
    for (unsigned reg = 0; reg < kCount; ++reg) {
      if (!(contents[reg] == other[reg])) {
        contents[reg] = {};
      }
    }
  }
  void forgetFree() {
    for (unsigned reg = 0; reg < kCount; ++reg) {
      if (users[reg] == 0) {
        contents[reg] = {};
      }
    }
  }

private:
  uint32_t usable = 0;
  uint32_t clock = 0;
  std::array<uint32_t, kCount> users = {};
  std::array<uint32_t, kCount> lastUse = {};
  std::array<mlir::Value, kCount> owners = {};
  Contents contents = {};
};

} // namespace wafer

#endif // WAFER_LIB_EMIT_REGISTERFILE_H
