// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenizerBpe.cpp - Byte-pair encoding ------------------------------===//
//
// Text passes these stages, each of which may be empty: added tokens are cut
// out; what is left is normalized; it is cut into words; the characters of a
// word, or the names of its bytes, are merged by rank.
//
//===----------------------------------------------------------------------===//
#include "AddedTokens.h"
#include "MergeQueue.h"
#include "TokenizerImpl.h"
#include "Unicode.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

using namespace wafer;

namespace {

constexpr size_t kMaxSteps = 4;
constexpr size_t kMaxReplacement = 16;

/// The printable characters that stand for bytes: a byte that prints in Latin-1
/// is itself; the others follow from U+0100 in their order.
struct ByteAlphabet {
  std::array<uint32_t, 256> ofByte;
  std::unordered_map<uint32_t, uint8_t> toByte;

  ByteAlphabet() {
    uint32_t next = 0x100;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      bool prints = (byte >= 0x21 && byte <= 0x7e) ||
                    (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
      ofByte[byte] = prints ? byte : next++;
      toByte.emplace(ofByte[byte], uint8_t(byte));
    }
  }

  std::string encode(std::string_view text) const {
    std::string result;
    for (char c : text) {
      appendUtf8(result, ofByte[uint8_t(c)]);
    }
    return result;
  }

  /// A text with a character outside the alphabet is kept as it is.
  std::string decode(const std::string &text) const {
    std::string result;
    for (size_t i = 0; i < text.size();) {
      DecodedChar c = decodeUtf8(text, i);
      auto found = toByte.find(c.codePoint);
      if (found == toByte.end()) {
        return text;
      }
      result += char(found->second);
      i += c.length;
    }
    return result;
  }
};

std::string applyNormalization(std::string_view given,
                               const std::vector<Normalization> &steps) {
  std::string text(given);
  for (const Normalization &step : steps) {
    switch (step.kind) {
    case Normalization::Kind::Prepend:
      if (!text.empty()) {
        text.insert(0, step.to);
      }
      break;
    case Normalization::Kind::Replace:
      text = replaceAll(text, step.from, step.to);
      break;
    case Normalization::Kind::Nfc:
      text = toNfc(text);
      break;
    }
  }
  return text;
}

/// The added tokens that are looked for before (or after) normalization.
std::vector<AddedToken> selectAdded(const BpeData &data, bool normalized) {
  std::vector<AddedToken> selected;
  for (AddedToken token : data.added) {
    if (token.normalized == normalized) {
      if (normalized) {
        token.text = applyNormalization(token.text, data.normalizer);
      }
      selected.push_back(std::move(token));
    }
  }
  return selected;
}

class BpeTokenizer : public Tokenizer {
public:
  explicit BpeTokenizer(BpeData given)
      : data(std::move(given)), rawFinder(selectAdded(data, false)),
        normalizedFinder(selectAdded(data, true)) {
    for (uint32_t id = 0; id < data.tokens.size(); ++id) {
      if (!data.tokens[id].empty()) {
        ids.emplace(data.tokens[id], id);
      }
    }
    for (uint32_t rank = 0; rank < data.merges.size(); ++rank) {
      const BpeData::Merge &merge = data.merges[rank];
      merges.emplace(pairKey(merge.left, merge.right),
                     MergeResult{double(rank), merge.result});
    }
    isSpecial.resize(data.tokens.size());
    for (const AddedToken &token : data.added) {
      isSpecial[token.id] = token.special;
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
      auto found = ids.find(byteTokenText(uint8_t(byte)));
      byteIds[byte] = found == ids.end() ? kNone : found->second;
    }
  }

  std::vector<uint32_t> encode(const std::string &text) const override {
    Encoding encoding;
    encodeText(text, encoding);
    return std::move(encoding.ids);
  }

  Status checkText(const std::string &text) const override {
    Encoding encoding;
    encodeText(text, encoding);
    return encoding.lost.empty() ? Status::success()
                                 : Status(unspellable(encoding.lost));
  }

  std::string decode(const std::vector<uint32_t> &sequence) const override {
    std::string text;
    bool first = true;
    for (uint32_t id : sequence) {
      if (hasText(id)) {
        text += piece(id, first);
        first = false;
      }
    }
    return text;
  }

  std::string decodeOne(uint32_t id, bool first) const override {
    return hasText(id) ? piece(id, first) : "";
  }
  uint32_t vocabSize() const override { return uint32_t(data.tokens.size()); }
  std::optional<uint32_t> bos() const override { return data.bos; }
  std::string toJson() const override { return toJsonText(data); }

private:
  static constexpr uint32_t kNone = 0xffffffff;
  static uint64_t pairKey(uint32_t left, uint32_t right) {
    return uint64_t(left) << 32 | right;
  }

