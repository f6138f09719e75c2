// RUN: wsec-opt %s --pass-pipeline='builtin.module(wgraph.model(canonicalize))' | FileCheck %s

#config = #wgraph.config<family = "llama", layers = 2, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
#file = #wgraph.file<"a.safetensors", size = 1024>
#w = #wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>

// CHECK-DAG: #[[W:.*]] = #wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>
// CHECK-DAG: #[[PLAIN:.*]] = #wgraph.recipe<#[[W]]>
// Casts that round are kept, also when a later one returns to the same type.
// CHECK-DAG: #[[CASTS:.*]] = #wgraph.recipe<#[[W]], [#wgraph.cast<f16>, #wgraph.cast<f32>]>
// CHECK-DAG: #[[PARTS:.*]] = #wgraph.recipe<#wgraph.concat<dim = 0, [#[[PLAIN]], #[[PLAIN]]]>>

wgraph.model @m config #config files [#file] {
  // CHECK: @identities : tensor<4x4xf32> = #[[PLAIN]]
  wgraph.weight @identities : tensor<4x4xf32> = <#w, [
    #wgraph.slice<offsets = [0, 0], sizes = [4, 4]>, #wgraph.permute<[0, 1]>,
    #wgraph.reshape<[4, 4]>, #wgraph.cast<f32>]>
  // CHECK: @casts : tensor<4x4xf32> = #[[CASTS]]
  wgraph.weight @casts : tensor<4x4xf32> =
    <#w, [#wgraph.cast<f16>, #wgraph.cast<f16>, #wgraph.cast<f32>]>
  // A transpose of a square keeps its type but is no identity.
  // CHECK: @transpose : tensor<4x4xf32> = {{.*}}
  // CHECK-NOT: = #[[PLAIN]]
  wgraph.weight @transpose : tensor<4x4xf32> = <#w, [#wgraph.permute<[1, 0]>]>
  // CHECK: @inside : tensor<8x4xf32> = #[[PARTS]]
  wgraph.weight @inside : tensor<8x4xf32> = <#wgraph.concat<dim = 0, [
    <#w, [#wgraph.cast<f32>]>, <#w>]>>

  // CHECK-LABEL: wgraph.block @repeat_zero_times
  // CHECK-SAME: (%[[X:.*]]: tensor<1x4xf32>)
  // CHECK-NEXT: wgraph.yield %[[X]]
  wgraph.block @repeat_zero_times(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    %0 = wgraph.repeat [@join_after_split] times 0 carry(%x : tensor<1x4xf32>)
    wgraph.yield %0 : tensor<1x4xf32>
  }

  // CHECK-LABEL: wgraph.block @join_after_split
  // CHECK-SAME: (%[[X:.*]]: tensor<1x4xf32>)
  // CHECK-NEXT: wgraph.yield %[[X]]
  wgraph.block @join_after_split(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    %0 = wgraph.reshape %x : tensor<1x4xf32> -> tensor<1x2x2xf32>
    %1 = wgraph.reshape %0 : tensor<1x2x2xf32> -> tensor<1x4xf32>
    wgraph.yield %1 : tensor<1x4xf32>
  }

  // CHECK-LABEL: wgraph.block @split_twice
  // CHECK-NEXT: wgraph.reshape %{{.*}} : tensor<1x4xf32> -> tensor<1x4x1xf32>
  // CHECK-NEXT: wgraph.rms_norm
  wgraph.block @split_twice(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    %0 = wgraph.reshape %x : tensor<1x4xf32> -> tensor<1x2x2xf32>
    %1 = wgraph.reshape %0 : tensor<1x2x2xf32> -> tensor<1x4x1xf32>
    %2 = wgraph.rms_norm %1 eps 1.0 : tensor<1x4x1xf32>
    %3 = wgraph.reshape %2 : tensor<1x4x1xf32> -> tensor<1x4xf32>
    wgraph.yield %3 : tensor<1x4xf32>
  }
}
