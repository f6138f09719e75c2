// RUN: wsec-opt %s --split-input-file --verify-diagnostics

// role-c1
wpe.role @r {
  // expected-error @+1 {{expected only declarations, subroutines and tasks in a role}}
  %0 = wpe.constant 0 : i32
  wpe.task @main active {
  }
}

// -----

// role-c1: no foreign operations
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected only operations of wpe in a role}}
    %0 = arith.constant 0 : i32
  }
}

// -----

// role and region stand in a module
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expects parent op 'builtin.module'}}
    wpe.region @g role(@r) rect(0, 0, 1, 1)
  }
}

// -----

// role-c2
// expected-error @+1 {{expected at least one task}}
wpe.role @r {
}

// -----

// role-c3: a source is no fabric output
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.queue @out output [@c]
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %out = wpe.fabout @out extent(8) : f32
    // expected-error @+1 {{expected source 0 to be memory or a fabric input but got a fabric output}}
    wpe.vec mov32 %x, %out
  }
}

// -----

// role-c3: the destination is no fabric input
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.queue @in input [@a]
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %in = wpe.fabin @in extent(8) : f32
    // expected-error @+1 {{expected the destination to be memory or a fabric output but got a fabric input}}
    wpe.vec mov32 %in, %x
  }
}

// -----

// role-c3: one fabric input at most
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.queue @in input [@a]
  wpe.queue @in2 input [@b]
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %in = wpe.fabin @in extent(8) : f32
    %in2 = wpe.fabin @in2 extent(8) : f32
    // expected-error @+1 {{expected at most one fabric input}}
    wpe.vec fadds %x, %in, %in2
  }
}

// -----

// role-c3: element types
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.buffer @h : 8 x f16 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %h = wpe.mem @h extent(8) : f16
    // expected-error @+1 {{expected f16 elements of source 1 but got 'f32'}}
    wpe.vec faddhs %x, %x, %x
  }
}

// -----

// role-c3: moves take any type of their width
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.buffer @h : 8 x f16 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %h = wpe.mem @h extent(8) : f16
    wpe.vec mov16 %h, %h
    // expected-error @+1 {{expected 32-bit elements of source 0 but got 'f16'}}
    wpe.vec mov32 %x, %h
  }
}

// -----

// role-c4: a descriptor with save as second source and first source
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %s = wpe.mem @x extent(4) {save} : f32
    %x = wpe.mem @x extent(8) : f32
    // expected-error @+1 {{a descriptor with save is a second source here and another operand elsewhere}}
    wpe.vec fadds %x, %x, %s
    // expected-note @+1 {{other use here}}
    wpe.vec mov32 %x, %s
  }
}

// -----

// role-c4: an asynchronous instruction
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.queue @out output [@c]
  wpe.task @main active {
    %s = wpe.mem @x extent(4) {save} : f32
    %out = wpe.fabout @out extent(8) : f32
    // expected-error @+1 {{an asynchronous instruction has no descriptors with save}}
    wpe.vec.async mov32 %out, %s microthread(0)
  }
}

// -----

// role-c5
wpe.role @r {
  wpe.func @f {
    wpe.call @g
  }
  wpe.func @g {
    // expected-error @+1 {{subroutine 'f' calls itself}}
    wpe.call @f
  }
  wpe.task @main active {
    wpe.call @f
  }
}

// -----

// buffer-c1: not empty
wpe.role @r {
  // expected-error @+1 {{expected a size of 1 to 65535 bytes but got 0 elements of 4 bytes}}
  wpe.buffer @x : 0 x f32 {kind = scratch}
  wpe.task @main active {
  }
}

// -----

// buffer-c1: not too large
wpe.role @r {
  // expected-error @+1 {{expected a size of 1 to 65535 bytes but got 16384 elements of 4 bytes}}
  wpe.buffer @x : 16384 x f32 {kind = scratch}
  wpe.task @main active {
  }
}

