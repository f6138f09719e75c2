// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TokenizerHf.cpp - Hugging Face's tokenizer.json --------------------===//
//
// A tokenizer.json describes a pipeline: normalizer, pre_tokenizer, model,
// post_processor, decoder. Each stage that we know is translated; one that we
// do not know is an error that names it, for leaving it out would yield other
// tokens without a word.
//
//===----------------------------------------------------------------------===//
#include "TokenizerImpl.h"
#include "Unicode.h"

#include <fmt/format.h>

using namespace wafer;

namespace {

constexpr const char *kHint =
    "move tokenizer.json away to work with token ids alone";

class HfReader {
public:
  HfReader(const Json &json, const std::string &where)
      : root(json, where), where(where) {}

  Result<BpeData> read() {
    if (const Json *model = root.require("model")) {
      readModel(*model);
    }
    readAddedTokens();
    if (const Json *normalizer = root.find("normalizer")) {
      readNormalizer(*normalizer);
    }
    if (const Json *pre = root.find("pre_tokenizer")) {
      readPreTokenizer(*pre);
    }
    const Json *decoder = root.find("decoder");
    data.decoding.joinWithSpace = !decoder;
    if (decoder) {
      readDecoder(*decoder);
    }
    if (const Json *post = root.find("post_processor")) {
      readPostProcessor(*post);
    }
    if (root.failed()) {
      return root.status().takeError();
    }
    return std::move(data);
  }

private:
  void keep(const JsonObject &object) {
    if (object.failed()) {
      root.fail(object.status().takeError());
    }
  }

  void refuse(const char *stage, const std::string &type) {
    root.fail(
        {fmt::format("the tokenizer uses a {} that is not supported", stage),
         where, "", type, kHint});
  }

  /// The members of a stage, with Sequences flattened.
  std::vector<const Json *> flatten(const Json &stage, const char *listKey) {
    if (stage.is_object() && stage.value("type", Json()) == "Sequence" &&
        stage.contains(listKey) && stage[listKey].is_array()) {
      std::vector<const Json *> members;
      for (const Json &member : stage[listKey]) {
        for (const Json *inner : flatten(member, listKey)) {
          members.push_back(inner);
        }
      }
      return members;
    }
    return {&stage};
  }

  // --- model ---------------------------------------------------------------

  void readModel(const Json &json) {
    JsonObject model(json, where, "model");
    // Files of early versions do not name the type; only BPE has merges.
    const std::string type =
        model.textOr("type", model.has("merges") ? "BPE" : "unknown");
    if (!model.failed() && type != "BPE") {
      model.fail({"the tokenizer's model is not supported", where, "BPE", type,
                  kHint});
    }
    for (const char *key :
         {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!model.textOr(key, "").empty()) {
        model.reject(key, "nothing", kHint);
      }
    }
    if (model.numberOr("dropout", 0, 0, 1) != 0) {
      model.reject("dropout", "nothing", "encoding must not be random");
    }
    data.byteFallback = model.flagOr("byte_fallback", false);
    data.fuseUnknown = model.flagOr("fuse_unk", false);
    data.ignoreMerges = model.flagOr("ignore_merges", false);
    const Json *vocab = model.require("vocab");
    const Json *merges = model.require("merges");
    if (!model.failed()) {
      readVocabulary(model, *vocab);
    }
    if (!model.failed()) {
      readMerges(model, *merges);
    }
    const std::string unknown = model.textOr("unk_token", "");
    if (!unknown.empty() && !model.failed()) {
      auto found = vocab->find(unknown);
      if (found == vocab->end()) {
        model.reject("unk_token", "a token of the vocabulary");
      } else {
        data.unknown = found->get<uint32_t>();
      }
    }
    keep(model);
  }

