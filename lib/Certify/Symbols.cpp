// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Symbols.h"

#include "wafer/Image/IntegerArithmetic.h"

#include <algorithm>
#include <iterator>
#include <optional>

using namespace wafer;
using namespace wafer::certifier;

static std::optional<bool> isTaken(Opcode op, Value x, Value y) {
  if (x == y) {
    // Also where the value is not known.
    switch (op) {
    case Opcode::BranchEq:
    case Opcode::BranchGe:
      return true;
    case Opcode::BranchNe:
    case Opcode::LoopDec:
    case Opcode::BranchLt:
      return false;
    default:
      return std::nullopt;
    }
  }
  if (!x.isKnown() || !y.isKnown()) {
    return std::nullopt;
  }
  // The counter of a loop is compared with zero.
  return integerBranch(op == Opcode::LoopDec ? Opcode::BranchNe : op, x.add,
                       y.add);
}

/// The first length that is not zero; 1 if there is none.
static std::optional<Value> firstOf(std::vector<Value> &lengths) {
  std::vector<Value> choices;
  for (Value v : lengths) {
    bool again = !choices.empty() && choices.back() == v;
    if (v == known(0) || again) {
      continue;
    }
    choices.push_back(v);
    if (v.isKnown()) {
      break;
    }
  }
  if (choices.empty() || !choices.back().isKnown()) {
    choices.push_back(known(1));
  }
  lengths = choices;
  return choices.size() == 1 ? std::optional<Value>(choices[0]) : std::nullopt;
}

static std::optional<Value> simplify(SymbolKind kind, uint32_t code,
                                     std::vector<Value> &args) {
  switch (kind) {
  case SymbolKind::Operation:
    if (args.size() == 2 && args[0].isKnown() && args[1].isKnown()) {
      // Arithmetic in floating point stays a symbol.
      if (auto result = integerResult(Opcode(code), args[0].add, args[1].add)) {
        return known(*result);
      }
    }
    return std::nullopt;
  case SymbolKind::Condition:
    if (auto taken = isTaken(Opcode(code), args[0], args[1])) {
      return known(*taken);
    }
    return std::nullopt;
  case SymbolKind::Select:
    if (args[1] == args[2]) {
      return args[1];
    }
    return args[0].isKnown() ? std::optional<Value>(args[args[0].add ? 2 : 1])
                             : std::nullopt;
  case SymbolKind::FirstOf:
    return firstOf(args);
  case SymbolKind::Extent:
    return args[0].isKnown() ? std::optional<Value>(
                                   known((args[0].add & 0xffffu) * args[1].add))
                             : std::nullopt;
  case SymbolKind::Wavelets:
    return args[0].isKnown()
               ? std::optional<Value>(known((args[0].add + 1) / 2))
               : std::nullopt;
  default:
    return std::nullopt;
  }
}

std::optional<uint32_t>
wafer::certifier::evaluate(SymbolKind kind, uint32_t code,
                           const std::vector<uint32_t> &args) {
  std::vector<Value> values;
  for (uint32_t a : args) {
    values.push_back(known(a));
  }
  std::optional<Value> result = simplify(kind, code, values);
  return result && result->isKnown() ? std::optional<uint32_t>(result->add)
                                     : std::nullopt;
}

Value Symbols::make(SymbolKind kind, uint32_t code, std::vector<Value> args) {
  for (Value v : args) {
    if (v.isData()) {
      return data();
    }
  }
  if (std::optional<Value> simple = simplify(kind, code, args)) {
    return *simple;
  }
  Symbol s;
  s.kind = kind;
  s.code = code;
  s.args = std::move(args);
  auto found = places.find(s);
  if (found != places.end()) {
    return {found->second, 0};
  }
  uint32_t index = uint32_t(all.size());
  if (isLeaf(kind)) {
    s.leaves = {index};
  }
  for (Value v : s.args) {
    const Symbol &arg = all[v.symbol];
    std::vector<uint32_t> joined;
    std::set_union(s.leaves.begin(), s.leaves.end(), arg.leaves.begin(),
                   arg.leaves.end(), std::back_inserter(joined));
    s.leaves = std::move(joined);
    s.depth = std::max(s.depth, arg.depth + 1);
  }
  if (s.depth > kMaxDepth || s.leaves.size() > kMaxLeaves) {
    return data();
  }
  places.emplace(s, index);
  all.push_back(std::move(s));
  return {index, 0};
}

Value Symbols::substitute(Value value, std::map<uint32_t, Value> &done) {
  if (value.symbol <= kData) {
    return value;
  }
  auto at = done.find(value.symbol);
  if (at == done.end()) {
    // A copy: making symbols moves them.
    Symbol symbol = all[value.symbol];
    Value result = {value.symbol, 0};
    if (!isLeaf(symbol.kind)) {
      for (Value &v : symbol.args) {
        v = substitute(v, done);
      }
      result = make(symbol.kind, symbol.code, std::move(symbol.args));
    }
    at = done.emplace(value.symbol, result).first;
  }
  Value result = at->second;
  return result.isData() ? result
                         : Value{result.symbol, result.add + value.add};
}
