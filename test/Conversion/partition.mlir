// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %S/Inputs/tiny-llama.mlir --wafer-partition="machine=tiny16 width=3 height=3 stages=2" --wafer-verify-partitioned | FileCheck %s

// What was asked for: two stages of 3x3 for the three layers.
// CHECK: module attributes {wafer.accumulate = "mixed", wafer.context = 16 : i64, wafer.machine = "tiny16", wafer.params = "measured"

// Only weights and states are left of the model.
// CHECK: wgraph.model @tiny
// CHECK-NOT: wgraph.{{block|entry}}

// Outputs are [kv heads, queries, pairs, 2]. With pairing half, element h of pair
// p of query g is row 4 g + p + 2 h of the 8x8 matrix, so steps of rows are
// 4 (query), 1 (pair), 2 (half), times 8 inputs: 32, 8, 16. Values keep
// neighbours together: 16 (pair), 8.
// CHECK-DAG: wafer.tensor @w_q weight : tensor<8x1x2x2x2xf16, #wafer.layout<[@d, @kv, *, @pairs, *]>> from @tiny::@q strides [1, 64, 32, 8, 16]
// CHECK-DAG: wafer.tensor @w_k weight : tensor<8x1x2x2xf16, {{.*}}> from @tiny::@k strides [1, 32, 8, 16]
// CHECK-DAG: wafer.tensor @w_v weight : tensor<8x1x2x2xf16, {{.*}}> from @tiny::@v strides [1, 32, 16, 8]
// CHECK-DAG: wafer.tensor @w_o weight : tensor<1x2x2x2x8xf16, #wafer.layout<[@kv, *, @pairs, *, @d]>> from @tiny::@o strides [8, 4, 2, 1, 8]
// The tied embedding is two tensors: cut by token and element, and as the head.
// CHECK-DAG: wafer.tensor @embed_table weight : tensor<32x8xf16, #wafer.layout<[@vocab_in, @d]>> from @tiny::@embed strides [8, 1]
// CHECK-DAG: wafer.tensor @w_embed weight : tensor<8x32xf16, #wafer.layout<[@d, @vocab_out]>> from @tiny::@embed strides [1, 8]
// CHECK-DAG: wafer.tensor @keys state : tensor<1x2x2x16xf16, #wafer.layout<[@kv, @pairs, *, @positions]>> from @tiny::@keys strides [4, 1, 2, 4]
// CHECK-DAG: wafer.tensor @values state : tensor<16x1x2x2xf16, #wafer.layout<[@positions, @kv, @pairs, *]>> from @tiny::@values strides [4, 4, 2, 1]

// 8 rows = 3 + 3 + 2; one head over all columns, its two pairs over two of them;
// 16 = 6 + 5 + 5; 32 tokens = 11 + 11 + 10 in the head.
// CHECK-DAG: wafer.slicing @d rows 8 over 3 {2 x [0, 3) step 3, 1 x [6, 8) step {{[0-9]}}}
// CHECK-DAG: wafer.slicing @kv columns 1 over 3 {3 x [0, 1) step 0}
// CHECK-DAG: wafer.slicing @pairs columns 2 over 3 {2 x [0, 1) step 1, 1 x [2, 2) step {{[0-9]}}}
// CHECK-DAG: wafer.slicing @f columns 16 over 3 {1 x [0, 6) step {{[0-9]}}, 2 x [6, 11) step 5}
// CHECK-DAG: wafer.slicing @positions rows 16 over 3 cyclic

// CHECK: wafer.stage @loop token_loop rect [0, 0, 1, 1]
// CHECK: wafer.stage @embed embed rect [0, 0, [[#]], 3]
// CHECK: wafer.embed_lookup %{{.*}}, @embed_table

// The statistics of a norm travel with the product behind it; the norm comes
// after it; axes alternate: rows, (group, rows,) columns, rows, columns.
// CHECK: wafer.stage @layers0 layers rect [0, 0, 3, 3] wafer 0 layers 0 to 2
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<8xf32, #wafer.layout<[@d]>>):
// CHECK-NEXT: %[[SS:.*]] = wafer.sum_squares %[[X]]
// CHECK: %[[QKV:[^:]*]]:3 = wafer.matvec %{{.*}}, [@w_q, @w_k, @w_v]
// CHECK-NEXT: %[[R:[^:]*]]:4 = wafer.all_reduce sum chain(%[[QKV]]#0, %[[QKV]]#1, %[[QKV]]#2, %[[SS]])
// CHECK-NEXT: wafer.rms_scale(%[[R]]#0, %[[R]]#1, %[[R]]#2) by %[[R]]#3 count 8
// CHECK: wafer.scores %{{.*}}, @keys scale 5.000000e-01
// CHECK-NEXT: wafer.all_reduce sum chain({{.*}}partial group @kv
// CHECK-NEXT: %[[W:[^,]*]], %[[SCALE:[^,]*]], %{{.*}} = wafer.local_softmax
// CHECK-NEXT: wafer.weighted_values %[[W]], @values scaled %[[SCALE]]
// CHECK: %[[OL:[^:]*]]:2 = wafer.all_reduce sum chain({{.*}}partial rows
// CHECK-NEXT: wafer.keep_reference %[[OL]]#1
// CHECK: wafer.matvec %{{.*}}, [@w_o]
// CHECK-NEXT: wafer.all_reduce sum chain({{.*}}partial columns
// CHECK: wafer.matvec %{{.*}}, [@w_gate, @w_up]
// CHECK: wafer.silu_mul
// CHECK: wafer.matvec %{{.*}}, [@w_down]
// CHECK-NEXT: wafer.all_reduce sum chain({{.*}}partial columns
// CHECK: wafer.stage @layers1 layers rect [0, 0, 3, 3] wafer 0 layers 2 to 3
// CHECK: wafer.stage @head head rect [0, 0, [[#]], 3]
// CHECK: wafer.argmax
// A row hands on at most three of eight elements.
// CHECK: wafer.transfer @embed to @layers0 words 3
// CHECK-NEXT: wafer.transfer @layers0 to @layers1 words 3
// CHECK-NEXT: wafer.transfer @layers1 to @head words 3

// A whole layer in one core has nothing to cut.
// RUN: wsec-opt %S/Inputs/tiny-llama.mlir --wafer-partition="machine=tiny16 width=1 height=1 stages=3" --wafer-verify-partitioned | FileCheck %s --check-prefix=ONE
// ONE-DAG: wafer.slicing @d rows 8 over 1 {1 x [0, 8) step {{[0-9]}}}
// ONE-DAG: wafer.slicing @pairs columns 2 over 1 {1 x [0, 2) step {{[0-9]}}}
// ONE-COUNT-3: wafer.stage @layers{{[0-2]}} layers rect [0, 0, 1, 1]

// More rows than elements: some rows hold none. 9 = 8 + 1.
// RUN: wsec-opt %S/Inputs/tiny-llama.mlir --wafer-partition="machine=tiny16 width=2 height=9 stages=1" --wafer-verify-partitioned | FileCheck %s --check-prefix=EMPTY
// EMPTY-DAG: wafer.slicing @d rows 8 over 9 {8 x [0, 1) step 1, 1 x [8, 8) step {{[0-9]}}}
