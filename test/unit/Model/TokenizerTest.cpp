// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TestFiles.h"
#include "TokenizerImpl.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

using Ids = std::vector<uint32_t>;

/// A tokenizer.json around a model and other members.
std::string hfJson(const std::string &model, const std::string &members = "") {
  return R"({"model": {"type": "BPE", )" + model + "}" +
         (members.empty() ? "" : ", ") + members + "}";
}

/// a b c, "ab", "abc"; merges by rank.
const std::string kAbc =
    R"("vocab": {"a": 0, "b": 1, "c": 2, "bc": 3, "ab": 4, "abc": 5, " ": 6},
                            "merges": ["b c", "a b", "a bc"])";

std::shared_ptr<const Tokenizer> make(const std::string &json) {
  TokenizerResult tokenizer = tokenizerFromHf(json, "t");
  if (!tokenizer) {
    ADD_FAILURE() << tokenizer.error().str();
    return nullptr;
  }
  // Everything else is checked on a copy that went through our own form.
  TokenizerResult copy = Tokenizer::fromJson((*tokenizer)->toJson(), "copy");
  EXPECT_TRUE(bool(copy)) << copy.error().str();
  EXPECT_EQ((*copy)->toJson(), (*tokenizer)->toJson());
  return *copy;
}

std::string errorOf(const std::string &json) {
  TokenizerResult tokenizer = tokenizerFromHf(json, "t");
  return tokenizer ? "no error" : tokenizer.error().str();
}

std::string refusalOf(const std::string &members) {
  return errorOf(hfJson(kAbc, members));
}

SpmData spm() {
  SpmData data;
  const std::string mark = "\xe2\x96\x81";
  data.tokens = {"<unk>", "<s>", "</s>",     "<0x41>",    "a", "b",
                 mark,    "ab",  mark + "a", mark + "ab", "bb"};
  data.scores = {0, 0, 0, 0, -10, -10, -10, -1, -2, -3, -1};
  data.kinds.assign(data.tokens.size(), TokenKind::Normal);
  data.kinds[0] = TokenKind::Unknown;
  data.kinds[1] = data.kinds[2] = TokenKind::Control;
  data.kinds[3] = TokenKind::Byte;
  data.unknown = 0;
  data.bos = 1;
  return data;
}

std::shared_ptr<const Tokenizer> make(SpmData data) {
  TokenizerResult tokenizer = makeSpmTokenizer(std::move(data), "t");
  EXPECT_TRUE(bool(tokenizer)) << tokenizer.error().str();
  TokenizerResult copy = Tokenizer::fromJson((*tokenizer)->toJson(), "copy");
  EXPECT_TRUE(bool(copy)) << copy.error().str();
  return *copy;
}

} // namespace

TEST(Spm, merges_the_best_score_first) {
  auto tokenizer = make(spm());
  // _ a b: "ab" (-1) beats "_a" (-2); then "_ab".
  EXPECT_EQ(tokenizer->encode("ab"), Ids{9});
  // _ a b b: "ab" and "bb" have the same score, the left one wins: _ab b.
  EXPECT_EQ(tokenizer->encode("abb"), (Ids{9, 5}));
  EXPECT_EQ(tokenizer->encode("a a"), (Ids{8, 8}));
  EXPECT_EQ(tokenizer->encode(""), Ids{});
  EXPECT_EQ(tokenizer->bos(), 1u);
  EXPECT_EQ(tokenizer->vocabSize(), 11u);
}

TEST(Spm, bytes_and_unknown_characters) {
  auto tokenizer = make(spm());
  // "A" is no token, its byte is; "B" is neither.
  EXPECT_EQ(tokenizer->encode("AB"), (Ids{6, 3, 0}));
  EXPECT_TRUE(bool(tokenizer->checkText("AB")));
  SpmData data = spm();
  data.unknown.reset();
  auto strict = make(data);
  EXPECT_EQ(strict->encode("AB"), (Ids{6, 3}));
  EXPECT_EQ(strict->checkText("AB").error().str(),
            "the text has a character that is not in the model's vocabulary: "
            "got 'B'");
  EXPECT_EQ(strict->checkText("\xff").error().str(),
            "the text has a character that is not in the model's vocabulary: "
            "got byte 255");
}

