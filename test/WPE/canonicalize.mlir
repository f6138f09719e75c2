// RUN: wsec-opt %s --canonicalize | FileCheck %s

// Constant arithmetic; the store keeps the results alive.
// CHECK-LABEL: wpe.role @integers
wpe.role @integers {
  wpe.buffer @x : 16 x i32 {kind = scratch}
  wpe.task @main active {
    %a = wpe.constant 12 : i32
    %b = wpe.constant -5 : i32
    %s = wpe.constant 33 : i32
    // CHECK-DAG: %[[C7:.*]] = wpe.constant 7 : i32
    // CHECK-DAG: %[[C17:.*]] = wpe.constant 17 : i32
    // CHECK-DAG: %[[CM60:.*]] = wpe.constant -60 : i32
    // CHECK-DAG: %[[C8:.*]] = wpe.constant 8 : i32
    // CHECK-DAG: %[[CM1:.*]] = wpe.constant -1 : i32
    // CHECK-DAG: %[[CM9:.*]] = wpe.constant -9 : i32
    // CHECK-DAG: %[[C24:.*]] = wpe.constant 24 : i32
    // CHECK-DAG: %[[CBIG:.*]] = wpe.constant 2147483645 : i32
    // CHECK-DAG: %[[CM3:.*]] = wpe.constant -3 : i32
    // CHECK-DAG: %[[CM5:.*]] = wpe.constant -5 : i32
    // CHECK-DAG: %[[C12:.*]] = wpe.constant 12 : i32
    // 12 - 5
    %0 = wpe.add %a, %b : i32
    // CHECK: wpe.store %[[C7]], @x[0]
    wpe.store %0, @x[0] : i32
    %1 = wpe.sub %a, %b : i32
    // CHECK: wpe.store %[[C17]], @x[4]
    wpe.store %1, @x[4] : i32
    %2 = wpe.mul %a, %b : i32
    // CHECK: wpe.store %[[CM60]], @x[8]
    wpe.store %2, @x[8] : i32
    // 0b1100 and ...11111011
    %3 = wpe.and %a, %b : i32
    // CHECK: wpe.store %[[C8]], @x[12]
    wpe.store %3, @x[12] : i32
    %4 = wpe.or %a, %b : i32
    // CHECK: wpe.store %[[CM1]], @x[16]
    wpe.store %4, @x[16] : i32
    %5 = wpe.xor %a, %b : i32
    // CHECK: wpe.store %[[CM9]], @x[20]
    wpe.store %5, @x[20] : i32
    // distances count modulo 32: 33 is 1
    %6 = wpe.shl %a, %s : i32
    // CHECK: wpe.store %[[C24]], @x[24]
    wpe.store %6, @x[24] : i32
    // (2^32 - 5) / 2
    %7 = wpe.shr %b, %s : i32
    // CHECK: wpe.store %[[CBIG]], @x[28]
    wpe.store %7, @x[28] : i32
    %8 = wpe.sar %b, %s : i32
    // CHECK: wpe.store %[[CM3]], @x[32]
    wpe.store %8, @x[32] : i32
    %9 = wpe.min %a, %b : i32
    // CHECK: wpe.store %[[CM5]], @x[36]
    wpe.store %9, @x[36] : i32
    %10 = wpe.max %a, %b : i32
    // CHECK: wpe.store %[[C12]], @x[40]
    wpe.store %10, @x[40] : i32
  }
}

