// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WGRAPH_ENUMS_TD
#define WAFER_WGRAPH_ENUMS_TD

include "mlir/IR/EnumAttr.td"
include "wafer/WGraph/WGraphDialect.td"

class WGraph_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::wafer::wgraph";
  let genSpecializedAttr = 0;
}

def WGraph_RopePairing : WGraph_I32Enum<"RopePairing",
    "which two elements of a head one rotation turns", [
      I32EnumAttrCase<"Half", 0, "half">,
      I32EnumAttrCase<"Interleaved", 1, "interleaved">]>;
def WGraph_RopePairingAttr
    : EnumAttr<WGraph_Dialect, WGraph_RopePairing, "rope_pairing">;

def WGraph_RopeScalingKind : WGraph_I32Enum<"RopeScalingKind",
    "how rotary frequencies are stretched for a longer context", [
      I32EnumAttrCase<"Linear", 0, "linear">,
      I32EnumAttrCase<"Llama3", 1, "llama3">]>;

def WGraph_ActivationKind : WGraph_I32Enum<"ActivationKind",
    "an elementwise nonlinear function", [
      I32EnumAttrCase<"Silu", 0, "silu">,
      I32EnumAttrCase<"GeluTanh", 1, "gelu_tanh">,
      I32EnumAttrCase<"Relu", 2, "relu">]>;
def WGraph_ActivationKindAttr
    : EnumAttr<WGraph_Dialect, WGraph_ActivationKind, "activation_kind">;

#endif // WAFER_WGRAPH_ENUMS_TD
