// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operations of `wpe`: what a role declares, its code, and regions.
#ifndef WAFER_WPE_OPS_TD
#define WAFER_WPE_OPS_TD

include "wafer/WPE/WPEDeclarations.td"
include "wafer/WPE/WPEControl.td"
include "wafer/WPE/WPEScalars.td"
include "wafer/WPE/WPEVectors.td"

#endif // WAFER_WPE_OPS_TD
