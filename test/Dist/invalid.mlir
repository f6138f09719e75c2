// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s -split-input-file -verify-diagnostics

// slicing-c1
// expected-error@+1 {{expected a positive size and number of lines but got 64 and 0}}
wafer.slicing @d rows 64 over 0

// -----

// slicing-c2: 12 runs for 13 lines.
// expected-error@+1 {{expected runs for 13 lines but got 12}}
wafer.slicing @d rows 64 over 13 {12 x [0, 5) step 5}

// -----

// slicing-c3: the third range is [10, 15).
// expected-error@+1 {{run 0 leaves the 14 elements}}
wafer.slicing @d rows 14 over 3 {3 x [0, 5) step 5}

// -----

// expected-error@+1 {{a cyclic slicing has no runs}}
wafer.slicing @d rows 14 over 3 cyclic {3 x [0, 5) step 5}

// -----

// tensor-c1
// expected-error@+1 {{expected a type with a layout that is not partial}}
wafer.tensor @w weight : tensor<4x4xf16> from @m::@w strides [1, 4]

// -----

// tensor-c2
// expected-error@+1 {{expected a source and 2 strides for a weight}}
wafer.tensor @w weight : tensor<4x4xf16, #wafer.layout<[@a, @b]>> from @m::@w strides [1]

// -----

// tensor-c3
// expected-error@+1 {{expected frequencies exactly for a rotary table}}
wafer.tensor @t rope_table : tensor<4x2x3xf32, #wafer.layout<[*, *, @pairs]>>

// -----

// layout-c1
// expected-error@+1 {{layout has 1 dimensions but the tensor has 2}}
wafer.tensor @s state : tensor<4x4xf16, #wafer.layout<[@a]>>

// -----

// stage-c1
// expected-error@+1 {{expected a rectangle [x, y, width, height] with positive sides}}
wafer.stage @s layers rect [0, 0, 4, 0] wafer 0 layers 0 to 1 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

// stage-c2
// expected-error@+1 {{expected at least one layer in a stage of kind 'layers' but got 0}}
wafer.stage @s layers rect [0, 0, 4, 4] wafer 0 layers 2 to 2 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  wafer.yield %x : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

// transfer-c1
// expected-error@+1 {{expected two stages but found no stage 'b'}}
wafer.transfer @b to @c words 4

// -----

// placement-c1
// expected-error@+1 {{expected positive strides}}
wafer.placement @w in @r buffer "w" at 0 strides [0] layers 0 to 0 stride 0

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // all_reduce-c2: not partial.
  // expected-error@+1 {{expected operands that are partial over one axis}}
  %0 = wafer.all_reduce sum chain (%x) : (tensor<4xf32, #wafer.layout<[@d]>>) -> tensor<4xf32, #wafer.layout<[@d]>>
  wafer.yield %0 : tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d], partial columns>>):
  // all_reduce-c1: a collective changes only the layout.
  // expected-error@+1 {{expected the result type}}
  %0 = wafer.all_reduce sum chain (%x) : (tensor<4xf32, #wafer.layout<[@d], partial columns>>) -> tensor<4xf32, #wafer.layout<[@e]>>
  wafer.yield %0 : tensor<4xf32, #wafer.layout<[@e]>>
}

// -----

// layout-c2, from a generic form: the text form cannot say it.
// expected-error@+1 {{expected partial 'rows', 'columns' or 'group' but got 'diagonals'}}
wafer.tensor @s state : tensor<4xf16, #wafer.layout<[@a], partial diagonals>>

// -----

