// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenRun.h - Feeding prompts and collecting tokens -------*- C++ -*-===//
//
// The host's half of the protocol of images that generate tokens (docs/run.md).
// The image has an input port "prompt" and an output port "tokens". The host
// sends [prompt length, steps, ids ...] with steps = prompt length + tokens
// wanted - 1; after every step the wafer sends one word, the id it chose. The
// words of steps below prompt length - 1 are no tokens: the prompt goes on.
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
  std::optional<uint32_t> bos;
  std::vector<uint32_t> eos;
  bool stopAtEos = false;
  /// A generated id that is not in the vocabulary ends the run: the wafer says
  /// that no logit was a number. Off where values are not computed.
  bool stopAtInvalid = true;
  /// The buffer of seven words in which a core counts positions; empty where
  /// the image does not say. Words 0, 2, 3 and 4 are state: positions that the
  /// row holds, position mod rows, position mod `positionLow`, position /
  /// `positionLow`.
  std::string positionBuffer;
  uint32_t positionLow = 0;

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

/// Makes the cores of a fresh engine believe that `position` tokens went by.
/// The caches keep what they hold (zeros at the start). Fails where the image
/// has no counters or the context is shorter.
Status setPosition(Engine &engine, const Image &image,
                   const TokenProtocol &protocol, uint64_t position);

struct TokenRun {
  /// HostSatisfied unless the run stopped before the last token.
  Outcome outcome;
  std::vector<uint32_t> generated;
  /// When the word of each step reached the host.
  std::vector<Cycle> arrivals;
  /// Index of the step that gave the first generated token.
  size_t firstStep = 0;

  /// Steady state: cycles from one generated token to the next. With a single
  /// one, those from the word before it, or from the start.
  double cyclesPerToken() const;
};

/// Who is told of a run while it goes on.
struct TokenObserver {
  /// Every step: the id that was fed and the one the wafer chose, when that
  /// leaves the wafer, so that the cores hold what this step left. A failure
  /// ends the run.
  std::function<Status(uint32_t fed, uint32_t chosen)> onStep;
  /// Every generated token, when it arrives; with onStep, when it leaves.
  std::function<void(uint32_t)> onToken;
};

/// Runs one prompt to `tokens` generated tokens (at least one), or to the end
/// of text where the protocol stops there. The engine must be fresh; the
/// arguments must have passed check(). Fails only where the observer does.
Result<TokenRun> runTokens(Engine &engine, const TokenProtocol &protocol,
                           const std::vector<uint32_t> &prompt, uint32_t tokens,
                           Cycle maxCycles, const TokenObserver &observer = {});

} // namespace wafer

#endif // WAFER_SIM_TOKENRUN_H
