// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WFabricSyntax.h - Text of the dialect's attributes -------*- C++ -*-===//
//
// The bodies of the attributes, without delimiters: attributes put them in
// '<>', operations in '()' or '[]'.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_WFABRIC_WFABRICSYNTAX_H
#define WAFER_LIB_WFABRIC_WFABRICSYNTAX_H

#include "wafer/WFabric/WFabric.h"

namespace wafer::wfabric {

/// "0, 0, 66, 80"
mlir::ParseResult parseBody(mlir::AsmParser &parser, Rect &rect);
void printBody(mlir::AsmPrinter &printer, const Rect &rect);
/// "12, 7"
mlir::ParseResult parseBody(mlir::AsmParser &parser, Coord &coord);
void printBody(mlir::AsmPrinter &printer, const Coord &coord);
/// "west, 0"
mlir::ParseResult parseBody(mlir::AsmParser &parser, HostEdge &edge);
void printBody(mlir::AsmPrinter &printer, const HostEdge &edge);
/// "0 -> 1 to 2 step 2 count 3, 9 -> 0 to 4"
mlir::ParseResult parseBody(mlir::AsmParser &parser,
                            mlir::SmallVectorImpl<SegmentPattern> &patterns);
void printBody(mlir::AsmPrinter &printer,
               mlir::ArrayRef<SegmentPattern> patterns);
/// "R -> E, W -> E at(1) ring pop(always)"
mlir::ParseResult parseBody(mlir::AsmParser &parser, RouteConfig &config);
void printBody(mlir::AsmPrinter &printer, const RouteConfig &config);

/// The two parameters of a RunsAttr.
struct RunList {
  mlir::SmallVector<uint32_t> counts;
  mlir::SmallVector<RouteAttr> routes;
};
/// "2 x [1 x (R -> E), 1 x (W -> R)], 3 x none"
mlir::ParseResult parseBody(mlir::AsmParser &parser, RunList &runs);
void printBody(mlir::AsmPrinter &printer, RunsAttr runs);

} // namespace wafer::wfabric

#endif // WAFER_LIB_WFABRIC_WFABRICSYNTAX_H
