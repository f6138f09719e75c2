// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Driver/Driver.h"

int main(int argc, char **argv) { return wafer::runDriver(argc, argv); }
