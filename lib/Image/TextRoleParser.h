// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TextRoleParser.h - Parser of one role (internal) ---------*- C++ -*-===//
//
// Names may be used before they are declared (a branch forward, a descriptor
// over a buffer further down), so every use is kept as a fix-up and resolved at
// the end of the role: first what is an address or a number, then parameters
// that copy the source of another parameter.
//
// TextRoleParser.cpp reads declarations, TextCodeParser.cpp instructions.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_IMAGE_TEXTROLEPARSER_H
#define WAFER_LIB_IMAGE_TEXTROLEPARSER_H

#include "TextParser.h"

#include <functional>
#include <map>

namespace wafer::text {

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
  bool paramLabel();
  bool constants();
  bool wordParam();
  bool floatParam(bool f32);
  bool repeat(size_t first);
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
  std::map<std::string, uint32_t> paramNames;
};

} // namespace wafer::text

#endif // WAFER_LIB_IMAGE_TEXTROLEPARSER_H