// The run-length list is made of quadruples.
// expected-error@+1 {{expected runs of four numbers}}
"wafer.slicing"() {sym_name = "d", axis = #wafer<axis rows>, size = 4 : i64, lines = 2 : i64, runs = array<i64: 2, 0, 2>} : () -> ()

// -----

// slicing-c2: the counts sum to 3.
// expected-error@+1 {{expected runs for 2 lines but run 1 has 2}}
wafer.slicing @d rows 8 over 2 {1 x [0, 2) step 0, 2 x [2, 4) step 2}

// -----

// slicing-c3: no element lies that far.
// expected-error@+1 {{step 9 leaves the 8 elements}}
wafer.slicing @d rows 8 over 2 {2 x [0, 2) step 9}

// -----

// tensor-c2
// expected-error@+1 {{a tensor of kind 'output' has no source}}
wafer.tensor @s output : tensor<4xf16, #wafer.layout<[@a]>> from @m::@s strides [1]

// -----

// tensor-c2: a state may have a source, with a stride for each dimension.
// expected-error@+1 {{expected a source and 1 strides for a state}}
wafer.tensor @s state : tensor<4xf16, #wafer.layout<[@a]>> from @m::@s

// -----

// tensor-c2
// expected-error@+1 {{expected a source and 1 strides for a factor}}
wafer.tensor @s factor : tensor<4xf32, #wafer.layout<[@a]>>

// -----

// tensor-c3: two frequencies, three pairs.
// expected-error@+1 {{expected a table [entries, 2, 2] but got 'tensor<4x2x3xf32}}
wafer.tensor @t rope_table : tensor<4x2x3xf32, #wafer.layout<[*, *, @pairs]>> frequencies [1.0, 0.5]

// -----

// stage-c2
// expected-error@+1 {{expected no layers in a stage of kind 'head' but got 2}}
wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 2 {
}

// -----

// stage-c3
// expected-error@+1 {{expected one argument and one yielded value of the same type}}
wafer.stage @s layers rect [0, 0, 4, 4] wafer 0 layers 0 to 1 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  wafer.yield
}

// -----

// transfer-c1: rows 0 to 3 and 1 to 4.
wafer.stage @a token_loop rect [0, 0, 1, 4] wafer 0 layers 0 to 0 {
}
wafer.stage @b token_loop rect [1, 1, 1, 4] wafer 0 layers 0 to 0 {
}
// expected-error@+1 {{stages 'a' and 'b' have different rows, and not the same width or no columns that both have}}
wafer.transfer @a to @b words 4

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
  // all_reduce-c1
  // expected-error@+1 {{expected as many results as operands and at least one but got 0 operands and 0 results}}
  wafer.all_reduce sum chain () : () -> ()
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4x4xf32, #wafer.layout<[@d, *]>>):
  // sum_squares-c1
  // expected-error@+1 {{expected an operand with one dimension that is cut}}
  %0 = wafer.sum_squares %x : tensor<4x4xf32, #wafer.layout<[@d, *]>> -> tensor<1xf32, #wafer.layout<[*], partial rows>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // sum_squares-c1
  // expected-error@+1 {{expected a partial tensor<1xf32> as result but got 'tensor<2xf32}}
  %0 = wafer.sum_squares %x : tensor<4xf32, #wafer.layout<[@d]>> -> tensor<2xf32, #wafer.layout<[*], partial rows>>
}

// -----

