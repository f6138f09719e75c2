// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Long columns reduce on two levels where the machine has the queues: wse3 has 6
// input queues for programs, which is enough for columns but not for rows.
// RUN: wsec-opt %S/Inputs/tiny-llama.mlir --wafer-partition="machine=wse3 width=3 height=100 stages=1" --wafer-place --wafer-lower --wafer-verify-lowered | FileCheck %s

// 100 lines, root 50. With the costs of wse3 a group of s lines takes 6 s in the
// group and 5 * ceil(50 / s) over the collectors: least for s = 5, 30 + 50 = 80
// (4: 24 + 65, 6: 36 + 45). Below the root groups end at 50, 45, ..., 5, 0, above
// it they begin at 51, 56, ... The links of [46, 51) begin at 46, 48 and 47, 49.
// CHECK: wfabric.family @layers0_y_low0 {{.*}}46 -> 47 to 48 step 2 count 2]
// CHECK: wfabric.family @layers0_y_low1 {{.*}}47 -> 48 to 49 step 2 count 2]
// The first group above is [51, 56), its collector 51.
// CHECK: wfabric.family @layers0_y_high0 {{.*}} axis(y) [52 -> 51 to 52 step 2 count 2
// Collectors pass on over the members: 0 -> 5 is the tenth link from the root,
// 45 -> 50 the first.
// CHECK: wfabric.family @layers0_y_low_up0 {{.*}} axis(y) [0 -> 5 to 6
// CHECK: wfabric.family @layers0_y_low_up1 {{.*}}45 -> 50 to 51]
// CHECK: wfabric.family @layers0_y_high_up1 {{.*}} axis(y) [56 -> 51 to 52
// CHECK: wfabric.family @layers0_y_last {{.*}} axis(y) [51 -> 50 to 51]
// CHECK: wfabric.family @layers0_y_cast {{.*}} axis(y) [50 -> 0 to 100]
// CHECK-NOT: wfabric.family @layers0_x_low_up
// The collectors but for the outermost ones, 0 and 96: 5, 10, ..., 50, 51, 56, ...
// CHECK: wpe.region @layers0
// CHECK-SAME: row_third = #wpe.table<[5 x 0, 1, 4 x 0, 1, 4 x 0, 1, 4 x 0, 1, 4 x 0, 1, 4 x 0, 1, 4 x 0, 1, 4 x 0, 1, 4 x 0, 1, 4 x 0, 2 x 1, 4 x 0, 1,
