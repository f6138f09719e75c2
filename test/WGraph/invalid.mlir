// RUN: wsec-opt %s --split-input-file --verify-diagnostics

// config-c1
// expected-error @+1 {{expected positive dimensions}}
#config = #wgraph.config<family = "llama", layers = 1, dim = 0, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>

// -----

// config-c1
// expected-error @+1 {{expected 'kv_heads' to divide 'heads' but got 2 and 3}}
#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 3, kv_heads = 2, head_dim = 2, vocab = 16, max_context = 8>

// -----

// config-c2
// expected-error @+1 {{expected 'bos' below 16 but got 16}}
#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8, bos = 16>

// -----

// config-c2
// expected-error @+1 {{expected 'eos' below 16 but got -1}}
#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8, eos = [-1]>

// -----

// file-c1
// expected-error @+1 {{expected a path and a positive size}}
#file = #wgraph.file<"", size = 4>

// -----

// rope_scaling-c1
// expected-error @+1 {{expected positive 'factor', 'low_freq' and 'original_context'}}
#scaling = #wgraph.rope_scaling<linear, factor = 0.0>

// -----

// rope_scaling-c1
// expected-error @+1 {{expected 'high_freq' above 'low_freq'}}
#scaling = #wgraph.rope_scaling<llama3, factor = 8.0, low_freq = 4.0>

// -----

// ref-c1
// expected-error @+1 {{expected a static tensor of f16, bf16 or f32 but got 'tensor<4xi8>'}}
#ref = #wgraph.ref<type = tensor<4xi8>, files = [0], offsets = [0]>

// -----

// ref-c2
// expected-error @+1 {{expected one file and offset, or one per layer (3), but got 2}}
#ref = #wgraph.ref<type = tensor<4xf32>, layers = 3, files = [0], offsets = [0, 16]>

// -----

// ref-c3
// expected-error @+1 {{expected files, offsets and layers that are not negative}}
#ref = #wgraph.ref<type = tensor<4xf32>, files = [0], offsets = [-16]>

// -----

// ref-c3: 2^62 elements of 4 bytes
// expected-error @+1 {{expected the end of the tensor below byte 2^63}}
#ref = #wgraph.ref<type = tensor<4611686018427387904xf32>, files = [0], offsets = [0]>

// -----

// ref-c3: layer 2 would lie at 16 - 2 * 16
// expected-error @+1 {{expected offsets that are not negative, but the stride leads before the start of the file}}
#ref = #wgraph.ref<type = tensor<4xf32>, layers = 3, files = [0], offsets = [16], stride = -16>

// -----

// synthetic-c2
// expected-error @+1 {{expected one seed, or one per layer (0), but got 2}}
#s = #wgraph.synthetic<type = tensor<4xf32>, seeds = [1, 2]>

// -----

// synthetic-c3
// expected-error @+1 {{expected a finite scale and layers that are not negative}}
#s = #wgraph.synthetic<type = tensor<4xf32>, seeds = [1], scale = -1.0>

// -----

#a = #wgraph.recipe<#wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>>
// concat-c1
// expected-error @+1 {{expected at least two parts to concatenate}}
#c = #wgraph.concat<dim = 0, [#a]>

// -----

#a = #wgraph.recipe<#wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>>
#b = #wgraph.recipe<#wgraph.ref<type = tensor<4x5xf32>, files = [0], offsets = [0]>>
// concat-c1
// expected-error @+1 {{expected parts that fit along dimension 0 but got 'tensor<4x4xf32>' and 'tensor<4x5xf32>'}}
#c = #wgraph.concat<dim = 0, [#a, #b]>

// -----

#a = #wgraph.recipe<#wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>>
// concat-c2
// expected-error @+1 {{expected a dimension below 2 but got 2}}
#c = #wgraph.concat<dim = 2, [#a, #a]>

// -----

#a = #wgraph.recipe<#wgraph.ref<type = tensor<4xf32>, layers = 2, files = [0], offsets = [0], stride = 16>>
#b = #wgraph.recipe<#wgraph.ref<type = tensor<4xf32>, layers = 3, files = [0], offsets = [0], stride = 16>>
// concat-c3
// expected-error @+1 {{expected parts with equal numbers of layers but got 2 and 3}}
#c = #wgraph.concat<dim = 0, [#a, #b]>

