// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Text.h - The readable form of an image -------------------*- C++ -*-===//
//
// A text that holds everything an image holds, for reading dumps and for
// writing small programs by hand. docs/image-text.md is its reference. For a
// valid image, parse(print(image)) is the image and print(parse(text)) is the
// canonical form of the text.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_TEXT_H
#define WAFER_IMAGE_TEXT_H

#include "wafer/Image/Image.h"

#include <string>
#include <string_view>

namespace wafer {

struct ImageTextOptions {
  /// Print the bytes of init data; otherwise a comment with their size.
  bool initData = true;
  /// Print machine, model, tokenizer, report and graph in full; otherwise the
  /// machine by name where it is a shipped one, and comments with sizes.
  bool texts = true;
};

/// The text of a valid image.
std::string printImage(const Image &image,
                       const ImageTextOptions &options = {});
/// The text of one role.
std::string printRole(const Role &role);
/// One instruction as it stands in the text of `role`, without indentation.
std::string printInstruction(const Instruction &instruction, const Role &role);
/// "rx=W tx=R,E" and so on: a config without its number.
std::string printConfig(const RouteConfig &config);
/// "W,R" for a mask of ports, "-" for none.
std::string printPorts(uint8_t mask);
/// "1, 2*3, 0..8": a list of numbers in the short form of the text.
std::string printList(const std::vector<uint32_t> &values);
/// `name` as it stands behind an '@': itself, or in quotes.
std::string printName(const std::string &name);

/// Parses a text; errors give `file`, line and column. The result has the
/// right form, but validate() has not been called. A machine given by name is
/// looked up with Machine::load.
Result<Image> parseImage(std::string_view text, const std::string &file);

} // namespace wafer

#endif // WAFER_IMAGE_TEXT_H
