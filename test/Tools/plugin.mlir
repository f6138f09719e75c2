// The plugin in MLIR's own driver: all dialects, their passes and pipelines.
// RUN: mlir-opt --load-dialect-plugin=%plugin --load-pass-plugin=%plugin %s --verify-roundtrip | FileCheck %s
// RUN: mlir-opt --load-dialect-plugin=%plugin --load-pass-plugin=%plugin %s --pass-pipeline="builtin.module(wafer-optimize)" | FileCheck %s --check-prefix=OPTIMIZE
// RUN: mlir-opt --load-dialect-plugin=%plugin --load-pass-plugin=%plugin %s --pass-pipeline="builtin.module(wfabric-assign-colors)" | FileCheck %s --check-prefix=COLORS
// Without it the tool does not know them.
// RUN: not mlir-opt %s 2>&1 | FileCheck %s --check-prefix=WITHOUT
// WITHOUT: error: Dialect `wgraph' not found

module attributes {wafer.machine = "test8"} {
  // CHECK: wgraph.model @m
  // Two linears of one input become one.
  // OPTIMIZE: wgraph.linear %{{.*}}, [@gate, @up]
  wgraph.model @m config <family = "llama", layers = 1, dim = 4, ffn = 8,
      heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
      files [] {
    wgraph.weight private @gate stacked : tensor<1x8x4xf32> =
      <#wgraph.synthetic<type = tensor<8x4xf32>, layers = 1, seeds = [1], scale = 0.5>>
    wgraph.weight private @up stacked : tensor<1x8x4xf32> =
      <#wgraph.synthetic<type = tensor<8x4xf32>, layers = 1, seeds = [2], scale = 0.5>>
    wgraph.weight private @down stacked : tensor<1x4x8xf32> =
      <#wgraph.synthetic<type = tensor<4x8xf32>, layers = 1, seeds = [3], scale = 0.5>>
    wgraph.block @ffn(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %0 = wgraph.linear %x, [@gate] : tensor<1x4xf32> -> tensor<1x8xf32>
      %1 = wgraph.linear %x, [@up] : tensor<1x4xf32> -> tensor<1x8xf32>
      %2 = wgraph.mul %0, %1 : tensor<1x8xf32>
      %3 = wgraph.linear %2, [@down] : tensor<1x8xf32> -> tensor<1x4xf32>
      wgraph.yield %3 : tensor<1x4xf32>
    }
  }
  // CHECK: wafer.slicing @d rows 16 over 4
  wafer.slicing @d rows 16 over 4 {4 x [0, 4) step 4}
  // CHECK: wfabric.family @even rect(0, 0, 8, 1) axis(x) [0 -> 1 to 2 step 2 count 4]{{$}}
  // COLORS: wfabric.family @even rect(0, 0, 8, 1) axis(x) [0 -> 1 to 2 step 2 count 4] color({{[0-9]+}})
  wfabric.family @even rect(0, 0, 8, 1) axis(x) [0 -> 1 to 2 step 2 count 4]
  // CHECK: wpe.role @idle
  wpe.role @idle {
    wpe.task @main active {
    }
  }
}
