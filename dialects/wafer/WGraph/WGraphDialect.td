// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WGRAPH_DIALECT_TD
#define WAFER_WGRAPH_DIALECT_TD

include "mlir/IR/OpBase.td"

def WGraph_Dialect : Dialect {
  let name = "wgraph";
  let summary = "a transformer as tensors and named operations";
  let cppNamespace = "::wafer::wgraph";
}

class WGraph_Op<string mnemonic, list<Trait> traits = []>
    : Op<WGraph_Dialect, mnemonic, traits>;

#endif // WAFER_WGRAPH_DIALECT_TD
