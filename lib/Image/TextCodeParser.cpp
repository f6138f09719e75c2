// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextRoleParser.h"
#include "wafer/Support/Half.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::text;

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
