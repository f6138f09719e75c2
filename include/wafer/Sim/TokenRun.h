// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenRun.h - Feeding prompts and collecting tokens -------*- C++ -*-===//
//
// The host's half of the protocol of images that generate tokens (docs/run.md).
// The image has an input port "prompt", which takes commands, and an output
// port "tokens" (wafer/Image/TokenCommand.h). The ids of a prompt follow each
// other through the stages, as many in a pass as the image takes; the last one,
// and every id fed back, samples. Requests in flight take turns: each has one
// pass that samples and is awaited, in the order of the requests.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SIM_TOKENRUN_H
#define WAFER_SIM_TOKENRUN_H

#include "wafer/Sim/Engine.h"

#include <functional>
#include <optional>

namespace wafer {

/// What the model JSON and the ports of an image say about its tokens.
struct TokenProtocol {
  std::string model;
  unsigned promptPort = 0;
  unsigned tokenPort = 0;
  uint32_t vocab = 0;
  /// Positions the KV cache holds.
  uint32_t context = 0;
  /// Most requests in flight; each has a cache for `context` positions.
  uint32_t inFlight = 1;
  /// Most tokens of a pass.
  uint32_t tokensPerPass = 1;
  /// Rows of a layer stage (position mod rows owns it), and the size of the low
  /// rotary table.
  uint32_t rows = 1;
  uint32_t low = 1;
  std::optional<uint32_t> bos;
  std::vector<uint32_t> eos;
  bool stopAtEos = false;
  /// A generated id that is not in the vocabulary ends the run: the wafer says
  /// that no logit was a number. Off where values are not computed.
  bool stopAtInvalid = true;

  bool isEos(uint32_t id) const;
  bool isInvalid(uint32_t id) const { return id >= vocab; }
  /// Checks that the prompt is not empty, that its ids are in the vocabulary,
  /// and that, behind `position`, it and all but the last of `tokens` generated
  /// ones, which is not fed, have a place in the context.
  Status check(const std::vector<uint32_t> &prompt, uint64_t tokens,
               uint64_t position = 0) const;
};

/// Reads them; nothing where the model names no protocol. Fails on a protocol
/// that is not known and on fields or ports that are missing.
Result<std::optional<TokenProtocol>> readTokenProtocol(const Image &image);

/// A prompt, and what is wanted of it.
struct TokenRequest {
  std::vector<uint32_t> prompt;
  /// Tokens to be generated, at least one.
  uint32_t tokens = 1;
  /// Positions before the prompt, whose caches the cores hold.
  uint64_t position = 0;
};

/// What came of one.
struct RequestRun {
  std::vector<uint32_t> generated;
  /// When each generated token reached the host.
  std::vector<Cycle> arrivals;
};

struct TokenRun {
  /// HostSatisfied unless the run stopped before the last token.
  Outcome outcome;
  std::vector<RequestRun> requests;

  const RequestRun &first() const { return requests.front(); }
  /// When the last word came.
  Cycle lastArrival() const;
  /// Steady state of a single request: cycles from one generated token to the
  /// next; with one token, from the start. Of several: cycles from any token to
  /// the next one, from the first of the request that was last to begin.
  double cyclesPerToken() const;
};

/// Who is told of a run while it goes on.
struct TokenObserver {
  /// Every step of the only request, those of the prompt too, one after the
  /// other: the id that was fed and the one the wafer chose, when that leaves
  /// the wafer, so that the cores hold what this step left. A failure ends the
  /// run.
  std::function<Status(uint32_t fed, uint32_t chosen)> onStep;
  /// Every generated token, when it arrives; with onStep, when it leaves.
  std::function<void(size_t request, uint32_t id)> onToken;
};

/// Runs requests to the tokens that they want, or to the end of text where the
/// protocol stops there. The engine must be fresh; there are at most `inFlight`
/// requests, and each must have passed check(). Fails only where the observer
/// does.
Result<TokenRun> runTokens(Engine &engine, const TokenProtocol &protocol,
                           const std::vector<TokenRequest> &requests,
                           Cycle maxCycles, const TokenObserver &observer = {});

} // namespace wafer

#endif // WAFER_SIM_TOKENRUN_H
