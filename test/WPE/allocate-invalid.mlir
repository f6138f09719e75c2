// RUN: wsec-opt %s --wpe-allocate=machine=wse2 --split-input-file --verify-diagnostics

// SRAM: 44442 bytes on wse2. Code: end = 8. The block has no bytes. 16384 * 2 and
// 4096 * 4 bytes are 49152, so 49160 - 44442 = 4718 bytes too many; of @w
// (32768 - 4718) / 16 * 16 = 28048 bytes would fit.
// expected-error @+2 {{program does not fit into the SRAM of a core: expected at most 44442 bytes but got 49160 bytes (8 of code, 49152 of buffers; most: weights 'w' 32768, scratch 'y' 16384, code 8)}}
// expected-note @+1 {{4718 bytes less would fit, such as 'w' with 28048 bytes}}
wpe.role @sram {
  wpe.buffer @w : 16384 x f16 {kind = weights}
  wpe.buffer @y : 4096 x f32 {kind = scratch}
  wpe.task @main active {
  }
}

// -----

// Queues: wse2 has output queues 1 to 5 for programs.
// expected-error @+1 {{needs 6 output queues, but the machine has 5 for programs}}
wpe.role @queues {
  // expected-note @+1 {{queue 'a'}}
  wpe.queue @a output [@s]
  // expected-note @+1 {{queue 'b'}}
  wpe.queue @b output [@s]
  // expected-note @+1 {{queue 'c'}}
  wpe.queue @c output [@s]
  // expected-note @+1 {{queue 'd'}}
  wpe.queue @d output [@s]
  // expected-note @+1 {{queue 'e'}}
  wpe.queue @e output [@s]
  // expected-note @+1 {{queue 'f'}}
  wpe.queue @f output [@s]
  wpe.queue @in input [@s]
  wpe.task @main active {
  }
}

// -----

// Registers: r1 to r31 hold the first 31 loads.
wpe.role @registers {
  wpe.buffer @x : 32 x i32 {kind = scratch}
  wpe.task @main active {
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v0 = wpe.load @x[0] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v1 = wpe.load @x[4] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v2 = wpe.load @x[8] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v3 = wpe.load @x[12] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v4 = wpe.load @x[16] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v5 = wpe.load @x[20] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v6 = wpe.load @x[24] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v7 = wpe.load @x[28] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v8 = wpe.load @x[32] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v9 = wpe.load @x[36] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v10 = wpe.load @x[40] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v11 = wpe.load @x[44] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v12 = wpe.load @x[48] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v13 = wpe.load @x[52] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v14 = wpe.load @x[56] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v15 = wpe.load @x[60] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v16 = wpe.load @x[64] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v17 = wpe.load @x[68] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v18 = wpe.load @x[72] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v19 = wpe.load @x[76] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v20 = wpe.load @x[80] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v21 = wpe.load @x[84] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v22 = wpe.load @x[88] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v23 = wpe.load @x[92] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v24 = wpe.load @x[96] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v25 = wpe.load @x[100] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v26 = wpe.load @x[104] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v27 = wpe.load @x[108] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v28 = wpe.load @x[112] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v29 = wpe.load @x[116] : i32
    // expected-note @+1 {{live: wpe.load of type 'i32'}}
    %v30 = wpe.load @x[120] : i32
    // expected-error @+1 {{needs a register, but none is free in 'main'; 31 are live here}}
    %v31 = wpe.load @x[124] : i32
    wpe.store %v0, @x[0] : i32
    wpe.store %v1, @x[4] : i32
    wpe.store %v2, @x[8] : i32
    wpe.store %v3, @x[12] : i32
    wpe.store %v4, @x[16] : i32
    wpe.store %v5, @x[20] : i32
    wpe.store %v6, @x[24] : i32
    wpe.store %v7, @x[28] : i32
    wpe.store %v8, @x[32] : i32
    wpe.store %v9, @x[36] : i32
    wpe.store %v10, @x[40] : i32
    wpe.store %v11, @x[44] : i32
    wpe.store %v12, @x[48] : i32
    wpe.store %v13, @x[52] : i32
    wpe.store %v14, @x[56] : i32
    wpe.store %v15, @x[60] : i32
    wpe.store %v16, @x[64] : i32
    wpe.store %v17, @x[68] : i32
    wpe.store %v18, @x[72] : i32
    wpe.store %v19, @x[76] : i32
    wpe.store %v20, @x[80] : i32
    wpe.store %v21, @x[84] : i32
    wpe.store %v22, @x[88] : i32
    wpe.store %v23, @x[92] : i32
    wpe.store %v24, @x[96] : i32
    wpe.store %v25, @x[100] : i32
    wpe.store %v26, @x[104] : i32
    wpe.store %v27, @x[108] : i32
    wpe.store %v28, @x[112] : i32
    wpe.store %v29, @x[116] : i32
    wpe.store %v30, @x[120] : i32
    wpe.store %v31, @x[124] : i32
  }
}

