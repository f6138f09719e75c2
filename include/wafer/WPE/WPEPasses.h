// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WPEPasses.h - Passes on core roles -----------------------*- C++ -*-===//
//
// Allocation of SRAM and queues, its check, and a printer of emitted code. The
// functions are for callers that hold a Machine; the passes load one by name.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_WPE_WPEPASSES_H
#define WAFER_WPE_WPEPASSES_H

#include "wafer/Machine/Machine.h"
#include "wafer/WPE/WPE.h"

#include "mlir/Pass/Pass.h"

namespace wafer::wpe {

/// Gives buffers, the parameter block and queues of a role their places.
/// Fails with a diagnostic that names demand, supply and the biggest consumers.
mlir::LogicalResult allocateRole(RoleOp role, const Machine &machine);

/// Derives again that an allocated role keeps the limits of the machine.
mlir::LogicalResult verifyAllocated(RoleOp role, const Machine &machine);

/// The phase `allocate`: places for every role, and the check of them. Without
/// `machine` the module names it (attribute `wafer.machine`).
void buildAllocatePipeline(mlir::OpPassManager &manager,
                           llvm::StringRef machine = "");

#define GEN_PASS_DECL
#include "wafer/WPE/WPEPasses.h.inc"
#define GEN_PASS_REGISTRATION
#include "wafer/WPE/WPEPasses.h.inc"

} // namespace wafer::wpe

#endif // WAFER_WPE_WPEPASSES_H
