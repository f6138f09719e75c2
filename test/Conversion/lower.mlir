// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DEFINE: %{lower} = --wafer-place --wafer-lower --wafer-verify-lowered
// RUN: wsec-opt %S/Inputs/tiny-llama.mlir --wafer-partition="machine=tiny16 width=3 height=3 stages=2" %{lower} | FileCheck %s

// The shelf: loop in column 0, embedding in 1, stages of three columns from 2, 5
// and 8 on.

// Each row hands its elements to the same row of the next stage: the last column
// of the source to the root of the target's row, in its middle, who tells the
// others; to every core of the head.
// CHECK: wfabric.family @to_layers0 rect(1, 0, 4, 3) axis(x) [0 -> 2 to 3]
// CHECK: wfabric.family @to_layers1 rect(4, 0, 4, 3) axis(x) [0 -> 2 to 3]
// CHECK: wfabric.family @to_head rect(7, 0, 8, 3) axis(x) [0 -> 1 to 8]

// Chains to the middle (line 1) from both sides, and the multicast from there.
// CHECK: wfabric.family @layers0_y_low0 rect(2, 0, 3, 3) axis(y) [0 -> 1 to 2
// CHECK: wfabric.family @layers0_y_last rect(2, 0, 3, 3) axis(y) [2 -> 1 to 2
// CHECK: wfabric.family @layers0_y_cast rect(2, 0, 3, 3) axis(y) [1 -> 0 to 3]
// CHECK: wfabric.family @layers0_x_low0 rect(2, 0, 3, 3) axis(x)
// CHECK: wfabric.family @layers0_x_cast rect(2, 0, 3, 3) axis(x)
// The one KV head is in all columns.
// CHECK: wfabric.family @layers0_group rect(2, 0, 3, 3) axis(x) [1 -> 0 to 3]
// CHECK: wfabric.family @layers1_y_low0 rect(5, 0, 3, 3)
// All cores of the head learn the greatest logit, then whose it was.
// CHECK: wfabric.family @head_y_cast
// CHECK: wfabric.family @head_x_cast
// CHECK: wfabric.stream @token from(0, 0) to [rect(1, 0, 1, 3)]
// CHECK: wfabric.stream @next_token from({{[0-9]+}}, 0) to [rect(0, 0, 1, 1)]
// CHECK: wfabric.stream @prompt_in from_host(west, 0)
// CHECK: wfabric.stream @tokens_out from(0, 0) to_host(west, 0)

// CHECK: wpe.role @loop_role
// CHECK: wpe.region @loop role(@loop_role) rect(0, 0, 1, 1)
// 32 tokens of 3 elements.
// CHECK: wpe.role @embed_role
// CHECK: wpe.buffer @table : 96 x f16 {kind = weights}
// CHECK: wpe.region @embed role(@embed_role) rect(1, 0, 1, 3) columns {{{.*}}token_count = #wpe.table<[32]>

