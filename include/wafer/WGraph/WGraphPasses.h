// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WGraphPasses.h - Passes on wgraph ------------------------*- C++ -*-===//
//
// The algebraic passes (lib/WGraph/Transforms) and the lowering to upstream
// dialects (lib/Conversion/WGraphToLinalg). Each is documented in
// WGraphPasses.td.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_WGRAPH_WGRAPHPASSES_H
#define WAFER_WGRAPH_WGRAPHPASSES_H

#include "wafer/WGraph/WGraph.h"

#include "mlir/Pass/Pass.h"

namespace wafer {

#define GEN_PASS_DECL
#include "wafer/WGraph/WGraphPasses.h.inc"

#define GEN_PASS_REGISTRATION
#include "wafer/WGraph/WGraphPasses.h.inc"

} // namespace wafer

#endif // WAFER_WGRAPH_WGRAPHPASSES_H
