// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenizerSpm.cpp - SentencePiece vocabularies, merged by score -----===//
#include "AddedTokens.h"
#include "MergeQueue.h"
#include "TokenizerImpl.h"
#include "Unicode.h"

#include <cmath>
#include <fmt/format.h>
#include <unordered_map>

using namespace wafer;

namespace {

/// U+2581, which stands for a space in the vocabulary.
constexpr std::string_view kSpaceMark = "\xe2\x96\x81";

std::vector<AddedToken> addedTokensOf(const SpmData &data) {
  std::vector<AddedToken> added;
  for (uint32_t id = 0; id < data.tokens.size(); ++id) {
    if (data.kinds[id] == TokenKind::Control ||
        data.kinds[id] == TokenKind::UserDefined) {
      AddedToken token;
      token.id = id;
      token.text = data.tokens[id];
      added.push_back(std::move(token));
    }
  }
  return added;
}

class SpmTokenizer : public Tokenizer {
public:
  explicit SpmTokenizer(SpmData given)
      : data(std::move(given)), finder(addedTokensOf(data)) {
    byteIds.fill(kNone);
    for (uint32_t id = 0; id < data.tokens.size(); ++id) {
      if (data.kinds[id] == TokenKind::Byte) {
        // Checked: the text of every byte token parses.
        byteIds[*parseByteToken(data.tokens[id])] = id;
      } else if (data.kinds[id] == TokenKind::Normal ||
                 data.kinds[id] == TokenKind::UserDefined) {
        ids[data.tokens[id]] = id;
      }
    }
  }

  std::vector<uint32_t> encode(const std::string &text) const override {
    std::vector<uint32_t> out;
    encodeInto(text, out);
    return out;
  }

  Status checkText(const std::string &text) const override {
    std::vector<uint32_t> out;
    std::string unknown = encodeInto(text, out);
    return unknown.empty() ? Status::success() : Status(unspellable(unknown));
  }

  std::string decode(const std::vector<uint32_t> &sequence) const override {
    std::string text;
    bool first = true;
    for (uint32_t id : sequence) {
      text += piece(id, first);
      first = first && !hasText(id);
    }
    return text;
  }

  std::string decodeOne(uint32_t id, bool first) const override {
    return piece(id, first);
  }
  uint32_t vocabSize() const override { return uint32_t(data.tokens.size()); }
  std::optional<uint32_t> bos() const override { return data.bos; }
  std::string toJson() const override { return toJsonText(data); }

private:
  static constexpr uint32_t kNone = 0xffffffff;

  bool hasText(uint32_t id) const {
    if (id >= data.tokens.size()) {
      return false;
    }
    TokenKind kind = data.kinds[id];
    return kind == TokenKind::Normal || kind == TokenKind::UserDefined ||
           kind == TokenKind::Byte;
  }

  std::string piece(uint32_t id, bool first) const {
    if (!hasText(id)) {
      return "";
    }
    if (data.kinds[id] == TokenKind::Byte) {
      return std::string(1, char(*parseByteToken(data.tokens[id])));
    }
    std::string text = replaceAll(data.tokens[id], kSpaceMark, " ");
    // The space that encoding put in front.
    if (first && data.addSpacePrefix && !text.empty() && text[0] == ' ') {
      text.erase(0, 1);
    }
    return text;
  }

  /// Returns the first character that nothing stands for, if there is one.
  std::string encodeInto(std::string_view text,
                         std::vector<uint32_t> &out) const {
    std::string unknown;
    for (const TextPiece &part : finder.split(text)) {
      if (part.token) {
        out.push_back(*part.token);
        continue;
      }
      std::string marked = replaceAll(part.text, " ", kSpaceMark);
      if (data.addSpacePrefix) {
        marked.insert(0, kSpaceMark);
      }
      encodePiece(marked, out, unknown);
    }
    return unknown;
  }

  void encodePiece(const std::string &text, std::vector<uint32_t> &out,
                   std::string &unknown) const {
    std::vector<MergeSymbol> symbols;
    for (size_t i = 0; i < text.size();) {
      uint32_t length = decodeUtf8(text, i).length;
      symbols.push_back({i, length, kNone});
      i += length;
    }
    auto find = [&](const MergeSymbol &left,
                    const MergeSymbol &right) -> std::optional<MergeResult> {
      auto found =
          ids.find(text.substr(left.offset, left.length + right.length));
      if (found == ids.end()) {
        return std::nullopt;
      }
      return MergeResult{-double(data.scores[found->second]), found->second};
    };
    for (const MergeSymbol &symbol : mergeGreedily(std::move(symbols), find)) {
      const std::string part = text.substr(symbol.offset, symbol.length);
      auto found = ids.find(part);
      if (found != ids.end()) {
        out.push_back(found->second);
      } else {
        encodeBytes(part, out, unknown);
      }
    }
  }

  /// A character that is no token: its bytes, or the unknown token.
  void encodeBytes(const std::string &part, std::vector<uint32_t> &out,
                   std::string &unknown) const {
    bool spelled = true;
    for (char c : part) {
      spelled = spelled && byteIds[uint8_t(c)] != kNone;
    }
    if (spelled) {
      for (char c : part) {
        out.push_back(byteIds[uint8_t(c)]);
      }
    } else if (data.unknown) {
      out.push_back(*data.unknown);
    } else if (unknown.empty()) {
      unknown = part;
    }
  }

  SpmData data;
  AddedTokenFinder finder;
  std::unordered_map<std::string, uint32_t> ids;
  std::array<uint32_t, 256> byteIds;
};

} // namespace

TokenizerResult wafer::makeSpmTokenizer(SpmData data,
                                        const std::string &where) {
  const size_t count = data.tokens.size();
  if (count == 0 || count > kMaxVocabulary || data.scores.size() != count ||
      data.kinds.size() != count) {
    return Diagnostic{
        "the vocabulary of the tokenizer is not usable", where,
        fmt::format("1 to {} tokens, each with a score and a kind",
                    kMaxVocabulary),
        fmt::format("{} tokens, {} scores, {} kinds", count, data.scores.size(),
                    data.kinds.size()),
        ""};
  }
  for (size_t id = 0; id < count; ++id) {
    bool kindIsKnown = data.kinds[id] >= TokenKind::Normal &&
                       data.kinds[id] <= TokenKind::Byte;
    bool byteIsGood =
        data.kinds[id] != TokenKind::Byte || parseByteToken(data.tokens[id]);
    if (!std::isfinite(data.scores[id]) || !kindIsKnown || !byteIsGood) {
      return Diagnostic{
          fmt::format("token {} of the tokenizer is not usable", id), where,
          "a finite score, a kind from 1 to 6 and, for a byte, a text such as "
          "'<0x0A>'",
          fmt::format("score {}, kind {}", data.scores[id],
                      unsigned(data.kinds[id])),
          ""};
    }
  }
  for (const std::optional<uint32_t> &id : {data.unknown, data.bos}) {
    if (id && *id >= count) {
      return Diagnostic{
          "a special token of the tokenizer is outside the vocabulary", where,
          fmt::format("an id below {}", count), fmt::to_string(*id), ""};
    }
  }
  return std::shared_ptr<const Tokenizer>(
      std::make_shared<SpmTokenizer>(std::move(data)));
}
