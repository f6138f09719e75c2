// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextLexer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

using namespace wafer;
using namespace wafer::text;

static bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// Length of the identifier at the begin of `s`.
static size_t identifierLength(std::string_view s) {
  if (s.empty() || !isLetter(s[0])) {
    return 0;
  }
  size_t n = 1;
  while (n < s.size()) {
    char next = n + 1 < s.size() ? s[n + 1] : ' ';
    bool more = isLetter(s[n]) || isDigit(s[n]) ||
                (s[n] == '.' && (isLetter(next) || isDigit(next))) ||
                (s[n] == '-' && isLetter(next));
    if (!more) {
      break;
    }
    ++n;
  }
  return n;
}

bool wafer::text::isIdentifier(std::string_view text) {
  return !text.empty() && identifierLength(text) == text.size();
}

/// Length of the balanced object at the begin of `s`; 0 if there is none.
static size_t objectLength(std::string_view s) {
  if (s.empty() || s[0] != '{') {
    return 0;
  }
  size_t depth = 0;
  bool inString = false;
  for (size_t i = 0; i < s.size(); ++i) {
    char c = s[i];
    if (inString) {
      i += c == '\\';
      inString = c != '"';
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

bool wafer::text::isBalancedJson(std::string_view text) {
  return !text.empty() && objectLength(text) == text.size();
}

const Token &TextLexer::peek(size_t distance) {
  while (ahead.size() <= distance) {
    ahead.push_back(lex());
  }
  return ahead[distance];
}

Token TextLexer::next() {
  peek();
  Token token = std::move(ahead.front());
  ahead.pop_front();
  return token;
}

std::string_view TextLexer::rawObject() {
  if (!ahead.empty()) {
    position = ahead.front().offset;
    ahead.clear();
  }
  skipBlanks();
  std::string_view rest = source.substr(position);
  std::string_view object = rest.substr(0, objectLength(rest));
  position += object.size();
  return object;
}

std::pair<size_t, size_t> TextLexer::lineAndColumn(size_t offset) const {
  std::string_view before = source.substr(0, std::min(offset, source.size()));
  size_t line = size_t(std::count(before.begin(), before.end(), '\n')) + 1;
  size_t lineStart = before.rfind('\n');
  size_t column =
      lineStart == std::string_view::npos ? offset : offset - lineStart - 1;
  return {line, column + 1};
}

void TextLexer::skipBlanks() {
  while (position < source.size()) {
    char c = source[position];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++position;
    } else if (source.substr(position, 2) == "//") {
      position = std::min(source.find('\n', position), source.size());
    } else {
      break;
    }
  }
}

std::string_view TextLexer::word() {
  std::string_view rest = source.substr(position);
  std::string_view found = rest.substr(0, identifierLength(rest));
  position += found.size();
  return found;
}

Token TextLexer::lex() {
  skipBlanks();
  Token token;
  token.offset = position;
  if (position >= source.size()) {
    return token;
  }
  char c = source[position];
  char following = position + 1 < source.size() ? source[position + 1] : ' ';
  if (isLetter(c)) {
    token.kind = Token::Kind::Identifier;
    token.text = word();
  } else if (isDigit(c) || (c == '-' && isDigit(following))) {
    lexNumber(token);
  } else if (c == '"') {
    lexString(token);
  } else if (c == '@') {
    ++position;
    if (following == '"') {
      lexString(token);
    } else {
      token.text = word();
      token.kind = Token::Kind::String;
    }
    if (token.kind == Token::Kind::String && token.text.empty()) {
      token.kind = Token::Kind::Bad;
      token.text = "a name behind '@'";
    } else if (token.kind == Token::Kind::String) {
      token.kind = Token::Kind::Name;
    }
  } else {
    static constexpr std::string_view kSigns = "{}[]():,=*+-#|.";
    bool pair =
        (c == '-' && following == '>') || (c == '.' && following == '.');
    token.kind = kSigns.find(c) == std::string_view::npos || (c == '.' && !pair)
                     ? Token::Kind::Bad
                     : Token::Kind::Punctuation;
    token.text = token.kind == Token::Kind::Bad
                     ? "a token"
                     : std::string(source.substr(position, pair ? 2 : 1));
    position += pair ? 2 : 1;
  }
  return token;
}

void TextLexer::lexNumber(Token &token) {
  size_t begin = position;
  bool negative = source[position] == '-';
  position += negative;
  bool hexadecimal = source.substr(position, 2) == "0x";
  if (hexadecimal) {
    position += 2;
  }
  size_t digits = position;
  bool isFloat = false;
  while (position < source.size()) {
    char c = source[position];
    char following = position + 1 < source.size() ? source[position + 1] : ' ';
    if (hexadecimal ? std::isxdigit(uint8_t(c)) : isDigit(c)) {
      ++position;
    } else if (!hexadecimal && c == '.' && isDigit(following)) {
      isFloat = true;
      ++position;
    } else if (!hexadecimal && (c == 'e' || c == 'E') &&
               (isDigit(following) || following == '-' || following == '+')) {
      isFloat = true;
      position += 2;
    } else {
      break;
    }
  }
  std::string text(source.substr(begin, position - begin));
  if (isFloat) {
    token.kind = Token::Kind::Float;
    token.number = std::strtod(text.c_str(), nullptr);
    return;
  }
  uint64_t value = 0;
  auto [end, error] =
      std::from_chars(source.data() + digits, source.data() + position, value,
                      hexadecimal ? 16 : 10);
  bool follows = position < source.size() && isLetter(source[position]);
  // 2^40 leaves room for sums of what any field holds.
  if (error != std::errc() || end != source.data() + position || follows ||
      value > (uint64_t(1) << 40)) {
    token.kind = Token::Kind::Bad;
    token.text = "a number of at most 40 bits";
    return;
  }
  token.kind = Token::Kind::Integer;
  token.integer = negative ? -int64_t(value) : int64_t(value);
  token.number = double(token.integer);
}

void TextLexer::lexString(Token &token) {
  ++position;
  token.kind = Token::Kind::Bad;
  std::string text;
  while (position < source.size() && source[position] != '"') {
    char c = source[position++];
    if (c != '\\') {
      text += c;
      continue;
    }
    char escape = position < source.size() ? source[position++] : ' ';
    if (escape == 'n') {
      text += '\n';
    } else if (escape == 't') {
      text += '\t';
    } else if (escape == '"' || escape == '\\') {
      text += escape;
    } else if (escape == 'x') {
      unsigned value = 0;
      const char *at = source.data() + position;
      const char *end = source.data() + std::min(position + 2, source.size());
      auto result = std::from_chars(at, end, value, 16);
      if (result.ptr != at + 2) {
        token.text = "two hexadecimal digits behind '\\x'";
        return;
      }
      text += char(value);
      position += 2;
    } else {
      token.text = "one of \\n \\t \\\" \\\\ \\xNN";
      return;
    }
  }
  if (position >= source.size()) {
    token.text = "a '\"' at the end of the text";
    return;
  }
  ++position;
  token.kind = Token::Kind::String;
  token.text = std::move(text);
}
