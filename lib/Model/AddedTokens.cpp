// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "AddedTokens.h"

#include "Unicode.h"

#include <algorithm>

using namespace wafer;

namespace {

/// Where the character before `position` begins.
size_t previousChar(std::string_view text, size_t position) {
  size_t begin = position - 1;
  while (begin > 0 && position - begin < 4 &&
         (uint8_t(text[begin]) & 0xc0) == 0x80) {
    --begin;
  }
  return begin;
}

bool isWordChar(uint32_t code) {
  return code == '_' || isLetter(code) || isNumber(code);
}

bool standsAlone(std::string_view text, size_t begin, size_t end) {
  bool wordBefore =
      begin > 0 &&
      isWordChar(decodeUtf8(text, previousChar(text, begin)).codePoint);
  bool wordAfter =
      end < text.size() && isWordChar(decodeUtf8(text, end).codePoint);
  return !wordBefore && !wordAfter;
}

} // namespace

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken> &all) {
  for (const AddedToken &token : all) {
    if (!token.text.empty()) {
      byFirstByte[uint8_t(token.text[0])].push_back(uint32_t(tokens.size()));
      tokens.push_back(token);
    }
  }
  for (std::vector<uint32_t> &indices : byFirstByte) {
    std::stable_sort(indices.begin(), indices.end(),
                     [&](uint32_t a, uint32_t b) {
                       return tokens[a].text.size() > tokens[b].text.size();
                     });
  }
}

const AddedToken *AddedTokenFinder::findAt(std::string_view text,
                                           size_t position) const {
  for (uint32_t index : byFirstByte[uint8_t(text[position])]) {
    const AddedToken &token = tokens[index];
    if (text.compare(position, token.text.size(), token.text) == 0 &&
        (!token.singleWord ||
         standsAlone(text, position, position + token.text.size()))) {
      return &token;
    }
  }
  return nullptr;
}

std::vector<TextPiece> AddedTokenFinder::split(std::string_view text) const {
  std::vector<TextPiece> pieces;
  size_t done = 0;
  for (size_t i = 0; i < text.size();) {
    const AddedToken *token = findAt(text, i);
    if (!token) {
      ++i;
      continue;
    }
    size_t begin = i, end = i + token->text.size();
    while (token->stripLeft && begin > done) {
      size_t before = previousChar(text, begin);
      if (before < done || !isSpace(decodeUtf8(text, before).codePoint)) {
        break;
      }
      begin = before;
    }
    while (token->stripRight && end < text.size()) {
      DecodedChar next = decodeUtf8(text, end);
      if (!isSpace(next.codePoint)) {
        break;
      }
      end += next.length;
    }
    if (begin > done) {
      pieces.push_back({text.substr(done, begin - done), std::nullopt});
    }
    pieces.push_back({text.substr(begin, end - begin), token->id});
    i = done = end;
  }
  if (done < text.size()) {
    pieces.push_back({text.substr(done), std::nullopt});
  }
  return pieces;
}
