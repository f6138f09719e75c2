// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Unicode.h - UTF-8 and character classes ------------------*- C++ -*-===//
#ifndef WAFER_LIB_MODEL_UNICODE_H
#define WAFER_LIB_MODEL_UNICODE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace wafer {

/// Stands for a byte that is no part of valid UTF-8; in no character class.
inline constexpr uint32_t kInvalidCodePoint = 0xffffffff;

struct DecodedChar {
  uint32_t codePoint;
  /// Bytes that it takes; 1 for an invalid byte.
  uint32_t length;
};

/// Decodes the character at `position`, which must be inside the text.
DecodedChar decodeUtf8(std::string_view text, size_t position);
void appendUtf8(std::string &text, uint32_t codePoint);
bool isValidUtf8(std::string_view text);

/// `text` with every `from`, which is not empty, replaced by `to`.
std::string replaceAll(std::string_view text, std::string_view from,
                       std::string_view to);

/// General categories L* and N*, and the property White_Space.
bool isLetter(uint32_t codePoint);
bool isNumber(uint32_t codePoint);
bool isSpace(uint32_t codePoint);

/// Normalization form C. Bytes that are not UTF-8 are kept as they are.
std::string toNfc(std::string_view text);

} // namespace wafer

#endif // WAFER_LIB_MODEL_UNICODE_H
