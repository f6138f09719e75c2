// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WFabricDialect.cpp - Registration and bytecode version -------------===//
#include "wafer/WFabric/WFabric.h"

#include "wafer/Support/BytecodeVersion.h"

using namespace wafer::wfabric;

#include "wafer/WFabric/WFabricDialect.cpp.inc"

void WFabricDialect::registerBytecode() {
  addInterfaces<VersionedBytecode<kVersionMajor, kVersionMinor>>();
}

void WFabricDialect::initialize() {
  registerAttributes();
  registerBytecode();
  addOperations<
#define GET_OP_LIST
#include "wafer/WFabric/WFabricOps.cpp.inc"
      >();
}
