// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WGRAPH_WGRAPH_H
#define WAFER_WGRAPH_WGRAPH_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "wafer/WGraph/WGraphDialect.h.inc"

#define GET_OP_CLASSES
#include "wafer/WGraph/WGraphOps.h.inc"

#endif // WAFER_WGRAPH_WGRAPH_H
