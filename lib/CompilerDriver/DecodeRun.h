// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DecodeRun.h - A model's token, simulated -----------------*- C++ -*-===//
//
// What `wsec bench decode` simulates: images of a model with a part of its
// layers. All layers of a stage do the same work in the same cores, so images
// with one and with two layers in each stage tell the cycles of a layer, and of
// all that is not one.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_COMPILERDRIVER_DECODERUN_H
#define WAFER_LIB_COMPILERDRIVER_DECODERUN_H

#include "CompileJob.h"

#include "wafer/Sim/TokenRun.h"

namespace wafer {

/// How images are made and run.
struct DecodeRunOptions {
  /// A config.json.
  std::string model;
  std::string machine;
  std::string params;
  /// A folder for the images; empty: they are not kept.
  std::string keep;
  uint32_t context = 4096;
  unsigned threads = 1;
};

/// A request for an image without weights.
CompileRequest decodeRequest(const DecodeRunOptions &options);

/// The model of `request` with another number of layers, as an image, which
/// must not outlive the session. An error without a text has been printed.
Result<std::unique_ptr<CompiledImage>>
compileLayers(const DecodeRunOptions &options, CompileRequest request,
              int64_t layers, CompilerSession &session,
              CommandContext &context);

/// Leaves NAME.wafer in the folder for images, if there is one.
Status keepDecodeImage(const DecodeRunOptions &options, const std::string &name,
                       const CompiledImage &compiled);

/// Runs requests for timing only, to their end. The image is verified before.
Result<TokenRun> timeRequests(const DecodeRunOptions &options,
                              const CompiledImage &compiled,
                              const std::vector<TokenRequest> &requests);

/// Cycles from one sampled token to the next at the end of the context. The
/// image is verified before.
Result<uint64_t> timeToken(const DecodeRunOptions &options,
                           const CompiledImage &compiled);

/// A token of the whole model on one wafer with defects, and on a perfect one.
struct DecodeOnWafer {
  int64_t stages = 0;
  int32_t stageWidth = 0, stageHeight = 0;
  /// By the cost model, with the map's estimate.
  uint64_t predicted = 0, perfectPredicted = 0;
  /// JSON: what the map does (the report of `wsec compile`).
  std::string fit;
  /// Simulated; 0 where that was not asked for.
  double layerCycles = 0;
  double cycles = 0;
  double perfectCycles = 0;
};
/// `whole`: all layers are simulated. An error without a text has been printed.
Result<DecodeOnWafer> decodeOnWafer(const DecodeRunOptions &options,
                                    const std::string &defects, bool simulate,
                                    bool whole, CommandContext &context);

} // namespace wafer

#endif // WAFER_LIB_COMPILERDRIVER_DECODERUN_H
