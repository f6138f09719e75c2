// RUN: wsec-opt %s --wpe-verify-allocated=machine=wse2 --split-input-file --verify-diagnostics

// expected-error @+1 {{has no place yet; run wpe-allocate before emission}}
wpe.role @not_allocated {
  wpe.task @main active {
  }
}

// -----

wpe.role @buffer_without_place params_at(0) code_bytes(8) {
  // expected-error @+1 {{has no place yet; run wpe-allocate before emission}}
  wpe.buffer @x : 4 x f32 {kind = scratch}
  wpe.task @main active {
  }
}

// -----

wpe.role @queue_without_id params_at(0) code_bytes(8) {
  // expected-error @+1 {{has no place yet; run wpe-allocate before emission}}
  wpe.queue @in input [@s]
  wpe.task @main active {
  }
}

// -----

// expected-error @+1 {{expected 8 bytes of code but got 16}}
wpe.role @code_bytes params_at(0) code_bytes(16) {
  wpe.task @main active {
  }
}

// -----

// 44442 - 8 bytes of code = 44434.
wpe.role @in_the_code params_at(0) code_bytes(8) {
  // expected-error @+1 {{buffer 'x' lies at bytes 44420 to 44436, expected a multiple of 4 and an end of at most 44434}}
  wpe.buffer @x : 4 x f32 {kind = scratch} at(44420)
  wpe.task @main active {
  }
}

// -----

wpe.role @overlap params_at(0) code_bytes(8) {
  // expected-note @+1 {{declared here}}
  wpe.buffer @x : 4 x f32 {kind = scratch} live(0 to 2) at(16)
  wpe.buffer @y : 4 x f32 {kind = scratch} live(2 to 3) at(16)
  // expected-error @+1 {{buffer 'z' overlaps buffer 'x'}}
  wpe.buffer @z : 4 x f32 {kind = scratch} live(1 to 3) at(28)
  wpe.task @main active {
  }
}

// -----

// The block has one parameter: bytes 16 to 18.
// expected-note @+1 {{declared here}}
wpe.role @params params_at(16) code_bytes(24) {
  wpe.param @n row
  // expected-error @+1 {{buffer 'x' overlaps the parameter block}}
  wpe.buffer @x : 1 x i32 {kind = scratch} at(16)
  wpe.task @main active {
    %n = wpe.param_value @n : i32
    wpe.store %n, @x[0] : i32
  }
}

// -----

// Queue 0 of wse2 belongs to the system.
wpe.role @reserved params_at(0) code_bytes(8) {
  // expected-error @+1 {{the machine has no input queue 0 for programs}}
  wpe.queue @in input [@s] id(0)
  wpe.task @main active {
  }
}

// -----

wpe.role @same_id params_at(0) code_bytes(8) {
  // expected-note @+1 {{other queue here}}
  wpe.queue @a input [@s] id(1)
  wpe.queue @out output [@s] id(1)
  // expected-error @+1 {{has the id of another queue}}
  wpe.queue @b input [@s] id(1)
  wpe.task @main active {
  }
}

// -----

// expected-error @+1 {{expected at most 64 tasks but got 65}}
wpe.role @tasks params_at(0) code_bytes(520) {
  wpe.task @t0 {
  }
  wpe.task @t1 {
  }
  wpe.task @t2 {
  }
  wpe.task @t3 {
  }
  wpe.task @t4 {
  }
  wpe.task @t5 {
  }
  wpe.task @t6 {
  }
  wpe.task @t7 {
  }
  wpe.task @t8 {
  }
  wpe.task @t9 {
  }
  wpe.task @t10 {
  }
  wpe.task @t11 {
  }
  wpe.task @t12 {
  }
  wpe.task @t13 {
  }
  wpe.task @t14 {
  }
  wpe.task @t15 {
  }
  wpe.task @t16 {
  }
  wpe.task @t17 {
  }
  wpe.task @t18 {
  }
  wpe.task @t19 {
  }
  wpe.task @t20 {
  }
  wpe.task @t21 {
  }
  wpe.task @t22 {
  }
  wpe.task @t23 {
  }
  wpe.task @t24 {
  }
  wpe.task @t25 {
  }
  wpe.task @t26 {
  }
  wpe.task @t27 {
  }
  wpe.task @t28 {
  }
  wpe.task @t29 {
  }
  wpe.task @t30 {
  }
  wpe.task @t31 {
  }
  wpe.task @t32 {
  }
  wpe.task @t33 {
  }
  wpe.task @t34 {
  }
  wpe.task @t35 {
  }
  wpe.task @t36 {
  }
  wpe.task @t37 {
  }
  wpe.task @t38 {
  }
  wpe.task @t39 {
  }
  wpe.task @t40 {
  }
  wpe.task @t41 {
  }
  wpe.task @t42 {
  }
  wpe.task @t43 {
  }
  wpe.task @t44 {
  }
  wpe.task @t45 {
  }
  wpe.task @t46 {
  }
  wpe.task @t47 {
  }
  wpe.task @t48 {
  }
  wpe.task @t49 {
  }
  wpe.task @t50 {
  }
  wpe.task @t51 {
  }
  wpe.task @t52 {
  }
  wpe.task @t53 {
  }
  wpe.task @t54 {
  }
  wpe.task @t55 {
  }
  wpe.task @t56 {
  }
  wpe.task @t57 {
  }
  wpe.task @t58 {
  }
  wpe.task @t59 {
  }
  wpe.task @t60 {
  }
  wpe.task @t61 {
  }
  wpe.task @t62 {
  }
  wpe.task @t63 {
  }
  wpe.task @t64 {
  }
}
