// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --wafer-optimize | FileCheck %s
// RUN: wsec-opt %s --wafer-optimize="weights-type=stored" | FileCheck %s --check-prefix=STORED
// RUN: not wsec-opt %s --wafer-optimize="weights-type=int4" 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: error: expected weights type f16, bf16, f32 or stored

#config = #wgraph.config<family = "llama", layers = 2, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>

// The gain goes into both weights before they are fused and cast, so a product is
// rounded once: scale comes before cast in the recipe.
// CHECK: wgraph.model
// CHECK-NOT: @gain
// CHECK: wgraph.weight private @a stacked : tensor<2x8x4xf16> = #[[A:.*]]
// CHECK: wgraph.weight private @b stacked : tensor<2x8x4xf16>
// CHECK: %[[N:.*]] = wgraph.rms_norm %{{.*}} eps
// CHECK-NEXT: %{{.*}}:2 = wgraph.linear %[[N]], [@a, @b] : tensor<1x4xf32> -> tensor<1x8xf32>, tensor<1x8xf32>
// CHECK-NEXT: wgraph.mul
// STORED: wgraph.weight private @a stacked : tensor<2x8x4xf32>
wgraph.model @m config #config files [] {
  wgraph.weight private @gain stacked : tensor<2x4xf32> = <#wgraph.synthetic<type = tensor<4xf32>, layers = 2, seeds = [1], scale = 1.0>>
  wgraph.weight private @a stacked : tensor<2x8x4xf32> = <#wgraph.synthetic<type = tensor<8x4xf32>, layers = 2, seeds = [2], scale = 1.0>>
  wgraph.weight private @b stacked : tensor<2x8x4xf32> = <#wgraph.synthetic<type = tensor<8x4xf32>, layers = 2, seeds = [3], scale = 1.0>>
  wgraph.block @layer(%x: tensor<1x4xf32>) -> (tensor<1x4xf32>) {
    %n = wgraph.rms_norm %x, @gain eps 1.0e-5 : tensor<1x4xf32>
    %a = wgraph.linear %n, [@a] : tensor<1x4xf32> -> tensor<1x8xf32>
    %b = wgraph.linear %n, [@b] : tensor<1x4xf32> -> tensor<1x8xf32>
    %c = wgraph.mul %a, %b : tensor<1x8xf32>
    %d = wgraph.linear %c, [@down] : tensor<1x8xf32> -> tensor<1x4xf32>
    wgraph.yield %d : tensor<1x4xf32>
  }
  wgraph.weight private @down stacked : tensor<2x4x8xf32> = <#wgraph.synthetic<type = tensor<4x8xf32>, layers = 2, seeds = [4], scale = 1.0>>
}
