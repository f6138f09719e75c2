// RUN: wsec-opt %s --wpe-allocate=machine=wse2 --wpe-verify-allocated=machine=wse2 --split-input-file \
// RUN:   | FileCheck %s
// RUN: wsec-opt %s --wpe-allocate=machine=wse2 --split-input-file --remarks-filter=allocate \
// RUN:   --remark-format=emitRemark --remark-policy=all 2>&1 | FileCheck %s --check-prefix=REMARK
// Allocating twice changes nothing.
// RUN: wsec-opt %s --wpe-allocate=machine=wse2 --split-input-file -o %t1
// RUN: wsec-opt %t1 --wpe-allocate=machine=wse2 --split-input-file -o %t2
// RUN: cmp %t1 %t2

// The parameter block: 2 halfwords of parameters (the second one is padding) and
// a descriptor, 4 + 16 = 20 bytes. Buffers begin at multiples of 16:
//   x 32 to 62 (30 bytes), w 64 to 8256, y 8256 to 8288
// Code: ldh, dsrload, mov16, end = 4 instructions of 8 bytes.
// CHECK-LABEL: wpe.role @layout params_at(0) code_bytes(32) {
// REMARK: remark: [Analysis] SRAM | Category:allocate
// REMARK-SAME: BufferBytes=8288, Capacity=44442, CodeBytes=32, LowerBound=8288, Remark="role 'layout': 32 bytes of code and 8288 of buffers (at least 8288) of 44442 bytes of SRAM"
wpe.role @layout {
  wpe.param @n row
  // CHECK: wpe.buffer @x : 15 x i16 {kind = scratch} at(32)
  wpe.buffer @x : 15 x i16 {kind = scratch}
  // CHECK: wpe.buffer @w : 4096 x f16 {kind = weights} at(64)
  wpe.buffer @w : 4096 x f16 {kind = weights}
  // CHECK: wpe.buffer @y : 8 x f32 {kind = state} at(8256)
  wpe.buffer @y : 8 x f32 {kind = state}
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    %x = wpe.mem @x extent(15) : i16
    wpe.vec mov16 %x, %n : i32
  }
}

// -----

// Scratch with disjoint live ranges shares bytes: a and b at 0, c meets both.
// CHECK-LABEL: wpe.role @lifetimes
// REMARK: BufferBytes=96, {{.*}} LowerBound=96
wpe.role @lifetimes {
  // CHECK: wpe.buffer @c : 8 x f32 {kind = scratch} live(1 to 3) at(64)
  wpe.buffer @c : 8 x f32 {kind = scratch} live(1 to 3)
  // CHECK: wpe.buffer @a : 16 x f32 {kind = scratch} live(0 to 2) at(0)
  wpe.buffer @a : 16 x f32 {kind = scratch} live(0 to 2)
  // CHECK: wpe.buffer @b : 16 x f32 {kind = scratch} live(2 to 4) at(0)
  wpe.buffer @b : 16 x f32 {kind = scratch} live(2 to 4)
  wpe.task @main active {
  }
}

// -----

// wse2 has input queues of depths 6 6 4 4 2 2 2 2, the first one the system's:
// inputs take 1 (6 words), then 2 and 3 (4 words). A given id stays. Outputs go by
// number from 1.
// CHECK-LABEL: wpe.role @queues
wpe.role @queues {
  // CHECK: wpe.queue @a input [@s] id(1)
  wpe.queue @a input [@s]
  // CHECK: wpe.queue @b input [@s] id(3)
  wpe.queue @b input [@s]
  // CHECK: wpe.queue @c input [@s] id(2)
  wpe.queue @c input [@s] id(2)
  // CHECK: wpe.queue @d output [@s] id(1)
  wpe.queue @d output [@s]
  // CHECK: wpe.queue @e output [@s] id(2)
  wpe.queue @e output [@s]
  wpe.task @main active {
  }
}
