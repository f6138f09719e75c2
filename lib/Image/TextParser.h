// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TextParser.h - Shared by the parsers (internal) ----------*- C++ -*-===//
//
// ParserBase: tokens, the one error, and the small things that every record is
// made of. Functions return false after an error; the first error is kept.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_IMAGE_TEXTPARSER_H
#define WAFER_LIB_IMAGE_TEXTPARSER_H

#include "TextLexer.h"
#include "wafer/Image/Image.h"

#include <fmt/format.h>

#include <optional>

namespace wafer::text {

class ParserBase {
public:
  ParserBase(TextLexer &lexer, std::string file)
      : lexer(lexer), file(std::move(file)) {}

  bool failed() const { return error.has_value(); }
  Diagnostic takeError() { return std::move(*error); }

  /// Records "expected ... but got TOKEN" at the next token.
  bool fail(const std::string &expected);
  /// Records an error at a byte.
  bool failAt(size_t offset, const std::string &what,
              const std::string &expected = "", const std::string &found = "");

  const Token &peek(size_t ahead = 0) { return lexer.peek(ahead); }
  Token next() { return lexer.next(); }
  /// Consumes the token if it is this one.
  bool accept(std::string_view punctuation);
  bool acceptWord(std::string_view word);
  bool expect(std::string_view punctuation);
  bool expectWord(std::string_view word);
  /// @name.
  bool name(std::string &text);
  /// @name where there is one.
  void optionalName(std::string &text);
  /// An identifier or a text in quotes.
  bool isSymbol(size_t ahead = 0);
  bool symbol(std::string &text);
  bool string(std::string &text);

  /// An integer inside the limits of T; for unsigned T of 16 and 32 bits
  /// negative numbers of the signed type are taken as their bits.
  template <typename T>
  bool integer(T &value, const char *noun) {
    int64_t raw = 0;
    constexpr int64_t kHigh = int64_t(std::numeric_limits<T>::max());
    int64_t low = std::numeric_limits<T>::min();
    if (std::is_unsigned_v<T> && sizeof(T) > 1) {
      low = -(kHigh / 2 + 1);
    }
    if (!integerIn(raw, low, kHigh, noun)) {
      return false;
    }
    value = T(raw);
    return true;
  }
  bool integerIn(int64_t &value, int64_t low, int64_t high, const char *noun);

  /// One of `words`; `value` becomes its index.
  template <typename Words, typename E>
  bool keyword(const Words &words, E &value, const char *noun) {
    for (size_t i = 0; i < words.size(); ++i) {
      if (acceptWord(words[i])) {
        value = E(i);
        return true;
      }
    }
    return fail(oneOf(noun, words.data(), words.size()));
  }

  bool rect(Rect &r);
  bool ports(uint8_t &mask);
  /// [list] of integers between `low` and `high`, in all short forms.
  bool numbers(std::vector<int64_t> &values, int64_t low, int64_t high);
  template <typename T>
  bool numbers(std::vector<T> &values) {
    std::vector<int64_t> wide;
    int64_t high = int64_t(std::numeric_limits<T>::max());
    if (!numbers(wide, -(high / 2 + 1), high)) {
      return false;
    }
    values.assign(wide.begin(), wide.end());
    return true;
  }
  /// A list "[item, (item, item)*3]": `one` parses an item and appends it;
  /// `size` and `repeat(begin, times)` see and extend what was appended.
  template <typename One, typename Size, typename Repeat>
  bool groups(One one, Size size, Repeat repeat) {
    if (!expect("[")) {
      return false;
    }
    while (!accept("]")) {
      if (!accept("(")) {
        if (!one()) {
          return false;
        }
      } else {
        size_t begin = size();
        while (!accept(")")) {
          if (!one()) {
            return false;
          }
          accept(",");
        }
        int64_t times = 1;
        if (accept("*") && !integerIn(times, 1, kMostElements, "count")) {
          return false;
        }
        if (!spend((times - 1) * int64_t(size() - begin))) {
          return false;
        }
        repeat(begin, size_t(times));
      }
      accept(",");
    }
    return true;
  }

  /// Bounds what short forms can expand to, over the whole text.
  bool spend(int64_t elements);

protected:
  static constexpr int64_t kMostElements = int64_t(1) << 26;

  TextLexer &lexer;
  std::string file;
  std::optional<Diagnostic> error;
  int64_t budget = kMostElements;

private:
  static std::string oneOf(const char *noun, const char *const *words,
                           size_t count);
  bool numberItem(std::vector<int64_t> &values, int64_t low, int64_t high);
};

/// Parses what stands behind "role".
bool parseRole(ParserBase &p, Role &role);

} // namespace wafer::text

#endif // WAFER_LIB_IMAGE_TEXTPARSER_H
