// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TargetMachine.h - The machine of a role ------------------*- C++ -*-===//
#ifndef WAFER_LIB_WPE_TRANSFORMS_TARGETMACHINE_H
#define WAFER_LIB_WPE_TRANSFORMS_TARGETMACHINE_H

#include "wafer/Machine/Machine.h"
#include "wafer/WPE/WPE.h"

namespace wafer::wpe {

/// The machine called `option`, or the one that the module around `role`
/// names.
mlir::FailureOr<Machine> loadTarget(RoleOp role, const std::string &option);

} // namespace wafer::wpe

#endif // WAFER_LIB_WPE_TRANSFORMS_TARGETMACHINE_H
