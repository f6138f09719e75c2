// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextRoleParser.h"
#include "TextNames.h"
#include "wafer/Support/Half.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::text;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::optional<uint32_t> RoleParser::findParam(const std::string &name) const {
  auto found = paramNames.find(name);
  return found == paramNames.end() ? std::nullopt
                                   : std::optional<uint32_t>(found->second);
}

bool RoleParser::address(const Expression &e, int64_t &value) {
  value = e.value;
  if (e.name.empty()) {
    return true;
  }
  if (std::optional<uint32_t> index = findParam(e.name)) {
    value += paramAddress(role, *index);
    return true;
  }
  for (const Buffer &b : role.buffers) {
    if (b.name == e.name) {
      value += b.offset;
      return true;
    }
  }
  return p.failAt(e.offset, "unknown name", "a parameter or buffer of the role",
                  "'" + e.name + "'");
}

bool RoleParser::whenKnown(Expression e, int64_t low, int64_t high,
                           std::function<void(int64_t)> set) {
  auto check = [this, e, low, high, set] {
    int64_t value = 0;
    if (!address(e, value)) {
      return false;
    }
    if (value < low || value > high) {
      return p.failAt(e.offset, "number is out of range",
                      fmt::format("{} to {}", low, high),
                      fmt::format("{}", value));
    }
    set(value);
    return true;
  };
  if (e.name.empty()) {
    return check();
  }
  addresses.push_back(check);
  return true;
}

bool RoleParser::resolve() {
  for (const std::vector<FixUp> *list : {&addresses, &copies}) {
    for (const FixUp &fix : *list) {
      if (!fix()) {
        return false;
      }
    }
  }
  return true;
}

