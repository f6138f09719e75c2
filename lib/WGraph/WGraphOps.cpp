// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/WGraph/WGraph.h"

#include "mlir/IR/OpImplementation.h"

#define GET_OP_CLASSES
#include "wafer/WGraph/WGraphOps.cpp.inc"
