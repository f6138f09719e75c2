// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WFABRIC_OPS_TD
#define WAFER_WFABRIC_OPS_TD

include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "wafer/WFabric/WFabricAttrs.td"

class WFabric_Symbol<string mnemonic, list<Trait> traits = []>
    : WFabric_Op<mnemonic,
                 !listconcat([Symbol, HasParent<"::mlir::ModuleOp">], traits)>;

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

def WFabric_FamilyOp : WFabric_Symbol<"family"> {
  let summary = "the same segments on every line of a rectangle";
  let description = [{
    On every row (axis x) or column (axis y) of the rectangle the same cores send to
    the same cores of the line, at offsets from its west or north end. With `skew` k
    the segments of line j are shifted by j * k. All segments have one color, so two
    of one line may not meet in a router: the links of a chain need two families.

    `words` is what each source sends in one step, for reports; `switched` asks for a
    color that can have switch positions; `color` is given by hand or by
    `wfabric-assign-colors`.

    **Constraints**
    - family-c1: there is a segment, and all segments lie in the rectangle, on every line
    - family-c2: two segments of one line share no router
    - family-c3: the color is in 0 to 31, and words is positive
    - family-c4: the skew is an i32

    **Example**
    ```mlir
    // The links of a chain in 80 rows of 66 cores.
    wfabric.family @even rect(0, 0, 66, 80) axis(x) [0 -> 1 to 2 step 2 count 33]
    wfabric.family @odd rect(0, 0, 66, 80) axis(x) [1 -> 2 to 3 step 2 count 32]
    // A multicast in each column, from row 40 to all others.
    wfabric.family @down rect(0, 0, 66, 80) axis(y) [40 -> 0 to 80] words(32) color(4)
    // A corner turn: core j of row j sends to its eastern neighbour.
    wfabric.family @turn rect(66, 0, 9, 8) axis(x) [0 -> 1 to 2] skew(1)
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, WFabric_RectAttr:$rect,
                       WFabric_LineAxisAttr:$axis, WFabric_SegmentsAttr:$segments,
                       DefaultValuedAttr<I64Attr, "0">:$skew,
                       OptionalAttr<I64Attr>:$words, UnitAttr:$switched,
                       OptionalAttr<I64Attr>:$color);
  let assemblyFormat = [{
    $sym_name `rect` `` custom<Rect>($rect) `axis` `(` custom<LineAxis>($axis) `)`
    custom<Segments>($segments) (`skew` `(` $skew^ `)`)? (`words` `(` $words^ `)`)?
    (`switched` $switched^)? (`color` `(` $color^ `)`)? attr-dict
  }];
  let builders = [
    OpBuilder<(ins "const ::wafer::RoutedFamily &":$family,
                   CArg<"std::optional<int64_t>", "std::nullopt">:$words)>];
  let extraClassDeclaration = [{
    /// The family as the solver sees it.
    ::wafer::RoutedFamily getFamily();
  }];
  let hasVerifier = 1;
}

def WFabric_StreamOp : WFabric_Symbol<"stream"> {
  let summary = "one sender and its receivers";
  let description = [{
    A core or the host sends to every core of the listed rectangles (which may overlap;
    a source among them does not receive) or to the host. `words`, `switched` and
    `color` as for `wfabric.family`.

    **Constraints**
    - stream-c1: there is one sender, and either sinks or a port of the host; the host
      does not send to itself
    - stream-c2: a core other than the source receives
    - stream-c3: the color is in 0 to 31, and words is positive

    **Example**
    ```mlir
    wfabric.stream @token from(70, 3) to [rect(0, 0, 66, 1), rect(90, 0, 1, 80)] words(1)
    wfabric.stream @prompt_in from_host(west, 0) to [rect(0, 0, 8, 1)]
    wfabric.stream @tokens_out from(70, 3) to_host(west, 4) color(7)
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<WFabric_CoordAttr>:$source,
                       OptionalAttr<WFabric_EdgeAttr>:$from_host,
                       OptionalAttr<WFabric_RectArrayAttr>:$sinks,
                       OptionalAttr<WFabric_EdgeAttr>:$to_host,
                       OptionalAttr<I64Attr>:$words, UnitAttr:$switched,
                       OptionalAttr<I64Attr>:$color);
  let assemblyFormat = [{
    $sym_name custom<Ends>($source, $from_host, $sinks, $to_host)
    (`words` `(` $words^ `)`)? (`switched` $switched^)? (`color` `(` $color^ `)`)?
    attr-dict
  }];
  let builders = [
    OpBuilder<(ins "const ::wafer::RoutedStream &":$stream,
                   CArg<"std::optional<int64_t>", "std::nullopt">:$words)>];
  let extraClassDeclaration = [{
    /// The stream as the solver sees it.
    ::wafer::RoutedStream getStream();
  }];
  let hasVerifier = 1;
}

def WFabric_HostPortOp : WFabric_Symbol<"host_port", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a named place where the host's words enter or leave";
  let description = [{
    Gives a stream from (`input`) or to (`output`) the host the name by which `wsec run`
    and other hosts find it.

    **Constraints**
    - host_port-c1: the stream is a `wfabric.stream` of the module that enters (input) or
      leaves (output) at this edge and row

    **Example**
    ```mlir
    wfabric.stream @prompt_in from_host(west, 0) to [rect(0, 0, 8, 1)]
    wfabric.host_port @prompt input at(west, 0) stream(@prompt_in)
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, WFabric_PortDirectionAttr:$direction,
                       WFabric_EdgeAttr:$edge, FlatSymbolRefAttr:$stream);
  let assemblyFormat = [{
    $sym_name `` $direction `at` `` custom<Edge>($edge) `stream` `(` $stream `)` attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "PortDirection":$direction,
                   "::wafer::HostEdge":$edge, "::llvm::StringRef":$stream)>];
}

def WFabric_CrossingOp : WFabric_Op<"crossing", [
    Symbol, HasParent<"::mlir::ModuleOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "words that go from one wafer to another";
  let description = [{
    What the source stream brings to the edge of its wafer enters another wafer as the target
    stream, in order, after the latency of the machine.

    **Constraints**
    - crossing-c1: the source is a `wfabric.stream` that leaves at an edge, the target one
      that enters at an edge of another wafer

    **Example**
    ```mlir
    wfabric.stream @out from(7, 0) to_host(east, 0) words(8)
    wfabric.stream @in from_host(west, 0, wafer 1) to [rect(8, 0, 1, 1)] words(8)
    wfabric.crossing @hidden from(@out) to(@in)
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$source,
                       FlatSymbolRefAttr:$target);
  let assemblyFormat = [{
    $sym_name `from` `(` $source `)` `to` `(` $target `)` attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "::llvm::StringRef":$source,
                   "::llvm::StringRef":$target)>];
}

def WFabric_ExclusiveOp : WFabric_Op<"exclusive", [
    HasParent<"::mlir::ModuleOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "streams that get different colors";
  let description = [{
    The named families and streams get pairwise different colors even where they share
    no router, such as the streams that one core tells apart by color.

    **Constraints**
    - exclusive-c1: there are two names or more and none twice
    - exclusive-c2: each name is a family or stream of the module

    **Example**
    ```mlir
    wfabric.stream @a from(0, 0) to [rect(3, 0, 1, 1)]
    wfabric.stream @b from(0, 5) to [rect(3, 5, 1, 1)]
    wfabric.exclusive [@a, @b]
    ```
  }];
  let arguments = (ins FlatSymbolRefArrayAttr:$streams);
  let assemblyFormat = "$streams attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

def WFabric_RuleOp : WFabric_Symbol<"rule"> {
  let summary = "routes of one color over a rectangle";
  let description = [{
    Along `axis` every line of the rectangle has the routes of a list of runs. With
    several lists, line j has list j modulo their number. With `skew` k the list of line
    j is shifted by j * k routers. `of` names the family or stream that the rule routes.

    Rules of one color may have rectangles that overlap; at a router at most one of them
    has a route.

    **Constraints**
    - rule-c1: the color is in 0 to 31 and the skew is an i32
    - rule-c2: there is a list of runs, there are no more lists than lines, and each has as
      many routers as a line
    - rule-c3: a shifted list has no route outside the rectangle

    **Example**
    ```mlir
    wfabric.rule @even color(3) rect(0, 0, 66, 80) axis(x)
      runs [33 x [1 x (R -> E), 1 x (W -> R)]] of(@even_links)
    // Even rows pass a color on, odd rows do not know it.
    wfabric.rule @rows color(5) rect(10, 0, 4, 80) axis(x)
      runs [4 x (W -> E)], [4 x none]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$color, WFabric_RectAttr:$rect,
                       WFabric_LineAxisAttr:$axis, DefaultValuedAttr<I64Attr, "0">:$skew,
                       WFabric_RunsArrayAttr:$classes,
                       OptionalAttr<FlatSymbolRefAttr>:$owner);
  let assemblyFormat = [{
    $sym_name `color` `(` $color `)` `rect` `` custom<Rect>($rect)
    `axis` `(` custom<LineAxis>($axis) `)` (`skew` `(` $skew^ `)`)? `runs` custom<Classes>($classes)
    (`of` `(` $owner^ `)`)? attr-dict
  }];
  let builders = [
    OpBuilder<(ins "const ::wafer::Rule &":$rule,
                   "::llvm::ArrayRef<::wafer::RouteConfig>":$configs,
                   "::llvm::StringRef":$owner)>];
  let hasVerifier = 1;
}

#endif // WAFER_WFABRIC_OPS_TD
