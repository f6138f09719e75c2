// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WPE_ENUMS_TD
#define WAFER_WPE_ENUMS_TD

include "mlir/IR/EnumAttr.td"

class WPE_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::wafer::wpe";
  let genSpecializedAttr = 0;
}

def WPE_ParamKind : WPE_Enum<"ParamKind", "what a parameter depends on", [
  I32EnumAttrCase<"Row", 0, "row">,
  I32EnumAttrCase<"Column", 1, "column">,
  I32EnumAttrCase<"Region", 2, "region">
]>;

def WPE_BufferKind : WPE_Enum<"BufferKind", "what a buffer holds", [
  I32EnumAttrCase<"Weights", 1, "weights">,
  I32EnumAttrCase<"State", 2, "state">,
  I32EnumAttrCase<"Scratch", 3, "scratch">
]>;

def WPE_QueueDirection : WPE_Enum<"QueueDirection", "direction of a queue", [
  I32EnumAttrCase<"Input", 0, "input">,
  I32EnumAttrCase<"Output", 1, "output">
]>;

def WPE_Predicate : WPE_Enum<"Predicate", "condition of a branch", [
  I32EnumAttrCase<"Eq", 0, "eq">,
  I32EnumAttrCase<"Ne", 1, "ne">,
  I32EnumAttrCase<"Lt", 2, "lt">,
  I32EnumAttrCase<"Ge", 3, "ge">,
  I32EnumAttrCase<"FLt", 4, "flt">,
  I32EnumAttrCase<"FGe", 5, "fge">
]>;

#endif // WAFER_WPE_ENUMS_TD
