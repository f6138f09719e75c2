// RUN: wsec-opt %s --verify-roundtrip | wsec-opt | FileCheck %s

// Declarations of every kind, and a region with runs, steps and values.
// CHECK-LABEL: wpe.role @declarations {
wpe.role @declarations {
  // CHECK-NEXT: wpe.param @rows_in row
  wpe.param @rows_in row
  // CHECK-NEXT: wpe.param @cols_out column
  wpe.param @cols_out column
  // CHECK-NEXT: wpe.param @n_layers region
  wpe.param @n_layers region
  // CHECK-NEXT: wpe.buffer @x : 64 x f32 {kind = scratch}
  wpe.buffer @x : 64 x f32 {kind = scratch}
  // CHECK-NEXT: wpe.buffer @wq : 4096 x f16 {kind = weights} at(512)
  wpe.buffer @wq : 4096 x f16 {kind = weights} at(512)
  // CHECK-NEXT: wpe.buffer @t : 8 x i16 {kind = scratch} live(2 to 5)
  wpe.buffer @t : 8 x i16 {kind = scratch} live(2 to 5)
  // CHECK-NEXT: wpe.buffer @cache : 16 x i32 {kind = state}
  wpe.buffer @cache : 16 x i32 {kind = state}
  // CHECK-NEXT: wpe.queue @row_in input [@row_even, @row_odd]
  wpe.queue @row_in input [@row_even, @row_odd]
  // CHECK-NEXT: wpe.queue @row_out output [@row_even, @row_odd] id(3)
  wpe.queue @row_out output [@row_even, @row_odd] id(3)
  // CHECK-NEXT: wpe.func @reduce {
  wpe.func @reduce {
  }
  // CHECK: wpe.task @main active {
  wpe.task @main active {
    // CHECK-NEXT: wpe.call @reduce
    wpe.call @reduce
    // CHECK-NEXT: wpe.activate @local
    wpe.activate @local
    // CHECK-NEXT: wpe.block @received
    wpe.block @received
    // CHECK-NEXT: wpe.unblock @received
    wpe.unblock @received
    // CHECK-NEXT: wpe.clock : i32
    %now = wpe.clock : i32
  }
  // CHECK: wpe.task @local blocked {
  wpe.task @local blocked {
  }
  // CHECK: wpe.task @received data(@row_in) blocked {
  wpe.task @received data(@row_in) blocked {
    // CHECK-NEXT: wpe.payload : i32
    %word = wpe.payload : i32
  }
  // CHECK: wpe.task @flush control(5) {
  wpe.task @flush control(5) {
  }
}

