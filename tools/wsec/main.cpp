// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Driver/Driver.h"

#ifdef WAFER_HAS_COMPILER
#include "wafer/CompilerDriver/CompilerDriver.h"
#endif

int main(int argc, char **argv) {
#ifdef WAFER_HAS_COMPILER
  return wafer::runDriver(argc, argv, wafer::compilerExtensions());
#else
  return wafer::runDriver(argc, argv);
#endif
}
