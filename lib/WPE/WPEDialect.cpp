// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "WPEAssembly.h"

#include "wafer/Support/BytecodeVersion.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wafer::wpe;

#include "wafer/WPE/WPEDialect.cpp.inc"
#include "wafer/WPE/WPEEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/WPE/WPEAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "wafer/WPE/WPETypes.cpp.inc"

void WPEDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "wafer/WPE/WPETypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "wafer/WPE/WPEAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "wafer/WPE/WPEOps.cpp.inc"
      >();
  addInterfaces<VersionedBytecode<0, 1>>();
}

Operation *WPEDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  auto typed = dyn_cast<TypedAttr>(value);
  if (!typed || typed.getType() != type) {
    return nullptr;
  }
  return ConstantOp::create(builder, loc, typed);
}
