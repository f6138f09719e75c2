// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WPE.h - The dialect of core roles ------------------------*- C++ -*-===//
//
// Everything that users of the `wpe` dialect include. The operations are
// described in dialects/wafer/WPE/*.td; `docs/design/lowering.md` says where
// the dialect stands.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_WPE_WPE_H
#define WAFER_WPE_WPE_H

#include "wafer/Image/Isa.h"
#include "wafer/WPE/Shape.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace wafer::wpe {

/// i16, i32, f16 or f32: what memory and wavelets hold.
bool isElementType(mlir::Type type);
/// 2 or 4.
unsigned elementBytes(mlir::Type type);

} // namespace wafer::wpe

#include "wafer/WPE/WPEDialect.h.inc"
#include "wafer/WPE/WPEEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/WPE/WPEAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "wafer/WPE/WPETypes.h.inc"
#define GET_OP_CLASSES
#include "wafer/WPE/WPEOps.h.inc"

#endif // WAFER_WPE_WPE_H
