// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WGRAPH_OPS_TD
#define WAFER_WGRAPH_OPS_TD

include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "wafer/WGraph/WGraphAttrs.td"
include "wafer/WGraph/WGraphDialect.td"
include "wafer/WGraph/WGraphEnums.td"

def WGraph_StateResource : Resource<"::wafer::wgraph::StateResource">;

/// Activations: a static tensor with the token dimension first.
def WGraph_Activation : StaticShapeTensorOf<[F16, BF16, F32]>;
/// One head vector per token and head: [tokens, heads, head size].
def WGraph_Heads : 3DTensorOf<[F16, BF16, F32]>;
def WGraph_TokenIds : 1DTensorOf<[I32]>;

def WGraph_SymbolUser : DeclareOpInterfaceMethods<SymbolUserOpInterface>;

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

def WGraph_ModelOp : WGraph_Op<"model", [
    Symbol, SymbolTable, IsolatedFromAbove, SingleBlock, NoTerminator,
    NoRegionArguments]> {
  let summary = "a whole transformer";
  let description = [{
    Holds the weights, states, blocks and entries of one model as symbols.
    `source` is the path that the model was imported from (its tokenizer is
    read from there); `files` are the files that weights refer to by number.

    **Constraints**
    - `model-c1`: the body holds only `weight`, `state`, `block` and `entry`.
    - `model-c2`: every file that a recipe refers to is one of `files`.

    **Example**
    ```mlir
    wgraph.model @tiny config <family = "llama", layers = 1, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [#wgraph.file<"tiny.safetensors", size = 1024>] {
      wgraph.weight @embed : tensor<16x4xf32> =
        <#wgraph.ref<type = tensor<16x4xf32>, files = [0], offsets = [0]>>
    }
    ```
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    WGraph_ConfigAttr:$config,
    TypedArrayAttrBase<WGraph_FileAttr, "array of files">:$files,
    OptionalAttr<StrAttr>:$source);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `config` $config `files` $files (`from` $source^)?
    attr-dict-with-keyword $body
  }];
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "ConfigAttr":$config,
    "::mlir::ArrayAttr":$files, "::mlir::StringAttr":$source)>];
  let skipDefaultBuilders = 1;
  let hasRegionVerifier = 1;
}