// -----

// buffer-c2: only scratch
wpe.role @r {
  // expected-error @+1 {{only scratch buffers have a live range}}
  wpe.buffer @x : 8 x f32 {kind = weights} live(0 to 2)
  wpe.task @main active {
  }
}

// -----

// buffer-c2: not empty
wpe.role @r {
  // expected-error @+1 {{expected a live range that is not empty}}
  wpe.buffer @x : 8 x f32 {kind = scratch} live(2 to 2)
  wpe.task @main active {
  }
}

// -----

// buffer-c3
wpe.role @r {
  // expected-error @+1 {{expected a byte that is a multiple of 4 in 0 to 65535 but got 6}}
  wpe.buffer @x : 8 x f32 {kind = scratch} at(6)
  wpe.task @main active {
  }
}

// -----

// queue-c1: at least one stream
wpe.role @r {
  // expected-error @+1 {{expected at least one stream}}
  wpe.queue @in input []
  wpe.task @main active {
  }
}

// -----

// queue-c1: none twice
wpe.role @r {
  // expected-error @+1 {{stream @a is named twice}}
  wpe.queue @in input [@a, @a]
  wpe.task @main active {
  }
}

// -----

// queue-c2
wpe.role @r {
  // expected-error @+1 {{expected a queue of 0 to 7 but got 8}}
  wpe.queue @in input [@a] id(8)
  wpe.task @main active {
  }
}

// -----

// task-c1
wpe.role @r {
  wpe.queue @in input [@a]
  wpe.task @main active {
  }
  // expected-error @+1 {{a task is bound to data or to control wavelets, not to both}}
  wpe.task @t data(@in) control(3) {
  }
}

// -----

// task-c2
wpe.role @r {
  wpe.queue @in input [@a]
  wpe.task @main active {
  }
  // expected-error @+1 {{only a local task can be active at the start}}
  wpe.task @t data(@in) active {
  }
}

// -----

// task-c3
wpe.role @r {
  wpe.task @main active {
  }
  // expected-error @+1 {{expected a control entry of 0 to 63 but got 64}}
  wpe.task @t control(64) {
  }
}

// -----

// task-c4: an input queue
wpe.role @r {
  wpe.queue @out output [@c]
  wpe.task @main active {
  }
  // expected-error @+1 {{expected an input queue but got output queue 'out'}}
  wpe.task @t data(@out) {
  }
}

// -----

// task-c4: declared
wpe.role @r {
  wpe.task @main active {
  }
  // expected-error @+1 {{expected an input queue of the role but got 'none'}}
  wpe.task @t data(@none) {
  }
}

// -----

