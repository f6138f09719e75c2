// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TextPrinter.h - Shared by the printers (internal) --------*- C++ -*-===//
#ifndef WAFER_LIB_IMAGE_TEXTPRINTER_H
#define WAFER_LIB_IMAGE_TEXTPRINTER_H

#include "wafer/Image/Text.h"

#include <fmt/format.h>

#include <iterator>

namespace wafer::text {

template <typename... Args>
void put(std::string &out, fmt::format_string<Args...> format, Args &&...args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

/// `text` in quotes; bytes that are not printable UTF-8 as \xNN.
std::string quotedText(std::string_view text);
/// `name` as an identifier where it is one, else in quotes.
std::string symbol(const std::string &name);
/// "4", "row 0" or "col 1".
std::string source(ParamSource value);
/// An address as a name of the role ("acc", "acc + 8") or a number.
std::string address(const Role &role, uint32_t value, bool params);

} // namespace wafer::text

#endif // WAFER_LIB_IMAGE_TEXTPRINTER_H