// sum_squares-c1: @d cuts rows.
wafer.slicing @d rows 4 over 4 {4 x [0, 1) step 1}
wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // expected-error@+1 {{expected a result that is partial over rows but got 'tensor<1xf32, #wafer.layout<[*], partial columns>>'}}
  %0 = wafer.sum_squares %x : tensor<4xf32, #wafer.layout<[@d]>> -> tensor<1xf32, #wafer.layout<[*], partial columns>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // expected-error@+1 {{expected a slicing but found no 'd'}}
  %0 = wafer.sum_squares %x : tensor<4xf32, #wafer.layout<[@d]>> -> tensor<1xf32, #wafer.layout<[*], partial rows>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>):
  // cast-c1
  // expected-error@+1 {{expected types that differ in the element only}}
  %0 = wafer.cast %x : tensor<4xf32, #wafer.layout<[@d]>> -> tensor<4xf16, #wafer.layout<[@e]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf16, #wafer.layout<[@d]>>):
  // matvec-c1
  // expected-error@+1 {{expected as many results as weights but got 1 and 2}}
  %0 = wafer.matvec %x, [@a, @b] : (tensor<4xf16, #wafer.layout<[@d]>>) -> (tensor<8xf32, #wafer.layout<[@o], partial rows>>)
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf16, #wafer.layout<[@d], partial columns>>):
  // matvec-c2
  // expected-error@+1 {{expected an input that is not partial}}
  %0 = wafer.matvec %x, [@a] : (tensor<4xf16, #wafer.layout<[@d], partial columns>>) -> (tensor<8xf32, #wafer.layout<[@o], partial rows>>)
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf16, #wafer.layout<[@d]>>):
  // matvec-c2
  // expected-error@+1 {{expected results that are partial over rows or columns but got 'tensor<8xf32, #wafer.layout<[@o]>>'}}
  %0 = wafer.matvec %x, [@a] : (tensor<4xf16, #wafer.layout<[@d]>>) -> (tensor<8xf32, #wafer.layout<[@o]>>)
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf16, #wafer.layout<[@d]>>):
  // matvec-c1
  // expected-error@+1 {{expected a tensor but found no 'a'}}
  %0 = wafer.matvec %x, [@a] : (tensor<4xf16, #wafer.layout<[@d]>>) -> (tensor<8xf32, #wafer.layout<[@o], partial rows>>)
}

// -----

// matvec-c1: the weight takes 4 and gives 6.
wafer.tensor @a weight : tensor<4x6xf16, #wafer.layout<[@d, @o]>> from @m::@a strides [1, 4]
wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf16, #wafer.layout<[@d]>>):
  // expected-error@+1 {{weight 'a' of type 'tensor<4x6xf16, #wafer.layout<[@d, @o]>>' does not lead from 'tensor<4xf16, #wafer.layout<[@d]>>' to 'tensor<8xf32, #wafer.layout<[@o], partial rows>>'}}
  %0 = wafer.matvec %x, [@a] : (tensor<4xf16, #wafer.layout<[@d]>>) -> (tensor<8xf32, #wafer.layout<[@o], partial rows>>)
}

// -----

// matvec-c2: one dimension over rows, one over columns.
wafer.slicing @r rows 4 over 4 {4 x [0, 1) step 1}
wafer.slicing @c columns 4 over 4 {4 x [0, 1) step 1}
wafer.tensor @a weight : tensor<4x4x8xf16, #wafer.layout<[@r, @c, *]>> from @m::@a strides [1, 4, 16]
wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4x4xf16, #wafer.layout<[@r, @c]>>):
  // expected-error@+1 {{expected an input that is cut over one axis but got 'tensor<4x4xf16, #wafer.layout<[@r, @c]>>'}}
  %0 = wafer.matvec %x, [@a] : (tensor<4x4xf16, #wafer.layout<[@r, @c]>>) -> (tensor<8xf32, #wafer.layout<[*], partial rows>>)
}

// -----

// matvec-c2: the input is cut over columns.
wafer.slicing @c columns 4 over 4 {4 x [0, 1) step 1}
wafer.tensor @a weight : tensor<4x8xf16, #wafer.layout<[@c, *]>> from @m::@a strides [1, 4]
wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf16, #wafer.layout<[@c]>>):
  // expected-error@+1 {{expected a result that is partial over the axis that the input is cut over but got 'tensor<8xf32, #wafer.layout<[*], partial rows>>'}}
  %0 = wafer.matvec %x, [@a] : (tensor<4xf16, #wafer.layout<[@c]>>) -> (tensor<8xf32, #wafer.layout<[*], partial rows>>)
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d]>>, %s: tensor<1xf32, #wafer.layout<[*]>>):
  // rms_scale-c1
  // expected-error@+1 {{expected a positive count but got 0}}
  %0 = wafer.rms_scale (%x) by %s count 0 eps 0.0 : (tensor<4xf32, #wafer.layout<[@d]>>), tensor<1xf32, #wafer.layout<[*]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<4xf32, #wafer.layout<[@d], partial rows>>, %s: tensor<1xf32, #wafer.layout<[*]>>):
  // rms_scale-c1
  // expected-error@+1 {{expected values that are not partial but got}}
  %0 = wafer.rms_scale (%x) by %s count 4 eps 0.0 : (tensor<4xf32, #wafer.layout<[@d], partial rows>>), tensor<1xf32, #wafer.layout<[*]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<2x3x2xf32, #wafer.layout<[@kv, @pairs, *]>>):
  // rope-c1: three pairs, two frequencies.
  // expected-error@+1 {{expected values [.., 2, 2] but got 'tensor<2x3x2xf32}}
  %0 = wafer.rope (%x) frequencies [1.0, 0.5] : tensor<2x3x2xf32, #wafer.layout<[@kv, @pairs, *]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<2x3x2xf32, #wafer.layout<[@kv, @pairs, *]>>):
  // head_sum_squares-c1: a head's sum is shared by its columns only.
  // expected-error@+1 {{expected sums over the last two dimensions of 'tensor<2x3x2xf32, #wafer.layout<[@kv, @pairs, *]>>' that are partial over a group but got 'tensor<2xf32, #wafer.layout<[@kv], partial columns>>'}}
  %0 = wafer.head_sum_squares %x : tensor<2x3x2xf32, #wafer.layout<[@kv, @pairs, *]>> -> tensor<2xf32, #wafer.layout<[@kv], partial columns>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<2x3x2xf32, #wafer.layout<[@kv, @pairs, *]>>):
  // append-c1
  // expected-error@+1 {{expected a tensor but found no 'keys'}}
  wafer.append %x, @keys : tensor<2x3x2xf32, #wafer.layout<[@kv, @pairs, *]>>
}

// -----

// append-c1
wafer.tensor @w weight : tensor<2xf16, #wafer.layout<[@kv]>> from @m::@w strides [1]
wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<2xf32, #wafer.layout<[@kv]>>):
  // expected-error@+1 {{expected a state but 'w' is a tensor of kind 'weight'}}
  wafer.append %x, @w : tensor<2xf32, #wafer.layout<[@kv]>>
}

// -----

// append-c1: no dimension is cut cyclically.
wafer.slicing @kv columns 2 over 2 {2 x [0, 1) step 1}
wafer.slicing @p rows 4 over 2 {2 x [0, 2) step 2}
wafer.tensor @keys state : tensor<2x4xf16, #wafer.layout<[@kv, @p]>>
wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<2xf32, #wafer.layout<[@kv]>>):
  // expected-error@+1 {{state 'keys' of type 'tensor<2x4xf16, #wafer.layout<[@kv, @p]>>' does not hold a value of type 'tensor<2xf32, #wafer.layout<[@kv]>>' for each position cut cyclically over rows}}
  wafer.append %x, @keys : tensor<2xf32, #wafer.layout<[@kv]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%q: tensor<2x1x3x2xf16, #wafer.layout<[@kv, *, @pairs, *]>>):
  // scores-c1: three heads are not two.
  // expected-error@+1 {{expected scores [kv heads, queries, positions] of 'tensor<2x1x3x2xf16, #wafer.layout<[@kv, *, @pairs, *]>>' that are partial over a group but got 'tensor<3x1x8xf32}}
  %0 = wafer.scores %q, @keys scale 1.0 : tensor<2x1x3x2xf16, #wafer.layout<[@kv, *, @pairs, *]>> -> tensor<3x1x8xf32, #wafer.layout<[@kv, *, @p], partial group @kv>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%s: tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>):
  // max_positions-c1
  // expected-error@+1 {{expected maxima over the last dimension of 'tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>' that are partial over rows but got 'tensor<2x1xf32, #wafer.layout<[@kv, *]>>'}}
  %0 = wafer.max_positions %s : tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>> -> tensor<2x1xf32, #wafer.layout<[@kv, *]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%s: tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>):
  // local_softmax-c1
  // expected-error@+1 {{expected scales and sums over the last dimension of 'tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>', the sums partial over rows, but got 'tensor<2x1xf32, #wafer.layout<[@kv, *]>>' and 'tensor<2x1xf32, #wafer.layout<[@kv, *]>>'}}
  %0, %1, %2 = wafer.local_softmax %s : tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>> -> tensor<2x1xf32, #wafer.layout<[@kv, *]>>, tensor<2x1xf32, #wafer.layout<[@kv, *]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%l: tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>):
  // keep_reference-c1
  // expected-error@+1 {{expected a sum that is not partial but got 'tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>'}}
  wafer.keep_reference %l : tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%s: tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>, %m: tensor<2x1xf32, #wafer.layout<[@kv, *]>>):
  // softmax_weights-c1
  // expected-error@+1 {{expected weights of type 'tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>' but got 'tensor<2x1x8xf16}}
  %0, %1 = wafer.softmax_weights %s, %m : tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>, tensor<2x1xf32, #wafer.layout<[@kv, *]>>
    -> tensor<2x1x8xf16, #wafer.layout<[@kv, *, @p]>>, tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%s: tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>, %m: tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>):
  // softmax_weights-c1: the maximum of this row is not that of all rows.
  // expected-error@+1 {{expected a maximum that is not partial but got}}
  %0, %1 = wafer.softmax_weights %s, %m : tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>, tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
    -> tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>, tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%s: tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>, %m: tensor<2x1xf32, #wafer.layout<[@kv, *]>>):
  // softmax_weights-c1
  // expected-error@+1 {{expected a sum of type 'tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>' but got 'tensor<2x1xf32, #wafer.layout<[@kv, *]>>'}}
  %0, %1 = wafer.softmax_weights %s, %m : tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>, tensor<2x1xf32, #wafer.layout<[@kv, *]>>
    -> tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>, tensor<2x1xf32, #wafer.layout<[@kv, *]>>
}

// -----

wafer.stage @s head rect [0, 0, 4, 4] wafer 0 layers 0 to 0 {
^bb0(%w: tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>>):
  // weighted_values-c1
  // expected-error@+1 {{expected a result that is partial over rows but got}}
  %0 = wafer.weighted_values %w, @values : tensor<2x1x8xf32, #wafer.layout<[@kv, *, @p]>> -> tensor<2x1x3x2xf32, #wafer.layout<[@kv, *, @pairs, *]>>
}

// -----

// embed_lookup-c1: tokens over rows, elements over columns.
wafer.slicing @d columns 4 over 2 {2 x [0, 2) step 2}
wafer.slicing @v rows 8 over 2 {2 x [0, 4) step 4}
wafer.tensor @table weight : tensor<8x4xf16, #wafer.layout<[@v, @d]>> from @m::@t strides [4, 1]
wafer.stage @s embed rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%t: tensor<1xi32, #wafer.layout<[*]>>):
  // expected-error@+1 {{expected a table [tokens, elements] that is cut over columns and rows but got 'tensor<8x4xf16, #wafer.layout<[@v, @d]>>'}}
  %0 = wafer.embed_lookup %t, @table : tensor<1xi32, #wafer.layout<[*]>> -> tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%l: tensor<8xf32, #wafer.layout<[*]>>):
  // argmax-c1
  // expected-error@+1 {{expected logits with one dimension that is cut but got 'tensor<8xf32, #wafer.layout<[*]>>'}}
  %0 = wafer.argmax %l : tensor<8xf32, #wafer.layout<[*]>> -> tensor<1xi32, #wafer.layout<[*]>>
}

// -----

wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%l: tensor<8xf32, #wafer.layout<[@v]>>):
  // argmax-c1
  // expected-error@+1 {{expected a tensor<1xi32> as result but got 'tensor<1xi64}}
  %0 = wafer.argmax %l : tensor<8xf32, #wafer.layout<[@v]>> -> tensor<1xi64, #wafer.layout<[*]>>
}

