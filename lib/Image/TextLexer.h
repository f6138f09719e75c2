// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TextLexer.h - Tokens of the text form (internal) ---------*- C++ -*-===//
#ifndef WAFER_LIB_IMAGE_TEXTLEXER_H
#define WAFER_LIB_IMAGE_TEXTLEXER_H

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace wafer::text {

/// A letter or '_', then letters, digits, '_'; '.' and '-' when a letter,
/// digit or '_' (for '-': a letter) follows.
bool isIdentifier(std::string_view text);
/// True if `text` is an object that JsonScanner would take as a whole.
bool isBalancedJson(std::string_view text);

struct Token {
  enum class Kind : uint8_t {
    End,
    Identifier,  // word
    Name,        // @word or @"text"
    String,      // "text"
    Integer,     // 12, -3, 0x1f
    Float,       // 1.5, -2e3
    Punctuation, // one of { } [ ] ( ) : , = * + - # | or -> or ..
    Bad
  };
  Kind kind = Kind::End;
  /// The word, the unescaped text, or the punctuation; the error for Bad.
  std::string text;
  int64_t integer = 0;
  double number = 0;
  size_t offset = 0;

  bool is(std::string_view punctuation) const {
    return kind == Kind::Punctuation && text == punctuation;
  }
  bool isWord(std::string_view word) const {
    return kind == Kind::Identifier && text == word;
  }
};

class TextLexer {
public:
  explicit TextLexer(std::string_view source) : source(source) {}

  /// The token `ahead` places from the next one.
  const Token &peek(size_t ahead = 0);
  Token next();
  /// The balanced {...} that comes next, as it stands; empty if there is none.
  std::string_view rawObject();
  /// Line and column, from 1, of a byte.
  std::pair<size_t, size_t> lineAndColumn(size_t offset) const;

private:
  Token lex();
  void skipBlanks();
  void lexNumber(Token &token);
  void lexString(Token &token);
  std::string_view word();

  std::string_view source;
  size_t position = 0;
  std::deque<Token> ahead;
};

} // namespace wafer::text

#endif // WAFER_LIB_IMAGE_TEXTLEXER_H
