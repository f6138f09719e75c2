// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names may be used before they are declared (a branch forward, a descriptor
// over a buffer further down), so every use is kept as a fix-up and resolved at
// the end of the role: first what is an address or a number, then parameters
// that copy the source of another parameter.
//
//===----------------------------------------------------------------------===//
#include "TextNames.h"
#include "TextParser.h"
#include "wafer/Support/Half.h"

#include <algorithm>
#include <functional>
#include <map>

using namespace wafer;
using namespace wafer::text;

namespace {

/// A number, or a name and a distance.
struct Expression {
  std::string name;
  int64_t value = 0;
  size_t offset = 0;
};

class RoleParser {
public:
  RoleParser(ParserBase &p, Role &role) : p(p), role(role) {}

  bool parse() {
    if (!p.name(role.name) || !p.expect("{")) {
      return false;
    }
    while (!p.accept("}")) {
      if (!item()) {
        return false;
      }
    }
    return resolve();
  }

private:
  using FixUp = std::function<bool()>;

  bool item();
  bool params();
  bool param();
  bool descriptor();
  bool field(size_t index, bool isBase);
  bool buffer();
  bool queue(bool input);
  bool task();
  bool code();
  bool instruction();
  bool operands(Instruction &i, const OpcodeInfo &info);
  bool vector(Instruction &i, const OpcodeInfo &info);
  bool scalarOr(uint8_t &id, std::optional<uint8_t> &scalar);
  bool async(VectorFields &f, size_t at);

  bool reg(uint8_t &r);
  bool dsr(uint8_t &id);
  bool comma() { return p.expect(","); }
  bool target(size_t at);
  bool taskReference(size_t at, bool vectorField);
  bool memory(Instruction &i, size_t at);
  bool immediate(Instruction &i, size_t at);
  bool expression(Expression &e);

  std::optional<uint32_t> findParam(const std::string &name) const;
  bool address(const Expression &e, int64_t &value);
  bool resolve();
  /// Runs `set` with the address that `e` means, now or at the end.
  bool whenKnown(Expression e, int64_t low, int64_t high,
                 std::function<void(int64_t)> set);

