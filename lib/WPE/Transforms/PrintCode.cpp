// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PrintCode.cpp - Emitted code as text -------------------------------===//
#include "wafer/WPE/WPEPasses.h"

#include "wafer/Emit/Emit.h"
#include "wafer/Image/Text.h"

#include "llvm/Support/raw_ostream.h"

namespace wafer::wpe {
#define GEN_PASS_DEF_WPEPRINTCODEPASS
#include "wafer/WPE/WPEPasses.h.inc"
} // namespace wafer::wpe

using namespace mlir;
using namespace wafer;

namespace {
struct PrintCodePass : wpe::impl::WPEPrintCodePassBase<PrintCodePass> {
  using WPEPrintCodePassBase::WPEPrintCodePassBase;

  void runOnOperation() override {
    for (auto role : getOperation().getOps<wpe::RoleOp>()) {
      FailureOr<EmittedCode> code = emitRole(role);
      if (failed(code)) {
        return signalPassFailure();
      }
      llvm::outs() << printRole(code->role);
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
