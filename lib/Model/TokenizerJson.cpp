// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenizerJson.cpp - The tokenizer's own JSON form ------------------===//
//
//   {"format": "wafer-tokenizer", "version": 1, "kind": "spm" | "bpe", ...}
//
// A text is a JSON string, or a list of bytes where it is not valid UTF-8.
//
//===----------------------------------------------------------------------===//
#include "TokenizerImpl.h"
#include "Unicode.h"

#include <fmt/format.h>

using namespace wafer;

namespace {

constexpr const char *kFormat = "wafer-tokenizer";

Json textToJson(const std::string &text) {
  if (isValidUtf8(text)) {
    return text;
  }
  Json bytes = Json::array();
  for (char c : text) {
    bytes.push_back(uint8_t(c));
  }
  return bytes;
}

Json textsToJson(const std::vector<std::string> &texts) {
  Json list = Json::array();
  for (const std::string &text : texts) {
    list.push_back(textToJson(text));
  }
  return list;
}

std::optional<std::string> textFromJson(const Json &json) {
  if (json.is_string()) {
    return json.get<std::string>();
  }
  if (!json.is_array()) {
    return std::nullopt;
  }
  std::string text;
  for (const Json &byte : json) {
    if (!byte.is_number_unsigned() || byte.get<uint64_t>() > 255) {
      return std::nullopt;
    }
    text += char(byte.get<uint8_t>());
  }
  return text;
}

Json header(const char *kind) {
  Json json = Json::object();
  json["format"] = kFormat;
  json["version"] = 1;
  json["kind"] = kind;
  return json;
}

void setOptional(Json &json, const char *key,
                 const std::optional<uint32_t> &id) {
  if (id) {
    json[key] = *id;
  }
}

const char *nameOf(Normalization::Kind kind) {
  switch (kind) {
  case Normalization::Kind::Prepend:
    return "prepend";
  case Normalization::Kind::Replace:
    return "replace";
  case Normalization::Kind::Nfc:
    return "nfc";
  }
  return "nfc";
}

Json stepsToJson(const std::vector<Normalization> &steps) {
  Json list = Json::array();
  for (const Normalization &step : steps) {
    list.push_back({{"kind", nameOf(step.kind)},
                    {"from", textToJson(step.from)},
                    {"to", textToJson(step.to)}});
  }
  return list;
}

Json addedToJson(const std::vector<AddedToken> &added) {
  Json list = Json::array();
  for (const AddedToken &token : added) {
    list.push_back({{"id", token.id},
                    {"text", textToJson(token.text)},
                    {"strip_left", token.stripLeft},
                    {"strip_right", token.stripRight},
                    {"single_word", token.singleWord},
                    {"normalized", token.normalized},
                    {"special", token.special}});
  }
  return list;
}

constexpr const char *kPrependNames[] = {"never", "first", "always"};

/// Reads our JSON form; errors collect in `root`.
class JsonReader {
public:
  JsonReader(const Json &json, const std::string &where)
      : root(json, where), where(where) {}

  TokenizerResult read() {
    if (root.text("format") != kFormat) {
      root.reject("format", kFormat);
    }
    root.count("version", 1, 1);
    const std::string kind = root.text("kind");
    if (kind == "spm") {
      SpmData data = readSpm();
      return root.failed() ? TokenizerResult(root.status().takeError())
                           : makeSpmTokenizer(std::move(data), where);
    }
    if (kind == "bpe") {
      BpeData data = readBpe();
      return root.failed() ? TokenizerResult(root.status().takeError())
                           : makeBpeTokenizer(std::move(data), where);
    }
    root.reject("kind", "spm or bpe");
    return root.status().takeError();
  }

private:
  void keep(const JsonObject &object) {
    if (object.failed()) {
      root.fail(object.status().takeError());
    }
  }

  std::optional<uint32_t> idOf(const char *key) {
    return root.has(key) ? std::optional<uint32_t>(
                               uint32_t(root.count(key, 0, kMaxVocabulary)))
                         : std::nullopt;
  }

  /// A list, or an empty one after an error.
  const Json &listOf(JsonObject &object, const char *key) {
    static const Json kEmpty = Json::array();
    const Json *list = object.require(key);
    if (list && !list->is_array()) {
      object.reject(key, "a list");
    }
    keep(object);
    return list && list->is_array() ? *list : kEmpty;
  }

  std::string textOf(JsonObject &object, const char *key) {
    const Json *value = object.require(key);
    std::optional<std::string> text = value ? textFromJson(*value) : "";
    if (!text) {
      object.reject(key, "a text");
    }
    return text.value_or("");
  }

