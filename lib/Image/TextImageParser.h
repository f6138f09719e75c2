// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TextImageParser.h - Parser of a whole text (internal) ----*- C++ -*-===//
//
// TextParser.cpp reads texts, regions, routes and intent, TextDataParser.cpp
// tensors and init data.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_IMAGE_TEXTIMAGEPARSER_H
#define WAFER_LIB_IMAGE_TEXTIMAGEPARSER_H

#include "TextParser.h"

#include <map>

namespace wafer::text {

class ImageParser : public ParserBase {
public:
  ImageParser(TextLexer &lexer, const std::string &file)
      : ParserBase(lexer, file) {}

  bool parse() {
    while (!failed() && peek().kind != Token::Kind::End) {
      if (!item()) {
        return false;
      }
    }
    return !failed();
  }
  Image image;

private:
  bool item();
  bool machine();
  bool map();
  bool certified();
  bool seal();
  bool digest(uint64_t &value);
  bool text(std::string &out);
  bool role();
  bool region();
  bool config();
  bool positions(RouteConfig &c);
  bool filter(RouteConfig &c);
  bool rule();
  bool runs(std::vector<Run> &out);
  bool run(Run &out);
  bool family();
  bool segment(std::vector<Segment> &out);
  bool stream();
  bool tensor();
  bool dimension(TensorPlacement &t);
  bool hostPort();
  bool stage();
  bool init();
  bool initCores(const Rect &r, uint32_t bytes, std::vector<uint8_t> &data);
  bool initPlace(const Role &role, uint32_t &place);
  bool typedItem(DataType type, std::vector<uint8_t> &value);
  bool initValue(uint32_t bytes, std::vector<uint8_t> &value);
  bool hexValue(std::vector<uint8_t> &value);
  bool equals(const char *word, uint16_t &value);

  /// @name of an element of `list`; `index` becomes its place.
  template <typename List>
  bool reference(const List &list, uint32_t &index, const char *noun) {
    size_t offset = peek().offset;
    std::string wanted;
    if (!name(wanted)) {
      return false;
    }
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i].name == wanted) {
        index = uint32_t(i);
        return true;
      }
    }
    return failAt(offset, fmt::format("unknown {}", noun), "",
                  "'@" + wanted + "'");
  }

  std::map<std::string, uint32_t> configNames;
  uint64_t initBytes = 0;
};

} // namespace wafer::text

#endif // WAFER_LIB_IMAGE_TEXTIMAGEPARSER_H