// CHECK-LABEL: wpe.role @floats
wpe.role @floats {
  wpe.buffer @x : 16 x f32 {kind = scratch}
  wpe.buffer @h : 16 x f16 {kind = scratch}
  wpe.buffer @i : 16 x i32 {kind = scratch}
  wpe.task @main active {
    %a = wpe.constant 1.5 : f32
    %b = wpe.constant 0.5 : f32
    %zero = wpe.constant 0.0 : f32
    // CHECK-DAG: %[[F2:.*]] = wpe.constant 2.000000e+00 : f32
    // CHECK-DAG: %[[F3:.*]] = wpe.constant 3.000000e+00 : f32
    // CHECK-DAG: %[[F0:.*]] = wpe.constant 0.000000e+00 : f32
    // CHECK-DAG: %[[H:.*]] = wpe.constant 1.500000e+00 : f16
    // CHECK-DAG: %[[I2:.*]] = wpe.constant 2 : i32
    %0 = wpe.fadd %a, %b : f32
    // CHECK: wpe.store %[[F2]], @x[0]
    wpe.store %0, @x[0] : f32
    %1 = wpe.fdiv %a, %b : f32
    // CHECK: wpe.store %[[F3]], @x[4]
    wpe.store %1, @x[4] : f32
    // A NaN is left to the machine.
    // CHECK: %[[NAN:.*]] = wpe.fdiv %[[F0]], %[[F0]]
    %2 = wpe.fdiv %zero, %zero : f32
    // CHECK: wpe.store %[[NAN]], @x[8]
    wpe.store %2, @x[8] : f32
    %3 = wpe.cast %a : f32 -> f16
    // CHECK: wpe.store %[[H]], @h[0]
    wpe.store %3, @h[0] : f16
    // 1.5 rounds to the even 2
    %4 = wpe.cast %a : f32 -> i32
    // CHECK: wpe.store %[[I2]], @i[0]
    wpe.store %4, @i[0] : i32
  }
}

// CHECK-LABEL: wpe.role @neutral
wpe.role @neutral {
  wpe.param @n row
  wpe.buffer @x : 16 x i32 {kind = scratch}
  wpe.task @main active {
    // CHECK: %[[N:.*]] = wpe.param_value @n
    %n = wpe.param_value @n : i32
    %zero = wpe.constant 0 : i32
    %one = wpe.constant 1 : i32
    %0 = wpe.add %n, %zero : i32
    %1 = wpe.mul %0, %one : i32
    %2 = wpe.shl %1, %zero : i32
    // CHECK-NEXT: wpe.store %[[N]], @x[0]
    wpe.store %2, @x[0] : i32
  }
}

// CHECK-LABEL: wpe.role @loops
wpe.role @loops {
  wpe.buffer @x : 16 x i32 {kind = scratch}
  wpe.task @main active {
    %none = wpe.constant 0 : i32
    %three = wpe.constant 3 : i32
    // CHECK: %[[THREE:.*]] = wpe.constant 3 : i32
    // CHECK-NOT: wpe.loop
    wpe.loop %none {
      wpe.store %three, @x[0] : i32
    }
    // CHECK: wpe.loop %[[THREE]] nonzero {
    // CHECK-NEXT: wpe.store %[[THREE]], @x[4]
    wpe.loop %three {
      wpe.store %three, @x[4] : i32
    }
    // CHECK-NOT: wpe.if
    // CHECK: wpe.store %[[THREE]], @x[8]
    wpe.if lt %none, %three : i32 {
      wpe.store %three, @x[8] : i32
    } else {
      wpe.store %three, @x[12] : i32
    }
    // CHECK-NOT: @x[16]
    wpe.if ge %none, %three : i32 {
      wpe.store %three, @x[16] : i32
    }
    // CHECK: }
  }
}

// Constant parts of descriptors become fixed; unused descriptors go; two equal
// ones stay apart, for each steps on its own.
// CHECK-LABEL: wpe.role @descriptors
wpe.role @descriptors {
  wpe.buffer @x : 16 x f32 {kind = scratch}
  wpe.task @main active {
    %eight = wpe.constant 8 : i32
    // CHECK: %[[A:.*]] = wpe.mem @x offset(12) extent(8) stride(1) : f32
    %a = wpe.mem @x offset(%eight + 4) extent(%eight) : f32
    // CHECK: %[[B:.*]] = wpe.mem @x extent(4) stride(1) {save} : f32
    %b = wpe.mem @x extent(4) {save} : f32
    // CHECK: %[[C:.*]] = wpe.mem @x extent(4) stride(1) {save} : f32
    %c = wpe.mem @x extent(4) {save} : f32
    // CHECK-NOT: wpe.mem
    %unused = wpe.mem @x extent(2) : f32
    // CHECK: wpe.vec mov32 %[[A]], %[[A]]
    wpe.vec mov32 %a, %a
    // CHECK: wpe.vec mov32 %[[B]], %[[C]]
    wpe.vec mov32 %b, %c
  }
}
