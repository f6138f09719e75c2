// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WPEAssembly.h - Custom directives of the op formats ------*- C++ -*-===//
//
// What the declarative formats cannot say: addresses with an optional dynamic
// part, sizes that are a number, a name or a value, and run-length tables.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_WPE_WPEASSEMBLY_H
#define WAFER_LIB_WPE_WPEASSEMBLY_H

#include "wafer/WPE/WPE.h"

namespace wafer::wpe {

using OptionalOperand = std::optional<mlir::OpAsmParser::UnresolvedOperand>;

/// `[%index + 8]`, `[%index]`, `[8]`, or nothing for byte 0.
mlir::ParseResult parseByteAddress(mlir::OpAsmParser &parser,
                                   OptionalOperand &index,
                                   mlir::IntegerAttr &offset);
void printByteAddress(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                      mlir::Value index, mlir::IntegerAttr offset);

/// `8`, `@param` or `%value`.
mlir::ParseResult parseExtent(mlir::OpAsmParser &parser,
                              OptionalOperand &dynamic, mlir::Attribute &fixed);
void printExtent(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                 mlir::Value dynamic, mlir::Attribute fixed);

/// `offset(..) extent(..) stride(..) extent1(..) stride1(..)`; all but the
/// extent may be left out.
mlir::ParseResult
parseMemShape(mlir::OpAsmParser &parser, OptionalOperand &offset,
              mlir::IntegerAttr &staticOffset, OptionalOperand &dynamicExtent,
              mlir::Attribute &extent, mlir::Attribute &stride,
              mlir::Attribute &extent1, mlir::Attribute &stride1);
void printMemShape(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                   mlir::Value offset, mlir::IntegerAttr staticOffset,
                   mlir::Value dynamicExtent, mlir::Attribute extent,
                   mlir::Attribute stride, mlir::Attribute extent1,
                   mlir::Attribute stride1);

/// `rows {..} columns {..} values {n = 5}`, each left out where it is empty.
mlir::ParseResult parseRegionTables(mlir::OpAsmParser &parser,
                                    mlir::DictionaryAttr &rows,
                                    mlir::DictionaryAttr &columns,
                                    mlir::DictionaryAttr &values);
void printRegionTables(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                       mlir::DictionaryAttr rows, mlir::DictionaryAttr columns,
                       mlir::DictionaryAttr values);

/// `[3 x 200, 7, 4 x 0 step 11]`.
mlir::ParseResult parseRuns(mlir::AsmParser &parser,
                            llvm::SmallVectorImpl<uint16_t> &values);
void printRuns(mlir::AsmPrinter &printer, llvm::ArrayRef<uint16_t> values);

/// The type of the scalar of a vector instruction where the mnemonic fixes it
/// (multiply-adds and shifts); null elsewhere.
mlir::Type impliedScalarType(mlir::MLIRContext *context, const OpcodeInfo &info,
                             llvm::StringRef mnemonic);

} // namespace wafer::wpe

#endif // WAFER_LIB_WPE_WPEASSEMBLY_H
