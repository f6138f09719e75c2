// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --verify-roundtrip | FileCheck %s

// CHECK: wafer.slicing @d rows 64 over 13 {12 x [0, 5) step 5, 1 x [60, 64) step 0}
wafer.slicing @d rows 64 over 13 {12 x [0, 5) step 5, 1 x [60, 64) step 0}
// CHECK: wafer.slicing @positions rows 512 over 13 cyclic
wafer.slicing @positions rows 512 over 13 cyclic
wafer.slicing @o columns 96 over 6 {6 x [0, 16) step 16}
// CHECK: wafer.tensor @w weight : tensor<64x96xf16, #wafer.layout<[@d, @o]>> from @model::@w strides [1, 64]
wafer.tensor @w weight : tensor<64x96xf16, #wafer.layout<[@d, @o]>> from @model::@w strides [1, 64]
wafer.tensor @down weight : tensor<96x64xf16, #wafer.layout<[@o, @d]>> from @model::@down strides [1, 96]

// CHECK: wafer.stage @layers0 layers rect [5, 0, 6, 13] wafer 0 layers 0 to 5 {
wafer.stage @layers0 layers rect [5, 0, 6, 13] wafer 0 layers 0 to 5 {
^bb0(%x: tensor<64xf32, #wafer.layout<[@d]>>):
  %ss = wafer.sum_squares %x : tensor<64xf32, #wafer.layout<[@d]>> -> tensor<1xf32, #wafer.layout<[*], partial rows>>
  %h = wafer.cast %x : tensor<64xf32, #wafer.layout<[@d]>> -> tensor<64xf16, #wafer.layout<[@d]>>
  %y = wafer.matvec %h, [@w] : (tensor<64xf16, #wafer.layout<[@d]>>) -> (tensor<96xf32, #wafer.layout<[@o], partial rows>>)
  // CHECK: wafer.all_reduce sum chain(
  %r:2 = wafer.all_reduce sum chain (%y, %ss) : (tensor<96xf32, #wafer.layout<[@o], partial rows>>, tensor<1xf32, #wafer.layout<[*], partial rows>>) -> (tensor<96xf32, #wafer.layout<[@o]>>, tensor<1xf32, #wafer.layout<[*]>>)
  %n = wafer.rms_scale (%r#0) by %r#1 count 64 eps 1.0e-5 : (tensor<96xf32, #wafer.layout<[@o]>>), tensor<1xf32, #wafer.layout<[*]>>
  %nh = wafer.cast %n : tensor<96xf32, #wafer.layout<[@o]>> -> tensor<96xf16, #wafer.layout<[@o]>>
  %z = wafer.matvec %nh, [@down] : (tensor<96xf16, #wafer.layout<[@o]>>) -> (tensor<64xf32, #wafer.layout<[@d], partial columns>>)
  %zr = wafer.all_reduce sum chain (%z) : (tensor<64xf32, #wafer.layout<[@d], partial columns>>) -> (tensor<64xf32, #wafer.layout<[@d]>>)
  %out = wafer.add %x, %zr : tensor<64xf32, #wafer.layout<[@d]>>
  wafer.yield %out : tensor<64xf32, #wafer.layout<[@d]>>
}
