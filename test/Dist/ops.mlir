// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --verify-roundtrip | FileCheck %s
// RUN: wsec-opt %s --emit-bytecode | wsec-opt | FileCheck %s
// RUN: wsec-opt %s --mlir-print-op-generic | wsec-opt | FileCheck %s

// A transformer with hidden size 8, two KV heads of two pairs with one query
// each, ffn 16, 32 tokens, on stages of two columns and three rows.

// 8 = 3 + 3 + 2
// CHECK: wafer.slicing @d rows 8 over 3 {2 x [0, 3) step 3, 1 x [6, 8) step 0}
wafer.slicing @d rows 8 over 3 {2 x [0, 3) step 3, 1 x [6, 8) step 0}
// CHECK: wafer.slicing @kv columns 2 over 2 {2 x [0, 1) step 1}
wafer.slicing @kv columns 2 over 2 {2 x [0, 1) step 1}
// Every column holds both pairs of its head.
// CHECK: wafer.slicing @pairs columns 2 over 2 {2 x [0, 2) step 0}
wafer.slicing @pairs columns 2 over 2 {2 x [0, 2) step 0}
wafer.slicing @f columns 16 over 2 {2 x [0, 8) step 8}
wafer.slicing @v columns 32 over 2 {2 x [0, 16) step 16}
// Ranges may be empty and may go backwards.
// CHECK: wafer.slicing @one columns 4 over 4 {1 x [0, 4) step 0, 3 x [4, 4) step 0}
wafer.slicing @one columns 4 over 4 {1 x [0, 4) step 0, 3 x [4, 4) step 0}
// CHECK: wafer.slicing @back rows 4 over 2 {2 x [2, 4) step -2}
wafer.slicing @back rows 4 over 2 {2 x [2, 4) step -2}
// CHECK: wafer.slicing @positions rows 6 over 3 cyclic
wafer.slicing @positions rows 6 over 3 cyclic

#none = #wafer.layout<[*]>
#d = #wafer.layout<[@d]>
#f = #wafer.layout<[@f]>
#heads = #wafer.layout<[@kv, *]>
#query = #wafer.layout<[@kv, *, @pairs, *]>
#key = #wafer.layout<[@kv, @pairs, *]>
#scores = #wafer.layout<[@kv, *, @positions]>

// CHECK: wafer.tensor @table weight : tensor<32x8xf16, #wafer.layout<[@v, @d]>> from @model::@embed strides [8, 1]
wafer.tensor @table weight : tensor<32x8xf16, #wafer.layout<[@v, @d]>> from @model::@embed strides [8, 1]
// CHECK: wafer.tensor @wq weight : {{.*}} from @model::@q strides [1, 32, 32, 8, 16]
wafer.tensor @wq weight : tensor<8x2x1x2x2xf16, #wafer.layout<[@d, @kv, *, @pairs, *]>> from @model::@q strides [1, 32, 32, 8, 16]
// CHECK: wafer.tensor @wk weight : {{.*}} strides [1, 32, 8, 16] offset 64
wafer.tensor @wk weight : tensor<8x2x2x2xf16, #wafer.layout<[@d, @kv, @pairs, *]>> from @model::@kv strides [1, 32, 8, 16] offset 64
wafer.tensor @wv weight : tensor<8x2x2x2xf16, #wafer.layout<[@d, @kv, @pairs, *]>> from @model::@kv strides [1, 32, 16, 8]
wafer.tensor @wo weight : tensor<2x1x2x2x8xf16, #wafer.layout<[@kv, *, @pairs, *, @d]>> from @model::@o strides [4, 4, 2, 1, 8]
wafer.tensor @wg weight : tensor<8x16xf16, #wafer.layout<[@d, @f]>> from @model::@gate strides [1, 8]
wafer.tensor @wd weight : tensor<16x8xf16, #wafer.layout<[@f, @d]>> from @model::@down strides [1, 16]
wafer.tensor @wh weight : tensor<8x32xf16, #wafer.layout<[@d, @v]>> from @model::@embed strides [1, 8]
wafer.tensor @gain weight : tensor<2x2xf32, #wafer.layout<[@pairs, *]>> from @model::@gain strides [1, 2]
// CHECK: wafer.tensor @keys state : tensor<2x2x2x6xf16, #wafer.layout<[@kv, @pairs, *, @positions]>>{{$}}
wafer.tensor @keys state : tensor<2x2x2x6xf16, #wafer.layout<[@kv, @pairs, *, @positions]>>
wafer.tensor @values state : tensor<6x2x2x2xf16, #wafer.layout<[@positions, @kv, @pairs, *]>>
wafer.tensor @factors state : tensor<2x6xf32, #wafer.layout<[@kv, @positions]>>
// CHECK: wafer.tensor @rope rope_table : tensor<4x2x2xf32, {{.*}}> offset 2 frequencies [1.000000e+00, 1.000000e-02]
wafer.tensor @rope rope_table : tensor<4x2x2xf32, #wafer.layout<[*, *, @pairs]>> offset 2 frequencies [1.0, 0.01]
// CHECK: wafer.tensor @logits output : tensor<32xf32, #wafer.layout<[@v]>>
wafer.tensor @logits output : tensor<32xf32, #wafer.layout<[@v]>>

