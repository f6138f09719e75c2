// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- OnWafer.h - A model on one wafer with defects ------------*- C++ -*-===//
//
// What defects cost: the whole model is fitted to the wafer, and its stages are
// simulated together, under the map that it gets, and on a perfect wafer.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_COMPILERDRIVER_ONWAFER_H
#define WAFER_LIB_COMPILERDRIVER_ONWAFER_H

#include "ModelParts.h"

namespace wafer {

/// The images of a model for one wafer with defects, and for a perfect one.
class OnWafer {
public:
  /// Compiles both without weights; `plan` is of the perfect wafer, and must
  /// be of a single one. An error without a text has been printed.
  static Result<OnWafer> make(const DecodeRunOptions &options,
                              const ModelPlan &plan, const std::string &defects,
                              CommandContext &context);

  const CompiledImage &perfect() const { return *perfectImage; }
  const CompiledImage &fitted() const { return *fittedImage; }
  /// Of a token, by the cost model; of the fitted image with the map's
  /// estimate.
  uint64_t perfectPredicted() const;
  uint64_t predicted() const;
  /// JSON: what the map does (the report of `wsec compile`).
  std::string fit() const;

private:
  explicit OnWafer(CommandContext &context)
      : session(std::make_unique<CompilerSession>(context)) {}

  // The images must not outlive the session.
  std::unique_ptr<CompilerSession> session;
  std::unique_ptr<CompiledImage> perfectImage, fittedImage;
};

/// Simulated cycles of a token of an image with all layers, and of one layer.
struct TokenTimes {
  double token = 0, layer = 0;
};
/// Of an image for one wafer, by its layers (which are kept as NAME-LAYERS) or
/// `whole`. An error without a text has been printed.
Result<TokenTimes> timeTokenOnWafer(const DecodeRunOptions &options,
                                    const CompiledImage &image,
                                    const std::string &name, bool whole,
                                    CommandContext &context);

} // namespace wafer

#endif // WAFER_LIB_COMPILERDRIVER_ONWAFER_H