  struct Encoding {
    std::vector<uint32_t> ids;
    /// The first character that was left out.
    std::string lost;
  };

  void encodeText(std::string_view text, Encoding &encoding) const {
    bool atStart = true;
    for (const TextPiece &raw : rawFinder.split(text)) {
      if (raw.token) {
        encoding.ids.push_back(*raw.token);
      } else {
        const std::string normal =
            applyNormalization(raw.text, data.normalizer);
        for (const TextPiece &part : normalizedFinder.split(normal)) {
          if (part.token) {
            encoding.ids.push_back(*part.token);
          } else {
            encodePiece(std::string(part.text), atStart, encoding);
          }
          atStart = false;
        }
      }
      atStart = false;
    }
  }

  void encodePiece(std::string text, bool atStart, Encoding &encoding) const {
    if (data.pre.addPrefixSpace && text[0] != ' ') {
      text.insert(0, " ");
    }
    for (std::string_view word : cutMetaspace(text, atStart)) {
      for (std::string_view part : splitWords(word, data.pre.split)) {
        encodeWord(data.pre.byteLevel ? alphabet.encode(part)
                                      : std::string(part),
                   encoding);
      }
    }
  }

  /// Marks the spaces of `text` and cuts it before each mark; `text` itself
  /// where there is no metaspace. The views point into `text`.
  std::vector<std::string_view> cutMetaspace(std::string &text,
                                             bool atStart) const {
    const std::string &mark = data.pre.metaspace;
    if (mark.empty()) {
      return {text};
    }
    text = replaceAll(text, " ", mark);
    bool prepend =
        data.pre.prepend == PreTokenization::Prepend::Always ||
        (data.pre.prepend == PreTokenization::Prepend::First && atStart);
    if (prepend && text.compare(0, mark.size(), mark) != 0) {
      text.insert(0, mark);
    }
    if (!data.pre.metaspaceSplit) {
      return {text};
    }
    std::vector<std::string_view> words;
    std::string_view rest = text;
    while (!rest.empty()) {
      size_t end = std::min(rest.find(mark, 1), rest.size());
      words.push_back(rest.substr(0, end));
      rest.remove_prefix(end);
    }
    return words;
  }

  void encodeWord(const std::string &word, Encoding &encoding) const {
    if (data.ignoreMerges) {
      auto found = ids.find(word);
      if (found != ids.end()) {
        encoding.ids.push_back(found->second);
        return;
      }
    }
    auto find = [&](const MergeSymbol &left,
                    const MergeSymbol &right) -> std::optional<MergeResult> {
      auto found = merges.find(pairKey(left.id, right.id));
      return found == merges.end() ? std::nullopt
                                   : std::optional<MergeResult>(found->second);
    };
    for (const MergeSymbol &symbol :
         mergeGreedily(symbolsOf(word, encoding), find)) {
      encoding.ids.push_back(symbol.id);
    }
  }

  std::vector<MergeSymbol> symbolsOf(const std::string &word,
                                     Encoding &encoding) const {
    std::vector<MergeSymbol> symbols;
    bool afterUnknown = false;
    for (size_t i = 0; i < word.size();) {
      const uint32_t length = decodeUtf8(word, i).length;
      const std::string character = word.substr(i, length);
      auto found = ids.find(character);
      bool known = found != ids.end();
      if (known) {
        symbols.push_back({i, length, found->second});
      } else if (!addBytes(character, i, symbols)) {
        if (data.unknown && data.fuseUnknown && afterUnknown) {
          symbols.back().length += length;
        } else if (data.unknown) {
          symbols.push_back({i, length, *data.unknown});
        } else if (encoding.lost.empty()) {
          encoding.lost = character;
        }
        afterUnknown = data.unknown.has_value();
        i += length;
        continue;
      }
      afterUnknown = false;
      i += length;
    }
    return symbols;
  }

  /// One symbol for each byte of the character, if all have a token.
  bool addBytes(const std::string &character, size_t offset,
                std::vector<MergeSymbol> &symbols) const {
    if (!data.byteFallback) {
      return false;
    }
    for (char c : character) {
      if (byteIds[uint8_t(c)] == kNone) {
        return false;
      }
    }
    for (char c : character) {
      symbols.push_back({offset++, 1, byteIds[uint8_t(c)]});
    }
    return true;
  }

