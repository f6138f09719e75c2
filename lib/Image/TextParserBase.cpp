// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextNames.h"
#include "TextParser.h"

using namespace wafer;
using namespace wafer::text;

bool ParserBase::failAt(size_t offset, const std::string &what,
                        const std::string &expected, const std::string &found) {
  if (!error) {
    auto [line, column] = lexer.lineAndColumn(offset);
    error = Diagnostic{what, fmt::format("{}:{}:{}", file, line, column),
                       expected, found, ""};
  }
  return false;
}

bool ParserBase::fail(const std::string &expected) {
  const Token &token = peek();
  std::string found;
  switch (token.kind) {
  case Token::Kind::End:
    found = "the end of the text";
    break;
  case Token::Kind::Bad:
    return failAt(token.offset, "cannot read this", token.text);
  case Token::Kind::Integer:
    found = std::to_string(token.integer);
    break;
  case Token::Kind::Float:
    found = fmt::format("{}", token.number);
    break;
  case Token::Kind::Name:
    found = "'@" + token.text + "'";
    break;
  case Token::Kind::String:
    found = token.text.size() > 40 ? "a text" : '"' + token.text + '"';
    break;
  default:
    found = "'" + token.text + "'";
  }
  return failAt(token.offset, "syntax error", expected, found);
}

bool ParserBase::accept(std::string_view punctuation) {
  if (failed() || !peek().is(punctuation)) {
    return false;
  }
  lexer.next();
  return true;
}

bool ParserBase::acceptWord(std::string_view word) {
  if (failed() || !peek().isWord(word)) {
    return false;
  }
  lexer.next();
  return true;
}

bool ParserBase::expect(std::string_view punctuation) {
  return accept(punctuation) || fail(fmt::format("'{}'", punctuation));
}

bool ParserBase::expectWord(std::string_view word) {
  return acceptWord(word) || fail(fmt::format("'{}'", word));
}

bool ParserBase::name(std::string &text) {
  if (failed() || peek().kind != Token::Kind::Name) {
    return fail("a name such as '@chain'");
  }
  text = lexer.next().text;
  return true;
}

void ParserBase::optionalName(std::string &text) {
  if (!failed() && peek().kind == Token::Kind::Name) {
    text = lexer.next().text;
  }
}

bool ParserBase::isSymbol(size_t ahead) {
  Token::Kind kind = peek(ahead).kind;
  return kind == Token::Kind::Identifier || kind == Token::Kind::String;
}

bool ParserBase::symbol(std::string &text) {
  if (failed() || !isSymbol()) {
    return fail("a name");
  }
  text = lexer.next().text;
  return true;
}

bool ParserBase::string(std::string &text) {
  if (failed() || peek().kind != Token::Kind::String) {
    return fail("a text in quotes");
  }
  text = lexer.next().text;
  return true;
}

bool ParserBase::integerIn(int64_t &value, int64_t low, int64_t high,
                           const char *noun) {
  if (failed() || peek().kind != Token::Kind::Integer || peek().integer < low ||
      peek().integer > high) {
    return fail(fmt::format("{} of {} to {}", noun, low, high));
  }
  value = lexer.next().integer;
  return true;
}

std::string ParserBase::oneOf(const char *noun, const char *const *words,
                              size_t count) {
  std::string text = fmt::format("{}:", noun);
  for (size_t i = 0; i < count; ++i) {
    text += fmt::format("{} '{}'",
                        i == 0           ? ""
                        : i + 1 == count ? " or"
                                         : ",",
                        words[i]);
  }
  return text;
}

bool ParserBase::rect(Rect &r) {
  return expectWord("rect") && integer(r.x, "column") && integer(r.y, "row") &&
         integer(r.w, "width") && integer(r.h, "height");
}

bool ParserBase::ports(uint8_t &mask) {
  mask = 0;
  if (accept("-")) {
    return true;
  }
  do {
    unsigned port = 0;
    if (!keyword(kPorts, port, "a port")) {
      return false;
    }
    mask = uint8_t(mask | (1u << port));
  } while (accept(","));
  return true;
}

bool ParserBase::spend(int64_t elements) {
  budget -= elements;
  return budget >= 0 ||
         failAt(peek().offset, "lists are too long",
                fmt::format("at most {} elements in a text", kMostElements));
}

/// v, v*n, a..b, a..b step k, none.
bool ParserBase::numberItem(std::vector<int64_t> &values, int64_t low,
                            int64_t high) {
  int64_t first = kUnboundColor;
  if (!acceptWord("none") && !integerIn(first, low, high, "a number")) {
    return false;
  }
  if (accept("*")) {
    int64_t count = 0;
    if (!integerIn(count, 0, kMostElements, "count") || !spend(count)) {
      return false;
    }
    values.insert(values.end(), size_t(count), first);
    return true;
  }
  if (!accept("..")) {
    values.push_back(first);
    return spend(1);
  }
  int64_t end = 0;
  int64_t step = 1;
  if (!integerIn(end, low - 1, high + 1, "end of a range")) {
    return false;
  }
  if (acceptWord("step") && !integerIn(step, -high, high, "step")) {
    return false;
  }
  if (step == 0) {
    return fail("a step other than 0 before this");
  }
  int64_t count = step > 0 ? (end - first + step - 1) / step
                           : (first - end - step - 1) / -step;
  if (!spend(std::max<int64_t>(count, 0))) {
    return false;
  }
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(first + i * step);
  }
  return true;
}

bool ParserBase::numbers(std::vector<int64_t> &values, int64_t low,
                         int64_t high) {
  return groups([&] { return numberItem(values, low, high); },
                [&] { return values.size(); },
                [&](size_t begin, size_t times) {
                  size_t length = values.size() - begin;
                  for (size_t k = 1; k < times; ++k) {
                    for (size_t i = 0; i < length; ++i) {
                      values.push_back(values[begin + i]);
                    }
                  }
                });
}