def WGraph_WeightOp : WGraph_Op<"weight", [Symbol, HasParent<"ModelOp">]> {
  let summary = "a constant tensor, given by a recipe";
  let description = [{
    Names a tensor that is known when the image is written. A *stacked* weight
    holds one tensor per layer of a repeated block, with the layer as the
    first dimension of its type; in a block its name stands for the slice of
    the current repetition.

    **Constraints**
    - `weight-c1`: the type is what the recipe gives, with the number of layers
      in front of it when the weight is stacked.
    - `weight-c2`: a stacked weight has a recipe with layers, and another one
      has a recipe without.

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 5, dim = 64, ffn = 172,
        heads = 8, kv_heads = 4, head_dim = 8, vocab = 512, max_context = 512>
        files [#wgraph.file<"model.safetensors", size = 1056792>] {
      wgraph.weight private @q stacked : tensor<5x64x64xf16> =
        <#wgraph.ref<type = tensor<64x64xf32>, layers = 5, files = [0],
          offsets = [131080], stride = 185088>, [#wgraph.cast<f16>]>
    }
    ```
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    OptionalAttr<StrAttr>:$sym_visibility,
    UnitAttr:$stacked,
    TypeAttrOf<AnyStaticShapeTensor>:$type,
    WGraph_RecipeAttr:$recipe);
  let assemblyFormat = [{
    custom<Visibility>($sym_visibility) $sym_name (`stacked` $stacked^)?
    `:` $type `=` $recipe attr-dict
  }];
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
    /// The tensor of one layer: the type without the layer dimension.
    ::mlir::RankedTensorType getLayerType() { return getRecipe().getResultType(); }
    /// Sets the recipe and the type that goes with it.
    void updateRecipe(RecipeAttr recipe);
  }];
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "RecipeAttr":$recipe)>];
  let hasCanonicalizeMethod = 1;
  let hasVerifier = 1;
}

def WGraph_StateOp : WGraph_Op<"state", [Symbol, HasParent<"ModelOp">]> {
  let summary = "what one kind of layer remembers of the tokens so far";
  let description = [{
    A cache with one row of `row_type` per slot, layer and position, and a
    *length* per slot: the number of positions that hold a row. A slot belongs
    to one request in flight. In a block the name stands for the layer of the
    current repetition.

    `append` at position p drops the rows from p on, writes one row per token
    and makes the length p + m; so rewinding is appending at a smaller position,
    and a slot is emptied by appending at 0.

    **Constraints**
    - `state-c1`: slots, layers and capacity are positive.

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 5, dim = 64, ffn = 172,
        heads = 8, kv_heads = 4, head_dim = 8, vocab = 512, max_context = 512>
        files [] {
      wgraph.state private @keys[1 slots, 5 layers, 512 positions] : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    OptionalAttr<StrAttr>:$sym_visibility,
    I64Attr:$slots, I64Attr:$layers, I64Attr:$capacity,
    TypeAttrOf<AnyStaticShapeTensor>:$row_type);
  let assemblyFormat = [{
    custom<Visibility>($sym_visibility) $sym_name `[` $slots `slots` `,`
    $layers `layers` `,` $capacity `positions` `]` `:` $row_type attr-dict
  }];
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getRow() {
      return ::llvm::cast<::mlir::RankedTensorType>(getRowType());
    }
  }];
  let hasVerifier = 1;
}

class WGraph_FunctionOp<string mnemonic> : WGraph_Op<mnemonic, [
    FunctionOpInterface, IsolatedFromAbove, HasParent<"ModelOp">,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    TypeAttrOf<FunctionType>:$function_type,
    OptionalAttr<StrAttr>:$sym_visibility,
    OptionalAttr<DictArrayAttr>:$arg_attrs,
    OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
    "::mlir::FunctionType":$type)>];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = [{
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() {
      return getFunctionType().getInputs();
    }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() {
      return getFunctionType().getResults();
    }
  }];
  let hasCustomAssemblyFormat = 1;
}

def WGraph_BlockOp : WGraph_FunctionOp<"block"> {
  let summary = "the body of one layer of a period";
  let description = [{
    An isolated function from activations to activations that `repeat` applies.
    Stacked weights and states inside stand for the current repetition.

    **Constraints**
    - `block-c1`: the first results.size() arguments have the result types (they
      are the values that repetitions carry); at least one is carried.

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 2, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [] {
      wgraph.block private @layer(%x: tensor<1x4xf32>, %position: index,
                                  %slot: index) -> tensor<1x4xf32> {
        %0 = wgraph.rms_norm %x eps 1.0e-5 : tensor<1x4xf32>
        %1 = wgraph.add %x, %0 : tensor<1x4xf32>
        wgraph.yield %1 : tensor<1x4xf32>
      }
    }
    ```
  }];
  let hasVerifier = 1;
}

def WGraph_EntryOp : WGraph_FunctionOp<"entry"> {
  let summary = "a program that the host starts: one step of the model";
  let description = [{
    The step of a decoder takes the token ids of this pass, the position of
    the first one and the slot of the request, and gives, for each token, the
    id that follows it and the logits. Generating is calling it again with the
    id that it gave, at the next position; checking m drafted tokens and
    reading a prompt are calls with m tokens.

    **Constraints**
    - `entry-c1`: the arguments are m token ids (`tensor<mxi32>`), the position
      and the slot (`index`); the results are m ids and logits
      (`tensor<mxvocabxf32>`).

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 0, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [] {
      wgraph.weight private @embed : tensor<16x4xf32> =
        <#wgraph.synthetic<type = tensor<16x4xf32>, seeds = [1], scale = 1.0>>
      wgraph.entry @step(%ids: tensor<1xi32>, %position: index, %slot: index)
          -> (tensor<1xi32>, tensor<1x16xf32>) {
        %x = wgraph.embedding %ids, @embed : tensor<1x4xf32>
        %logits = wgraph.linear %x, [@embed] : tensor<1x4xf32> -> tensor<1x16xf32>
        %next = wgraph.argmax %logits : tensor<1x16xf32>
        wgraph.yield %next, %logits : tensor<1xi32>, tensor<1x16xf32>
      }
    }
    ```
  }];
  let hasVerifier = 1;
}

def WGraph_YieldOp : WGraph_Op<"yield", [
    Pure, Terminator, ReturnLike, ParentOneOf<["BlockOp", "EntryOp"]>]> {
  let summary = "ends a block or an entry and gives its results";
  let description = [{
    **Constraints**
    - `yield-c1`: the operands have the result types of the function around it.

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 1, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [] {
      wgraph.block private @nothing(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
        wgraph.yield %x : tensor<1x4xf32>
      }
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$operands);
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, ::mlir::ValueRange());
  }]>];
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
  let hasVerifier = 1;
}

def WGraph_RepeatOp : WGraph_Op<"repeat", [
    AttrSizedOperandSegments, WGraph_SymbolUser,
    RangedTypesMatchWith<"results have the types of the carried values",
      "carried", "results", "::llvm::to_vector($_self)">]> {
  let summary = "applies a period of blocks a number of times";
  let description = [{
    Applies `blocks[0]`, `blocks[1]`, ... in turn, and that `times` times. Each
    block gets the carried values of the one before it and the same
    `invariant` values. In repetition r the stacked weights and the states of
    the blocks stand for their layer r. So a model of 64 equal layers is one
    block, 64 times; one that alternates two kinds of attention is a period of
    two, 32 times.

    **Constraints**
    - `repeat-c1`: there is a block and a carried value; `times` is not negative.
    - `repeat-c2`: every block takes the carried and the invariant types and
      gives the carried types.
    - `repeat-c3`: stacked weights and states that the blocks use have `times`
      layers.

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 2, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [] {
      wgraph.block private @layer(%x: tensor<1x4xf32>, %position: index)
          -> tensor<1x4xf32> {
        %0 = wgraph.rms_norm %x eps 1.0e-5 : tensor<1x4xf32>
        wgraph.yield %0 : tensor<1x4xf32>
      }
      wgraph.block private @stack(%x: tensor<1x4xf32>, %position: index)
          -> tensor<1x4xf32> {
        %0 = wgraph.repeat [@layer] times 2 carry(%x : tensor<1x4xf32>)
               with(%position : index)
        wgraph.yield %0 : tensor<1x4xf32>
      }
    }
    ```
  }];
  let arguments = (ins
    FlatSymbolRefArrayAttr:$blocks,
    I64Attr:$times,
    Variadic<AnyRankedTensor>:$carried,
    Variadic<AnyType>:$invariant);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $blocks `times` $times `carry` `(` $carried `:` type($carried) `)`
    (`with` `(` $invariant^ `:` type($invariant) `)`)? attr-dict
  }];
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

