// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DecodeRun.h - A model's token, simulated -----------------*- C++ -*-===//
//
// What `wsec bench decode` and `wsec bench prefill` simulate: images of a model
// with all or a part of its layers, for timing only.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_COMPILERDRIVER_DECODERUN_H
#define WAFER_LIB_COMPILERDRIVER_DECODERUN_H

#include "CompileJob.h"

#include "wafer/Sim/TokenRun.h"

namespace wafer {

/// How images are made and run, and their figures printed.
struct DecodeRunOptions {
  /// A config.json.
  std::string model;
  std::string machine = "wse2";
  std::string params;
  /// A folder for the images; empty: they are not kept.
  std::string keep;
  uint32_t context = 4096;
  /// What the plan is good at: latency or throughput.
  std::string objective = "latency";
  /// Most tokens of a pass; passes that are timed have so many.
  uint32_t tokensPerPass = 1;
  /// See PipelineOptions::evenLayers.
  bool evenLayers = false;
  /// See PipelineOptions::accumulate.
  std::string accumulate = "mixed";
  unsigned threads = 1;
  /// Nothing is simulated.
  bool predict = false;
  bool asJson = false;
};

/// Adds those of them to `command` that are options of both benchmarks: all but
/// the context, the objective and the tokens of a pass.
void addDecodeRunOptions(CLI::App &command, DecodeRunOptions &options);

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

/// Fails where `wsec verify` would. Images are checked before they are timed,
/// once, with the map that they run under.
Status checkGuarantees(const CompiledImage &compiled);

/// Runs requests for timing only, to their end.
Result<TokenRun> timeRequests(const DecodeRunOptions &options,
                              const CompiledImage &compiled,
                              const std::vector<TokenRequest> &requests);
/// Cycles of a pass, from its ids to the one that is sampled, at the end of the
/// context.
Result<uint64_t> timePass(const DecodeRunOptions &options,
                          const CompiledImage &compiled);
/// Cycles from one sampled token to the next at the end of the context: a pass
/// of one token.
Result<uint64_t> timeToken(const DecodeRunOptions &options,
                           const CompiledImage &compiled);
/// Tokens before the last two passes of the context, which has room for two.
inline uint64_t beforeLastPasses(const DecodeRunOptions &options) {
  return options.context - 2 * options.tokensPerPass;
}
/// Cycles from a pass to the next whose ids are known, behind `position`
/// tokens.
Result<uint64_t> timeNextPass(const DecodeRunOptions &options,
                              const CompiledImage &compiled, uint64_t position);
/// Cycles from one sampled token to the next of another request.
Result<uint64_t> timeNextSample(const DecodeRunOptions &options,
                                const CompiledImage &compiled);

/// The layer stages of an image, which all have rectangles of one size.
struct LayerStages {
  int64_t stages = 0, layers = 0;
  Rect rect;
};
LayerStages layerStages(const Image &image);

} // namespace wafer

#endif // WAFER_LIB_COMPILERDRIVER_DECODERUN_H
