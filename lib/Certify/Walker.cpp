// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Walker.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

bool Walker::refuse(uint32_t at, const std::string &text) {
  if (refusal.empty()) {
    refusal = fmt::format("role '{}': instruction {} ({}): {}", role.name, at,
                          infoOf(role.code[at].op).mnemonic, text);
  }
  return false;
}

/// Asks for the parameters that a value is made of, if it is of nothing else.
bool Walker::settle(Value value) {
  if (value.isKnown() || value.isData()) {
    return true;
  }
  std::set<uint32_t> params;
  bool pure = true;
  symbols.forEachLeaf(value, [&](uint32_t, const Symbol &s) {
    pure &= s.kind == SymbolKind::Param;
    if (s.kind == SymbolKind::Param) {
      params.insert(s.args[1].add);
    }
  });
  if (!pure) {
    return true;
  }
  demanded.insert(params.begin(), params.end());
  return false;
}

Walker::Way Walker::walk(CoreState &state, uint32_t pc, uint32_t stop,
                         std::vector<Step> &steps) {
  auto mark = [&](Step::Kind kind, uint32_t head) {
    Step s;
    s.kind = kind;
    s.at = head;
    steps.push_back(s);
  };
  bool back = false;
  const uint32_t start = pc;
  while (pc != stop) {
    if (shape.isPeriodBegin(pc) && pc != start) {
      return {Ending::Forever, pc};
    }
    if (pc >= shape.size()) {
      refusal = "the code runs past its end";
      return {Ending::Failed, 0};
    }
    if (budget-- == 0) {
      refuse(pc, "too many instructions before a decision");
      return {Ending::Failed, 0};
    }
    if (shape.isLoopHead(pc) && !back) {
      mark(Step::Kind::Enter, pc);
    }
    back = false;
    const Instruction &in = role.code[pc];
    const OpcodeInfo &info = infoOf(in.op);
    if (in.op == Opcode::End) {
      return {Ending::Ended, 0};
    }
    if (info.isVector) {
      if (!vector(state, pc, steps)) {
        return {Ending::Failed, 0};
      }
      ++pc;
      continue;
    }
    bool branches = info.form == Form::Target || info.form == Form::RdTarget ||
                    info.form == Form::RaRbTarget;
    if (!branches) {
      if (!scalar(state, pc)) {
        return {Ending::Failed, 0};
      }
      ++pc;
      continue;
    }
    if (in.op == Opcode::Call) {
      refuse(pc, "calls are not followed");
      return {Ending::Failed, 0};
    }
    if (in.op == Opcode::Jump && shape.isForever(pc)) {
      return {Ending::Forever, in.imm};
    }
    if (in.op == Opcode::LoopDec) {
      Value v = state.reg(in.a);
      state.setReg(in.a, {v.symbol, v.isData() ? 0 : v.add - 1});
    }
    Value condition;
    int taken = decide(state, in, condition);
    if (taken < 0) {
      Joined joined = branchBoth(state, pc, condition, steps);
      if (joined == Joined::Failed) {
        return {Ending::Failed, 0};
      }
      if (joined == Joined::Apart) {
        return {Ending::Fork, pc};
      }
      pc = shape.meet(pc);
      continue;
    }
    if (in.imm <= pc) {
      mark(taken ? Step::Kind::Back : Step::Kind::Exit, in.imm);
      back = taken;
    }
    pc = taken ? in.imm : pc + 1;
  }
  return {Ending::Met, pc};
}

int Walker::decide(CoreState &state, const Instruction &in, Value &condition) {
  if (in.op == Opcode::Jump) {
    return 1;
  }
  Value x = in.op == Opcode::LoopDec ? state.reg(in.a) : state.reg(in.b);
  Value y = in.op == Opcode::LoopDec ? known(0) : state.reg(in.c);
  if (!x.isKnown() || !y.isKnown()) {
    condition = symbols.make(SymbolKind::Condition, uint32_t(in.op), {x, y});
    return -1;
  }
  switch (in.op) {
  case Opcode::LoopDec:
  case Opcode::BranchNe:
    return x.add != y.add;
  case Opcode::BranchEq:
    return x.add == y.add;
  case Opcode::BranchLt:
    return int32_t(x.add) < int32_t(y.add);
  case Opcode::BranchGe:
    return int32_t(x.add) >= int32_t(y.add);
  default:
    condition = symbols.make(SymbolKind::Condition, uint32_t(in.op), {x, y});
    return -1;
  }
}

