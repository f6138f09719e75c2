// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dialect beside wgraph, on its activations.
#ifndef EXTRA_TD
#define EXTRA_TD

include "wafer/WGraph/WGraphOps.td"

def Extra_Dialect : Dialect {
  let name = "extra";
  let cppNamespace = "::extra";
}

def Extra_ClampOp : Op<Extra_Dialect, "clamp", [
    Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "limits the elements of an activation";
  let arguments = (ins WGraph_Activation:$input, F64Attr:$limit);
  let results = (outs WGraph_Activation:$result);
  let assemblyFormat = "$input `to` $limit attr-dict `:` type($input)";
}

#endif // EXTRA_TD