TEST(Spm, control_tokens_stand_for_themselves) {
  auto tokenizer = make(spm());
  EXPECT_EQ(tokenizer->encode("a</s>a"), (Ids{8, 2, 8}));
  EXPECT_EQ(tokenizer->decode({1, 8, 2, 8}), "a a");
}

TEST(Spm, decoding_drops_the_space_in_front) {
  auto tokenizer = make(spm());
  EXPECT_EQ(tokenizer->decode({1, 6, 9, 3}), " abA");
  EXPECT_EQ(tokenizer->decode({99, 0xffffffff}), "");
  EXPECT_EQ(tokenizer->decodeOne(8, true), "a");
  EXPECT_EQ(tokenizer->decodeOne(8, false), " a");
  SpmData data = spm();
  data.addSpacePrefix = false;
  auto bare = make(data);
  EXPECT_EQ(bare->encode("ab"), Ids{7});
  EXPECT_EQ(bare->decode({8}), " a");
}

TEST(Bpe, merges_by_rank_leftmost_first) {
  auto tokenizer = make(hfJson(kAbc));
  // "b c" has rank 0, so abc is a + bc, then "a bc".
  EXPECT_EQ(tokenizer->encode("abc"), Ids{5});
  EXPECT_EQ(tokenizer->encode("abab c"), (Ids{4, 4, 6, 2}));
  EXPECT_EQ(tokenizer->encode(""), Ids{});
  // No decoder: tokens with spaces between them.
  EXPECT_EQ(tokenizer->decode({4, 2}), "ab c");
}

TEST(Bpe, merges_as_pairs) {
  auto tokenizer = make(
      hfJson(R"("vocab": {"a": 0, " ": 1, "a ": 2}, "merges": [["a", " "]])"));
  EXPECT_EQ(tokenizer->encode("a a"), (Ids{2, 0}));
}

TEST(Bpe, long_text_takes_no_quadratic_time) {
  auto tokenizer = make(hfJson(kAbc));
  std::string text;
  for (int i = 0; i < 200000; ++i) {
    text += "abc";
  }
  EXPECT_EQ(tokenizer->encode(text).size(), 200000u);
}

TEST(Bpe, unknown_characters) {
  auto none = make(hfJson(kAbc));
  EXPECT_EQ(none->encode("axb"), Ids{4}); // what cannot be spelled is left out
  EXPECT_FALSE(bool(none->checkText("axb")));
  EXPECT_TRUE(bool(none->checkText("ab")));
  auto unk = make(hfJson(kAbc + R"(, "unk_token": "c")"));
  EXPECT_EQ(unk->encode("axxb"), (Ids{0, 2, 2, 1}));
  EXPECT_TRUE(bool(unk->checkText("axb")));
  auto fused = make(hfJson(kAbc + R"(, "unk_token": "c", "fuse_unk": true)"));
  EXPECT_EQ(fused->encode("axxax"), (Ids{0, 2, 0, 2}));
  auto bytes = make(hfJson(
      R"("vocab": {"a": 0, "<0xC3>": 1, "<0xA9>": 2, "?": 3}, "merges": [],
                              "byte_fallback": true, "unk_token": "?")",
      R"("decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]})"));
  EXPECT_EQ(bytes->encode("a\xc3\xa9z"), (Ids{0, 1, 2, 3}));
  EXPECT_EQ(bytes->decode({0, 1, 2}), "a\xc3\xa9");
  EXPECT_EQ(bytes->decodeOne(1, false), "\xc3");
}

