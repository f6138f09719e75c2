// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Long columns reduce on two levels where the machine has the queues: wse3 has 6
// input queues for programs, which is enough for columns but not for rows.
// RUN: wsec-opt %S/Inputs/tiny-llama.mlir --wafer-partition="machine=wse3 width=3 height=100 stages=1" --wafer-place --wafer-lower --wafer-verify-lowered | FileCheck %s

// 100 lines, root 50. With the costs of wse3 a collector begins 17 + 2 * 4 + 16 =
// 41 cycles behind its own group, which takes 6 cycles a member, and a link 5
// and one a member. From the ends: 2 members, sent at 12; 2, sent at 12 + 41 =
// 53; (53 + 5 - 41) / 5 = 3, sent at 61; 5, at 71; 7, at 83; 9, at 97; 12, at
// 114; the rest. Groups below begin at 0, 2, 4, 7, 12, 19, 28, 40, those above end
// at 100, 98, 96, 93, 88, 81, 72, 60.
// CHECK: wfabric.family @layers0_y_low0 {{.*}}[0 -> 1 to 2 step 2 count 1, 2 -> 3 to 4 step 2 count 1, 4 -> 5 to 6 step 2 count 1, 7 -> 8 to 9 step 2 count 2, 12 ->
// CHECK: wfabric.family @layers0_y_low1 {{.*}}41 -> 42 to 43 step 2 count 5]
// The first group above is [51, 60), its collector 51.
// CHECK: wfabric.family @layers0_y_high0 {{.*}} axis(y) [{{.*}}52 -> 51 to 52 step 2 count 4
// Collectors pass on over the members.
// CHECK: wfabric.family @layers0_y_low_up0 {{.*}} axis(y) [3 -> 6 to 7, 11 -> 18 to 19, 27 -> 39 to 40]
// CHECK: wfabric.family @layers0_y_low_up1 {{.*}}39 -> 50 to 51]
// CHECK: wfabric.family @layers0_y_high_up1 {{.*}} axis(y) [60 -> 51 to 52
// CHECK: wfabric.family @layers0_y_last {{.*}} axis(y) [51 -> 50 to 51]
// CHECK: wfabric.family @layers0_y_cast {{.*}} axis(y) [50 -> 0 to 100]
// CHECK-NOT: wfabric.family @layers0_x_low_up
// The collectors but for the outermost ones, 1 and 98.
// CHECK: wpe.region @layers0
// CHECK-SAME: row_third = #wpe.table<[3 x 0, 1, 2 x 0, 1, 4 x 0, 1, 6 x 0, 1, 8 x 0, 1, 11 x 0, 1, 10 x 0, 2 x 1, 8 x 0, 1, 11 x 0, 1, 8 x 0, 1,
