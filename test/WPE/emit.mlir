// RUN: wsec-opt %s --wpe-allocate=machine=wse2 --wpe-verify-allocated=machine=wse2 \
// RUN:   --wpe-print-code | FileCheck %s

// Constants that are immediates of all their users take no register, zero is
// r0, a register is free after the last use, through bitcasts too.
// CHECK-LABEL: role @scalars {
// CHECK-NEXT: params at 0 {
// CHECK-NEXT: n: row 0
// CHECK-NEXT: }
// CHECK-NEXT: buffer @x scratch at 16 size 64
// CHECK-NEXT: buffer @h scratch at 80 size 8
// CHECK-NEXT: buffer @params params at 0 size 2
// CHECK-NEXT: task @main local active entry main
// CHECK-NEXT: code {
// CHECK-NEXT: main:
// CHECK-NEXT: ldh r1, [r0 + n]
// CHECK-NEXT: li r2, 5
// CHECK-NEXT: addi r3, r1, 5
// CHECK-NEXT: addi r4, r3, -5
// CHECK-NEXT: mul r4, r4, r2
// CHECK-NEXT: stw r4, [r3 + 24]
// CHECK-NEXT: stw r0, [r0 + x + 4]
// CHECK-NEXT: itof r3, r1
// CHECK-NEXT: ftoh r4, r3
// CHECK-NEXT: sth r4, [r0 + h + 2]
// CHECK-NEXT: shri r3, r3, 5
// CHECK-NEXT: stw r3, [r0 + x + 12]
// CHECK-NEXT: end
// CHECK-NEXT: }
// CHECK-NEXT: }
wpe.role @scalars {
  wpe.param @n row
  wpe.buffer @x : 16 x i32 {kind = scratch}
  wpe.buffer @h : 4 x f16 {kind = scratch}
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    %five = wpe.constant 5 : i32
    %zero = wpe.constant 0 : i32
    %a = wpe.add %n, %five : i32
    %b = wpe.sub %a, %five : i32
    %c = wpe.mul %b, %five : i32
    wpe.store %c, @x[%a + 8] : i32
    wpe.store %zero, @x[4] : i32
    %f = wpe.cast %n : i32 -> f32
    %g = wpe.cast %f : f32 -> f16
    wpe.store %g, @h[2] : f16
    %bits = wpe.bitcast %f : f32 -> i32
    %top = wpe.shr %bits, %five : i32
    %eight = wpe.constant 8 : i32
    wpe.store %top, @x[%eight + 4] : i32
  }
}

// A count that ends at its loop gives its register to the counter; another, and
// one that shares its register (both read @n), is copied. Loops that surely run have no guard. A comparison of floats
// branches on the condition itself, for a NaN fails both ways. Control tasks find
// their wavelet in r1 from the start, so the clock goes elsewhere.
// CHECK-LABEL: role @loops {
// CHECK-NEXT: params at 0 {
// CHECK-NEXT: n: row 0
// CHECK-NEXT: }
// CHECK-NEXT: buffer @x scratch at 16 size 64
// CHECK-NEXT: buffer @params params at 0 size 2
// CHECK-NEXT: task @main local active entry main
// CHECK-NEXT: task @next control 3 blocked entry next
// CHECK-NEXT: code {
// CHECK-NEXT: main:
// CHECK-NEXT: ldh r1, [r0 + n]
// CHECK-NEXT: bge r0, r1, 16
// CHECK-NEXT: addi r2, r1, 0
// CHECK-NEXT: li r3, 0
// CHECK-NEXT: main.loop:
// CHECK-NEXT: addi r4, r1, 0
// CHECK-NEXT: main.loop.1:
// CHECK-NEXT: stw r1, [r0 + x]
// CHECK-NEXT: dbnz r4, main.loop.1
// CHECK-NEXT: li r4, 2
// CHECK-NEXT: main.loop.2:
// CHECK-NEXT: stw r3, [r0 + x + 4]
// CHECK-NEXT: dbnz r4, main.loop.2
// CHECK-NEXT: bge r3, r1, 13
// CHECK-NEXT: stw r3, [r0 + x + 8]
// CHECK-NEXT: jmp 14
// CHECK-NEXT: stw r1, [r0 + x + 8]
// CHECK-NEXT: addi r3, r3, 1
// CHECK-NEXT: dbnz r2, main.loop
// CHECK-NEXT: li r2, 0x3f800000
// CHECK-NEXT: bflt r2, r1, 19
// CHECK-NEXT: jmp main.forever
// CHECK-NEXT: activate @next
// CHECK-NEXT: main.forever:
// CHECK-NEXT: unblock @next
// CHECK-NEXT: block @next
// CHECK-NEXT: jmp main.forever
// CHECK-NEXT: next:
// CHECK-NEXT: tsc r2
// CHECK-NEXT: add r1, r1, r2
// CHECK-NEXT: stw r1, [r0 + x]
// CHECK-NEXT: end
// CHECK-NEXT: }
// CHECK-NEXT: }
wpe.role @loops {
  wpe.param @n row
  wpe.buffer @x : 16 x i32 {kind = scratch}
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    %m = wpe.param_value @n : i32
    %two = wpe.constant 2 : i32
    wpe.loop %n {
    ^bb0(%i: i32):
      wpe.loop %m nonzero {
        wpe.store %m, @x[0] : i32
      }
      wpe.loop %two {
        wpe.store %i, @x[4] : i32
      }
      wpe.if lt %i, %m : i32 {
        wpe.store %i, @x[8] : i32
      } else {
        wpe.store %m, @x[8] : i32
      }
    }
    %f = wpe.constant 1.0 : f32
    %g = wpe.bitcast %m : i32 -> f32
    wpe.if flt %f, %g : f32 {
      wpe.activate @next
    }
    wpe.forever {
      wpe.unblock @next
      wpe.block @next
    }
  }
  wpe.task @next control(3) blocked {
    %now = wpe.clock : i32
    %p = wpe.payload : i32
    %d = wpe.add %p, %now : i32
    wpe.store %d, @x[0] : i32
  }
}