/// Executes both paths of a branch to where they meet.
Walker::Joined Walker::branchBoth(CoreState &state, uint32_t at,
                                  Value condition, std::vector<Step> &steps) {
  if (!settle(condition)) {
    return Joined::Failed;
  }
  uint32_t stop = shape.meet(at);
  if (stop >= shape.size()) {
    return Joined::Apart;
  }
  std::vector<uint32_t> body = shape.between(at);
  if (std::find(body.begin(), body.end(), at) != body.end()) {
    return skipLoop(state, at) ? Joined::Yes : Joined::Apart;
  }
  CoreState sides[2] = {state, state};
  std::vector<Step> moves[2];
  for (bool taken : {false, true}) {
    uint32_t from = taken ? role.code[at].imm : at + 1;
    guards.push_back({condition, taken});
    Way way = walk(sides[taken], from, stop, moves[taken]);
    guards.pop_back();
    if (way.ending == Ending::Failed) {
      return Joined::Failed;
    }
    if (way.ending != Ending::Met) {
      return Joined::Apart;
    }
    moves[taken] = movesOf(moves[taken]);
    if (condition.isData() && !moves[taken].empty()) {
      return Joined::Apart;
    }
  }
  for (bool taken : {false, true}) {
    steps.insert(steps.end(), moves[taken].begin(), moves[taken].end());
  }
  for (size_t i = 0; i < state.places.size(); ++i) {
    Value a = sides[0].places[i], b = sides[1].places[i];
    state.places[i] =
        a == b ? a : symbols.make(SymbolKind::Select, 0, {condition, a, b});
  }
  for (unsigned d = 0; d < kNumDsrs; ++d) {
    if (sides[0].dsrs[d] == sides[1].dsrs[d]) {
      state.dsrs[d] = sides[0].dsrs[d];
    } else {
      state.dsrs[d] = Register();
    }
  }
  return Joined::Yes;
}

/// A loop whose number of rounds is not known: forgets what it writes. False
/// if it may use the fabric.
bool Walker::skipLoop(CoreState &state, uint32_t at) {
  std::vector<uint32_t> body = shape.between(at);
  std::set<unsigned> written, loaded;
  for (uint32_t i : body) {
    const Instruction &in = role.code[i];
    Form form = infoOf(in.op).form;
    if (infoOf(in.op).isVector || form == Form::TaskId ||
        in.op == Opcode::End || in.op == Opcode::Return ||
        in.op == Opcode::Call) {
      return false;
    }
    if (form == Form::DsrMem || form == Form::DsrRa) {
      loaded.insert(in.a);
    } else if (form != Form::None && form != Form::Target &&
               form != Form::RaRbTarget && in.op != Opcode::StoreWord &&
               in.op != Opcode::StoreHalf) {
      written.insert(in.a);
    }
  }
  for (unsigned r : written) {
    state.setReg(r, data());
  }
  for (unsigned d : loaded) {
    state.dsrs[d] = Register();
  }
  for (uint32_t i : body) {
    const Instruction &in = role.code[i];
    if (in.op == Opcode::StoreWord || in.op == Opcode::StoreHalf) {
      Value base = state.reg(in.b);
      forgetAt(state, {base.symbol, base.add + in.imm}, 4);
    }
  }
  return true;
}

Value Walker::paramAt(uint32_t index) {
  const ParamSource &source = role.params[index];
  if (source.kind == ParamSource::Kind::Constant) {
    return known(source.value);
  }
  auto at = kind.params.find(index);
  if (at != kind.params.end()) {
    return known(at->second);
  }
  return symbols.make(SymbolKind::Param, 0, {known(roleIndex), known(index)});
}
