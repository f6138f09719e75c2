// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Reduce.h - Making failing IR small -------------------------*- C++
//-*-===//
//
// What a reducer may do with our operations: erase those that nobody uses, pass
// an operand on instead of computing a result, narrow operations with several
// results, repeat fewer layers, take control flow apart, shrink rectangles.
// Each change is only made where a test script still finds the module
// interesting, so none has to preserve what the program means. The pass
// `wafer-reduce` applies them; MLIR's `reduction-tree` finds them, too.
//
// A dialect of others joins through mlir::DialectReductionPatternInterface,
// with patterns that ask the tester they are given.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_REDUCE_REDUCE_H
#define WAFER_REDUCE_REDUCE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/Pass.h"

namespace wafer {

/// Gives each of Wafer's dialects its reduction patterns when it is loaded.
void registerReductionPatterns(mlir::DialectRegistry &registry);

#define GEN_PASS_DECL
#include "wafer/Reduce/ReducePasses.h.inc"
#define GEN_PASS_REGISTRATION
#include "wafer/Reduce/ReducePasses.h.inc"

} // namespace wafer

#endif // WAFER_REDUCE_REDUCE_H
