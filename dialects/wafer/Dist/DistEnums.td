// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_DIST_ENUMS_TD
#define WAFER_DIST_ENUMS_TD

include "wafer/Dist/DistDialect.td"
include "mlir/IR/EnumAttr.td"

class Dist_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::wafer::dist";
  let genSpecializedAttr = 0;
}

/// Over which lines of the rectangle a dimension is cut.
def Dist_LineAxis : Dist_Enum<"LineAxis", "the lines that a slicing counts", [
  I32EnumAttrCase<"Rows", 0, "rows">,
  I32EnumAttrCase<"Columns", 1, "columns">
]>;

/// What the cores along an axis hold of a value that is not cut there.
def Dist_Partial : Dist_Enum<"Partial", "over which axis a value is still partial", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Rows", 1, "rows">,
  I32EnumAttrCase<"Columns", 2, "columns">,
  I32EnumAttrCase<"Group", 3, "group">
]>;

def Dist_Combine : Dist_Enum<"Combine", "how partial values combine", [
  I32EnumAttrCase<"Sum", 0, "sum">,
  I32EnumAttrCase<"Max", 1, "max">
]>;

def Dist_Algorithm : Dist_Enum<"Algorithm", "how a collective moves its words", [
  I32EnumAttrCase<"Chain", 0, "chain">
]>;

def Dist_StageKind : Dist_Enum<"StageKind", "what a stage computes", [
  I32EnumAttrCase<"Loop", 0, "token_loop">,
  I32EnumAttrCase<"Embed", 1, "embed">,
  I32EnumAttrCase<"Layers", 2, "layers">,
  I32EnumAttrCase<"Head", 3, "head">,
  I32EnumAttrCase<"GateOut", 4, "gate_out">,
  I32EnumAttrCase<"GateIn", 5, "gate_in">
]>;

def Dist_TensorKind : Dist_Enum<"TensorKind", "what a distributed tensor is for", [
  I32EnumAttrCase<"Weight", 0, "weight">,
  I32EnumAttrCase<"State", 1, "state">,
  I32EnumAttrCase<"Output", 2, "output">,
  I32EnumAttrCase<"RopeTable", 3, "rope_table">,
  I32EnumAttrCase<"Factor", 4, "factor">
]>;

def Dist_LineAxisAttr : EnumAttr<Dist_Dialect, Dist_LineAxis, "axis"> {
  let assemblyFormat = "$value";
}
def Dist_CombineAttr : EnumAttr<Dist_Dialect, Dist_Combine, "combine"> {
  let assemblyFormat = "$value";
}
def Dist_AlgorithmAttr : EnumAttr<Dist_Dialect, Dist_Algorithm, "algorithm"> {
  let assemblyFormat = "$value";
}
def Dist_StageKindAttr : EnumAttr<Dist_Dialect, Dist_StageKind, "stage_kind"> {
  let assemblyFormat = "$value";
}
def Dist_TensorKindAttr : EnumAttr<Dist_Dialect, Dist_TensorKind, "tensor_kind"> {
  let assemblyFormat = "$value";
}

#endif // WAFER_DIST_ENUMS_TD
