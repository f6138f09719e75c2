// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "PreTokenizer.h"

#include "Unicode.h"

#include <algorithm>

using namespace wafer;

namespace {

struct KnownRule {
  SplitRule rule;
  const char *name;
  const char *regex;
};

constexpr KnownRule kRules[] = {
    {SplitRule::None, "none", nullptr},
    {SplitRule::Gpt2, "gpt2",
     R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    {SplitRule::Llama3, "llama3",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {SplitRule::Qwen2, "qwen2",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
};

enum class Class : uint8_t { Letter, Number, Newline, Space, Other, End };

struct Char {
  uint32_t code;
  Class kind;
  size_t offset;
};

/// Tries the alternatives of the expressions in their order. Positions are
/// indices into `chars`, which ends with a sentinel of class End.
class Scanner {
public:
  Scanner(std::string_view text, SplitRule rule) : text(text), rule(rule) {
    chars.reserve(text.size() + 1);
    for (size_t i = 0; i < text.size();) {
      DecodedChar c = decodeUtf8(text, i);
      chars.push_back({c.codePoint, classify(c.codePoint), i});
      i += c.length;
    }
    chars.push_back({0, Class::End, text.size()});
  }

  std::vector<std::string_view> split() const {
    std::vector<std::string_view> words;
    for (size_t i = 0; i + 1 < chars.size();) {
      size_t end = wordEnd(i);
      words.push_back(
          text.substr(chars[i].offset, chars[end].offset - chars[i].offset));
      i = end;
    }
    return words;
  }

private:
  static Class classify(uint32_t code) {
    if (isLetter(code)) {
      return Class::Letter;
    }
    if (isNumber(code)) {
      return Class::Number;
    }
    if (code == '\r' || code == '\n') {
      return Class::Newline;
    }
    return isSpace(code) ? Class::Space : Class::Other;
  }

  Class kindAt(size_t i) const { return chars[i].kind; }
  bool isWhite(size_t i) const {
    return kindAt(i) == Class::Space || kindAt(i) == Class::Newline;
  }
  size_t runEnd(size_t i, Class kind) const {
    while (kindAt(i) == kind) {
      ++i;
    }
    return i;
  }

  /// The end of the word at `i`; always above `i`.
  size_t wordEnd(size_t i) const {
    if (size_t end = contractionEnd(i)) {
      return end;
    }
    return rule == SplitRule::Gpt2 ? gpt2WordEnd(i) : newerWordEnd(i);
  }

  /// 's 't 're 've 'm 'll 'd; 0 when there is none.
  size_t contractionEnd(size_t i) const {
    if (chars[i].code != '\'') {
      return 0;
    }
    auto letterAt = [&](size_t k) -> uint32_t {
      if (k >= chars.size()) {
        return 0;
      }
      uint32_t code = chars[k].code;
      if (rule == SplitRule::Gpt2) {
        return code;
      }
      // The newer expressions ignore case; U+017F is a form of s.
      return code == 0x17f ? 's' : code - 'A' < 26 ? code + 32 : code;
    };
    uint32_t first = letterAt(i + 1), second = letterAt(i + 2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return i + 2;
    }
    bool two = ((first == 'r' || first == 'v') && second == 'e') ||
               (first == 'l' && second == 'l');
    return two ? i + 3 : 0;
  }

  size_t gpt2WordEnd(size_t i) const {
    // A single space goes with the letters, numbers or signs after it.
    size_t start = chars[i].code == ' ' ? i + 1 : i;
    Class kind = kindAt(start);
    if (kind == Class::Letter || kind == Class::Number ||
        kind == Class::Other) {
      return runEnd(start, kind);
    }
    return whiteEnd(i);
  }

  size_t newerWordEnd(size_t i) const {
    Class kind = kindAt(i);
    if (kind == Class::Letter) {
      return runEnd(i, Class::Letter);
    }
    if ((kind == Class::Space || kind == Class::Other) &&
        kindAt(i + 1) == Class::Letter) {
      return runEnd(i + 1, Class::Letter);
    }
    if (kind == Class::Number) {
      size_t most = i + (rule == SplitRule::Llama3 ? 3 : 1);
      return std::min(runEnd(i, Class::Number), most);
    }
    size_t start = chars[i].code == ' ' ? i + 1 : i;
    if (kindAt(start) == Class::Other) {
      return runEnd(runEnd(start, Class::Other), Class::Newline);
    }
    // White space up to its last line break.
    size_t end = i;
    for (size_t k = i; isWhite(k); ++k) {
      if (kindAt(k) == Class::Newline) {
        end = k + 1;
      }
    }
    return end > i ? end : whiteEnd(i);
  }

  /// White space, of which the last character is left to a word after it.
  size_t whiteEnd(size_t i) const {
    size_t end = i;
    while (isWhite(end)) {
      ++end;
    }
    bool beforeWord = kindAt(end) != Class::End;
    return beforeWord && end - i > 1 ? end - 1 : end;
  }

  std::string_view text;
  SplitRule rule;
  std::vector<Char> chars;
};

} // namespace

const char *wafer::nameOf(SplitRule rule) {
  for (const KnownRule &known : kRules) {
    if (known.rule == rule) {
      return known.name;
    }
  }
  return "none";
}

std::optional<SplitRule> wafer::splitRuleNamed(std::string_view name) {
  for (const KnownRule &known : kRules) {
    if (name == known.name) {
      return known.rule;
    }
  }
  return std::nullopt;
}

std::optional<SplitRule> wafer::splitRuleOfRegex(std::string_view regex) {
  for (const KnownRule &known : kRules) {
    if (known.regex && regex == known.regex) {
      return known.rule;
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> wafer::splitWords(std::string_view text,
                                                SplitRule rule) {
  if (rule == SplitRule::None) {
    return text.empty() ? std::vector<std::string_view>()
                        : std::vector<std::string_view>{text};
  }
  return Scanner(text, rule).split();
}