  void readVocabulary(JsonObject &model, const Json &vocab) {
    if (!vocab.is_object() || vocab.size() > kMaxVocabulary) {
      model.reject("vocab",
                   fmt::format("an object of up to {} tokens", kMaxVocabulary));
      return;
    }
    for (const auto &[text, id] : vocab.items()) {
      if (!setToken(id, text, vocab.size())) {
        model.fail({fmt::format("bad id of token '{}'", text), where,
                    "whole numbers, each given once and without large gaps",
                    describeJson(id), ""});
        return;
      }
    }
  }

  /// Gives `id` its text; false if the id is not usable or has another text.
  bool setToken(const Json &id, const std::string &text, uint64_t tokens) {
    // Gaps are legal, but must not make a small file fill the memory.
    const uint64_t most =
        std::min<uint64_t>(4 * tokens + 65536, kMaxVocabulary);
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= most) {
      return false;
    }
    uint64_t index = id.get<uint64_t>();
    if (index >= data.tokens.size()) {
      data.tokens.resize(index + 1);
    }
    if (!data.tokens[index].empty() && data.tokens[index] != text) {
      return false;
    }
    data.tokens[index] = text;
    return true;
  }

  void readMerges(JsonObject &model, const Json &merges) {
    if (!merges.is_array()) {
      model.reject("merges", "a list");
      return;
    }
    std::vector<std::pair<std::string, std::string>> pairs;
    pairs.reserve(merges.size());
    for (const Json &merge : merges) {
      if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
          merge[1].is_string()) {
        pairs.emplace_back(merge[0].get<std::string>(),
                           merge[1].get<std::string>());
        continue;
      }
      const std::string text =
          merge.is_string() ? merge.get<std::string>() : "";
      size_t space = text.find(' ');
      if (space == std::string::npos ||
          text.find(' ', space + 1) != std::string::npos) {
        model.fail({fmt::format("bad merge {} of the tokenizer", pairs.size()),
                    where,
                    "two texts, as a list or with one space between them",
                    describeJson(merge), ""});
        return;
      }
      pairs.emplace_back(text.substr(0, space), text.substr(space + 1));
    }
    if (Status status = resolveMerges(pairs, data, where); !status) {
      model.fail(status.takeError());
    }
  }

  void readAddedTokens() {
    const Json *list = root.find("added_tokens");
    if (!list || root.failed()) {
      return;
    }
    if (!list->is_array()) {
      root.reject("added_tokens", "a list");
      return;
    }
    const uint64_t tokens = data.tokens.size() + list->size();
    for (const Json &entry : *list) {
      JsonObject object(entry, where, "added_tokens");
      AddedToken token;
      token.text = object.text("content");
      token.stripLeft = object.flagOr("lstrip", false);
      token.stripRight = object.flagOr("rstrip", false);
      token.singleWord = object.flagOr("single_word", false);
      token.special = object.flagOr("special", false);
      token.normalized = object.flagOr("normalized", !token.special);
      const Json *id = object.require("id");
      if (!object.failed() &&
          (token.text.empty() || !setToken(*id, token.text, tokens))) {
        object.reject("id", fmt::format("a free id for '{}'", token.text));
      }
      keep(object);
      if (root.failed()) {
        return;
      }
      token.id = id->get<uint32_t>();
      data.added.push_back(std::move(token));
    }
  }

  // --- normalizer ----------------------------------------------------------

  void readNormalizer(const Json &json) {
    for (const Json *stage : flatten(json, "normalizers")) {
      JsonObject object(*stage, where, "normalizer");
      const std::string type = object.text("type");
      if (type == "NFC") {
        data.normalizer.push_back({Normalization::Kind::Nfc, "", ""});
      } else if (type == "Prepend") {
        data.normalizer.push_back(
            {Normalization::Kind::Prepend, "", object.text("prepend")});
      } else if (type == "Replace") {
        data.normalizer.push_back(readReplace(object, "normalizer"));
      } else if (!object.failed()) {
        refuse("normalizer", type);
      }
      keep(object);
    }
  }

  Normalization readReplace(JsonObject &object, const char *stage) {
    Normalization step{Normalization::Kind::Replace, "",
                       object.text("content")};
    const Json *pattern = object.require("pattern");
    if (pattern && pattern->is_object() && pattern->contains("String") &&
        (*pattern)["String"].is_string()) {
      step.from = (*pattern)["String"].get<std::string>();
    } else if (pattern) {
      refuse(stage, "Replace with a pattern other than a text");
    }
    return step;
  }

  // --- pre_tokenizer -------------------------------------------------------

  void readPreTokenizer(const Json &json) {
    for (const Json *stage : flatten(json, "pretokenizers")) {
      JsonObject object(*stage, where, "pre_tokenizer");
      const std::string type = object.text("type");
      // After the bytes have become characters nothing can be split any more.
      if (data.pre.byteLevel && !object.failed()) {
        refuse("pre_tokenizer", type + " after ByteLevel");
      } else if (type == "ByteLevel") {
        readByteLevel(object);
      } else if (type == "Split") {
        readSplit(object);
      } else if (type == "Metaspace") {
        readMetaspace(object);
      } else if (!object.failed()) {
        refuse("pre_tokenizer", type);
      }
      keep(object);
    }
  }

  void readByteLevel(JsonObject &object) {
    data.pre.byteLevel = true;
    data.pre.addPrefixSpace = object.flagOr("add_prefix_space", true);
    if (object.flagOr("use_regex", true)) {
      setSplit(SplitRule::Gpt2);
    }
    if (data.pre.addPrefixSpace && data.pre.split != SplitRule::None &&
        data.pre.split != SplitRule::Gpt2) {
      refuse("pre_tokenizer", "Split before ByteLevel with add_prefix_space");
    }
  }

  void setSplit(SplitRule rule) {
    if (data.pre.split != SplitRule::None) {
      refuse("pre_tokenizer", "more than one Split");
    }
    data.pre.split = rule;
  }

  void readSplit(JsonObject &object) {
    const Json *pattern = object.require("pattern");
    const std::string behavior = object.text("behavior");
    const bool invert = object.flagOr("invert", false);
    if (object.failed()) {
      return;
    }
    if (!pattern->is_object() || !pattern->contains("Regex") ||
        !(*pattern)["Regex"].is_string()) {
      refuse("pre_tokenizer", "Split with a pattern that is no Regex");
      return;
    }
    const std::string regex = (*pattern)["Regex"].get<std::string>();
    std::optional<SplitRule> rule = splitRuleOfRegex(regex);
    if (!rule) {
      refuse("pre_tokenizer", "Split by the regular expression " + regex);
      return;
    }
    // The expressions match everything, so nothing is between the matches.
    if (!(behavior == "Isolated" && !invert) &&
        !(behavior == "Removed" && invert)) {
      refuse("pre_tokenizer", fmt::format("Split with behavior {}{}", behavior,
                                          invert ? ", inverted" : ""));
      return;
    }
    setSplit(*rule);
  }

  void readMetaspace(JsonObject &object) {
    data.pre.metaspace = object.textOr("replacement", "\xe2\x96\x81");
    data.pre.metaspaceSplit = object.flagOr("split", true);
    data.pre.prepend = readPrepend(object);
    if (data.pre.metaspace.empty() || data.pre.split != SplitRule::None) {
      object.reject("replacement",
                    "a character, and no Split before Metaspace");
    }
  }

  static PreTokenization::Prepend readPrepend(JsonObject &object) {
    const bool old = object.flagOr("add_prefix_space", true);
    const std::string scheme =
        object.textOr("prepend_scheme", old ? "always" : "never");
    if (scheme == "always") {
      return PreTokenization::Prepend::Always;
    }
    if (scheme == "first") {
      return PreTokenization::Prepend::First;
    }
    if (scheme != "never") {
      object.reject("prepend_scheme", "always, first or never");
    }
    return PreTokenization::Prepend::Never;
  }

  // --- decoder -------------------------------------------------------------

  void readDecoder(const Json &json) {
    Decoding &decoding = data.decoding;
    bool fused = false;
    for (const Json *stage : flatten(json, "decoders")) {
      JsonObject object(*stage, where, "decoder");
      const std::string type = object.text("type");
      if (fused && type != "Strip" && !object.failed()) {
        // What works on single tokens has no effect on the whole text.
        refuse("decoder", type + " after Fuse");
      } else if (type == "Fuse") {
        fused = true;
      } else if (type == "ByteLevel") {
        decoding.byteLevel = true;
      } else if (type == "ByteFallback") {
        decoding.byteFallback = true;
      } else if (type == "Replace") {
        decoding.replaces.push_back(readReplace(object, "decoder"));
      } else if (type == "Strip" && fused) {
        readStrip(object);
      } else if (type == "Metaspace") {
        decoding.metaspace = object.textOr("replacement", "\xe2\x96\x81");
        decoding.metaspaceKeepFirst =
            readPrepend(object) == PreTokenization::Prepend::Never;
      } else if (!object.failed()) {
        refuse("decoder", type == "Strip" ? "Strip before Fuse" : type);
      }
      keep(object);
    }
    bool mixed = decoding.byteLevel &&
                 (decoding.byteFallback || !decoding.replaces.empty() ||
                  !decoding.metaspace.empty());
    if (mixed || (decoding.byteFallback && !decoding.metaspace.empty())) {
      refuse("decoder",
             "a Sequence that mixes ByteLevel, ByteFallback and Metaspace");
    }
  }

  void readStrip(JsonObject &object) {
    data.decoding.stripText = object.text("content");
    data.decoding.stripCount = uint32_t(object.countOr("start", 0, 0, 16));
    // The end of a text that is still growing is not known.
    object.countOr("stop", 0, 0, 0);
  }

  // --- post_processor ------------------------------------------------------

  void readPostProcessor(const Json &json) {
    for (const Json *stage : flatten(json, "processors")) {
      JsonObject object(*stage, where, "post_processor");
      const std::string type = object.text("type");
      if (type == "TemplateProcessing") {
        readTemplate(object);
      } else if (type != "ByteLevel" && !object.failed()) {
        // ByteLevel only trims the offsets of tokens.
        refuse("post_processor", type);
      }
      keep(object);
    }
  }

  /// "single": at most one special token in front of the text.
  void readTemplate(JsonObject &object) {
    const Json *single = object.require("single");
    if (!single) {
      return;
    }
    std::string name;
    bool sequenceSeen = false, good = single->is_array();
    for (size_t i = 0; good && i < single->size(); ++i) {
      const Json &member = (*single)[i];
      if (member.is_object() && member.contains("Sequence") && !sequenceSeen) {
        sequenceSeen = true;
        continue;
      }
      good = member.is_object() && member.contains("SpecialToken") &&
             !sequenceSeen && name.empty();
      if (good) {
        JsonObject special(member["SpecialToken"], where,
                           "post_processor.single");
        name = special.text("id");
        keep(special);
      }
    }
    if (!good) {
      refuse(
          "post_processor",
          "TemplateProcessing with more than one token in front of the text");
      return;
    }
    if (name.empty()) {
      return;
    }
    const Json *specials = object.require("special_tokens");
    if (specials && specials->is_object() && specials->contains(name)) {
      const Json &ids = (*specials)[name].is_object()
                            ? (*specials)[name].value("ids", Json())
                            : Json();
      if (ids.is_array() && ids.size() == 1 && ids[0].is_number_unsigned() &&
          ids[0] < data.tokens.size()) {
        data.bos = ids[0].get<uint32_t>();
        return;
      }
    }
    object.reject("special_tokens", fmt::format("one id for '{}'", name));
  }

  JsonObject root;
  std::string where;
  BpeData data;
};

} // namespace

TokenizerResult wafer::tokenizerFromHf(std::string_view text,
                                       const std::string &where) {
  Result<Json> json = parseJson(text, where);
  if (!json) {
    return json.takeError();
  }
  Result<BpeData> data = HfReader(*json, where).read();
  if (!data) {
    return data.takeError();
  }
  return makeBpeTokenizer(std::move(*data), where);
}
