// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PreTokenizer.h - Cutting text into words -----------------*- C++ -*-===//
//
// Byte-pair encoders first cut text with a regular expression. There are few of
// them in use; each is a hand-written scanner here, and others are refused.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MODEL_PRETOKENIZER_H
#define WAFER_LIB_MODEL_PRETOKENIZER_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wafer {

enum class SplitRule : uint8_t { None, Gpt2, Llama3, Qwen2 };

/// "gpt2"; the names in our JSON form.
const char *nameOf(SplitRule rule);
std::optional<SplitRule> splitRuleNamed(std::string_view name);
/// The rule that a regular expression of a tokenizer.json stands for.
std::optional<SplitRule> splitRuleOfRegex(std::string_view regex);

/// Cuts the text; the pieces in order are the whole text.
std::vector<std::string_view> splitWords(std::string_view text, SplitRule rule);

} // namespace wafer

#endif // WAFER_LIB_MODEL_PRETOKENIZER_H