// One role for both stages, with room for the two layers of the first. A row has
// 3 elements; a column has one pair of each of two queries, 6 of 16 for the ffn.
//   down           6 * 3 * 2 layers = 36
//   gate and up    3 * (6 + 6) * 2 = 72
//   o              4 * 3 * 2 = 24
//   values, keys   ceil(16 / 3) positions * 2 elements * 2 = 24
//   q, k, v        3 * (4 + 2 + 2) * 2 = 48; with the norm a message of 9 words
// CHECK: wpe.role @layer_role
// CHECK-DAG: wpe.buffer @w_down : 36 x f16 {kind = weights}
// CHECK-DAG: wpe.buffer @w_gate_up : 72 x f16 {kind = weights}
// CHECK-DAG: wpe.buffer @w_o : 24 x f16 {kind = weights}
// CHECK-DAG: wpe.buffer @values : 24 x f16 {kind = state}
// CHECK-DAG: wpe.buffer @keys : 24 x f16 {kind = state}
// CHECK-DAG: wpe.buffer @w_q_k_v : 48 x f16 {kind = weights}
// CHECK-DAG: wpe.buffer @r0 : 9 x f32 {kind = scratch}
// CHECK-DAG: wpe.queue @group_in input [@layers0_group, @layers1_group, @to_layers0, @to_layers1]
// CHECK-DAG: wpe.queue @hidden_out output [@to_layers1, @to_head]
// Scores of both queries at once: 2 elements of 6 slots, the same keys for both,
// make 24 products; the second element's 6 are added to the first one's, in the
// order of the message, where the queries of a position are neighbours. They go
// into it in binary16: the first core of a chain adds them to nothing, others to
// what comes.
// CHECK: %[[Q:.+]] = wpe.mem @{{.+}} extent(6) stride(0) extent1(4) stride1(1) : f16
// CHECK: %[[K:.+]] = wpe.mem @keys offset(%{{.+}}) extent(12) stride(1) extent1(2) stride1(0) : f16
// CHECK: %[[P:.+]] = wpe.mem @products extent(24) stride(1) : f16
// CHECK: wpe.vec fmulh %[[P]], %[[K]], %[[Q]]
// CHECK: %[[LOW:.+]] = wpe.mem @products extent(6) stride(1) extent1(2) stride1(12) : f16
// CHECK: %[[OUT:.+]] = wpe.mem @half_scores extent(6) stride(2) extent1(2) stride1(1) : f16
// CHECK: %[[HIGH:.+]] = wpe.mem @products offset(12) extent(6) stride(1) extent1(2) stride1(12) : f16
// CHECK: wpe.vec faddh %[[OUT]], %[[LOW]], %[[HIGH]]
// CHECK: wpe.vec faddhs %{{.+}}, %{{.+}}, %{{.+}}
// CHECK: wpe.region @layers0 role(@layer_role) rect(2, 0, 3, 3)
// CHECK-SAME: row_root = #wpe.table<[0, 1, 0]>
// CHECK-SAME: sends = #wpe.table<[2 x 0, 1]>
// CHECK-SAME: values {layers = 2}
// One input more is 8 outputs, 16 bytes, further; k begins behind the 4 of q.
// CHECK: wafer.placement @w_q in @layers0 buffer "w_q_k_v" at 0 strides [16, 8, 4, 2, 2] layers 0 to 2 stride 48
// CHECK: wafer.placement @w_k in @layers0 buffer "w_q_k_v" at 8 strides [16, 4, 2, 2] layers 0 to 2 stride 48
// CHECK: wpe.region @layers1 role(@layer_role) rect(5, 0, 3, 3)
// CHECK-SAME: values {layers = 1}
// CHECK: wafer.placement @w_q in @layers1 buffer "w_q_k_v" at 0 {{.*}} layers 2 to 3 stride 48
// CHECK: wpe.role @head_role
// CHECK: wpe.region @head role(@head_role) rect(8, 0, 7, 3)
// CHECK-SAME: logit_slice = #wpe.table<[3 x 0 step 2]>
// CHECK-SAME: logit_count = #wpe.table<[4 x 5, 3 x 4]>
// CHECK-SAME: logit_low = #wpe.table<[5 x 0 step 5, 24, 28]>
// CHECK-NOT: wafer.{{stage|transfer}}

// A stage of one core has nobody to talk to but the stages beside it.
// RUN: wsec-opt %S/Inputs/tiny-llama.mlir --wafer-partition="machine=tiny16 width=1 height=1 stages=1" %{lower} | FileCheck %s --check-prefix=ONE
// ONE-NOT: wfabric.family @layers0
// ONE: wpe.role @layer_role
// ONE-NOT: wpe.queue @{{row|column|group_out}}
// ONE: wpe.task @main

// Two lines: the low half alone arrives at the root.
// RUN: wsec-opt %S/Inputs/tiny-llama.mlir --wafer-partition="machine=tiny16 width=2 height=2 stages=1" %{lower} | FileCheck %s --check-prefix=TWO
// TWO: wfabric.family @layers0_y_low0 rect(2, 0, 2, 2) axis(y) [0 -> 1 to 2
// TWO-NOT: wfabric.family @layers0_y_last
// TWO: wfabric.family @layers0_y_cast
