// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --wafer-lower --split-input-file --verify-diagnostics

// expected-error@+1 {{expected a token loop, an embed, layers and a head stage}}
module attributes {wafer.machine = "test8"} {
}

// -----

// expected-error@+1 {{machine 'test8' has no parameter set 'fast'}}
module attributes {wafer.machine = "test8", wafer.params = "fast"} {
}

// -----

module attributes {wafer.machine = "test8"} {
  wafer.stage @loop token_loop rect [0, 0, 1, 1] wafer 0 layers 0 to 0 {
  }
  // expected-error@+1 {{expected one 'wafer.embed_lookup' in stage 'embed'}}
  wafer.stage @embed embed rect [1, 0, 1, 1] wafer 0 layers 0 to 0 {
  }
  wafer.stage @layers0 layers rect [2, 0, 1, 1] wafer 0 layers 0 to 1 {
  ^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
    wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
  }
  wafer.stage @head head rect [3, 0, 1, 1] wafer 0 layers 0 to 0 {
  }
}

// -----

module attributes {wafer.machine = "test8"} {
  wafer.slicing @d rows 4 over 1 {1 x [0, 4) step 0}
  wafer.slicing @v columns 8 over 1 {1 x [0, 8) step 0}
  wafer.tensor @table weight : tensor<8x4xf16, #wafer.layout<[@v, @d]>> from @m::@t strides [4, 1]
  wafer.stage @loop token_loop rect [0, 0, 1, 1] wafer 0 layers 0 to 0 {
  }
  wafer.stage @embed embed rect [1, 0, 1, 1] wafer 0 layers 0 to 0 {
  ^bb0(%t: tensor<1xi32, #wafer.layout<[*]>>):
    %x = wafer.embed_lookup %t, @table : tensor<1xi32, #wafer.layout<[*]>> -> tensor<4xf32, #wafer.layout<[@d]>>
    wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
  }
  wafer.stage @layers0 layers rect [2, 0, 1, 1] wafer 0 layers 0 to 1 {
  ^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
    wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
  }
  // expected-error@+1 {{expected one 'wafer.argmax' in stage 'head'}}
  wafer.stage @head head rect [3, 0, 1, 1] wafer 0 layers 0 to 0 {
  }
}

// -----

// A lookup belongs to the embedding.
module attributes {wafer.machine = "test8"} {
  wafer.slicing @d rows 4 over 1 {1 x [0, 4) step 0}
  wafer.slicing @v columns 8 over 1 {1 x [0, 8) step 0}
  wafer.tensor @table weight : tensor<8x4xf16, #wafer.layout<[@v, @d]>> from @m::@t strides [4, 1]
  wafer.tensor @w weight : tensor<4x8xf32, #wafer.layout<[@d, @v]>> from @m::@w strides [1, 4]
  wafer.stage @loop token_loop rect [0, 0, 1, 1] wafer 0 layers 0 to 0 {
  }
  wafer.stage @embed embed rect [1, 0, 1, 1] wafer 0 layers 0 to 0 {
  ^bb0(%t: tensor<1xi32, #wafer.layout<[*]>>):
    %x = wafer.embed_lookup %t, @table : tensor<1xi32, #wafer.layout<[*]>> -> tensor<4xf32, #wafer.layout<[@d]>>
    wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
  }
  wafer.stage @layers0 layers rect [2, 0, 1, 1] wafer 0 layers 0 to 1 {
  ^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
    // expected-error@+1 {{'wafer.embed_lookup' cannot be lowered in this stage}}
    %0 = wafer.embed_lookup %x, @table : tensor<4xf32, #wafer.layout<[@d]>> -> tensor<4xf32, #wafer.layout<[@d]>>
    wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
  }
  wafer.stage @head head rect [3, 0, 1, 1] wafer 0 layers 0 to 0 {
  ^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
    %y = wafer.matvec %x, [@w] : (tensor<4xf32, #wafer.layout<[@d]>>) -> (tensor<8xf32, #wafer.layout<[@v], partial rows>>)
    %r = wafer.all_reduce sum chain (%y) : (tensor<8xf32, #wafer.layout<[@v], partial rows>>) -> tensor<8xf32, #wafer.layout<[@v]>>
    %t = wafer.argmax %r : tensor<8xf32, #wafer.layout<[@v]>> -> tensor<1xi32, #wafer.layout<[*]>>
    wafer.yield %t : tensor<1xi32, #wafer.layout<[*]>>
  }
  wafer.transfer @embed to @layers0 words 4
  wafer.transfer @layers0 to @head words 4
}

// -----

// One product, two messages.
module attributes {wafer.machine = "test8"} {
  wafer.slicing @d rows 4 over 1 {1 x [0, 4) step 0}
  wafer.slicing @v columns 8 over 1 {1 x [0, 8) step 0}
  wafer.tensor @table weight : tensor<8x4xf16, #wafer.layout<[@v, @d]>> from @m::@t strides [4, 1]
  wafer.tensor @w weight : tensor<4x8xf32, #wafer.layout<[@d, @v]>> from @m::@w strides [1, 4]
  wafer.stage @loop token_loop rect [0, 0, 1, 1] wafer 0 layers 0 to 0 {
  }
  wafer.stage @embed embed rect [1, 0, 1, 1] wafer 0 layers 0 to 0 {
  ^bb0(%t: tensor<1xi32, #wafer.layout<[*]>>):
    %x = wafer.embed_lookup %t, @table : tensor<1xi32, #wafer.layout<[*]>> -> tensor<4xf32, #wafer.layout<[@d]>>
    wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
  }
  wafer.stage @layers0 layers rect [2, 0, 1, 1] wafer 0 layers 0 to 1 {
  ^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
    // expected-error@+1 {{the results of one product must travel in one message}}
    %y:2 = wafer.matvec %x, [@w, @w] : (tensor<4xf32, #wafer.layout<[@d]>>) -> (tensor<8xf32, #wafer.layout<[@v], partial rows>>, tensor<8xf32, #wafer.layout<[@v], partial rows>>)
    %a = wafer.all_reduce sum chain (%y#0) : (tensor<8xf32, #wafer.layout<[@v], partial rows>>) -> tensor<8xf32, #wafer.layout<[@v]>>
    %b = wafer.all_reduce sum chain (%y#1) : (tensor<8xf32, #wafer.layout<[@v], partial rows>>) -> tensor<8xf32, #wafer.layout<[@v]>>
    wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
  }
  wafer.stage @head head rect [3, 0, 1, 1] wafer 0 layers 0 to 0 {
  ^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
    %y = wafer.matvec %x, [@w] : (tensor<4xf32, #wafer.layout<[@d]>>) -> (tensor<8xf32, #wafer.layout<[@v], partial rows>>)
    %r = wafer.all_reduce sum chain (%y) : (tensor<8xf32, #wafer.layout<[@v], partial rows>>) -> tensor<8xf32, #wafer.layout<[@v]>>
    %t = wafer.argmax %r : tensor<8xf32, #wafer.layout<[@v]>> -> tensor<1xi32, #wafer.layout<[*]>>
    wafer.yield %t : tensor<1xi32, #wafer.layout<[*]>>
  }
  wafer.transfer @embed to @layers0 words 4
  wafer.transfer @layers0 to @head words 4
}