/// number | name | name + number | name - number.
bool RoleParser::expression(Expression &e) {
  e.offset = p.peek().offset;
  if (!p.isSymbol()) {
    return p.integerIn(e.value, INT32_MIN, UINT32_MAX, "a name or a number");
  }
  if (!p.symbol(e.name)) {
    return false;
  }
  bool plus = p.accept("+");
  if (plus || p.accept("-")) {
    int64_t distance = 0;
    if (!p.integerIn(distance, 0, UINT32_MAX, "a distance")) {
      return false;
    }
    e.value = plus ? distance : -distance;
  } else if (p.peek().kind == Token::Kind::Integer && p.peek().integer < 0) {
    // "name -4": the lexer took the sign.
    return p.integerIn(e.value, INT32_MIN, 0, "a distance");
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

bool RoleParser::item() {
  if (p.acceptWord("params")) {
    return params();
  }
  if (p.acceptWord("buffer")) {
    return buffer();
  }
  if (p.acceptWord("input")) {
    return queue(true);
  }
  if (p.acceptWord("output")) {
    return queue(false);
  }
  if (p.acceptWord("task")) {
    return task();
  }
  if (p.acceptWord("code")) {
    return code();
  }
  return p.fail("'params', 'buffer', 'input', 'output', 'task', 'code' or '}'");
}

bool RoleParser::params() {
  if (!role.params.empty()) {
    return p.fail("one 'params' in a role");
  }
  if (!p.expectWord("at") || !p.integer(role.paramOffset, "address") ||
      !p.expect("{")) {
    return false;
  }
  while (!p.accept("}")) {
    if (!param()) {
      return false;
    }
  }
  return true;
}

/// [name:], and the zero that aligns what comes behind it.
bool RoleParser::paramLabel() {
  bool named = p.isSymbol() && p.peek(1).is(":");
  const Token &keyword = p.peek(named ? 2 : 0);
  bool wide =
      keyword.isWord("desc") || keyword.isWord("f32") || keyword.isWord("word");
  if (wide && paramAddress(role, uint32_t(role.params.size())) % 4) {
    role.params.push_back(ParamSource::constant(0));
  }
  if (!named) {
    return true;
  }
  if (findParam(p.peek().text)) {
    return p.fail("a name that the role's parameters do not have yet");
  }
  Label label{"", uint32_t(role.params.size())};
  p.symbol(label.name);
  paramNames.emplace(label.name, label.index);
  role.paramLabels.push_back(std::move(label));
  return p.expect(":");
}

/// [name:] desc ... | const V | row T | col T | f16 X | f32 X | word V; all but
/// desc and word with "*n".
bool RoleParser::param() {
  if (!paramLabel()) {
    return false;
  }
  if (role.params.size() > UINT16_MAX) {
    return p.fail("fewer parameters before this");
  }
  if (p.acceptWord("desc")) {
    return descriptor();
  }
  if (p.acceptWord("const")) {
    return constants();
  }
  if (p.acceptWord("word")) {
    return wordParam();
  }
  size_t first = role.params.size();
  if (p.acceptWord("f32")) {
    return floatParam(true) && repeat(first);
  }
  if (p.acceptWord("f16")) {
    return floatParam(false) && repeat(first);
  }
  bool row = p.acceptWord("row");
  if (!row && !p.acceptWord("col")) {
    return p.fail("'const', 'row', 'col', 'desc', 'f16', 'f32', 'word', a name "
                  "and ':' or '}'");
  }
  uint16_t table = 0;
  if (!p.integer(table, "table")) {
    return false;
  }
  role.params.push_back(row ? ParamSource::row(table)
                            : ParamSource::column(table));
  return repeat(first);
}

bool RoleParser::constants() {
  size_t first = role.params.size();
  Expression e;
  int64_t count = 1;
  if (!expression(e) ||
      (p.accept("*") && !p.integerIn(count, 1, UINT16_MAX, "count"))) {
    return false;
  }
  role.params.resize(first + size_t(count));
  return whenKnown(e, INT16_MIN, UINT16_MAX, [this, first, count](int64_t v) {
    std::fill_n(role.params.begin() + ptrdiff_t(first), count,
                ParamSource::constant(uint16_t(v)));
  });
}

bool RoleParser::wordParam() {
  size_t first = role.params.size();
  Expression e;
  role.params.resize(first + 2);
  return expression(e) &&
         whenKnown(e, INT32_MIN, UINT32_MAX, [this, first](int64_t v) {
           role.params[first] = ParamSource::constant(uint16_t(v));
           role.params[first + 1] = ParamSource::constant(uint16_t(v >> 16));
         });
}

bool RoleParser::floatParam(bool f32) {
  if (p.peek().kind != Token::Kind::Integer &&
      p.peek().kind != Token::Kind::Float) {
    return p.fail("a number");
  }
  float number = float(p.next().number);
  uint32_t bits = f32 ? bitsOf(number) : floatToHalf(number);
  role.params.push_back(ParamSource::constant(uint16_t(bits)));
  if (f32) {
    role.params.push_back(ParamSource::constant(uint16_t(bits >> 16)));
  }
  return true;
}

/// "*n" behind the parameters from `first`.
bool RoleParser::repeat(size_t first) {
  int64_t count = 1;
  if (p.accept("*") && !p.integerIn(count, 1, UINT16_MAX, "count")) {
    return false;
  }
  size_t length = role.params.size() - first;
  for (int64_t i = 1; i < count; ++i) {
    for (size_t k = 0; k < length; ++k) {
      role.params.push_back(role.params[first + k]);
    }
  }
  return true;
}

/// A field of a descriptor: a number, a buffer's address, "row T", "col T", or
/// the source of another parameter.
bool RoleParser::field(size_t index, bool isBase) {
  if (!p.expect("=")) {
    return false;
  }
  bool row = p.acceptWord("row");
  if (row || p.acceptWord("col")) {
    uint16_t table = 0;
    if (!p.integer(table, "table")) {
      return false;
    }
    role.params[index] =
        row ? ParamSource::row(table) : ParamSource::column(table);
    return true;
  }
  Expression e;
  if (!expression(e)) {
    return false;
  }
  if (e.name.empty()) {
    return whenKnown(e, INT16_MIN, UINT16_MAX, [this, index](int64_t v) {
      role.params[index] = ParamSource::constant(uint16_t(v));
    });
  }
  copies.push_back([this, e, index, isBase] {
    std::optional<uint32_t> other = findParam(e.name);
    if (other && e.value == 0) {
      role.params[index] = role.params[*other];
      return true;
    }
    int64_t value = 0;
    if (!isBase || other) {
      return p.failAt(e.offset, "unknown name", "a parameter of the role",
                      "'" + e.name + "'");
    }
    if (!address(e, value)) {
      return false;
    }
    role.params[index] = ParamSource::constant(uint16_t(value));
    return value >= 0 && value <= UINT16_MAX
               ? true
               : p.failAt(e.offset, "number is out of range", "0 to 65535",
                          fmt::format("{}", value));
  });
  return true;
}

bool RoleParser::descriptor() {
  size_t first = role.params.size();
  role.params.resize(first + Descriptor::kHalfwords);
  Descriptor d;
  if (!p.keyword(kDescriptorKinds, d.kind, "a kind of descriptor")) {
    return false;
  }
  if (d.kind == DescriptorKind::Memory) {
    role.params[first + 2] = ParamSource::constant(1);
  }
  for (bool more = true; more && !p.failed();) {
    if (p.isSymbol() && p.peek(1).is(":")) {
      break; // the next parameter, whatever its name
    }
    int64_t queue = 0;
    if (p.acceptWord("queue")) {
      more = p.expect("=") && p.integerIn(queue, 0, 7, "queue");
      d.queue = uint8_t(queue);
    } else if (p.acceptWord("base")) {
      more = field(first, true);
    } else if (p.acceptWord("extent")) {
      more = field(first + 1, false);
    } else if (p.acceptWord("stride")) {
      more = field(first + 2, false);
    } else if (p.acceptWord("extent1")) {
      more = field(first + 4, false);
    } else if (p.acceptWord("stride1")) {
      more = field(first + 5, false);
    } else if (p.acceptWord("packed")) {
      d.packed = true;
    } else if (p.acceptWord("save")) {
      d.save = true;
    } else if (p.acceptWord("advance")) {
      d.advanceSwitch = true;
    } else {
      more = false;
    }
  }
  role.params[first + 3] = ParamSource::constant(d.encode()[3]);
  return !p.failed();
}

bool RoleParser::buffer() {
  Buffer b;
  if (!p.name(b.name) || !p.keyword(kBufferKinds, b.kind, "a kind of buffer") ||
      !p.expectWord("at") || !p.integer(b.offset, "address") ||
      !p.expectWord("size") || !p.integer(b.bytes, "size")) {
    return false;
  }
  role.buffers.push_back(std::move(b));
  return true;
}

bool RoleParser::queue(bool input) {
  QueueBinding q;
  q.input = input;
  if (!p.expectWord("queue") || !p.integer(q.queue, "queue") ||
      !p.expectWord("color")) {
    return false;
  }
  bool row = p.acceptWord("row");
  if (row || p.acceptWord("col")) {
    q.color.kind = row ? ParamSource::Kind::Row : ParamSource::Kind::Column;
    if (!p.integer(q.color.value, "table")) {
      return false;
    }
  } else if (p.acceptWord("none")) {
    q.color.value = kUnboundColor;
  } else if (!p.integer(q.color.value, "color, 'row', 'col' or 'none'")) {
    return false;
  }
  role.queues.push_back(q);
  return true;
}

bool RoleParser::task() {
  Task t;
  if (!p.name(t.name) || !p.keyword(kTaskKinds, t.kind, "a kind of task")) {
    return false;
  }
  if (t.kind == TaskKind::Data && !p.expectWord("queue")) {
    return false;
  }
  if (t.kind != TaskKind::Local &&
      !p.integer(t.binding, t.kind == TaskKind::Data ? "queue" : "entry")) {
    return false;
  }
  t.initiallyActive = p.acceptWord("active");
  t.initiallyBlocked = p.acceptWord("blocked");
  if (!p.expectWord("entry")) {
    return false;
  }
  size_t index = role.tasks.size();
  if (p.isSymbol()) {
    size_t offset = p.peek().offset;
    std::string name;
    p.symbol(name);
    addresses.push_back([this, name, offset, index] {
      auto l = labels.find(name);
      if (l == labels.end()) {
        return p.failAt(offset, "unknown label", "", "'" + name + "'");
      }
      role.tasks[index].entry = l->second;
      return true;
    });
  } else if (!p.integer(t.entry, "label or instruction")) {
    return false;
  }
  role.tasks.push_back(std::move(t));
  return true;
}

bool wafer::text::parseRole(ParserBase &p, Role &role) {
  return RoleParser(p, role).parse();
}