TEST(Bpe, added_tokens_are_cut_out) {
  auto tokenizer =
      make(hfJson(kAbc, R"("decoder": {"type": "Fuse"}, "added_tokens": [
      {"id": 7, "content": "<e>", "special": true}, {"id": 8, "content": "<ee>", "special": false},
      {"id": 9, "content": "<e><", "special": true, "lstrip": true, "rstrip": true},
      {"id": 10, "content": "cc", "special": false, "single_word": true}])"));
  EXPECT_EQ(tokenizer->vocabSize(), 11u);
  EXPECT_EQ(tokenizer->encode("ab<e>ab"), (Ids{4, 7, 4}));
  EXPECT_EQ(tokenizer->encode("<ee>"), Ids{8});
  EXPECT_EQ(tokenizer->encode("a <e>< b"),
            (Ids{0, 9, 1})); // longest, with the spaces around it
  EXPECT_EQ(tokenizer->encode("acc cc"), (Ids{0, 2, 2, 6, 10}));
  EXPECT_EQ(tokenizer->decode({4, 7, 8}), "ab<ee>");
}

TEST(Bpe, byte_level_spells_every_byte) {
  // The alphabet of all bytes in order: 188 that print, then U+0100 ...
  std::string vocab;
  BpeData data;
  for (uint32_t id = 0, next = 0x100; id < 256; ++id) {
    bool prints = (id > 0x20 && id < 0x7f) || (id > 0xa0 && id != 0xad);
    std::string text;
    uint32_t code = prints ? id : next++;
    text += code < 0x80 ? std::string(1, char(code))
                        : std::string{char(0xc0 | code >> 6),
                                      char(0x80 | (code & 0x3f))};
    data.tokens.push_back(text);
  }
  data.pre.byteLevel = data.decoding.byteLevel = true;
  data.pre.split = SplitRule::Gpt2;
  TokenizerResult tokenizer = makeBpeTokenizer(data, "t");
  ASSERT_TRUE(bool(tokenizer));
  std::string all;
  Ids ids;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    all += char(byte);
    ids.push_back(byte);
  }
  EXPECT_EQ((*tokenizer)->encode(all), ids);
  EXPECT_EQ((*tokenizer)->decode(ids), all);
}

TEST(Bpe, byte_level_with_prefix_space_and_ignored_merges) {
  const std::string vocab =
      R"("vocab": {"a": 0, "b": 1, "\u0120": 2, "\u0120a": 3, "ab": 4}, "merges": ["\u0120 a"])";
  auto prefixed = make(hfJson(
      vocab,
      R"("pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true},
                                        "decoder": {"type": "ByteLevel"})"));
  EXPECT_EQ(prefixed->encode("a a"), (Ids{3, 3}));
  EXPECT_EQ(prefixed->decode({3, 3}), " a a");
  auto ignoring = make(hfJson(
      vocab + R"(, "ignore_merges": true)",
      R"("pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false})"));
  EXPECT_EQ(ignoring->encode("ab aba"), (Ids{4, 3, 1, 0})); // "aba" is no token
}

TEST(Bpe, llama2_style_normalizer_and_decoder) {
  auto tokenizer = make(hfJson(
      R"("vocab": {"<unk>": 0, "<s>": 1, "\u2581": 2, "a": 3, "\u2581a": 4, "<0x0A>": 5},
      "merges": ["\u2581 a"], "byte_fallback": true, "unk_token": "<unk>", "fuse_unk": true)",
      R"("added_tokens": [{"id": 0, "content": "<unk>", "special": true},
                                                   {"id": 1, "content": "<s>", "special": true}],
      "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
                     {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
      "pre_tokenizer": null,
      "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                         {"Sequence": {"id": "A", "type_id": 0}}], "special_tokens": {"<s>": {"id": "<s>", "ids": [1]}}},
      "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                  {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})"));
  EXPECT_EQ(tokenizer->bos(), 1u);
  EXPECT_EQ(tokenizer->encode("a a\nzz"), (Ids{4, 4, 5, 0}));
  EXPECT_EQ(tokenizer->decode({1, 4, 4, 5}), "a a\n");
  EXPECT_EQ(tokenizer->decode({2, 4}), " a"); // only one space is taken
}

