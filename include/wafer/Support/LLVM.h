// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LLVM.h - Common MLIR and LLVM names ----------------------*- C++ -*-===//
//
// Brings the names that every file of the compiler part uses into namespace
// wafer. Only libraries that link MLIR include it.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_LLVM_H
#define WAFER_SUPPORT_LLVM_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Support/LLVM.h"

namespace wafer {

using mlir::ArrayAttr;
using mlir::ArrayRef;
using mlir::Attribute;
using mlir::Block;
using mlir::cast;
using mlir::cast_or_null;
using mlir::DenseMap;
using mlir::DictionaryAttr;
using mlir::dyn_cast;
using mlir::dyn_cast_or_null;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::FlatSymbolRefAttr;
using mlir::function_ref;
using mlir::InFlightDiagnostic;
using mlir::IntegerAttr;
using mlir::isa;
using mlir::isa_and_nonnull;
using mlir::Location;
using mlir::LogicalResult;
using mlir::MLIRContext;
using mlir::ModuleOp;
using mlir::OpBuilder;
using mlir::Operation;
using mlir::RankedTensorType;
using mlir::SmallVector;
using mlir::SmallVectorImpl;
using mlir::StringAttr;
using mlir::StringRef;
using mlir::succeeded;
using mlir::success;
using mlir::SymbolRefAttr;
using mlir::SymbolTable;
using mlir::SymbolTableCollection;
using mlir::Type;
using mlir::TypedAttr;
using mlir::TypeRange;
using mlir::Value;
using mlir::ValueRange;

} // namespace wafer

#endif // WAFER_SUPPORT_LLVM_H
