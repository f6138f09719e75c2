// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Labels.h - Which received words are equal (internal) -----*- C++ -*-===//
//
// A label stands for one value that words have in a run: equal labels, equal
// values. Nothing follows from different ones.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_LABELS_H
#define WAFER_LIB_CERTIFY_LABELS_H

#include "Symbols.h"

#include "wafer/Image/Isa.h"

#include <unordered_map>

namespace wafer::certifier {

class Labels {
public:
  static constexpr uint32_t kUnknown = 0;

  /// Of a value that nothing else is known to be equal to.
  uint32_t fresh() { return ++count; }
  uint32_t ofConstant(uint32_t value) {
    auto [at, isNew] = constantLabels.try_emplace(value, count + 1);
    if (isNew) {
      constants[++count] = value;
    }
    return at->second;
  }
  /// The constant that a label stands for, if it is one.
  std::optional<uint32_t> constantOf(uint32_t label) const {
    auto at = constants.find(label);
    return at == constants.end() ? std::nullopt
                                 : std::optional<uint32_t>(at->second);
  }
  /// Of `label` and a constant.
  uint32_t ofSum(uint32_t label, uint32_t constant) {
    uint64_t key = uint64_t(label) << 32 | constant;
    auto [at, isNew] = sums.try_emplace(key, kUnknown);
    if (isNew) {
      at->second = ofSymbol(SymbolKind::Operation, uint32_t(Opcode::Add),
                            {label, ofConstant(constant)});
    }
    return at->second;
  }
  /// Of what an expression makes of operands; unknown if one of them is.
  uint32_t ofSymbol(SymbolKind kind, uint32_t code,
                    std::vector<uint32_t> operands);

private:
  struct Node {
    uint32_t kind = 0;
    uint32_t code = 0;
    std::vector<uint32_t> operands;
    friend bool operator<(const Node &a, const Node &b) {
      if (a.kind != b.kind) {
        return a.kind < b.kind;
      }
      return a.code != b.code ? a.code < b.code : a.operands < b.operands;
    }
  };
  uint32_t of(const Node &node) {
    auto [at, isNew] = labels.try_emplace(node, count + 1);
    count += isNew;
    return at->second;
  }

  uint32_t count = 0;
  std::map<Node, uint32_t> labels;
  std::unordered_map<uint32_t, uint32_t> constantLabels, constants;
  std::unordered_map<uint64_t, uint32_t> sums;
  /// Labels of x + 0 in binary32.
  std::map<uint32_t, bool> sumsWithZero;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_LABELS_H
