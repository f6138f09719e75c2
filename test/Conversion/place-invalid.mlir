// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --wafer-place --split-input-file --verify-diagnostics

// 4 + 5 columns on 8.
// expected-error@+1 {{the stages do not fit side by side on machine 'test8': expected at most 8x8 cores but got 9x3}}
module attributes {wafer.machine = "test8"} {
  wafer.stage @a embed rect [0, 0, 4, 3] wafer 0 layers 0 to 0 {
  }
  wafer.stage @b head rect [0, 0, 5, 3] wafer 0 layers 0 to 0 {
  }
}

// -----

// expected-error@+1 {{got 1x9}}
module attributes {wafer.machine = "test8"} {
  wafer.stage @a embed rect [0, 0, 1, 9] wafer 0 layers 0 to 0 {
  }
}