// @y is destination and first source: one register, of file Src0, which holds it
// to the end. A value that is first and second source is loaded twice. Descriptors with a dynamic base
// are equal whatever their buffer (m.1), so are equal uses of a buffer (y).
// CHECK-LABEL: role @vectors {
// CHECK-NEXT: params at 0 {
// CHECK-NEXT: w: col 0
// CHECK-NEXT: const 0
// CHECK-NEXT: y: desc mem base=96 extent=row 0 stride=1
// CHECK-NEXT: m: desc mem base=352 extent=col 0 stride=1 save
// CHECK-NEXT: from: desc fabin queue=1 extent=col 0
// CHECK-NEXT: m.1: desc mem base=params extent=1 stride=2
// CHECK-NEXT: to: desc fabout queue=1 extent=row 0 advance
// CHECK-NEXT: }
// CHECK-NEXT: buffer @y scratch at 96 size 256
// CHECK-NEXT: buffer @m weights at 352 size 8192
// CHECK-NEXT: buffer @out scratch at 8544 size 16
// CHECK-NEXT: buffer @params params at 0 size 84
// CHECK-NEXT: input queue 1 color none
// CHECK-NEXT: output queue 1 color none
// CHECK-NEXT: task @main local active entry main
// CHECK-NEXT: task @sent local entry sent
// CHECK-NEXT: code {
// CHECK-NEXT: main:
// CHECK-NEXT: ldh r1, [r0 + w]
// CHECK-NEXT: li r2, 16384
// CHECK-NEXT: dsrload s0.0, [r0 + y]
// CHECK-NEXT: mov32 s0.0, r0
// CHECK-NEXT: dsrload s1.0, [r0 + m]
// CHECK-NEXT: dsrload s1.1, [r0 + from]
// CHECK-NEXT: bge r0, r1, 11
// CHECK-NEXT: addi r3, r1, 0
// CHECK-NEXT: main.loop:
// CHECK-NEXT: fmachs s0.0, s0.0, s1.0, r2
// CHECK-NEXT: fadds s0.0, s0.0, s1.1
// CHECK-NEXT: dbnz r3, main.loop
// CHECK-NEXT: dsrload s0.1, [r0 + m.1]
// CHECK-NEXT: dsrload s1.0, [r0 + m.1]
// CHECK-NEXT: dsrlen s0.1, r1
// CHECK-NEXT: dsrlen s1.0, r1
// CHECK-NEXT: addi r3, r1, 368
// CHECK-NEXT: dsrbase s0.1, r3
// CHECK-NEXT: dsrbase s1.0, r3
// CHECK-NEXT: dsrload d0, [r0 + m.1]
// CHECK-NEXT: dsrlen d0, r1
// CHECK-NEXT: addi r3, r1, 8544
// CHECK-NEXT: dsrbase d0, r3
// CHECK-NEXT: faddh d0, s0.1, s1.0
// CHECK-NEXT: dsrload d1, [r0 + to]
// CHECK-NEXT: mov32 d1, s0.0 async 3 -> activate @sent
// CHECK-NEXT: end
// CHECK-NEXT: sent:
// CHECK-NEXT: end
// CHECK-NEXT: }
// CHECK-NEXT: }
wpe.role @vectors {
  wpe.param @w column
  wpe.param @layers region
  wpe.param @h row
  wpe.buffer @y : 64 x f32 {kind = scratch}
  wpe.buffer @m : 4096 x f16 {kind = weights}
  wpe.buffer @out : 8 x f16 {kind = scratch}
  wpe.queue @from input [@a]
  wpe.queue @to output [@b]
  wpe.task @main active {
    %n = wpe.param_value @w : i32
    %two = wpe.constant 2.0 : f16
    %zero = wpe.constant 0 : i32
    %y = wpe.mem @y extent(@h) : f32
    wpe.vec mov32 %y, %zero : i32
    %row = wpe.mem @m extent(@w) {save} : f16
    %in = wpe.fabin @from extent(@w) : f32
    wpe.loop %n {
      wpe.vec fmachs %y, %y, %row, %two
      wpe.vec fadds %y, %y, %in
    }
    %part = wpe.mem @m offset(%n + 16) extent(%n) stride(2) : f16
    %part2 = wpe.mem @out offset(%n) extent(%n) stride(2) : f16
    wpe.vec faddh %part2, %part, %part
    %again = wpe.mem @y extent(@h) : f32
    %out = wpe.fabout @to extent(@h) : f32 {advance_switch}
    wpe.vec.async mov32 %out, %again microthread(3) activate(@sent)
  }
  wpe.task @sent {
  }
}

