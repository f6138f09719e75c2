// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WGRAPH_OPS_TD
#define WAFER_WGRAPH_OPS_TD

include "wafer/WGraph/WGraphDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def WGraph_YieldOp : WGraph_Op<"yield", [Pure, Terminator]> {
  let summary = "ends a block and gives its results";
  let arguments = (ins Variadic<AnyRankedTensor>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
}

#endif // WAFER_WGRAPH_OPS_TD
