// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WGraph.h - The wgraph dialect ----------------------------*- C++ -*-===//
//
// A transformer as tensors and named operations; see
// dialects/wafer/WGraph/README.md for the rationale and the operations' own
// documentation for their semantics. This header brings the dialect, its
// attributes and its operations.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_WGRAPH_WGRAPH_H
#define WAFER_WGRAPH_WGRAPH_H

#include "wafer/Support/LLVM.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/bit.h"

namespace wafer::wgraph {

class RecipeAttr;

/// The memory that appends write and attention reads.
struct StateResource : public mlir::SideEffects::Resource::Base<StateResource> {
  StringRef getName() final { return "wgraph state"; }
};

/// The version of the dialect that bytecode records.
inline constexpr uint64_t kVersionMajor = 0;
inline constexpr uint64_t kVersionMinor = 1;

} // namespace wafer::wgraph

#include "wafer/WGraph/WGraphDialect.h.inc"
#include "wafer/WGraph/WGraphEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/WGraph/WGraphAttrs.h.inc"

#define GET_OP_CLASSES
#include "wafer/WGraph/WGraphOps.h.inc"

#endif // WAFER_WGRAPH_WGRAPH_H
