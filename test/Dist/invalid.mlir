// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s -split-input-file -verify-diagnostics

// slicing-c1
// expected-error@+1 {{expected a positive size and number of lines but got 64 and 0}}
wafer.slicing @d rows 64 over 0

// -----

// slicing-c2: 12 runs for 13 lines.
// expected-error@+1 {{expected runs for 13 lines but got 12}}
wafer.slicing @d rows 64 over 13 {12 x [0, 5) step 5}

// -----

// slicing-c3: the third range is [10, 15).
// expected-error@+1 {{run 0 leaves the 14 elements}}
wafer.slicing @d rows 14 over 3 {3 x [0, 5) step 5}

// -----

// expected-error@+1 {{a cyclic slicing has no runs}}
wafer.slicing @d rows 14 over 3 cyclic {3 x [0, 5) step 5}

// -----

// tensor-c1
// expected-error@+1 {{expected a type with a layout that is not partial}}
wafer.tensor @w weight : tensor<4x4xf16> from @m::@w strides [1, 4]

// -----

// tensor-c2
// expected-error@+1 {{expected a source and 2 strides for a weight}}
wafer.tensor @w weight : tensor<4x4xf16, #wafer.layout<[@a, @b]>> from @m::@w strides [1]

// -----

// tensor-c3
// expected-error@+1 {{expected frequencies exactly for a rotary table}}
wafer.tensor @t rope_table : tensor<4x2x3xf32, #wafer.layout<[*, *, @pairs]>>

// -----

// layout-c1
// expected-error@+1 {{layout has 1 dimensions but the tensor has 2}}
wafer.tensor @s state : tensor<4x4xf16, #wafer.layout<[@a]>>

// -----

// stage-c1
// expected-error@+1 {{expected a rectangle [x, y, width, height] with positive sides}}
wafer.stage @s layers rect [0, 0, 4, 0] wafer 0 layers 0 to 1 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

// stage-c2
// expected-error@+1 {{expected at least one layer in a stage of kind 'layers' but got 0}}
wafer.stage @s layers rect [0, 0, 4, 4] wafer 0 layers 2 to 2 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

// transfer-c1
// expected-error@+1 {{expected two stages but found no stage 'b'}}
wafer.transfer @b to @c words 4

// -----

// placement-c1
// expected-error@+1 {{expected positive strides}}
wafer.placement @w in @r buffer "w" at 0 strides [0] layers 0 to 0 stride 0

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // all_reduce-c2: not partial.
  // expected-error@+1 {{expected operands that are partial over one axis}}
  %0 = wafer.all_reduce sum chain (%x) : (tensor<4xf32, #wafer.layout<[@d]>>) -> tensor<4xf32, #wafer.layout<[@d]>>
  wafer.yield %0 : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d], partial columns>>):
  // all_reduce-c1: a collective changes only the layout.
  // expected-error@+1 {{expected the result type}}
  %0 = wafer.all_reduce sum chain (%x) : (tensor<4xf32, #wafer.layout<[@d], partial columns>>) -> tensor<4xf32, #wafer.layout<[@e]>>
  wafer.yield %0 : tensor<4xf32, #wafer.layout<[@e]>>
}
