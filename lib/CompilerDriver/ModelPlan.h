// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ModelPlan.h - The stages of a model, for benchmarks ------*- C++ -*-===//
//
// What `wsec bench decode` and `wsec bench prefill` begin with: the rectangles
// that the search of Partition.h chooses for a config.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_COMPILERDRIVER_MODELPLAN_H
#define WAFER_LIB_COMPILERDRIVER_MODELPLAN_H

#include "DecodeRun.h"

#include "wafer/Partition/DecodePlan.h"

namespace wafer {

struct ModelPlan {
  ModelPlan() = default;
  // The plan points to the machine.
  ModelPlan(const ModelPlan &) = delete;
  ModelPlan &operator=(const ModelPlan &) = delete;

  Machine machine;
  const ParameterSet *set = nullptr;
  DecodePlan plan;

  /// Loads model and machine of `options`, searches, and makes the folder for
  /// images. Without a number of `requests` the one with the most tokens in a
  /// cycle. From then on `options` names the parameter set.
  Status make(DecodeRunOptions &options, std::optional<int64_t> requests);

  const PartitionCandidate &chosen() const { return plan.plan.chosen; }
  /// Layers of the fullest stage.
  int64_t layersPerStage() const;
  /// Predicted cycles of a token that an image of one stage does not have: its
  /// hand-overs between stages and wafers, and a longer way back of its id,
  /// without the latencies of crossings. One stage has hand-overs too, from the
  /// embedding and to the head.
  int64_t betweenStagesCycles() const;

  /// From now on the stages are those of an image.
  void takeStagesOf(const CompiledImage &compiled);

  /// The first two lines of a table of figures: what they are figures of, with
  /// `load` in words, and the stages.
  void printHead(const DecodeRunOptions &options, const std::string &load,
                 const std::string &method, CommandContext &context) const;
};

} // namespace wafer

#endif // WAFER_LIB_COMPILERDRIVER_MODELPLAN_H
