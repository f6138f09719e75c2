// RUN: wsec-opt %s --pass-pipeline='builtin.module(wgraph.model(wafer-fuse-linears))' | FileCheck %s

#config = #wgraph.config<family = "llama", layers = 2, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
#w = #wgraph.synthetic<type = tensor<4x4xf32>, seeds = [3], scale = 1.0>

wgraph.model @m config #config files [] {
  wgraph.weight private @a : tensor<4x4xf32> = <#w>
  wgraph.weight private @b : tensor<4x4xf32> = <#w>
  wgraph.weight private @c : tensor<4x4xf32> = <#w>

  // CHECK-LABEL: wgraph.block private @same_input
  // CHECK-SAME: (%[[X:.*]]: tensor<1x4xf32>)
  wgraph.block private @same_input(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // CHECK-NEXT: %[[R:.*]]:3 = wgraph.linear %[[X]], [@a, @b, @c] : tensor<1x4xf32> -> tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>
    // CHECK-NEXT: wgraph.add %[[R]]#0, %[[R]]#1
    // CHECK-NEXT: wgraph.add %{{.*}}, %[[R]]#2
    %0 = wgraph.linear %x, [@a] : tensor<1x4xf32> -> tensor<1x4xf32>
    %1:2 = wgraph.linear %x, [@b, @c] : tensor<1x4xf32> -> tensor<1x4xf32>, tensor<1x4xf32>
    %2 = wgraph.add %0, %1#0 : tensor<1x4xf32>
    %3 = wgraph.add %2, %1#1 : tensor<1x4xf32>
    wgraph.yield %3 : tensor<1x4xf32>
  }

  // CHECK-LABEL: wgraph.block private @different_inputs
  wgraph.block private @different_inputs(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // CHECK: wgraph.linear %{{.*}}, [@a]
    // CHECK: wgraph.linear %{{.*}}, [@b]
    %0 = wgraph.linear %x, [@a] : tensor<1x4xf32> -> tensor<1x4xf32>
    %1 = wgraph.linear %0, [@b] : tensor<1x4xf32> -> tensor<1x4xf32>
    wgraph.yield %1 : tensor<1x4xf32>
  }
}
