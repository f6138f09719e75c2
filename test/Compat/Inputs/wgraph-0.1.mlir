// RUN: wsec-opt %s --verify-roundtrip | FileCheck %s
// RUN: wsec-opt %s --emit-bytecode | wsec-opt | FileCheck %s

// One llama layer of dimension 8: 2 query heads and 1 key head of size 4.
#config = #wgraph.config<family = "llama", layers = 3, dim = 8, ffn = 16,
  heads = 2, kv_heads = 1, head_dim = 4, vocab = 32, max_context = 16, bos = 1,
  eos = [2, 3]>

// CHECK-DAG: #[[CONFIG:.*]] = #wgraph.config<family = "llama", layers = 3, dim = 8, ffn = 16, heads = 2, kv_heads = 1, head_dim = 4, vocab = 32, max_context = 16, bos = 1, eos = [2, 3]>
// CHECK-DAG: #[[GAIN:.*]] = #wgraph.ref<type = tensor<8xf32>, layers = 3, files = [0, 0, 1], offsets = [1024, 2048, 512]>
// CHECK-DAG: #[[Q:.*]] = #wgraph.ref<type = tensor<8x8xf32>, layers = 3, files = [0], offsets = [1056], stride = 1024>

// CHECK-DAG: #wgraph.recipe<#{{.*}}, [#wgraph.slice<offsets = [0, 0], sizes = [4, 8]>]>
// CHECK-DAG: #wgraph.recipe<#[[Q]], [#wgraph.permute<[1, 0]>, #wgraph.scale<dim = 1, by = #{{.*}}>, #wgraph.reshape<[2, 2, 2, 8]>, #wgraph.permute<[0, 2, 1, 3]>, #wgraph.reshape<[8, 8]>, #wgraph.cast<f16>]>