// Level 1 is linked through r31, level 2 through r30. @inner keeps off r1 (live in
// @main) and r2 (live in @outer). An uncalled subroutine has no code.
// CHECK-LABEL: role @calls {
// CHECK-NEXT: params at 0 {
// CHECK-NEXT: n: row 0
// CHECK-NEXT: }
// CHECK-NEXT: buffer @x scratch at 16 size 64
// CHECK-NEXT: buffer @params params at 0 size 2
// CHECK-NEXT: task @main local active entry main
// CHECK-NEXT: code {
// CHECK-NEXT: main:
// CHECK-NEXT: ldh r1, [r0 + n]
// CHECK-NEXT: call r31, outer
// CHECK-NEXT: call r30, inner
// CHECK-NEXT: stw r1, [r0 + x + 16]
// CHECK-NEXT: end
// CHECK-NEXT: outer:
// CHECK-NEXT: ldw r2, [r0 + x]
// CHECK-NEXT: call r30, inner
// CHECK-NEXT: stw r2, [r0 + x + 4]
// CHECK-NEXT: ret r31
// CHECK-NEXT: inner:
// CHECK-NEXT: ldw r3, [r0 + x + 8]
// CHECK-NEXT: stw r3, [r0 + x + 12]
// CHECK-NEXT: ret r30
// CHECK-NEXT: }
// CHECK-NEXT: }
wpe.role @calls {
  wpe.param @n row
  wpe.buffer @x : 16 x i32 {kind = scratch}
  wpe.func @outer {
    %a = wpe.load @x[0] : i32
    wpe.call @inner
    wpe.store %a, @x[4] : i32
  }
  wpe.func @inner {
    %a = wpe.load @x[8] : i32
    wpe.store %a, @x[12] : i32
  }
  wpe.func @unused {
  }
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    wpe.call @outer
    wpe.call @inner
    wpe.store %n, @x[16] : i32
  }
}

