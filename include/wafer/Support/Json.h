// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Json.h - Reading JSON from people and strangers ----------*- C++ -*-===//
//
// A strict front of the JSON library: one clear error with line and column, no
// exception, no duplicate keys, bounded nesting.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_JSON_H
#define WAFER_SUPPORT_JSON_H

#include "wafer/Support/Result.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace wafer {

/// Arrays and objects inside one another, at most.
inline constexpr unsigned kMaxJsonDepth = 64;

/// Parses one JSON text. `where` names it in errors.
Result<nlohmann::json> parseJson(std::string_view text,
                                 const std::string &where);

/// One reference token of a JSON pointer, escaped ("~" and "/", RFC 6901).
std::string jsonPointerToken(std::string_view key);

/// "a string", "an object", "the number 7" ...: what stands at `value`.
std::string describeJson(const nlohmann::json &value);

} // namespace wafer

#endif // WAFER_SUPPORT_JSON_H
