// RUN: wsec-opt %s --pass-pipeline='builtin.module(wgraph.model(wafer-fold-norm-gain))' | FileCheck %s

#config = #wgraph.config<family = "llama", layers = 2, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
#gain = #wgraph.synthetic<type = tensor<4xf32>, layers = 2, seeds = [1], scale = 1.0>
#single = #wgraph.synthetic<type = tensor<4xf32>, seeds = [2], scale = 1.0>
#w = #wgraph.synthetic<type = tensor<8x4xf32>, layers = 2, seeds = [3], scale = 1.0>
#table = #wgraph.synthetic<type = tensor<16x4xf32>, seeds = [4], scale = 1.0>

// CHECK-DAG: #[[GAIN:.*]] = #wgraph.synthetic<type = tensor<4xf32>, layers = 2, seeds = [1]
// CHECK-DAG: #[[SINGLE:.*]] = #wgraph.synthetic<type = tensor<4xf32>, seeds = [2]
// CHECK-DAG: #[[GAIN_R:.*]] = #wgraph.recipe<#[[GAIN]]>
// CHECK-DAG: #[[SINGLE_R:.*]] = #wgraph.recipe<#[[SINGLE]]>
// CHECK-DAG: #[[W:.*]] = #wgraph.recipe<#{{.*}}, [#wgraph.scale<dim = 1, by = #[[GAIN_R]]>]>
// CHECK-DAG: #[[HEAD:.*]] = #wgraph.recipe<#{{.*}}, [#wgraph.scale<dim = 1, by = #[[SINGLE_R]]>]>

// CHECK: wgraph.model
wgraph.model @m config #config files [] {
  // CHECK-NOT: @gain
  wgraph.weight private @gain stacked : tensor<2x4xf32> = <#gain>
  // CHECK: wgraph.weight private @kept stacked
  wgraph.weight private @kept stacked : tensor<2x4xf32> = <#gain>
  wgraph.weight private @final : tensor<4xf32> = <#single>
  // CHECK: wgraph.weight private @w stacked : tensor<2x8x4xf32> = #[[W]]
  wgraph.weight private @w stacked : tensor<2x8x4xf32> = <#w>
  // The table is also an embedding: the head gets a copy of the symbol.
  // CHECK: wgraph.weight private @table : tensor<16x4xf32> = #recipe
  // CHECK: wgraph.weight private @table_scaled : tensor<16x4xf32> = #[[HEAD]]
  wgraph.weight private @table : tensor<16x4xf32> = <#table>

  // CHECK-LABEL: wgraph.block private @folds
  wgraph.block private @folds(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // CHECK: wgraph.rms_norm %{{.*}} eps 1.000000e-05
    %0 = wgraph.rms_norm %x, @gain eps 1.0e-5 : tensor<1x4xf32>
    // CHECK: wgraph.linear %{{.*}}, [@w]
    %1 = wgraph.linear %0, [@w] : tensor<1x4xf32> -> tensor<1x8xf32>
    wgraph.yield %x : tensor<1x4xf32>
  }

  // CHECK-LABEL: wgraph.block private @other_user_keeps_the_gain
  wgraph.block private @other_user_keeps_the_gain(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // CHECK: wgraph.rms_norm %{{.*}}, @kept
    %0 = wgraph.rms_norm %x, @kept eps 1.0e-5 : tensor<1x4xf32>
    wgraph.yield %0 : tensor<1x4xf32>
  }

  // CHECK-LABEL: wgraph.block private @single_weight_keeps_a_stacked_gain
  wgraph.block private @single_weight_keeps_a_stacked_gain(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // CHECK: wgraph.rms_norm %{{.*}}, @kept
    %0 = wgraph.rms_norm %x, @kept eps 1.0e-5 : tensor<1x4xf32>
    %1 = wgraph.linear %0, [@table] : tensor<1x4xf32> -> tensor<1x16xf32>
    wgraph.yield %x : tensor<1x4xf32>
  }

  // CHECK-LABEL: wgraph.entry @tied_head
  wgraph.entry @tied_head(%ids: tensor<1xi32>, %p: index, %s: index)
      -> (tensor<1xi32>, tensor<1x16xf32>) {
    // CHECK: wgraph.embedding %{{.*}}, @table :
    %0 = wgraph.embedding %ids, @table : tensor<1x4xf32>
    // CHECK: wgraph.rms_norm %{{.*}} eps
    %1 = wgraph.rms_norm %0, @final eps 1.0e-5 : tensor<1x4xf32>
    // CHECK: wgraph.linear %{{.*}}, [@table_scaled]
    %2 = wgraph.linear %1, [@table] : tensor<1x4xf32> -> tensor<1x16xf32>
    wgraph.yield %ids, %2 : tensor<1xi32>, tensor<1x16xf32>
  }
}