// -----

// slice-c1
// expected-error @+1 {{expected as many offsets as sizes, offsets that are not negative and positive sizes}}
#s = #wgraph.slice<offsets = [0], sizes = [0]>

// -----

// permute-c1
// expected-error @+1 {{expected a permutation}}
#p = #wgraph.permute<[0, 0]>

// -----

// reshape-c1
// expected-error @+1 {{expected a shape of positive sizes}}
#r = #wgraph.reshape<[4, -1]>

// -----

#a = #wgraph.recipe<#wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>>
// scale-c1
// expected-error @+1 {{expected factors of rank 1 but got 'tensor<4x4xf32>'}}
#s = #wgraph.scale<dim = 0, by = #a>

// -----

#a = #wgraph.recipe<#wgraph.ref<type = tensor<4xf32>, files = [0], offsets = [0]>>
// scale-c2
// expected-error @+1 {{expected a dimension that is not negative but got -1}}
#s = #wgraph.scale<dim = -1, by = #a>

// -----

// cast-c1
// expected-error @+1 {{expected f16, bf16 or f32 but got 'f64'}}
#c = #wgraph.cast<f64>

// -----

// recipe-c1
// expected-error @+1 {{expected 'ref', 'synthetic' or 'concat' as the source but got #wgraph.cast<f16>}}
#r = #wgraph.recipe<#wgraph.cast<f16>>

// -----

// recipe-c1
// expected-error @+1 {{expected a transform but got 1 : i64}}
#r = #wgraph.recipe<#wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>, [1]>

// -----

// recipe-c2: rows 2 to 5 of 4
// expected-error @+1 {{transform #wgraph.slice<offsets = [2, 0], sizes = [4, 4]> does not fit 'tensor<4x4xf32>'}}
#r = #wgraph.recipe<#wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>, [#wgraph.slice<offsets = [2, 0], sizes = [4, 4]>]>

// -----

// recipe-c2
// expected-error @+1 {{transform #wgraph.reshape<[5, 3]> does not fit 'tensor<4x4xf32>'}}
#r = #wgraph.recipe<#wgraph.ref<type = tensor<4x4xf32>, files = [0], offsets = [0]>, [#wgraph.reshape<[5, 3]>]>

// -----

