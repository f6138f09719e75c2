// RUN: wsec-opt %s --split-input-file --verify-diagnostics

// rect-c1
// expected-error@+1 {{expected a rectangle with positive sides at 0 or above, but got (0, -1, 6, 4)}}
wfabric.family @f rect(0, -1, 6, 4) axis(x) [0 -> 1 to 2]

// -----

// coord-c1
// expected-error@+1 {{expected a core at 0 or above, but got (-1, 0)}}
wfabric.stream @s from(-1, 0) to [rect(0, 0, 1, 1)]

// -----

// edge-c1
// expected-error@+1 {{expected a row at 0 or above, but got -3}}
wfabric.stream @s from_host(west, -3) to [rect(0, 0, 1, 1)]

// -----

// edge-c2
// expected-error@+1 {{expected a wafer from 0 to 63, but got 64}}
wfabric.stream @s from_host(west, 3, wafer 64) to [rect(0, 0, 1, 1)]

// -----

// expected-error@+1 {{expected 'east' or 'west'}}
wfabric.stream @s from_host(north, 0) to [rect(0, 0, 1, 1)]

// -----

// segments-c1
// expected-error@+1 {{a segment pattern needs a positive step and count}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 0 count 2]

// -----

// segments-c2: only the source itself.
// expected-error@+1 {{segment 3 -> 3 to 4 has no receiver}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) [3 -> 3 to 4]

// -----

// route-c1
// expected-error@+2 {{position 2 is not one of the 2 positions of the route}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x)
  runs [6 x (W -> E, E -> W at(2))]

// -----

// expected-error@+1 {{expected ports out of W, E, S, N and R, each once, but got 'EE'}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [6 x (W -> EE)]

// -----

// expected-error@+1 {{a route has at most 4 positions}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [6 x (W -> E, W -> E, W -> E, W -> E, W -> E)]

// -----

// expected-error@+1 {{unknown pop mode 'often'}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [6 x (W -> E pop(often))]

// -----

// runs-c1
// expected-error@+1 {{a line has runs of at least one router, and 1048576 routers at most}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [6 x none, 0 x (W -> E)]

// -----

// runs-c1: four thousand million routers.
// expected-error@+1 {{a line has runs of at least one router, and 1048576 routers at most}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [4000000000 x none]

// -----

// runs-c1: a list that would expand to four thousand million runs.
// expected-error@+1 {{a repeated list is empty or too long}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [4000000000 x [1 x none, 1 x (W -> E)]]

// -----

// expected-error@+1 {{lists of runs are nested too deeply}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [1 x [1 x [1 x [1 x [1 x [1 x [1 x [1 x [1 x [6 x none]]]]]]]]]]

// -----

// A second list after one of the full length.
// expected-error@+1 {{a list of runs is too long}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [1048576 x [1 x none], 1 x none, 1 x none]

// -----

// expected-error@+1 {{expected 'x' or 'y', but got 'z'}}
wfabric.family @f rect(0, 0, 6, 4) axis(z) [0 -> 1 to 2]

// -----

// family-c1: no segment. The list is not optional.
// expected-error@+1 {{expected integer value}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) []

// -----

// family-c1: 2 * 2 + 2 = 6 is one too far.
// expected-error@+1 {{a segment leaves the family's rectangle: expected offsets from 0 to 5 but got 0 -> 1..3 step 2 count 3, which reaches from 0 to 6}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) [0 -> 1 to 3 step 2 count 3]

// -----

// family-c1: line 3 is shifted by 6.
// expected-error@+1 {{0 -> 1..2 with skew 2, which reaches from 0 to 7}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2] skew(2)

// -----

// family-c2: the sink of a link is the source of the next.
// expected-error@+1 {{two segments of one line share the router at offset 1}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 1 count 5]

// -----

// family-c3
// expected-error@+1 {{expected a color of 0 to 31, but got 32}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2] color(32)

// -----

// family-c3
// expected-error@+1 {{expected a positive number of words, but got 0}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2] words(0)

// -----

// family-c4
// expected-error@+1 {{skew 8589934592 does not fit 32 bits}}
wfabric.family @f rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2] skew(8589934592)

// -----

