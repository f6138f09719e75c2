// RUN: wsec-opt %s --verify-roundtrip | FileCheck %s
// RUN: wsec-opt %s --emit-bytecode | wsec-opt | FileCheck %s
// RUN: wsec-opt %s --mlir-print-op-generic | wsec-opt | FileCheck %s

// A chain in 80 rows of 66 cores: its links are two families.
// CHECK: wfabric.family @even rect(0, 0, 66, 80) axis(x) [0 -> 1 to 2 step 2 count 33]
wfabric.family @even rect(0, 0, 66, 80) axis(x) [0 -> 1 to 2 step 2 count 33]
// CHECK: wfabric.family @odd rect(0, 0, 66, 80) axis(x) [1 -> 2 to 3 step 2 count 32]
wfabric.family @odd rect(0, 0, 66, 80) axis(x) [1 -> 2 to 3 step 2 count 32]

// Everything that is optional.
// CHECK: wfabric.family @all rect(66, 0, 9, 8) axis(y) [0 -> 0 to 2, 5 -> 2 to 4] words(32) switched color(4)
wfabric.family @all rect(66, 0, 9, 8) axis(y) [0 -> 0 to 2, 5 -> 2 to 4] words(32) switched color(4)
// CHECK: wfabric.family @turn rect(66, 0, 9, 8) axis(x) [0 -> 1 to 2] skew(1)
wfabric.family @turn rect(66, 0, 9, 8) axis(x) [0 -> 1 to 2] skew(1)
// The last line lies west of the first: 7 - 7 = 0.
// CHECK: wfabric.family @turn_back rect(66, 0, 9, 8) axis(x) [7 -> 8 to 9] skew(-1)
wfabric.family @turn_back rect(66, 0, 9, 8) axis(x) [7 -> 8 to 9] skew(-1)

// CHECK: wfabric.stream @token from(70, 3) to [rect(0, 0, 66, 1), rect(90, 0, 1, 80)] words(1)
wfabric.stream @token from(70, 3) to [rect(0, 0, 66, 1), rect(90, 0, 1, 80)] words(1)
// CHECK: wfabric.stream @prompt_in from_host(west, 0) to [rect(0, 0, 8, 1)]
wfabric.stream @prompt_in from_host(west, 0) to [rect(0, 0, 8, 1)]
// CHECK: wfabric.stream @tokens_out from(70, 3) to_host(east, 4) switched color(7)
wfabric.stream @tokens_out from(70, 3) to_host(east, 4) switched color(7)

// CHECK: wfabric.host_port @prompt input at(west, 0) stream(@prompt_in)
wfabric.host_port @prompt input at(west, 0) stream(@prompt_in)
// CHECK: wfabric.host_port @tokens output at(east, 4) stream(@tokens_out)
wfabric.host_port @tokens output at(east, 4) stream(@tokens_out)

// From wafer 0 to wafer 1.
// CHECK: wfabric.stream @leaving from(70, 3) to_host(east, 4)
wfabric.stream @leaving from(70, 3) to_host(east, 4)
// CHECK: wfabric.stream @coming from_host(west, 4, wafer 1) to [rect(100, 4, 1, 1)]
wfabric.stream @coming from_host(west, 4, wafer 1) to [rect(100, 4, 1, 1)]
// CHECK: wfabric.crossing @hidden from(@leaving) to(@coming)
wfabric.crossing @hidden from(@leaving) to(@coming)

// CHECK: wfabric.exclusive [@even, @token]
wfabric.exclusive [@even, @token]

// Runs that repeat are printed as one list, however they are written.
// CHECK: wfabric.rule @chain color(3) rect(0, 0, 6, 80) axis(x) runs [3 x [1 x (R -> E), 1 x (W -> R)]] of(@even)
wfabric.rule @chain color(3) rect(0, 0, 6, 80) axis(x)
  runs [1 x (R -> E), 1 x (W -> R), 2 x [1 x (R -> E), 1 x (W -> R)]] of(@even)
// Classes of lines, and routers without a route.
// CHECK: wfabric.rule @rows color(5) rect(10, 0, 4, 80) axis(x) runs [4 x (W -> E)], [4 x none]
wfabric.rule @rows color(5) rect(10, 0, 4, 80) axis(x) runs [4 x (W -> E)], [4 x none]
// CHECK: wfabric.rule @diagonal color(5) rect(20, 0, 4, 3) axis(x) skew(1) runs [2 x (W -> E), 2 x none]
wfabric.rule @diagonal color(5) rect(20, 0, 4, 3) axis(x) skew(1) runs [2 x (W -> E), 2 x none]
// Switch positions and filters.
// CHECK: wfabric.rule @switched color(6) rect(10, 0, 80, 4) axis(y)
// CHECK-SAME: runs [1 x (R -> E, W -> ER at(1) ring pop(on_advance)), 1 x (W -> R pop(always) range(1, 4)), 1 x (W -> WESNR counter(0, 1, 15)), 1 x (WESN -> R pop(on_advance_nop))]
wfabric.rule @switched color(6) rect(10, 0, 80, 4) axis(y)
  runs [1 x (R -> E, W -> RE at(1) ring pop(on_advance)), 1 x (W -> R pop(always) range(1, 4)),
        1 x (W -> WESNR counter(0, 1, 15)), 1 x (WESN -> R pop(on_advance_nop))]

// The attributes by themselves.
// CHECK: rect = #wfabric.rect<0, 0, 66, 80>
// CHECK-SAME: route = #wfabric.route<W -> ER>
// CHECK-SAME: runs = #wfabric.runs<500 x [1 x (R -> E), 1 x (W -> R)]>
// CHECK-SAME: segments = #wfabric.segments<3 -> 0 to 6>
module attributes {test.rect = #wfabric.rect<0, 0, 66, 80>, test.route = #wfabric.route<W -> RE>,
  test.runs = #wfabric.runs<500 x [1 x (R -> E), 1 x (W -> R)]>,
  test.segments = #wfabric.segments<3 -> 0 to 6>, test.root = #wfabric.coord<12, 7>,
  test.port = #wfabric.edge<west, 0>} {
}
