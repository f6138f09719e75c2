// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --wafer-verify-placed --split-input-file --verify-diagnostics

// Column 3 is in both.
// expected-error@+1 {{stages 'b' and 'a' overlap}}
module attributes {wafer.machine = "test8"} {
  wafer.stage @a embed rect [0, 0, 4, 3] wafer 0 layers 0 to 0 {
  }
  wafer.stage @b head rect [3, 2, 2, 3] wafer 0 layers 0 to 0 {
  }
}

// -----

// A gap of one column.
// expected-error@+1 {{stage 'b' does not touch its predecessor 'a': expected the same rows beside it, or the same columns below}}
module attributes {wafer.machine = "test8"} {
  wafer.stage @a embed rect [0, 0, 3, 3] wafer 0 layers 0 to 0 {
  }
  wafer.stage @b head rect [4, 0, 2, 3] wafer 0 layers 0 to 0 {
  }
}

// -----

// Columns 7 and 8 of 8.
// expected-error@+1 {{stage 'a' is misplaced}}
module attributes {wafer.machine = "test8"} {
  wafer.stage @a embed rect [7, 0, 2, 3] wafer 0 layers 0 to 0 {
  }
}

// -----

// The host of wse3 does not reach every row.
// expected-error@+1 {{stage 'loop' has no host channel in its row}}
module attributes {wafer.machine = "wse3"} {
  wafer.stage @loop token_loop rect [0, 1, 1, 1] wafer 0 layers 0 to 0 {
  }
}