  bool hasText(uint32_t id) const {
    return id < data.tokens.size() && !isSpecial[id] &&
           !data.tokens[id].empty();
  }

  std::string piece(uint32_t id, bool first) const {
    const Decoding &decoding = data.decoding;
    std::string text = data.tokens[id];
    if (decoding.byteLevel) {
      return alphabet.decode(text);
    }
    for (const Normalization &step : decoding.replaces) {
      text = replaceAll(text, step.from, step.to);
    }
    if (decoding.byteFallback) {
      if (std::optional<uint8_t> byte = parseByteToken(text)) {
        text.assign(1, char(*byte));
      }
    }
    if (!decoding.metaspace.empty()) {
      text = replaceAll(text, decoding.metaspace,
                        first && !decoding.metaspaceKeepFirst ? "" : " ");
    }
    if (first) {
      const std::string &strip = decoding.stripText;
      for (uint32_t i = 0;
           i < decoding.stripCount && text.compare(0, strip.size(), strip) == 0;
           ++i) {
        text.erase(0, strip.size());
      }
    } else if (decoding.joinWithSpace) {
      text.insert(0, " ");
    }
    return text;
  }

  BpeData data;
  AddedTokenFinder rawFinder;
  AddedTokenFinder normalizedFinder;
  ByteAlphabet alphabet;
  std::unordered_map<std::string, uint32_t> ids;
  std::unordered_map<uint64_t, MergeResult> merges;
  std::vector<bool> isSpecial;
  std::array<uint32_t, 256> byteIds;
};

} // namespace

Status wafer::resolveMerges(
    const std::vector<std::pair<std::string, std::string>> &pairs,
    BpeData &data, const std::string &where) {
  std::unordered_map<std::string_view, uint32_t> ids;
  for (uint32_t id = 0; id < data.tokens.size(); ++id) {
    ids.emplace(data.tokens[id], id);
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto &[left, right] = pairs[i];
    const std::string whole = left + right;
    auto leftId = ids.find(left), rightId = ids.find(right),
         result = ids.find(whole);
    if (left.empty() || right.empty() || leftId == ids.end() ||
        rightId == ids.end() || result == ids.end()) {
      return Diagnostic{
          fmt::format("merge {} of the tokenizer is not usable", i), where,
          "two tokens that together are a token",
          fmt::format("'{}' and '{}'", left, right), ""};
    }
    data.merges.push_back({leftId->second, rightId->second, result->second});
  }
  return Status::success();
}

TokenizerResult wafer::makeBpeTokenizer(BpeData data,
                                        const std::string &where) {
  const size_t count = data.tokens.size();
  if (count == 0 || count > kMaxVocabulary) {
    return Diagnostic{"the vocabulary of the tokenizer is not usable", where,
                      fmt::format("1 to {} tokens", kMaxVocabulary),
                      fmt::format("{}", count), ""};
  }
  auto outside = [&](const char *what, uint32_t id) {
    return Diagnostic{
        fmt::format("{} of the tokenizer is outside the vocabulary", what),
        where, fmt::format("an id below {}", count), fmt::to_string(id), ""};
  };
  for (const BpeData::Merge &merge : data.merges) {
    for (uint32_t id : {merge.left, merge.right, merge.result}) {
      if (id >= count) {
        return outside("a merge", id);
      }
    }
  }
  for (const AddedToken &token : data.added) {
    if (token.id >= count) {
      return outside("an added token", token.id);
    }
  }
  for (const std::optional<uint32_t> &id : {data.unknown, data.bos}) {
    if (id && *id >= count) {
      return outside("a special token", *id);
    }
  }
  // The limits keep a text from growing without bound.
  auto isBad = [](const Normalization &step) {
    return (step.kind == Normalization::Kind::Replace && step.from.empty()) ||
           step.to.size() > kMaxReplacement;
  };
  for (const auto *steps : {&data.normalizer, &data.decoding.replaces}) {
    if (steps->size() > kMaxSteps ||
        std::any_of(steps->begin(), steps->end(), isBad)) {
      return Diagnostic{
          "the replacements of the tokenizer are not usable", where,
          fmt::format("at most {} that replace something by at most {} bytes",
                      kMaxSteps, kMaxReplacement),
          "", ""};
    }
  }
  if (data.decoding.stripCount > 0 && data.decoding.stripText.empty()) {
    return Diagnostic{"the tokenizer strips an empty text", where, "", "", ""};
  }
  return std::shared_ptr<const Tokenizer>(
      std::make_shared<BpeTokenizer>(std::move(data)));
}