// CHECK-LABEL: wpe.region @stage0 role(@declarations) rect(4, 0, 5, 6)
// CHECK-SAME: rows {rows_in = #wpe.table<[3 x 200, 2 x 190, 7]>}
// CHECK-SAME: columns {cols_out = #wpe.table<[5 x 0 step 11]>} values {n_layers = 5}
wpe.region @stage0 role(@declarations) rect(4, 0, 5, 6)
  rows {rows_in = #wpe.table<[200, 200, 200, 2 x 190, 7]>}
  columns {cols_out = #wpe.table<[0, 11, 22, 33, 44]>} values {n_layers = 5}

// Tables print as the longest runs; two different values are no run of steps.
// CHECK-LABEL: wpe.region @tables
// CHECK-SAME: rows {rows_in = #wpe.table<[1, 9, 3 x 65535 step -1]>}
// CHECK-SAME: columns {cols_out = #wpe.table<[1000 x 65535]>} values {n_layers = 65535}
wpe.region @tables role(@declarations) rect(0, 0, 1000, 5)
  rows {rows_in = #wpe.table<[1, 9, 65535, 65534, 65533]>}
  columns {cols_out = #wpe.table<[1000 x 65535]>} values {n_layers = 65535}

// Scalars, memory and control flow.
// CHECK-LABEL: wpe.role @scalars
wpe.role @scalars {
  wpe.param @n row
  wpe.buffer @x : 64 x f32 {kind = scratch}
  wpe.buffer @h : 64 x f16 {kind = scratch}
  wpe.buffer @i : 64 x i32 {kind = scratch}
  wpe.buffer @s : 64 x i16 {kind = scratch}
  wpe.task @main active {
    // CHECK: %[[N:.*]] = wpe.param_value @n : i32
    %n = wpe.param_value @n : i32
    // CHECK: wpe.constant 0 : i32
    %zero = wpe.constant 0 : i32
    // CHECK: wpe.constant 1.500000e+00 : f32
    %f = wpe.constant 1.5 : f32
    // CHECK: wpe.constant 1.000000e+00 : f16
    %h = wpe.constant 1.0 : f16
    // CHECK: wpe.forever {
    wpe.forever {
      // CHECK: wpe.loop %[[N]] {
      // CHECK-NEXT: ^bb0(%[[I:.*]]: i32):
      wpe.loop %n {
      ^bb0(%i: i32):
        // CHECK: wpe.load @x[%[[I]]] : f32
        %a = wpe.load @x[%i] : f32
        // CHECK: wpe.load @h[%[[I]] + 8] : f16
        %b = wpe.load @h[%i + 8] : f16
        // CHECK: wpe.load @i[12] : i32
        %c = wpe.load @i[12] : i32
        // CHECK: wpe.load @s[0] : i32
        %d = wpe.load @s : i32
        // CHECK: wpe.load @s[2] signed : i32
        %e = wpe.load @s[2] signed : i32
        // CHECK: wpe.store %{{.*}}, @x[%[[I]] + 4] : f32
        wpe.store %a, @x[%i + 4] : f32
        // CHECK: wpe.store %{{.*}}, @h[0] : f16
        wpe.store %b, @h : f16
        // CHECK: wpe.store %{{.*}}, @s[6] : i32
        wpe.store %e, @s[6] : i32
      }
      // CHECK: wpe.loop %[[N]] nonzero {
      wpe.loop %n nonzero {
        // CHECK-NEXT: wpe.if eq %[[N]], %{{.*}} : i32 {
        wpe.if eq %n, %zero : i32 {
        } else {
          // CHECK: } else {
          // CHECK-NEXT: wpe.if flt %{{.*}}, %{{.*}} : f32 {
          wpe.if flt %f, %f : f32 {
          }
        }
      }
      // CHECK: wpe.if ne
      wpe.if ne %n, %zero : i32 {
      }
      // CHECK: wpe.if lt
      wpe.if lt %n, %zero : i32 {
      }
      // CHECK: wpe.if ge
      wpe.if ge %n, %zero : i32 {
      }
      // CHECK: wpe.if fge
      wpe.if fge %f, %f : f32 {
      }
    }
  }
}

// CHECK-LABEL: wpe.role @arithmetic
wpe.role @arithmetic {
  wpe.param @n row
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    // CHECK: wpe.add %[[N:.*]], %[[N]] : i32
    %0 = wpe.add %n, %n : i32
    // CHECK: wpe.sub
    %1 = wpe.sub %n, %n : i32
    // CHECK: wpe.mul
    %2 = wpe.mul %n, %n : i32
    // CHECK: wpe.and
    %3 = wpe.and %n, %n : i32
    // CHECK: wpe.or
    %4 = wpe.or %n, %n : i32
    // CHECK: wpe.xor
    %5 = wpe.xor %n, %n : i32
    // CHECK: wpe.shl
    %6 = wpe.shl %n, %n : i32
    // CHECK: wpe.shr
    %7 = wpe.shr %n, %n : i32
    // CHECK: wpe.sar
    %8 = wpe.sar %n, %n : i32
    // CHECK: wpe.min
    %9 = wpe.min %n, %n : i32
    // CHECK: wpe.max
    %10 = wpe.max %n, %n : i32
    // CHECK: wpe.cast %[[N]] : i32 -> f32
    %f = wpe.cast %n : i32 -> f32
    // CHECK: wpe.cast %{{.*}} : f32 -> f16
    %h = wpe.cast %f : f32 -> f16
    // CHECK: wpe.bitcast %{{.*}} : f32 -> i32
    %b = wpe.bitcast %f : f32 -> i32
    // CHECK: wpe.fadd
    %11 = wpe.fadd %f, %f : f32
    // CHECK: wpe.fsub
    %12 = wpe.fsub %f, %f : f32
    // CHECK: wpe.fmul
    %13 = wpe.fmul %f, %f : f32
    // CHECK: wpe.fdiv
    %14 = wpe.fdiv %f, %f : f32
    // CHECK: wpe.fmax
    %15 = wpe.fmax %f, %f : f32
    // CHECK: wpe.fmin
    %16 = wpe.fmin %f, %f : f32
  }
}

// Descriptors and vector instructions.
// CHECK-LABEL: wpe.role @vectors
wpe.role @vectors {
  wpe.param @w column
  wpe.param @h row
  wpe.buffer @y : 64 x f32 {kind = scratch}
  wpe.buffer @m : 4096 x f16 {kind = weights}
  wpe.queue @in input [@a]
  wpe.queue @out output [@b]
  wpe.task @main active {
    %n = wpe.param_value @w : i32
    %two = wpe.constant 2.0 : f16
    %one = wpe.constant 1.0 : f32
    %shift = wpe.constant 3 : i32
    // CHECK: %[[Y:.*]] = wpe.mem @y extent(64) stride(1) : f32
    %y = wpe.mem @y extent(64) : f32
    // CHECK: %[[M:.*]] = wpe.mem @m offset(%{{.*}} + 8) extent(@w) stride(-1) {save} : f16
    %m = wpe.mem @m offset(%n + 8) extent(@w) stride(-1) {save} : f16
    // CHECK: wpe.mem @m offset(64) extent(%{{.*}}) stride(@w) extent1(@h) stride1(4) : f16
    %b = wpe.mem @m offset(64) extent(%n) stride(@w) extent1(@h) stride1(4) : f16
    // CHECK: %[[IN:.*]] = wpe.fabin @in extent(@w) : f32
    %in = wpe.fabin @in extent(@w) : f32
    // CHECK: wpe.fabin @in extent(16) : f16 {packed}
    %packed = wpe.fabin @in extent(16) : f16 {packed}
    // CHECK: %[[OUT:.*]] = wpe.fabout @out extent(@w) : f32 {advance_switch}
    %out = wpe.fabout @out extent(@w) : f32 {advance_switch}
    // CHECK: wpe.fabout @out extent(1) : i32 {control}
    %control = wpe.fabout @out extent(1) : i32 {control}
    // CHECK: wpe.vec mov32 %[[Y]], %[[IN]]{{$}}
    wpe.vec mov32 %y, %in
    // CHECK: wpe.vec mov32 %[[Y]], %{{.*}} : f32
    wpe.vec mov32 %y, %one : f32
    // CHECK: wpe.vec mov32 %[[Y]], %{{.*}} : i32
    wpe.vec mov32 %y, %n : i32
    // CHECK: wpe.vec fmachs %[[Y]], %[[Y]], %[[M]], %{{.*}}{{$}}
    wpe.vec fmachs %y, %y, %m, %two : f16
    // CHECK: wpe.vec fmacs %[[Y]], %[[Y]], %[[IN]], %{{.*}}{{$}}
    wpe.vec fmacs %y, %y, %in, %one
    // CHECK: wpe.vec fsubs %[[Y]], _, %[[Y]], %{{.*}} : f32
    wpe.vec fsubs %y, _, %y, %one : f32
    // CHECK: wpe.vec fsubs %[[Y]], %[[Y]], %{{.*}} : f32
    wpe.vec fsubs %y, %y, %one : f32
    // CHECK: wpe.vec fadds %[[Y]], %{{.*}} : f32
    wpe.vec fadds %y, %one : f32
    // CHECK: wpe.vec sll16 %{{.*}}, %{{.*}}, %{{.*}}{{$}}
    wpe.vec sll16 %b, %b, %shift
    // CHECK: wpe.vec.async mov32 %[[OUT]], %[[Y]] microthread(2) activate(@sent)
    wpe.vec.async mov32 %out, %y microthread(2) activate(@sent)
    // CHECK: wpe.vec.async fadds %[[OUT]], %[[Y]], %{{.*}} : f32 microthread(7) unblock(@sent)
    wpe.vec.async fadds %out, %y, %one : f32 microthread(7) unblock(@sent)
    // CHECK: wpe.vec.async mov32 %[[Y]], %[[IN]] microthread(0){{$}}
    wpe.vec.async mov32 %y, %in microthread(0)
  }
  wpe.task @sent {
  }
}
