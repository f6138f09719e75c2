// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextParser.h"
#include "TextNames.h"
#include "wafer/Image/Text.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Support/Half.h"

#include <algorithm>
#include <map>

using namespace wafer;
using namespace wafer::text;

namespace {

/// A program that is written by hand fits; a text that asks for more bytes of
/// init data is a mistake or hostile.
constexpr uint64_t kMostInitBytes = uint64_t(1) << 30;

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

} // namespace

bool ImageParser::item() {
  using Method = bool (ImageParser::*)();
  static constexpr std::pair<const char *, Method> kItems[] = {
      {"machine", &ImageParser::machine}, {"role", &ImageParser::role},
      {"region", &ImageParser::region},   {"config", &ImageParser::config},
      {"rule", &ImageParser::rule},       {"family", &ImageParser::family},
      {"stream", &ImageParser::stream},   {"tensor", &ImageParser::tensor},
      {"host", &ImageParser::hostPort},   {"stage", &ImageParser::stage},
      {"init", &ImageParser::init}};
  for (const auto &[word, method] : kItems) {
    if (acceptWord(word)) {
      return (this->*method)();
    }
  }
  const std::pair<const char *, std::string *> texts[] = {
      {"model", &image.model},
      {"tokenizer", &image.tokenizer},
      {"report", &image.report},
      {"graph", &image.graph}};
  for (const auto &[word, out] : texts) {
    if (acceptWord(word)) {
      return text(*out);
    }
  }
  if (acceptWord("parameters")) {
    return string(image.parameterSet);
  }
  return fail(
      "an item such as 'machine', 'role', 'region', 'config', 'rule' or "
      "'family'");
}

/// "text" or json {...}.
bool ImageParser::text(std::string &out) {
  if (!peek().isWord("json")) {
    return string(out);
  }
  next();
  size_t offset = peek().offset;
  out = lexer.rawObject();
  return !out.empty() || failAt(offset, "syntax error", "a JSON object");
}

bool ImageParser::machine() {
  if (peek().isWord("json")) {
    return text(image.machine);
  }
  size_t offset = peek().offset;
  std::string named;
  if (!string(named)) {
    return false;
  }
  if (!named.empty() && named[0] == '{') {
    image.machine = std::move(named);
    return true;
  }
  Result<Machine> loaded = Machine::load(named);
  if (!loaded) {
    return failAt(offset, loaded.error().str());
  }
  image.machine = loaded->toJson();
  return true;
}

bool ImageParser::role() {
  image.roles.emplace_back();
  return parseRole(*this, image.roles.back());
}

