// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Wafer's dialects and passes for other MLIR drivers:
//   mlir-opt --load-dialect-plugin=WaferPlugin.so
//            --load-pass-plugin=WaferPlugin.so
#include "wafer/Pipelines/Register.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Compiler.h"

extern "C" LLVM_ATTRIBUTE_WEAK
    LLVM_ATTRIBUTE_VISIBILITY_DEFAULT mlir::DialectPluginLibraryInfo
    mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Wafer", LLVM_VERSION_STRING,
          [](mlir::DialectRegistry *registry) {
            wafer::registerAllDialects(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK
    LLVM_ATTRIBUTE_VISIBILITY_DEFAULT mlir::PassPluginLibraryInfo
    mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Wafer", LLVM_VERSION_STRING,
          wafer::registerAllPasses};
}
