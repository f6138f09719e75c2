// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenizerGguf.cpp - Tokenizers inside GGUF files -------------------===//
#include "Gguf.h"
#include "TokenizerImpl.h"

#include <fmt/format.h>

using namespace wafer;

namespace {

const std::string kPrefix = "tokenizer.ggml.";

std::vector<std::string> readTokens(GgufReader &reader) {
  const GgufValue *list = reader.array(kPrefix + "tokens", GgufType::String);
  if (!list) {
    return {};
  }
  if (list->count > kMaxVocabulary) {
    reader.reject(kPrefix + "tokens",
                  fmt::format("at most {} tokens", kMaxVocabulary));
    return {};
  }
  return {list->texts.begin(), list->texts.end()};
}

/// The kinds of the tokens; all normal where the file does not tell.
std::vector<TokenKind> readKinds(GgufReader &reader, size_t tokens) {
  const std::string key = kPrefix + "token_type";
  std::vector<TokenKind> kinds(tokens, TokenKind::Normal);
  if (!reader.has(key)) {
    return kinds;
  }
  const GgufValue *list = reader.array(key, GgufType::I32);
  if (!list) {
    return kinds;
  }
  if (list->count != tokens) {
    reader.reject(key, fmt::format("one for each of the {} tokens", tokens));
    return kinds;
  }
  for (size_t i = 0; i < tokens; ++i) {
    double kind = *list->numberAt(i);
    if (kind < 1 || kind > 6) {
      reader.reject(key, "numbers from 1 to 6");
      return kinds;
    }
    kinds[i] = TokenKind(uint8_t(kind));
  }
  return kinds;
}

TokenizerResult readSpm(GgufReader &reader, const std::string &where) {
  SpmData data;
  data.tokens = readTokens(reader);
  data.kinds = readKinds(reader, data.tokens.size());
  if (const GgufValue *scores =
          reader.array(kPrefix + "scores", GgufType::F32)) {
    if (scores->count != data.tokens.size()) {
      reader.reject(
          kPrefix + "scores",
          fmt::format("one for each of the {} tokens", data.tokens.size()));
    } else {
      for (size_t i = 0; i < data.tokens.size(); ++i) {
        data.scores.push_back(float(*scores->numberAt(i)));
      }
    }
  }
  data.addSpacePrefix = reader.flagOr(kPrefix + "add_space_prefix", true);
  data.unknown = reader.tokenOr(kPrefix + "unknown_token_id");
  if (reader.flagOr(kPrefix + "add_bos_token", true)) {
    data.bos = reader.tokenOr(kPrefix + "bos_token_id");
  }
  if (reader.failed()) {
    return reader.status().takeError();
  }
  return makeSpmTokenizer(std::move(data), where);
}

/// What the name of a pre-tokenizer stands for.
struct PreRule {
  const char *name;
  SplitRule split;
  bool nfc;
  bool ignoreMerges;
  bool addBos;
};

const PreRule *findPreRule(const std::string &name) {
  static const PreRule kRules[] = {
      {"gpt-2", SplitRule::Gpt2, false, false, false},
      {"llama-bpe", SplitRule::Llama3, false, true, true},
      {"qwen2", SplitRule::Qwen2, true, false, false},
  };
  for (const PreRule &rule : kRules) {
    if (name == rule.name) {
      return &rule;
    }
  }
  return nullptr;
}

void readMerges(GgufReader &reader, BpeData &data, const std::string &where) {
  const GgufValue *list = reader.array(kPrefix + "merges", GgufType::String);
  if (!list) {
    return;
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(list->texts.size());
  for (std::string_view text : list->texts) {
    size_t space = text.find(' ', 1);
    if (space == std::string_view::npos) {
      reader.fail({fmt::format("bad merge {} of the tokenizer", pairs.size()),
                   where, "two texts with a space between them",
                   std::string(text.substr(0, 60)), ""});
      return;
    }
    pairs.emplace_back(text.substr(0, space), text.substr(space + 1));
  }
  if (Status status = resolveMerges(pairs, data, where); !status) {
    reader.fail(status.takeError());
  }
}

TokenizerResult readBpe(GgufReader &reader, const std::string &where) {
  const std::string preKey = kPrefix + "pre";
  const std::string pre = reader.text(preKey);
  const PreRule *rule = findPreRule(pre);
  if (!reader.failed() && !rule) {
    reader.reject(preKey, "gpt-2, llama-bpe or qwen2");
  }
  if (reader.failed()) {
    return reader.status().takeError();
  }
  BpeData data;
  data.tokens = readTokens(reader);
  std::vector<TokenKind> kinds = readKinds(reader, data.tokens.size());
  for (uint32_t id = 0; id < data.tokens.size(); ++id) {
    if (kinds[id] == TokenKind::Control ||
        kinds[id] == TokenKind::UserDefined) {
      AddedToken token;
      token.id = id;
      token.text = data.tokens[id];
      token.special = kinds[id] == TokenKind::Control;
      data.added.push_back(std::move(token));
    }
  }
  readMerges(reader, data, where);
  data.pre.byteLevel = true;
  data.pre.split = rule->split;
  data.pre.addPrefixSpace = reader.flagOr(kPrefix + "add_space_prefix", false);
  data.decoding.byteLevel = true;
  data.ignoreMerges = rule->ignoreMerges;
  if (rule->nfc) {
    data.normalizer.push_back({Normalization::Kind::Nfc, "", ""});
  }
  if (reader.flagOr(kPrefix + "add_bos_token", rule->addBos)) {
    data.bos = reader.tokenOr(kPrefix + "bos_token_id");
  }
  if (reader.failed()) {
    return reader.status().takeError();
  }
  return makeBpeTokenizer(std::move(data), where);
}

} // namespace

TokenizerResult wafer::tokenizerFromGguf(const GgufFile &gguf) {
  GgufReader reader(gguf);
  const std::string &where = gguf.file->path();
  const std::string key = kPrefix + "model";
  const std::string model = reader.text(key);
  if (model == "llama") {
    return readSpm(reader, where);
  }
  if (model == "gpt2") {
    return readBpe(reader, where);
  }
  reader.reject(key, "llama or gpt2");
  return reader.status().takeError();
}
