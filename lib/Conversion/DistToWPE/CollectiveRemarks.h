// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CollectiveRemarks.h - What each collective costs ---------*- C++ -*-===//
#ifndef WAFER_LIB_CONVERSION_DISTTOWPE_COLLECTIVEREMARKS_H
#define WAFER_LIB_CONVERSION_DISTTOWPE_COLLECTIVEREMARKS_H

#include "StageLowering.h"

#include "wafer/Machine/Machine.h"

namespace wafer {

/// One remark for each collective of a stage, in program order: how many words
/// it moves over how many lines, by which algorithm, and its estimated cycles
/// with the costs `parameters`. `lowering` knows the local extents of the
/// stage; `groupWidth` is the largest number of columns that share a KV head.
/// Rows and columns reduce in groups from those sizes on (0: on one level).
void remarkCollectives(dist::StageOp stage, StageLowering &lowering,
                       int64_t groupWidth, int64_t rowGroups,
                       int64_t columnGroups, const Machine &machine,
                       const ParameterSet &parameters);

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_DISTTOWPE_COLLECTIVEREMARKS_H
