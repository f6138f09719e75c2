// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WPE_ATTRS_TD
#define WAFER_WPE_ATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "wafer/WPE/WPEDialect.td"
include "wafer/WPE/WPEEnums.td"

def WPE_ParamKindAttr : EnumAttr<WPE_Dialect, WPE_ParamKind, "param_kind">;
def WPE_BufferKindAttr : EnumAttr<WPE_Dialect, WPE_BufferKind, "buffer_kind">;
def WPE_QueueDirectionAttr
    : EnumAttr<WPE_Dialect, WPE_QueueDirection, "queue_direction">;
def WPE_PredicateAttr : EnumAttr<WPE_Dialect, WPE_Predicate, "predicate">;

def WPE_TableAttr : AttrDef<WPE_Dialect, "Table"> {
  let mnemonic = "table";
  let summary = "one halfword a row or column of a region";
  let description = [{
    A list of unsigned 16-bit values, printed as runs. A run is a value, `COUNT x
    VALUE` (the value COUNT times), or `COUNT x VALUE step STEP` (VALUE, VALUE +
    STEP, ...). The runs are how the table prints; two tables with the same values
    are the same attribute.

    **Constraints**
    - table-c1: it has 1 to 65,536 values
    - table-c2: every value lies in 0 to 65,535

    **Example**
    ```mlir
    // 200 200 200 190 190 7, then 0 11 22 33
    #wpe.table<[3 x 200, 2 x 190, 7, 4 x 0 step 11]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"uint16_t">:$values);
  let assemblyFormat = "`<` custom<Runs>($values) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    size_t size() const { return getValues().size(); }
  }];
}

/// A size of a descriptor that is known before the code runs: a number, or the
/// name of a parameter of the role.
def WPE_SizeAttr : AnyAttrOf<[I64Attr, FlatSymbolRefAttr],
                             "integer or parameter name">;

/// An element type that memory and wavelets can hold.
def WPE_ElementTypeAttr
    : TypeAttrBase<"::mlir::Type", "element type (i16, i32, f16 or f32)",
                   CPred<"::wafer::wpe::isElementType($_self)">>;

#endif // WAFER_WPE_ATTRS_TD
