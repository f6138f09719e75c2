// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/WGraph/WGraph.h"

using namespace wafer::wgraph;

#include "wafer/WGraph/WGraphDialect.cpp.inc"

void WGraphDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "wafer/WGraph/WGraphOps.cpp.inc"
      >();
}
