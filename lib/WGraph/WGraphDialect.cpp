// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WGraphDialect.cpp - Registration and bytecode version --------------===//
#include "wafer/WGraph/WGraph.h"

#include "wafer/Support/BytecodeVersion.h"

using namespace wafer;
using namespace wafer::wgraph;

#include "wafer/WGraph/WGraphDialect.cpp.inc"

void WGraphDialect::registerBytecode() {
  addInterfaces<VersionedBytecode<kVersionMajor, kVersionMinor>>();
}

void WGraphDialect::initialize() {
  registerAttributes();
  registerBytecode();
  addOperations<
#define GET_OP_LIST
#include "wafer/WGraph/WGraphOps.cpp.inc"
      >();
}
