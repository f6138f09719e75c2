// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WGRAPH_ATTRS_TD
#define WAFER_WGRAPH_ATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "wafer/WGraph/WGraphDialect.td"
include "wafer/WGraph/WGraphEnums.td"

class WGraph_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<WGraph_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

/// A double; stored as APFloat, which can be hashed.
class WGraph_Double<string value>
    : DefaultValuedParameter<"::llvm::APFloat", "::llvm::APFloat(" # value # ")"> {
  let comparator = "$_lhs.bitwiseIsEqual($_rhs)";
}

//===----------------------------------------------------------------------===//
// Facts about a model
//===----------------------------------------------------------------------===//

def WGraph_ConfigAttr : WGraph_Attr<"Config", "config"> {
  let summary = "the dimensions of a decoder-only transformer";
  let description = [{
    Facts about the model that its operations do not show, and those that
    reports quote. Operations never read it.

    **Constraints**
    - `config-c1`: all dimensions are positive and `kv_heads` divides `heads`.
    - `config-c2`: `bos` and each `eos` are below `vocab`.

    **Example**
    ```mlir
    #config = #wgraph.config<family = "llama", layers = 5, dim = 64, ffn = 172,
      heads = 8, kv_heads = 4, head_dim = 8, vocab = 512, max_context = 512,
      bos = 1, eos = [2]>
    ```
  }];
  let parameters = (ins
    StringRefParameter<"model family">:$family,
    "int64_t":$layers, "int64_t":$dim, "int64_t":$ffn, "int64_t":$heads,
    "int64_t":$kv_heads, "int64_t":$head_dim, "int64_t":$vocab,
    "int64_t":$max_context,
    DefaultValuedParameter<"int64_t", "-1", "first token of a text; -1: none">:$bos,
    OptionalArrayRefParameter<"int64_t", "tokens that end a text">:$eos);
  let assemblyFormat = [{ `<` struct($family, $layers, $dim, $ffn, $heads,
    $kv_heads, $head_dim, $vocab, $max_context, $bos, custom<IntList>($eos)) `>` }];
  let genVerifyDecl = 1;
  let genMnemonicAlias = 1;
}

def WGraph_FileAttr : WGraph_Attr<"File", "file"> {
  let summary = "a file that holds weights";
  let description = [{
    The path of a file and the size that it had when it was imported; a reader
    refuses a file of another size.

    **Constraints**
    - `file-c1`: the path is not empty and the size is positive.

    **Example**
    ```mlir
    #file = #wgraph.file<"model.safetensors", size = 1056792>
    ```
  }];
  let parameters = (ins StringRefParameter<"path">:$path, "int64_t":$size);
  let assemblyFormat = "`<` $path `,` `size` `=` $size `>`";
  let genVerifyDecl = 1;
}

