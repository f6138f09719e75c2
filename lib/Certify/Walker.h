// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Walker.h - Executes code with symbols (internal) ---------*- C++ -*-===//
#ifndef WAFER_LIB_CERTIFY_WALKER_H
#define WAFER_LIB_CERTIFY_WALKER_H

#include "Skeleton.h"

namespace wafer::certifier {

class Walker {
public:
  Walker(const Role &role, uint32_t roleIndex, const CodeShape &shape,
         const CoreKind &kind, Vocabulary &vocabulary)
      : role(role), roleIndex(roleIndex), shape(shape), kind(kind),
        vocabulary(vocabulary), symbols(vocabulary.symbols),
        runs(role.code.size()) {}

  enum class Ending : uint8_t {
    Met,     // came to where it was to stop
    Ended,   // the task ended
    Forever, // goes to `target`, where a period begins
    Fork,    // a branch that is not decided, at `target`
    Failed   // `refusal` or `demanded` says why
  };
  struct Way {
    Ending ending = Ending::Failed;
    uint32_t target = 0;
  };
  /// From `pc` to an end, a period or a decision.
  Way walk(CoreState &state, uint32_t pc, std::vector<Step> &steps) {
    std::fill(runs.begin(), runs.end(), 0);
    return walk(state, pc, ~0u, steps);
  }

  std::string refusal;
  std::set<uint32_t> demanded;

private:
  Way walk(CoreState &state, uint32_t pc, uint32_t stop,
           std::vector<Step> &steps);
  bool scalar(CoreState &state, uint32_t at);
  void load(CoreState &state, const Instruction &in);
  bool store(CoreState &state, uint32_t at);
  void loadDescriptor(CoreState &state, const Instruction &in);
  void setDescriptor(CoreState &state, const Instruction &in);
  Value decide(CoreState &state, const Instruction &in);
  enum class Joined : uint8_t { Yes, Apart, Failed };
  Joined branchBoth(CoreState &state, uint32_t at, Value condition,
                    std::vector<Step> &steps);
  Joined apart(Value condition) {
    return settle(condition) ? Joined::Apart : Joined::Failed;
  }
  void join(CoreState &state, const CoreState (&sides)[2], Value condition);
  Joined skipLoop(CoreState &state, uint32_t at);
  void forget(CoreState &state, uint32_t begin, uint32_t end);
  void forgetAt(CoreState &state, Value address, uint32_t bytes);

  /// The operands of a vector instruction, by place: src0, src1, dest.
  struct Operands {
    std::array<const Register *, 3> registers = {};
    Value length;
    int8_t in = -1, out = -1;
    bool packed = false;
  };
  bool vector(CoreState &state, uint32_t at, std::vector<Step> &steps);
  bool readOperands(CoreState &state, uint32_t at, Operands &operands);
  uint32_t wholeWords(uint32_t at, const Operands &o) const;
  Contents elements(const CoreState &state, uint32_t at, const Operands &o,
                    uint32_t run, uint32_t words) const;
  void writeMemory(CoreState &state, const Register &d,
                   const Contents *contents, uint32_t length);
  Value extentOf(const Register &d);

  Value paramAt(uint32_t index);
  bool isParam(uint32_t address) const {
    return address >= role.paramOffset &&
           address < role.paramOffset + 2 * role.params.size();
  }
  /// False if the value is made of parameters alone: asks for them.
  bool settle(Value value);
  bool settleGuards(const std::vector<Step> &moves);
  bool refuse(uint32_t at, const std::string &text);

  const Role &role;
  const uint32_t roleIndex;
  const CodeShape &shape;
  const CoreKind &kind;
  Vocabulary &vocabulary;
  Symbols &symbols;
  std::vector<std::pair<Value, bool>> guards;
  /// How often an instruction has received words in this walk.
  std::vector<uint32_t> runs;
  uint64_t budget = 2'000'000;
  /// By head of a loop: the registers when it was come to from outside.
  std::map<uint32_t, std::vector<Value>> entries;
  /// Bytes that are written, while someone wants to know.
  std::set<std::pair<uint32_t, uint32_t>> *written = nullptr;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_WALKER_H
