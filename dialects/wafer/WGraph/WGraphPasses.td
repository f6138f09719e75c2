// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WGRAPH_PASSES_TD
#define WAFER_WGRAPH_PASSES_TD

include "mlir/Pass/PassBase.td"

def WaferFoldNormGain : Pass<"wafer-fold-norm-gain", "::wafer::wgraph::ModelOp"> {
  let summary = "Move the gains of norms into the linears after them";
  let description = [{
    `linear(norm(x) * g, W)` is `linear(norm(x), W * g)` with the columns of W
    scaled by g. The gain becomes a `scale` in the recipe of each weight and is
    computed once, when the image is written; norms are left with statistics
    only.

    **Precondition**: none. A norm keeps its gain when something other than a
    linear reads it (the norms of queries and keys do), when it is a result of
    the function, or when the gain is stacked and a weight after it is not. A
    weight that other ops use too (a head tied to the embedding) is copied as a
    symbol; its data are still stored once in the file.

    **Postcondition**: the same results up to rounding; no norm has a gain if
    all its users are linears, but for the exception above. Gains that are no
    longer used are erased.

    **Example**
    ```mlir
    %0 = wgraph.rms_norm %x, @gain eps 1.0e-5 : tensor<1x4xf32>
    %1 = wgraph.linear %0, [@w] : tensor<1x4xf32> -> tensor<1x8xf32>
    // becomes, with @w now scaled along dimension 1 by the recipe of @gain:
    %0 = wgraph.rms_norm %x eps 1.0e-5 : tensor<1x4xf32>
    %1 = wgraph.linear %0, [@w] : tensor<1x4xf32> -> tensor<1x8xf32>
    ```
  }];
}

def WaferFuseLinears : Pass<"wafer-fuse-linears", "::wafer::wgraph::ModelOp"> {
  let summary = "Join linears that read the same value";
  let description = [{
    Linears of the same input become one linear with several weights, at the
    place of the first: query, key and value; gate and up. One broadcast of
    the input and one reduction then serve all of them.

    **Precondition**: none.

    **Postcondition**: the same results; no two linears of one block of
    operations have the same input.

    **Example**
    ```mlir
    %0 = wgraph.linear %x, [@gate] : tensor<1x4xf32> -> tensor<1x8xf32>
    %1 = wgraph.linear %x, [@up] : tensor<1x4xf32> -> tensor<1x8xf32>
    // becomes
    %0:2 = wgraph.linear %x, [@gate, @up]
      : tensor<1x4xf32> -> tensor<1x8xf32>, tensor<1x8xf32>
    ```
  }];
}

def WaferCastWeights : Pass<"wafer-cast-weights", "::wafer::wgraph::ModelOp"> {
  let summary = "Give the weights one element type";
  let description = [{
    Appends a `cast` to the recipe of each weight that a linear or an embedding
    uses. Gains of norms stay as they are: norms are computed in f32.

    **Precondition**: `type` is `f16`, `bf16`, `f32`, or `stored` (do nothing).

    **Postcondition**: the matrices have the element type; results change by
    its rounding.

    **Example**
    ```mlir
    wgraph.weight private @q : tensor<64x64xf32> = <#ref>
    // becomes
    wgraph.weight private @q : tensor<64x64xf16> = <#ref, [#wgraph.cast<f16>]>
    ```
  }];
  let options = [Option<"type", "type", "std::string", /*default=*/"\"f16\"",
                        "f16, bf16, f32 or stored">];
}

def ConvertWGraphToLinalg : Pass<"convert-wgraph-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower a model to functions on linalg, tensor and memref";
  let description = [{
    Replaces the model by one function per entry and per block. An entry
    `@step` becomes

        func.func @step(%ids: memref<mxi32>, %position: index, %slot: index,
                        %next: memref<mxi32>, %logits: memref<mxvocabxf32>,
                        <weights>, <states>)

    which writes its results to `%next` and `%logits`. Weights and states are
    memrefs in the order of their symbols, each with its name as
    `wgraph.symbol`: weights have their own type (stacked ones with the layer
    dimension), states `memref<slots x layers x positions x row>`. A block
    becomes a private function with the layer as its first argument, called
    from a loop. All arithmetic is in f32. States are updated in place.

    **Precondition**: the module holds one `wgraph.model`; lengths and ids are
    what the host checks (see `wgraph.append` and `wgraph.embedding`).

    **Postcondition**: no wgraph op is left. The functions are ready for
    one-shot bufferization across function boundaries.

    **Example**
    ```mlir
    %1 = wgraph.linear %0, [@w] : tensor<1x4xf32> -> tensor<1x8xf32>
    // becomes, where %w is the argument for @w:
    %t = bufferization.to_tensor %w restrict : memref<8x4xf32> to tensor<8x4xf32>
    %1 = linalg.generic {...} ins(%0, %t) outs(%zero) {...} -> tensor<1x8xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif // WAFER_WGRAPH_PASSES_TD