#gain = #wgraph.recipe<#wgraph.ref<type = tensor<4xf32>, layers = 2, files = [0], offsets = [0], stride = 16>>
// recipe-c3
// expected-error @+1 {{expected stacks of equal numbers of layers but got 3 and 2}}
#r = #wgraph.recipe<#wgraph.ref<type = tensor<4x4xf32>, layers = 3, files = [0], offsets = [0], stride = 64>, [#wgraph.scale<dim = 1, by = #gain>]>

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // model-c1
  // expected-error @+1 {{expected a weight, a state, a block or an entry in a model but got 'func.func'}}
  func.func private @f()
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // model-c2
  // expected-error @+1 {{'wgraph.weight' op refers to a file that the model does not have: the model has 0 and the recipe contains}}
  wgraph.weight @w : tensor<4xf32> = <#wgraph.ref<type = tensor<4xf32>, files = [0], offsets = [0]>>
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // weight-c1
  // expected-error @+1 {{expected type 'tensor<2x4xf32>' from the recipe but got 'tensor<4xf32>'}}
  wgraph.weight @w stacked : tensor<4xf32> = <#wgraph.synthetic<type = tensor<4xf32>, layers = 2, seeds = [1]>>
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // weight-c2
  // expected-error @+1 {{has a recipe with layers but is not stacked}}
  wgraph.weight @w : tensor<2x4xf32> = <#wgraph.synthetic<type = tensor<4xf32>, layers = 2, seeds = [1]>>
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // weight-c2
  // expected-error @+1 {{is stacked but its recipe has no layers}}
  wgraph.weight @w stacked : tensor<4xf32> = <#wgraph.synthetic<type = tensor<4xf32>, seeds = [1]>>
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // state-c1
  // expected-error @+1 {{expected positive slots, layers and capacity but got 0, 1 and 8}}
  wgraph.state @s[0 slots, 1 layers, 8 positions] : tensor<1x2xf32>
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // block-c1
  // expected-error @+1 {{expected the first arguments to have the result types (carried values)}}
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x2x2xf32> {
    %0 = wgraph.reshape %x : tensor<1x4xf32> -> tensor<1x2x2xf32>
    wgraph.yield %0 : tensor<1x2x2xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // entry-c1
  // expected-error @+1 {{expected arguments (tensor<mxi32>, index, index): token ids, position and slot}}
  wgraph.entry @e(%x: tensor<1x4xf32>) {
    wgraph.yield
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // entry-c1
  // expected-error @+1 {{expected results (tensor<mxi32>, tensor<mxvocabxf32>): next ids and logits}}
  wgraph.entry @e(%ids: tensor<1xi32>, %p: index, %s: index) -> tensor<1xi32> {
    wgraph.yield %ids : tensor<1xi32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // yield-c1
    // expected-error @+1 {{expected operands of types ('tensor<1x4xf32>') but got ()}}
    wgraph.yield
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // repeat-c1
    // expected-error @+1 {{expected a block and a carried value}}
    %0 = wgraph.repeat [] times 2 carry(%x : tensor<1x4xf32>)
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // repeat-c1
    // expected-error @+1 {{expected 'times' not to be negative but got -1}}
    %0 = wgraph.repeat [@b] times -1 carry(%x : tensor<1x4xf32>)
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // repeat-c2
    // expected-error @+1 {{expected @nowhere to be a block}}
    %0 = wgraph.repeat [@nowhere] times 2 carry(%x : tensor<1x4xf32>)
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // repeat-c2
    // expected-error @+1 {{repeats the block @b around it}}
    %0 = wgraph.repeat [@b] times 2 carry(%x : tensor<1x4xf32>)
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // expected-note @+1 {{block defined here}}
  wgraph.block @b(%x: tensor<1x4xf32>, %p: index) -> tensor<1x4xf32> {
    wgraph.yield %x : tensor<1x4xf32>
  }
  wgraph.block @c(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // repeat-c2
    // expected-error @+1 {{expected block @b of type '(tensor<1x4xf32>) -> tensor<1x4xf32>' but got '(tensor<1x4xf32>, index) -> tensor<1x4xf32>'}}
    %0 = wgraph.repeat [@b] times 2 carry(%x : tensor<1x4xf32>)
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // expected-note @+1 {{weight defined here}}
  wgraph.weight @g stacked : tensor<3x4xf32> = <#wgraph.synthetic<type = tensor<4xf32>, layers = 3, seeds = [1]>>
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    %0 = wgraph.rms_norm %x, @g eps 1.0e-5 : tensor<1x4xf32>
    wgraph.yield %0 : tensor<1x4xf32>
  }
  wgraph.block @c(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // repeat-c3
    // expected-error @+1 {{repeats block @b 2 times, but the block uses weight @g with 3 layers}}
    %0 = wgraph.repeat [@b] times 2 carry(%x : tensor<1x4xf32>)
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // expected-note @+1 {{weight defined here}}
  wgraph.weight @t stacked : tensor<3x16x4xf32> = <#wgraph.synthetic<type = tensor<16x4xf32>, layers = 3, seeds = [1]>>
  wgraph.entry @e(%ids: tensor<1xi32>, %p: index, %s: index) -> (tensor<1xi32>, tensor<1x4xf32>) {
    // expected-error @+1 {{uses stacked weight @t outside a block}}
    %0 = wgraph.embedding %ids, @t : tensor<1x4xf32>
    wgraph.yield %ids, %0 : tensor<1xi32>, tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.entry @e(%ids: tensor<1xi32>, %p: index, %s: index) -> (tensor<1xi32>, tensor<1x4xf32>) {
    // embedding-c2
    // expected-error @+1 {{expected @t to be a weight}}
    %0 = wgraph.embedding %ids, @t : tensor<1x4xf32>
    wgraph.yield %ids, %0 : tensor<1xi32>, tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // rms_norm-c1
    // expected-error @+1 {{expected 'eps' to be finite and not negative}}
    %0 = wgraph.rms_norm %x eps -1.0 : tensor<1x4xf32>
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<4xf32>) -> tensor<4xf32> {
    // rms_norm-c1
    // expected-error @+1 {{expected a token dimension and another one but got 'tensor<4xf32>'}}
    %0 = wgraph.rms_norm %x eps 1.0 : tensor<4xf32>
    wgraph.yield %0 : tensor<4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // expected-note @+1 {{weight defined here}}
  wgraph.weight @g : tensor<5xf32> = <#wgraph.synthetic<type = tensor<5xf32>, seeds = [1]>>
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // rms_norm-c2
    // expected-error @+1 {{expected weight @g to have shape [4] but got 'tensor<5xf32>'}}
    %0 = wgraph.rms_norm %x, @g eps 1.0 : tensor<1x4xf32>
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.weight @w : tensor<4x4xf32> = <#wgraph.synthetic<type = tensor<4x4xf32>, seeds = [1]>>
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // linear-c1
    // expected-error @+1 {{expected one result per weight but got 2 for 1 weights}}
    %0:2 = wgraph.linear %x, [@w] : tensor<1x4xf32> -> tensor<1x4xf32>, tensor<1x4xf32>
    wgraph.yield %0#0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.weight @w : tensor<4x4xf32> = <#wgraph.synthetic<type = tensor<4x4xf32>, seeds = [1]>>
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // linear-c2
    // expected-error @+1 {{expected results of shape [1, outputs] of 'f32' but got 'tensor<2x4xf32>'}}
    %0 = wgraph.linear %x, [@w] : tensor<1x4xf32> -> tensor<2x4xf32>
    wgraph.yield %x : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // expected-note @+1 {{weight defined here}}
  wgraph.weight @w : tensor<4x5xf32> = <#wgraph.synthetic<type = tensor<4x5xf32>, seeds = [1]>>
  wgraph.block @b(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
    // linear-c3
    // expected-error @+1 {{expected weight @w to have shape [4, 4] but got 'tensor<4x5xf32>'}}
    %0 = wgraph.linear %x, [@w] : tensor<1x4xf32> -> tensor<1x4xf32>
    wgraph.yield %0 : tensor<1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x1x3xf32>, %p: index) -> tensor<1x1x3xf32> {
    // rope-c1
    // expected-error @+1 {{expected heads of even size but got 'tensor<1x1x3xf32>'}}
    %0 = wgraph.rope %x at %p theta 1.0 pairing half : tensor<1x1x3xf32>
    wgraph.yield %0 : tensor<1x1x3xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x1x4xf32>, %p: index) -> tensor<1x1x4xf32> {
    // rope-c2
    // expected-error @+1 {{expected 'theta' to be finite and positive}}
    %0 = wgraph.rope %x at %p theta 0.0 pairing half : tensor<1x1x4xf32>
    wgraph.yield %0 : tensor<1x1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // expected-note @+1 {{state defined here}}
  wgraph.state @s[1 slots, 1 layers, 8 positions] : tensor<1x2xf32>
  wgraph.block @b(%x: tensor<1x1x4xf32>, %p: index) -> tensor<1x1x4xf32> {
    // append-c1
    // expected-error @+1 {{expected rows of shape 'tensor<1x2xf32>' but got 'tensor<1x1x4xf32>'}}
    wgraph.append %x to @s at %p slot %p : tensor<1x1x4xf32>
    wgraph.yield %x : tensor<1x1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.state @s[1 slots, 1 layers, 8 positions] : tensor<1x4xf32>
  wgraph.block @b(%x: tensor<9x1x4xf32>, %p: index) -> tensor<9x1x4xf32> {
    // append-c2
    // expected-error @+1 {{appends 9 tokens to a state of 8 positions}}
    wgraph.append %x to @s at %p slot %p : tensor<9x1x4xf32>
    wgraph.yield %x : tensor<9x1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x1x4xf32>, %p: index) -> tensor<1x1x4xf32> {
    // append-c1
    // expected-error @+1 {{expected @b to be a state}}
    wgraph.append %x to @b at %p slot %p : tensor<1x1x4xf32>
    wgraph.yield %x : tensor<1x1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.state @s[1 slots, 1 layers, 8 positions] : tensor<1x4xf32>
  wgraph.block @b(%x: tensor<1x1x4xf32>, %p: index) -> tensor<1x1x4xf32> {
    // attention-c1
    // expected-error @+1 {{expected 'scale' to be finite}}
    %0 = wgraph.attention %x, @s, @s at %p slot %p scale 0x7FF0000000000000 : tensor<1x1x4xf32>
    wgraph.yield %x : tensor<1x1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // expected-note @+1 {{keys defined here}}
  wgraph.state @k[1 slots, 1 layers, 8 positions] : tensor<1x4xf32>
  // expected-note @+1 {{values defined here}}
  wgraph.state @v[1 slots, 1 layers, 9 positions] : tensor<1x4xf32>
  wgraph.block @b(%x: tensor<1x1x4xf32>, %p: index) -> tensor<1x1x4xf32> {
    // attention-c2
    // expected-error @+1 {{expected keys and values of equal shape}}
    %0 = wgraph.attention %x, @k, @v at %p slot %p scale 0.5 : tensor<1x1x4xf32>
    wgraph.yield %x : tensor<1x1x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  // expected-note @+1 {{keys defined here}}
  wgraph.state @k[1 slots, 1 layers, 8 positions] : tensor<2x4xf32>
  wgraph.block @b(%x: tensor<1x3x4xf32>, %p: index) -> tensor<1x3x4xf32> {
    // attention-c2
    // expected-error @+1 {{expected rows [kvHeads, 4] with kvHeads dividing 3 but got 'tensor<2x4xf32>'}}
    %0 = wgraph.attention %x, @k, @k at %p slot %p scale 0.5 : tensor<1x3x4xf32>
    wgraph.yield %x : tensor<1x3x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
    // reshape-c1: the token dimension may not change
    // expected-error @+1 {{expected a result with the same elements per token as 'tensor<2x4xf32>' but got 'tensor<1x8xf32>'}}
    %0 = wgraph.reshape %x : tensor<2x4xf32> -> tensor<1x8xf32>
    wgraph.yield %x : tensor<2x4xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.block @b(%x: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
    // argmax-c1
    // expected-error @+1 {{expected an input of shape [1, n] but got 'tensor<1x2x2xf32>'}}
    %0 = wgraph.argmax %x : tensor<1x2x2xf32>
    wgraph.yield %x : tensor<1x2x2xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.entry @e(%ids: tensor<1xi32>, %p: index, %s: index) -> (tensor<1xi32>, tensor<1x4xf32>) {
    // The type of the ids follows from that of the result.
    %0 = wgraph.embedding %ids, @t : tensor<f32>
    // expected-error @+1 {{expected a tensor with a token dimension}}
    wgraph.yield
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.weight @t : tensor<16x4xf32> = <#wgraph.synthetic<type = tensor<16x4xf32>, seeds = [1]>>
  wgraph.entry @e(%ids: tensor<1xi32>, %p: index, %s: index) -> (tensor<1xi32>, tensor<1x4xf32>) {
    // embedding-c1
    // expected-error @+1 {{expected a result of shape [1, d] but got 'tensor<1x2x2xf32>'}}
    %0 = wgraph.embedding %ids, @t : tensor<1x2x2xf32>
    wgraph.yield %ids, %0 : tensor<1xi32>, tensor<1x2x2xf32>
  }
}

// -----

#config = #wgraph.config<family = "llama", layers = 1, dim = 4, ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
wgraph.model @m config #config files [] {
  wgraph.weight @w : tensor<4x4xf32> = <#wgraph.synthetic<type = tensor<4x4xf32>, seeds = [1]>>
  wgraph.block @b(%x: tensor<1x1x4xf32>) -> tensor<1x1x4xf32> {
    // linear-c2
    // expected-error @+1 {{expected an input of shape [tokens, inputs] but got 'tensor<1x1x4xf32>'}}
    %0 = wgraph.linear %x, [@w] : tensor<1x1x4xf32> -> tensor<1x4xf32>
    wgraph.yield %x : tensor<1x1x4xf32>
  }
}

// -----

// synthetic-c1
// expected-error @+1 {{expected a static tensor of f16, bf16 or f32 but got 'tensor<?xf32>'}}
#s = #wgraph.synthetic<type = tensor<?xf32>, seeds = [1]>
