// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WFabricPasses.h - Passes of the wfabric dialect ----------*- C++ -*-===//
#ifndef WAFER_WFABRIC_WFABRICPASSES_H
#define WAFER_WFABRIC_WFABRICPASSES_H

#include "wafer/WFabric/WFabric.h"

#include "mlir/Pass/Pass.h"

namespace wafer::wfabric {

#define GEN_PASS_DECL
#include "wafer/WFabric/WFabricPasses.h.inc"

#define GEN_PASS_REGISTRATION
#include "wafer/WFabric/WFabricPasses.h.inc"

/// The phase `route`: assign colors, derive rules, verify. The machine is that
/// of the module's attribute `wafer.machine`.
void buildRoutePipeline(mlir::OpPassManager &manager);

} // namespace wafer::wfabric

#endif // WAFER_WFABRIC_WFABRICPASSES_H