// region-c1: sides
wpe.role @r {
  wpe.param @rows row
  wpe.param @layers region
  wpe.task @main active {
  }
}
// expected-error @+1 {{expected sides of 1 to 65536 but got 0}}
wpe.region @g role(@r) rect(0, 0, 0, 1) rows {rows = #wpe.table<[1]>} values {layers = 1}

// -----

// region-c1: place
wpe.role @r {
  wpe.param @rows row
  wpe.param @layers region
  wpe.task @main active {
  }
}
// expected-error @+1 {{expected a place in the grid but got -1}}
wpe.region @g role(@r) rect(-1, 0, 1, 1) rows {rows = #wpe.table<[1]>} values {layers = 1}

// -----

// region-c2
wpe.role @r {
  wpe.param @rows row
  wpe.param @layers region
  wpe.task @main active {
  }
}
// expected-error @+1 {{expected a table of 2 rows for 'rows' but got 3 values}}
wpe.region @g role(@r) rect(0, 0, 1, 2) rows {rows = #wpe.table<[3 x 1]>} values {layers = 1}

// -----

// region-c2: a table
wpe.role @r {
  wpe.param @rows row
  wpe.param @layers region
  wpe.task @main active {
  }
}
// expected-error @+1 {{expected a table of 2 rows for 'rows' but got another attribute}}
wpe.region @g role(@r) rect(0, 0, 1, 2) rows {rows = 5} values {layers = 1}

// -----

// region-c3
wpe.role @r {
  wpe.param @rows row
  wpe.param @layers region
  wpe.task @main active {
  }
}
// expected-error @+1 {{expected a value of 0 to 65535 for 'layers'}}
wpe.region @g role(@r) rect(0, 0, 1, 1) rows {rows = #wpe.table<[1]>} values {layers = 65536}

// -----

// region-c4: the role exists
// expected-error @+1 {{expected a role but got 'r'}}
wpe.region @g role(@r) rect(0, 0, 1, 1)

// -----

// region-c4: every parameter
wpe.role @r {
  wpe.param @rows row
  // expected-note @+1 {{declared here}}
  wpe.param @layers region
  wpe.task @main active {
  }
}
// expected-error @+1 {{has no value for region parameter 'layers'}}
wpe.region @g role(@r) rect(0, 0, 1, 1) rows {rows = #wpe.table<[1]>}

// -----

// region-c4: of its kind
wpe.role @r {
  // expected-note @+1 {{declared here}}
  wpe.param @rows row
  wpe.param @layers region
  wpe.task @main active {
  }
}
// expected-error @+1 {{has no table for row parameter 'rows'}}
wpe.region @g role(@r) rect(0, 0, 1, 1) columns {rows = #wpe.table<[1]>} values {layers = 1}

// -----

// region-c4: no others
wpe.role @r {
  wpe.param @rows row
  wpe.param @layers region
  wpe.task @main active {
  }
}
// expected-error @+1 {{role 'r' has no column parameter 'width'}}
wpe.region @g role(@r) rect(0, 0, 1, 1) rows {rows = #wpe.table<[1]>} columns {width = #wpe.table<[1]>} values {layers = 1}

// -----

// table-c1
// expected-error @+1 {{expected a table of 1 to 65536 values but got 0}}
#t = #wpe.table<[]>

// -----

// table-c1: runs
// expected-error @+1 {{expected a table of 1 to 65536 values}}
#t = #wpe.table<[65536 x 1, 1]>

// -----

// table-c1: a run has a value
// expected-error @+1 {{expected a table of 1 to 65536 values}}
#t = #wpe.table<[0 x 1]>

// -----

// table-c2
// expected-error @+1 {{expected values of 0 to 65535}}
#t = #wpe.table<[65536]>

// -----

// table-c2: steps stay inside
// expected-error @+1 {{expected values of 0 to 65535}}
#t = #wpe.table<[3 x 1 step -1]>

// -----

// forever-c1
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected to be the last operation of its block}}
    wpe.forever {
    }
    %n = wpe.clock : i32
  }
}

// -----

// loop-c1
wpe.role @r {
  wpe.param @n row
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    // expected-error @+1 {{expected a body without arguments or with one of type i32}}
    wpe.loop %n {
    ^bb0(%f: f32):
    }
  }
}

// -----

// if-c1: floats
wpe.role @r {
  wpe.param @n row
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    // expected-error @+1 {{expected operands of type f32 but got 'i32'}}
    wpe.if flt %n, %n : i32 {
    }
  }
}

// -----

// if-c1: integers
wpe.role @r {
  wpe.task @main active {
    %f = wpe.constant 1.0 : f32
    // expected-error @+1 {{expected operands of type i32 but got 'f32'}}
    wpe.if eq %f, %f : f32 {
    }
  }
}

// -----

// call-c1
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected a subroutine of the role but got 'main'}}
    wpe.call @main
  }
}

// -----

// activate-c1
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected a task of the role but got 'none'}}
    wpe.activate @none
  }
}

// -----

// block-c1
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected a task of the role but got 'none'}}
    wpe.block @none
  }
}

// -----

