// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WPE_TYPES_TD
#define WAFER_WPE_TYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "wafer/WPE/WPEDialect.td"

def WPE_Dsd : TypeDef<WPE_Dialect, "Dsd"> {
  let mnemonic = "dsd";
  let summary = "descriptor of a vector operand";
  let description = [{
    A vector operand: elements of a buffer (`wpe.mem`), of an input queue
    (`wpe.fabin`) or of an output queue (`wpe.fabout`). It lies in a descriptor
    register from its definition to its last use; a descriptor with `save` changes
    as vector instructions use it (a self-stepping pointer).

    **Example**
    ```mlir
    !wpe.dsd
    ```
  }];
  let builderCall = "$_builder.getType<::wafer::wpe::DsdType>()";
}

def WPE_Scalar : AnyTypeOf<[I32, F16, F32], "i32, f16 or f32">;

#endif // WAFER_WPE_TYPES_TD
