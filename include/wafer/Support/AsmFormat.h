// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- AsmFormat.h - Shared pieces of textual forms -------------*- C++ -*-===//
//
// `custom<...>` directives that the textual forms of several dialects use:
//   IntList     [1, 2, 3] of int64_t
//   Double      a floating point number that reads back to the same bits
//   Visibility  public (not printed), private or nested
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_ASMFORMAT_H
#define WAFER_SUPPORT_ASMFORMAT_H

#include "wafer/Support/LLVM.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/APFloat.h"

namespace wafer {

inline mlir::ParseResult parseIntList(mlir::AsmParser &parser,
                                      SmallVector<int64_t> &list) {
  return parser.parseCommaSeparatedList(
      mlir::AsmParser::Delimiter::Square,
      [&] { return parser.parseInteger(list.emplace_back()); });
}

inline void printIntList(mlir::AsmPrinter &printer, ArrayRef<int64_t> list) {
  printer << '[';
  llvm::interleaveComma(list, printer.getStream());
  printer << ']';
}

inline mlir::ParseResult parseDouble(mlir::AsmParser &parser,
                                     FailureOr<llvm::APFloat> &value) {
  double parsed = 0;
  if (parser.parseFloat(parsed)) {
    return failure();
  }
  value = llvm::APFloat(parsed);
  return success();
}

inline void printDouble(mlir::AsmPrinter &printer, const llvm::APFloat &value) {
  printer.printFloat(value);
}

inline mlir::ParseResult parseVisibility(mlir::OpAsmParser &parser,
                                         StringAttr &visibility) {
  for (StringRef word : {"private", "nested", "public"}) {
    if (succeeded(parser.parseOptionalKeyword(word))) {
      visibility = parser.getBuilder().getStringAttr(word);
      return success();
    }
  }
  return success();
}

inline void printVisibility(mlir::OpAsmPrinter &printer, Operation *,
                            StringAttr visibility) {
  if (visibility) {
    printer << visibility.getValue();
  }
}

} // namespace wafer

#endif // WAFER_SUPPORT_ASMFORMAT_H
