// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A llama of three layers with drawn weights, as wsec import gives it.
#config = #wgraph.config<family = "llama", layers = 3, dim = 16, ffn = 32, heads = 4, kv_heads = 2, head_dim = 4, vocab = 32, max_context = 32, bos = 1, eos = [2]>
#synthetic = #wgraph.synthetic<type = tensor<32x16xf32>, seeds = [5416587239862625523], scale = 2.500000e-01>
#synthetic1 = #wgraph.synthetic<type = tensor<16xf32>, seeds = [367110300721122928]>
#synthetic2 = #wgraph.synthetic<type = tensor<16xf32>, layers = 3, seeds = [-141475558035519028, 8769841809395589372, -2746147193237903529]>
#synthetic3 = #wgraph.synthetic<type = tensor<16x16xf32>, layers = 3, seeds = [-2172964429498913363, 8693414174467575723, -8648131239207985313], scale = 2.500000e-01>
#synthetic4 = #wgraph.synthetic<type = tensor<8x16xf32>, layers = 3, seeds = [297151701652819364, -1913490770784854101, -3105690673450269147], scale = 2.500000e-01>
#synthetic5 = #wgraph.synthetic<type = tensor<8x16xf32>, layers = 3, seeds = [-8443406232707780273, 6691609078278896835, -479262636348052128], scale = 2.500000e-01>
#synthetic6 = #wgraph.synthetic<type = tensor<16x16xf32>, layers = 3, seeds = [6141885738594691257, 384437203238932887, 1444265974207808779], scale = 2.500000e-01>
#synthetic7 = #wgraph.synthetic<type = tensor<16xf32>, layers = 3, seeds = [-1265648123534348951, 7559139606125289075, -4674054000652346503]>
#synthetic8 = #wgraph.synthetic<type = tensor<32x16xf32>, layers = 3, seeds = [-4030187080166061823, 786231609868319562, -1068442136335752109], scale = 2.500000e-01>
#synthetic9 = #wgraph.synthetic<type = tensor<32x16xf32>, layers = 3, seeds = [-5128113813738541182, 4933726969083190090, 5969067736292357241], scale = 2.500000e-01>
#synthetic10 = #wgraph.synthetic<type = tensor<16x32xf32>, layers = 3, seeds = [7627395143721590002, 3037085132563577441, 1327279551677002157], scale = 0.17677669529663687>
#recipe = #wgraph.recipe<#synthetic>
#recipe1 = #wgraph.recipe<#synthetic1>
#recipe2 = #wgraph.recipe<#synthetic2>
#recipe3 = #wgraph.recipe<#synthetic3>
#recipe4 = #wgraph.recipe<#synthetic4>
#recipe5 = #wgraph.recipe<#synthetic5>
#recipe6 = #wgraph.recipe<#synthetic6>
#recipe7 = #wgraph.recipe<#synthetic7>
#recipe8 = #wgraph.recipe<#synthetic8>
#recipe9 = #wgraph.recipe<#synthetic9>
#recipe10 = #wgraph.recipe<#synthetic10>
module {
  wgraph.model @tiny config #config files [] from "tiny" {
    wgraph.weight private @embed : tensor<32x16xf32> = #recipe
    wgraph.weight private @final_norm : tensor<16xf32> = #recipe1
    wgraph.weight private @attn_norm stacked : tensor<3x16xf32> = #recipe2
    wgraph.weight private @q stacked : tensor<3x16x16xf32> = #recipe3
    wgraph.weight private @k stacked : tensor<3x8x16xf32> = #recipe4
    wgraph.weight private @v stacked : tensor<3x8x16xf32> = #recipe5
    wgraph.weight private @o stacked : tensor<3x16x16xf32> = #recipe6
    wgraph.weight private @ffn_norm stacked : tensor<3x16xf32> = #recipe7
    wgraph.weight private @gate stacked : tensor<3x32x16xf32> = #recipe8
    wgraph.weight private @up stacked : tensor<3x32x16xf32> = #recipe9
    wgraph.weight private @down stacked : tensor<3x16x32xf32> = #recipe10
    wgraph.state private @keys[1 slots, 3 layers, 32 positions] : tensor<2x4xf32>
    wgraph.state private @values[1 slots, 3 layers, 32 positions] : tensor<2x4xf32>
    wgraph.block private @layer(%arg0: tensor<1x16xf32>, %arg1: index, %arg2: index) -> tensor<1x16xf32> {
      %0 = wgraph.rms_norm %arg0, @attn_norm eps 9.9999997473787516E-6 : tensor<1x16xf32>
      %1 = wgraph.linear %0, [@q] : tensor<1x16xf32> -> tensor<1x16xf32>
      %2 = wgraph.linear %0, [@k] : tensor<1x16xf32> -> tensor<1x8xf32>
      %3 = wgraph.linear %0, [@v] : tensor<1x16xf32> -> tensor<1x8xf32>
      %4 = wgraph.reshape %1 : tensor<1x16xf32> -> tensor<1x4x4xf32>
      %5 = wgraph.reshape %2 : tensor<1x8xf32> -> tensor<1x2x4xf32>
      %6 = wgraph.reshape %3 : tensor<1x8xf32> -> tensor<1x2x4xf32>
      %7 = wgraph.rope %4 at %arg1 theta 1.000000e+04 pairing half : tensor<1x4x4xf32>
      %8 = wgraph.rope %5 at %arg1 theta 1.000000e+04 pairing half : tensor<1x2x4xf32>
      wgraph.append %8 to @keys at %arg1 slot %arg2 : tensor<1x2x4xf32>
      wgraph.append %6 to @values at %arg1 slot %arg2 : tensor<1x2x4xf32>
      %9 = wgraph.attention %7, @keys, @values at %arg1 slot %arg2 scale 5.000000e-01 : tensor<1x4x4xf32>
      %10 = wgraph.reshape %9 : tensor<1x4x4xf32> -> tensor<1x16xf32>
      %11 = wgraph.linear %10, [@o] : tensor<1x16xf32> -> tensor<1x16xf32>
      %12 = wgraph.add %arg0, %11 : tensor<1x16xf32>
      %13 = wgraph.rms_norm %12, @ffn_norm eps 9.9999997473787516E-6 : tensor<1x16xf32>
      %14 = wgraph.linear %13, [@gate] : tensor<1x16xf32> -> tensor<1x32xf32>
      %15 = wgraph.linear %13, [@up] : tensor<1x16xf32> -> tensor<1x32xf32>
      %16 = wgraph.activation silu %14 : tensor<1x32xf32>
      %17 = wgraph.mul %16, %15 : tensor<1x32xf32>
      %18 = wgraph.linear %17, [@down] : tensor<1x32xf32> -> tensor<1x16xf32>
      %19 = wgraph.add %12, %18 : tensor<1x16xf32>
      wgraph.yield %19 : tensor<1x16xf32>
    }
    wgraph.entry @step(%arg0: tensor<1xi32>, %arg1: index, %arg2: index) -> (tensor<1xi32>, tensor<1x32xf32>) {
      %0 = wgraph.embedding %arg0, @embed : tensor<1x16xf32>
      %1 = wgraph.repeat [@layer] times 3 carry(%0 : tensor<1x16xf32>) with(%arg1, %arg2 : index, index)
      %2 = wgraph.rms_norm %1, @final_norm eps 9.9999997473787516E-6 : tensor<1x16xf32>
      %3 = wgraph.linear %2, [@embed] : tensor<1x16xf32> -> tensor<1x32xf32>
      %4 = wgraph.argmax %3 : tensor<1x32xf32>
      wgraph.yield %4, %3 : tensor<1xi32>, tensor<1x32xf32>
    }
  }
}