TEST(Bpe, metaspace) {
  const std::string vocab =
      R"("vocab": {"\u2581": 0, "a": 1, "\u2581a": 2, "a\u2581": 3},
                               "merges": ["a \u2581", "\u2581 a"])";
  auto tokenizerWith = [&](const std::string &pre) {
    return make(hfJson(vocab, R"("pre_tokenizer": {"type": "Metaspace", )" +
                                  pre + R"(}, "added_tokens":
        [{"id": 4, "content": "<s>", "special": true}], "decoder": {"type": "Metaspace"})"));
  };
  auto always = tokenizerWith(R"("prepend_scheme": "always", "split": true)");
  EXPECT_EQ(always->encode("a a<s>a"), (Ids{2, 2, 4, 2}));
  EXPECT_EQ(always->decode({2, 2}), "a a");
  auto first = tokenizerWith(R"("prepend_scheme": "first", "split": true)");
  EXPECT_EQ(first->encode("a<s>a"), (Ids{2, 4, 1}));
  EXPECT_EQ(first->encode("<s>a"), (Ids{4, 1}));
  auto never = tokenizerWith(R"("prepend_scheme": "never", "split": false)");
  EXPECT_EQ(never->encode("a a"), (Ids{3, 1})); // "a _" has the lower rank
}

TEST(Bpe, nfc_comes_before_merging) {
  auto tokenizer = make(hfJson(R"("vocab": {"\u00e9": 0}, "merges": [])",
                               R"("normalizer": {"type": "NFC"})"));
  EXPECT_EQ(tokenizer->encode("e\xcc\x81"), Ids{0});
}

TEST(Bpe, split_expressions) {
  auto with = [](const std::string &regex) {
    return R"("pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": ")" +
           regex +
           R"("}, "behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false,
           "use_regex": false}]})";
  };
  const std::string qwen =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+)";
  EXPECT_EQ(make(hfJson(kAbc, with(qwen)))->encode("abc"), Ids{5});
  EXPECT_EQ(refusalOf(with("[a-z]+")),
            "t: the tokenizer uses a pre_tokenizer that is not supported: got "
            "Split by the regular expression [a-z]+ "
            "(hint: move tokenizer.json away to work with token ids alone)");
}

TEST(Bpe, unknown_stages_are_refused_by_name) {
  auto refusal = [](const std::string &stage, const std::string &type) {
    return "t: the tokenizer uses a " + stage + " that is not supported: got " +
           type +
           " (hint: move tokenizer.json away to work with token ids alone)";
  };
  EXPECT_EQ(refusalOf(R"("normalizer": {"type": "Lowercase"})"),
            refusal("normalizer", "Lowercase"));
  EXPECT_EQ(refusalOf(R"("pre_tokenizer": {"type": "Whitespace"})"),
            refusal("pre_tokenizer", "Whitespace"));
  EXPECT_EQ(refusalOf(R"("decoder": {"type": "WordPiece"})"),
            refusal("decoder", "WordPiece"));
  EXPECT_EQ(refusalOf(R"("post_processor": {"type": "BertProcessing"})"),
            refusal("post_processor", "BertProcessing"));
  EXPECT_EQ(
      refusalOf(
          R"("normalizer": {"type": "Replace", "pattern": {"Regex": "x"}, "content": ""})"),
      refusal("normalizer", "Replace with a pattern other than a text"));
  EXPECT_EQ(
      refusalOf(
          R"("post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {}},
                          {"SpecialToken": {"id": "a"}}]})"),
      refusal(
          "post_processor",
          "TemplateProcessing with more than one token in front of the text"));
  EXPECT_EQ(errorOf(R"({"model": {"type": "Unigram", "vocab": []}})")
                .find("t: the tokenizer's model is not supported: "
                      "expected BPE but got Unigram"),
            0u);
  EXPECT_EQ(
      refusalOf(
          R"("decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"},
                          {"type": "Replace", "pattern": {"String": "x"}, "content": ""}]})"),
      refusal("decoder", "Replace after Fuse"));
}