// unblock-c1
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected a task of the role but got 'none'}}
    wpe.unblock @none
  }
}

// -----

// param_value-c1
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected a parameter of the role but got 'x'}}
    %n = wpe.param_value @x : i32
  }
}

// -----

// payload-c1: the kind of task
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected to stand directly in a data or control task}}
    %p = wpe.payload : i32
  }
}

// -----

// payload-c1: once
wpe.role @r {
  wpe.task @main control(1) {
    %p = wpe.payload : i32
    // expected-error @+1 {{a task reads its payload once}}
    %q = wpe.payload : i32
  }
}

// -----

// cast-c1
wpe.role @r {
  wpe.param @n row
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    // expected-error @+1 {{expected a cast between f32 and f16 or i32 but got 'i32' to 'f16'}}
    %h = wpe.cast %n : i32 -> f16
  }
}

// -----

// load-c1
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{only i16 elements have a sign to extend}}
    %v = wpe.load @x[0] signed : f32
  }
}

// -----

// load-c2: the buffer
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected a buffer of the role but got 'x'}}
    %v = wpe.load @x[0] : f32
  }
}

// -----

// load-c2: the type
wpe.role @r {
  wpe.buffer @s : 8 x i16 {kind = scratch}
  wpe.buffer @h : 8 x f16 {kind = scratch}
  wpe.task @main active {
    %a = wpe.load @s[0] : i32
    // expected-error @+1 {{expected 'f16' for buffer 'h' of 'f16' but got 'f32'}}
    %v = wpe.load @h[0] : f32
  }
}

// -----

// load-c3: aligned
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected an offset that is a multiple of 4 bytes but got 2}}
    %v = wpe.load @x[2] : f32
  }
}

// -----

// load-c3: inside
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{byte 32 lies outside buffer 'x' of 32 bytes}}
    %v = wpe.load @x[32] : f32
  }
}

// -----

// store-c1
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.param @n row
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    // expected-error @+1 {{expected 'f32' for buffer 'x' of 'f32' but got 'i32'}}
    wpe.store %n, @x[0] : i32
  }
}

// -----

// store-c2: aligned
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %f = wpe.constant 1.0 : f32
    // expected-error @+1 {{expected an offset that is a multiple of 4 bytes but got 6}}
    wpe.store %f, @x[6] : f32
  }
}

// -----

// store-c2: inside
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %f = wpe.constant 1.0 : f32
    // expected-error @+1 {{byte -4 lies outside buffer 'x' of 32 bytes}}
    wpe.store %f, @x[-4] : f32
  }
}

// -----

// mem-c1: a zero extent is not a no-op and is refused
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected an extent of 1 to 65535 but got 0}}
    %m = wpe.mem @x extent(0) : f32
  }
}

// -----

// mem-c1: outer
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected an extent of 1 to 65535 but got 65536}}
    %m = wpe.mem @x extent(1) extent1(65536) stride1(0) : f32
  }
}

// -----

// mem-c2
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected a stride of -32768 to 32767 but got 32768}}
    %m = wpe.mem @x extent(1) stride(32768) : f32
  }
}

// -----

// mem-c3
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected extent1 and stride1 together}}
    %m = wpe.mem @x extent(1) extent1(2) : f32
  }
}

// -----

// mem-c4
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected an offset that is a multiple of 4 bytes but got 2}}
    %m = wpe.mem @x offset(2) extent(1) : f32
  }
}

// -----

// mem-c5
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected either a fixed or a dynamic extent}}
    %m = "wpe.mem"() <{buffer = @x, element = f32, operandSegmentSizes = array<i32: 0, 0>, static_offset = 0 : i64, stride = 1 : i64}> : () -> !wpe.dsd
  }
}

// -----

// mem-c6: the buffer
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected a buffer of the role but got 'x'}}
    %m = wpe.mem @x extent(1) : f32
  }
}

// -----

