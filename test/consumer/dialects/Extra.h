// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef EXTRA_H
#define EXTRA_H

#include "wafer/WGraph/WGraph.h"

#include "ExtraDialect.h.inc"

#define GET_OP_CLASSES
#include "ExtraOps.h.inc"

#endif // EXTRA_H
