// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Extra.h"

#include "ExtraDialect.cpp.inc"

#define GET_OP_CLASSES
#include "ExtraOps.cpp.inc"

void extra::ExtraDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ExtraOps.cpp.inc"
      >();
}