// mem-c6: parameters
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected a parameter of the role but got 'n'}}
    %m = wpe.mem @x extent(@n) : f32
  }
}

// -----

// mem-c7: one dimension
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{bytes 4 to 35 are not all in buffer 'x' of 32 bytes}}
    %m = wpe.mem @x offset(4) extent(8) : f32
  }
}

// -----

// mem-c7: two dimensions, 4 * (1 * 2 + 3 * 2) = 32
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{bytes 0 to 35 are not all in buffer 'x' of 32 bytes}}
    %m = wpe.mem @x extent(3) stride(1) extent1(4) stride1(2) : f32
  }
}

// -----

// mem-c7: backwards
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{bytes -4 to 3 are not all in buffer 'x' of 32 bytes}}
    %m = wpe.mem @x extent(2) stride(-1) : f32
  }
}

// -----

// fabin-c1
wpe.role @r {
  wpe.queue @in input [@a]
  wpe.task @main active {
    // expected-error @+1 {{expected an extent of 1 to 65535 but got 0}}
    %m = wpe.fabin @in extent(0) : f32
  }
}

// -----

// fabin-c2
wpe.role @r {
  wpe.queue @in input [@a]
  wpe.task @main active {
    // expected-error @+1 {{only 16-bit elements are packed, but the element is 'f32'}}
    %m = wpe.fabin @in extent(1) : f32 {packed}
  }
}

// -----

// fabin-c3
wpe.role @r {
  wpe.queue @in input [@a]
  wpe.task @main active {
    // expected-error @+1 {{expected either a fixed or a dynamic extent}}
    %m = "wpe.fabin"() <{queue = @in, element = f32}> : () -> !wpe.dsd
  }
}

// -----

// fabin-c4: direction
wpe.role @r {
  wpe.queue @out output [@c]
  wpe.task @main active {
    // expected-error @+1 {{expected an input queue but got output queue 'out'}}
    %m = wpe.fabin @out extent(1) : f32
  }
}

// -----

// fabin-c4: declared
wpe.role @r {
  wpe.task @main active {
    // expected-error @+1 {{expected a queue of the role but got 'in'}}
    %m = wpe.fabin @in extent(1) : f32
  }
}

// -----

// fabout-c1
wpe.role @r {
  wpe.queue @out output [@c]
  wpe.task @main active {
    // expected-error @+1 {{expected an extent of 1 to 65535 but got -1}}
    %m = wpe.fabout @out extent(-1) : f32
  }
}

// -----

// fabout-c2
wpe.role @r {
  wpe.queue @out output [@c]
  wpe.task @main active {
    // expected-error @+1 {{only 16-bit elements are packed, but the element is 'i32'}}
    %m = wpe.fabout @out extent(1) : i32 {packed}
  }
}

// -----

// fabout-c3
wpe.role @r {
  wpe.queue @out output [@c]
  wpe.task @main active {
    // expected-error @+1 {{expected either a fixed or a dynamic extent}}
    %m = "wpe.fabout"() <{queue = @out, element = f32}> : () -> !wpe.dsd
  }
}

// -----

// fabout-c4
wpe.role @r {
  wpe.queue @out output [@c]
  wpe.task @main active {
    // expected-error @+1 {{expected 32-bit elements for control wavelets but got 'i16'}}
    %m = wpe.fabout @out extent(1) : i16 {control}
  }
}

// -----

// fabout-c5: direction
wpe.role @r {
  wpe.queue @in input [@a]
  wpe.task @main active {
    // expected-error @+1 {{expected an output queue but got input queue 'in'}}
    %m = wpe.fabout @in extent(1) : f32
  }
}

// -----

// fabout-c5: parameters
wpe.role @r {
  wpe.queue @out output [@c]
  wpe.task @main active {
    // expected-error @+1 {{expected a parameter of the role but got 'n'}}
    %m = wpe.fabout @out extent(@n) : f32
  }
}

// -----

