// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenizerImpl.h - The two kinds of tokenizers ------------*- C++ -*-===//
//
// A tokenizer is a plain description (SpmData or BpeData), read from a model
// file or from our own JSON form, and an immutable object built from it after
// the description has been checked.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MODEL_TOKENIZERIMPL_H
#define WAFER_LIB_MODEL_TOKENIZERIMPL_H

#include "Json.h"
#include "PreTokenizer.h"
#include "wafer/Model/Model.h"

#include <string_view>

namespace wafer {

struct GgufFile;

using TokenizerResult = Result<std::shared_ptr<const Tokenizer>>;

TokenizerResult tokenizerFromGguf(const GgufFile &gguf);
/// From the text of a Hugging Face tokenizer.json.
TokenizerResult tokenizerFromHf(std::string_view text,
                                const std::string &where);

/// What a token of a SentencePiece vocabulary is; the numbers of the formats.
enum class TokenKind : uint8_t {
  Normal = 1,
  Unknown,
  Control,
  UserDefined,
  Unused,
  Byte
};

/// A SentencePiece vocabulary whose pieces are merged by score.
struct SpmData {
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<TokenKind> kinds;
  /// Put a space in front of the text.
  bool addSpacePrefix = true;
  std::optional<uint32_t> unknown;
  std::optional<uint32_t> bos;
};
TokenizerResult makeSpmTokenizer(SpmData data, const std::string &where);

/// A token that is found in the text before it is cut into words.
struct AddedToken {
  uint32_t id = 0;
  std::string text;
  /// Swallow white space to the left or right of it.
  bool stripLeft = false;
  bool stripRight = false;
  /// Found only where no letter, number or underscore is next to it.
  bool singleWord = false;
  /// Looked for in the normalized text.
  bool normalized = false;
  /// Left out of decoded text.
  bool special = false;
};

/// One step of the normalization of text.
struct Normalization {
  enum class Kind : uint8_t { Prepend, Replace, Nfc } kind = Kind::Nfc;
  std::string from; // Replace
  std::string to;   // Replace and Prepend
};

/// How the words of a text become the symbols that are merged.
struct PreTokenization {
  SplitRule split = SplitRule::None;
  /// Every byte becomes one of 256 printable characters.
  bool byteLevel = false;
  /// A space in front of every piece of text that has none.
  bool addPrefixSpace = false;
  /// Metaspace: spaces become `metaspace`, when it is not empty.
  std::string metaspace;
  enum class Prepend : uint8_t {
    Never,
    First,
    Always
  } prepend = Prepend::Never;
  bool metaspaceSplit = false;
};

/// How tokens become text again.
struct Decoding {
  bool byteLevel = false;
  bool byteFallback = false;
  /// Tokens are separated by a space (the rule where there is no decoder).
  bool joinWithSpace = false;
  /// Replaced in every token, in order.
  std::vector<Normalization> replaces;
  /// `stripCount` times `stripText` is taken from the start of the text.
  std::string stripText;
  uint32_t stripCount = 0;
  /// Metaspace: becomes a space, or nothing in the first token.
  std::string metaspace;
  bool metaspaceKeepFirst = false;
};

/// Byte-pair encoding in all variants that we read.
struct BpeData {
  /// Text of each id; ids without a token have an empty text.
  std::vector<std::string> tokens;
  struct Merge {
    uint32_t left;
    uint32_t right;
    uint32_t result;
  };
  /// In the order of their rank.
  std::vector<Merge> merges;
  std::vector<AddedToken> added;
  std::vector<Normalization> normalizer;
  PreTokenization pre;
  Decoding decoding;
  bool byteFallback = false;
  /// A word that is a token is not cut at all.
  bool ignoreMerges = false;
  bool fuseUnknown = false;
  std::optional<uint32_t> unknown;
  std::optional<uint32_t> bos;
};
TokenizerResult makeBpeTokenizer(BpeData data, const std::string &where);

/// Resolves merges given as pairs of texts; an error names the first one whose
/// parts or result are no tokens.
Status
resolveMerges(const std::vector<std::pair<std::string, std::string>> &pairs,
              BpeData &data, const std::string &where);

// Our own JSON form (TokenizerJson.cpp).
std::string toJsonText(const SpmData &data);
std::string toJsonText(const BpeData &data);

/// "<0x0A>", the name of a byte in vocabularies with byte fallback.
std::string byteTokenText(uint8_t byte);
std::optional<uint8_t> parseByteToken(std::string_view text);

/// The error of Tokenizer::checkText.
Diagnostic unspellable(const std::string &character);

/// The most tokens that a vocabulary may have.
inline constexpr uint64_t kMaxVocabulary = 1 << 24;

} // namespace wafer

#endif // WAFER_LIB_MODEL_TOKENIZERIMPL_H
