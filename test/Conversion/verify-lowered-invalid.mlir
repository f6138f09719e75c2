// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: wsec-opt %s --wafer-verify-lowered --split-input-file --verify-diagnostics

// expected-error@+1 {{'wafer.stage' is left after lowering}}
wafer.stage @a embed rect [0, 0, 1, 3] wafer 0 layers 0 to 0 {
}

// -----

// expected-error@+1 {{stream 's' has no queue at one of its ends}}
wfabric.stream @s from(0, 0) to [rect(1, 0, 1, 1)]
wpe.role @r {
  // The other end is missing.
  wpe.queue @out output [@s]
  // expected-error@+1 {{no stream 't'}}
  wpe.queue @in input [@t]
  wpe.task @main active {
  }
}

// -----

// expected-error@+1 {{stream 'f' has no queue at one of its ends}}
wfabric.family @f rect(0, 0, 2, 1) axis(x) [0 -> 1 to 2]

// -----

// The host is the other end.
wfabric.stream @s from_host(west, 0) to [rect(0, 0, 1, 1)]
wfabric.stream @t from(0, 0) to_host(east, 0)
wpe.role @r {
  wpe.queue @in input [@s]
  wpe.queue @out output [@t]
  wpe.buffer @b : 4 x f32 {kind = weights}
  wpe.task @main active {
  }
}
wpe.region @g role(@r) rect(0, 0, 1, 1)
// expected-error@+1 {{no tensor 'w'}}
wafer.placement @w in @g buffer "b" at 0 strides [4] layers 0 to 0 stride 0
wafer.tensor @x weight : tensor<4xf32, #wafer.layout<[*]>> from @m::@x strides [1]
// expected-error@+1 {{no buffer 'c' in region 'g'}}
wafer.placement @x in @g buffer "c" at 0 strides [4] layers 0 to 0 stride 0
// expected-error@+1 {{no buffer 'b' in region 'h'}}
wafer.placement @x in @h buffer "b" at 0 strides [4] layers 0 to 0 stride 0
wafer.placement @x in @g buffer "b" at 0 strides [4] layers 0 to 0 stride 0