// stream-c1
// expected-error@+1 {{expected either a source core or a port of the host}}
"wfabric.stream"() <{sym_name = "s", sinks = [#wfabric.rect<0, 0, 1, 1>]}> : () -> ()

// -----

// stream-c1
// expected-error@+1 {{expected either sinks or a port of the host}}
"wfabric.stream"() <{sym_name = "s", source = #wfabric.coord<0, 0>}> : () -> ()

// -----

// stream-c1
// expected-error@+1 {{a stream goes from the host to the host}}
wfabric.stream @s from_host(west, 0) to_host(east, 0)

// -----

// stream-c2
// expected-error@+1 {{a stream has no receiver}}
wfabric.stream @s from(1, 1) to [rect(1, 1, 1, 1)]

// -----

// stream-c2
// expected-error@+1 {{a stream has no receiver}}
wfabric.stream @s from_host(west, 0) to []

// -----

// stream-c3
// expected-error@+1 {{expected a color of 0 to 31, but got -1}}
wfabric.stream @s from(1, 1) to [rect(2, 1, 1, 1)] color(-1)

// -----

// host_port-c1
// expected-error@+1 {{there is no stream @s}}
wfabric.host_port @p input at(west, 0) stream(@s)

// -----

// host_port-c1: another row.
// expected-note@+1 {{the stream}}
wfabric.stream @s from_host(west, 0) to [rect(0, 0, 1, 1)]
// expected-error@+1 {{stream @s does not enter here}}
wfabric.host_port @p input at(west, 1) stream(@s)

// -----

// host_port-c1: the other direction.
// expected-note@+1 {{the stream}}
wfabric.stream @s from_host(west, 0) to [rect(0, 0, 1, 1)]
// expected-error@+1 {{stream @s does not leave here}}
wfabric.host_port @p output at(west, 0) stream(@s)

// -----

// crossing-c1
wfabric.stream @s from(1, 1) to_host(west, 1)
// expected-error@+1 {{there is no stream @t}}
wfabric.crossing @c from(@s) to(@t)

// -----

// crossing-c1: one wafer.
wfabric.stream @s from(1, 1) to_host(west, 1)
wfabric.stream @t from_host(west, 1) to [rect(0, 0, 1, 1)]
// expected-error@+1 {{stream @s does not leave, or @t does not enter, at the edges of two wafers}}
wfabric.crossing @c from(@s) to(@t)

// -----

// exclusive-c1
wfabric.stream @s from(1, 1) to [rect(2, 1, 1, 1)]
// expected-error@+1 {{expected two streams or more}}
wfabric.exclusive [@s]

// -----

// exclusive-c1
wfabric.stream @s from(1, 1) to [rect(2, 1, 1, 1)]
// expected-error@+1 {{@s is named twice}}
wfabric.exclusive [@s, @s]

// -----

// exclusive-c2
wfabric.stream @s from(1, 1) to [rect(2, 1, 1, 1)]
// expected-error@+1 {{@t is not a family or stream}}
wfabric.exclusive [@s, @t]

// -----

// rule-c1
// expected-error@+1 {{expected a color of 0 to 31, but got 40}}
wfabric.rule @r color(40) rect(0, 0, 6, 4) axis(x) runs [6 x none]

// -----

// rule-c2
// expected-error@+1 {{expected 1 to 4 lists of runs, but got 0}}
"wfabric.rule"() <{sym_name = "r", color = 0 : i64, rect = #wfabric.rect<0, 0, 6, 4>, axis = #wfabric<line_axis x>, classes = []}> : () -> ()

// -----

// rule-c2: a single row.
// expected-error@+1 {{expected 1 to 1 lists of runs, but got 2}}
wfabric.rule @r color(0) rect(0, 0, 6, 1) axis(x) runs [6 x none], [6 x none]

// -----

// rule-c2: the second class is one short.
// expected-error@+1 {{expected runs of 6 routers, but got 5}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) runs [6 x none], [5 x none]

// -----

// rule-c3: three lines further the fourth router is the seventh.
// expected-error@+1 {{the skew shifts a route out of the rectangle}}
wfabric.rule @r color(0) rect(0, 0, 6, 4) axis(x) skew(1) runs [4 x (W -> E), 2 x none]

// -----

// Streams are symbols of the module.
func.func @f() {
  // expected-error@+1 {{expects parent op 'builtin.module'}}
  wfabric.stream @s from(1, 1) to [rect(2, 1, 1, 1)]
  return
}

// -----

// route-c2: a counter has 16 bits.
// expected-error@+1 {{integer value too large}}
#runs = #wfabric.runs<1 x (W -> R counter(0, 65536, 1))>
