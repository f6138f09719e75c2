// RUN: wsec-opt %s --pass-pipeline='builtin.module(wgraph.model(wafer-cast-weights))' | FileCheck %s
// RUN: wsec-opt %s --pass-pipeline='builtin.module(wgraph.model(wafer-cast-weights{type=stored}))' | FileCheck %s --check-prefix=STORED
// RUN: not wsec-opt %s --pass-pipeline='builtin.module(wgraph.model(wafer-cast-weights{type=f64}))' 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: error: expected weights type f16, bf16, f32 or stored but got 'f64'

#config = #wgraph.config<family = "llama", layers = 2, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
#w = #wgraph.synthetic<type = tensor<4x4xf32>, seeds = [3], scale = 1.0>
#h = #wgraph.synthetic<type = tensor<4x4xf16>, seeds = [3], scale = 1.0>
#g = #wgraph.synthetic<type = tensor<4xf32>, seeds = [3], scale = 1.0>

// CHECK: #[[W:.*]] = #wgraph.recipe<#{{.*}}, [#wgraph.cast<f16>]>
wgraph.model @m config #config files [] {
  // CHECK: wgraph.weight private @single : tensor<4x4xf16> = #[[W]]
  // STORED: wgraph.weight private @single : tensor<4x4xf32>
  wgraph.weight private @single : tensor<4x4xf32> = <#w>
  // CHECK: wgraph.weight private @half : tensor<4x4xf16> = #
  wgraph.weight private @half : tensor<4x4xf16> = <#h>
  // CHECK: wgraph.weight private @gain : tensor<4xf32>
  wgraph.weight private @gain : tensor<4xf32> = <#g>
  wgraph.block private @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    %0 = wgraph.rms_norm %x, @gain eps 1.0e-5 : tensor<1x4xf32>
    %1:2 = wgraph.linear %0, [@single, @half] : tensor<1x4xf32> -> tensor<1x4xf32>, tensor<1x4xf32>
    wgraph.yield %1#0 : tensor<1x4xf32>
  }
}
