// RUN: wsec-opt %s -o %t.text
// RUN: wsec-opt %S/wpe-0.1.mlirbc -o %t.old
// RUN: diff %t.text %t.old

// What bytecode of version 0.1 of the dialect (wpe-0.1.mlirbc) says.

// Declarations of every kind, and a region with runs, steps and values.
wpe.role @declarations {
  wpe.param @rows_in row
  wpe.param @cols_out column
  wpe.param @n_layers region
  wpe.buffer @x : 64 x f32 {kind = scratch}
  wpe.buffer @wq : 4096 x f16 {kind = weights} at(512)
  wpe.buffer @t : 8 x i16 {kind = scratch} live(2 to 5)
  wpe.buffer @cache : 16 x i32 {kind = state}
  wpe.queue @row_in input [@row_even, @row_odd]
  wpe.queue @row_out output [@row_even, @row_odd] id(3)
  wpe.func @reduce {
  }
  wpe.task @main active {
    wpe.call @reduce
    wpe.activate @local
    wpe.block @received
    wpe.unblock @received
    %now = wpe.clock : i32
  }
  wpe.task @local blocked {
  }
  wpe.task @received data(@row_in) blocked {
    %word = wpe.payload : i32
  }
  wpe.task @flush control(5) {
  }
}

wpe.region @stage0 role(@declarations) rect(4, 0, 5, 6)
  rows {rows_in = #wpe.table<[200, 200, 200, 2 x 190, 7]>}
  columns {cols_out = #wpe.table<[0, 11, 22, 33, 44]>} values {n_layers = 5}

// Tables print as the longest runs; two different values are no run of steps.
wpe.region @tables role(@declarations) rect(0, 0, 1000, 5)
  rows {rows_in = #wpe.table<[1, 9, 65535, 65534, 65533]>}
  columns {cols_out = #wpe.table<[1000 x 65535]>} values {n_layers = 65535}

// Scalars, memory and control flow.
wpe.role @scalars {
  wpe.param @n row
  wpe.buffer @x : 64 x f32 {kind = scratch}
  wpe.buffer @h : 64 x f16 {kind = scratch}
  wpe.buffer @i : 64 x i32 {kind = scratch}
  wpe.buffer @s : 64 x i16 {kind = scratch}
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    %zero = wpe.constant 0 : i32
    %f = wpe.constant 1.5 : f32
    %h = wpe.constant 1.0 : f16
    wpe.forever {
      wpe.loop %n {
      ^bb0(%i: i32):
        %a = wpe.load @x[%i] : f32
        %b = wpe.load @h[%i + 8] : f16
        %c = wpe.load @i[12] : i32
        %d = wpe.load @s : i32
        %e = wpe.load @s[2] signed : i32
        wpe.store %a, @x[%i + 4] : f32
        wpe.store %b, @h : f16
        wpe.store %e, @s[6] : i32
      }
      wpe.loop %n nonzero {
        wpe.if eq %n, %zero : i32 {
        } else {
          wpe.if flt %f, %f : f32 {
          }
        }
      }
      wpe.if ne %n, %zero : i32 {
      }
      wpe.if lt %n, %zero : i32 {
      }
      wpe.if ge %n, %zero : i32 {
      }
      wpe.if fge %f, %f : f32 {
      }
    }
  }
}

wpe.role @arithmetic {
  wpe.param @n row
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    %0 = wpe.add %n, %n : i32
    %1 = wpe.sub %n, %n : i32
    %2 = wpe.mul %n, %n : i32
    %3 = wpe.and %n, %n : i32
    %4 = wpe.or %n, %n : i32
    %5 = wpe.xor %n, %n : i32
    %6 = wpe.shl %n, %n : i32
    %7 = wpe.shr %n, %n : i32
    %8 = wpe.sar %n, %n : i32
    %9 = wpe.min %n, %n : i32
    %10 = wpe.max %n, %n : i32
    %f = wpe.cast %n : i32 -> f32
    %h = wpe.cast %f : f32 -> f16
    %b = wpe.bitcast %f : f32 -> i32
    %11 = wpe.fadd %f, %f : f32
    %12 = wpe.fsub %f, %f : f32
    %13 = wpe.fmul %f, %f : f32
    %14 = wpe.fdiv %f, %f : f32
    %15 = wpe.fmax %f, %f : f32
    %16 = wpe.fmin %f, %f : f32
  }
}

// Descriptors and vector instructions.
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
    %y = wpe.mem @y extent(64) : f32
    %m = wpe.mem @m offset(%n + 8) extent(@w) stride(-1) {save} : f16
    %b = wpe.mem @m offset(64) extent(%n) stride(@w) extent1(@h) stride1(4) : f16
    %in = wpe.fabin @in extent(@w) : f32
    %packed = wpe.fabin @in extent(16) : f16 {packed}
    %out = wpe.fabout @out extent(@w) : f32 {advance_switch}
    %control = wpe.fabout @out extent(1) : i32 {control}
    wpe.vec mov32 %y, %in
    wpe.vec mov32 %y, %one : f32
    wpe.vec mov32 %y, %n : i32
    wpe.vec fmachs %y, %y, %m, %two : f16
    wpe.vec fmacs %y, %y, %in, %one
    wpe.vec fsubs %y, _, %y, %one : f32
    wpe.vec fsubs %y, %y, %one : f32
    wpe.vec fadds %y, %one : f32
    wpe.vec sll16 %b, %b, %shift
    wpe.vec.async mov32 %out, %y microthread(2) activate(@sent)
    wpe.vec.async fadds %out, %y, %one : f32 microthread(7) unblock(@sent)
    wpe.vec.async mov32 %y, %in microthread(0)
  }
  wpe.task @sent {
  }
}