  std::vector<std::string> readTokens() {
    std::vector<std::string> tokens;
    for (const Json &token : listOf(root, "tokens")) {
      std::optional<std::string> text = textFromJson(token);
      if (!text) {
        root.reject("tokens", "a list of texts");
        break;
      }
      tokens.push_back(std::move(*text));
    }
    return tokens;
  }

  SpmData readSpm() {
    SpmData data;
    data.tokens = readTokens();
    for (const Json &score : listOf(root, "scores")) {
      if (!score.is_number()) {
        root.reject("scores", "a list of numbers");
        break;
      }
      data.scores.push_back(float(score.get<double>()));
    }
    for (const Json &kind : listOf(root, "kinds")) {
      if (!kind.is_number_unsigned() || kind.get<uint64_t>() > 6) {
        root.reject("kinds", "a list of numbers from 1 to 6");
        break;
      }
      data.kinds.push_back(TokenKind(kind.get<uint8_t>()));
    }
    data.addSpacePrefix = root.flagOr("add_space_prefix", true);
    data.unknown = idOf("unknown");
    data.bos = idOf("bos");
    return data;
  }

  std::vector<Normalization> readSteps(JsonObject &object, const char *key) {
    std::vector<Normalization> steps;
    for (const Json &entry : listOf(object, key)) {
      JsonObject step(entry, where, key);
      Normalization result;
      const std::string kind = step.text("kind");
      if (kind == "prepend" || kind == "replace") {
        result.kind = kind == "prepend" ? Normalization::Kind::Prepend
                                        : Normalization::Kind::Replace;
      } else if (kind != "nfc") {
        step.reject("kind", "prepend, replace or nfc");
      }
      result.from = textOf(step, "from");
      result.to = textOf(step, "to");
      keep(step);
      steps.push_back(std::move(result));
    }
    return steps;
  }

  void readAdded(BpeData &data) {
    for (const Json &entry : listOf(root, "added")) {
      JsonObject object(entry, where, "added");
      AddedToken token;
      token.id = uint32_t(object.count("id", 0, kMaxVocabulary));
      token.text = textOf(object, "text");
      token.stripLeft = object.flagOr("strip_left", false);
      token.stripRight = object.flagOr("strip_right", false);
      token.singleWord = object.flagOr("single_word", false);
      token.normalized = object.flagOr("normalized", false);
      token.special = object.flagOr("special", false);
      keep(object);
      data.added.push_back(std::move(token));
    }
  }

  void readMerges(BpeData &data) {
    const Json &list = listOf(root, "merges");
    auto isId = [](const Json &id) {
      return id.is_number_unsigned() && id.get<uint64_t>() < kMaxVocabulary;
    };
    if (list.size() % 3 != 0 || !std::all_of(list.begin(), list.end(), isId)) {
      root.reject("merges", "three token ids for each merge");
      return;
    }
    for (size_t i = 0; i < list.size(); i += 3) {
      data.merges.push_back({list[i].get<uint32_t>(),
                             list[i + 1].get<uint32_t>(),
                             list[i + 2].get<uint32_t>()});
    }
  }

  void readPre(PreTokenization &pre) {
    const Json *json = root.require("pre");
    if (!json) {
      return;
    }
    JsonObject object(*json, where, "pre");
    std::optional<SplitRule> split = splitRuleNamed(object.text("split"));
    if (!split) {
      object.reject("split", "none, gpt2, llama3 or qwen2");
    }
    pre.split = split.value_or(SplitRule::None);
    pre.byteLevel = object.flagOr("byte_level", false);
    pre.addPrefixSpace = object.flagOr("add_prefix_space", false);
    pre.metaspace = textOf(object, "metaspace");
    pre.metaspaceSplit = object.flagOr("metaspace_split", false);
    const std::string prepend = object.text("prepend");
    const auto *found =
        std::find(std::begin(kPrependNames), std::end(kPrependNames), prepend);
    if (found == std::end(kPrependNames)) {
      object.reject("prepend", "never, first or always");
    } else {
      pre.prepend = PreTokenization::Prepend(found - std::begin(kPrependNames));
    }
    keep(object);
  }

