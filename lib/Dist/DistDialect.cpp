// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Dist/Dist.h"

#include "wafer/Support/BytecodeVersion.h"

using namespace mlir;
using namespace wafer::dist;

#include "wafer/Dist/DistDialect.cpp.inc"

void DistDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "wafer/Dist/DistOps.cpp.inc"
      >();
  addInterfaces<VersionedBytecode<0, 1>>();
}
