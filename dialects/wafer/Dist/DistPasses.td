// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_DIST_PASSES_TD
#define WAFER_DIST_PASSES_TD

include "mlir/Pass/PassBase.td"

def WaferPartition : Pass<"wafer-partition", "::mlir::ModuleOp"> {
  let summary = "distribute a model over stages of cores";
  let description = [{
    Chooses stages and rectangles (the search of
    `include/wafer/Partition/Partition.h`), cuts every dimension, and rewrites the
    model's entry and block as `wafer` stages: a matrix-vector product reduces
    along one axis, its result is cut over the other one, so nothing is ever
    transposed; the statistics of a norm ride in the next reduction; a KV head
    owns a block of columns.

    **Precondition**: one `wgraph.model` whose norm gains in front of linears are
    folded (`wafer-fold-norm-gain`) and whose entry is embedding, one repeat of one
    block, norm, linear, argmax, for one token a pass.

    **Postcondition**: one `token_loop`, one `embed`, one or more `layers` and one
    `head` stage with transfers in that order; the model keeps only what weights
    need. With several wafers a `gate_out` and a `gate_in` stand where the stages go from
    one wafer to the next. The module has the attributes `wafer.machine`, `wafer.context`,
    `wafer.params`, and `wafer.wafers` if there are several.

    Example:
    ```
    wsec-opt model.mlir --wafer-partition="machine=wse3 stages=2"
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", "\"wse3\"", "name or file of the machine">,
    Option<"params", "params", "std::string", "", "parameter set of the cost model; the machine's first one by default">,
    Option<"context", "context", "int64_t", "0", "positions of the KV cache; 0: the model's own">,
    Option<"stages", "stages", "int64_t", "0", "number of layer stages; 0: chosen by cost">,
    Option<"wafers", "wafers", "int64_t", "1", "wafers that share the stages; 0: as few as hold the model">,
    Option<"width", "width", "int64_t", "0", "columns of a layer stage; 0: chosen by cost">,
    Option<"height", "height", "int64_t", "0", "rows of a layer stage; 0: chosen by cost">,
    Option<"accumulate", "accumulate", "std::string", "\"mixed\"", "sums of products of f16 inside a core: mixed (f16, up to 64 terms) or f32">,
    Option<"reserveColumns", "reserve-columns", "int64_t", "0", "columns of the machine that the plan leaves free, to skip defects">,
    Option<"reserveRows", "reserve-rows", "int64_t", "0", "rows of the machine that the plan leaves free">,
    Option<"inFlight", "in-flight", "int64_t", "1", "requests in flight, each with a cache of its own">,
    Option<"tokensPerPass", "tokens-per-pass", "int64_t", "1", "most tokens of a request that a pass takes, at consecutive positions">,
    Option<"evenLayers", "even-layers", "bool", "false", "what a core keeps of the layers of a stage lies whole turns of the memory banks apart, so that all of them take the same cycles">,
    Option<"objective", "objective", "std::string", "\"latency\"", "what the plan is good at: latency (cycles of a token) or throughput (cycles between tokens)">,
    Option<"shelved", "shelved", "bool", "false", "leave the queue for turns that a program of several shelves needs, also in one shelf: for a part of such a program">,
    Option<"headColumns", "head-columns", "int64_t", "0", "columns of the head; 0: chosen by cost">,
    Option<"allowOverflow", "allow-overflow", "bool", "false", "warn where no plan fits in SRAM, and take the closest">
  ];
  let dependentDialects = ["::wafer::dist::DistDialect"];
}

def WaferVerifyPartitioned : Pass<"wafer-verify-partitioned", "::mlir::ModuleOp"> {
  let summary = "check what holds after the phase partition";
  let description = [{
    Every slicing that a layout names exists and cuts a dimension of that size
    over as many lines as the stage has; weights and states that stages use exist;
    every stage but the first has one transfer into it.

    **Precondition**: none.

    **Postcondition**: the module is unchanged; failure if a rule is broken.

    Example:
    ```
    wsec-opt partitioned.mlir --wafer-verify-partitioned
    ```
  }];
}

def WaferPlace : Pass<"wafer-place", "::mlir::ModuleOp"> {
  let summary = "give the rectangles of stages their places";
  let description = [{
    Solves the floorplan of `include/wafer/Place/Floorplan.h` and writes the corners
    of the rectangles.

    **Precondition**: stages in the order of the data flow; the module names its machine.

    **Postcondition**: rectangles are disjoint and inside the machine.

    Example:
    ```
    wsec-opt partitioned.mlir --wafer-place
    ```
  }];
}

def WaferVerifyPlaced : Pass<"wafer-verify-placed", "::mlir::ModuleOp"> {
  let summary = "check what holds after the phase place";
  let description = [{
    Rectangles of stages are inside the machine and disjoint.

    **Precondition**: the module names its machine.

    **Postcondition**: the module is unchanged; failure if a rule is broken.

    Example:
    ```
    wsec-opt placed.mlir --wafer-verify-placed
    ```
  }];
}

def WaferRemap : Pass<"wafer-remap", "::mlir::ModuleOp"> {
  let summary = "choose the map from logical to physical cores";
  let description = [{
    Without defects the map is the identity, and the module says so
    (`wafer.map = "identity"`).

    **Precondition**: the postcondition of `wafer-place`.

    **Postcondition**: the module has a map.

    Example:
    ```
    wsec-opt placed.mlir --wafer-remap
    ```
  }];
}

def WaferVerifyLowered : Pass<"wafer-verify-lowered", "::mlir::ModuleOp"> {
  let summary = "check what holds after the phase lower";
  let description = [{
    No stage or transfer is left; queues name streams of the module; placements name
    a tensor, a region and a buffer of its role; every stream has a queue that sends and one that
    receives, or the host.

    **Precondition**: none.

    **Postcondition**: the module is unchanged; failure if a rule is broken.

    Example:
    ```
    wsec-opt lowered.mlir --wafer-verify-lowered
    ```
  }];
}

def WaferLower : Pass<"wafer-lower", "::mlir::ModuleOp"> {
  let summary = "write the streams and the code of the roles";
  let description = [{
    Turns stages into roles (`wpe.role`, one for each kind of stage), regions with the
    row and column tables of their parameters, and the streams of collectives,
    transfers, tokens and the host (`wfabric.family`, `wfabric.stream`) without
    colors. Tensors stay and get a `wafer.placement` in every region that holds them.
    All layer stages share one role; their bodies must be equal.

    **Precondition**: the postcondition of `wafer-partition`.

    **Postcondition**: no stages and transfers are left; every queue of a role names streams
    of the module.

    Example:
    ```
    wsec-opt partitioned.mlir --wafer-lower
    ```
  }];
  let dependentDialects = ["::wafer::wpe::WPEDialect", "::wafer::wfabric::WFabricDialect"];
}

#endif // WAFER_DIST_PASSES_TD
