// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- AddedTokens.h - Tokens that stand for themselves in text -*- C++ -*-===//
#ifndef WAFER_LIB_MODEL_ADDEDTOKENS_H
#define WAFER_LIB_MODEL_ADDEDTOKENS_H

#include "TokenizerImpl.h"

#include <array>

namespace wafer {

/// A stretch of text, or an added token found in it.
struct TextPiece {
  std::string_view text;
  std::optional<uint32_t> token;
};

/// Finds added tokens in text: the leftmost one first, the longest of several
/// that start there.
class AddedTokenFinder {
public:
  explicit AddedTokenFinder(const std::vector<AddedToken> &tokens);
  /// The pieces of `text` in order; stretches are not empty.
  std::vector<TextPiece> split(std::string_view text) const;

private:
  const AddedToken *findAt(std::string_view text, size_t position) const;

  std::vector<AddedToken> tokens;
  /// Indices of the tokens by their first byte, longest first.
  std::array<std::vector<uint32_t>, 256> byFirstByte;
};

} // namespace wafer

#endif // WAFER_LIB_MODEL_ADDEDTOKENS_H
