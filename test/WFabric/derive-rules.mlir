// RUN: wsec-opt %s --split-input-file --wfabric-derive-rules=machine=tiny16 | FileCheck %s
// RUN: wsec-opt %s --split-input-file --wfabric-derive-rules=machine=tiny16 \
// RUN:   --wfabric-derive-rules=machine=tiny16 --wfabric-verify-routes=machine=tiny16 | FileCheck %s

// One rule a family, for any number of links and rows.
// CHECK-LABEL: module @chain
// CHECK-COUNT-2: wfabric.family
// CHECK-NEXT: wfabric.rule @even.line color(0) rect(0, 0, 8, 4) axis(x) runs [4 x [1 x (R -> E), 1 x (W -> R)]] of(@even)
// CHECK-NEXT: wfabric.rule @odd.line color(1) rect(1, 0, 6, 4) axis(x) runs [3 x [1 x (R -> E), 1 x (W -> R)]] of(@odd)
// CHECK-NEXT: }
module @chain {
  wfabric.family @even rect(0, 0, 8, 4) axis(x) [0 -> 1 to 2 step 2 count 4] color(0)
  wfabric.family @odd rect(0, 0, 8, 4) axis(x) [1 -> 2 to 3 step 2 count 3] color(1)
}

// -----

// From row 2 to rows 0 and 4..5: row 1 and row 3 only pass. Rules are in the
// order of their streams' names.
// CHECK-LABEL: module @both_ways
// CHECK: wfabric.rule @down.line color(1) rect(0, 2, 3, 4) axis(y) runs [1 x (R -> S), 1 x (N -> S), 1 x (N -> SR), 1 x (N -> R)] of(@down)
// CHECK: wfabric.rule @up.line color(0) rect(0, 0, 3, 3) axis(y) runs [1 x (S -> R), 1 x (S -> N), 1 x (R -> N)] of(@up)
module @both_ways {
  wfabric.family @up rect(0, 0, 3, 6) axis(y) [2 -> 0 to 1] color(0)
  wfabric.family @down rect(0, 0, 3, 6) axis(y) [2 -> 4 to 6] color(1)
}

// -----

// CHECK-LABEL: module @corner_turn
// CHECK: wfabric.rule @turn.line color(2) rect(0, 0, 5, 4) axis(x) skew(1) runs [1 x (R -> E), 1 x (W -> R), 3 x none] of(@turn)
module @corner_turn {
  wfabric.family @turn rect(0, 0, 5, 4) axis(x) [0 -> 1 to 2] skew(1) color(2)
}

// -----

// Trunk in row 2 from column 1 to 6, branches in columns 3 and 4.
// CHECK-LABEL: module @tree
// CHECK: wfabric.rule @s.trunk color(0) rect(1, 2, 6, 1) axis(x) runs [1 x (R -> E), 1 x (W -> E), 2 x (W -> ESNR), 1 x (W -> E), 1 x (W -> R)] of(@s)
// CHECK: wfabric.rule @s.north color(0) rect(3, 1, 2, 1) axis(y) runs [1 x (S -> R)] of(@s)
// CHECK: wfabric.rule @s.south color(0) rect(3, 3, 2, 2) axis(y) runs [1 x (N -> SR), 1 x (N -> R)] of(@s)
module @tree {
  wfabric.stream @s from(1, 2) to [rect(3, 1, 2, 4), rect(6, 2, 1, 1)] color(0)
}

// -----

// CHECK-LABEL: module @host
// CHECK: wfabric.rule @in.trunk color(0) rect(0, 0, 4, 1) axis(x) runs [3 x (W -> ER), 1 x (W -> R)] of(@in)
// CHECK: wfabric.rule @out.trunk color(1) rect(0, 0, 4, 1) axis(x) runs [3 x (E -> W), 1 x (R -> W)] of(@out)
module @host {
  wfabric.stream @in from_host(west, 0) to [rect(0, 0, 4, 1)] color(0)
  wfabric.stream @out from(3, 0) to_host(west, 0) color(1)
  wfabric.host_port @prompt input at(west, 0) stream(@in)
}

// -----

// A symbol that has the name of a rule already.
// CHECK-LABEL: module @taken
// CHECK: wfabric.stream @a.line
// CHECK: wfabric.rule @a.line_0 {{.*}} of(@a)
module @taken {
  wfabric.family @a rect(0, 0, 4, 4) axis(x) [0 -> 1 to 2] color(0)
  wfabric.stream @a.line from(0, 5) to [rect(1, 5, 1, 1)] color(0)
}
