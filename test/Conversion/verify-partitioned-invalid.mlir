// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --wafer-verify-partitioned --split-input-file --verify-diagnostics

wafer.stage @embed embed rect [0, 0, 2, 3] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<2x2xf32>):
  // expected-error@+1 {{value of type 'tensor<2x2xf32>' has no layout}}
  %0 = wafer.rope (%x) frequencies [1.0, 0.5] : tensor<2x2xf32>
}

// -----

wafer.stage @embed embed rect [0, 0, 2, 3] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<2x2xf32, #wafer.layout<[@pairs, *]>>):
  // expected-error@+1 {{no slicing 'pairs'}}
  %0 = wafer.rope (%x) frequencies [1.0, 0.5] : tensor<2x2xf32, #wafer.layout<[@pairs, *]>>
}

// -----

// Two columns, but the slicing is for three.
wafer.slicing @pairs columns 2 over 3 {1 x [0, 2) step 0, 2 x [2, 2) step 0}
wafer.stage @embed embed rect [0, 0, 2, 3] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<2x2xf32, #wafer.layout<[@pairs, *]>>):
  // expected-error@+1 {{slicing 'pairs' cuts 2 elements over 3 lines but dimension 0 has 2 elements on 2 lines}}
  %0 = wafer.rope (%x) frequencies [1.0, 0.5] : tensor<2x2xf32, #wafer.layout<[@pairs, *]>>
}

// -----

// Four elements, but the slicing is of two.
wafer.slicing @d rows 2 over 3 {1 x [0, 2) step 0, 2 x [2, 2) step 0}
wafer.stage @embed embed rect [0, 0, 2, 3] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // expected-error@+1 {{slicing 'd' cuts 2 elements over 3 lines but dimension 0 has 4 elements on 3 lines}}
  %0 = wafer.add %x, %x : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

wafer.slicing @d rows 4 over 2 {2 x [0, 2) step 2}
wafer.stage @embed embed rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // expected-error@+1 {{no tensor 'gain'}}
  %0 = wafer.scale_by %x, @gain : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

// The weight lies on other rows than the stage has.
wafer.slicing @d rows 4 over 2 {2 x [0, 2) step 2}
wafer.slicing @e rows 4 over 4 {4 x [0, 1) step 1}
wafer.tensor @gain weight : tensor<4xf32, #wafer.layout<[@e]>> from @m::@gain strides [1]
wafer.stage @embed embed rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // expected-error@+1 {{slicing 'e' cuts 4 elements over 4 lines but dimension 0 has 4 elements on 2 lines}}
  %0 = wafer.scale_by %x, @gain : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

// expected-error@+1 {{expected one transfer into stage 'head'}}
wafer.stage @head head rect [0, 0, 2, 3] wafer 0 layers 0 to 0 {
}

// -----

wafer.stage @a embed rect [0, 0, 1, 3] wafer 0 layers 0 to 0 {
}
wafer.stage @b embed rect [1, 0, 1, 3] wafer 0 layers 0 to 0 {
}
// expected-error@+1 {{expected one transfer into stage 'head'}}
wafer.stage @head head rect [2, 0, 2, 3] wafer 0 layers 0 to 0 {
}
wafer.transfer @a to @head words 1
// expected-error@+1 {{stage 'head' has two transfers into it}}
wafer.transfer @b to @head words 1
