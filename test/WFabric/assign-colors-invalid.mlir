// RUN: wsec-opt %s --split-input-file --verify-diagnostics --wfabric-assign-colors

// expected-error@+2 {{the module names no machine}}
// expected-note@+1 {{give the pass the option 'machine' or the module the attribute 'wafer.machine'}}
module {
}

// -----

// expected-error@+2 {{no-such-machine}}
// expected-note@+1 {{shipped machines are}}
module attributes {wafer.machine = "no-such-machine"} {
}

// -----

// Longer than the machine is wide.
module attributes {wafer.machine = "tiny16"} {
  // expected-error@+1 {{family 'f': a rectangle is empty or leaves the grid}}
  wfabric.family @f rect(0, 0, 1000, 4) axis(x) [0 -> 1 to 2]
}

// -----

module attributes {wafer.machine = "tiny16"} {
  // expected-error@+1 {{color 31 is out of range}}
  wfabric.family @f rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2] color(31)
}

// -----

// expected-error@+1 {{coloring: streams 'a' and 'b' are given the same color 1}}
module attributes {wafer.machine = "tiny16"} {
  wfabric.stream @a from(0, 0) to [rect(3, 0, 1, 1)] color(1)
  wfabric.stream @b from(2, 0) to [rect(5, 0, 1, 1)] color(1)
}

// -----

// 22 multicasts over one row of cores, and 21 colors that are not reserved.
// expected-error@+2 {{router (0, 0): more streams cross a router than there are colors: expected at most 21 streams but got 22 streams: 's00', 's01', 's02', 's03', 's04', 's05', 's06', 's07', 's08', 's09', 's10', 's11' and 10 more}}
// expected-note@+1 {{move a stage or drop a collective that crosses}}
module attributes {wafer.machine = "tiny16"} {
  wfabric.family @s00 rect(0, 0, 6, 4) axis(x) [0 -> 0 to 6]
  wfabric.family @s01 rect(0, 0, 6, 4) axis(x) [1 -> 0 to 6]
  wfabric.family @s02 rect(0, 0, 6, 4) axis(x) [2 -> 0 to 6]
  wfabric.family @s03 rect(0, 0, 6, 4) axis(x) [3 -> 0 to 6]
  wfabric.family @s04 rect(0, 0, 6, 4) axis(x) [4 -> 0 to 6]
  wfabric.family @s05 rect(0, 0, 6, 4) axis(x) [5 -> 0 to 6]
  wfabric.family @s06 rect(0, 0, 6, 4) axis(x) [0 -> 0 to 6]
  wfabric.family @s07 rect(0, 0, 6, 4) axis(x) [1 -> 0 to 6]
  wfabric.family @s08 rect(0, 0, 6, 4) axis(x) [2 -> 0 to 6]
  wfabric.family @s09 rect(0, 0, 6, 4) axis(x) [3 -> 0 to 6]
  wfabric.family @s10 rect(0, 0, 6, 4) axis(x) [4 -> 0 to 6]
  wfabric.family @s11 rect(0, 0, 6, 4) axis(x) [5 -> 0 to 6]
  wfabric.family @s12 rect(0, 0, 6, 4) axis(x) [0 -> 0 to 6]
  wfabric.family @s13 rect(0, 0, 6, 4) axis(x) [1 -> 0 to 6]
  wfabric.family @s14 rect(0, 0, 6, 4) axis(x) [2 -> 0 to 6]
  wfabric.family @s15 rect(0, 0, 6, 4) axis(x) [3 -> 0 to 6]
  wfabric.family @s16 rect(0, 0, 6, 4) axis(x) [4 -> 0 to 6]
  wfabric.family @s17 rect(0, 0, 6, 4) axis(x) [5 -> 0 to 6]
  wfabric.family @s18 rect(0, 0, 6, 4) axis(x) [0 -> 0 to 6]
  wfabric.family @s19 rect(0, 0, 6, 4) axis(x) [1 -> 0 to 6]
  wfabric.family @s20 rect(0, 0, 6, 4) axis(x) [2 -> 0 to 6]
  wfabric.family @s21 rect(0, 0, 6, 4) axis(x) [3 -> 0 to 6]
}
