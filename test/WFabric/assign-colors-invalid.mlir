// RUN: wsec-opt %s --split-input-file --verify-diagnostics --wfabric-assign-colors

// expected-error@+2 {{the module names no machine}}
// expected-note@+1 {{give the pass the option 'machine' or the module the attribute 'wafer.machine'}}
module {
}

// -----

// expected-error@+1 {{no-such-machine}}
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