// -----

// argmax-c1
wafer.slicing @v rows 8 over 2 {2 x [0, 4) step 4}
wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%l: tensor<8xf32, #wafer.layout<[@v]>>):
  // expected-error@+1 {{expected logits that are cut over columns but got}}
  %0 = wafer.argmax %l : tensor<8xf32, #wafer.layout<[@v]>> -> tensor<1xi32, #wafer.layout<[*]>>
}

// -----

// Where all types are one, the text form has it once: the generic form can
// still say two.
wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%a: tensor<4xf32, #wafer.layout<[@d]>>, %b: tensor<4xf32, #wafer.layout<[@e]>>):
  // add-c1
  // expected-error@+1 {{failed to verify that all of {lhs, rhs, result} have same type}}
  %0 = "wafer.add"(%a, %b) : (tensor<4xf32, #wafer.layout<[@d]>>, tensor<4xf32, #wafer.layout<[@e]>>) -> tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%a: tensor<4xf32, #wafer.layout<[@d]>>, %b: tensor<4xf32, #wafer.layout<[@e]>>):
  // silu_mul-c1
  // expected-error@+1 {{failed to verify that all of {gate, up, result} have same type}}
  %0 = "wafer.silu_mul"(%a, %b) : (tensor<4xf32, #wafer.layout<[@d]>>, tensor<4xf32, #wafer.layout<[@e]>>) -> tensor<4xf32, #wafer.layout<[@d]>>
}

// -----

wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%a: tensor<4xf32, #wafer.layout<[@d]>>):
  // scale_by-c1
  // expected-error@+1 {{failed to verify that all of {input, result} have same type}}
  %0 = "wafer.scale_by"(%a) <{weight = @g}> : (tensor<4xf32, #wafer.layout<[@d]>>) -> tensor<4xf32, #wafer.layout<[@e]>>
}

// -----

wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%a: tensor<4xf32, #wafer.layout<[@d]>>):
  // divide_heads-c1
  // expected-error@+1 {{failed to verify that all of {value, result} have same type}}
  %0 = "wafer.divide_heads"(%a, %a) : (tensor<4xf32, #wafer.layout<[@d]>>, tensor<4xf32, #wafer.layout<[@d]>>) -> tensor<4xf32, #wafer.layout<[@e]>>
}

// -----

wafer.stage @s head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%a: tensor<4xf32, #wafer.layout<[@d]>>):
  // head_norm_scores-c1
  // expected-error@+1 {{failed to verify that all of {scores, result} have same type}}
  %0 = "wafer.head_norm_scores"(%a, %a, %a) <{factors = @f, count = 4 : i64, eps = 0.0 : f64}> : (tensor<4xf32, #wafer.layout<[@d]>>, tensor<4xf32, #wafer.layout<[@d]>>, tensor<4xf32, #wafer.layout<[@d]>>) -> tensor<4xf32, #wafer.layout<[@e]>>
}
