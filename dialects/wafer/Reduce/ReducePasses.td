// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_REDUCE_PASSES_TD
#define WAFER_REDUCE_PASSES_TD

include "mlir/Pass/PassBase.td"

def WaferReduce : Pass<"wafer-reduce", "::mlir::ModuleOp"> {
  let summary = "make a module small that stays interesting to a script";
  let description = [{
    Calls `test` with the `test-arg`s and a file, and calls what is in the file
    interesting where the exit status is not 0. Tries the reduction patterns of
    all dialects on every operation, outer ones first and users before what they
    use, keeps each change after which the module is interesting, and goes on
    until there is none.

    It differs from `reduction-tree` in that nothing happens unasked: the tree
    folds operations and drops dead ones on its way, and cannot go on where one
    of those was what the script looks for.

    **Precondition**: the module is interesting, and `test` can be executed.

    **Postcondition**: the module is interesting, and no pattern finds a change
    after which it still is.

    **Example**: with a script that looks for `wgraph.rms_norm`,
    ```mlir
    wgraph.model @m config <family = "llama", layers = 2, dim = 4, ffn = 8,
        heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
        files [] {
      wgraph.block @layer(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
        %0 = wgraph.rms_norm %x eps 1.0e-5 : tensor<1x4xf32>
        %1 = wgraph.add %x, %0 : tensor<1x4xf32>
        wgraph.yield %1 : tensor<1x4xf32>
      }
    }
    ```
    loses the sum and yields `%x`.
  }];
  let options = [
    Option<"test", "test", "std::string", "", "The script to ask">,
    ListOption<"testArgs", "test-arg", "std::string", "Its first arguments">
  ];
}

#endif // WAFER_REDUCE_PASSES_TD