TEST(Bpe, descriptions_that_lie) {
  EXPECT_EQ(errorOf("{}"), "t: key 'model' is missing");
  EXPECT_EQ(errorOf(hfJson(R"("vocab": {}, "merges": [])")),
            "t: the vocabulary of the tokenizer is not usable: expected 1 to "
            "16777216 tokens but got 0");
  EXPECT_EQ(errorOf(hfJson(R"("vocab": [], "merges": [])"))
                .find("t: bad value of 'model.vocab'"),
            0u);
  for (const char *id :
       {"-1", "9223372036854775808", "100000000", "\"0\"", "1.5"}) {
    EXPECT_EQ(errorOf(hfJson("\"vocab\": {\"a\": " + std::string(id) +
                             "}, \"merges\": []"))
                  .find("t: bad id of token 'a'"),
              0u);
  }
  EXPECT_EQ(errorOf(hfJson(R"("vocab": {"a": 0, "b": 0}, "merges": [])"))
                .find("t: bad id of token 'b'"),
            0u);
  EXPECT_EQ(errorOf(hfJson(R"("vocab": {"a": 0}, "merges": ["a a"])")),
            "t: merge 0 of the tokenizer is not usable: expected two tokens "
            "that together are a token but got 'a' and "
            "'a'");
  EXPECT_EQ(errorOf(hfJson(R"("vocab": {"a": 0}, "merges": ["aa"])"))
                .find("t: bad merge 0 of the tokenizer"),
            0u);
  EXPECT_EQ(
      errorOf(hfJson(R"("vocab": {"a": 0}, "merges": [], "unk_token": "x")")),
      "t: bad value of 'model.unk_token': expected a token of the vocabulary "
      "but got the string 'x'");
  EXPECT_EQ(refusalOf(R"("added_tokens": [{"id": 0, "content": "x"}])"),
            "t: bad value of 'added_tokens.id': expected a free id for 'x' but "
            "got the number 0");
}

TEST(TokenizerJson, damaged_descriptions_are_refused) {
  const std::string good = make(spm())->toJson();
  auto error = [&](const std::string &from, const std::string &to) {
    TokenizerResult tokenizer =
        Tokenizer::fromJson(replaced(good, from, to), "image");
    return tokenizer ? "no error" : tokenizer.error().str();
  };
  EXPECT_EQ(error("wafer-tokenizer", "x"),
            "image: bad value of 'format': expected wafer-tokenizer but got "
            "the string 'x'");
  EXPECT_EQ(error("\"version\":1", "\"version\":2"),
            "image: bad value of 'version': expected a whole number from 1 to "
            "1 but got the number 2");
  EXPECT_EQ(
      error("\"kind\":\"spm\"", "\"kind\":\"x\""),
      "image: bad value of 'kind': expected spm or bpe but got the string 'x'");
  EXPECT_EQ(error("\"kinds\":[2,", "\"kinds\":[7,")
                .find("image: bad value of 'kinds'"),
            0u);
  EXPECT_EQ(error("\"kinds\":[2,", "\"kinds\":[")
                .find("image: the vocabulary of the tokenizer is not usable"),
            0u);
  EXPECT_EQ(error("\"bos\":1", "\"bos\":11")
                .find("image: a special token of the tokenizer is outside"),
            0u);
  EXPECT_FALSE(bool(Tokenizer::fromJson("", "image")));
  EXPECT_FALSE(bool(Tokenizer::fromJson("[]", "image")));
}

TEST(TokenizerJson, tokens_that_are_no_text_survive) {
  SpmData data = spm();
  data.tokens[10] = "\xff\x00z";
  auto tokenizer = make(data);
  EXPECT_EQ(tokenizer->decode({10}), data.tokens[10]);
}
