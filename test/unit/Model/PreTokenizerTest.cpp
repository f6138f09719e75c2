// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "PreTokenizer.h"
#include "Unicode.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

using Words = std::vector<std::string>;

Words split(const std::string &text, SplitRule rule) {
  Words words;
  for (std::string_view word : splitWords(text, rule)) {
    words.emplace_back(word);
  }
  return words;
}

} // namespace

TEST(PreTokenizer, gpt2_keeps_a_space_with_the_word_after_it) {
  EXPECT_EQ(split("Hello world 42!!", SplitRule::Gpt2),
            (Words{"Hello", " world", " 42", "!!"}));
  EXPECT_EQ(split("it's we'll I'D", SplitRule::Gpt2),
            (Words{"it", "'s", " we", "'ll", " I", "'", "D"}));
  // The last of several spaces goes with the word; those at the end stay.
  EXPECT_EQ(split("a   b  ", SplitRule::Gpt2), (Words{"a", "  ", " b", "  "}));
  EXPECT_EQ(split("a \n b", SplitRule::Gpt2), (Words{"a", " \n", " b"}));
  EXPECT_EQ(split("a\tb", SplitRule::Gpt2), (Words{"a", "\t", "b"}));
}

TEST(PreTokenizer, llama3_and_qwen2_differ_in_numbers) {
  EXPECT_EQ(split("x 12345", SplitRule::Llama3),
            (Words{"x", " ", "123", "45"}));
  EXPECT_EQ(split("x 123", SplitRule::Qwen2), (Words{"x", " ", "1", "2", "3"}));
}

TEST(PreTokenizer, newer_rules) {
  for (SplitRule rule : {SplitRule::Llama3, SplitRule::Qwen2}) {
    EXPECT_EQ(split("I'LL it'S", rule), (Words{"I", "'LL", " it", "'S"}));
    // Any one sign goes with the letters after it, and line breaks with signs.
    EXPECT_EQ(split("(a) b\n", rule), (Words{"(a", ")", " b", "\n"}));
    EXPECT_EQ(split("a .\n\nb", rule), (Words{"a", " .\n\n", "b"}));
    EXPECT_EQ(split("a \n  b", rule), (Words{"a", " \n", " ", " b"}));
    EXPECT_EQ(split("a\n \nb  ", rule), (Words{"a", "\n \n", "b", "  "}));
    EXPECT_EQ(split("\tx", rule), (Words{"\tx"}));
    // U+00A0 is white space, U+00E9 a letter, U+00BD a number.
    EXPECT_EQ(split("\xc2\xa0\xc3\xa9", rule), (Words{"\xc2\xa0\xc3\xa9"}));
    EXPECT_EQ(split("\xc2\xbd", rule), (Words{"\xc2\xbd"}));
    // An invalid byte is a sign.
    EXPECT_EQ(split("a\xff", rule), (Words{"a", "\xff"}));
    EXPECT_EQ(split("", rule), Words{});
  }
}

TEST(PreTokenizer, pieces_are_the_whole_text) {
  // All pairs and triples of characters of all classes.
  const char *chars[] = {"a", "1", " ",        "\n",   "\t", "'",
                         "s", ".", "\xc3\xa9", "\xff", "\r"};
  for (const char *a : chars) {
    for (const char *b : chars) {
      for (const char *c : chars) {
        const std::string text = std::string(a) + b + c + a;
        for (SplitRule rule : {SplitRule::None, SplitRule::Gpt2,
                               SplitRule::Llama3, SplitRule::Qwen2}) {
          std::string joined;
          for (std::string_view word : splitWords(text, rule)) {
            ASSERT_FALSE(word.empty());
            joined += word;
          }
          ASSERT_EQ(joined, text);
        }
      }
    }
  }
}

TEST(PreTokenizer, rules_have_names) {
  for (SplitRule rule : {SplitRule::None, SplitRule::Gpt2, SplitRule::Llama3,
                         SplitRule::Qwen2}) {
    EXPECT_EQ(splitRuleNamed(nameOf(rule)), rule);
  }
  EXPECT_EQ(splitRuleNamed("x"), std::nullopt);
  EXPECT_EQ(splitRuleOfRegex("\\s+"), std::nullopt);
}

TEST(Unicode, utf8_round_trip_and_refusals) {
  for (uint32_t code :
       {0x41u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xffffu, 0x10000u, 0x10ffffu}) {
    std::string text;
    appendUtf8(text, code);
    DecodedChar c = decodeUtf8(text, 0);
    EXPECT_EQ(c.codePoint, code);
    EXPECT_EQ(c.length, text.size());
  }
  // Overlong, surrogate, above U+10FFFF, cut short, stray continuation.
  for (const char *bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xe2\x96", "\x80"}) {
    EXPECT_FALSE(isValidUtf8(bad));
    EXPECT_EQ(decodeUtf8(bad, 0).length, 1u);
  }
}

TEST(Unicode, normalization_form_c) {
  EXPECT_EQ(toNfc("e\xcc\x81"), "\xc3\xa9"); // e + acute
  EXPECT_EQ(toNfc("\xc3\xa9"), "\xc3\xa9");  // already composed
  EXPECT_EQ(toNfc("a\xcc\xa7\xcc\x81"),
            "\xc3\xa1\xcc\xa7"); // acute passes the cedilla (class 202)
  EXPECT_EQ(toNfc("c\xcc\x81\xcc\xa7"),
            "\xe1\xb8\x89"); // reordered: c + cedilla + acute
  EXPECT_EQ(toNfc("\xe2\x84\xab"),
            "\xc3\x85"); // the Angstrom sign is a singleton
  EXPECT_EQ(toNfc("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"),
            "\xed\x95\x9c"); // Hangul
  EXPECT_EQ(toNfc("\xed\x95\x98\xe1\x86\xab"),
            "\xed\x95\x9c"); // syllable + tail
  EXPECT_EQ(toNfc("\xe0\xa4\x95\xe0\xa4\xbc"),
            "\xe0\xa4\x95\xe0\xa4\xbc"); // excluded from composition
  EXPECT_EQ(toNfc("e\xff\xcc\x81"),
            "e\xff\xcc\x81"); // an invalid byte stays, and separates
}
