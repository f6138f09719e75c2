// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WaitCause.h - Why nothing can happen any more ------------*- C++ -*-===//
#ifndef WAFER_LIB_SIM_WAITCAUSE_H
#define WAFER_LIB_SIM_WAITCAUSE_H

#include "StateView.h"

namespace wafer::sim {

/// The text on the cause of a state in which nothing can happen any more: a
/// cycle of waits as a numbered chain (an internal error in a program that is
/// certified to have none), or the ends of all chains, those first that most
/// threads wait for. Empty when no thread waits and no ring of
/// wavelets is stuck. Linear in what is waited for by all together.
std::string waitCause(const StateView &state);

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_WAITCAUSE_H