bool ImageParser::region() {
  Region r;
  if (!name(r.name) || !expectWord("role") ||
      !reference(image.roles, r.role, "role") || !rect(r.rect)) {
    return false;
  }
  if (!accept("{")) {
    image.regions.push_back(std::move(r));
    return true;
  }
  while (!accept("}")) {
    bool row = acceptWord("row");
    if (!row && !acceptWord("col")) {
      return fail("'row', 'col' or '}'");
    }
    auto &tables = row ? r.rowTables : r.columnTables;
    int64_t index = 0;
    if (!integerIn(index, int64_t(tables.size()), int64_t(tables.size()),
                   "the next table, a number") ||
        !expect(":")) {
      return false;
    }
    tables.emplace_back();
    if (!numbers(tables.back())) {
      return false;
    }
  }
  image.regions.push_back(std::move(r));
  return true;
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

bool ImageParser::equals(const char *word, uint16_t &value) {
  return expectWord(word) && expect("=") && integer(value, word);
}

bool ImageParser::positions(RouteConfig &c) {
  c.numPositions = 0;
  do {
    if (c.numPositions == c.positions.size()) {
      return fail(fmt::format("at most {} positions", c.positions.size()));
    }
    SwitchPosition &s = c.positions[c.numPositions++];
    if (!expectWord("rx") || !expect("=") || !ports(s.rx) ||
        !expectWord("tx") || !expect("=") || !ports(s.tx)) {
      return false;
    }
  } while (accept("|"));
  return true;
}

bool ImageParser::filter(RouteConfig &c) {
  Filter &f = c.filter;
  if (acceptWord("counter")) {
    f.kind = FilterKind::Counter;
    return equals("init", f.init) && equals("limit", f.limit) &&
           equals("max", f.max);
  }
  if (acceptWord("range")) {
    f.kind = FilterKind::Range;
    return equals("min", f.min) && equals("max", f.max);
  }
  return !failed();
}

bool ImageParser::config() {
  uint32_t index = uint32_t(image.configs.size());
  if (accept("#")) {
    int64_t given = 0;
    if (!integerIn(given, index, index, "the next config, a number")) {
      return false;
    }
  } else {
    std::string label;
    if (!name(label)) {
      return false;
    }
    if (!configNames.emplace(label, index).second) {
      return fail("a config with a new name before this");
    }
  }
  RouteConfig c;
  if (!positions(c)) {
    return false;
  }
  if (acceptWord("current") &&
      (!expect("=") || !integer(c.currentPosition, "position"))) {
    return false;
  }
  c.ring = acceptWord("ring");
  if (acceptWord("pop") &&
      (!expect("=") || !keyword(kPopModes, c.pop, "a pop mode"))) {
    return false;
  }
  if (!filter(c)) {
    return false;
  }
  image.configs.push_back(c);
  return true;
}

/// #n | @name | none, then "*count".
bool ImageParser::run(Run &out) {
  out.count = 1;
  if (acceptWord("none")) {
    out.config = kNoRoute;
  } else if (accept("#")) {
    if (!integer(out.config, "config")) {
      return false;
    }
  } else {
    size_t offset = peek().offset;
    std::string label;
    if (peek().kind != Token::Kind::Name) {
      return fail("'#0', a config's name, 'none', '(' or ']'");
    }
    name(label);
    auto c = configNames.find(label);
    if (c == configNames.end()) {
      return failAt(offset, "unknown config", "", "'@" + label + "'");
    }
    out.config = c->second;
  }
  return !accept("*") || integer(out.count, "count");
}

bool ImageParser::runs(std::vector<Run> &out) {
  return groups(
      [&] {
        Run r;
        if (!run(r)) {
          return false;
        }
        out.push_back(r);
        return spend(1);
      },
      [&] { return out.size(); },
      [&](size_t begin, size_t times) {
        size_t length = out.size() - begin;
        for (size_t k = 1; k < times; ++k) {
          for (size_t i = 0; i < length; ++i) {
            out.push_back(out[begin + i]);
          }
        }
      });
}

bool ImageParser::rule() {
  Rule r;
  optionalName(r.name);
  if (!expectWord("color") || !integer(r.color, "color") || !rect(r.rect) ||
      !expectWord("axis") || !keyword(kAxes, r.axis, "an axis")) {
    return false;
  }
  if (acceptWord("skew") && !integer(r.skew, "skew")) {
    return false;
  }
  do {
    r.classes.emplace_back();
    if (!runs(r.classes.back())) {
      return false;
    }
  } while (peek().is("["));
  image.rules.push_back(std::move(r));
  return true;
}

//===----------------------------------------------------------------------===//
// Intent
//===----------------------------------------------------------------------===//

/// source -> begin..end [step S count N].
bool ImageParser::segment(std::vector<Segment> &out) {
  Segment s;
  if (!integer(s.source, "source") || !expect("->") ||
      !integer(s.sinkBegin, "first sink") || !expect("..") ||
      !integer(s.sinkEnd, "end of the sinks")) {
    return false;
  }
  int64_t step = 0;
  int64_t count = 1;
  constexpr int64_t kLimit = 1 << 24;
  if (acceptWord("step") &&
      (!integerIn(step, -kLimit, kLimit, "step") || !expectWord("count") ||
       !integerIn(count, 1, kLimit, "count"))) {
    return false;
  }
  if (!spend(count)) {
    return false;
  }
  for (int64_t i = 0; i < count; ++i) {
    int64_t shift = i * step;
    Segment copy{int32_t(s.source + shift), int32_t(s.sinkBegin + shift),
                 int32_t(s.sinkEnd + shift)};
    out.push_back(copy);
  }
  return true;
}

bool ImageParser::family() {
  StreamFamily f;
  optionalName(f.name);
  if (!expectWord("color") || !integer(f.color, "color") || !rect(f.rect) ||
      !expectWord("axis") || !keyword(kAxes, f.axis, "an axis")) {
    return false;
  }
  if (acceptWord("skew") && !integer(f.skew, "skew")) {
    return false;
  }
  if (!expect("{")) {
    return false;
  }
  while (!accept("}")) {
    if (!segment(f.segments)) {
      return false;
    }
    accept(",");
  }
  image.families.push_back(std::move(f));
  return true;
}

bool ImageParser::stream() {
  Stream s;
  optionalName(s.name);
  if (!expectWord("color") || !integer(s.color, "color") ||
      !expectWord("from")) {
    return false;
  }
  s.fromHost = acceptWord("host");
  if (!integer(s.source.x, "column") || !integer(s.source.y, "row") ||
      !expectWord("to")) {
    return false;
  }
  s.toHost = acceptWord("host");
  do {
    s.sinks.emplace_back();
    if (!rect(s.sinks.back())) {
      return false;
    }
  } while (accept(","));
  image.streams.push_back(std::move(s));
  return true;
}

bool ImageParser::hostPort() {
  HostPort h;
  h.input = acceptWord("input");
  if (!h.input && !expectWord("output")) {
    return false;
  }
  if (!name(h.name)) {
    return false;
  }
  h.west = acceptWord("west");
  if (!h.west && !expectWord("east")) {
    return false;
  }
  if (!expectWord("row") || !integer(h.row, "row") || !expectWord("color") ||
      !integer(h.color, "color")) {
    return false;
  }
  image.hostPorts.push_back(std::move(h));
  return true;
}

bool ImageParser::stage() {
  StageInfo s;
  if (!name(s.name) || !expectWord("wafer") || !integer(s.wafer, "wafer") ||
      !expectWord("region") || !reference(image.regions, s.region, "region") ||
      !rect(s.rect) || !expectWord("layers") ||
      !integer(s.firstLayer, "first layer") || !expectWord("count") ||
      !integer(s.numLayers, "number of layers")) {
    return false;
  }
  image.stages.push_back(std::move(s));
  return true;
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

bool ImageParser::dimension(TensorPlacement &t) {
  DimensionLayout d;
  if (!keyword(kDimensionKinds, d.kind, "a layout")) {
    return false;
  }
  if (d.kind != DimensionLayout::Kind::Whole) {
    if (acceptWord("cut")) {
      if (!numbers(d.begin)) {
        return false;
      }
      if (d.begin.empty()) {
        return fail("at least one boundary before this");
      }
      d.end.assign(d.begin.begin() + 1, d.begin.end());
      d.begin.pop_back();
    } else if (!expectWord("begin") || !numbers(d.begin) ||
               !expectWord("end") || !numbers(d.end)) {
      return false;
    }
  }
  t.strides.push_back(0);
  if (!expectWord("stride") || !integer(t.strides.back(), "stride")) {
    return false;
  }
  t.dims.push_back(std::move(d));
  return true;
}

bool ImageParser::tensor() {
  TensorPlacement t;
  if (!name(t.name) || !keyword(kTensorKinds, t.kind, "a kind of tensor") ||
      !keyword(kDataTypes, t.type, "a type") || !expectWord("shape") ||
      !numbers(t.shape) || !expectWord("region") ||
      !reference(image.regions, t.region, "region") || !expectWord("buffer")) {
    return false;
  }
  const Role &role = image.roles[image.regions[t.region].role];
  if (!reference(role.buffers, t.buffer, "buffer") || !expectWord("offset") ||
      !integer(t.offset, "offset") || !expect("{")) {
    return false;
  }
  while (!accept("}")) {
    if (!dimension(t)) {
      return false;
    }
  }
  image.tensors.push_back(std::move(t));
  return true;
}

bool ImageParser::hexValue(std::vector<uint8_t> &value) {
  size_t offset = peek().offset;
  std::string digits;
  if (!string(digits)) {
    return false;
  }
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  for (size_t i = 0; i < digits.size(); i += 2) {
    int high = digit(digits[i]);
    int low = i + 1 < digits.size() ? digit(digits[i + 1]) : -1;
    if (high < 0 || low < 0) {
      return failAt(offset, "syntax error", "pairs of digits 0-9 and a-f");
    }
    value.push_back(uint8_t(high * 16 + low));
  }
  return true;
}

/// hex "0011" | TYPE [numbers].
bool ImageParser::initValue(uint32_t bytes, std::vector<uint8_t> &value) {
  size_t offset = peek().offset;
  DataType type = DataType::F16;
  if (acceptWord("hex")) {
    if (!hexValue(value)) {
      return false;
    }
  } else if (!keyword(kDataTypes, type, "'hex' or a type")) {
    return false;
  } else {
    auto append = [&](double number) {
      uint32_t bits = uint32_t(int64_t(number));
      if (type == DataType::F32) {
        bits = bitsOf(float(number));
      } else if (type == DataType::F16) {
        bits = floatToHalf(float(number));
      } else if (type == DataType::BF16) {
        bits = floatToBfloat(float(number));
      }
      for (unsigned i = 0; i < sizeOf(type); ++i) {
        value.push_back(uint8_t(bits >> (8 * i)));
      }
    };
    bool done = groups(
        [&] {
          const Token &t = peek();
          bool isFloat = sizeOf(type) > 1 &&
                         (type == DataType::F16 || type == DataType::BF16 ||
                          type == DataType::F32);
          if (t.kind != Token::Kind::Integer &&
              !(isFloat && t.kind == Token::Kind::Float)) {
            return fail("a number");
          }
          double number = next().number;
          int64_t count = 1;
          if (accept("*") && !integerIn(count, 1, kMostElements, "count")) {
            return false;
          }
          if (!spend(count)) {
            return false;
          }
          for (int64_t i = 0; i < count; ++i) {
            append(number);
          }
          return true;
        },
        [&] { return value.size(); },
        [&](size_t begin, size_t times) {
          size_t length = value.size() - begin;
          for (size_t k = 1; k < times; ++k) {
            for (size_t i = 0; i < length; ++i) {
              value.push_back(value[begin + i]);
            }
          }
        });
    if (!done) {
      return false;
    }
  }
  if (value.size() > bytes) {
    return failAt(offset, "too many bytes", fmt::format("at most {}", bytes),
                  fmt::format("{}", value.size()));
  }
  return true;
}

/// all VALUE | core X Y VALUE | cores X Y W H VALUE; the rest of a core's
/// bytes stays zero.
bool ImageParser::initCores(const Rect &r, uint32_t bytes,
                            std::vector<uint8_t> &data) {
  size_t offset = peek().offset;
  Rect cores{0, 0, r.w, r.h};
  if (acceptWord("core")) {
    cores.w = cores.h = 1;
    if (!integer(cores.x, "column") || !integer(cores.y, "row")) {
      return false;
    }
  } else if (acceptWord("cores")) {
    if (!integer(cores.x, "column") || !integer(cores.y, "row") ||
        !integer(cores.w, "width") || !integer(cores.h, "height")) {
      return false;
    }
  } else if (!acceptWord("all")) {
    return fail("'all', 'core', 'cores' or '}'");
  }
  bool inside = cores.x >= 0 && cores.y >= 0 && cores.w >= 0 && cores.h >= 0 &&
                int64_t(cores.x) + cores.w <= r.w &&
                int64_t(cores.y) + cores.h <= r.h;
  if (!inside) {
    return failAt(offset, "cores do not lie in the region",
                  fmt::format("a part of 0 0 {} {}", r.w, r.h));
  }
  std::vector<uint8_t> value;
  if (!initValue(bytes, value)) {
    return false;
  }
  for (int32_t y = cores.y; y < cores.endY(); ++y) {
    for (int32_t x = cores.x; x < cores.endX(); ++x) {
      std::copy(value.begin(), value.end(),
                data.begin() + (int64_t(y) * r.w + x) * int64_t(bytes));
    }
  }
  return true;
}

bool ImageParser::init() {
  InitData d;
  if (!expectWord("region") || !reference(image.regions, d.region, "region") ||
      !expectWord("offset")) {
    return false;
  }
  const Region &region = image.regions[d.region];
  const Role &role = image.roles[region.role];
  if (isSymbol()) {
    uint32_t index = 0;
    size_t offset = peek().offset;
    std::string wanted;
    symbol(wanted);
    while (index < role.buffers.size() && role.buffers[index].name != wanted) {
      ++index;
    }
    if (index == role.buffers.size()) {
      return failAt(offset, "unknown buffer", "", "'" + wanted + "'");
    }
    uint32_t distance = 0;
    if (accept("+") && !integer(distance, "distance")) {
      return false;
    }
    d.offset = role.buffers[index].offset + distance;
  } else if (!integer(d.offset, "a buffer or an address")) {
    return false;
  }
  size_t offset = peek().offset;
  if (!expectWord("bytes") || !integer(d.bytes, "bytes") || !expect("{")) {
    return false;
  }
  uint64_t area = uint64_t(region.rect.area());
  if (d.bytes != 0 && area > (kMostInitBytes - initBytes) / d.bytes) {
    return failAt(offset, "too much init data",
                  fmt::format("at most {} bytes in a text", kMostInitBytes));
  }
  d.size = area * d.bytes;
  initBytes += d.size;
  auto data = std::make_shared<std::vector<uint8_t>>(d.size);
  while (!accept("}")) {
    if (!initCores(region.rect, d.bytes, *data)) {
      return false;
    }
  }
  d.data = data->data();
  image.storage.push_back(data);
  image.initData.push_back(d);
  return true;
}

Result<Image> wafer::parseImage(std::string_view text,
                                const std::string &file) {
  TextLexer lexer(text);
  ImageParser parser(lexer, file);
  if (!parser.parse()) {
    return parser.takeError();
  }
  return std::move(parser.image);
}