// CHECK: wgraph.model @tiny config #[[CONFIG]] files [#wgraph.file<"a.safetensors", size = 8192>, #wgraph.file<"b.safetensors", size = 8192>] from "models/tiny"
wgraph.model @tiny config #config
    files [#wgraph.file<"a.safetensors", size = 8192>,
           #wgraph.file<"b.safetensors", size = 8192>] from "models/tiny" {
  wgraph.weight private @embed : tensor<32x8xf32> =
    <#wgraph.ref<type = tensor<32x8xf32>, files = [0], offsets = [0]>>
  wgraph.weight private @gain stacked : tensor<3x8xf32> =
    <#wgraph.ref<type = tensor<8xf32>, layers = 3, files = [0, 0, 1],
      offsets = [1024, 2048, 512]>>
  // CHECK: wgraph.weight private @q stacked : tensor<3x8x8xf16>
  wgraph.weight private @q stacked : tensor<3x8x8xf16> =
    <#wgraph.ref<type = tensor<8x8xf32>, layers = 3, files = [0],
        offsets = [1056], stride = 1024>,
      [#wgraph.permute<[1, 0]>,
       #wgraph.scale<dim = 1, by = <#wgraph.ref<type = tensor<8xf32>,
         layers = 3, files = [0, 0, 1], offsets = [1024, 2048, 512]>>>,
       #wgraph.reshape<[2, 2, 2, 8]>, #wgraph.permute<[0, 2, 1, 3]>,
       #wgraph.reshape<[8, 8]>, #wgraph.cast<f16>]>
  wgraph.weight private @kv stacked : tensor<3x8x8xf32> =
    <#wgraph.concat<dim = 0, [
      <#wgraph.synthetic<type = tensor<4x8xf32>, layers = 3, seeds = [7],
        stride = 2, scale = 0.02>>,
      <#wgraph.synthetic<type = tensor<4x8xf32>, layers = 3,
        seeds = [8, 10, 12], scale = 0.02>>]>>
  // CHECK: wgraph.weight private @k stacked : tensor<3x4x8xf32>
  wgraph.weight private @k stacked : tensor<3x4x8xf32> =
    <#wgraph.synthetic<type = tensor<8x8xf32>, layers = 3, seeds = [7]>,
      [#wgraph.slice<offsets = [0, 0], sizes = [4, 8]>]>
  wgraph.weight private @v stacked : tensor<3x4x8xf32> =
    <#wgraph.synthetic<type = tensor<4x8xf32>, layers = 3, seeds = [9],
      scale = 1.0>>

  // CHECK: wgraph.state private @keys[2 slots, 3 layers, 16 positions] : tensor<1x4xf32>
  wgraph.state private @keys[2 slots, 3 layers, 16 positions] : tensor<1x4xf32>
  wgraph.state private @values[2 slots, 3 layers, 16 positions] : tensor<1x4xf32>

  // CHECK: wgraph.block private @layer(%[[X:.*]]: tensor<1x8xf32>, %[[P:.*]]: index, %[[S:.*]]: index) -> tensor<1x8xf32> {
  wgraph.block private @layer(%x: tensor<1x8xf32>, %position: index,
                              %slot: index) -> tensor<1x8xf32> {
    // CHECK: %[[N:.*]] = wgraph.rms_norm %[[X]], @gain eps 1.000000e-05 : tensor<1x8xf32>
    %n = wgraph.rms_norm %x, @gain eps 1.0e-5 : tensor<1x8xf32>
    // CHECK: %[[QKV:.*]]:3 = wgraph.linear %[[N]], [@q, @k, @v] : tensor<1x8xf32> -> tensor<1x8xf32>, tensor<1x4xf32>, tensor<1x4xf32>
    %qkv:3 = wgraph.linear %n, [@q, @k, @v]
      : tensor<1x8xf32> -> tensor<1x8xf32>, tensor<1x4xf32>, tensor<1x4xf32>
    // CHECK: wgraph.reshape %[[QKV]]#0 : tensor<1x8xf32> -> tensor<1x2x4xf32>
    %q = wgraph.reshape %qkv#0 : tensor<1x8xf32> -> tensor<1x2x4xf32>
    %k = wgraph.reshape %qkv#1 : tensor<1x4xf32> -> tensor<1x1x4xf32>
    %v = wgraph.reshape %qkv#2 : tensor<1x4xf32> -> tensor<1x1x4xf32>
    // CHECK: wgraph.rope %{{.*}} at %[[P]] theta 1.000000e+04 pairing half : tensor<1x2x4xf32>
    %rq = wgraph.rope %q at %position theta 10000.0 pairing half
      : tensor<1x2x4xf32>
    // CHECK: wgraph.rope %{{.*}} at %[[P]] theta 1.000000e+04 pairing interleaved scaling <llama3, factor = 3.200000e+01> : tensor<1x1x4xf32>
    %rk = wgraph.rope %k at %position theta 10000.0 pairing interleaved
      scaling <llama3, factor = 32.0> : tensor<1x1x4xf32>
    // CHECK: wgraph.append %{{.*}} to @keys at %[[P]] slot %[[S]] : tensor<1x1x4xf32>
    wgraph.append %rk to @keys at %position slot %slot : tensor<1x1x4xf32>
    wgraph.append %v to @values at %position slot %slot : tensor<1x1x4xf32>
    // CHECK: wgraph.attention %{{.*}}, @keys, @values at %[[P]] slot %[[S]] scale 5.000000e-01 : tensor<1x2x4xf32>
    %a = wgraph.attention %rq, @keys, @values at %position slot %slot scale 0.5
      : tensor<1x2x4xf32>
    %m = wgraph.reshape %a : tensor<1x2x4xf32> -> tensor<1x8xf32>
    // CHECK: wgraph.activation silu %{{.*}} : tensor<1x8xf32>
    %s = wgraph.activation silu %m : tensor<1x8xf32>
    // CHECK: wgraph.mul %{{.*}}, %{{.*}} : tensor<1x8xf32>
    %p = wgraph.mul %m, %s : tensor<1x8xf32>
    // CHECK: wgraph.add %[[X]], %{{.*}} : tensor<1x8xf32>
    %y = wgraph.add %x, %p : tensor<1x8xf32>
    // CHECK: wgraph.yield %{{.*}} : tensor<1x8xf32>
    wgraph.yield %y : tensor<1x8xf32>
  }

  // CHECK: wgraph.entry @step(%[[IDS:.*]]: tensor<1xi32>, %[[P:.*]]: index, %[[S:.*]]: index) -> (tensor<1xi32>, tensor<1x32xf32>) {
  wgraph.entry @step(%ids: tensor<1xi32>, %position: index, %slot: index)
      -> (tensor<1xi32>, tensor<1x32xf32>) {
    // CHECK: %[[E:.*]] = wgraph.embedding %[[IDS]], @embed : tensor<1x8xf32>
    %e = wgraph.embedding %ids, @embed : tensor<1x8xf32>
    // CHECK: %[[Y:.*]] = wgraph.repeat [@layer] times 3 carry(%[[E]] : tensor<1x8xf32>) with(%[[P]], %[[S]] : index, index)
    %y = wgraph.repeat [@layer] times 3 carry(%e : tensor<1x8xf32>)
      with(%position, %slot : index, index)
    // CHECK: wgraph.rms_norm %[[Y]] eps 9.9999999700000005E-7 : tensor<1x8xf32>
    %n = wgraph.rms_norm %y eps 9.99999997e-7 : tensor<1x8xf32>
    %l = wgraph.linear %n, [@embed] : tensor<1x8xf32> -> tensor<1x32xf32>
    // CHECK: wgraph.argmax %{{.*}} : tensor<1x32xf32>
    %next = wgraph.argmax %l : tensor<1x32xf32>
    wgraph.yield %next, %l : tensor<1xi32>, tensor<1x32xf32>
  }
}
