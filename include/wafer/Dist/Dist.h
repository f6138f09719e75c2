// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Dist.h - The wafer dialect: distributed programs ---------*- C++ -*-===//
#ifndef WAFER_DIST_DIST_H
#define WAFER_DIST_DIST_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "wafer/Dist/DistDialect.h.inc"
#include "wafer/Dist/DistEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/Dist/DistAttrs.h.inc"

#define GET_OP_CLASSES
#include "wafer/Dist/DistOps.h.inc"

namespace wafer::dist {

/// The layout of a distributed tensor type; null where it has none.
LayoutAttr getLayout(mlir::Type type);
/// `type` with another layout.
mlir::RankedTensorType withLayout(mlir::RankedTensorType type,
                                  LayoutAttr layout);
/// `layout` without its partial axis.
LayoutAttr withoutPartial(LayoutAttr layout);
/// The slicing symbol of dimension `dim`, or null where it is whole.
mlir::FlatSymbolRefAttr getSlicing(LayoutAttr layout, unsigned dim);

} // namespace wafer::dist

#endif // WAFER_DIST_DIST_H