def WGraph_RopeScalingAttr : WGraph_Attr<"RopeScaling", "rope_scaling"> {
  let summary = "how rotary frequencies are stretched";
  let description = [{
    `linear` divides every frequency by `factor`. `llama3` divides those whose
    wavelength exceeds `original_context / low_freq` by `factor`, keeps those
    below `original_context / high_freq`, and blends in between.

    **Constraints**
    - `rope_scaling-c1`: `factor`, `low_freq` and `original_context` are
      positive and `high_freq` exceeds `low_freq`.

    **Example**
    ```mlir
    #scaling = #wgraph.rope_scaling<llama3, factor = 8.0, low_freq = 1.0,
      high_freq = 4.0, original_context = 8192.0>
    ```
  }];
  let parameters = (ins
    EnumParameter<WGraph_RopeScalingKind>:$kind,
    WGraph_Double<"1.0">:$factor, WGraph_Double<"1.0">:$low_freq,
    WGraph_Double<"4.0">:$high_freq, WGraph_Double<"8192.0">:$original_context);
  let assemblyFormat = [{ `<` $kind `,` struct(custom<Double>($factor),
    custom<Double>($low_freq), custom<Double>($high_freq),
    custom<Double>($original_context)) `>` }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Recipes: sources
//===----------------------------------------------------------------------===//

def WGraph_RefAttr : WGraph_Attr<"Ref", "ref"> {
  let summary = "a tensor, or one per layer, as it lies in files";
  let description = [{
    A row-major tensor of `type` at a byte offset of a file of the model. With
    `layers` above 0 it is a stack: layer l lies in file `files[l]` at
    `offsets[l]`; where only one file or offset is given, the file is the same
    for all layers and the offset of layer l is `offsets[0] + l * stride`.

    **Constraints**
    - `ref-c1`: the type is a static tensor of rank 1 or more of f16, bf16 or f32.
    - `ref-c2`: `files` and `offsets` have one entry, or one per layer.
    - `ref-c3`: files, offsets and layers are not negative, and the last byte
      of every layer has an offset below 2^63.

    **Example**
    ```mlir
    #embed = #wgraph.ref<type = tensor<512x64xf32>, files = [0], offsets = [8]>
    #q = #wgraph.ref<type = tensor<64x64xf32>, layers = 5, files = [0],
      offsets = [131080], stride = 185600>
    ```
  }];
  let parameters = (ins
    "::mlir::RankedTensorType":$type,
    DefaultValuedParameter<"int64_t", "0">:$layers,
    ArrayRefParameter<"int64_t">:$files,
    ArrayRefParameter<"int64_t">:$offsets,
    DefaultValuedParameter<"int64_t", "0">:$stride);
  let assemblyFormat = [{ `<` struct($type, $layers, custom<IntList>($files),
    custom<IntList>($offsets), $stride) `>` }];
  let extraClassDeclaration = [{
    /// The file and the byte offset of a layer (0 where there are none).
    int64_t getFile(int64_t layer) const {
      return getFiles()[getFiles().size() == 1 ? 0 : layer];
    }
    int64_t getOffset(int64_t layer) const {
      return getOffsets().size() == 1 ? getOffsets()[0] + layer * getStride()
                                      : getOffsets()[layer];
    }
  }];
  let genVerifyDecl = 1;
  let genMnemonicAlias = 1;
}

def WGraph_SyntheticAttr : WGraph_Attr<"Synthetic", "synthetic"> {
  let summary = "a tensor, or one per layer, drawn from a seed";
  let description = [{
    Normal values of standard deviation `scale`; with scale 0 every element is
    one. Layer l draws from `seeds[l]`, or from `seeds[0] + l * stride` where
    only one seed is given.

    **Constraints**
    - `synthetic-c1`: the type is a static tensor of rank 1 or more of f16, bf16 or f32.
    - `synthetic-c2`: `seeds` has one entry, or one per layer.
    - `synthetic-c3`: `scale` is finite and not negative, and so is `layers`.

    **Example**
    ```mlir
    #q = #wgraph.synthetic<type = tensor<4096x4096xf16>, layers = 32,
      seeds = [7], stride = 16, scale = 0.02>
    ```
  }];
  let parameters = (ins
    "::mlir::RankedTensorType":$type,
    DefaultValuedParameter<"int64_t", "0">:$layers,
    ArrayRefParameter<"int64_t">:$seeds,
    DefaultValuedParameter<"int64_t", "0">:$stride,
    WGraph_Double<"0.0">:$scale);
  let assemblyFormat = [{ `<` struct($type, $layers, custom<IntList>($seeds),
    $stride, custom<Double>($scale)) `>` }];
  let extraClassDeclaration = [{
    uint64_t getSeed(int64_t layer) const {
      return getSeeds().size() == 1
                 ? uint64_t(getSeeds()[0]) + uint64_t(layer) * uint64_t(getStride())
                 : uint64_t(getSeeds()[layer]);
    }
  }];
  let genVerifyDecl = 1;
  let genMnemonicAlias = 1;
}

def WGraph_ConcatAttr : WGraph_Attr<"Concat", "concat"> {
  let summary = "recipes joined along a dimension";
  let description = [{
    **Constraints**
    - `concat-c1`: there are two parts or more, of equal rank, element type
      and sizes apart from `dim`.
    - `concat-c2`: `dim` is a dimension of the parts.
    - `concat-c3`: parts that are stacks have equal numbers of layers.

    **Example**
    ```mlir
    #gate = #wgraph.recipe<#wgraph.ref<type = tensor<172x64xf32>, files = [0], offsets = [0]>>
    #up = #wgraph.recipe<#wgraph.ref<type = tensor<172x64xf32>, files = [0], offsets = [44032]>>
    #both = #wgraph.concat<dim = 0, [#gate, #up]>
    ```
  }];
  let parameters = (ins "int64_t":$dim, ArrayRefParameter<"RecipeAttr">:$parts);
  let assemblyFormat = "`<` `dim` `=` $dim `,` `[` $parts `]` `>`";
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Recipes: transforms
//===----------------------------------------------------------------------===//

def WGraph_SliceAttr : WGraph_Attr<"Slice", "slice"> {
  let summary = "takes a box out of a tensor";
  let description = [{
    **Constraints**
    - `slice-c1`: `offsets` and `sizes` have equal lengths; offsets are not
      negative and sizes are positive.

    **Example**
    ```mlir
    #first_rows = #wgraph.slice<offsets = [0, 0], sizes = [32, 64]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$offsets,
                        ArrayRefParameter<"int64_t">:$sizes);
  let assemblyFormat =
    "`<` struct(custom<IntList>($offsets), custom<IntList>($sizes)) `>`";
  let genVerifyDecl = 1;
}

def WGraph_PermuteAttr : WGraph_Attr<"Permute", "permute"> {
  let summary = "reorders dimensions";
  let description = [{
    Dimension i of the result is dimension `order[i]` of the source; a
    transpose is `[1, 0]`.

    **Constraints**
    - `permute-c1`: `order` is a permutation.

    **Example**
    ```mlir
    #transpose = #wgraph.permute<[1, 0]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$order);
  let assemblyFormat = "`<` custom<IntList>($order) `>`";
  let genVerifyDecl = 1;
}

def WGraph_ReshapeAttr : WGraph_Attr<"Reshape", "reshape"> {
  let summary = "gives the row-major elements another shape";
  let description = [{
    Together with `permute` it reorders rows inside a head, such as from
    interleaved to half-split rotary pairs.

    **Constraints**
    - `reshape-c1`: `shape` is not empty and its sizes are positive.

    **Example**
    ```mlir
    #by_pairs = #wgraph.reshape<[8, 4, 2, 64]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape);
  let assemblyFormat = "`<` custom<IntList>($shape) `>`";
  let genVerifyDecl = 1;
}

def WGraph_ScaleAttr : WGraph_Attr<"Scale", "scale"> {
  let summary = "multiplies along a dimension by a vector";
  let description = [{
    Element [.., i, ..] is multiplied, in f32, by element i of `by`, where i is
    its index in dimension `dim`, and rounded to the element type. This is
    how the gain of a norm moves into the linear after it.

    **Constraints**
    - `scale-c1`: `by` gives a tensor of rank 1.
    - `scale-c2`: `dim` is not negative.

    **Example**
    ```mlir
    #gain = #wgraph.recipe<#wgraph.ref<type = tensor<64xf32>, files = [0], offsets = [8]>>
    #by_gain = #wgraph.scale<dim = 1, by = #gain>
    ```
  }];
  let parameters = (ins "int64_t":$dim, AttrParameter<"RecipeAttr", "factors">:$by);
  let assemblyFormat = "`<` `dim` `=` $dim `,` `by` `=` $by `>`";
  let genVerifyDecl = 1;
}

def WGraph_CastAttr : WGraph_Attr<"Cast", "cast"> {
  let summary = "converts the elements, to nearest and ties to even";
  let description = [{
    **Constraints**
    - `cast-c1`: the type is f16, bf16 or f32.

    **Example**
    ```mlir
    #to_half = #wgraph.cast<f16>
    ```
  }];
  let parameters = (ins "::mlir::FloatType":$type);
  let assemblyFormat = "`<` $type `>`";
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Recipes
//===----------------------------------------------------------------------===//

def WGraph_RecipeAttr : WGraph_Attr<"Recipe", "recipe"> {
  let summary = "how to obtain a weight: a source and lazy transforms";
  let description = [{
    A pure function from a layer number to a tensor. Nothing is read until the
    image is written; then each element is computed once. Shapes and
    dimensions are those of one layer: the layer dimension of a stacked weight
    does not appear.

    Sources: `ref`, `synthetic`, `concat`. Transforms, applied in order:
    `slice`, `permute`, `reshape`, `scale`, `cast`.

    **Constraints**
    - `recipe-c1`: the source is a source and the transforms are transforms.
    - `recipe-c2`: each transform fits the tensor before it (a slice lies
      inside, a permutation has its rank, a reshape its number of elements, a
      scale its size).
    - `recipe-c3`: all stacks inside have equal numbers of layers.

    **Example**
    ```mlir
    #q = #wgraph.ref<type = tensor<64x64xf32>, layers = 5, files = [0],
      offsets = [131080], stride = 185600>
    #r = #wgraph.recipe<#q, [#wgraph.permute<[1, 0]>, #wgraph.cast<f16>]>
    ```
  }];
  let parameters = (ins "::mlir::Attribute":$source,
    OptionalArrayRefParameter<"::mlir::Attribute">:$transforms);
  let assemblyFormat =
    "`<` $source (`,` `[` $transforms^ `]`)? `>`";
  let extraClassDeclaration = [{
    /// The tensor of one layer.
    ::mlir::RankedTensorType getResultType() const;
    /// The number of layers of the stacks inside; 0 if there are none.
    int64_t getLayers() const;
    /// This recipe with one more transform at the end.
    RecipeAttr append(::mlir::Attribute transform) const;
    /// An equal recipe without transforms that change nothing.
    RecipeAttr simplify() const;
  }];
  let genVerifyDecl = 1;
  let genMnemonicAlias = 1;
}

#endif // WAFER_WGRAPH_ATTRS_TD
