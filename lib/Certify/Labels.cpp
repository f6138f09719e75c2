// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Labels.h"

#include "wafer/Image/Isa.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::certifier;

uint32_t Labels::ofSymbol(SymbolKind kind, uint32_t code,
                          std::vector<uint32_t> operands) {
  std::vector<uint32_t> known;
  for (uint32_t o : operands) {
    if (o == kUnknown) {
      return kUnknown;
    }
    if (std::optional<uint32_t> constant = constantOf(o)) {
      known.push_back(*constant);
    }
  }
  if (known.size() == operands.size()) {
    if (std::optional<uint32_t> result = evaluate(kind, code, known)) {
      return ofConstant(*result);
    }
  }
  // x | 0 is x.
  bool isOr = kind == SymbolKind::Operation && Opcode(code) == Opcode::Or;
  for (unsigned i = 0; isOr && operands.size() == 2 && i < 2; ++i) {
    if (operands[i] == ofConstant(0)) {
      return operands[1 - i];
    }
  }
  bool isSum = kind == SymbolKind::Operation && Opcode(code) == Opcode::FAddS;
  if (!isSum || operands.size() != 2) {
    return of({uint32_t(kind), code, std::move(operands)});
  }
  // x + 0 is not always x (a minus zero, some NaNs), but adding a second zero
  // changes nothing any more.
  uint32_t zero = ofConstant(0);
  if (operands[0] == zero) {
    std::swap(operands[0], operands[1]);
  }
  if (operands[1] != zero) {
    return of({uint32_t(kind), code, std::move(operands)});
  }
  if (operands[0] == zero || sumsWithZero.count(operands[0])) {
    return operands[0];
  }
  uint32_t sum = of({uint32_t(kind), code, std::move(operands)});
  sumsWithZero[sum] = true;
  return sum;
}
