// RUN: wsec-opt %s --split-input-file --verify-diagnostics --wfabric-verify-routes=machine=tiny16

// Right as it is.
module {
  wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3] color(0)
  wfabric.rule @rule color(0) rect(0, 0, 6, 4) axis(x) runs [3 x [1 x (R -> E), 1 x (W -> R)]]
}

// -----

module {
  // expected-error@+2 {{op has no color}}
  // expected-note@+1 {{run 'wfabric-assign-colors' first}}
  wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3]
}

// -----

// The last sink has no route.
// expected-error@+1 {{stream 'even' from (4, 0): words stop at router (5, 0), which has no route of color 0}}
module {
  wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3] color(0)
  wfabric.rule @rule color(0) rect(0, 0, 6, 4) axis(x)
    runs [2 x [1 x (R -> E), 1 x (W -> R)], 1 x (R -> E), 1 x none]
}

// -----

// Rows 0 and 2 are right, rows 1 and 3 have no routes.
// expected-error@+1 {{stream 'm' from (0, 1): words stop at router (0, 1)}}
module {
  wfabric.family @m rect(0, 0, 3, 4) axis(x) [0 -> 1 to 3] color(0)
  wfabric.rule @rule color(0) rect(0, 0, 3, 4) axis(x)
    runs [1 x (R -> E), 1 x (W -> RE), 1 x (W -> R)], [3 x none]
}

// -----

// Core 1 passes the words on and does not take them.
// expected-error@+1 {{stream 'm' from (0, 0): core (1, 0) does not get the words}}
module {
  wfabric.family @m rect(0, 0, 3, 1) axis(x) [0 -> 1 to 3] color(0)
  wfabric.rule @rule color(0) rect(0, 0, 3, 1) axis(x) runs [1 x (R -> E), 1 x (W -> E), 1 x (W -> R)]
}

// -----

// The first router of a switch decides: position 1 sends nowhere useful.
// expected-error@+1 {{stream 's' from (0, 0): words stop at router (0, 0), which does not take color 0 from the ramp}}
module {
  wfabric.stream @s from(0, 0) to [rect(1, 0, 1, 1)] color(0)
  wfabric.rule @rule color(0) rect(0, 0, 2, 1) axis(x) runs [1 x (R -> E, W -> E at(1)), 1 x (W -> R)]
}

// -----

// expected-error@+1 {{router (1, 0): rules 'a' and 'b' give a router two routes of color 0}}
module {
  wfabric.stream @s from(0, 0) to [rect(1, 0, 1, 1)] color(0)
  wfabric.rule @a color(0) rect(0, 0, 2, 1) axis(x) runs [1 x (R -> E), 1 x (W -> R)]
  wfabric.rule @b color(0) rect(1, 0, 1, 1) axis(x) runs [1 x (W -> E)]
}