//===----------------------------------------------------------------------===//
// Operations with weights
//===----------------------------------------------------------------------===//

def WGraph_EmbeddingOp : WGraph_Op<"embedding", [Pure, WGraph_SymbolUser]> {
  let summary = "looks up one row of a table per token";
  let description = [{
    Row i of the result is row `ids[i]` of the table. Ids are below the number
    of rows; the host checks what it feeds.

    **Constraints**
    - `embedding-c1`: the result is [tokens, d] with as many tokens as ids.
    - `embedding-c2`: the table is a weight of shape [rows, d].

    **Example**: see `entry`.
  }];
  let arguments = (ins WGraph_TokenIds:$ids, FlatSymbolRefAttr:$table);
  let results = (outs WGraph_Activation:$result);
  let assemblyFormat = [{
    $ids `,` $table attr-dict `:` type($result) `` custom<IdsType>(ref(type($result)), type($ids))
  }];
  let hasVerifier = 1;
}

def WGraph_RMSNormOp : WGraph_Op<"rms_norm", [
    Pure, WGraph_SymbolUser, AllTypesMatch<["input", "result"]>]> {
  let summary = "divides by the root mean square of the last dimension";
  let description = [{
    `y = x / sqrt(mean(x^2) + eps) * gain`, over the last dimension, computed in
    f32. Without a gain the last factor is one. On a tensor of heads it is the
    norm of queries or keys.

    **Constraints**
    - `rms_norm-c1`: `eps` is finite and not negative, and the input has a
      dimension after the token dimension.
    - `rms_norm-c2`: the gain is a weight with one element per element of the
      last dimension.

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 1, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [] {
      wgraph.weight private @gain : tensor<4xf32> =
        <#wgraph.synthetic<type = tensor<4xf32>, seeds = [1]>>
      wgraph.block private @norm(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
        %0 = wgraph.rms_norm %x, @gain eps 1.0e-5 : tensor<1x4xf32>
        wgraph.yield %0 : tensor<1x4xf32>
      }
    }
    ```
  }];
  let arguments = (ins WGraph_Activation:$input,
    OptionalAttr<FlatSymbolRefAttr>:$gain, F64Attr:$eps);
  let results = (outs WGraph_Activation:$result);
  let assemblyFormat =
    "$input (`,` $gain^)? `eps` $eps attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def WGraph_LinearOp : WGraph_Op<"linear", [Pure, WGraph_SymbolUser]> {
  let summary = "multiplies by one weight or by several at once";
  let description = [{
    `y_j = x W_j^T` for each weight W_j of shape [outputs, inputs], in f32. A
    linear with several weights gives several results and is one matrix-vector
    product of the stacked rows: how query, key and value, or gate and up, are
    computed together.

    **Constraints**
    - `linear-c1`: there is a weight, and one result per weight.
    - `linear-c2`: the input is [tokens, inputs] and the results are
      [tokens, outputs] of the input's element type.
    - `linear-c3`: each weight is a weight of shape [outputs, inputs].

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 1, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [] {
      wgraph.weight private @gate stacked : tensor<1x8x4xf32> =
        <#wgraph.synthetic<type = tensor<8x4xf32>, layers = 1, seeds = [1], scale = 0.5>>
      wgraph.weight private @up stacked : tensor<1x8x4xf32> =
        <#wgraph.synthetic<type = tensor<8x4xf32>, layers = 1, seeds = [2], scale = 0.5>>
      wgraph.weight private @down stacked : tensor<1x4x8xf32> =
        <#wgraph.synthetic<type = tensor<4x8xf32>, layers = 1, seeds = [3], scale = 0.5>>
      wgraph.block private @ffn(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
        %0:2 = wgraph.linear %x, [@gate, @up]
          : tensor<1x4xf32> -> tensor<1x8xf32>, tensor<1x8xf32>
        %1 = wgraph.activation silu %0#0 : tensor<1x8xf32>
        %2 = wgraph.mul %1, %0#1 : tensor<1x8xf32>
        %3 = wgraph.linear %2, [@down] : tensor<1x8xf32> -> tensor<1x4xf32>
        wgraph.yield %3 : tensor<1x4xf32>
      }
    }
    ```
  }];
  let arguments = (ins WGraph_Activation:$input, FlatSymbolRefArrayAttr:$weights);
  let results = (outs Variadic<WGraph_Activation>:$results);
  let assemblyFormat =
    "$input `,` $weights attr-dict `:` type($input) `->` type($results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

def WGraph_RopeOp : WGraph_Op<"rope", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "rotates pairs of a head by angles that grow with the position";
  let description = [{
    Pair i of each head of token t is turned by the angle
    `(position + t) * theta^(-2 i / n)` where n is the size of a head, after
    the frequencies are stretched by `scaling`. `half` pairs elements i and
    i + n/2, `interleaved` pairs 2i and 2i + 1.

    **Constraints**
    - `rope-c1`: the size of a head is even.
    - `rope-c2`: `theta` is finite and positive.

    **Example**: see `attention`.
  }];
  let arguments = (ins WGraph_Heads:$input, Index:$position, F64Attr:$theta,
    WGraph_RopePairingAttr:$pairing, OptionalAttr<WGraph_RopeScalingAttr>:$scaling);
  let results = (outs WGraph_Heads:$result);
  let assemblyFormat = [{
    $input `at` $position `theta` $theta `pairing` `` $pairing
    (`scaling` $scaling^)? attr-dict `:` type($input)
  }];
  let extraClassDeclaration = [{
    /// The angle per position of each pair, in f64.
    ::llvm::SmallVector<double> getFrequencies();
  }];
  let hasVerifier = 1;
}

