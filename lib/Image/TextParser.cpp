// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextImageParser.h"
#include "TextNames.h"
#include "wafer/Image/Text.h"
#include "wafer/Machine/Machine.h"

using namespace wafer;
using namespace wafer::text;

bool ImageParser::item() {
  using Method = bool (ImageParser::*)();
  static constexpr std::pair<const char *, Method> kItems[] = {
      {"machine", &ImageParser::machine},     {"role", &ImageParser::role},
      {"region", &ImageParser::region},       {"config", &ImageParser::config},
      {"rule", &ImageParser::rule},           {"family", &ImageParser::family},
      {"stream", &ImageParser::stream},       {"tensor", &ImageParser::tensor},
      {"host", &ImageParser::hostPort},       {"stage", &ImageParser::stage},
      {"init", &ImageParser::init},           {"map", &ImageParser::map},
      {"certified", &ImageParser::certified}, {"seal", &ImageParser::seal}};
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

bool ImageParser::map() {
  size_t offset = peek().offset;
  std::string json;
  if (!text(json)) {
    return false;
  }
  Result<LogicalMap> read = LogicalMap::fromJson(json, "map");
  if (!read) {
    return failAt(offset, read.error().str());
  }
  image.map = std::move(*read);
  return true;
}

bool ImageParser::certified() {
  return integer(image.certified.emplace(0), "digest");
}

/// 16 hexadecimal digits as a string: a number may have 63 bits only.
bool ImageParser::digest(uint64_t &value) {
  size_t offset = peek().offset;
  std::string digits;
  if (!string(digits)) {
    return false;
  }
  if (digits.size() != 16 ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return failAt(offset, "bad digest", "16 hexadecimal digits",
                  "'" + digits + "'");
  }
  value = std::stoull(digits, nullptr, 16);
  return true;
}

bool ImageParser::seal() {
  Seal &seal = image.seal.emplace();
  if (!digest(seal.program) || !expect("{")) {
    return false;
  }
  while (!accept("}")) {
    Seal::Tensor tensor;
    if (!name(tensor.name) || !digest(tensor.digest)) {
      return false;
    }
    seal.tensors.push_back(std::move(tensor));
  }
  return true;
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
  s.paced = acceptWord("paced");
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
  if (acceptWord("wafer") && !integer(h.wafer, "wafer")) {
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
  if (acceptWord("partner") &&
      (!expect("#") || !integer(h.partner, "index of a host port"))) {
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

Result<Image> wafer::parseImage(std::string_view text,
                                const std::string &file) {
  TextLexer lexer(text);
  ImageParser parser(lexer, file);
  if (!parser.parse()) {
    return parser.takeError();
  }
  return std::move(parser.image);
}