// What registers hold stays known until they are taken for something else:
// a constant, a parameter, a descriptor (@y is loaded once for three
// instructions), the extent of a descriptor (r1, set once). Another base on the
// same descriptor is set without a load. Where branches meet, what both agree
// on: both load @z as first source, but only one of them sets s0.1. At the head
// of a loop nothing is known of registers that nobody owns, so @y is loaded
// again; a descriptor that steps by itself is never shared.
// CHECK-LABEL: role @known {
// CHECK-NEXT: params at 0 {
// CHECK-NEXT: n: row 0
// CHECK-NEXT: c: row 1
// CHECK-NEXT: y: desc mem base=96 extent=8 stride=1
// CHECK-NEXT: y.1: desc mem base=params extent=1 stride=1
// CHECK-NEXT: z: desc mem base=352 extent=4 stride=1
// CHECK-NEXT: z.1: desc mem base=352 extent=8 stride=1
// CHECK-NEXT: z.2: desc mem base=352 extent=8 stride=1 save
// CHECK-NEXT: }
// CHECK-NEXT: buffer @y scratch at 96 size 256
// CHECK-NEXT: buffer @z scratch at 352 size 256
// CHECK-NEXT: buffer @params params at 0 size 84
// CHECK-NEXT: task @main local active entry main
// CHECK-NEXT: code {
// CHECK-NEXT: main:
// CHECK-NEXT: ldh r1, [r0 + n]
// CHECK-NEXT: ldh r2, [r0 + c]
// CHECK-NEXT: li r3, 0x3f800000
// CHECK-NEXT: dsrload d0, [r0 + y]
// CHECK-NEXT: mov32 d0, r3
// CHECK-NEXT: fadds d0, d0, r3
// CHECK-NEXT: dsrload s0.0, [r0 + y.1]
// CHECK-NEXT: dsrlen s0.0, r1
// CHECK-NEXT: addi r4, r2, 96
// CHECK-NEXT: dsrbase s0.0, r4
// CHECK-NEXT: dsrload d1, [r0 + y.1]
// CHECK-NEXT: dsrlen d1, r1
// CHECK-NEXT: addi r4, r2, 352
// CHECK-NEXT: dsrbase d1, r4
// CHECK-NEXT: mov32 d1, s0.0
// CHECK-NEXT: addi r4, r2, 356
// CHECK-NEXT: dsrbase d1, r4
// CHECK-NEXT: mov32 d1, s0.0
// CHECK-NEXT: beq r1, r0, 22
// CHECK-NEXT: dsrload d2, [r0 + z]
// CHECK-NEXT: mov32 d2, r3
// CHECK-NEXT: jmp 26
// CHECK-NEXT: dsrload d2, [r0 + z]
// CHECK-NEXT: mov32 d2, r0
// CHECK-NEXT: dsrload d3, [r0 + z.1]
// CHECK-NEXT: mov32 d3, r0
// CHECK-NEXT: dsrload d3, [r0 + z.1]
// CHECK-NEXT: mov32 d2, r3
// CHECK-NEXT: mov32 d3, r3
// CHECK-NEXT: li r4, 2
// CHECK-NEXT: main.loop:
// CHECK-NEXT: dsrload d0, [r0 + y]
// CHECK-NEXT: dsrload s0.0, [r0 + z.2]
// CHECK-NEXT: mov32 d0, s0.0
// CHECK-NEXT: dsrload s0.0, [r0 + z.2]
// CHECK-NEXT: mov32 d0, s0.0
// CHECK-NEXT: dbnz r4, main.loop
// CHECK-NEXT: end
// CHECK-NEXT: }
// CHECK-NEXT: }
wpe.role @known {
  wpe.param @n row
  wpe.param @c row
  wpe.buffer @y : 64 x f32 {kind = scratch}
  wpe.buffer @z : 64 x f32 {kind = scratch}
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    %c = wpe.param_value @c : i32
    %zero = wpe.constant 0 : i32
    %two = wpe.constant 2 : i32
    %f = wpe.constant 1.0 : f32
    %y0 = wpe.mem @y extent(8) : f32
    wpe.vec mov32 %y0, %f : f32
    %g = wpe.constant 1.0 : f32
    %y1 = wpe.mem @y extent(8) : f32
    wpe.vec fadds %y1, %y1, %g : f32
    %a = wpe.mem @y offset(%c) extent(%n) : f32
    %b = wpe.mem @z offset(%c) extent(%n) : f32
    wpe.vec mov32 %b, %a
    %a2 = wpe.mem @y offset(%c) extent(%n) : f32
    %b2 = wpe.mem @z offset(%c + 4) extent(%n) : f32
    wpe.vec mov32 %b2, %a2
    wpe.if ne %n, %zero : i32 {
      %z = wpe.mem @z extent(4) : f32
      wpe.vec mov32 %z, %f : f32
    } else {
      %z = wpe.mem @z extent(4) : f32
      wpe.vec mov32 %z, %zero : i32
      %z8 = wpe.mem @z extent(8) : f32
      wpe.vec mov32 %z8, %zero : i32
    }
    %z4 = wpe.mem @z extent(4) : f32
    %z8 = wpe.mem @z extent(8) : f32
    wpe.vec mov32 %z4, %f : f32
    wpe.vec mov32 %z8, %f : f32
    wpe.loop %two {
      %y = wpe.mem @y extent(8) : f32
      %step = wpe.mem @z extent(8) {save} : f32
      wpe.vec mov32 %y, %step
      %y3 = wpe.mem @y extent(8) : f32
      %step2 = wpe.mem @z extent(8) {save} : f32
      wpe.vec mov32 %y3, %step2
    }
  }
}