  ParserBase &p;
  Role &role;
  std::vector<FixUp> addresses;
  std::vector<FixUp> copies;
  std::map<std::string, uint32_t> labels;
};

} // namespace

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::optional<uint32_t> RoleParser::findParam(const std::string &name) const {
  for (const Label &l : role.paramLabels) {
    if (l.name == name) {
      return l.index;
    }
  }
  return std::nullopt;
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

/// [name:] const V | row T | col T | f16 X | f32 X | word V, then "*n"; or
/// name: desc ...
bool RoleParser::param() {
  bool named = p.isSymbol() && p.peek(1).is(":");
  const Token &keyword = p.peek(named ? 2 : 0);
  bool wide = keyword.isWord("desc") || keyword.isWord("f32") ||
              keyword.isWord("word");
  if (wide && paramAddress(role, uint32_t(role.params.size())) % 4) {
    role.params.push_back(ParamSource::constant(0));
  }
  if (named) {
    Label label{"", uint32_t(role.params.size())};
    if (findParam(p.peek().text)) {
      return p.fail("a name that the role's parameters do not have yet");
    }
    if (!p.symbol(label.name) || !p.expect(":")) {
      return false;
    }
    role.paramLabels.push_back(std::move(label));
  }
  if (p.acceptWord("desc")) {
    return descriptor();
  }
  size_t first = role.params.size();
  bool f32 = p.acceptWord("f32");
  if (f32 || p.acceptWord("f16")) {
    double number = p.peek().number;
    if (p.peek().kind != Token::Kind::Integer &&
        p.peek().kind != Token::Kind::Float) {
      return p.fail("a number");
    }
    p.next();
    uint32_t bits = f32 ? bitsOf(float(number)) : floatToHalf(float(number));
    role.params.push_back(ParamSource::constant(uint16_t(bits)));
    if (f32) {
      role.params.push_back(ParamSource::constant(uint16_t(bits >> 16)));
    }
  } else if (p.acceptWord("word")) {
    Expression e;
    role.params.resize(first + 2);
    if (!expression(e) ||
        !whenKnown(e, INT32_MIN, UINT32_MAX, [this, first](int64_t v) {
          role.params[first] = ParamSource::constant(uint16_t(v));
          role.params[first + 1] = ParamSource::constant(uint16_t(v >> 16));
        })) {
      return false;
    }
    return true;
  } else if (p.acceptWord("const")) {
    Expression e;
    if (!expression(e)) {
      return false;
    }
    int64_t count = 1;
    if (p.accept("*") && !p.integerIn(count, 1, UINT16_MAX, "count")) {
      return false;
    }
    role.params.resize(first + size_t(count));
    return whenKnown(e, INT16_MIN, UINT16_MAX, [this, first, count](int64_t v) {
      std::fill_n(role.params.begin() + ptrdiff_t(first), count,
                  ParamSource::constant(uint16_t(v)));
    });
  } else {
    bool row = p.acceptWord("row");
    if (!row && !p.acceptWord("col")) {
      return p.fail("'const', 'row', 'col', 'desc', 'f16', 'f32', 'word', a "
                    "name and ':' or '}'");
    }
    uint16_t table = 0;
    if (!p.integer(table, "table")) {
      return false;
    }
    role.params.push_back(row ? ParamSource::row(table)
                              : ParamSource::column(table));
  }
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
  return role.params.size() <= UINT16_MAX || p.fail("fewer parameters");
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

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

bool RoleParser::code() {
  if (!p.expect("{")) {
    return false;
  }
  while (!p.accept("}")) {
    if (p.isSymbol() && p.peek(1).is(":")) {
      size_t offset = p.peek().offset;
      Label label{"", uint32_t(role.code.size())};
      p.symbol(label.name);
      p.expect(":");
      if (!labels.emplace(label.name, label.index).second) {
        return p.failAt(offset, "two labels have the same name", "",
                        "'" + label.name + "'");
      }
      role.labels.push_back(std::move(label));
    } else if (!instruction()) {
      return false;
    }
  }
  return true;
}

bool RoleParser::instruction() {
  std::optional<Opcode> op;
  if (p.peek().kind == Token::Kind::Identifier) {
    op = parseMnemonic(p.peek().text);
  }
  if (!op) {
    return p.fail("an instruction, a label and ':' or '}'");
  }
  p.next();
  Instruction i;
  i.op = *op;
  // Fix-ups find the instruction by its index.
  size_t at = role.code.size();
  role.code.push_back(i);
  if (!operands(i, infoOf(*op))) {
    return false;
  }
  i.imm |= role.code[at].imm; // what was known at once
  role.code[at] = i;
  return true;
}

bool RoleParser::reg(uint8_t &r) {
  const Token &t = p.peek();
  if (t.kind == Token::Kind::Identifier && t.text.size() >= 2 &&
      t.text.size() <= 3 && t.text[0] == 'r') {
    for (unsigned n = 0; n < kNumRegisters; ++n) {
      if (t.text == fmt::format("r{}", n)) {
        r = uint8_t(n);
        p.next();
        return true;
      }
    }
  }
  return p.fail("a register 'r0' to 'r31'");
}

bool RoleParser::dsr(uint8_t &id) {
  const Token &t = p.peek();
  static constexpr const char *kPrefixes[] = {"d", "s0.", "s1."};
  if (t.kind == Token::Kind::Identifier) {
    for (unsigned n = 0; n < kNumDsrs; ++n) {
      if (t.text ==
          fmt::format("{}{}", kPrefixes[n / kDsrsPerFile], n % kDsrsPerFile)) {
        id = uint8_t(n);
        p.next();
        return true;
      }
    }
  }
  return p.fail("a descriptor register 'd0', 's0.0' or 's1.0'");
}

bool RoleParser::target(size_t at) {
  if (!p.isSymbol()) {
    return p.integer(role.code[at].imm, "label or instruction");
  }
  size_t offset = p.peek().offset;
  std::string name;
  p.symbol(name);
  addresses.push_back([this, name, offset, at] {
    auto l = labels.find(name);
    if (l == labels.end()) {
      return p.failAt(offset, "unknown label", "", "'" + name + "'");
    }
    role.code[at].imm = l->second;
    return true;
  });
  return true;
}

bool RoleParser::taskReference(size_t at, bool vectorField) {
  auto set = [this, at, vectorField](uint32_t index) {
    role.code[at].imm |= vectorField ? index << 11 : index;
  };
  if (p.peek().kind == Token::Kind::Integer) {
    int64_t index = 0;
    if (!p.integerIn(index, 0, 63, "task")) {
      return false;
    }
    set(uint32_t(index));
    return true;
  }
  size_t offset = p.peek().offset;
  std::string name;
  if (!p.name(name)) {
    return false;
  }
  addresses.push_back([this, name, offset, set] {
    for (size_t t = 0; t < role.tasks.size() && t < 64; ++t) {
      if (role.tasks[t].name == name) {
        set(uint32_t(t));
        return true;
      }
    }
    return p.failAt(offset, "unknown task", "", "'@" + name + "'");
  });
  return true;
}

/// A number of 32 bits, a float (its binary32 bits), or an address.
bool RoleParser::immediate(Instruction &i, size_t at) {
  if (p.peek().kind == Token::Kind::Float) {
    i.imm = bitsOf(float(p.next().number));
    return true;
  }
  Expression e;
  return expression(e) &&
         whenKnown(e, INT32_MIN, UINT32_MAX,
                   [this, at](int64_t v) { role.code[at].imm = uint32_t(v); });
}

/// [reg], [reg + address], [reg - number] or [address].
bool RoleParser::memory(Instruction &i, size_t at) {
  if (!p.expect("[")) {
    return false;
  }
  bool isRegister = p.peek().kind == Token::Kind::Identifier &&
                    p.peek().text[0] == 'r' && p.peek().text.size() > 1 &&
                    std::all_of(p.peek().text.begin() + 1, p.peek().text.end(),
                                [](char c) { return c >= '0' && c <= '9'; });
  if (isRegister) {
    if (!reg(i.b)) {
      return false;
    }
    if (p.accept("]")) {
      return true;
    }
    if (p.accept("-")) {
      int64_t distance = 0;
      if (!p.integerIn(distance, 0, int64_t(1) << 31, "a distance")) {
        return false;
      }
      i.imm = uint32_t(-distance);
      return p.expect("]");
    }
    if (!(p.peek().kind == Token::Kind::Integer && p.peek().integer < 0) &&
        !p.expect("+")) {
      return false;
    }
  }
  return immediate(i, at) && p.expect("]");
}

bool RoleParser::operands(Instruction &i, const OpcodeInfo &info) {
  size_t at = role.code.size() - 1;
  switch (info.form) {
  case Form::None:
    return true;
  case Form::Rd:
    return reg(i.a);
  case Form::Ra:
    return reg(i.b);
  case Form::Target:
    return target(at);
  case Form::RdTarget:
    return reg(i.a) && comma() && target(at);
  case Form::RaRbTarget:
    return reg(i.b) && comma() && reg(i.c) && comma() && target(at);
  case Form::TaskId:
    return taskReference(at, false);
  case Form::RdImm:
    return reg(i.a) && comma() && immediate(i, at);
  case Form::RdRa:
    return reg(i.a) && comma() && reg(i.b);
  case Form::RdRaRb:
    return reg(i.a) && comma() && reg(i.b) && comma() && reg(i.c);
  case Form::RdRaImm:
    return reg(i.a) && comma() && reg(i.b) && comma() && immediate(i, at);
  case Form::RdMem:
    return reg(i.a) && comma() && memory(i, at);
  case Form::DsrMem:
    return dsr(i.a) && comma() && memory(i, at);
  case Form::DsrRa:
    return dsr(i.a) && comma() && reg(i.b);
  case Form::Vector:
    return vector(i, info);
  }
  return false;
}

/// A source operand: a descriptor register, or the scalar in its place.
bool RoleParser::scalarOr(uint8_t &id, std::optional<uint8_t> &scalar) {
  const std::string &text = p.peek().text;
  if (p.peek().kind != Token::Kind::Identifier || text.empty() ||
      text[0] != 'r') {
    return dsr(id);
  }
  uint8_t r = 0;
  size_t offset = p.peek().offset;
  if (!reg(r)) {
    return false;
  }
  if (scalar && *scalar != r) {
    return p.failAt(offset, "a vector instruction has one scalar register",
                    fmt::format("r{}", *scalar), fmt::format("r{}", r));
  }
  scalar = r;
  id = kNoOperand;
  return true;
}

bool RoleParser::vector(Instruction &i, const OpcodeInfo &info) {
  size_t at = role.code.size() - 1;
  std::optional<uint8_t> scalar;
  i.c = kNoOperand;
  bool replaces = info.scalar == ScalarUse::Replaces;
  auto source = [&](uint8_t &id) {
    return comma() && (replaces ? scalarOr(id, scalar) : dsr(id));
  };
  if (!dsr(i.a) || !source(i.b) || (info.numSources > 1 && !source(i.c))) {
    return false;
  }
  VectorFields f;
  if (info.scalar == ScalarUse::Multiplies || info.scalar == ScalarUse::Count) {
    if (!comma() || !reg(f.scalarRegister)) {
      return false;
    }
  }
  f.scalarRegister = scalar.value_or(f.scalarRegister);
  if (p.acceptWord("async") && !async(f, at)) {
    return false;
  }
  i.imm = f.encode();
  return true;
}

bool RoleParser::async(VectorFields &f, size_t at) {
  int64_t microthread = 0;
  if (!p.integerIn(microthread, 0, 7, "microthread")) {
    return false;
  }
  f.async = true;
  f.microthread = uint8_t(microthread);
  if (!p.accept("->")) {
    return true;
  }
  if (p.acceptWord("activate")) {
    f.onComplete = OnComplete::Activate;
  } else if (p.acceptWord("unblock")) {
    f.onComplete = OnComplete::Unblock;
  } else {
    return p.fail("'activate' or 'unblock'");
  }
  return taskReference(at, true);
}

bool wafer::text::parseRole(ParserBase &p, Role &role) {
  return RoleParser(p, role).parse();
}
