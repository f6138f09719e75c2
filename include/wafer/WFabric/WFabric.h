// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WFabric.h - The dialect of streams and routes ------------*- C++ -*-===//
//
// Everything that users of the `wfabric` dialect include. Operations are built
// from the plain structs of the router and read back as such:
//
//   FamilyOp::create(builder, loc, routedFamily, words);
//   StreamOp::create(builder, loc, routedStream);
//   RoutedFamily family = familyOp.getFamily();
//
// The rationale stands in dialects/wafer/WFabric/README.md.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_WFABRIC_WFABRIC_H
#define WAFER_WFABRIC_WFABRIC_H

#include "wafer/Image/Image.h"
#include "wafer/Route/RoutingProblem.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"

namespace wafer {

// Attributes are uniqued by the hash of the structs that they hold.
llvm::hash_code hash_value(const Coord &value);
llvm::hash_code hash_value(const Rect &value);
llvm::hash_code hash_value(const HostEdge &value);
llvm::hash_code hash_value(const SegmentPattern &value);
llvm::hash_code hash_value(const RouteConfig &value);

} // namespace wafer

namespace wafer::wfabric {

/// The version of the dialect that bytecode records.
inline constexpr uint64_t kVersionMajor = 0;
inline constexpr uint64_t kVersionMinor = 1;

} // namespace wafer::wfabric

#include "wafer/WFabric/WFabricDialect.h.inc"
#include "wafer/WFabric/WFabricEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/WFabric/WFabricAttrs.h.inc"

#define GET_OP_CLASSES
#include "wafer/WFabric/WFabricOps.h.inc"

namespace wafer::wfabric {

inline Axis toAxis(LineAxis axis) {
  return axis == LineAxis::X ? Axis::X : Axis::Y;
}
inline LineAxis toLineAxis(Axis axis) {
  return axis == Axis::X ? LineAxis::X : LineAxis::Y;
}

} // namespace wafer::wfabric

#endif // WAFER_WFABRIC_WFABRIC_H
