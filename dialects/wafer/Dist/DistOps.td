// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_DIST_OPS_TD
#define WAFER_DIST_OPS_TD

include "wafer/Dist/DistAttrs.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

//===----------------------------------------------------------------------===//
// The program: slicings, tensors, stages, transfers
//===----------------------------------------------------------------------===//

def Dist_SlicingOp : Dist_Op<"slicing", [Symbol]> {
  let summary = "how one dimension is cut over the lines of a rectangle";
  let description = [{
    Line i (a row or a column of a rectangle) holds a range of elements of a
    dimension of size `size`. The ranges are a run-length list: a run
    `n x [b, e) step s` stands for n lines, the i-th of which holds
    [b + i s, e + i s). Ranges may be empty and may overlap.

    With `cyclic` line i holds the elements p with p mod lines = i, and there are
    no runs: the slicing of the positions of a KV cache, where an append moves
    nothing.

    **Constraints**
    - (slicing-c1) `size` and `lines` are positive.
    - (slicing-c2) The counts of the runs sum to `lines`; none with `cyclic`.
    - (slicing-c3) Every range lies inside [0, `size`).

    Example:
    ```mlir
    wafer.slicing @d rows 64 over 13 {12 x [0, 5) step 5, 1 x [60, 64) step 0}
    wafer.slicing @positions rows 512 over 13 cyclic
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Dist_LineAxisAttr:$axis,
    I64Attr:$size, I64Attr:$lines, DenseI64ArrayAttr:$runs, UnitAttr:$cyclic);
  let assemblyFormat = [{
    $sym_name $axis $size `over` $lines (`cyclic` $cyclic^)?
    custom<SliceRuns>($runs) attr-dict
  }];
  let extraClassDeclaration = [{
    /// The range of a line: [begin, end). Not for cyclic slicings.
    std::pair<int64_t, int64_t> getRange(int64_t line);
    /// The longest range; for a cyclic slicing ceil(size / lines).
    int64_t getMaxWidth();
  }];
  let hasVerifier = 1;
}

def Dist_TensorOp : Dist_Op<"tensor", [Symbol]> {
  let summary = "a weight or state tensor and where it lies in a stage";
  let description = [{
    A weight is a view of a `wgraph.weight` of the module's model: element
    (i0, i1, ...) is the element at `offset` + sum of i_d * `source_strides`[d] of the row-major
    matrix of one layer. A state may be a view of a `wgraph.state`: then element (i0, i1, ...) is the
    element at that place of the row-major rows [capacity, row type] of one layer. A factor is a state
    by which another one, its source, is multiplied where it is read: one value stands for all elements
    of a row that begin at its place. An output is a value that the host may read between tokens.
    A rotary table [entries, 2, pairs] holds cosine and sine of
    entry * `offset` * `frequencies`[pair].
    In a stage of several layers the local block of a weight or state is repeated for each of them.

    **Constraints**
    - (tensor-c1) The type has a `#wafer.layout` that is not partial.
    - (tensor-c2) A weight or a factor has a source and one stride a dimension, a state may have them;
      other kinds have neither.
    - (tensor-c3) A rotary table has a frequency for each pair and the shape above; other kinds have none.

    Example:
    ```mlir
    wafer.tensor @q weight : tensor<64x4x2x4x2xf16, #wafer.layout<[@d, @kv, *, @pairs, *]>>
      from @model::@q strides [1, 1024, 512, 64, 256]
    wafer.tensor @keys state : tensor<4x4x2x512xf16, #wafer.layout<[@kv, @pairs, *, @positions]>>
      from @model::@keys strides [8, 1, 4, 32]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Dist_TensorKindAttr:$kind,
    TypeAttrOf<AnyRankedTensor>:$type, OptionalAttr<SymbolRefAttr>:$source,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$source_strides, DefaultValuedAttr<I64Attr, "0">:$source_offset,
    OptionalAttr<DenseF64ArrayAttr>:$frequencies);
  let assemblyFormat = [{
    $sym_name $kind `:` $type
    (`from` $source^)? (`strides` $source_strides^)? (`offset` $source_offset^)?
    (`frequencies` $frequencies^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Dist_PlacementOp : Dist_Op<"placement"> {
  let summary = "the bytes of a tensor in the cores of a region";
  let description = [{
    After lowering: the local block of `tensor` in every core of `region` begins at
    byte `offset` of `buffer`; one step in dimension d is `strides`[d] bytes, one layer `layer_stride` bytes. Layers
    `first_layer` to `first_layer + num_layers` of the model lie in this region; 0 layers mean a
    tensor without layers.

    **Constraints**
    - (placement-c1) Strides are positive, offset and layers are not negative.

    Example:
    ```mlir
    wafer.placement @q in @layers0 buffer "qkv" at 0 strides [96, 24, 12, 2, 6] layers 0 to 5 stride 1536
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$tensor, FlatSymbolRefAttr:$region, StrAttr:$buffer,
    I64Attr:$offset, DenseI64ArrayAttr:$strides, I64Attr:$first_layer, I64Attr:$num_layers,
    I64Attr:$layer_stride);
  let assemblyFormat = [{
    $tensor `in` $region `buffer` $buffer `at` $offset `strides` $strides
    `layers` $first_layer `to` custom<LayerEnd>($num_layers, ref($first_layer))
    `stride` $layer_stride attr-dict
  }];
  let hasVerifier = 1;
}

def Dist_StageOp : Dist_Op<"stage", [Symbol, IsolatedFromAbove,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "a rectangle of cores and what it computes for a token";
  let description = [{
    The body takes what the stage receives (the token id for `embed`, the
    hidden state for `layers` and `head`) and yields what it hands on. A `layers`
    stage applies its body once for each of its layers, with weights and state of
    that layer, and hands the result of the last one on. A `token_loop` has an empty body:
    it feeds prompt tokens, then the sampled ones, and reports to the host. A
    `gate_out`, of one column, gathers the rows of the hidden state on the channels at
    the edge of its wafer, and a `gate_in` on the next wafer spreads them again; their
    bodies yield what they take.

    **Constraints**
    - (stage-c1) The sides of the rectangle are positive and its corner is not negative.
    - (stage-c2) `num_layers` is positive for `layers` and 0 otherwise.
    - (stage-c3) The body's argument and the operand of its yield have the same type in a
      `layers` stage and in a gate.

    Example:
    ```mlir
    wafer.stage @layers0 layers rect [5, 0, 13, 11] wafer 0 layers 0 to 5 {
    ^bb0(%x: tensor<64xf32, #wafer.layout<[@d]>>):
      wafer.yield %x : tensor<64xf32, #wafer.layout<[@d]>>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Dist_StageKindAttr:$kind,
    DenseI64ArrayAttr:$rect, I64Attr:$wafer, I64Attr:$first_layer, I64Attr:$num_layers);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name $kind `rect` $rect `wafer` $wafer
    `layers` $first_layer `to` custom<LayerEnd>($num_layers, ref($first_layer)) attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Dist_YieldOp : Dist_Op<"yield", [Terminator, Pure, ParentOneOf<["StageOp"]>]> {
  let summary = "what a stage hands on";
  let description = [{
    Ends the body of a stage.

    Example:
    ```mlir
    wafer.yield %x : tensor<64xf32, #wafer.layout<[@d]>>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Dist_TransferOp : Dist_Op<"transfer", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "hands the value that one stage yields to the next";
  let description = [{
    Row i of the source stage sends its slice to every core of row i of the
    target stage, which lies beside it, or below it in the same columns, or is the
    `gate_in` that a `gate_out` leads to on the next wafer.

    **Constraints**
    - (transfer-c1) Both symbols are stages with as many rows, and with the same
      rows or the same columns on one wafer, or a `gate_out` and a `gate_in` on two.

    Example:
    ```mlir
    wafer.transfer @embed to @layers0 words 5
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$source, FlatSymbolRefAttr:$target, I64Attr:$words);
  let assemblyFormat = "$source `to` $target `words` $words attr-dict";
}

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

def Dist_AllReduceOp : Dist_Op<"all_reduce", [Pure]> {
  let summary = "combines partial values and leaves the result in every core of the axis";
  let description = [{
    All operands travel in one message. The type of a result is that of its
    operand with the partial axis gone: a collective changes nothing else. Over
    an axis of one line it moves nothing, and no code is made for it.

    Canonicalization takes out results that nobody reads and operands that
    travel twice.

    **Constraints**
    - (all_reduce-c1) As many results as operands; result i differs from operand i only in that it is not partial.
    - (all_reduce-c2) All operands are partial over the same axis (and group).

    Example:
    ```mlir
    %r:2 = wafer.all_reduce sum chain (%y, %ss) :
      (tensor<96xf32, #wafer.layout<[@o], partial rows>>, tensor<1xf32, #wafer.layout<[*], partial rows>>)
      -> (tensor<96xf32, #wafer.layout<[@o]>>, tensor<1xf32, #wafer.layout<[*]>>)
    ```
  }];
  let arguments = (ins Dist_CombineAttr:$combine, Dist_AlgorithmAttr:$algorithm,
    Variadic<AnyRankedTensor>:$operands_);
  let results = (outs Variadic<AnyRankedTensor>:$results_);
  let assemblyFormat = [{
    $combine $algorithm `(` $operands_ `)` attr-dict `:`
    functional-type($operands_, $results_)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Local computation
//===----------------------------------------------------------------------===//

def Dist_SumSquaresOp : Dist_Op<"sum_squares", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "adds the squares of a tensor's elements";
  let description = [{
    Each core adds the squares of what it holds; the result is partial over the
    axis that the operand is cut over.

    **Constraints**
    - (sum_squares-c1) The operand has one dimension, cut over rows or columns;
      the result is `tensor<1xf32>`, partial over that axis.

    Example:
    ```mlir
    %s = wafer.sum_squares %x : tensor<64xf32, #wafer.layout<[@d]>> -> tensor<1xf32, #wafer.layout<[*], partial rows>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Dist_CastOp : Dist_Op<"cast", [Pure]> {
  let summary = "changes the element type";
  let description = [{
    Rounds to nearest even where the result is narrower. The layout stays.

    Folds away where the type does not change, and where a value was widened and
    comes back: f16 and bf16 are exact in f32.

    **Constraints**
    - (cast-c1) Operand and result differ in the element type only.

    Example:
    ```mlir
    %h = wafer.cast %x : tensor<64xf32, #wafer.layout<[@d]>> -> tensor<64xf16, #wafer.layout<[@d]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Dist_MatVecOp : Dist_Op<"matvec", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "multiplies a vector by one or more weight tensors";
  let description = [{
    Result i contracts the leading dimensions of weight i (as many as the input
    has) with the input; what remains are the dimensions of the result. The sum
    over what other cores hold of the input is left open: the result is partial
    over the axis that the input is cut over. Several weights share one sweep
    over the input.

    Canonicalization takes out results that nobody reads, with their weights.

    **Constraints**
    - (matvec-c1) As many results as weights; each weight is a `wafer.tensor`
      whose leading dimensions match the input's shape and layout and whose
      other dimensions match the result's.
    - (matvec-c2) The input is cut over one axis and the results are partial
      over it.

    Example:
    ```mlir
    %q, %k = wafer.matvec %h, [@wq, @wk] : (tensor<64xf16, #wafer.layout<[@d]>>) -> (tensor<96xf32, #wafer.layout<[@o], partial rows>>, tensor<32xf32, #wafer.layout<[@p], partial rows>>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, FlatSymbolRefArrayAttr:$weights);
  let results = (outs Variadic<AnyRankedTensor>:$results_);
  let assemblyFormat = [{
    $input `,` $weights attr-dict `:` `(` type($input) `)` `->` `(` type($results_) `)`
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Dist_RmsScaleOp : Dist_Op<"rms_scale", [Pure,
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "divides by the root of a mean square";
  let description = [{
    Multiplies every operand by 1 / sqrt(sum / `count` + `eps`): the
    normalisation of the *inputs* of a matvec, applied to its outputs.

    Canonicalization takes out results that nobody reads.

    **Constraints**
    - (rms_scale-c1) As many results as values, of the same types; none is
      partial; `count` is positive.

    Example:
    ```mlir
    %q2 = wafer.rms_scale (%q) by %ss count 64 eps 1.0e-5 : (tensor<96xf32, #wafer.layout<[@o]>>) , tensor<1xf32, #wafer.layout<[*]>>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values, AnyRankedTensor:$sum, I64Attr:$count, F64Attr:$eps);
  let results = (outs Variadic<AnyRankedTensor>:$results_);
  let assemblyFormat = [{
    `(` $values `)` `by` $sum `count` $count `eps` $eps attr-dict `:` `(` type($values) `)` `,` type($sum)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Dist_HeadSumSquaresOp : Dist_Op<"head_sum_squares", [Pure]> {
  let summary = "adds the squares of each head's elements";
  let description = [{
    For a value [heads.., pairs, 2] the sum over the last two dimensions;
    partial over the group of columns that share the heads.

    **Constraints**
    - (head_sum_squares-c1) The input is [heads.., pairs, 2]; the result has its
      leading dimensions and is partial over a group.

    Example:
    ```mlir
    %s = wafer.head_sum_squares %q : tensor<4x2x4x2xf32, #wafer.layout<[@kv, *, @pairs, *]>> -> tensor<4x2xf32, #wafer.layout<[@kv, *], partial group @kv>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Dist_ScaleByOp : Dist_Op<"scale_by", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "multiplies by a weight along the trailing dimensions";
  let description = [{
    Elementwise product with a weight tensor that has the trailing dimensions of
    the value: the gain of a norm over head elements.

    **Constraints**
    - (scale_by-c1) Operand and result have the same type.

    Example:
    ```mlir
    %r = wafer.scale_by %q, @gain : tensor<4x2x4x2xf32, #wafer.layout<[@kv, *, @pairs, *]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, FlatSymbolRefAttr:$weight);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight attr-dict `:` type($input)
  }];
}

def Dist_RopeOp : Dist_Op<"rope", [Pure,
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "rotates the pairs of each head by the position";
  let description = [{
    Rotates pair i of every head by position * frequency(i): values are
    [heads.., pairs, 2]. The frequencies come with scaling applied; the angle is
    looked up in a two-level table, so its error does not grow with the
    position.

    Canonicalization takes out results that nobody reads.

    **Constraints**
    - (rope-c1) As many results as values, of the same types; `frequencies` has
      one entry a pair.

    Example:
    ```mlir
    %r = wafer.rope (%q) frequencies [1.0, 0.1, 0.01, 0.001] : tensor<4x2x4x2xf32, #wafer.layout<[@kv, *, @pairs, *]>>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values, DenseF64ArrayAttr:$frequencies);
  let results = (outs Variadic<AnyRankedTensor>:$results_);
  let assemblyFormat = [{
    `(` $values `)` `frequencies` $frequencies attr-dict `:` type($values)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Dist_AppendOp : Dist_Op<"append", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "writes the value of the current position into a state";
  let description = [{
    The row that owns the position (position mod rows) stores the value,
    converted to the state's element type.

    **Constraints**
    - (append-c1) The state is a `wafer.tensor` of kind state with one dimension
      cut cyclically over rows; without it it has the value's shape.

    Example:
    ```mlir
    wafer.append %k, @keys : tensor<4x4x2xf32, #wafer.layout<[@kv, @pairs, *]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$value, FlatSymbolRefAttr:$state);
  let assemblyFormat = [{
    $value `,` $state attr-dict `:` type($value)
  }];
}

def Dist_ScoresOp : Dist_Op<"scores"> {
  let summary = "multiplies queries with the cached keys";
  let description = [{
    result[kv, g, p] = `scale` * sum over the elements of a head of q[kv, g, e]
    * keys[kv, e, p], for the positions p that a row owns. Partial over the
    group of columns that share a head.

    **Constraints**
    - (scores-c1) The query is [kv heads, queries a head, pairs, 2]; the result
      is [kv heads, queries a head, positions], cut as the query is and partial
      over a group.

    Example:
    ```mlir
    %s = wafer.scores %q, @keys scale 0.35 : tensor<4x2x4x2xf16, #wafer.layout<[@kv, *, @pairs, *]>> -> tensor<4x2x512xf32, #wafer.layout<[@kv, *, @pos], partial group @kv>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$query, FlatSymbolRefAttr:$keys, F64Attr:$scale);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $query `,` $keys `scale` $scale attr-dict `:` type($query) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Dist_HeadNormScoresOp : Dist_Op<"head_norm_scores", [AllTypesMatch<["scores", "result"]>]> {
  let summary = "applies the head norms of query and key to the scores";
  let description = [{
    Norms over head elements are scalars by query head and by key, so they are
    applied where they cost least: s[kv, g, p] * rms(q[kv, g]) * rms(k[kv, p]).
    The key factor of the current position is stored in the state `factors`.

    **Constraints**
    - (head_norm_scores-c1) Result and scores have the same type.

    Example:
    ```mlir
    %r = wafer.head_norm_scores %s, %qq, %kk, @factors count 16 eps 1.0e-6 : tensor<4x2x512xf32, #wafer.layout<[@kv, *, @pos]>>, tensor<4x2xf32, #wafer.layout<[@kv, *]>>, tensor<4xf32, #wafer.layout<[@kv]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$scores, AnyRankedTensor:$query_sums, AnyRankedTensor:$key_sums, FlatSymbolRefAttr:$factors, I64Attr:$count, F64Attr:$eps);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $scores `,` $query_sums `,` $key_sums `,` $factors `count` $count `eps` $eps attr-dict `:` type($scores) `,` type($query_sums) `,` type($key_sums)
  }];
}

def Dist_MaxPositionsOp : Dist_Op<"max_positions", [Pure]> {
  let summary = "the maximum of the scores over positions";
  let description = [{
    Each row takes the maximum over its positions; partial (maximum) over rows.

    **Constraints**
    - (max_positions-c1) The result has the leading dimensions of the scores and
      is partial over rows.

    Example:
    ```mlir
    %m = wafer.max_positions %s : tensor<4x2x512xf32, #wafer.layout<[@kv, *, @pos]>> -> tensor<4x2xf32, #wafer.layout<[@kv, *], partial rows>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$scores);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $scores attr-dict `:` type($scores) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Dist_SoftmaxWeightsOp : Dist_Op<"softmax_weights", [Pure]> {
  let summary = "exponentials of the scores below their maximum, and their sum";
  let description = [{
    weights = exp(s - m); the sum over positions is partial over rows.

    **Constraints**
    - (softmax_weights-c1) `weights` has the type of the scores, `sum` that of
      the maximum but partial over rows.

    Example:
    ```mlir
    %w, %l = wafer.softmax_weights %s, %m : tensor<4x2x512xf32, #wafer.layout<[@kv, *, @pos]>>, tensor<4x2xf32, #wafer.layout<[@kv, *]>> -> tensor<4x2x512xf32, #wafer.layout<[@kv, *, @pos]>>, tensor<4x2xf32, #wafer.layout<[@kv, *], partial rows>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$scores, AnyRankedTensor:$maximum);
  let results = (outs AnyRankedTensor:$weights, AnyRankedTensor:$sum);
  let assemblyFormat = [{
    $scores `,` $maximum attr-dict `:` type($scores) `,` type($maximum) `->` type($weights) `,` type($sum)
  }];
  let hasVerifier = 1;
}

def Dist_LocalSoftmaxOp : Dist_Op<"local_softmax", [AllTypesMatch<["scores", "weights"]>]> {
  let summary = "exponentials of the scores relative to a reference of each row";
  let description = [{
    weights = exp(s - r), with a reference r of each row near the greatest score
    of its positions, so that no row waits for another one. `scale` is exp(r -
    b), where b is the same in all rows, and sum = scale * (sum of the weights),
    partial over rows. b is whatever `keep_reference` left after the last token.

    **Constraints**
    - (local_softmax-c1) `scale` and `sum` have the leading dimensions of the
      scores, and `sum` is partial over rows.

    Example:
    ```mlir
    %w, %f, %l = wafer.local_softmax %s : tensor<4x2x512xf32, #wafer.layout<[@kv, *, @pos]>> -> tensor<4x2xf32, #wafer.layout<[@kv, *]>>, tensor<4x2xf32, #wafer.layout<[@kv, *], partial rows>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$scores);
  let results = (outs AnyRankedTensor:$weights, AnyRankedTensor:$scale, AnyRankedTensor:$sum);
  let assemblyFormat = [{
    $scores attr-dict `:` type($scores) `->` type($scale) `,` type($sum)
  }];
  let hasVerifier = 1;
}

def Dist_KeepReferenceOp : Dist_Op<"keep_reference"> {
  let summary = "the reference of the next token's softmax";
  let description = [{
    Adds the logarithm of the sum, to the next lower power of two, to the
    reference b of `local_softmax`, so that the next sum is near 1 if the
    greatest scores stay what they are. Each layer has its own.

    **Constraints**
    - (keep_reference-c1) The sum is not partial.

    Example:
    ```mlir
    wafer.keep_reference %l : tensor<4x2xf32, #wafer.layout<[@kv, *]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$sum);
  let assemblyFormat = "$sum attr-dict `:` type($sum)";
  let hasVerifier = 1;
}

def Dist_WeightedValuesOp : Dist_Op<"weighted_values"> {
  let summary = "sums the cached values with weights";
  let description = [{
    result[kv, g, e] = sum over the row's positions of w[kv, g, p] * values[p,
    kv, e], times scale[kv, g] where a scale is given; partial over rows.

    **Constraints**
    - (weighted_values-c1) The result is partial over rows.

    Example:
    ```mlir
    %o = wafer.weighted_values %w, @values : tensor<4x2x512xf32, #wafer.layout<[@kv, *, @pos]>> -> tensor<4x2x4x2xf32, #wafer.layout<[@kv, *, @pairs, *], partial rows>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$weights, FlatSymbolRefAttr:$values, Optional<AnyRankedTensor>:$scale);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $weights `,` $values (`scaled` $scale^ `:` type($scale))? attr-dict `:` type($weights) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Dist_DivideHeadsOp : Dist_Op<"divide_heads", [Pure, AllTypesMatch<["value", "result"]>]> {
  let summary = "divides each head by its sum";
  let description = [{
    result[kv, g, ...] = value[kv, g, ...] / sum[kv, g]; NaN where the sum is
    below 2^-100 or at least 2^101, so that a sum that lost what it should hold
    is never taken for one.

    **Constraints**
    - (divide_heads-c1) Value and result have the same type.

    Example:
    ```mlir
    %r = wafer.divide_heads %o, %l : tensor<4x2x4x2xf32, #wafer.layout<[@kv, *, @pairs, *]>>, tensor<4x2xf32, #wafer.layout<[@kv, *]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$value, AnyRankedTensor:$sum);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $value `,` $sum attr-dict `:` type($value) `,` type($sum)
  }];
}

def Dist_SiluMulOp : Dist_Op<"silu_mul", [Pure, AllTypesMatch<["gate", "up", "result"]>]> {
  let summary = "gates one vector by the SiLU of another";
  let description = [{
    gate / (1 + exp(-gate)) * up, elementwise.

    **Constraints**
    - (silu_mul-c1) Operands and result have the same type.

    Example:
    ```mlir
    %r = wafer.silu_mul %g, %u : tensor<172xf32, #wafer.layout<[@f]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$gate, AnyRankedTensor:$up);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $gate `,` $up attr-dict `:` type($gate)
  }];
}

def Dist_AddOp : Dist_Op<"add", [Pure, AllTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "adds two vectors elementwise";
  let description = [{
    The residual connection.

    **Constraints**
    - (add-c1) Operands and result have the same type.

    Example:
    ```mlir
    %r = wafer.add %x, %y : tensor<64xf32, #wafer.layout<[@d]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs)
  }];
}

def Dist_EmbedLookupOp : Dist_Op<"embed_lookup", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the row of a table that belongs to the token";
  let description = [{
    The table is cut over columns (tokens) and rows (elements); the result is
    handed on by every row of the stage.

    **Constraints**
    - (embed_lookup-c1) The table is a `wafer.tensor` [tokens, elements] cut
      over columns and rows.

    Example:
    ```mlir
    %x = wafer.embed_lookup %t, @table : tensor<1xi32, #wafer.layout<[*]>> -> tensor<64xf32, #wafer.layout<[@d]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$token, FlatSymbolRefAttr:$table);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $token `,` $table attr-dict `:` type($token) `->` type($result)
  }];
}

def Dist_ArgMaxOp : Dist_Op<"argmax", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the index of the greatest logit";
  let description = [{
    Ties go to the lowest index.

    **Constraints**
    - (argmax-c1) The operand has one dimension, cut over columns; the result is
      `tensor<1xi32>`.

    Example:
    ```mlir
    %t = wafer.argmax %l : tensor<512xf32, #wafer.layout<[@v]>> -> tensor<1xi32, #wafer.layout<[*]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$logits);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $logits attr-dict `:` type($logits) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // WAFER_DIST_OPS_TD