// -----

// Descriptor registers: eight second sources (equal ones would share one).
wpe.role @descriptors {
  wpe.buffer @x : 32 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(4) : f32
    // expected-note @+1 {{live: wpe.mem of type '!wpe.dsd'}}
    %d0 = wpe.mem @x extent(4) : f32
    // expected-note @+1 {{live: wpe.mem of type '!wpe.dsd'}}
    %d1 = wpe.mem @x offset(4) extent(4) : f32
    // expected-note @+1 {{live: wpe.mem of type '!wpe.dsd'}}
    %d2 = wpe.mem @x offset(8) extent(4) : f32
    // expected-note @+1 {{live: wpe.mem of type '!wpe.dsd'}}
    %d3 = wpe.mem @x offset(12) extent(4) : f32
    // expected-note @+1 {{live: wpe.mem of type '!wpe.dsd'}}
    %d4 = wpe.mem @x offset(16) extent(4) : f32
    // expected-note @+1 {{live: wpe.mem of type '!wpe.dsd'}}
    %d5 = wpe.mem @x offset(20) extent(4) : f32
    // expected-note @+1 {{live: wpe.mem of type '!wpe.dsd'}}
    %d6 = wpe.mem @x offset(24) extent(4) : f32
    // expected-note @+1 {{live: wpe.mem of type '!wpe.dsd'}}
    %d7 = wpe.mem @x offset(28) extent(4) : f32
    // expected-error @+1 {{needs a descriptor register for a second source, but none is free in 'main'; 8 are live here}}
    %d8 = wpe.mem @x offset(32) extent(4) : f32
    wpe.vec fadds %x, %x, %d0
    wpe.vec fadds %x, %x, %d1
    wpe.vec fadds %x, %x, %d2
    wpe.vec fadds %x, %x, %d3
    wpe.vec fadds %x, %x, %d4
    wpe.vec fadds %x, %x, %d5
    wpe.vec fadds %x, %x, %d6
    wpe.vec fadds %x, %x, %d7
    wpe.vec fadds %x, %x, %d8
  }
}

// -----

// No address: byte -16 of a buffer at 32 is 16, byte -64 is none. Before places are
// known the buffer counts as being at 0.
wpe.role @address {
  wpe.buffer @x : 32 x f32 {kind = scratch} at(32)
  wpe.task @main active {
    %a = wpe.mem @x offset(-16) extent(4) {save} : f32
    // expected-error @+1 {{byte -32 of the descriptor is no SRAM address}}
    %b = wpe.mem @x offset(-64) extent(4) {save} : f32
    wpe.vec mov32 %a, %b
  }
}

// -----

// Every level of calls takes a link register; r0 is none and code needs one.
// expected-error @+1 {{subroutines are nested 31 deep, which takes all registers}}
wpe.role @nested {
  wpe.func @f1 {
    wpe.call @f2
  }
  wpe.func @f2 {
    wpe.call @f3
  }
  wpe.func @f3 {
    wpe.call @f4
  }
  wpe.func @f4 {
    wpe.call @f5
  }
  wpe.func @f5 {
    wpe.call @f6
  }
  wpe.func @f6 {
    wpe.call @f7
  }
  wpe.func @f7 {
    wpe.call @f8
  }
  wpe.func @f8 {
    wpe.call @f9
  }
  wpe.func @f9 {
    wpe.call @f10
  }
  wpe.func @f10 {
    wpe.call @f11
  }
  wpe.func @f11 {
    wpe.call @f12
  }
  wpe.func @f12 {
    wpe.call @f13
  }
  wpe.func @f13 {
    wpe.call @f14
  }
  wpe.func @f14 {
    wpe.call @f15
  }
  wpe.func @f15 {
    wpe.call @f16
  }
  wpe.func @f16 {
    wpe.call @f17
  }
  wpe.func @f17 {
    wpe.call @f18
  }
  wpe.func @f18 {
    wpe.call @f19
  }
  wpe.func @f19 {
    wpe.call @f20
  }
  wpe.func @f20 {
    wpe.call @f21
  }
  wpe.func @f21 {
    wpe.call @f22
  }
  wpe.func @f22 {
    wpe.call @f23
  }
  wpe.func @f23 {
    wpe.call @f24
  }
  wpe.func @f24 {
    wpe.call @f25
  }
  wpe.func @f25 {
    wpe.call @f26
  }
  wpe.func @f26 {
    wpe.call @f27
  }
  wpe.func @f27 {
    wpe.call @f28
  }
  wpe.func @f28 {
    wpe.call @f29
  }
  wpe.func @f29 {
    wpe.call @f30
  }
  wpe.func @f30 {
    wpe.call @f31
  }
  wpe.func @f31 {
  }
  wpe.task @main active {
    wpe.call @f1
  }
}
