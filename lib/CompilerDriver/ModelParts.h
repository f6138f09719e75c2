// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ModelParts.h - A stage with one layer and with two -------*- C++ -*-===//
//
// All layers of a stage do the same work in the same cores. So images with one
// layer and with two in each stage tell what a layer takes (their difference),
// and what all takes that is not one.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_COMPILERDRIVER_MODELPARTS_H
#define WAFER_LIB_COMPILERDRIVER_MODELPARTS_H

#include "ModelPlan.h"

#include <functional>

namespace wafer {

/// Cycles of the same thing in both images.
struct PartTimes {
  double one = 0, two = 0;
  /// Layers of the first image, and what the second one has beyond them.
  int64_t layersOfOne = 1, added = 1;
  /// Of a token, the hand-overs that the second image has and the first has
  /// not.
  double handOvers = 0;
  /// Of a token, what the head of the whole takes beyond that of the images.
  double head = 0;

  /// Of a layer that a token passes.
  double layer() const { return (two - one - handOvers) / double(added); }
  /// Of a token that passes so many layers.
  double through(int64_t layers) const {
    return one + head + double(layers - layersOfOne) * layer();
  }
  /// Of the slowest stage, with so many layers.
  double stage(int64_t layers) const {
    return one + double(layers - 1) * (two - one);
  }
};

/// Both images, compiled once and verified.
class ModelParts {
public:
  /// Of one stage of `plan`, with caches for so many requests (two are enough
  /// to follow each other). Where the stages of `plan` hold one layer each, the
  /// second image has three of them, one below another if need be (three find
  /// room where two do not). They are kept as NAME-1 and NAME-2, or NAME-3. An
  /// error without a text has been printed.
  static Result<ModelParts> ofStage(const DecodeRunOptions &options,
                                    const ModelPlan &plan,
                                    const std::string &name,
                                    CommandContext &context);
  /// Of all stages of `whole`, in the same rectangles and under the same map.
  /// They are kept as NAME-LAYERS.
  static Result<ModelParts> ofWafer(const DecodeRunOptions &options,
                                    const CompiledImage &whole,
                                    const std::string &name,
                                    CommandContext &context);

  using Measure = std::function<Result<uint64_t>(const CompiledImage &)>;
  Result<PartTimes> time(const Measure &measure) const;

  /// Cycles that the head of the whole takes beyond that of the images, which
  /// has no more room than they have; estimated.
  double headBeyond() const { return head; }

  /// The image with one layer in a stage.
  const CompiledImage &one() const { return *images[0]; }

private:
  using Prepare = std::function<Status(Image &)>;

  explicit ModelParts(CommandContext &context)
      : session(std::make_unique<CompilerSession>(context)) {}

  /// Compiles `request` with one layer in a stage and with two; with
  /// `stageEach` with one stage and with three, a layer each. `prepare`
  /// (optional) looks at an image, and changes it, before it is kept.
  Status make(const DecodeRunOptions &options, const CompileRequest &request,
              const std::string &name, const Prepare &prepare, bool stageEach,
              CommandContext &context);

  // The images must not outlive the session.
  std::unique_ptr<CompilerSession> session;
  std::unique_ptr<CompiledImage> images[2];
  int64_t stages = 1;
  int64_t added = 1;
  double handOvers = 0;
  double head = 0;
};

} // namespace wafer

#endif // WAFER_LIB_COMPILERDRIVER_MODELPARTS_H