// CHECK: wafer.placement @wq in @layers0 buffer "w" at 16 strides [96, 24, 12, 2, 6] layers 0 to 2 stride 1536
wafer.placement @wq in @layers0 buffer "w" at 16 strides [96, 24, 12, 2, 6] layers 0 to 2 stride 1536
// CHECK: wafer.placement @logits in @head buffer "l" at 0 strides [4] layers 0 to 0 stride 0
wafer.placement @logits in @head buffer "l" at 0 strides [4] layers 0 to 0 stride 0

// CHECK: wafer.stage @loop token_loop rect [0, 0, 1, 1] wafer 0 layers 0 to 0 {
// CHECK-NEXT: }
wafer.stage @loop token_loop rect [0, 0, 1, 1] wafer 0 layers 0 to 0 {
}

// CHECK: wafer.stage @embed embed rect [1, 0, 2, 3]
wafer.stage @embed embed rect [1, 0, 2, 3] wafer 0 layers 0 to 0 {
^bb0(%t: tensor<1xi32, #none>):
  // CHECK: wafer.embed_lookup %{{.*}}, @table : tensor<1xi32, #wafer.layout<[*]>> -> tensor<8xf32, #wafer.layout<[@d]>>
  %x = wafer.embed_lookup %t, @table : tensor<1xi32, #none> -> tensor<8xf32, #d>
  // CHECK: wafer.yield %{{.*}} : tensor<8xf32, #wafer.layout<[@d]>>
  wafer.yield %x : tensor<8xf32, #d>
}

// CHECK: wafer.stage @layers0 layers rect [3, 0, 2, 3] wafer 0 layers 0 to 2 {
wafer.stage @layers0 layers rect [3, 0, 2, 3] wafer 0 layers 0 to 2 {
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<8xf32, #wafer.layout<[@d]>>):
^bb0(%x: tensor<8xf32, #d>):
  // CHECK: wafer.sum_squares %[[X]] : tensor<8xf32, #wafer.layout<[@d]>> -> tensor<1xf32, #wafer.layout<[*], partial rows>>
  %ss = wafer.sum_squares %x : tensor<8xf32, #d> -> tensor<1xf32, #wafer.layout<[*], partial rows>>
  // CHECK: wafer.cast %[[X]] : tensor<8xf32, #wafer.layout<[@d]>> -> tensor<8xf16, #wafer.layout<[@d]>>
  %h = wafer.cast %x : tensor<8xf32, #d> -> tensor<8xf16, #d>
  // CHECK: %{{.*}}:3 = wafer.matvec %{{.*}}, [@wq, @wk, @wv] : (tensor<8xf16, #wafer.layout<[@d]>>) -> (tensor<2x1x2x2xf32, #wafer.layout<[@kv, *, @pairs, *], partial rows>>,
  %qkv:3 = wafer.matvec %h, [@wq, @wk, @wv] : (tensor<8xf16, #d>)
    -> (tensor<2x1x2x2xf32, #wafer.layout<[@kv, *, @pairs, *], partial rows>>,
        tensor<2x2x2xf32, #wafer.layout<[@kv, @pairs, *], partial rows>>,
        tensor<2x2x2xf32, #wafer.layout<[@kv, @pairs, *], partial rows>>)
  // CHECK: %{{.*}}:4 = wafer.all_reduce sum chain(%{{.*}}#0, %{{.*}}#1, %{{.*}}#2, %{{.*}}) : (
  %r:4 = wafer.all_reduce sum chain (%qkv#0, %qkv#1, %qkv#2, %ss)
    : (tensor<2x1x2x2xf32, #wafer.layout<[@kv, *, @pairs, *], partial rows>>,
       tensor<2x2x2xf32, #wafer.layout<[@kv, @pairs, *], partial rows>>,
       tensor<2x2x2xf32, #wafer.layout<[@kv, @pairs, *], partial rows>>,
       tensor<1xf32, #wafer.layout<[*], partial rows>>)
    -> (tensor<2x1x2x2xf32, #query>, tensor<2x2x2xf32, #key>, tensor<2x2x2xf32, #key>, tensor<1xf32, #none>)
  // CHECK: wafer.rms_scale(%{{.*}}#0, %{{.*}}#1, %{{.*}}#2) by %{{.*}}#3 count 8 eps 1.000000e-05 :
  %n:3 = wafer.rms_scale (%r#0, %r#1, %r#2) by %r#3 count 8 eps 1.0e-5
    : (tensor<2x1x2x2xf32, #query>, tensor<2x2x2xf32, #key>, tensor<2x2x2xf32, #key>), tensor<1xf32, #none>
  // CHECK: wafer.head_sum_squares %{{.*}} : {{.*}} -> tensor<2x1xf32, #wafer.layout<[@kv, *], partial group @kv>>
  %qq = wafer.head_sum_squares %n#0 : tensor<2x1x2x2xf32, #query> -> tensor<2x1xf32, #wafer.layout<[@kv, *], partial group @kv>>
  %kk = wafer.head_sum_squares %n#1 : tensor<2x2x2xf32, #key> -> tensor<2xf32, #wafer.layout<[@kv], partial group @kv>>
  // CHECK: wafer.scale_by %{{.*}}, @gain : tensor<2x1x2x2xf32, #wafer.layout<[@kv, *, @pairs, *]>>
  %q = wafer.scale_by %n#0, @gain : tensor<2x1x2x2xf32, #query>
  // CHECK: wafer.rope(%{{.*}}, %{{.*}}) frequencies [1.000000e+00, 1.000000e-02] :
  %qr, %kr = wafer.rope (%q, %n#1) frequencies [1.0, 0.01] : tensor<2x1x2x2xf32, #query>, tensor<2x2x2xf32, #key>
  // CHECK: wafer.append %{{.*}}, @keys : tensor<2x2x2xf32, #wafer.layout<[@kv, @pairs, *]>>
  wafer.append %kr, @keys : tensor<2x2x2xf32, #key>
  wafer.append %n#2, @values : tensor<2x2x2xf32, #key>
  %qh = wafer.cast %qr : tensor<2x1x2x2xf32, #query> -> tensor<2x1x2x2xf16, #query>
  // CHECK: wafer.scores %{{.*}}, @keys scale 5.000000e-01 : {{.*}} -> tensor<2x1x6xf32, #wafer.layout<[@kv, *, @positions], partial group @kv>>
  %s = wafer.scores %qh, @keys scale 0.5 : tensor<2x1x2x2xf16, #query> -> tensor<2x1x6xf32, #wafer.layout<[@kv, *, @positions], partial group @kv>>
  %sr:3 = wafer.all_reduce sum chain (%s, %qq, %kk)
    : (tensor<2x1x6xf32, #wafer.layout<[@kv, *, @positions], partial group @kv>>,
       tensor<2x1xf32, #wafer.layout<[@kv, *], partial group @kv>>, tensor<2xf32, #wafer.layout<[@kv], partial group @kv>>)
    -> (tensor<2x1x6xf32, #scores>, tensor<2x1xf32, #heads>, tensor<2xf32, #wafer.layout<[@kv]>>)
  // CHECK: wafer.head_norm_scores %{{.*}}#0, %{{.*}}#1, %{{.*}}#2, @factors count 4 eps 9.9999999999999995E-7 :
  %sn = wafer.head_norm_scores %sr#0, %sr#1, %sr#2, @factors count 4 eps 1.0e-6
    : tensor<2x1x6xf32, #scores>, tensor<2x1xf32, #heads>, tensor<2xf32, #wafer.layout<[@kv]>>
  // CHECK: wafer.max_positions %{{.*}} : {{.*}} -> tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
  %m = wafer.max_positions %sn : tensor<2x1x6xf32, #scores> -> tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
  // CHECK: wafer.all_reduce max chain(
  %mr = wafer.all_reduce max chain (%m) : (tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>) -> tensor<2x1xf32, #heads>
  // CHECK: %{{.*}}, %{{.*}} = wafer.softmax_weights %{{.*}}, %{{.*}} :
  %w, %l = wafer.softmax_weights %sn, %mr : tensor<2x1x6xf32, #scores>, tensor<2x1xf32, #heads>
    -> tensor<2x1x6xf32, #scores>, tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
  // CHECK: wafer.weighted_values %{{.*}}, @values :
  %o = wafer.weighted_values %w, @values : tensor<2x1x6xf32, #scores> -> tensor<2x1x2x2xf32, #wafer.layout<[@kv, *, @pairs, *], partial rows>>
  %or:2 = wafer.all_reduce sum chain (%o, %l)
    : (tensor<2x1x2x2xf32, #wafer.layout<[@kv, *, @pairs, *], partial rows>>, tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>)
    -> (tensor<2x1x2x2xf32, #query>, tensor<2x1xf32, #heads>)
  // CHECK: %[[W:.*]], %[[SCALE:.*]], %{{.*}} = wafer.local_softmax %{{.*}} : {{.*}} -> tensor<2x1xf32, #wafer.layout<[@kv, *]>>, tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
  %lw, %lf, %ll = wafer.local_softmax %sn : tensor<2x1x6xf32, #scores> -> tensor<2x1xf32, #heads>, tensor<2x1xf32, #wafer.layout<[@kv, *], partial rows>>
  // CHECK: wafer.weighted_values %[[W]], @values scaled %[[SCALE]] : tensor<2x1xf32, #wafer.layout<[@kv, *]>> :
  %lo = wafer.weighted_values %lw, @values scaled %lf : tensor<2x1xf32, #heads> : tensor<2x1x6xf32, #scores> -> tensor<2x1x2x2xf32, #wafer.layout<[@kv, *, @pairs, *], partial rows>>
  // CHECK: wafer.keep_reference %{{.*}}#1 : tensor<2x1xf32, #wafer.layout<[@kv, *]>>
  wafer.keep_reference %or#1 : tensor<2x1xf32, #heads>
  // CHECK: wafer.divide_heads %{{.*}}#0, %{{.*}}#1 :
  %a = wafer.divide_heads %or#0, %or#1 : tensor<2x1x2x2xf32, #query>, tensor<2x1xf32, #heads>
  %ah = wafer.cast %a : tensor<2x1x2x2xf32, #query> -> tensor<2x1x2x2xf16, #query>
  // The output is cut over rows again: no transpose.
  %y = wafer.matvec %ah, [@wo] : (tensor<2x1x2x2xf16, #query>) -> (tensor<8xf32, #wafer.layout<[@d], partial columns>>)
  %yr = wafer.all_reduce sum chain (%y) : (tensor<8xf32, #wafer.layout<[@d], partial columns>>) -> tensor<8xf32, #d>
  // CHECK: wafer.add %[[X]], %{{.*}} : tensor<8xf32, #wafer.layout<[@d]>>
  %x1 = wafer.add %x, %yr : tensor<8xf32, #d>
  %h1 = wafer.cast %x1 : tensor<8xf32, #d> -> tensor<8xf16, #d>
  %gu:2 = wafer.matvec %h1, [@wg, @wg] : (tensor<8xf16, #d>) -> (tensor<16xf32, #wafer.layout<[@f], partial rows>>, tensor<16xf32, #wafer.layout<[@f], partial rows>>)
  %gr:2 = wafer.all_reduce sum chain (%gu#0, %gu#1) : (tensor<16xf32, #wafer.layout<[@f], partial rows>>, tensor<16xf32, #wafer.layout<[@f], partial rows>>) -> (tensor<16xf32, #f>, tensor<16xf32, #f>)
  // CHECK: wafer.silu_mul %{{.*}}#0, %{{.*}}#1 : tensor<16xf32, #wafer.layout<[@f]>>
  %g = wafer.silu_mul %gr#0, %gr#1 : tensor<16xf32, #f>
  %gh = wafer.cast %g : tensor<16xf32, #f> -> tensor<16xf16, #f>
  %z = wafer.matvec %gh, [@wd] : (tensor<16xf16, #f>) -> (tensor<8xf32, #wafer.layout<[@d], partial columns>>)
  %zr = wafer.all_reduce sum chain (%z) : (tensor<8xf32, #wafer.layout<[@d], partial columns>>) -> tensor<8xf32, #d>
  %x2 = wafer.add %x1, %zr : tensor<8xf32, #d>
  wafer.yield %x2 : tensor<8xf32, #d>
}

// CHECK: wafer.stage @head head rect [5, 0, 2, 3]
wafer.stage @head head rect [5, 0, 2, 3] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<8xf32, #d>):
  %h = wafer.cast %x : tensor<8xf32, #d> -> tensor<8xf16, #d>
  %l = wafer.matvec %h, [@wh] : (tensor<8xf16, #d>) -> (tensor<32xf32, #wafer.layout<[@v], partial rows>>)
  %lr = wafer.all_reduce sum chain (%l) : (tensor<32xf32, #wafer.layout<[@v], partial rows>>) -> tensor<32xf32, #wafer.layout<[@v]>>
  // CHECK: wafer.argmax %{{.*}} : tensor<32xf32, #wafer.layout<[@v]>> -> tensor<1xi32, #wafer.layout<[*]>>
  %t = wafer.argmax %lr : tensor<32xf32, #wafer.layout<[@v]>> -> tensor<1xi32, #none>
  wafer.yield %t : tensor<1xi32, #none>
}

// CHECK: wafer.transfer @embed to @layers0 words 3
wafer.transfer @embed to @layers0 words 3
// CHECK: wafer.transfer @layers0 to @head words 3
wafer.transfer @layers0 to @head words 3
