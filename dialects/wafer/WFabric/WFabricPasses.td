// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WFABRIC_PASSES_TD
#define WAFER_WFABRIC_PASSES_TD

include "mlir/Pass/PassBase.td"

class WFabric_RoutingPass<string argument> : Pass<argument, "::mlir::ModuleOp"> {
  let dependentDialects = ["::wafer::wfabric::WFabricDialect"];
}

def WFabricAssignColorsPass : WFabric_RoutingPass<"wfabric-assign-colors"> {
  let summary = "give every family and stream a color";
  let description = [{
    Two streams that share a router get different colors, and as few colors as
    possible are used. Colors that are given stay. One remark for each stream names
    its color and the number of streams it conflicts with; one for the module names
    the colors used and the lower bound. The result does not depend on the order of
    the operations.

    **Precondition** The module names a machine (option or attribute `wafer.machine`).

    **Postcondition** Every `wfabric.family` and `wfabric.stream` has a color of the
    machine; those that share a router or stand in one `wfabric.exclusive` differ.
    Fails where that is impossible, with the busiest router and its streams.

    **Example**
    ```mlir
    wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3]
    wfabric.family @odd rect(0, 0, 6, 4) axis(x) [1 -> 2 to 3 step 2 count 2]
    ```
    becomes
    ```mlir
    wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3] color(0)
    wfabric.family @odd rect(0, 0, 6, 4) axis(x) [1 -> 2 to 3 step 2 count 2] color(1)
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", /*default=*/"\"\"",
           "Name or file of the machine; the module's wafer.machine when empty">,
    Option<"searchSteps", "search-steps", "unsigned", /*default=*/"20000",
           "Steps of the search for fewer colors; 0 leaves the greedy result">
  ];
}

def WFabricDeriveRulesPass : WFabric_RoutingPass<"wfabric-derive-rules"> {
  let summary = "write the route tables of colored streams";
  let description = [{
    One rule for a family; for a stream one for its trunk and one for each group of
    equal branches. Rules that name a stream with `of` are replaced, others are kept.

    **Precondition** Every family and stream has a color, as after
    `wfabric-assign-colors`; the module names a machine.

    **Postcondition** The rules with `of` route exactly the families and streams.

    **Example**
    ```mlir
    wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3] color(0)
    // gets
    wfabric.rule @even.line color(0) rect(0, 0, 6, 4) axis(x)
      runs [3 x [1 x (R -> E), 1 x (W -> R)]] of(@even)
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", /*default=*/"\"\"",
           "Name or file of the machine; the module's wafer.machine when empty">
  ];
}

def WFabricVerifyRoutesPass : WFabric_RoutingPass<"wfabric-verify-routes"> {
  let summary = "check colors and rules against the streams";
  let description = [{
    The verify pass of the phase `route`. Paints all rules into tables, sends a word
    from every source, and compares who gets it with who should. Shares no code with
    the passes that it checks. Changes nothing.

    **Precondition** Every family and stream has a color; the module names a machine.

    **Postcondition** No router has two routes of one color, every source reaches exactly
    its sinks, streams of one color share no router, and every route is used.

    **Example** Nothing is printed for a module that is right. For a rule that loses its
    last router:
    ```
    error: stream 'even' from (4, 0): words stop at router (5, 0), which has no route of
    color 0
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", /*default=*/"\"\"",
           "Name or file of the machine; the module's wafer.machine when empty">,
    Option<"maxErrors", "max-errors", "unsigned", /*default=*/"16",
           "Stop after this number of errors">
  ];
}

#endif // WAFER_WFABRIC_PASSES_TD
