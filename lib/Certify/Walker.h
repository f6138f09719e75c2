// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Walker.h - Executes code with symbols (internal) ---------*- C++ -*-===//
#ifndef WAFER_LIB_CERTIFY_WALKER_H
#define WAFER_LIB_CERTIFY_WALKER_H

#include "Skeleton.h"

namespace wafer::certifier {

class Walker {
public:
  Walker(const Role &role, uint32_t roleIndex, const CodeShape &shape,
         const CoreKind &kind, const Machine &machine, Vocabulary &vocabulary)
      : role(role), roleIndex(roleIndex), shape(shape), kind(kind),
        machine(machine), vocabulary(vocabulary), symbols(vocabulary.symbols) {}

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
  /// From `pc` to `stop` or the end of the code without a decision.
  Way walk(CoreState &state, uint32_t pc, uint32_t stop,
           std::vector<Step> &steps);

  std::string refusal;
  std::set<uint32_t> demanded;

private:
  bool scalar(CoreState &state, uint32_t at);
  bool vector(CoreState &state, uint32_t at, std::vector<Step> &steps);
  void load(CoreState &state, const Instruction &in);
  bool store(CoreState &state, uint32_t at);
  void loadDescriptor(CoreState &state, const Instruction &in);
  void setDescriptor(CoreState &state, const Instruction &in);
  /// -1 if not decided; sets `condition`.
  int decide(CoreState &state, const Instruction &in, Value &condition);
  enum class Joined : uint8_t { Yes, Apart, Failed };
  Joined branchBoth(CoreState &state, uint32_t at, Value condition,
                    std::vector<Step> &steps);
  bool skipLoop(CoreState &state, uint32_t at);
  void forgetAt(CoreState &state, Value address, uint32_t bytes);
  void writeMemory(CoreState &state, const Register &d);
  Value paramAt(uint32_t index);
  bool isParam(uint32_t address) const {
    return address >= role.paramOffset &&
           address < role.paramOffset + 2 * role.params.size();
  }
  /// Known if it can be made so; else asks for parameters and is false.
  bool settle(Value value);
  bool refuse(uint32_t at, const std::string &text);
  Value extentOf(const Register &d);

  const Role &role;
  const uint32_t roleIndex;
  const CodeShape &shape;
  const CoreKind &kind;
  const Machine &machine;
  Vocabulary &vocabulary;
  Symbols &symbols;
  std::vector<std::pair<Value, bool>> guards;
  uint64_t budget = 20'000'000;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_WALKER_H
