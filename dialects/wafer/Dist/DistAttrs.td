// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_DIST_ATTRS_TD
#define WAFER_DIST_ATTRS_TD

include "wafer/Dist/DistDialect.td"
include "wafer/Dist/DistEnums.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/TensorEncoding.td"

def Dist_LayoutAttr : AttrDef<Dist_Dialect, "Layout", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "layout";
  let summary = "how a tensor lies in the rectangle of its stage";
  let description = [{
    The encoding of a distributed tensor. `dims` has one entry a dimension: the
    symbol of a `wafer.slicing`, or `*` for a dimension that every core holds in
    full. An axis of the rectangle that no dimension is cut over holds copies,
    unless the value is `partial` there: then the value is the combination of
    what the cores along that axis (`rows`: all cores of a column; `columns`: all
    cores of a row; `group`: the neighbouring cores of a row whose ranges of the
    slicing `group` are equal) hold.

    **Constraints**
    - (layout-c1) One entry of `dims` for each dimension of the tensor.
    - (layout-c2) `group` is present exactly if `partial` is `group`.

    Example:
    ```mlir
    tensor<4096xf32, #wafer.layout<[@d]>>
    tensor<8x4x64x2xf32, #wafer.layout<[@kv, *, @pairs, *], partial rows>>
    tensor<8x4x512xf32, #wafer.layout<[@kv, *, @positions], partial group @kv>>
    ```
  }];
  let parameters = (ins
    ArrayRefParameter<"::mlir::Attribute">:$dims,
    EnumParameter<Dist_Partial>:$partial,
    "::mlir::FlatSymbolRefAttr":$group);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // WAFER_DIST_ATTRS_TD