  void readDecoding(Decoding &decoding) {
    const Json *json = root.require("decoding");
    if (!json) {
      return;
    }
    JsonObject object(*json, where, "decoding");
    decoding.byteLevel = object.flagOr("byte_level", false);
    decoding.byteFallback = object.flagOr("byte_fallback", false);
    decoding.joinWithSpace = object.flagOr("join_with_space", false);
    decoding.replaces = readSteps(object, "replaces");
    decoding.stripText = textOf(object, "strip_text");
    decoding.stripCount = uint32_t(object.countOr("strip_count", 0, 0, 16));
    decoding.metaspace = textOf(object, "metaspace");
    decoding.metaspaceKeepFirst = object.flagOr("metaspace_keep_first", false);
    keep(object);
  }

  BpeData readBpe() {
    BpeData data;
    data.tokens = readTokens();
    readMerges(data);
    readAdded(data);
    data.normalizer = readSteps(root, "normalizer");
    readPre(data.pre);
    readDecoding(data.decoding);
    data.byteFallback = root.flagOr("byte_fallback", false);
    data.ignoreMerges = root.flagOr("ignore_merges", false);
    data.fuseUnknown = root.flagOr("fuse_unknown", false);
    data.unknown = idOf("unknown");
    data.bos = idOf("bos");
    return data;
  }

  JsonObject root;
  std::string where;
};

} // namespace

std::string wafer::toJsonText(const SpmData &data) {
  Json json = header("spm");
  json["tokens"] = textsToJson(data.tokens);
  json["scores"] = data.scores;
  Json kinds = Json::array();
  for (TokenKind kind : data.kinds) {
    kinds.push_back(uint8_t(kind));
  }
  json["kinds"] = std::move(kinds);
  json["add_space_prefix"] = data.addSpacePrefix;
  setOptional(json, "unknown", data.unknown);
  setOptional(json, "bos", data.bos);
  return json.dump();
}

std::string wafer::toJsonText(const BpeData &data) {
  Json json = header("bpe");
  json["tokens"] = textsToJson(data.tokens);
  Json merges = Json::array();
  for (const BpeData::Merge &merge : data.merges) {
    merges.push_back(merge.left);
    merges.push_back(merge.right);
    merges.push_back(merge.result);
  }
  json["merges"] = std::move(merges);
  json["added"] = addedToJson(data.added);
  json["normalizer"] = stepsToJson(data.normalizer);
  const PreTokenization &pre = data.pre;
  json["pre"] = {{"split", wafer::nameOf(pre.split)},
                 {"byte_level", pre.byteLevel},
                 {"add_prefix_space", pre.addPrefixSpace},
                 {"metaspace", textToJson(pre.metaspace)},
                 {"metaspace_split", pre.metaspaceSplit},
                 {"prepend", kPrependNames[size_t(pre.prepend)]}};
  const Decoding &decoding = data.decoding;
  json["decoding"] = {{"byte_level", decoding.byteLevel},
                      {"byte_fallback", decoding.byteFallback},
                      {"join_with_space", decoding.joinWithSpace},
                      {"replaces", stepsToJson(decoding.replaces)},
                      {"strip_text", textToJson(decoding.stripText)},
                      {"strip_count", decoding.stripCount},
                      {"metaspace", textToJson(decoding.metaspace)},
                      {"metaspace_keep_first", decoding.metaspaceKeepFirst}};
  json["byte_fallback"] = data.byteFallback;
  json["ignore_merges"] = data.ignoreMerges;
  json["fuse_unknown"] = data.fuseUnknown;
  setOptional(json, "unknown", data.unknown);
  setOptional(json, "bos", data.bos);
  return json.dump();
}

Result<std::shared_ptr<const Tokenizer>>
Tokenizer::fromJson(const std::string &text, const std::string &where) {
  Result<Json> json = parseJson(text, where);
  if (!json) {
    return json.takeError();
  }
  return JsonReader(*json, where).read();
}

Diagnostic wafer::unspellable(const std::string &character) {
  std::string shown = isValidUtf8(character)
                          ? "'" + character + "'"
                          : fmt::format("byte {}", uint8_t(character[0]));
  return {"the text has a character that is not in the model's vocabulary", "",
          "", shown, ""};
}

std::string wafer::byteTokenText(uint8_t byte) {
  return fmt::format("<0x{:02X}>", byte);
}

std::optional<uint8_t> wafer::parseByteToken(std::string_view text) {
  auto digit = [](char c) {
    size_t value = std::string_view("0123456789ABCDEFabcdef").find(c);
    return value < 16 ? int(value) : value < 22 ? int(value) - 6 : -1;
  };
  if (text.size() != 6 || text.compare(0, 3, "<0x") != 0 || text[5] != '>' ||
      digit(text[3]) < 0 || digit(text[4]) < 0) {
    return std::nullopt;
  }
  return uint8_t(digit(text[3]) * 16 + digit(text[4]));
}