def WGraph_AppendOp : WGraph_Op<"append", [
    WGraph_SymbolUser, MemoryEffects<[MemWrite<WGraph_StateResource>]>]> {
  let summary = "writes the rows of this pass to a state";
  let description = [{
    Writes row t of the input at `position + t` of a slot and makes that the
    slot's length `position + m`. The position is at most the length before
    (no holes), and `position + m` at most the capacity; the host checks both.

    **Constraints**
    - `append-c1`: the symbol is a state whose rows have the shape of the
      input without its token dimension.
    - `append-c2`: m does not exceed the capacity.

    **Example**: see `attention`.
  }];
  let arguments = (ins WGraph_Activation:$input, FlatSymbolRefAttr:$state,
    Index:$position, Index:$slot);
  let assemblyFormat = [{
    $input `to` $state `at` $position `slot` $slot attr-dict `:` type($input)
  }];
}

def WGraph_AttentionOp : WGraph_Op<"attention", [
    WGraph_SymbolUser, MemoryEffects<[MemRead<WGraph_StateResource>]>,
    AllTypesMatch<["query", "result"]>]> {
  let summary = "softmax attention of the tokens of this pass over a state";
  let description = [{
    For token t and query head h, with group g = h / (heads / kvHeads):
    `p = softmax over j <= position + t of scale * query[t, h] . keys[j, g]` and
    the result is `sum_j p[j] * values[j, g]`. It reads positions 0 to
    `position + m - 1` of the slot, so it stands after the appends of the pass.
    The softmax is computed in f32.

    **Constraints**
    - `attention-c1`: `scale` is finite.
    - `attention-c2`: `keys` and `values` are states with rows [kvHeads, head
      size] and equal slots, layers and capacity; kvHeads divides the query's heads.

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 2, dim = 8, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 4, vocab = 16, max_context = 8>
        files [] {
      wgraph.state private @keys[1 slots, 2 layers, 8 positions] : tensor<1x4xf32>
      wgraph.state private @values[1 slots, 2 layers, 8 positions] : tensor<1x4xf32>
      wgraph.block private @attend(%q: tensor<1x2x4xf32>, %k: tensor<1x1x4xf32>,
          %v: tensor<1x1x4xf32>, %position: index, %slot: index)
          -> tensor<1x2x4xf32> {
        %0 = wgraph.rope %q at %position theta 10000.0 pairing half : tensor<1x2x4xf32>
        %1 = wgraph.rope %k at %position theta 10000.0 pairing half : tensor<1x1x4xf32>
        wgraph.append %1 to @keys at %position slot %slot : tensor<1x1x4xf32>
        wgraph.append %v to @values at %position slot %slot : tensor<1x1x4xf32>
        %2 = wgraph.attention %0, @keys, @values at %position slot %slot scale 0.5
          : tensor<1x2x4xf32>
        wgraph.yield %2 : tensor<1x2x4xf32>
      }
    }
    ```
  }];
  let arguments = (ins WGraph_Heads:$query, FlatSymbolRefAttr:$keys,
    FlatSymbolRefAttr:$values, Index:$position, Index:$slot, F64Attr:$scale);
  let results = (outs WGraph_Heads:$result);
  let assemblyFormat = [{
    $query `,` $keys `,` $values `at` $position `slot` $slot `scale` $scale
    attr-dict `:` type($query)
  }];
  let hasVerifier = 1;
}

def WGraph_ReshapeOp : WGraph_Op<"reshape", [Pure]> {
  let summary = "splits or joins the heads of each token";
  let description = [{
    Gives the row-major elements of each token another shape:
    `tensor<1x64xf32>` to `tensor<1x8x8xf32>` and back.

    **Constraints**
    - `reshape-c1`: element type, token dimension and number of elements stay.

    **Example**
    ```mlir
    wgraph.model @m config <family = "llama", layers = 1, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [] {
      wgraph.block private @heads(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
        %0 = wgraph.reshape %x : tensor<1x4xf32> -> tensor<1x2x2xf32>
        %1 = wgraph.reshape %0 : tensor<1x2x2xf32> -> tensor<1x4xf32>
        wgraph.yield %1 : tensor<1x4xf32>
      }
    }
    ```
  }];
  let arguments = (ins WGraph_Activation:$input);
  let results = (outs WGraph_Activation:$result);
  let assemblyFormat =
    "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Elementwise operations and sampling
//===----------------------------------------------------------------------===//

class WGraph_BinaryOp<string mnemonic> : WGraph_Op<mnemonic, [
    Pure, Commutative, SameOperandsAndResultType]> {
  let arguments = (ins WGraph_Activation:$lhs, WGraph_Activation:$rhs);
  let results = (outs WGraph_Activation:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def WGraph_AddOp : WGraph_BinaryOp<"add"> {
  let summary = "adds element by element";
  let description = [{
    **Constraints**: operands and result have one type.

    **Example**: see `block`.
  }];
}

def WGraph_MulOp : WGraph_BinaryOp<"mul"> {
  let summary = "multiplies element by element";
  let description = [{
    **Constraints**: operands and result have one type.

    **Example**: see `linear`.
  }];
}

def WGraph_ActivationOp : WGraph_Op<"activation", [
    Pure, SameOperandsAndResultType]> {
  let summary = "applies a nonlinear function element by element";
  let description = [{
    `silu`: x / (1 + exp(-x)); `gelu_tanh`:
    x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))); `relu`: max(x, 0).

    **Constraints**: operand and result have one type.

    **Example**: see `linear`.
  }];
  let arguments = (ins WGraph_ActivationKindAttr:$kind, WGraph_Activation:$input);
  let results = (outs WGraph_Activation:$result);
  let assemblyFormat = "`` $kind $input attr-dict `:` type($result)";
}

def WGraph_ArgmaxOp : WGraph_Op<"argmax", [Pure]> {
  let summary = "the index of the largest element of each row";
  let description = [{
    The lowest index wins a tie; NaN is never the largest (a row of NaN gives 0).

    **Constraints**
    - `argmax-c1`: the input is [tokens, n] and the result has as many tokens.

    **Example**: see `entry`.
  }];
  let arguments = (ins WGraph_Activation:$input);
  let results = (outs WGraph_TokenIds:$result);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `` custom<IdsType>(ref(type($input)), type($result))
  }];
  let hasVerifier = 1;
}

#endif // WAFER_WGRAPH_OPS_TD
