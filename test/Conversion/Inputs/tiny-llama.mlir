// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Three llama layers of dimension 8 as phase optimize leaves them: gains folded,
// linears of one input fused, matrices f16. Two query heads and one key head of
// size 4 (2 pairs), ffn 16, 32 tokens, 16 positions.
#config = #wgraph.config<family = "llama", layers = 3, dim = 8, ffn = 16,
  heads = 2, kv_heads = 1, head_dim = 4, vocab = 32, max_context = 16>
wgraph.model @tiny config #config files [] {
  wgraph.weight private @embed : tensor<32x8xf16> = <#wgraph.synthetic<type = tensor<32x8xf16>, seeds = [1], scale = 0.02>>
  wgraph.weight private @q stacked : tensor<3x8x8xf16> = <#wgraph.synthetic<type = tensor<8x8xf16>, layers = 3, seeds = [2], scale = 0.02>>
  wgraph.weight private @k stacked : tensor<3x4x8xf16> = <#wgraph.synthetic<type = tensor<4x8xf16>, layers = 3, seeds = [3], scale = 0.02>>
  wgraph.weight private @v stacked : tensor<3x4x8xf16> = <#wgraph.synthetic<type = tensor<4x8xf16>, layers = 3, seeds = [4], scale = 0.02>>
  wgraph.weight private @o stacked : tensor<3x8x8xf16> = <#wgraph.synthetic<type = tensor<8x8xf16>, layers = 3, seeds = [5], scale = 0.02>>
  wgraph.weight private @gate stacked : tensor<3x16x8xf16> = <#wgraph.synthetic<type = tensor<16x8xf16>, layers = 3, seeds = [6], scale = 0.02>>
  wgraph.weight private @up stacked : tensor<3x16x8xf16> = <#wgraph.synthetic<type = tensor<16x8xf16>, layers = 3, seeds = [7], scale = 0.02>>
  wgraph.weight private @down stacked : tensor<3x8x16xf16> = <#wgraph.synthetic<type = tensor<8x16xf16>, layers = 3, seeds = [8], scale = 0.02>>
  wgraph.state private @keys[1 slots, 3 layers, 16 positions] : tensor<1x4xf32>
  wgraph.state private @values[1 slots, 3 layers, 16 positions] : tensor<1x4xf32>

  wgraph.block private @layer(%x: tensor<1x8xf32>, %position: index, %slot: index) -> tensor<1x8xf32> {
    %n = wgraph.rms_norm %x eps 1.0e-5 : tensor<1x8xf32>
    %qkv:3 = wgraph.linear %n, [@q, @k, @v] : tensor<1x8xf32> -> tensor<1x8xf32>, tensor<1x4xf32>, tensor<1x4xf32>
    %q = wgraph.reshape %qkv#0 : tensor<1x8xf32> -> tensor<1x2x4xf32>
    %k = wgraph.reshape %qkv#1 : tensor<1x4xf32> -> tensor<1x1x4xf32>
    %v = wgraph.reshape %qkv#2 : tensor<1x4xf32> -> tensor<1x1x4xf32>
    %rq = wgraph.rope %q at %position theta 10000.0 pairing half : tensor<1x2x4xf32>
    %rk = wgraph.rope %k at %position theta 10000.0 pairing half : tensor<1x1x4xf32>
    wgraph.append %rk to @keys at %position slot %slot : tensor<1x1x4xf32>
    wgraph.append %v to @values at %position slot %slot : tensor<1x1x4xf32>
    %a = wgraph.attention %rq, @keys, @values at %position slot %slot scale 0.5 : tensor<1x2x4xf32>
    %m = wgraph.reshape %a : tensor<1x2x4xf32> -> tensor<1x8xf32>
    %o = wgraph.linear %m, [@o] : tensor<1x8xf32> -> tensor<1x8xf32>
    %y = wgraph.add %x, %o : tensor<1x8xf32>
    %yn = wgraph.rms_norm %y eps 1.0e-5 : tensor<1x8xf32>
    %gu:2 = wgraph.linear %yn, [@gate, @up] : tensor<1x8xf32> -> tensor<1x16xf32>, tensor<1x16xf32>
    %s = wgraph.activation silu %gu#0 : tensor<1x16xf32>
    %p = wgraph.mul %s, %gu#1 : tensor<1x16xf32>
    %d = wgraph.linear %p, [@down] : tensor<1x16xf32> -> tensor<1x8xf32>
    %z = wgraph.add %y, %d : tensor<1x8xf32>
    wgraph.yield %z : tensor<1x8xf32>
  }

  wgraph.entry @step(%ids: tensor<1xi32>, %position: index, %slot: index) -> (tensor<1xi32>, tensor<1x32xf32>) {
    %e = wgraph.embedding %ids, @embed : tensor<1x8xf32>
    %y = wgraph.repeat [@layer] times 3 carry(%e : tensor<1x8xf32>) with(%position, %slot : index, index)
    %n = wgraph.rms_norm %y eps 1.0e-5 : tensor<1x8xf32>
    %l = wgraph.linear %n, [@embed] : tensor<1x8xf32> -> tensor<1x32xf32>
    %next = wgraph.argmax %l : tensor<1x32xf32>
    wgraph.yield %next, %l : tensor<1xi32>, tensor<1x32xf32>
  }
}
