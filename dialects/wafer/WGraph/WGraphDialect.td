// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WGRAPH_DIALECT_TD
#define WAFER_WGRAPH_DIALECT_TD

include "mlir/IR/OpBase.td"

def WGraph_Dialect : Dialect {
  let name = "wgraph";
  let summary = "a transformer as tensors and named operations";
  let description = [{
    The `wgraph` dialect says *what* a transformer computes and nothing about
    where. A `wgraph.model` holds weights, states, blocks and entries as
    symbols. A block is the body of one layer (or of one member of a period of
    layers); `wgraph.repeat` applies a period of blocks N times, and weights of
    repeated blocks are *stacked*: one symbol with a leading layer dimension.
    The IR of a model therefore has the same size at 16 and at 64 layers.

    Inside a block, a stacked weight or a state stands for the slice of the
    current repetition; no op names a layer.

    The leading dimension of every activation is the token dimension: m tokens
    are computed per pass, at positions `position`, ..., `position + m - 1`.
    Other dimensions are static.

    Version log:
    - 0.1: first version.
  }];
  let cppNamespace = "::wafer::wgraph";
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerBytecode();
  }];
}

class WGraph_Op<string mnemonic, list<Trait> traits = []>
    : Op<WGraph_Dialect, mnemonic, traits>;

#endif // WAFER_WGRAPH_DIALECT_TD