// vec-c1: in the custom form
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    // expected-error @+1 {{'nop' is not a vector instruction}}
    wpe.vec nop %x
  }
}

// -----

// vec-c1: in the generic form
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    // expected-error @+1 {{'fsqrts' is not a vector instruction}}
    "wpe.vec"(%x) <{mnemonic = "fsqrts", operandSegmentSizes = array<i32: 1, 0, 0, 0>}> : (!wpe.dsd) -> ()
  }
}

// -----

// vec-c2: a multiply-add has both sources
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %f = wpe.constant 2.0 : f32
    // expected-error @+1 {{'fmacs' expects 2 sources and a scalar}}
    wpe.vec fmacs %x, %x, %f
  }
}

// -----

// vec-c2: a shift has a distance
wpe.role @r {
  wpe.buffer @h : 8 x f16 {kind = scratch}
  wpe.task @main active {
    %h = wpe.mem @h extent(8) : f16
    %f = wpe.constant 2 : i32
    // expected-error @+1 {{'sll16' expects 1 source and a scalar}}
    wpe.vec sll16 %h, %f
  }
}

// -----

// vec-c3: a missing source needs a scalar
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    // expected-error @+1 {{'fadds' expects a scalar exactly where one of its 2 sources is missing}}
    wpe.vec fadds %x, %x
  }
}

// -----

// vec-c3: no missing source, no scalar
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %f = wpe.constant 2.0 : f32
    // expected-error @+1 {{'fadds' expects a scalar exactly where one of its 2 sources is missing}}
    wpe.vec fadds %x, %x, %x, %f : f32
  }
}

// -----

// vec-c4
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    // expected-error @+1 {{'mov32' has 1 source but got more}}
    wpe.vec mov32 %x, %x, %x
  }
}

// -----

// vec-c5
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.param @n row
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %n = wpe.param_value @n : i32
    // expected-error @+1 {{a scalar of type 'i32' does not fit 'fadds'}}
    wpe.vec fadds %x, %x, %n : i32
  }
}

// -----

// vec: too many operands
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    // expected-error @+1 {{expected a destination, at most two sources and a scalar}}
    wpe.vec fadds %x, %x, %x, %x
  }
}

// -----

// vec.async-c1 to vec.async-c5
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.queue @out output [@c]
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %out = wpe.fabout @out extent(8) : f32
    // expected-error @+1 {{'fadds' expects a scalar exactly where one of its 2 sources is missing}}
    wpe.vec.async fadds %out, %x microthread(0)
  }
}

// -----

// vec.async-c6
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.queue @out output [@c]
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %out = wpe.fabout @out extent(8) : f32
    // expected-error @+1 {{expected a microthread of 0 to 7 but got 8}}
    wpe.vec.async mov32 %out, %x microthread(8)
  }
}

// -----

// vec.async-c7
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.queue @out output [@c]
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %out = wpe.fabout @out extent(8) : f32
    // expected-error @+1 {{activates or unblocks a task, not both}}
    wpe.vec.async mov32 %out, %x microthread(0) activate(@main) unblock(@main)
  }
}

// -----

// vec.async-c8
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.queue @out output [@c]
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    %out = wpe.fabout @out extent(8) : f32
    // expected-error @+1 {{expected a task of the role but got 'none'}}
    wpe.vec.async mov32 %out, %x microthread(0) activate(@none)
  }
}

// -----

// vec.async-c9
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    %x = wpe.mem @x extent(8) : f32
    // expected-error @+1 {{expected at least one fabric descriptor}}
    wpe.vec.async mov32 %x, %x microthread(0)
  }
}

// -----

// An extent is a number or a parameter.
wpe.role @r {
  wpe.buffer @x : 8 x f32 {kind = scratch}
  wpe.task @main active {
    // expected-error @+1 {{expected a number or the name of a parameter}}
    %x = wpe.mem @x extent(8) stride(f32) : f32
  }
}
