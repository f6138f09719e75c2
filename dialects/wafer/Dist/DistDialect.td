// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_DIST_DIALECT_TD
#define WAFER_DIST_DIALECT_TD

include "mlir/IR/OpBase.td"

def Dist_Dialect : Dialect {
  let name = "wafer";
  let summary = "a transformer distributed over rectangles of cores, in global view";
  let description = [{
    A program in this dialect says *where* each tensor lies and *which
    collective* moves it, without naming a core. Values are whole tensors whose
    encoding, a `#wafer.layout`, says for each dimension how it is cut over the
    rows or the columns of the stage's rectangle; what no dimension is cut over is
    replicated; a tensor may also be *partial*, that is the sum (or maximum) over
    an axis of what the cores hold. A collective changes only the layout.

    How a dimension is cut is a symbol of its own, `wafer.slicing`: any ranges,
    so uneven, tapered and empty slices are the same case.

    Version log: 0.1 first version.
  }];
  let cppNamespace = "::wafer::dist";
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

class Dist_Op<string mnemonic, list<Trait> traits = []>
    : Op<Dist_Dialect, mnemonic, traits>;

#endif // WAFER_DIST_DIALECT_TD
