// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Symbols.h - Values that are not known (internal) ---------*- C++ -*-===//
//
// A value is a constant, or a symbol plus a constant. Symbols are expressions,
// each stored once, over leaves: parameters of the core, words that it
// received, and the values that a location has when a loop without end begins
// anew. Equal symbols have equal values in two cores of a role if their leaves
// have. `kData` is anything at all and equals nothing, not even itself.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_SYMBOLS_H
#define WAFER_LIB_CERTIFY_SYMBOLS_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace wafer::certifier {

inline constexpr uint32_t kConstant = 0;
inline constexpr uint32_t kData = 1;

struct Value {
  uint32_t symbol = kConstant;
  uint32_t add = 0;

  bool isKnown() const { return symbol == kConstant; }
  bool isData() const { return symbol == kData; }
  friend bool operator==(Value a, Value b) {
    return a.symbol == b.symbol && a.add == b.add;
  }
  friend bool operator!=(Value a, Value b) { return !(a == b); }
  friend bool operator<(Value a, Value b) {
    return a.symbol != b.symbol ? a.symbol < b.symbol : a.add < b.add;
  }
};
inline Value known(uint32_t v) { return {kConstant, v}; }
inline Value data() { return {kData, 0}; }

enum class SymbolKind : uint8_t {
  Param,     // args: role, halfword of the parameter block
  Head,      // args: role, instruction, location
  Received,  // args: role, instruction, how often it was run, word
  Operation, // code: opcode; args: operands
  Select,    // args: condition, where it does not hold, where it does
  FirstOf,   // args: lengths; the first that is not zero
  Extent,    // args: extent0, extent1
  Wavelets,  // args: elements of 16 bits that travel in pairs
  Condition  // code: opcode; args: operands; 1 if the branch is taken
};
inline bool isLeaf(SymbolKind kind) {
  return kind == SymbolKind::Param || kind == SymbolKind::Head ||
         kind == SymbolKind::Received;
}

struct Symbol {
  SymbolKind kind = SymbolKind::Operation;
  uint32_t code = 0;
  std::vector<Value> args;
  /// The leaves that it is made of, ascending.
  std::vector<uint32_t> leaves;
  uint32_t depth = 0;

  friend bool operator<(const Symbol &a, const Symbol &b) {
    if (a.kind != b.kind) {
      return a.kind < b.kind;
    }
    return a.code != b.code ? a.code < b.code : a.args < b.args;
  }
};

/// What an expression of constants comes to, if its kind says.
std::optional<uint32_t> evaluate(SymbolKind kind, uint32_t code,
                                 const std::vector<uint32_t> &args);

class Symbols {
public:
  Symbols() : all(2) {}

  /// The value of an expression: data if an argument is or it is too large, a
  /// constant where the arguments say enough.
  Value make(SymbolKind kind, uint32_t code, std::vector<Value> args);
  const Symbol &operator[](uint32_t symbol) const { return all[symbol]; }

  const std::vector<uint32_t> &leavesOf(Value value) const {
    return all[value.symbol].leaves;
  }
  /// Whether all leaves are parameters.
  bool isOfParams(Value value) const {
    bool pure = !value.isData();
    for (uint32_t leaf : leavesOf(value)) {
      pure &= all[leaf].kind == SymbolKind::Param;
    }
    return pure;
  }
  /// `value` with some symbols replaced by the values in `done`, which gets
  /// those of all symbols on the way.
  Value substitute(Value value, std::map<uint32_t, Value> &done);

private:
  static constexpr uint32_t kMaxDepth = 256;
  static constexpr size_t kMaxLeaves = 64;

  std::vector<Symbol> all;
  std::map<Symbol, uint32_t> places;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_SYMBOLS_H
