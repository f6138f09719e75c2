// RUN: wsec-opt %s --split-input-file --convert-wgraph-to-linalg --verify-diagnostics | FileCheck %s
// RUN: wsec-opt %s --split-input-file --convert-wgraph-to-linalg --wafer-linalg-to-llvm --verify-diagnostics | FileCheck %s --check-prefix=LLVM

#config = #wgraph.config<family = "llama", layers = 2, dim = 8, ffn = 16, heads = 2, kv_heads = 1, head_dim = 4, vocab = 32, max_context = 16>
#g = #wgraph.synthetic<type = tensor<8xf32>, layers = 2, seeds = [1]>
#w = #wgraph.synthetic<type = tensor<8x8xf16>, layers = 2, seeds = [2], scale = 1.0>
#e = #wgraph.synthetic<type = tensor<32x8xf32>, seeds = [3], scale = 1.0>

wgraph.model @m config #config files [] {
  wgraph.weight private @gain stacked : tensor<2x8xf32> = <#g>
  wgraph.weight private @w stacked : tensor<2x8x8xf16> = <#w>
  wgraph.weight private @narrow stacked : tensor<2x4x8xf16> =
    <#w, [#wgraph.slice<offsets = [0, 0], sizes = [4, 8]>]>
  wgraph.weight private @embed : tensor<32x8xf32> = <#e>
  wgraph.state private @keys[3 slots, 2 layers, 16 positions] : tensor<1x4xf32>

  // The layer comes first; weights and states follow in the model's order.
  // CHECK-LABEL: func.func private @layer
  // CHECK-SAME: (%[[L:.*]]: index, %[[X:.*]]: tensor<1x8xf32>, %[[P:.*]]: index, %[[S:.*]]: index,
  // CHECK-SAME: %[[GAIN:.*]]: memref<2x8xf32> {wgraph.symbol = "gain"}, %[[W:.*]]: memref<2x8x8xf16> {wgraph.symbol = "w"}, %{{.*}}: memref<2x4x8xf16> {wgraph.symbol = "narrow"}, %{{.*}}: memref<32x8xf32> {wgraph.symbol = "embed"}, %[[KEYS:.*]]: memref<3x2x16x1x4xf32> {wgraph.symbol = "keys"}) -> tensor<1x8xf32>
  // LLVM-LABEL: llvm.func @layer
  wgraph.block private @layer(%x: tensor<1x8xf32>, %p: index, %s: index) -> tensor<1x8xf32> {
    // CHECK: memref.subview %[[GAIN]][%[[L]], 0] [1, 8] [1, 1]
    // CHECK: math.sqrt
    %n = wgraph.rms_norm %x, @gain eps 1.0e-5 : tensor<1x8xf32>
    // CHECK: memref.subview %[[W]][%[[L]], 0, 0] [1, 8, 8] [1, 1, 1]
    // CHECK: linalg.generic
    // CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction"]
    // CHECK: arith.extf %{{.*}} : f16 to f32
    %y = wgraph.linear %n, [@w] : tensor<1x8xf32> -> tensor<1x8xf32>
    // CHECK: tensor.expand_shape
    // CHECK-SAME: tensor<1x8xf32> into tensor<1x2x4xf32>
    %q = wgraph.reshape %y : tensor<1x8xf32> -> tensor<1x2x4xf32>
    // 10000^0 and 10000^(-2/4)
    // CHECK: arith.constant dense<[1.000000e+00, 0.00999999977]> : tensor<2xf32>
    // CHECK: math.cos
    // CHECK: math.sin
    %r = wgraph.rope %q at %p theta 10000.0 pairing half : tensor<1x2x4xf32>
    // One row of the slot and layer, in place.
    // CHECK: %[[ROW:.*]] = memref.subview %[[KEYS]][%[[S]], %[[L]], %[[P]], 0, 0] [1, 1, 1, 1, 4]
    // CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[ROW]]
    %k = wgraph.linear %n, [@narrow] : tensor<1x8xf32> -> tensor<1x4xf32>
    %row = wgraph.reshape %k : tensor<1x4xf32> -> tensor<1x1x4xf32>
    wgraph.append %row to @keys at %p slot %s : tensor<1x1x4xf32>
    // All rows up to this token.
    // CHECK: %[[COUNT:.*]] = arith.addi %[[P]], %{{.*}} : index
    // CHECK: memref.subview %[[KEYS]][%[[S]], %[[L]], 0, 0, 0] [1, 1, %[[COUNT]], 1, 4]
    // CHECK: arith.cmpi ule
    // CHECK: math.exp
    %a = wgraph.attention %r, @keys, @keys at %p slot %s scale 0.5 : tensor<1x2x4xf32>
    %one = wgraph.reshape %a : tensor<1x2x4xf32> -> tensor<1x8xf32>
    wgraph.yield %one : tensor<1x8xf32>
  }

  // CHECK-LABEL: func.func @step
  // CHECK-SAME: (%[[IDS:.*]]: memref<1xi32>, %[[P:.*]]: index, %[[S:.*]]: index, %[[NEXT:.*]]: memref<1xi32>, %[[LOGITS:.*]]: memref<1x32xf32>,
  // LLVM-LABEL: llvm.func @step
  wgraph.entry @step(%ids: tensor<1xi32>, %p: index, %s: index) -> (tensor<1xi32>, tensor<1x32xf32>) {
    %x = wgraph.embedding %ids, @embed : tensor<1x8xf32>
    // CHECK: scf.for %[[I:.*]] = %{{.*}} iter_args
    // CHECK: func.call @layer(%[[I]],
    %y = wgraph.repeat [@layer] times 2 carry(%x : tensor<1x8xf32>) with(%p, %s : index, index)
    %l = wgraph.linear %y, [@embed] : tensor<1x8xf32> -> tensor<1x32xf32>
    // The lowest index wins: only a strictly larger element moves it.
    // CHECK: arith.cmpf ogt
    %next = wgraph.argmax %l : tensor<1x32xf32>
    // CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[NEXT]]
    // CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[LOGITS]]
    wgraph.yield %next, %l : tensor<1xi32>, tensor<1x32xf32>
  }
}

// -----

// expected-error @+1 {{expected one 'wgraph.model' but got 0}}
module {
}

// -----

#config = #wgraph.config<family = "llama", layers = 2, dim = 8, ffn = 16, heads = 2, kv_heads = 1, head_dim = 4, vocab = 32, max_context = 16>
func.func private @layer()
wgraph.model @m config #config files [] {
  // expected-error @+1 {{expected the name @layer to be free in the module}}
  wgraph.block private @layer(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
    wgraph.yield %x : tensor<1x8xf32>
  }
}

// -----

// A model may be named like one of its blocks: folders are named as one likes.
#config = #wgraph.config<family = "llama", layers = 2, dim = 8, ffn = 16, heads = 2, kv_heads = 1, head_dim = 4, vocab = 32, max_context = 16>
wgraph.model @layer config #config files [] {
  // CHECK: func.func private @layer(
  wgraph.block private @layer(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
    wgraph.yield %x : tensor<1x8xf32>
  }
}
