// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The attributes hold the plain structs of the solvers and of the image.
#ifndef WAFER_WFABRIC_ATTRS_TD
#define WAFER_WFABRIC_ATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "wafer/WFabric/WFabricDialect.td"
include "wafer/WFabric/WFabricEnums.td"

class WFabric_Attr<string name, string attrMnemonic>
    : AttrDef<WFabric_Dialect, name> {
  let mnemonic = attrMnemonic;
  let hasCustomAssemblyFormat = 1;
}

def WFabric_LineAxisAttr : EnumAttr<WFabric_Dialect, WFabric_LineAxis, "line_axis">;
def WFabric_PortDirectionAttr
    : EnumAttr<WFabric_Dialect, WFabric_PortDirection, "port_direction">;

def WFabric_RectAttr : WFabric_Attr<"Rect", "rect"> {
  let summary = "a rectangle of cores";
  let description = [{
    Column and row of the north-west core, width and height.

    **Constraints**
    - rect-c1: x and y are not negative, width and height are positive, and the
      rectangle ends at 1,048,576 at most

    **Example**
    ```mlir
    #stage = #wfabric.rect<0, 0, 66, 80>
    ```
  }];
  let parameters = (ins "::wafer::Rect":$value);
  let genVerifyDecl = 1;
}

def WFabric_CoordAttr : WFabric_Attr<"Coord", "coord"> {
  let summary = "the place of a core";
  let description = [{
    Column and row.

    **Constraints**
    - coord-c1: both are in 0 to 1,048,575

    **Example**
    ```mlir
    #root = #wfabric.coord<12, 7>
    ```
  }];
  let parameters = (ins "::wafer::Coord":$value);
  let genVerifyDecl = 1;
}

def WFabric_EdgeAttr : WFabric_Attr<"Edge", "edge"> {
  let summary = "an edge port of the grid";
  let description = [{
    The outer port of the first (`west`) or last (`east`) router of a row.

    **Constraints**
    - edge-c1: the row is in 0 to 1,048,575
    - edge-c2: the wafer, which is written where it is not 0, is in 0 to 63

    **Example**
    ```mlir
    #prompt = #wfabric.edge<west, 0>
    ```
  }];
  let parameters = (ins "::wafer::HostEdge":$value);
  let genVerifyDecl = 1;
}

def WFabric_SegmentsAttr : WFabric_Attr<"Segments", "segments"> {
  let summary = "who sends to whom on a line";
  let description = [{
    A list of patterns `SOURCE -> BEGIN to END step STEP count COUNT`: the core at
    offset SOURCE sends to those at BEGIN, ..., END - 1 (without itself); COUNT such
    segments follow each other at a distance of STEP. Without `step` and `count` it
    is one segment.

    **Constraints**
    - segments-c1: counts are positive, and so is the step where the count is above 1
    - segments-c2: each segment reaches a core other than its source

    **Example**
    ```mlir
    // 0 -> 1, 2 -> 3, 4 -> 5: every other link of a chain of six.
    #even = #wfabric.segments<0 -> 1 to 2 step 2 count 3>
    // A multicast from the middle.
    #spread = #wfabric.segments<3 -> 0 to 6>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::wafer::SegmentPattern">:$patterns);
  let genVerifyDecl = 1;
}

def WFabric_RouteAttr : WFabric_Attr<"Route", "route"> {
  let summary = "the configuration of one color in one router";
  let description = [{
    `IN -> OUT`, each a set of ports written as letters: W, E, S, N and R (the core).
    A switch has up to four such positions, the first of which holds unless `at`
    names another; `ring` returns from the last to the first. `pop` says what happens
    to the command list of a control wavelet, `counter(init, limit, max)` and
    `range(min, max)` filter what the core gets.

    **Constraints**
    - route-c1: there are 1 to 4 positions, `at` names one of them, and both port sets
      of a position are not empty
    - route-c2: numbers of filters lie in 0 to 65,535

    **Example**
    ```mlir
    #pass_and_deliver = #wfabric.route<W -> RE>
    #switched = #wfabric.route<R -> E, W -> E at(1) ring pop(on_advance)>
    #filtered = #wfabric.route<W -> RE counter(0, 1, 15)>
    ```
  }];
  let parameters = (ins "::wafer::RouteConfig":$config);
  let genVerifyDecl = 1;
}

def WFabric_RunsAttr : WFabric_Attr<"Runs", "runs"> {
  let summary = "the routes of a line, run by run";
  let description = [{
    `COUNT x (ROUTE)` is COUNT routers with one route, `COUNT x none` COUNT routers
    without, and `COUNT x [RUNS]` repeats a list. The attribute holds the runs one by
    one; repeats are found again for printing.

    **Constraints**
    - runs-c1: there is at least one run, counts are positive, and the line has at most
      1,048,576 routers

    **Example**
    ```mlir
    // A multicast from its west end over 66 routers.
    #multicast = #wfabric.runs<1 x (R -> E), 64 x (W -> ER), 1 x (W -> R)>
    // Every other link of a chain of 1,000.
    #chain = #wfabric.runs<500 x [1 x (R -> E), 1 x (W -> R)]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"uint32_t">:$counts,
                        ArrayRefParameter<"RouteAttr", "null: no route">:$routes);
  let extraClassDeclaration = [{
    /// From runs whose configurations are indices of a table.
    static RunsAttr fromRuns(::mlir::MLIRContext *context,
                             ::llvm::ArrayRef<::wafer::Run> runs,
                             ::llvm::ArrayRef<::wafer::RouteConfig> configs);
    /// Routers of the line.
    int64_t getLength() const;
  }];
  let genVerifyDecl = 1;
}

def WFabric_RectArrayAttr
    : TypedArrayAttrBase<WFabric_RectAttr, "array of rectangles">;
def WFabric_RunsArrayAttr
    : TypedArrayAttrBase<WFabric_RunsAttr, "array of run lists">;

#endif // WAFER_WFABRIC_ATTRS_TD
