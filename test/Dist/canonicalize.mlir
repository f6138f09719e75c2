// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --canonicalize | FileCheck %s

wafer.slicing @d rows 8 over 2 {2 x [0, 4) step 4}
wafer.slicing @o columns 6 over 2 {2 x [0, 3) step 3}
wafer.tensor @a weight : tensor<8x6xf16, #wafer.layout<[@d, @o]>> from @m::@a strides [1, 8]
wafer.tensor @b weight : tensor<8x6xf16, #wafer.layout<[@d, @o]>> from @m::@b strides [1, 8]
wafer.tensor @c weight : tensor<8x6xf16, #wafer.layout<[@d, @o]>> from @m::@c strides [1, 8]

#d = #wafer.layout<[@d]>
#o = #wafer.layout<[@o]>
#p = #wafer.layout<[@o], partial rows>

// CHECK-LABEL: wafer.stage @cast_of_no_change
wafer.stage @cast_of_no_change layers rect [0, 0, 2, 2] wafer 0 layers 0 to 1 {
^bb0(%x: tensor<8xf32, #d>):
  // CHECK-NEXT: ^bb0(%[[X:[^:]*]]:
  // CHECK-NEXT: wafer.yield %[[X]]
  %0 = wafer.cast %x : tensor<8xf32, #d> -> tensor<8xf32, #d>
  wafer.yield %0 : tensor<8xf32, #d>
}

// CHECK-LABEL: wafer.stage @cast_there_and_back
wafer.stage @cast_there_and_back layers rect [0, 0, 2, 2] wafer 0 layers 0 to 1 {
^bb0(%x: tensor<8xf16, #d>):
  // CHECK-NEXT: ^bb0(%[[X:[^:]*]]:
  // CHECK-NEXT: wafer.yield %[[X]]
  %0 = wafer.cast %x : tensor<8xf16, #d> -> tensor<8xf32, #d>
  %1 = wafer.cast %0 : tensor<8xf32, #d> -> tensor<8xf16, #d>
  wafer.yield %1 : tensor<8xf16, #d>
}

// f32 loses bits in f16: both casts stay.
// CHECK-LABEL: wafer.stage @cast_that_rounds
wafer.stage @cast_that_rounds layers rect [0, 0, 2, 2] wafer 0 layers 0 to 1 {
^bb0(%x: tensor<8xf32, #d>):
  // CHECK-COUNT-2: wafer.cast
  %0 = wafer.cast %x : tensor<8xf32, #d> -> tensor<8xf16, #d>
  %1 = wafer.cast %0 : tensor<8xf16, #d> -> tensor<8xf32, #d>
  wafer.yield %1 : tensor<8xf32, #d>
}

// f16 and bf16 do not hold each other's values.
// CHECK-LABEL: wafer.stage @cast_to_another_type
wafer.stage @cast_to_another_type head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<8xf16, #d>):
  // CHECK-COUNT-2: wafer.cast
  %0 = wafer.cast %x : tensor<8xf16, #d> -> tensor<8xf32, #d>
  %1 = wafer.cast %0 : tensor<8xf32, #d> -> tensor<8xbf16, #d>
  wafer.yield %1 : tensor<8xbf16, #d>
}

// What nobody reads is neither computed nor sent: the second of three.
// CHECK-LABEL: wafer.stage @unused_results
wafer.stage @unused_results head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%x: tensor<8xf16, #d>):
  // CHECK: %[[Y:[^:]*]]:2 = wafer.matvec %{{.*}}, [@a, @c] :
  // CHECK: %[[R:[^:]*]]:2 = wafer.all_reduce sum chain(%[[Y]]#0, %[[Y]]#1) :
  // CHECK: wafer.yield %[[R]]#0, %[[R]]#1
  %y:3 = wafer.matvec %x, [@a, @b, @c] : (tensor<8xf16, #d>) -> (tensor<6xf32, #p>, tensor<6xf32, #p>, tensor<6xf32, #p>)
  %r:3 = wafer.all_reduce sum chain (%y#0, %y#1, %y#2) : (tensor<6xf32, #p>, tensor<6xf32, #p>, tensor<6xf32, #p>) -> (tensor<6xf32, #o>, tensor<6xf32, #o>, tensor<6xf32, #o>)
  wafer.yield %r#0, %r#2 : tensor<6xf32, #o>, tensor<6xf32, #o>
}

// CHECK-LABEL: wafer.stage @unused_scaled_and_rotated
wafer.stage @unused_scaled_and_rotated head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%q: tensor<2x3x2xf32, #wafer.layout<[*, *, *]>>, %k: tensor<1x3x2xf32, #wafer.layout<[*, *, *]>>, %s: tensor<1xf32, #wafer.layout<[*]>>):
  // CHECK-NEXT: ^bb0(%[[Q:.*]]: tensor<2x3x2xf32, {{.*}}>, %{{.*}}: tensor<1x3x2xf32, {{.*}}>, %[[S:.*]]: tensor<1xf32,
  // CHECK-NEXT: %[[N:.*]] = wafer.rms_scale(%[[Q]]) by %[[S]] count 6
  // CHECK-NEXT: %[[R:.*]] = wafer.rope(%[[N]]) frequencies
  // CHECK-NEXT: wafer.yield %[[R]]
  %n:2 = wafer.rms_scale (%q, %k) by %s count 6 eps 1.0e-5 : (tensor<2x3x2xf32, #wafer.layout<[*, *, *]>>, tensor<1x3x2xf32, #wafer.layout<[*, *, *]>>), tensor<1xf32, #wafer.layout<[*]>>
  %r:2 = wafer.rope (%n#0, %n#1) frequencies [1.0, 0.5, 0.25] : tensor<2x3x2xf32, #wafer.layout<[*, *, *]>>, tensor<1x3x2xf32, #wafer.layout<[*, *, *]>>
  wafer.yield %r#0 : tensor<2x3x2xf32, #wafer.layout<[*, *, *]>>
}

// CHECK-LABEL: wafer.stage @operand_twice_in_a_message
wafer.stage @operand_twice_in_a_message head rect [0, 0, 2, 2] wafer 0 layers 0 to 0 {
^bb0(%a: tensor<6xf32, #p>, %b: tensor<6xf32, #p>):
  // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<6xf32, {{.*}}>, %[[B:.*]]: tensor<6xf32,
  // CHECK-NEXT: %[[R:[^:]*]]:2 = wafer.all_reduce max chain(%[[A]], %[[B]]) :
  // CHECK-NEXT: wafer.yield %[[R]]#0, %[[R]]#1, %[[R]]#0
  %r:3 = wafer.all_reduce max chain (%a, %b, %a) : (tensor<6xf32, #p>, tensor<6xf32, #p>, tensor<6xf32, #p>) -> (tensor<6xf32, #o>, tensor<6xf32, #o>, tensor<6xf32, #o>)
  wafer.yield %r#0, %r#1, %r#2 : tensor<6xf32, #o>, tensor<6xf32, #o>, tensor<6xf32, #o>
}

// A state changes even if nobody reads the value: the append stays, the dead
// collective goes as a whole.
wafer.slicing @positions rows 4 over 2 cyclic
wafer.tensor @state state : tensor<6x4xf16, #wafer.layout<[@o, @positions]>>
// CHECK-LABEL: wafer.stage @effects
wafer.stage @effects layers rect [0, 0, 2, 2] wafer 0 layers 0 to 1 {
^bb0(%x: tensor<6xf32, #o>):
  // CHECK-NEXT: ^bb0
  // CHECK-NEXT: wafer.append
  // CHECK-NEXT: wafer.yield
  wafer.append %x, @state : tensor<6xf32, #o>
  %0 = wafer.cast %x : tensor<6xf32, #o> -> tensor<6xf16, #o>
  wafer.yield %x : tensor<6xf32, #o>
}
