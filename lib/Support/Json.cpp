// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Json.h"

#include <algorithm>
#include <set>
#include <vector>

using namespace wafer;
using nlohmann::json;

namespace {

/// Reads the text once to find what the library would pass over in silence or
/// report without a place: syntax errors, duplicate keys, deep nesting.
class Inspector : public nlohmann::json_sax<json> {
public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t &) override { return true; }
  bool string(string_t &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool key(string_t &name) override {
    if (!keys.back().insert(name).second) {
      problem = "key '" + name + "' stands twice in one object";
      return false;
    }
    return true;
  }
  bool parse_error(std::size_t bytes, const std::string &,
                   const nlohmann::detail::exception &error) override {
    position = bytes;
    // An out-of-range number is the one error that is not about syntax.
    problem = error.id == 406 ? "number is out of range" : "malformed JSON";
    return false;
  }

  std::string problem;
  /// Bytes read when a syntax error was met, 0 if that is not known.
  std::size_t position = 0;

private:
  bool open() {
    keys.emplace_back();
    if (keys.size() > kMaxJsonDepth) {
      problem = "more than " + std::to_string(kMaxJsonDepth) +
                " arrays and objects inside one another";
      return false;
    }
    return true;
  }
  bool close() {
    keys.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> keys;
};

} // namespace

static std::string lineAndColumn(std::string_view text, std::size_t position) {
  std::size_t offset = std::min(position ? position - 1 : 0, text.size());
  std::string_view before = text.substr(0, offset);
  auto line = 1 + std::count(before.begin(), before.end(), '\n');
  std::size_t lineStart = before.rfind('\n');
  std::size_t column =
      offset - (lineStart == std::string_view::npos ? 0 : lineStart + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

Result<json> wafer::parseJson(std::string_view text, const std::string &where) {
  Inspector inspector;
  if (!json::sax_parse(text.begin(), text.end(), &inspector)) {
    std::string place = where;
    if (inspector.position) {
      place += ": " + lineAndColumn(text, inspector.position);
    }
    return Diagnostic{inspector.problem, place, "", "", ""};
  }
  json value = json::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded()) {
    return Diagnostic{"malformed JSON", where, "", "", ""};
  }
  return value;
}

std::string wafer::jsonPointerToken(std::string_view key) {
  std::string token;
  for (char c : key) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

std::string wafer::describeJson(const json &value) {
  switch (value.type()) {
  case json::value_t::null:
    return "null";
  case json::value_t::boolean:
    return value.get<bool>() ? "true" : "false";
  case json::value_t::string: {
    const auto &text = value.get_ref<const std::string &>();
    return text.size() <= 40 ? "the string '" + text + "'" : "a string";
  }
  case json::value_t::array:
    return "an array of " + std::to_string(value.size()) + " elements";
  case json::value_t::object:
    return "an object";
  default:
    return "the number " + value.dump();
  }
}
