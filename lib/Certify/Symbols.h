// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Symbols.h - Values that are not known (internal) ---------*- C++ -*-===//
//
// A value is a constant, or a symbol plus a constant. Symbols are expressions,
// each stored once, over parameters of the core and the values that a location
// has when a loop without end begins anew. Equal symbols have equal values in
// two cores if their leaves have. `kData` is anything at all and equals
// nothing, not even itself.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_SYMBOLS_H
#define WAFER_LIB_CERTIFY_SYMBOLS_H

#include <cstdint>
#include <map>
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
  Param, // args: role, halfword of the parameter block
  Head,  // args: role, instruction, location
  Operation,
  Select,   // args: condition, then, else
  FirstOf,  // args: lengths; the first that is not zero
  Extent,   // args: extent0, extent1
  Wavelets, // args: elements of 16 bits that travel in pairs
  Condition // args: opcode, operands
};

struct Symbol {
  SymbolKind kind = SymbolKind::Operation;
  uint32_t code = 0;
  std::vector<Value> args;
  friend bool operator<(const Symbol &a, const Symbol &b) {
    if (a.kind != b.kind) {
      return a.kind < b.kind;
    }
    return a.code != b.code ? a.code < b.code : a.args < b.args;
  }
};

class Symbols {
public:
  Symbols() : all(2) {}

  /// The symbol of an expression; data if an argument is.
  Value make(SymbolKind kind, uint32_t code, std::vector<Value> args) {
    for (Value v : args) {
      if (v.isData()) {
        return data();
      }
    }
    Symbol s{kind, code, std::move(args)};
    auto [at, isNew] = places.emplace(s, uint32_t(all.size()));
    if (isNew) {
      all.push_back(std::move(s));
    }
    return {at->second, 0};
  }
  const Symbol &operator[](uint32_t symbol) const { return all[symbol]; }

  /// Calls `body` for each leaf (Param, Head) of a value, each once.
  template <typename Body>
  void forEachLeaf(Value value, Body body) const {
    std::vector<uint32_t> work = {value.symbol};
    std::vector<uint32_t> seen;
    while (!work.empty()) {
      uint32_t s = work.back();
      work.pop_back();
      bool known = s <= kData;
      for (uint32_t other : seen) {
        known |= other == s;
      }
      if (known) {
        continue;
      }
      seen.push_back(s);
      const Symbol &symbol = all[s];
      if (symbol.kind == SymbolKind::Param || symbol.kind == SymbolKind::Head) {
        body(s, symbol);
        continue;
      }
      for (Value v : symbol.args) {
        work.push_back(v.symbol);
      }
    }
  }

private:
  std::vector<Symbol> all;
  std::map<Symbol, uint32_t> places;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_SYMBOLS_H
