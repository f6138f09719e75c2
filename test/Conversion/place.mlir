// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --wafer-place --wafer-verify-placed --wafer-remap --remarks-filter=place --remark-format=emitRemark 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks

// Side by side, in order: columns 0, 1, 1 + 2 = 3, 3 + 4 = 7. The first host
// channel of tiny16 is in row 0, so the shelf begins there.
// CHECK: module attributes {wafer.machine = "tiny16", wafer.map = "identity"}
// REMARK: stage 'loop': 1x1 cores from column 0, row 0 on
module attributes {wafer.machine = "tiny16"} {
  // CHECK: wafer.stage @loop token_loop rect [0, 0, 1, 1]
  wafer.stage @loop token_loop rect [0, 0, 1, 1] wafer 0 layers 0 to 0 {
  }
  // CHECK: wafer.stage @embed embed rect [1, 0, 2, 3]
  // REMARK: stage 'embed': 2x3 cores from column 1, row 0 on
  wafer.stage @embed embed rect [0, 0, 2, 3] wafer 0 layers 0 to 0 {
  }
  // CHECK: wafer.stage @layers0 layers rect [3, 0, 4, 3]
  // REMARK: stage 'layers0': 4x3 cores from column 3, row 0 on
  wafer.stage @layers0 layers rect [0, 0, 4, 3] wafer 0 layers 0 to 2 {
  ^bb0(%x: tensor<4xf32, #wafer.layout<[*]>>):
    wafer.yield %x : tensor<4xf32, #wafer.layout<[*]>>
  }
  // CHECK: wafer.stage @head head rect [7, 0, 1, 3]
  wafer.stage @head head rect [0, 0, 1, 3] wafer 0 layers 0 to 0 {
  }
}
