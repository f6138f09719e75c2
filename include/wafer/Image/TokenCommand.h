// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenCommand.h - What the host asks of a model -----------*- C++ -*-===//
//
// The words of protocol tokens-v2 (docs/run.md). The host sends commands; the
// loop of the model makes messages of them, which the embedding takes; the
// header of a message goes through all stages with the hidden state. So no core
// counts positions, and any position of any request may follow any other.
//
//   command  [await, feed, id, header]     to the loop
//   message  [id, header]                  to the embedding
//   header   [turns, turn, low, high, slot, sample]
//
// A program of several tokens a pass takes 1 to M ids of one request at
// consecutive positions (docs/design/tokens-per-pass.md). Its commands and
// messages have room for M ids, the header is that of the first one, and says
// how many there are:
//
//   command  [await, feed, ids, header]    ids: M words
//   message  [header, ids]
//   header   [turns, turn, low, high, slot, sample, count]
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_TOKENCOMMAND_H
#define WAFER_IMAGE_TOKENCOMMAND_H

namespace wafer {

/// Words of a command.
enum CommandWord : int {
  /// 1: before anything else, take the id that the head found for the oldest
  /// pass that samples and has not been awaited.
  kCommandAwait,
  /// What is fed: see CommandFeed.
  kCommandFeed,
  kCommandId,
  kCommandHeader,
};

enum CommandFeed : int {
  kFeedNothing, // no pass
  kFeedId,      // the id of the command
  kFeedAwaited, // the id that this command awaited
};

/// Words of a header.
enum HeaderWord : int {
  /// position / rows and position mod rows of a stage: how many positions every
  /// row has, and the row that owns this one.
  kHeaderTurns,
  kHeaderTurn,
  /// position mod and / the size of the low rotary table.
  kHeaderLow,
  kHeaderHigh,
  /// The request whose cache is used.
  kHeaderSlot,
  /// 1: the head looks for the next id and sends it to the loop.
  kHeaderSample,
  kHeaderWords,
  /// Of several tokens a pass only: how many there are, 1 to M. The head looks
  /// behind the last one.
  kHeaderCount = kHeaderWords,
};

inline constexpr int kMessageWords = 1 + kHeaderWords;
inline constexpr int kCommandWords = kCommandHeader + kHeaderWords;

/// Words of a header and of a command where a pass has at most so many tokens,
/// and where the header begins in the latter.
inline constexpr int headerWords(int tokens) {
  return kHeaderWords + (tokens > 1 ? 1 : 0);
}
inline constexpr int commandHeader(int tokens) { return kCommandId + tokens; }
inline constexpr int commandWords(int tokens) {
  return commandHeader(tokens) + headerWords(tokens);
}

/// Most tokens of a pass.
inline constexpr int kMostTokensPerPass = 64;

/// Most requests in flight on a wafer with so many layer stages: each stage,
/// the embedding and the head hold one, so none waits for another, however
/// shallow the queues are.
inline constexpr unsigned mostInFlight(unsigned layerStages) {
  return layerStages + 2;
}

} // namespace wafer

#endif // WAFER_IMAGE_TOKENCOMMAND_H
