// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The usual MLIR driver with all of Wafer's dialects and passes.
#include "wafer/Pipelines/Register.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  wafer::registerAllDialects(registry);
  wafer::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "Wafer modular optimizer driver\n", registry));
}
