// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CollectiveRemarks.h - What each collective costs ------------*- C++
//-*-===//
#ifndef WAFER_LIB_CONVERSION_DISTTOWPE_COLLECTIVEREMARKS_H
#define WAFER_LIB_CONVERSION_DISTTOWPE_COLLECTIVEREMARKS_H

#include "StageLowering.h"

#include "wafer/Machine/Machine.h"

namespace wafer {

/// One remark for each collective of a stage, in program order: how many words
/// it moves over how many lines, by which algorithm, and its estimated cycles
/// with the costs `parameters`. `lowering` knows the local extents of the
/// stage; `groupWidth` is the largest number of columns that share a KV head.
void remarkCollectives(dist::StageOp stage, StageLowering &lowering,
                       int64_t groupWidth, const Machine &machine,
                       const ParameterSet &parameters);

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_DISTTOWPE_COLLECTIVEREMARKS_H
