// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/WPE/WPEPasses.h"

#include "mlir/Pass/PassManager.h"

void wafer::wpe::buildAllocatePipeline(mlir::OpPassManager &manager,
                                       llvm::StringRef machine) {
  mlir::OpPassManager &roles = manager.nest<RoleOp>();
  roles.addPass(createWPEAllocatePass({machine.str()}));
  // The check trusts nothing that the allocator computed.
  roles.addPass(createWPEVerifyAllocatedPass({machine.str()}));
}
