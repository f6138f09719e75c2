// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WFABRIC_ENUMS_TD
#define WAFER_WFABRIC_ENUMS_TD

include "mlir/IR/EnumAttr.td"

class WFabric_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::wafer::wfabric";
  let genSpecializedAttr = 0;
}

def WFabric_LineAxis : WFabric_Enum<"LineAxis", "the axis that lines run along", [
  I32EnumAttrCase<"X", 0, "x">,
  I32EnumAttrCase<"Y", 1, "y">
]>;

def WFabric_PortDirection : WFabric_Enum<"PortDirection",
    "direction of a host port, seen from the wafer", [
  I32EnumAttrCase<"Input", 0, "input">,
  I32EnumAttrCase<"Output", 1, "output">
]>;

#endif // WAFER_WFABRIC_ENUMS_TD
